// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "remedy_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include "plateau/study/comparisons.hpp"

namespace plateau {
namespace {

constexpr Index kMembers[] = {5, 10, 20};  // of ensembles
constexpr Index kRankingSeeds = 5;         // of every fold; as many vote

RowOutcomes best_of(const RowOutcomes& right) {
  const std::vector<double> accuracy = right.training_accuracy();
  const auto best = std::ranges::max_element(accuracy) - accuracy.begin();
  std::vector<std::uint8_t> of_best;
  for (Index row = 0; row < right.rows(); ++row) of_best.push_back(right(best, row));
  RowOutcomes outcomes(right.rows(), right.clusters());
  outcomes.add(of_best);
  return outcomes;
}

// Of rows with these labels; one that diverged is right nowhere.
std::vector<std::uint8_t> right_rows(const RunResult& result, const std::vector<std::int32_t>& label) {
  std::vector<std::uint8_t> right(label.size());
  if (!is_complete(result.outcome)) return right;
  std::ranges::transform(result.predictions.front().predicted, label, right.begin(), std::ranges::equal_to{});
  return right;
}

std::vector<std::uint8_t> right_rows_of_vote(std::span<const RunResult> results, const std::vector<std::int32_t>& label,
                                             Index classes) {
  const auto rows = static_cast<Index>(label.size());
  Judged members;
  members.results.assign(results.begin(), results.end());
  const RowOutcomes votes = vote_outcomes(members, static_cast<Index>(results.size()), {label.data(), rows}, classes);
  std::vector<std::uint8_t> right;
  for (Index row = 0; row < rows; ++row) right.push_back(votes(0, row));
  return right;
}

// On the training rows, each held out of its training with the others of its fold; of as many seeds, or of their vote.
RowOutcomes cross_validated(Laboratory& laboratory, const TrainingData& data, const Dataset& rows, const Run& setting,
                            const Folds& folds, std::uint64_t seed, bool vote) {
  std::vector<Run> runs;
  for (Index fold = 0; fold < folds.count(); ++fold) {
    for (Index s = 0; s < kRankingSeeds; ++s) {
      Run run = setting;
      run.rows = folds.outside(fold);
      run.validation = folds.inside(fold);
      run.seed = seed + static_cast<std::uint64_t>(fold * kRankingSeeds + s);
      run.outputs = {.parameters = false,
                     .best_parameters = false,
                     .test_correct = false,
                     .predictions = {{.rows = folds.inside(fold),
                                      .at = run.patience > 0 ? ParametersAt::best : ParametersAt::last,
                                      .probabilities = vote}}};
      runs.push_back(std::move(run));
    }
  }
  const std::vector<RunResult> results = laboratory.train("ranking", data, runs);
  std::vector<std::vector<std::uint8_t>> right(vote ? 1 : kRankingSeeds, std::vector<std::uint8_t>(rows.labels.size()));
  for (Index fold = 0; fold < folds.count(); ++fold) {
    const std::span<const RunResult> outside(&results[static_cast<std::size_t>(fold * kRankingSeeds)], kRankingSeeds);
    const std::vector<std::int32_t>& inside = folds.rows_inside(fold);
    std::vector<std::int32_t> label;
    for (const std::int32_t row : inside) label.push_back(rows.labels[static_cast<std::size_t>(row)]);
    for (std::size_t t = 0; t < right.size(); ++t) {
      const std::vector<std::uint8_t> of_fold =
          vote ? right_rows_of_vote(outside, label, setting.architecture.classes()) : right_rows(outside[t], label);
      for (std::size_t i = 0; i < inside.size(); ++i) right[t][static_cast<std::size_t>(inside[i])] = of_fold[i];
    }
  }
  RowOutcomes outcomes(rows.rows(), Clusters(rows.groups));
  for (const std::vector<std::uint8_t>& of_training : right) outcomes.add(of_training);
  return outcomes;
}

}  // namespace

RemedyJudge::RemedyJudge(const Split& split, const RemediesConfiguration& configuration, Laboratory& laboratory,
                         RemedyTable& table)
    : split_(split),
      data_(views(split)),
      own_(configuration.run),
      seed_(configuration.seed),
      laboratory_(laboratory),
      table_(table),
      seeds_(battery_of(configuration.depth).seeds),
      folds_(battery_of(configuration.depth).folds) {
  if (own_.patience > 0) held_out_.emplace(split.train, configuration.validation, seed_of(seed_, RemedyPart::held_out));
}

Judged RemedyJudge::judged(Remedy remedy, const Setting& setting, RemedyPart seeds) {
  ++test_looks_;
  return std::move(judge_settings(laboratory_, to_string(remedy), data_, {setting}, *held_out_, seeds_,
                                  seed_of(seed_, seeds), Clusters(split_.test.groups))
                       .front());
}

void RemedyJudge::judge_baseline() {
  const Meter meter(laboratory_, table_.baseline_cost);
  const Setting setting{.what = "the baseline", .run = own_, .probabilities = true};
  const auto judge = [&] {
    return std::move(judge_settings(laboratory_, "baseline", data_, {setting}, *held_out_, seeds_,
                                    seed_of(seed_, RemedyPart::judge), Clusters(split_.test.groups))
                         .front());
  };
  ++test_looks_;
  baseline_ = judge();
  if (const Index seeds = seeds_for(*baseline_, seeds_); seeds > seeds_) {
    seeds_ = seeds;
    baseline_ = judge();
  }
  table_.baseline = setting_evidence(*baseline_, split_.test.label(), table_.classes);
  table_.test_interval = wilson_interval(table_.baseline.test_accuracy, baseline_->right);
}

void RemedyJudge::compare(RemedyRow& row, const Judged& judged) {
  row.state = RemedyState::unresolved;  // until the table is decided
  row.setting = setting_evidence(judged, split_.test.label(), table_.classes);
  row.setting.gain = crossed_difference(baseline_->right, judged.right, Pairing::by_training);
  const std::vector<double> before = baseline_->right.training_accuracy(), after = judged.right.training_accuracy();
  row.better_seeds = 0;
  for (std::size_t t = 0; t < after.size(); ++t) *row.better_seeds += after[t] > before[t];
}

void RemedyJudge::judge(RemedyRow& row, const Setting& setting) {
  const Judged judged = this->judged(row.remedy, setting, RemedyPart::judge);
  compare(row, judged);
  shown_.insert({row.remedy, {judged.right, setting, true}});
}

void RemedyJudge::judge_balance(RemedyRow& row, const Setting& setting) {
  const Judged judged = this->judged(row.remedy, setting, RemedyPart::judge);
  compare(row, judged);
  const BalanceEvidence balance = compare_balance(*baseline_, judged, split_.test.label(), table_.classes);
  row.balanced = true;
  row.accuracy_gain = row.setting.gain;
  row.setting.gain = balance.gain;
  row.setting.balanced_accuracy = balance.balanced_accuracy;
}

// The largest vote is the one that counts.
void RemedyJudge::judge_votes(RemedyRow& row) {
  const RowOutcomes best_single = best_of(baseline_->right);
  for (const Index members : kMembers) {
    if (members > baseline_->right.trainings()) break;
    const RowOutcomes votes = vote_outcomes(*baseline_, members, split_.test.label(), table_.classes);
    row.ensembles.push_back({.members = members,
                             .ensembles = votes.trainings(),
                             .accuracy = mean_spread(votes.training_accuracy()).mean,
                             .over_mean = crossed_difference(baseline_->right, votes, Pairing::none),
                             .over_best = crossed_difference(best_single, votes, Pairing::none)});
    shown_.insert_or_assign(row.remedy, Shown{votes, baseline_->setting, false});
    ++test_looks_;
  }
  const EnsembleGain& largest = row.ensembles.back();
  row.state = RemedyState::unresolved;
  row.chosen = fmt::format("the vote of {} trainings", largest.members);
  row.settings = 1;
  row.setting = table_.baseline;
  row.setting.what = row.chosen;
  row.setting.trainings = largest.members * largest.ensembles;
  row.setting.test_accuracy = largest.accuracy;
  row.setting.gain = largest.over_mean;
}

void RemedyJudge::judge_placebo(RemedyRow& row) {
  row.chosen = "the baseline with other seeds";
  row.settings = 1;
  compare(row, judged(row.remedy, {.what = row.chosen, .run = own_}, RemedyPart::placebo));
  row.state = RemedyState::control;
}

// Folds and seeds that had no part in choosing the settings: what led there by luck does not lead here by the same.
void RemedyJudge::hold_out() {
  const Folds folds(split_.train, Folds::possible(split_.train, folds_), seed_of(seed_, RemedyPart::ranking));
  std::map<Remedy, RowOutcomes> held_out;
  for (RemedyRow& row : table_.rows) {
    if (!row.helps_accuracy()) continue;
    const auto [of, _] = held_out.insert(
        {row.remedy, cross_validated(laboratory_, data_, split_.train, shown_.at(row.remedy).setting.run, folds,
                                     seed_of(seed_, RemedyPart::ranking), row.remedy == Remedy::ensemble)});
    row.held_out_accuracy = mean_spread(of->second.training_accuracy()).mean;
  }
  const Remedy best = best_held_out(table_)->remedy;
  for (RemedyRow& row : table_.rows) {
    if (row.remedy == best || !row.helps_accuracy()) continue;
    row.behind_best = crossed_difference(held_out.at(row.remedy), held_out.at(best), pairing(row.remedy, best));
    row.level_with_best = holds_zero(*row.behind_best) && holds_zero(behind(row.remedy, best));
  }
}

Pairing RemedyJudge::pairing(Remedy one, Remedy other) const {
  return shown_.at(one).paired && shown_.at(other).paired ? Pairing::by_training : Pairing::none;
}

Difference RemedyJudge::behind(Remedy one, Remedy other) const {
  return crossed_difference(shown_.at(one).right, shown_.at(other).right, pairing(one, other));
}

void RemedyJudge::rank() {
  const Meter meter(laboratory_, table_.ranking_cost);
  if (std::ranges::count_if(table_.rows, &RemedyRow::helps_accuracy) > 1) hold_out();
  const RemedyRow* const top = top_of(table_);
  if (top == nullptr) return;
  for (RemedyRow& row : table_.rows)
    if (&row != top && row.is_judged_by_accuracy()) row.behind_top = behind(row.remedy, top->remedy);
}

}  // namespace plateau
