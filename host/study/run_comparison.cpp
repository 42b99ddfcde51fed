// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/run_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ranges>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr const char* kSeed = "seed";

void expects_compared(const ComparedRun& run) {
  expects(run.predictions.size() == run.labels.size() &&
              (run.predictions.empty() || static_cast<Index>(run.labels.size()) == run.test_rows),
          "compare_runs: a label and a prediction for every test row, or none");
  expects(!run.test_accuracy || (run.test_rows >= 1 && 0 <= *run.test_accuracy && *run.test_accuracy <= 1),
          "compare_runs: an accuracy is a share of at least one test row");
  expects(run.predictions.empty() || run.test_accuracy.has_value(), "compare_runs: predictions have an accuracy");
}

std::vector<std::uint8_t> right_rows(const ComparedRun& run) {
  std::vector<std::uint8_t> right(run.labels.size());
  for (std::size_t row = 0; row < right.size(); ++row) right[row] = run.predictions[row] == run.labels[row];
  return right;
}

RowOutcomes outcomes_of(const std::vector<const ComparedRun*>& runs) {
  RowOutcomes outcomes(runs.front()->test_rows);
  for (const ComparedRun* run : runs) outcomes.add(right_rows(*run));
  return outcomes;
}

RowMatch match_of(const ComparedRun& first, const ComparedRun& run) {
  if (!first.test_checksum || !run.test_checksum) return RowMatch::unknown;
  const bool has_same_values = *first.test_checksum == *run.test_checksum;
  const bool has_same_text = first.test_text_checksum && first.test_text_checksum == run.test_text_checksum;
  // A checksum of 32 bits is the same by chance once in four billion; labels cost nothing to look at.
  if (!(has_same_values || has_same_text) || first.test_rows != run.test_rows) return RowMatch::other;
  if (first.predictions.empty() || run.predictions.empty()) return RowMatch::unknown;
  return first.labels == run.labels ? RowMatch::same : RowMatch::other;
}

void pair_rows(const ComparedRun& first, const ComparedRun& run, RunDifference& difference) {
  const std::vector<std::uint8_t> before = right_rows(first), after = right_rows(run);
  for (std::size_t row = 0; row < before.size(); ++row) {
    difference.only_first += before[row] > after[row];
    difference.only_this += before[row] < after[row];
    difference.other_class += first.predictions[row] != run.predictions[row];
  }
  difference.mcnemar_p = mcnemar_p(difference.only_this, difference.only_first);
  static_cast<Estimate&>(difference) =
      first.test_rows == 1 ? Estimate{*run.test_accuracy - *first.test_accuracy, {-1, 1}}  // one row has no interval
                           : Estimate(crossed_difference(outcomes_of({&first}), outcomes_of({&run}), Pairing::none));
}

Index right_count(const ComparedRun& run) {
  return std::llround(*run.test_accuracy * static_cast<double>(run.test_rows));
}

RunDifference difference_between(const ComparedRun& first, const ComparedRun& run) {
  RunDifference difference;
  difference.rows = match_of(first, run);
  if (difference.rows == RowMatch::same)
    pair_rows(first, run, difference);
  else
    static_cast<Estimate&>(difference) =
        independent_difference(right_count(first), first.test_rows, right_count(run), run.test_rows);
  return difference;
}

std::vector<std::string> differing_settings(const std::vector<ComparedRun>& runs) {
  std::vector<std::string> names;
  for (const ComparedRun& run : runs)
    for (const auto& [name, value] : run.settings)
      if (std::ranges::count(names, name) == 0) names.push_back(name);
  names.push_back(kSeed);
  std::erase_if(names, [&](const std::string& name) {
    std::string known;
    for (const ComparedRun& run : runs) {
      const std::string value = value_of(run, name);
      if (!known.empty() && !value.empty() && value != known) return false;
      if (!value.empty()) known = value;
    }
    return true;
  });
  return names;
}

// Those of at least two seeds.
std::vector<RunGroup> groups_of(const std::vector<ComparedRun>& runs) {
  std::vector<RunGroup> groups;
  for (std::size_t place = 0; place < runs.size(); ++place) {
    const ComparedRun& run = runs[place];
    if (!run.complete || !run.seed || run.settings.empty() || !run.test_accuracy) continue;
    const auto own = std::ranges::find_if(
        groups, [&](const RunGroup& group) { return runs[group.runs.front()].settings == run.settings; });
    if (own == groups.end())
      groups.push_back({.runs = {place}});
    else if (std::ranges::none_of(own->runs, [&](std::size_t member) { return runs[member].seed == run.seed; }))
      own->runs.push_back(place);
  }
  std::erase_if(groups, [](const RunGroup& group) { return group.runs.size() < 2; });
  for (RunGroup& group : groups) {
    std::ranges::sort(group.runs, {}, [&](std::size_t member) { return *runs[member].seed; });
    std::vector<double> accuracies;
    for (const std::size_t member : group.runs) accuracies.push_back(*runs[member].test_accuracy);
    group.test_accuracy = mean_spread(accuracies);
  }
  return groups;
}

std::vector<const ComparedRun*> members_of(const RunGroup& group, const std::vector<ComparedRun>& runs) {
  std::vector<const ComparedRun*> members;
  for (const std::size_t member : group.runs) members.push_back(&runs[member]);
  return members;
}

void compare_groups(const RunGroup& first, RunGroup& group, const std::vector<ComparedRun>& runs) {
  const std::vector<const ComparedRun*> before = members_of(first, runs), after = members_of(group, runs);
  const ComparedRun& one = *before.front();
  const auto shares_rows = [&](const ComparedRun* run) { return match_of(one, *run) == RowMatch::same; };
  if (one.test_rows < 2 || !std::ranges::all_of(before, shares_rows) || !std::ranges::all_of(after, shares_rows))
    return;
  group.match = GroupMatch::compared;
  group.by_seed = std::ranges::equal(before, after, {}, &ComparedRun::seed, &ComparedRun::seed);
  group.over_first =
      crossed_difference(outcomes_of(before), outcomes_of(after), group.by_seed ? Pairing::by_training : Pairing::none);
  group.p = std::min(1.0, 2 * std::min(group.over_first.p_greater, 1 - group.over_first.p_greater));
}

}  // namespace

const char* to_string(RowMatch match) {
  switch (match) {
    case RowMatch::same:
      return "same";
    case RowMatch::other:
      return "other";
    case RowMatch::unknown:
      return "unknown";
  }
  return "";
}

std::string value_of(const ComparedRun& run, const std::string& setting) {
  if (setting == kSeed) return run.seed ? std::to_string(*run.seed) : "";
  const auto found = std::ranges::find(run.settings, setting, &std::pair<std::string, std::string>::first);
  return found == run.settings.end() ? "" : found->second;
}

RunComparison compare_runs(const std::vector<ComparedRun>& runs) {
  expects(!runs.empty(), "compare_runs: at least one run");
  RunComparison comparison{.differing = differing_settings(runs), .groups = groups_of(runs)};
  for (const ComparedRun& run : runs) {
    expects_compared(run);
    comparison.accuracy.emplace_back();
    if (run.test_accuracy)
      comparison.accuracy.back() = {*run.test_accuracy, wilson_interval(*run.test_accuracy, run.test_rows)};
    comparison.over_first.emplace_back();
    if (&run != &runs.front() && run.test_accuracy && runs.front().test_accuracy)
      comparison.over_first.back() = difference_between(runs.front(), run);
  }

  std::vector<double> p;
  std::vector<RunDifference*> paired;
  for (std::optional<RunDifference>& difference : comparison.over_first)
    if (difference && difference->rows == RowMatch::same) {
      paired.push_back(&*difference);
      p.push_back(difference->mcnemar_p);
    }
  const std::vector<double> adjusted = holm(p);
  for (std::size_t i = 0; i < paired.size(); ++i) paired[i]->adjusted_p = adjusted[i];

  std::vector<double> of_groups;
  std::vector<RunGroup*> compared;
  for (RunGroup& group : comparison.groups) {
    if (&group == &comparison.groups.front()) {
      group.match = GroupMatch::reference;
      continue;
    }
    compare_groups(comparison.groups.front(), group, runs);
    if (group.match != GroupMatch::compared) continue;
    compared.push_back(&group);
    of_groups.push_back(group.p);
  }
  const std::vector<double> adjusted_groups = holm(of_groups);
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->adjusted_p = adjusted_groups[i];
  return comparison;
}

}  // namespace plateau
