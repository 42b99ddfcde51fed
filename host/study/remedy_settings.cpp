// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/remedy_settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <utility>

namespace plateau {
namespace {

constexpr double kFasterCosine = 3;       // times the training's own learning rate
constexpr Index kMoreEpochs[] = {3, 10};  // times its own epochs

Setting without(const char* what, Run run, double Run::*member) {
  run.*member = 0;
  return {fmt::format("no {}", what), std::move(run)};
}

std::vector<Setting> with_none(std::vector<Setting> settings, const char* what, const Run& base, double Run::*member) {
  if (base.*member > 0) settings.push_back(without(what, base, member));
  return settings;
}

std::vector<Setting> all_decays(const Run& base, const Battery& battery) {
  std::vector<Setting> settings = decay_settings(base, battery);
  if (weight_decay(base.optimizer) > 0) {
    settings.push_back({"no weight decay", base});
    std::visit([](auto& parameters) { parameters.weight_decay = 0; }, settings.back().run.optimizer);
  }
  return settings;
}

std::vector<Setting> all_optimisation(const Run& base, Index rows, const Battery& battery) {
  std::vector<Setting> settings = optimisation_settings(base, rows, battery);
  for (Setting& setting : schedule_settings(base)) settings.push_back(std::move(setting));
  for (Setting& setting : longer_settings(base)) settings.push_back(std::move(setting));
  return settings;
}

}  // namespace

std::vector<Setting> schedule_settings(const Run& base) {
  std::vector<Setting> settings;
  if (base.schedule == Schedule::cosine) {
    settings.push_back({"constant learning rate", base});
    settings.back().run.schedule = Schedule::constant;
    return settings;
  }
  for (const double factor : {1.0, kFasterCosine}) {
    Run run = base;
    run.schedule = Schedule::cosine;
    if (factor != 1) run.optimizer = with_learning_rate(run.optimizer, factor * learning_rate(base.optimizer));
    settings.push_back({fmt::format("cosine schedule from learning rate {:g}", learning_rate(run.optimizer)), run});
  }
  return settings;
}

std::vector<Setting> longer_settings(const Run& base) {
  std::vector<Setting> settings;
  for (const Index factor : kMoreEpochs) {
    const Index epochs = factor * base.epochs;
    if (epochs > kMaxEpochs) break;
    settings.push_back({fmt::format("{} epochs", epochs), base});
    settings.back().run.epochs = epochs;
  }
  return settings;
}

bool applies(Remedy remedy, const Run& base) {
  if (remedy == Remedy::unfrozen) return base.frozen != 0;
  if (remedy == Remedy::drawn_weights) return base.initial.has_value();
  return true;
}

std::vector<Setting> remedy_settings(Remedy remedy, const Run& base, Index rows, const Battery& battery) {
  if (!applies(remedy, base)) return {};
  switch (remedy) {
    case Remedy::unfrozen: {
      Setting setting{"no layer frozen", base};
      setting.run.frozen = 0;
      return {setting};
    }
    case Remedy::drawn_weights: {
      Setting setting{"drawn weights", base};
      setting.run.initial.reset();
      setting.run.frozen = 0;  // what is frozen were the given weights
      return {setting};
    }
    case Remedy::optimisation:
      return all_optimisation(base, rows, battery);
    case Remedy::larger_network:
      return larger_settings(base, battery);
    case Remedy::smaller_network:
      return smaller_settings(base);
    case Remedy::weight_decay:
      return all_decays(base, battery);
    case Remedy::dropout:
      return with_none(dropout_settings(base, battery), "dropout", base, &Run::dropout);
    case Remedy::jitter:
      return with_none(jitter_settings(base), "jitter", base, &Run::jitter);
    case Remedy::mixup:
      return with_none(mixup_settings(base), "mixup", base, &Run::mixup);
    default:
      return {};
  }
}

const char* why_no_settings(Remedy remedy) {
  switch (remedy) {
    case Remedy::unfrozen:
      return "the training freezes no layer";
    case Remedy::drawn_weights:
      return "the training starts from drawn weights as it is";
    case Remedy::larger_network:
      return "no larger network is tried";
    default:
      return "a linear model has no hidden units";
  }
}

Choice best_of(const Candidates& candidates) {
  Choice best;
  for (std::size_t i = 0; i < candidates.settings.size(); ++i) {
    const FoldScore& score = candidates.scores[i];
    // Of a training that stops early the best epoch is kept.
    const double loss = candidates.settings[i].run.patience > 0 ? score.best_loss : score.validation_loss;
    if (loss < best.loss) best = {candidates.settings[i], loss};
  }
  return best;
}

Choice best_stopped(const Candidates& candidates) {
  Choice best;
  for (std::size_t i = 0; i < candidates.settings.size(); ++i) {
    const FoldScore& score = candidates.scores[i];
    if (score.best_epochs < candidates.settings[i].run.epochs && score.best_loss < best.loss)
      best = {stopped_at_best(candidates.settings[i], score), score.best_loss};
  }
  return best;
}

Choice choice_of(const Candidates& candidates) {
  return candidates.remedy == Remedy::early_stopping ? best_stopped(candidates) : best_of(candidates);
}

std::string also_changed(const Run& own, const Setting& setting) {
  const Run& run = setting.run;
  std::vector<std::string_view> changes;
  const auto add = [&](bool changed, std::string_view words, std::string_view said = "") {
    if (changed && setting.what.find(said.empty() ? words : said) == std::string::npos) changes.push_back(words);
  };
  const auto dropped = [&](double Run::*member) { return own.*member > 0 && run.*member == 0; };
  add(own.patience > 0 && run.patience == 0, "trains on all rows");
  add(own.initial.has_value() && !run.initial, "starts from drawn weights", "drawn weights");
  add(own.frozen != 0 && run.frozen == 0, "freezes no layer", "no layer frozen");
  add(weight_decay(own.optimizer) > 0 && weight_decay(run.optimizer) == 0, "no weight decay");
  add(dropped(&Run::dropout) && run.architecture.layers() > 1, "no dropout");
  add(dropped(&Run::jitter), "no jitter");
  add(dropped(&Run::mixup), "no mixup");
  add(own.schedule == Schedule::cosine && run.schedule == Schedule::constant, "constant learning rate");
  add(own.order == RowOrder::as_stored && own.batch > 0 && run.batch > 0 && run.order != RowOrder::as_stored,
      "shuffled batches");
  return fmt::format("{}", fmt::join(changes, ", "));
}

}  // namespace plateau
