// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What can be read off predictions that a study has already: accuracies, exchanged labels, doubtful labels, one class
// for all, and the vote of many networks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/study/diagnosis_evidence.hpp"
#include "plateau/study/laboratory.hpp"

namespace plateau {

// A setting as its predictions of the test rows describe it; its gain is the caller's.
SettingEvidence setting_evidence(const Judged& judged, HostSpan<const std::int32_t> label, Index classes);

// Of a setting that is inspected; empty where a training completed no epoch.
EpochCurves epoch_curves(const Judged& judged);

// [classes, classes]: rows of class i that are given class j. A prediction of -1 is in none.
std::vector<Index> confusion(const std::vector<std::int32_t>& predicted, HostSpan<const std::int32_t> label,
                             Index classes);

// Whether another reading of the predicted classes fits the labels better: the one-to-one map with the most rows right
// (assignment.hpp) is chosen on a seeded half of the rows and compared with the classes as they are on the other half.
// At least 4 rows; predicted -1 is wrong under every map. The halves tear no cluster; none of one cluster alone.
std::optional<LabelMapEvidence> test_label_map(const std::vector<std::int32_t>& predicted,
                                               HostSpan<const std::int32_t> label, Index classes, std::uint64_t seed,
                                               const Clusters& clusters = {});

// Held-out rows of the training, with the mean probabilities that networks give which were not trained on them.
struct HeldOut {
  std::vector<std::int32_t> row;
  std::vector<float> probability;  // [rows, classes]
};
HeldOut held_out_probabilities(const std::vector<RunResult>& by_repeat_and_fold, std::size_t request,
                               const Folds& folds, Index train_rows, Index classes);

// Rows whose label held-out networks contradict. Uniform wrong labels are as frequent where a network is sure as where
// it is not; overlapping classes are contradicted where it is unsure. `noise_rate` is the disagreement in the surest
// half; missing features, or a rule that no network here can learn, look the same, so this never proves wrong labels.
// `clusters`: of the training rows.
std::optional<NoiseEvidence> test_label_noise(const HeldOut& held_out, const std::vector<std::int32_t>& labels,
                                              Index classes, const Clusters& clusters = {});

// Balanced accuracy of `balanced` over `user`, each the mean over trainings, which are paired by their seeds. Variance
// over rows (classes sampled on their own) + variance over trainings, without taking off what both of them count: the
// interval is rather too wide. A class's rows have the pseudo rows of crossed_difference(). Clusters of test
// rows are those of `user`: deviations from the means of their classes are then summed within them.
BalanceEvidence compare_balance(const Judged& user, const Judged& balanced, HostSpan<const std::int32_t> label,
                                Index classes);

// Which rows are right by the vote of `members` trainings, by their mean probabilities: the first ones, the next ones,
// ... as long as there are as many. The trainings have probabilities; those of one that is not complete, or a row of
// them that is no number, have no vote, and a row without any is wrong. 1 <= members <= trainings.
RowOutcomes vote_outcomes(const Judged& judged, Index members, HostSpan<const std::int32_t> label, Index classes);

}  // namespace plateau
