// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What networks say of the test rows round after round, and what so many rows can show.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "forensics_parts.hpp"
#include "points.hpp"

namespace plateau::forensic {

Found majority(const Evidence& e) {
  if (is_single_class(e)) return std::nullopt;
  const ForensicsRound& last = e.rounds.back();
  const auto commonest = std::max_element(e.test_class_rows.begin(), e.test_class_rows.end());
  const double rows = static_cast<double>(e.test_rows);
  if (const auto only = one_class(e, last)) {
    std::size_t since = e.rounds.size() - 1;
    while (since > 0 && one_class(e, e.rounds[since - 1]) == only) --since;
    std::string sentence = fmt::format("From round {} on {} of {} test rows are given class '{}'", number(e, since),
                                       last.predicted_class_rows[*only], e.test_rows, e.classes[*only]);
    if (!labels_are_known(e)) return cause(VerdictCode::majority, EvidenceGrade::supported, std::move(sentence));
    const double share = static_cast<double>(e.test_class_rows[*only]) / rows;
    const bool agrees = std::abs(*last.recomputed - share) <= (1 + 1e-9) / rows;
    const Interval interval = wilson_interval(*last.recomputed, e.test_rows);
    sentence +=
        fmt::format(": the accuracy of {:.4f} [{:.4f}, {:.4f}] is {} share of that class, {} of {}{}", *last.recomputed,
                    interval.low, interval.high, agrees ? "the" : "near the", e.test_class_rows[*only], e.test_rows,
                    e.test_class_rows[*only] == *commonest ? ", the commonest" : "");
    return cause(VerdictCode::majority, agrees ? EvidenceGrade::proved : EvidenceGrade::supported, std::move(sentence));
  }
  if (predictions_are_known(e) || !labels_are_known(e)) return std::nullopt;
  // Without predictions: accuracies that are the share of the commonest class, to a row and the last decimal.
  const double share = static_cast<double>(*commonest) / rows;
  const double room = (1 + 1e-9) / rows + std::pow(0.1, e.decimals) / 2;
  const auto is_share = [&](std::size_t r) { return std::abs(e.rounds[r].test_accuracy - share) <= room; };
  if (e.rounds.size() < kLeastEqual) return std::nullopt;
  for (std::size_t r = e.rounds.size() - kLeastEqual; r < e.rounds.size(); ++r)
    if (!is_share(r)) return std::nullopt;
  std::size_t since = e.rounds.size() - kLeastEqual;
  while (since > 0 && is_share(since - 1)) --since;
  return cause(VerdictCode::majority, EvidenceGrade::supported,
               fmt::format("From round {} on the accuracy is that of always saying '{}', which {} of {} test rows have",
                           number(e, since), e.classes[static_cast<std::size_t>(commonest - e.test_class_rows.begin())],
                           *commonest, e.test_rows));
}

Found forgetting(const Evidence& e) {
  if (!e.trade || is_single_class(e) || (shown_positive(e.trade->total) && e.trade->total.value >= e.delta))
    return std::nullopt;
  const auto each = [&](bool fell) {
    std::vector<std::size_t> classes;
    for (std::size_t c = 0; c < e.trade->classes.size(); ++c) {
      const ClassTrade::Of& of = e.trade->classes[c];
      const double change = static_cast<double>(of.gained - of.lost) / static_cast<double>(of.rows);
      if (of.adjusted_p <= kSignificant && (fell ? -change : change) >= kTradedRecall) classes.push_back(c);
    }
    std::string text;
    for (std::size_t i = 0; i < classes.size() && i < kListed; ++i) {
      const ClassTrade::Of& of = e.trade->classes[classes[i]];
      text += fmt::format("{}'{}' ({} of {} rows became right, {} wrong)", i == 0 ? "" : ", ", e.classes[classes[i]],
                          of.gained, of.rows, of.lost);
    }
    return text + (classes.size() > kListed ? fmt::format(" and {} more", classes.size() - kListed) : "");
  };
  const std::string fell = each(true), rose = each(false);
  if (fell.empty() || rose.empty()) return std::nullopt;
  return cause(
      VerdictCode::forgetting, EvidenceGrade::supported,
      fmt::format("Classes trade places: from round {} to round {} the accuracy changed by {}, but fell on {} "
                  "and rose on {}",
                  number(e, e.trade->earlier), number(e, e.rounds.size() - 1), points(e.trade->total), fell, rose),
      e.trade->lost_by_fallen);
}

Found solved(const Evidence& e) {
  const ForensicsRound& last = e.rounds.back();
  if (!last.interval || is_single_class(e)) return std::nullopt;
  const double accuracy = last.recomputed.value_or(last.test_accuracy);
  const Interval interval = wilson_interval(accuracy, e.test_rows);
  if (!(interval.low > kSolvedLevel)) return std::nullopt;
  return cause(VerdictCode::solved, EvidenceGrade::supported,
               fmt::format("The accuracy of round {} is {:.4f} [{:.4f}, {:.4f}]: little is left to gain on such rows",
                           number(e, e.rounds.size() - 1), accuracy, interval.low, interval.high));
}

Found small_test(const Evidence& e) {
  if (!e.spread || is_single_class(e) || !(e.spread->detectable > e.delta)) return std::nullopt;
  if ((e.slope && e.slope->by_rows && plateau_is_shown(e)) || rises(e) || falls(e)) return std::nullopt;
  const Stretch tail{e.spread->first, e.rounds.size() - 1};
  const char* const apart = e.spread->paired ? "" : " between rounds that are known by their accuracies alone";
  const auto grade = e.spread->paired ? EvidenceGrade::proved : EvidenceGrade::supported;
  // A line through accuracies alone is a claim about these test rows only.
  if (plateau_is_shown(e))
    return cause(VerdictCode::small_test, grade,
                 fmt::format("On these {} test rows the accuracy stands still to within {}, {}; that it does on others "
                             "they cannot show: changes under {:.1f} points{} may be chance",
                             e.test_rows, delta_words(e), rise(e), in_points(e.spread->detectable), apart));
  return cause(
      VerdictCode::small_test, grade,
      fmt::format("Your {} test rows cannot show changes under {:.1f} points{}; {} differ by {:.1f}. This is "
                  "not evidence of a plateau",
                  e.test_rows, in_points(e.spread->detectable), apart, named(e, tail), in_points(e.spread->range)));
}

}  // namespace plateau::forensic
