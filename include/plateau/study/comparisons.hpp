// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What can be read off predictions that a diagnosis has already: exchanged labels, doubtful labels, one class for all,
// and other ways to classify.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plateau/study/diagnosis_evidence.hpp"
#include "plateau/study/laboratory.hpp"

namespace plateau {

// Whether another reading of the predicted classes fits the labels better: the one-to-one map with the most rows right
// (assignment.hpp) is chosen on a seeded half of the rows and compared with the classes as they are on the other half.
// At least 4 rows; predicted -1 is wrong under every map.
std::optional<LabelMapEvidence> test_label_map(const std::vector<std::int32_t>& predicted,
                                               HostSpan<const std::int32_t> label, Index classes, std::uint64_t seed);

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
std::optional<NoiseEvidence> test_label_noise(const HeldOut& held_out, const std::vector<std::int32_t>& labels,
                                              Index classes);

// Balanced accuracy of `balanced` over `user`, each the mean over trainings, with an interval over rows (classes
// sampled on their own) and trainings.
BalanceEvidence compare_balance(const Judged& user, const Judged& balanced, HostSpan<const std::int32_t> label,
                                Index classes);

}  // namespace plateau
