// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/laboratory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr double kUnsteady = 0.02;  // deviation of the train accuracy over seeds
constexpr Index kMostSeeds = 20;    // of an unsteady training, where fewer are asked for
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The epoch whose parameters a run is judged by.
std::optional<std::size_t> kept_epoch(const Run& run, const RunResult& result) {
  if (result.history.empty()) return {};
  if (run.patience > 0 && result.best_epoch) return static_cast<std::size_t>(*result.best_epoch);
  return result.history.size() - 1;
}

Run outside_fold(const Setting& setting, const Folds& folds, Index fold, std::uint64_t seed) {
  Run run = setting.run;
  run.rows = folds.outside(fold);
  run.validation = folds.inside(fold);
  run.seed = seed + static_cast<std::uint64_t>(fold);
  run.outputs = {.parameters = false, .best_parameters = false, .test_correct = false};
  return run;
}

// By epoch; none before the first.
std::vector<double> changed_shares(const CorrectBits& correct) {
  std::vector<double> shares(static_cast<std::size_t>(correct.epochs()), std::numeric_limits<double>::quiet_NaN());
  const std::size_t words = static_cast<std::size_t>(correct_words(correct.rows()));
  const std::uint32_t of_last = ~std::uint32_t{0} >> (32 * static_cast<Index>(words) - correct.rows());
  for (std::size_t epoch = 1; epoch < shares.size(); ++epoch) {
    const std::uint32_t *const now = correct.words().data() + epoch * words, *const before = now - words;
    int changed = 0;
    for (std::size_t w = 0; w < words; ++w)
      changed += std::popcount((now[w] ^ before[w]) & (w + 1 < words ? ~std::uint32_t{0} : of_last));
    shares[epoch] = changed / static_cast<double>(correct.rows());
  }
  return shares;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

TrainingData without_test_rows(TrainingData data) {
  data.test_x.rows = data.test_label.size = 1;
  return data;
}

void Laboratory::expects_no_stop() const {
  if (trainer_.stop_requested()) throw Stopped{};
}

std::vector<RunResult> Laboratory::train(std::string_view block, const TrainingData& data,
                                         const std::vector<Run>& runs) {
  expects_no_stop();
  if (runs.empty()) return {};
  FleetObserver watch;
  if (observer_) {
    observer_(block, 0, trainings_);
    watch = [&](const FleetProgress& progress) { observer_(block, progress.share, trainings_); };
  }
  std::vector<RunResult> results = trainer_.train_fleet(data, runs, watch);
  expects_no_stop();
  trainings_ += static_cast<Index>(runs.size());
  return results;
}

FoldScore fold_score(const Run& run, const std::vector<RunResult>& by_fold) {
  expects(!by_fold.empty(), "fold_score: at least one fold");
  const double folds = static_cast<double>(by_fold.size());
  FoldScore score{.best_loss = kInfinity};
  std::size_t common = std::numeric_limits<std::size_t>::max();  // epochs that every fold has
  bool whole = true;
  for (const RunResult& result : by_fold) {
    common = std::min(common, result.history.size());
    whole = whole && is_complete(result.outcome) && kept_epoch(run, result);
  }
  for (std::size_t e = 0; e < common; ++e) {
    double loss = 0;
    for (const RunResult& result : by_fold) loss += result.history[e].validation_loss / folds;
    if (loss < score.best_loss) {
      score.best_loss = loss;
      score.best_epochs = static_cast<Index>(e + 1);
    }
  }
  if (score.best_epochs > 0)
    for (const RunResult& result : by_fold) {
      const EpochRecord& best = result.history[static_cast<std::size_t>(score.best_epochs - 1)];
      score.best_accuracies.push_back(best.validation_accuracy);
      score.best_train_accuracies.push_back(best.train_accuracy);
    }
  if (!whole) {
    score.validation_loss = score.train_loss = kInfinity;
    return score;
  }
  for (const RunResult& result : by_fold) {
    const EpochRecord& kept = result.history[*kept_epoch(run, result)];
    score.validation_loss += kept.validation_loss / folds;
    score.validation_accuracy += kept.validation_accuracy / folds;
    score.train_loss += kept.train_loss / folds;
    score.train_accuracy += kept.train_accuracy / folds;
  }
  return score;
}

std::vector<FoldScore> score_settings(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                      const std::vector<Setting>& settings, const Folds& folds, std::uint64_t seed) {
  std::vector<Run> runs;
  for (const Setting& setting : settings)
    for (Index fold = 0; fold < folds.count(); ++fold) runs.push_back(outside_fold(setting, folds, fold, seed));
  std::vector<RunResult> results = laboratory.train(block, without_test_rows(data), runs);
  std::vector<FoldScore> scores;
  auto first = results.begin();
  for (const Setting& setting : settings) {
    scores.push_back(fold_score(setting.run, {first, first + folds.count()}));
    first += folds.count();
  }
  return scores;
}

std::vector<RunResult> train_outside_fold(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                          const std::vector<Setting>& settings, const Folds& folds, Index fold,
                                          std::uint64_t seed) {
  std::vector<Run> runs;
  runs.reserve(settings.size());
  for (const Setting& setting : settings) runs.push_back(outside_fold(setting, folds, fold, seed));
  return laboratory.train(block, without_test_rows(data), runs);
}

Setting stopped_at_best(Setting setting, const FoldScore& score) {
  if (score.best_epochs >= setting.run.epochs) return setting;
  setting.what += fmt::format("{}stopped after {} epoch{}", setting.what.empty() ? "" : ", ", score.best_epochs,
                              score.best_epochs == 1 ? "" : "s");
  setting.run.epochs = std::max<Index>(1, score.best_epochs);
  return setting;
}

double Judged::test_accuracy() const { return mean(right.training_accuracy()); }

std::vector<Judged> judge_settings(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                   const std::vector<Setting>& settings, const ValidationRows& held_out, Index seeds,
                                   std::uint64_t seed, const Clusters& clusters) {
  std::vector<Run> runs;
  for (const Setting& setting : settings) {
    for (Index s = 0; s < seeds; ++s) {
      Run run = setting.run;
      if (run.patience > 0 || setting.without_held_out) held_out.hold_out_of(run);
      if (run.patience == 0) run.validation.reset();
      run.seed = seed + static_cast<std::uint64_t>(s);
      run.outputs = {.parameters = false,
                     .best_parameters = false,
                     .layers = setting.inspected,
                     .dead_units = setting.inspected,
                     .predictions = {{.at = run.patience > 0 ? ParametersAt::best : ParametersAt::last,
                                      .probabilities = setting.probabilities}}};
      runs.push_back(std::move(run));
    }
  }
  std::vector<RunResult> results = laboratory.train(block, data, runs);

  std::vector<Judged> judged;
  const Index rows = data.test_x.rows;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    Judged& all = judged.emplace_back(Judged{.setting = settings[i], .right = RowOutcomes(rows, clusters)});
    for (std::size_t r = i * static_cast<std::size_t>(seeds); r < (i + 1) * static_cast<std::size_t>(seeds); ++r) {
      RunResult& result = results[r];
      const std::optional<std::size_t> epoch = kept_epoch(runs[r], result);
      std::vector<std::uint8_t> right(static_cast<std::size_t>(rows), 0);
      if (epoch)
        for (Index row = 0; row < rows; ++row)
          right[static_cast<std::size_t>(row)] = result.test_correct(static_cast<Index>(*epoch), row);
      all.right.add(right);
      all.train_accuracy.push_back(epoch ? result.history[*epoch].train_accuracy : 0);
      all.predicted.push_back(is_complete(result.outcome) ? std::move(result.predictions.front().predicted)
                                                          : std::vector<std::int32_t>{});
      all.diverged += result.outcome == RunOutcome::diverged;
      if (settings[i].inspected) all.changed.push_back(changed_shares(result.test_correct));
      result.test_correct = {};  // a bit per epoch and row, no longer needed
      all.results.push_back(std::move(result));
    }
  }
  return judged;
}

Index seeds_for(const Judged& judged, Index seeds) {
  return mean_spread(judged.train_accuracy).deviation > kUnsteady ? std::max(seeds, kMostSeeds) : seeds;
}

std::vector<std::int32_t> majority_vote(const std::vector<std::vector<std::int32_t>>& predicted, Index rows,
                                        Index classes) {
  std::vector<std::int32_t> vote(static_cast<std::size_t>(rows), -1);
  std::vector<Index> count(static_cast<std::size_t>(classes));
  for (std::size_t row = 0; row < vote.size(); ++row) {
    std::fill(count.begin(), count.end(), 0);
    for (const std::vector<std::int32_t>& training : predicted)
      if (!training.empty() && training[row] >= 0) ++count[static_cast<std::size_t>(training[row])];
    const auto most = std::max_element(count.begin(), count.end());
    if (*most > 0) vote[row] = static_cast<std::int32_t>(most - count.begin());
  }
  return vote;
}

double balanced_accuracy(const std::vector<std::int32_t>& predicted, HostSpan<const std::int32_t> label,
                         Index classes) {
  expects(static_cast<Index>(predicted.size()) == label.size, "balanced_accuracy: a prediction per row");
  std::vector<double> rows(static_cast<std::size_t>(classes)), right(rows.size());
  for (Index i = 0; i < label.size; ++i) {
    const auto c = static_cast<std::size_t>(label[i]);
    ++rows[c];
    right[c] += predicted[static_cast<std::size_t>(i)] == label[i];
  }
  double sum = 0, present = 0;
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] == 0) continue;
    sum += right[c] / rows[c];
    ++present;
  }
  return sum / present;
}

double most_predicted(const std::vector<std::int32_t>& predicted, Index classes) {
  std::vector<Index> count(static_cast<std::size_t>(classes));
  for (const std::int32_t c : predicted)
    if (c >= 0) ++count[static_cast<std::size_t>(c)];
  return static_cast<double>(*std::max_element(count.begin(), count.end())) / static_cast<double>(predicted.size());
}

std::uint64_t study_seed(std::uint64_t seed, std::uint32_t part) {
  const PhiloxCounter random = draw({seed, StreamId::study_part}, part);
  return (std::uint64_t{random.word[0]} << 32 | random.word[1]) & ~std::uint64_t{0xFFFF'FFFF};
}

double learning_rate(const Optimizer& optimizer) {
  return std::visit([](const auto& parameters) { return double{parameters.learning_rate}; }, optimizer);
}

Optimizer with_learning_rate(Optimizer optimizer, double rate) {
  std::visit([rate](auto& parameters) { parameters.learning_rate = rate; }, optimizer);
  return optimizer;
}

double weight_decay(const Optimizer& optimizer) {
  return std::visit([](const auto& parameters) { return double{parameters.weight_decay}; }, optimizer);
}

}  // namespace plateau
