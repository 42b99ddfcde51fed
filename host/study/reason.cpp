// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plateau/core/contract.hpp"
#include "points.hpp"

namespace plateau {
namespace {

Index total(const std::vector<Index>& class_rows) {
  return std::accumulate(class_rows.begin(), class_rows.end(), Index{0});
}

Index classes_present(const std::vector<Index>& class_rows) {
  return std::count_if(class_rows.begin(), class_rows.end(), [](Index rows) { return rows > 0; });
}

Index largest_class(const std::vector<Index>& class_rows) {
  return std::max_element(class_rows.begin(), class_rows.end()) - class_rows.begin();
}

// What the run gains over trainings on shuffled labels: its signal.
Estimate over_shuffled(const Evidence& e) { return -e.permuted_labels->difference; }

std::vector<std::string> describe(const Evidence& e) {
  std::vector<std::string> lines;
  const auto counts = [](const std::vector<Index>& rows) { return fmt::format("{}", fmt::join(rows, ", ")); };
  lines.push_back(
      fmt::format("class counts: training {}; test {}; always saying the commonest class of the test rows "
                  "would score {:.3f}",
                  counts(e.train_class_rows), counts(e.test_class_rows), majority_share(e.test_class_rows)));
  if (e.permuted_labels)
    lines.push_back(
        fmt::format("label-permuted control ({} trainings on shuffled labels): test {:.3f}, train {:.3f}; this "
                    "run differs from it by {}",
                    e.permuted_labels->trainings, e.permuted_labels->test_accuracy, e.permuted_labels->train_accuracy,
                    points(over_shuffled(e))));
  if (e.wider)
    lines.push_back(fmt::format("wider control {} ({} trainings): test {:.3f}, train {:.3f}; gains {}",
                                e.wider->architecture, e.wider->trainings, e.wider->test_accuracy,
                                e.wider->train_accuracy, points(e.wider->difference)));
  if (e.exact_rule)
    lines.push_back(
        fmt::format("the described rule itself, asked about the same test rows: {:.3f}; it differs from this run by {}",
                    e.exact_rule->test_accuracy, points(e.exact_rule->difference)));
  return lines;
}

std::vector<std::string> not_tested(const Evidence& e) {
  std::vector<std::string> lines;
  if (!e.permuted_labels) lines.push_back("whether the labels depend on the features at all (label-permuted control)");
  if (!e.wider) lines.push_back("whether a wider network does better (wider control)");
  if (!e.exact_rule) lines.push_back("the best attainable accuracy (no exact rule is known)");
  return lines;
}

Verdict single_class(const Evidence& e) {
  const bool in_test = classes_present(e.test_class_rows) == 1;
  const auto& rows = in_test ? e.test_class_rows : e.train_class_rows;
  return {.code = VerdictCode::single_class,
          .grade = EvidenceGrade::proved,
          .sentence = fmt::format("All {} {} labels are class {}: an accuracy of {:.3f} says nothing about learning, a "
                                  "constant answer scores {:.3f}",
                                  total(rows), in_test ? "test" : "training", largest_class(rows),
                                  e.test_accuracy.value, majority_share(e.test_class_rows))};
}

// What training accuracy above the test's means where the test shows nothing.
std::string memorised(const Evidence& e) {
  if (e.train_accuracy - e.test_accuracy.interval.high < kWorthActing) return "";
  return fmt::format("; the training accuracy of {:.3f} is memory of the training rows", e.train_accuracy);
}

Verdict no_signal(const Evidence& e) {
  const Estimate gain = over_shuffled(e);
  // A run that happens to fall below chance must not make the bound look tighter than its sampling error.
  const double half_width = gain.interval.high - gain.value;
  const double bound = std::max(gain.interval.high, half_width);
  if (!(bound <= kTooUncertain)) {
    const double shrink = half_width / (kTooUncertain / 2);  // with the square root of the rows
    const double rows = static_cast<double>(total(e.test_class_rows)) * shrink * shrink;
    return {.code = VerdictCode::inconclusive,
            .grade = EvidenceGrade::unresolved,
            .sentence =
                fmt::format("No signal is shown, but {} test rows cannot rule out one of {:.1f} points; about {:.0f} "
                            "test rows could",
                            total(e.test_class_rows), 100 * bound, std::ceil(rows / 100) * 100)};
  }
  return {
      .code = VerdictCode::no_signal,
      .grade = EvidenceGrade::supported,
      .sentence = fmt::format("No signal: trained on these labels the network does no better on the test rows than "
                              "trained on shuffled ones ({}), so what the features say about the labels is worth less "
                              "than {:.1f} points{}",
                              points(gain), 100 * bound, memorised(e))};
}

Verdict capacity(const Evidence& e) {
  return {.code = VerdictCode::capacity,
          .grade = EvidenceGrade::supported,
          .sentence = fmt::format("The network is too small: {} in place of {}, trained on the same rows, gains {}",
                                  e.wider->architecture, e.architecture, points(e.wider->difference))};
}

Verdict ceiling(const Evidence& e) {
  return {.code = VerdictCode::ceiling,
          .grade = EvidenceGrade::supported,
          .sentence = fmt::format("Label noise sets a ceiling: the described rule itself scores only {:.3f} on these "
                                  "test rows, {:+.1f} points from this run's {:.3f}, and {} gains {}",
                                  e.exact_rule->test_accuracy, 100 * e.exact_rule->difference.value,
                                  e.test_accuracy.value, e.wider->architecture, points(e.wider->difference))};
}

Verdict solved(const Evidence& e) {
  return {.code = VerdictCode::solved,
          .grade = EvidenceGrade::supported,
          .sentence = fmt::format("There is little left to gain: the test accuracy is {:.3f} [{:.3f}, {:.3f}]",
                                  e.test_accuracy.value, e.test_accuracy.interval.low, e.test_accuracy.interval.high)};
}

Verdict inconclusive(std::string sentence) {
  return {.code = VerdictCode::inconclusive, .grade = EvidenceGrade::unresolved, .sentence = std::move(sentence)};
}

Verdict decide(const Evidence& e) {
  if (classes_present(e.train_class_rows) <= 1 || classes_present(e.test_class_rows) <= 1) return single_class(e);
  if (!e.permuted_labels || !e.wider)
    return inconclusive(
        "The reason was not tested: without the controls a lack of signal, of capacity and a ceiling look "
        "alike");
  // What fits its training rows and does no better than on shuffled labels, in a wider network either, will not do so
  // by going on: its test accuracy moves by chance alone.
  const bool moves_by_chance = !shown_positive(over_shuffled(e)) && !shown_positive(e.wider_over_permuted) &&
                               e.train_accuracy > e.test_accuracy.interval.high;
  if (!e.plateau_shown && !moves_by_chance)
    return inconclusive(
        fmt::format("A plateau is not shown: at {:.3f} the test accuracy may still be moving, and what "
                    "holds an unfinished training back is not yet to be seen; train longer",
                    e.test_accuracy.value));

  const Estimate& wider = e.wider->difference;
  const bool wider_gains = shown_positive(wider) && wider.value >= kWorthActing && e.train_accuracy < kTrainSaturated;
  // A network too small for the rule sees no signal where a wider one does.
  if (!shown_positive(over_shuffled(e)))
    return wider_gains && shown_positive(e.wider_over_permuted) ? capacity(e) : no_signal(e);
  if (e.test_accuracy.interval.low >= kTrainSaturated) return solved(e);
  if (wider_gains) return capacity(e);

  // A ceiling needs to be known from outside: the rule that made the labels does hardly better than this run, it is
  // itself wrong on most of the rows that this run gets wrong, and a wider network does not do better.
  if (e.exact_rule && !shown_positive(wider)) {
    const double missing = 1 - e.test_accuracy.value;
    if (e.exact_rule->difference.interval.high <= std::min(kNearRule, missing / 2)) return ceiling(e);
  }
  return inconclusive(
      fmt::format("A signal is indicated ({} over shuffled labels), but these measurements do not tell "
                  "what holds the accuracy at {:.3f}: {} changes it by {}",
                  points(over_shuffled(e)), e.test_accuracy.value, e.wider->architecture, points(wider)));
}

}  // namespace

double majority_share(const std::vector<Index>& class_rows) {
  expects(total(class_rows) >= 1, "majority_share: at least one row");
  return static_cast<double>(class_rows[static_cast<std::size_t>(largest_class(class_rows))]) /
         static_cast<double>(total(class_rows));
}

Verdict explain(const Evidence& evidence) {
  Verdict verdict = decide(evidence);
  verdict.evidence = describe(evidence);
  verdict.not_tested = not_tested(evidence);
  return verdict;
}

}  // namespace plateau
