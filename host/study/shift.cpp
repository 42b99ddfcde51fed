// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/shift.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>

#include "plateau/study/area_under_curve.hpp"

namespace plateau {
namespace {

constexpr double kOriginRate = 0.01;
constexpr Index kOriginWidth = 16;
constexpr Index kOriginSteps = 400, kMostOriginEpochs = 60;
constexpr Index kMostListed = 32'000'000;  // rows in the lists of the trainings of one fleet

// Training rows, then test rows. Which is which the label says; with `both`, every row is there once with either label,
// those with label 1 after all with label 0, so that a list of rows can give them any.
Dataset origins(const Split& split, bool both) {
  const Index train = split.train.values.size(), test = split.test.values.size(), copies = both ? 2 : 1;
  Dataset rows{.source = split.train.source,
               .columns = split.train.columns,
               .values = HostBuffer<float>(copies * (train + test))};
  float* next = rows.values.view().data;
  for (Index copy = 0; copy < copies; ++copy) {
    next = std::ranges::copy(split.train.values.view(), next).out;
    next = std::ranges::copy(split.test.values.view(), next).out;
  }
  rows.labels.assign(static_cast<std::size_t>(both ? split.train.rows() + split.test.rows() : split.train.rows()), 0);
  rows.labels.resize(static_cast<std::size_t>(rows.rows()), 1);
  rows.classes = numbered_classes(2);
  return rows;
}

// Groups of the training rows, then of the test rows. Their numbers are of two lists: a group is on one side only.
Clusters clusters_of(const Split& split) {
  if (split.train.groups.empty() && split.test.groups.empty()) return {};
  std::vector<std::int32_t> of_row;
  for (const Dataset* part : {&split.train, &split.test}) {
    const std::int32_t first = of_row.empty() ? 0 : *std::ranges::max_element(of_row) + 1;
    for (std::int32_t row = 0; row < static_cast<std::int32_t>(part->rows()); ++row)
      of_row.push_back(first + (part->groups.empty() ? row : part->groups[static_cast<std::size_t>(row)]));
  }
  return Clusters(of_row);
}

// A network that is taught origins outside of a fold and asked about its rows.
struct Asked {
  std::shared_ptr<const std::vector<std::int32_t>> taught, rows;  // of origins()
  LabelTreatment labels;
  std::vector<std::uint8_t> is_test;  // of `rows`, as the others were taught
};
// The networks that together say how well origins are told: as they are, or as a permutation has them.
using Trial = std::vector<Asked>;

std::shared_ptr<const std::vector<std::int32_t>> list_of(std::vector<std::int32_t> rows) {
  return std::make_shared<const std::vector<std::int32_t>>(std::move(rows));
}

// Every fold for the origins as they are, and one fold, in turn, for each permutation of the rows' origins.
std::vector<Trial> trials_by_rows(const Dataset& rows, const Battery& battery, std::uint64_t seed) {
  const Folds folds(rows, battery.folds, seed);
  Trial whole;
  for (Index fold = 0; fold < folds.count(); ++fold) {
    const HostSpan<const std::int32_t> outside = folds.outside(fold).list();
    whole.push_back({list_of({outside.begin(), outside.end()}), list_of(folds.rows_inside(fold)), {}, {}});
    for (const std::int32_t row : *whole.back().rows)
      whole.back().is_test.push_back(rows.labels[static_cast<std::size_t>(row)] == 1);
  }
  std::vector<Trial> trials{whole};
  for (Index r = folds.count(); r < folds.count() + battery.shift_permutations; ++r) {
    Asked asked = whole[static_cast<std::size_t>(r % folds.count())];
    asked.labels = {.permuted = true, .permutation_seed = seed + static_cast<std::uint64_t>(r)};
    const TreatedLabels treated(asked.labels, rows.rows(), 2);
    for (std::size_t k = 0; k < asked.rows->size(); ++k)
      asked.is_test[k] = treated(rows.labels.data(), nullptr, nullptr, (*asked.rows)[k]) == 1;
    trials.push_back({std::move(asked)});
  }
  return trials;
}

// Whole clusters have an origin, and a permutation deals them another one. Each has folds of its own, with clusters of
// both origins in every one where there are enough, and all of them judge it: one fold has few clusters.
Trial trial_by_clusters(const Clusters& clusters, Index train_rows, Index permutation, const Battery& battery,
                        std::uint64_t seed) {
  const std::vector<std::int32_t>& of_row = clusters.of_row();
  const auto rows = static_cast<Index>(of_row.size());
  std::vector<std::int32_t> origin(static_cast<std::size_t>(clusters.count(rows)));
  for (auto row = static_cast<std::size_t>(train_rows); row < of_row.size(); ++row)
    origin[static_cast<std::size_t>(of_row[row])] = 1;
  const std::uint64_t own = seed + static_cast<std::uint64_t>(permutation);
  const KeyedPermutation dealt({own, StreamId::label_permutation}, static_cast<Index>(origin.size()));
  Dataset labelled{.groups = of_row};
  for (const std::int32_t cluster : of_row)
    labelled.labels.push_back(origin[static_cast<std::size_t>(permutation == 0 ? cluster : dealt(cluster))]);
  const Folds folds(labelled, Folds::possible(labelled, battery.folds), own);
  Trial trial;
  for (Index fold = 0; fold < folds.count(); ++fold) {
    std::vector<std::int32_t> taught;
    for (const std::int32_t row : folds.outside(fold).list())  // with the label it is dealt
      taught.push_back(labelled.labels[static_cast<std::size_t>(row)] == 1 ? static_cast<std::int32_t>(rows) + row
                                                                           : row);
    trial.push_back({list_of(std::move(taught)), list_of(folds.rows_inside(fold)), {}, {}});
    for (const std::int32_t row : *trial.back().rows)
      trial.back().is_test.push_back(labelled.labels[static_cast<std::size_t>(row)] == 1);
  }
  return trial;
}

// Rows, by whether networks are right on them, and what belongs together of them.
struct Sample {
  std::vector<double> right;
  Clusters clusters;
};

// How far accuracy on held-out training rows lies above that on the test rows, whose rows have nothing to do with each
// other. Both are means over the trainings, of which each training row was held out of some.
Difference loss_of(const Sample& held_out, const Sample& tested) {
  const VariancePart first = variance_of_mean(tested.right, tested.clusters);
  const VariancePart second = variance_of_mean(held_out.right, held_out.clusters);
  const double variance = first.variance + second.variance;
  return difference_of(mean_spread(held_out.right).mean - mean_spread(tested.right).mean, variance,
                       satterthwaite(variance, {first, second}));
}

// Area under the curve by the results of a trial's networks; none where its origins are nearly all the same.
std::optional<Estimate> area_of(const Trial& trial, const RunResult* results, const Clusters& clusters) {
  std::vector<double> score;
  std::vector<std::uint8_t> is_test;
  std::vector<std::size_t> rows;
  for (const Asked& asked : trial) {
    const RunResult& result = *results++;
    for (std::size_t k = 0; k < asked.rows->size(); ++k) {
      const double p =
          is_complete(result.outcome) ? static_cast<double>(result.predictions[0].probability[2 * k + 1]) : 0.5;
      score.push_back(std::isfinite(p) ? p : 0.5);
      is_test.push_back(asked.is_test[k]);
      rows.push_back(static_cast<std::size_t>((*asked.rows)[k]));
    }
  }
  if (std::ranges::count(is_test, 1) < 2 || std::ranges::count(is_test, 0) < 2) return {};
  return auc(score, is_test, clusters.of(rows));
}

Run network_of(const Dataset& rows, Index count, const Battery& battery) {
  Run network = recipe({}, {{rows.columns, kOriginWidth, 2}}, kOriginRate, count, battery);
  const Index steps = (count + network.batch - 1) / network.batch;
  network.epochs = std::clamp<Index>(kOriginSteps / steps, 5, kMostOriginEpochs);
  return network;
}

// Trains the networks of trials on the rows of origins().
std::vector<std::optional<Estimate>> areas_of(Laboratory& laboratory, const std::vector<Trial>& trials,
                                              const Run& network, const Dataset& rows, const Clusters& clusters,
                                              std::uint64_t seed) {
  const auto listed = [&](const std::vector<std::int32_t>& list) {
    return RowSelection::listed({list.data(), static_cast<Index>(list.size())}, rows.rows());
  };
  std::vector<Run> runs;
  for (const Trial& trial : trials)
    for (const Asked& asked : trial) {
      Run run = network;
      run.rows = listed(*asked.taught);
      run.labels = asked.labels;
      run.seed = seed + static_cast<std::uint64_t>(runs.size());
      run.outputs = {.parameters = false,
                     .best_parameters = false,
                     .test_correct = false,
                     .predictions = {{.rows = listed(*asked.rows), .probabilities = true}}};
      runs.push_back(std::move(run));
    }
  const TrainingData data = without_test_rows({rows.x(), rows.label(), rows.x(), rows.label()});
  const std::vector<RunResult> results = laboratory.train("shift", data, runs);
  std::vector<std::optional<Estimate>> areas;
  const RunResult* next = results.data();
  for (const Trial& trial : trials) {
    areas.push_back(area_of(trial, next, clusters));
    next += trial.size();
  }
  return areas;
}

// Of the origins as they are, then of every permutation.
std::vector<std::optional<Estimate>> all_areas(Laboratory& laboratory, const Split& split, const Battery& battery,
                                               std::uint64_t seed) {
  const Clusters clusters = clusters_of(split);
  const Dataset rows = origins(split, !clusters.are_rows());
  const Index count = split.train.rows() + split.test.rows();
  const Run network = network_of(rows, count, battery);
  if (clusters.are_rows())
    return areas_of(laboratory, trials_by_rows(rows, battery, seed), network, rows, clusters, seed);
  std::vector<std::optional<Estimate>> areas;
  const auto at_once = std::max<Index>(1, kMostListed / (count * battery.folds));
  for (Index first = 0; first <= battery.shift_permutations; first += at_once) {
    std::vector<Trial> trials;
    for (Index p = first; p <= std::min(first + at_once - 1, battery.shift_permutations); ++p)
      trials.push_back(trial_by_clusters(clusters, split.train.rows(), p, battery, seed));
    std::ranges::copy(
        areas_of(laboratory, trials, network, rows, clusters, seed + static_cast<std::uint64_t>(first * battery.folds)),
        std::back_inserter(areas));
  }
  return areas;
}

// Accuracies of the training rows that were held out of a training of the curve.
Sample held_out_of(const LearningCurve& curve, const Dataset& train, const Folds& folds) {
  std::vector<double> right(static_cast<std::size_t>(train.rows())), times(right.size());
  for (std::size_t r = 0; r < curve.largest.size(); ++r) {
    const RunResult& result = curve.largest[r];
    if (!is_complete(result.outcome)) continue;
    std::size_t k = 0;
    for (const std::int32_t row : folds.rows_inside(static_cast<Index>(r) % folds.count())) {
      const auto at = static_cast<std::size_t>(row);
      right[at] += result.predictions[1].predicted[k++] == train.labels[at];
      ++times[at];
    }
  }
  Sample held_out;
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < right.size(); ++row) {
    if (times[row] == 0) continue;
    held_out.right.push_back(right[row] / times[row]);
    rows.push_back(row);
  }
  held_out.clusters = Clusters(train.groups).of(rows);
  return held_out;
}

}  // namespace

std::optional<ShiftEvidence> test_shift(Laboratory& laboratory, const Split& split, const LearningCurve& curve,
                                        const Folds& folds, const Battery& battery, std::uint64_t seed) {
  if (std::min(split.train.rows(), split.test.rows()) < kFewestShiftRows) return {};
  const std::vector<std::optional<Estimate>> areas = all_areas(laboratory, split, battery, seed);
  ShiftEvidence evidence{.auc = *areas.front()};
  std::vector<double> null;
  for (std::size_t trial = 1; trial < areas.size(); ++trial)
    if (areas[trial]) null.push_back(areas[trial]->value);
  evidence.p = permutation_p(evidence.auc.value, null);
  if (!null.empty()) evidence.null_auc = mean_spread(null).mean;

  const Sample held_out = held_out_of(curve, split.train, folds);
  if (held_out.right.size() < 2) return {};
  evidence.cross_validated = mean_spread(held_out.right).mean;
  evidence.loss = loss_of(held_out, {curve.test_right.row_accuracy(), curve.test_right.clusters()});
  return evidence;
}

}  // namespace plateau
