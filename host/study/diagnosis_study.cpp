// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "diagnosis_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "plateau/study/learning_curve.hpp"
#include "plateau/study/shift.hpp"
#include "plateau/study/signal.hpp"

namespace plateau {
namespace {

const std::vector<std::int32_t> kNoRows;

Index steps_of(const Run& run, Index rows) {
  return run.epochs * (run.batch == 0 ? 1 : (rows + run.batch - 1) / run.batch);
}

double mean(const std::vector<double>& values) { return mean_spread(values).mean; }

}  // namespace

std::vector<Judged> DiagnosisStudy::judge(const char* block, const Split& split, const std::vector<Setting>& settings) {
  test_looks_ += static_cast<Index>(settings.size());
  return judge_settings(laboratory_, block, views(split), settings, *held_out_, seeds_, seed(DiagnosisPart::judge),
                        Clusters(split.test.groups));
}

// Where the user holds rows out to stop early by, nothing that is compared with it trains on them.
std::vector<Judged> DiagnosisStudy::judge_on_the_users_rows(const char* block, const Split& split,
                                                            std::vector<Setting> settings) {
  for (Setting& setting : settings) setting.without_held_out = configuration_.run.patience > 0;
  return judge(block, split, settings);
}

SettingEvidence DiagnosisStudy::judge_user() {
  const Setting setting{"the user's", configuration_.run, true};
  seeds_ = battery_.seeds;
  user_ = std::move(judge("the training as it is", split_, {setting}).front());
  if (const Index seeds = seeds_for(*user_, seeds_); seeds > seeds_) {
    seeds_ = seeds;
    user_ = std::move(judge("the training as it is", split_, {setting}).front());
    --test_looks_;  // at the same setting
  }
  return seen(*user_);
}

UserEvidence DiagnosisStudy::look_into_user() {
  UserEvidence user{.setting = seen(*user_)};
  user.test_interval = wilson_interval(user.setting.test_accuracy, user_->right);
  user.effective_rows = effective_rows(user_->right.row_accuracy(), user_->right.clusters());
  std::vector<double> class_rows(static_cast<std::size_t>(evidence_.classes));
  for (const std::int32_t label : split_.test.labels) ++class_rows[static_cast<std::size_t>(label)];
  user.majority_share = *std::ranges::max_element(class_rows) / static_cast<double>(split_.test.rows());

  const Index layers = configuration_.run.architecture.layers();
  for (Index layer = 0; layer < layers; ++layer)
    user.layers.push_back({.frozen = (configuration_.run.frozen >> layer & 1u) != 0});
  double dead = 0, hidden = 0;
  for (Index layer = 1; layer < layers; ++layer)
    hidden += static_cast<double>(configuration_.run.architecture.fan_in(layer));
  double ratio = 0;
  for (const RunResult& result : user_->results) {
    const auto epochs = static_cast<Index>(result.history.size());
    for (Index layer = 0; layer < layers; ++layer)
      for (Index epoch = 0; epoch < epochs && !user.layers[static_cast<std::size_t>(layer)].moved; ++epoch)
        user.layers[static_cast<std::size_t>(layer)].moved = result.layer(epoch, layer, layers).update_norm > 0;
    for (const Index units : result.dead_units) dead += static_cast<double>(units);
    if (epochs == 0) {
      for (LayerEvidence& layer : user.layers) layer.moved = true;  // it diverged at once: it did move
      continue;
    }
    double smallest = std::numeric_limits<double>::infinity(), largest = 0;
    for (Index layer = 0; layer < layers; ++layer) {
      const double norm = result.layer(epochs - 1, layer, layers).gradient_norm;
      smallest = std::min(smallest, norm);
      largest = std::max(largest, norm);
    }
    if (smallest > 0) ratio += largest / smallest / static_cast<double>(user_->results.size());
  }
  if (hidden > 0) user.dead_units = dead / hidden / static_cast<double>(user_->results.size());
  if (ratio > 0) user.gradient_ratio = ratio;
  user.curves = epoch_curves(*user_);
  if (evidence_.classes <= kMostConfusedClasses)
    user.confusion = confusion(majority_vote(user_->predicted, split_.test.rows(), evidence_.classes),
                               split_.test.label(), evidence_.classes);
  return user;
}

// What betters the user's training, chosen on the folds and judged by the test rows.
void DiagnosisStudy::better(const Folds& folds, bool longer) {
  const Run& own = configuration_.run;
  const Index rows = split_.train.rows();
  choice_ = choose_settings(laboratory_, views(split_), own, folds, battery_, longer, seed(DiagnosisPart::score));
  evidence_.ladder = choice_.ladder;
  judge_chosen();
  if (configuration_.run.patience > 0) reference_on_all_rows_ = judge_on_all_rows(*reference_judged_);
  const Run recipe = recipe_settings(own, rows, longer ? lengthened(battery_) : battery_).front().run;
  evidence_.most_steps = std::max(steps_of(own, rows), steps_of(recipe, rows));
  compare_families();
}

void DiagnosisStudy::judge_chosen() {
  const std::pair<const std::optional<Step>*, std::optional<StepEvidence>*> steps[] = {
      {&choice_.unfrozen, &evidence_.unfrozen},
      {&choice_.drawn, &evidence_.from_scratch},
      {&choice_.optimised, &evidence_.optimised},
      {&choice_.regularised, &evidence_.regularised},
      {&choice_.larger, &evidence_.larger}};
  std::vector<Setting> settings;
  for (const auto& [step, evidence] : steps)
    if (*step) settings.push_back((*step)->setting);
  if (choice_.smaller) settings.push_back(choice_.smaller->setting);
  const std::vector<Judged> judged = judge_on_the_users_rows("best settings", split_, std::move(settings));

  const auto difference = [](const Judged& from, const Judged& to) {
    return crossed_difference(from.right, to.right, Pairing::by_training);
  };
  optimised_judged_.reset();
  const Judged* base = &*user_;
  auto next = judged.begin();
  for (const auto& [step, evidence] : steps) {
    evidence->reset();
    if (!*step) continue;
    const Judged& stepped = *next++;
    StepEvidence& of = evidence->emplace(StepEvidence{seen(stepped)});
    of.gain = difference(*base, stepped);
    of.over_user = difference(*user_, stepped);
    of.taken = (*step)->taken && of.over_user.interval.high >= 0;
    of.fold_gain = (*step)->fold_gain;
    if (of.taken) base = &stepped;
    if (of.taken && evidence == &evidence_.optimised) optimised_judged_ = stepped;
  }
  if (choice_.smaller && difference(*user_, *next).interval.high >= 0) base = &*next;
  // The best of all has been judged already, as what it is the best of.
  SettingEvidence reference = seen(*base);
  reference.gain = difference(*user_, *base);
  evidence_.reference = std::move(reference);
  reference_judged_ = *base;
}

// Trained without early stopping, in as many epochs as that took, on all rows; none where no training was kept.
std::optional<Judged> DiagnosisStudy::judge_on_all_rows(const Judged& stopping) {
  std::vector<double> epochs;
  for (const RunResult& result : stopping.results)
    if (result.best_epoch) epochs.push_back(static_cast<double>(*result.best_epoch + 1));
  Setting setting = stopping.setting;
  if (setting.run.patience > 0) {
    if (epochs.empty()) return {};
    setting.run.patience = 0;
    setting.run.epochs = std::max<Index>(1, std::llround(mean(epochs)));
  }
  setting.what = fmt::format("trained on the rows that are held out as well, {} epochs", setting.run.epochs);
  setting.without_held_out = false;
  return std::move(judge("held-out rows", split_, {setting}).front());
}

void DiagnosisStudy::judge_with_held_out() {
  if (configuration_.run.patience == 0) return;
  user_on_all_rows_ = judge_on_all_rows(*user_);
  if (!user_on_all_rows_) return;
  evidence_.with_held_out = seen(*user_on_all_rows_);
  evidence_.with_held_out->gain = crossed_difference(user_->right, user_on_all_rows_->right, Pairing::by_training);
}

// What other features and other ways to classify must better, for neighbours know the held-out rows too.
const Judged& DiagnosisStudy::leader() const {
  const Judged* leader = &*reference_judged_;
  for (const Judged* other : {&*user_, user_on_all_rows_ ? &*user_on_all_rows_ : nullptr,
                              reference_on_all_rows_ ? &*reference_on_all_rows_ : nullptr})
    if (other != nullptr && other->test_accuracy() > leader->test_accuracy()) leader = other;
  return *leader;
}

// On the better optimised training, where that is taken; so what class weights do there is told apart from it.
void DiagnosisStudy::compare_balance_of_classes() {
  if (configuration_.run.class_weights.any()) return;
  if (evidence_.user->setting.most_predicted < kOneClass && evidence_.user->majority_share < kRareShare) return;
  const Judged& without = optimised_judged_ ? *optimised_judged_ : *user_;
  Setting balanced{"balanced class weights", without.setting.run};
  balanced.run.class_weights = {.balanced = true};
  const std::vector<Judged> judged = judge_on_the_users_rows("class weights", split_, {balanced});
  const auto compare = [&](const Judged& before) {
    return compare_balance(before, judged.front(), split_.test.label(), evidence_.classes);
  };
  evidence_.balance = compare(*user_);
  if (!optimised_judged_) return;
  evidence_.balance->optimised = seen(*optimised_judged_).balanced_accuracy;
  evidence_.balance->of_weights = compare(*optimised_judged_).gain;
}

// Nearest neighbours on the test rows that they were asked about.
void DiagnosisStudy::compare_families() {
  evidence_.families.clear();
  const NeighbourStudy& study = evidence_.integrity.neighbours;
  if (study.predicted.size() < 2) return;
  const std::vector<std::int32_t>& left_out =
      evidence_.integrity.leak.present ? evidence_.integrity.leak.rows : kNoRows;
  std::vector<std::uint8_t> neighbours;
  std::vector<std::size_t> asked;  // by their place among the rows that are judged
  for (std::size_t i = 0; i < study.test_rows.size(); ++i) {
    const auto before = std::ranges::lower_bound(left_out, study.test_rows[i]);
    if (before != left_out.end() && *before == study.test_rows[i]) continue;
    asked.push_back(static_cast<std::size_t>(study.test_rows[i] - (before - left_out.begin())));
    neighbours.push_back(study.predicted[i] == split_.test.labels[asked.back()]);
  }
  if (asked.size() < 2) return;
  const Judged& network = leader();
  const Clusters clusters = network.right.clusters().of(asked);
  RowOutcomes first(static_cast<Index>(asked.size()), clusters), second(first.rows(), clusters);
  for (Index training = 0; training < network.right.trainings(); ++training) {
    std::vector<std::uint8_t> right;
    right.reserve(asked.size());
    for (const std::size_t row : asked) right.push_back(network.right(training, static_cast<Index>(row)));
    first.add(right);
  }
  second.add(neighbours);
  FamilyEvidence family{.name = study.best.k == 1 ? std::string("the nearest neighbour")
                                                  : fmt::format("{} nearest neighbours", study.best.k),
                        .gain = crossed_difference(first, second, Pairing::none)};
  family.name += study.best.standardised ? ", features standardised" : ", features as they are";
  family.test_accuracy = mean(second.training_accuracy());
  evidence_.families.push_back(std::move(family));
}

void DiagnosisStudy::compare_with_commonest_class() {
  const std::vector<Index>& class_rows = evidence_.integrity.of_classes.train_rows;
  const auto commonest = std::ranges::max_element(class_rows) - class_rows.begin();
  RowOutcomes constant(split_.test.rows(), reference_judged_->right.clusters());
  std::vector<std::uint8_t> right;
  for (const std::int32_t label : split_.test.labels) right.push_back(label == commonest);
  constant.add(right);
  evidence_.over_majority = crossed_difference(constant, reference_judged_->right, Pairing::none);
}

bool DiagnosisStudy::neighbours_are_ahead() const {
  return std::ranges::any_of(evidence_.families, [&](const FamilyEvidence& family) {
    return family.gain.interval.low > 0 && family.gain.value >= configuration_.delta;
  });
}

// The best of a few networks on the second features.
void DiagnosisStudy::judge_second(const Folds& folds) {
  Run own = configuration_.run;
  own.initial.reset();
  own.architecture.widths.front() = second_->train.features();
  std::vector<Setting> candidates = capacity_settings(own, second_->train.rows(), battery_);
  for (const double rate : battery_.recipe_rates)
    candidates.push_back({"the user's network", recipe(own, own.architecture, rate, second_->train.rows(), battery_)});
  const std::vector<FoldScore> scores =
      score_settings(laboratory_, "second features", views(*second_), candidates, folds, seed(DiagnosisPart::second));
  const auto best = std::ranges::min_element(scores, {}, &FoldScore::best_loss) - scores.begin();
  Setting chosen = candidates[static_cast<std::size_t>(best)];
  chosen.run.epochs = std::max<Index>(1, scores[static_cast<std::size_t>(best)].best_epochs);
  const std::vector<Judged> judged = judge_on_the_users_rows("second features", *second_, {chosen});
  evidence_.second_data = seen(judged.front());
  evidence_.second_data->gain = crossed_difference(leader().right, judged.front().right, Pairing::by_training);
}

void DiagnosisStudy::train() {
  judge_user();
  evidence_.user = look_into_user();
  const Folds folds(split_.train, Folds::possible(split_.train, battery_.folds), seed(DiagnosisPart::folds));
  judge_with_held_out();
  better(folds, false);
  const bool longer = neighbours_are_ahead();
  if (longer) better(folds, true);
  compare_balance_of_classes();
  if (second_ != nullptr) judge_second(folds);

  const Folds curve_folds(split_.train, Folds::possible(split_.train, battery_.curve_folds),
                          seed(DiagnosisPart::curve));
  const LearningCurve curve = learning_curve(laboratory_, split_, reference_judged_->setting, curve_folds,
                                             longer ? lengthened(battery_) : battery_, seed(DiagnosisPart::curve));
  evidence_.curve = curve.evidence;
  evidence_.noise =
      test_label_noise(held_out_probabilities(curve.largest, 1, curve_folds, split_.train.rows(), evidence_.classes),
                       split_.train.labels, evidence_.classes, Clusters(split_.train.groups));

  test_looks_ += static_cast<Index>(evidence_.families.size() + evidence_.curve->points.size());

  evidence_.signal = test_signal(laboratory_, split_, configuration_.run, battery_, seed(DiagnosisPart::signal));
  if (evidence_.signal) test_looks_ += evidence_.signal->networks;
  compare_with_commonest_class();
  evidence_.shift = test_shift(laboratory_, split_, curve, curve_folds, battery_, seed(DiagnosisPart::shift));
  evidence_.label_map = test_label_map(
      majority_vote(reference_judged_->predicted, split_.test.rows(), evidence_.classes), split_.test.label(),
      evidence_.classes, seed(DiagnosisPart::label_map), reference_judged_->right.clusters());
}

}  // namespace plateau
