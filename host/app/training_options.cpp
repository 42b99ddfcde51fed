// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "training_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>

#include "command_line.hpp"
#include "plateau/core/error.hpp"

namespace plateau::app {
namespace {

Optimizer chosen_optimizer(const TrainingOptions& options) {
  const OptimizerDefaults defaults = optimizer_defaults(options.optimizer);
  const double learning_rate =
      checked("--lr", options.learning_rate.value_or(defaults.learning_rate), Least::above_zero);
  const double weight_decay =
      checked("--weight-decay", options.weight_decay.value_or(defaults.weight_decay), Least::zero);
  if (options.optimizer == "sgd")
    return SgdParameters{.learning_rate = learning_rate,
                         .momentum = checked("--momentum", options.momentum.value_or(0), Least::zero),
                         .weight_decay = weight_decay};
  if (options.momentum) throw InputError("--momentum: only --optimizer sgd has one");
  return AdamParameters{.learning_rate = learning_rate,
                        .weight_decay = weight_decay,
                        .decay_kind = options.optimizer == "adamw" ? WeightDecay::decoupled : WeightDecay::l2};
}

}  // namespace

void add_training_options(CLI::App& command, TrainingOptions& options) {
  command.add_option("--optimizer", options.optimizer, "adam, adamw or sgd")
      ->check(CLI::IsMember({"adam", "adamw", "sgd"}))
      ->capture_default_str();
  command.add_option("--lr", options.learning_rate, "learning rate [0.001; sgd: 0.01]");
  command.add_option("--momentum", options.momentum, "of sgd [0]");
  command.add_option("--weight-decay", options.weight_decay,
                     "L2 for adam and sgd, decoupled for adamw [0; adamw: 0.01]");
  command.add_option("--schedule", options.schedule, "of the learning rate: constant or cosine")
      ->check(CLI::IsMember({"constant", "cosine"}))
      ->capture_default_str();
  command.add_option("--batch", options.batch, "rows per step, or full")->capture_default_str();
  command.add_option("--epochs", options.epochs, "passes over the training rows")
      ->check(whole_number(1, kMaxEpochs))
      ->capture_default_str();
  command.add_flag("--no-shuffle", options.no_shuffle, "batches in the order of the file");
  command.add_option("--dropout", options.dropout, "share of hidden units dropped at every step")
      ->capture_default_str();
  command.add_option("--jitter", options.jitter, "Gaussian noise on training features, in standard deviations of each")
      ->capture_default_str();
  command
      .add_option("--mixup", options.mixup, "alpha of the Beta distribution by which rows are mixed; 0: they are not")
      ->capture_default_str();
  command.add_flag("--class-weights", options.class_weights, "weigh classes inversely as their rows");
}

void add_freeze_option(CLI::App& command, std::vector<Index>& frozen) {
  command.add_option("--freeze", frozen, "layers that keep their weights, as in 1,2 or fc1,fc2")
      ->check(whole_number(1, kMaxLayers))
      ->transform(CLI::Validator(
          [](std::string& layer) {
            if (layer.starts_with("fc")) layer.erase(0, 2);
            return std::string();
          },
          "", "fc"))
      ->delimiter(',')
      ->allow_extra_args(false);
}

std::uint64_t frozen_bits(const std::vector<Index>& layers, const Architecture& net, const std::string& model) {
  std::uint64_t frozen = 0;
  for (const Index layer : layers) {
    if (layer > net.layers())
      throw InputError(fmt::format("--freeze {}: {} is a network {}, with layers 1 to {}", layer, model, to_string(net),
                                   net.layers()));
    frozen |= std::uint64_t{1} << (layer - 1);
  }
  if (std::popcount(frozen) == net.layers())
    throw InputError(fmt::format("--freeze {}: these are all layers of {}, and nothing would be trained",
                                 fmt::join(layers, ","), model));
  return frozen;
}

Run run_of(const TrainingOptions& options, std::uint64_t seed) {
  checked("--dropout", options.dropout, Least::zero);
  if (static_cast<float>(options.dropout) >= 1)
    throw InputError(fmt::format("--dropout {}: expected a share of at least 0, below 1", options.dropout));
  return {.optimizer = chosen_optimizer(options),
          .schedule = options.schedule == "cosine" ? Schedule::cosine : Schedule::constant,
          .epochs = options.epochs,
          .batch = parse_batch(options.batch),
          .order = options.no_shuffle ? RowOrder::as_stored : RowOrder::shuffled_each_epoch,
          .dropout = options.dropout,
          .jitter = checked("--jitter", options.jitter, Least::zero),
          .mixup = checked("--mixup", options.mixup, Least::zero),
          .class_weights = {.balanced = options.class_weights},
          .seed = seed};
}

}  // namespace plateau::app
