// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/battery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "plateau/core/random.hpp"

namespace plateau {
namespace {

const Battery kQuick{.seeds = 5,
                     .folds = 3,
                     .permutations = 49,
                     .signal_seeds = 5,
                     .optimiser_steps = 1000,
                     .learning_rates = {1e-3, 3e-3, 1e-2, 3e-2},
                     .recipe_rates = {1e-3, 1e-2},
                     .weight_decays = {0.1, 1},
                     .dropouts = {0.3},
                     .ladder = {{}, {8}, {32}, {128}, {32, 32}, {128, 128}},
                     .curve_folds = 5,
                     .curve_repeats = 3,
                     .curve_halvings = 2,
                     .shift_permutations = 19};
const Battery kStandard{
    .seeds = 20,
    .folds = 5,
    .permutations = 199,
    .signal_seeds = 20,
    .optimiser_steps = 2000,
    .learning_rates = {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1},
    .recipe_rates = {1e-3, 3e-3, 1e-2},
    .weight_decays = {0.01, 0.03, 0.1, 0.3, 1, 3},
    .dropouts = {0.1, 0.3, 0.5},
    .ladder = {{}, {4}, {8}, {16}, {32}, {64}, {128}, {256}, {32, 32}, {128, 128}, {32, 32, 32}, {128, 128, 128}},
    .curve_folds = 5,
    .curve_repeats = 3,
    .curve_halvings = 3,
    .shift_permutations = 99};
const Battery kThorough = [] {
  Battery battery = kStandard;
  battery.seeds = battery.signal_seeds = 40;
  battery.permutations = battery.shift_permutations = 999;
  battery.optimiser_steps = 4000;
  battery.curve_repeats = 8;
  battery.curve_halvings = 4;
  return battery;
}();

constexpr Index kFewestEpochs = 30, kSmallestBatch = 16, kLargestBatch = 256;

Index batch_of(Index rows) {
  const auto power = static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(std::max<Index>(1, rows / 16))));
  return std::clamp(power, kSmallestBatch, kLargestBatch);
}

std::vector<Index> hidden_of(const Architecture& network) {
  return {network.widths.begin() + 1, network.widths.end() - 1};
}

Architecture with_hidden(const Architecture& network, const std::vector<Index>& hidden) {
  Architecture other{{network.features()}};
  other.widths.insert(other.widths.end(), hidden.begin(), hidden.end());
  other.widths.push_back(network.classes());
  return other;
}

std::vector<Index> scaled_widths(std::vector<Index> hidden, double factor) {
  for (Index& width : hidden)
    width = std::clamp<Index>(std::llround(static_cast<double>(width) * factor), 1, kMaxWidth);
  return hidden;
}

bool trains_by_sgd(const Run& run) { return std::holds_alternative<SgdParameters>(run.optimizer); }

bool decays_alike(const Optimizer& a, const Optimizer& b) {
  const auto kind = [](const Optimizer& optimizer) {
    const AdamParameters* adam = std::get_if<AdamParameters>(&optimizer);
    return adam != nullptr && adam->decay_kind == WeightDecay::decoupled;
  };
  return weight_decay(a) == weight_decay(b) && kind(a) == kind(b);
}

std::string recipe_words(const Run& run) {
  return fmt::format("Adam at learning rate {:g} in batches of {}, {} epochs, features {}",
                     learning_rate(run.optimizer), run.batch, run.epochs,
                     run.standardise ? "standardised" : "as they are");
}

std::string network_words(const Architecture& network) {
  return network.layers() == 1 ? "a linear model" : "the network " + to_string(network);
}

// To two digits, so that what is said of a value is the value.
double rounded(double value) { return std::stod(fmt::format("{:.1e}", value)); }

// Epochs in which a training takes about as many steps as the battery says.
Index epochs_of(Index rows, Index batch, const Battery& battery) {
  return std::clamp(battery.optimiser_steps / ((rows + batch - 1) / batch), kFewestEpochs, battery.most_epochs);
}

// Networks of the ladder, and larger ones than the user's.
std::vector<Architecture> other_networks(const Architecture& user, const Battery& battery) {
  const std::vector<Index> own = hidden_of(user);
  std::vector<std::vector<Index>> ladder = battery.ladder;
  if (!own.empty() && battery.beyond_users) {
    ladder.push_back(scaled_widths(own, 4));
    std::vector<Index> deeper = own;
    deeper.push_back(own.back());
    ladder.push_back(deeper);
  }
  std::vector<Architecture> networks;
  std::vector<std::vector<Index>> seen{own};
  for (const std::vector<Index>& hidden : ladder) {
    if (std::ranges::find(seen, hidden) != seen.end()) continue;
    seen.push_back(hidden);
    networks.push_back(with_hidden(user, hidden));
  }
  return networks;
}

// `base` with other values of one thing.
std::vector<Setting> varied(const Run& base, double Run::*member, const char* name, const std::vector<double>& values) {
  std::vector<Setting> settings;
  for (const double value : values) {
    if (value == base.*member) continue;
    Setting setting{fmt::format("{} {:g}", name, value), base};
    setting.run.*member = value;
    settings.push_back(std::move(setting));
  }
  return settings;
}

// What fits the user's network alone does not fit another.
Run with_network(Run run, const Architecture& network) {
  run.architecture = network;
  run.initial.reset();
  run.frozen = 0;
  if (network.layers() == 1) run.dropout = 0;
  return run;
}

}  // namespace

const char* to_string(Depth depth) {
  switch (depth) {
    case Depth::quick:
      return "quick";
    case Depth::standard:
      return "standard";
    case Depth::thorough:
      return "thorough";
  }
  return "";
}

const Battery& battery_of(Depth depth) {
  return depth == Depth::quick ? kQuick : depth == Depth::standard ? kStandard : kThorough;
}

Battery lengthened(const Battery& battery) {
  Battery longer = battery;
  longer.optimiser_steps *= 10;
  longer.most_epochs *= 10;
  longer.recipe_rates = {1e-3, 3e-3};
  longer.ladder = {{128, 128}};
  longer.beyond_users = false;
  longer.curve_repeats = (battery.curve_repeats + 2) / 3;
  return longer;
}

bool is_larger(const Architecture& network, const Architecture& than) {
  return network.parameters() > than.parameters();
}

Run recipe(const Run& user, const Architecture& network, double rate, Index rows, const Battery& battery) {
  const Index batch = batch_of(rows);
  Run run = with_network({.architecture = network,
                          .optimizer = AdamParameters{.learning_rate = rate},
                          .epochs = epochs_of(rows, batch, battery),
                          .batch = batch,
                          .standardise = true,
                          .class_weights = user.class_weights},
                         network);
  return run;
}

std::vector<Setting> recipe_settings(const Run& user, Index rows, const Battery& battery) {
  std::vector<Setting> settings;
  for (const double rate : battery.recipe_rates) {
    Run run = recipe(user, user.architecture, rate, rows, battery);
    run.dropout = user.dropout;
    run.jitter = user.jitter;
    run.mixup = user.mixup;
    run.frozen = user.frozen;
    run.initial = user.initial;
    settings.push_back({recipe_words(run), std::move(run)});
  }
  return settings;
}

std::vector<Setting> optimisation_settings(const Run& user, Index rows, const Battery& battery) {
  std::vector<Setting> settings;
  const double own = learning_rate(user.optimizer);
  for (const bool standardise : {false, true}) {
    if (user.standardise && !standardise) continue;  // features that are on one scale already
    std::vector<double> rates = battery.learning_rates;
    for (double& rate : rates) rate *= trains_by_sgd(user) ? 10 : 1;
    if (std::ranges::find(rates, own) == rates.end()) rates.push_back(own);
    for (const double rate : rates) {
      if (rate == own && standardise == user.standardise) continue;
      Run run = user;
      run.standardise = standardise;
      run.optimizer = with_learning_rate(run.optimizer, rate);
      const bool scaled = standardise && !user.standardise;
      settings.push_back(
          {fmt::format("{}{}{}", scaled ? "features standardised" : "", scaled && rate != own ? ", " : "",
                       rate != own ? fmt::format("learning rate {:g}", rate) : ""),
           std::move(run)});
    }
  }
  const std::vector<Setting> by_recipe = recipe_settings(user, rows, battery);
  settings.insert(settings.end(), by_recipe.begin(), by_recipe.end());
  return settings;
}

std::vector<Setting> decay_settings(const Run& base, const Battery& battery) {
  std::vector<Setting> settings;
  for (const double decay : battery.weight_decays) {
    Setting setting{"", base};
    Optimizer& optimizer = setting.run.optimizer;
    if (trains_by_sgd(base))
      std::get<SgdParameters>(optimizer).weight_decay = decay / 100;
    else
      optimizer = AdamParameters{
          .learning_rate = learning_rate(base.optimizer), .weight_decay = decay, .decay_kind = WeightDecay::decoupled};
    if (decays_alike(optimizer, base.optimizer)) continue;
    setting.what =
        fmt::format("weight decay {:g}{}", weight_decay(optimizer), trains_by_sgd(base) ? "" : ", decoupled");
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::vector<Setting> dropout_settings(const Run& base, const Battery& battery) {
  if (base.architecture.layers() == 1) return {};
  return varied(base, &Run::dropout, "dropout", battery.dropouts);
}

std::vector<Setting> smaller_settings(const Run& base) {
  const std::vector<Index> hidden = hidden_of(base.architecture);
  if (hidden.empty()) return {};
  std::vector<Architecture> smaller{with_hidden(base.architecture, {})};
  for (const double factor : {0.5, 0.125}) {
    const Architecture network = with_hidden(base.architecture, scaled_widths(hidden, factor));
    if (std::ranges::find(smaller, network.widths, &Architecture::widths) == smaller.end()) smaller.push_back(network);
  }
  std::vector<Setting> settings;
  for (const Architecture& network : smaller)
    if (is_larger(base.architecture, network))
      settings.push_back({network_words(network), with_network(base, network)});
  return settings;
}

std::vector<Setting> regularisation_settings(const Run& base, const Battery& battery) {
  std::vector<Setting> settings = decay_settings(base, battery);
  for (const std::vector<Setting>& more : {dropout_settings(base, battery), smaller_settings(base)})
    settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

std::vector<Setting> capacity_settings(const Run& user, Index rows, const Battery& battery) {
  std::vector<Setting> settings;
  for (const Architecture& network : other_networks(user.architecture, battery)) {
    for (const double rate : battery.recipe_rates) {
      Run run = recipe(user, network, rate, rows, battery);
      settings.push_back({fmt::format("{}, {}", network_words(network), recipe_words(run)), std::move(run)});
    }
  }
  return settings;
}

std::vector<Setting> larger_settings(const Run& base, const Battery& battery) {
  std::vector<Setting> settings;
  for (const Architecture& network : other_networks(base.architecture, battery))
    if (is_larger(network, base.architecture))
      settings.push_back({network_words(network), with_network(base, network)});
  return settings;
}

std::vector<Setting> jitter_settings(const Run& base) { return varied(base, &Run::jitter, "jitter", {0.05, 0.1, 0.2}); }
std::vector<Setting> mixup_settings(const Run& base) { return varied(base, &Run::mixup, "mixup", {0.2, 0.4, 1}); }

Setting random_setting(const Run& user, Index rows, const Battery& battery, std::uint64_t seed, Index number) {
  // Two draws of four words each, apart from those that study_seed() makes of the same seed.
  const auto drawn = [&](std::uint32_t instance) {
    return draw({seed, StreamId::study_part, instance}, static_cast<std::uint64_t>(number));
  };
  const auto share = [](std::uint32_t word) { return static_cast<double>(uniform(word)); };
  const PhiloxCounter first = drawn(1), second = drawn(2);

  const std::size_t choice = first.word[0] % (battery.ladder.size() + 1);
  const Architecture chosen =
      choice == 0 ? user.architecture : with_hidden(user.architecture, battery.ladder[choice - 1]);
  Run run = recipe(user, chosen, rounded(std::pow(10, -4 + 3 * share(first.word[1]))), rows, battery);
  if (coin(first.word[2]) == 1)
    run.optimizer = AdamParameters{.learning_rate = learning_rate(run.optimizer),
                                   .weight_decay = rounded(std::pow(10, -3 + 3.5 * share(first.word[3]))),
                                   .decay_kind = WeightDecay::decoupled};
  if (chosen.layers() > 1 && coin(second.word[0]) == 1) run.dropout = rounded(0.05 + 0.45 * share(second.word[1]));
  const Index halvings = second.word[2] % 5;  // of the largest batch
  run.batch = std::clamp(kLargestBatch >> halvings, kSmallestBatch, std::max(kSmallestBatch, rows / 2));
  run.epochs = epochs_of(rows, run.batch, battery);
  run.standardise = user.standardise || coin(second.word[3]) == 1;
  return {fmt::format("{}, {}{}{}", network_words(chosen), recipe_words(run),
                      weight_decay(run.optimizer) > 0
                          ? fmt::format(", weight decay {:g} (decoupled)", weight_decay(run.optimizer))
                          : "",
                      run.dropout > 0 ? fmt::format(", dropout {:g}", run.dropout) : ""),
          std::move(run)};
}

}  // namespace plateau
