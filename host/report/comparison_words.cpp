// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "comparison_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kNamed = 5;  // of more, their number

using Places = std::vector<std::size_t>;

std::string names_of(const Comparison& comparison, const Places& places) {
  std::string names;
  for (std::size_t i = 0; i < places.size() && i < kNamed; ++i)
    names += fmt::format("{}{}", i == 0 ? "" : ", ", comparison.runs[places[i]].run.name);
  return places.size() > kNamed ? fmt::format("{} and {} more", names, places.size() - kNamed) : names;
}

template <class Holds>
Places places_where(const Comparison& comparison, Holds holds) {
  Places places;
  for (std::size_t place = 0; place < comparison.runs.size(); ++place)
    if (holds(place)) places.push_back(place);
  return places;
}

Places matched(const Comparison& comparison, RowMatch match) {
  return places_where(comparison, [&](std::size_t place) {
    const auto& difference = comparison.found.over_first[place];
    return difference && difference->rows == match;
  });
}

bool is_plural(const Places& places) { return places.size() > 1; }

void note_unfinished(const Comparison& comparison, std::vector<std::string>& notes) {
  const Places places =
      places_where(comparison, [&](std::size_t place) { return !unfinished_words(comparison.runs[place]).empty(); });
  for (std::size_t i = 0; i < places.size() && i < kNamed; ++i) {
    const ReadRun& run = comparison.runs[places[i]];
    notes.push_back(fmt::format("{} was not finished: {}.", run.run.name, unfinished_words(run)));
  }
  if (places.size() > kNamed)
    notes.push_back(fmt::format("{} other runs were not finished either.", places.size() - kNamed));
}

void note_rows(const Comparison& comparison, std::vector<std::string>& notes) {
  const std::string& first = comparison.runs.front().run.name;
  const Places same = matched(comparison, RowMatch::same), other = matched(comparison, RowMatch::other),
               unknown = matched(comparison, RowMatch::unknown);
  if (!same.empty())
    notes.push_back(fmt::format(
        "{} {} tested on the same rows as {}. Each interval is about which rows are drawn to test on; it says nothing "
        "of the luck of a training, for every run is one. Gained are rows that {} gets right and {} does not, lost "
        "those the other way round; p is that of McNemar's exact test{}.",
        names_of(comparison, same), is_plural(same) ? "were" : "was", first, is_plural(same) ? "a run" : "it", first,
        is_plural(same) ? fmt::format(", by Holm over {} differences", same.size()) : ""));
  const char* const independent =
      "so what stands there is the difference of two independent shares (Newcombe's interval)";
  if (!other.empty())
    notes.push_back(
        fmt::format("{} {} tested on other rows than {} (or on another order of them, or on other columns where only a "
                    "table could tell that from other rows), {}.",
                    names_of(comparison, other), is_plural(other) ? "were" : "was", first, independent));
  if (!unknown.empty())
    notes.push_back(
        fmt::format("Whether {} {} tested on the rows of {}, and what each row was given, is not known (an older run's "
                    "folder, a checkpoint, or a diverged run has no predictions), {}.",
                    names_of(comparison, unknown), is_plural(unknown) ? "were" : "was", first, independent));
  if (!comparison.runs.front().run.test_accuracy)
    notes.push_back(fmt::format("{} has no complete epoch, so nothing is compared with it.", first));
}

void note_equals(const Comparison& comparison, std::vector<std::string>& notes) {
  const Places equal = places_where(comparison, [&](std::size_t place) {
    const auto& difference = comparison.found.over_first[place];
    return difference && difference->rows == RowMatch::same && difference->other_class == 0;
  });
  if (!equal.empty())
    notes.push_back(fmt::format("{} {} every test row the class that {} gives it.", names_of(comparison, equal),
                                is_plural(equal) ? "give" : "gives", comparison.runs.front().run.name));
}

void note_groups(const Comparison& comparison, std::vector<std::string>& notes) {
  const std::vector<RunGroup>& groups = comparison.found.groups;
  if (groups.size() < 2) return;
  if (const Index compared = adjusted_settings(comparison); compared > 0)
    notes.push_back(
        fmt::format("Runs that differ in their seed alone are one setting. The interval between two settings has both "
                    "sources of chance, the rows that are drawn to test on and the luck of a training{}.",
                    compared > 1 ? "; p is by Holm over the settings" : ""));
  if (std::ranges::any_of(groups, [](const RunGroup& group) {
        return group.match == GroupMatch::compared && says_next_to_nothing(group.over_first.interval);
      }))
    notes.push_back(
        "An interval between settings that is 100 points wide or more says next to nothing: with so few seeds it is "
        "not "
        "known how far trainings spread; train more of them.");
  if (std::ranges::count(groups, GroupMatch::other_rows, &RunGroup::match) > 0)
    notes.push_back(
        "Settings whose runs do not all share their test rows are not compared: where a seed draws them "
        "(--test-fraction), name a file of test rows by --test.");
}

// A setting's value as the run has it; of several different ones it stays different.
std::string short_value(const Comparison& comparison, const ReadRun& run, const std::string& setting,
                        std::size_t characters) {
  std::string own = value_of(run.run, setting);
  if (own.size() <= characters) return own;
  std::set<std::string> values;
  for (const ReadRun& other : comparison.runs) values.insert(value_of(other.run, setting));
  const std::vector<std::string> all = {values.begin(), values.end()};
  return short_names(all, characters)[static_cast<std::size_t>(std::distance(values.begin(), values.find(own)))];
}

std::string words_of(const Comparison& comparison, const ReadRun& run, const std::vector<std::string>& settings,
                     std::size_t longest_value) {
  std::string words;
  for (const std::string& name : settings)
    if (const std::string value = short_value(comparison, run, name, longest_value); !value.empty())
      words += fmt::format("{}{} {}", words.empty() ? "" : ", ", name, value);
  return words;
}

std::string p_cell(double p) { return p < 0.0001 ? "< 0.0001" : fmt::format("{:.2g}", p); }

// Differences to the first of some runs or settings, and what of them is shown.
class Shown {
 public:
  Shown(const char* what, std::string first) : what_(what), first_(std::move(first)) {}

  // `words`: as cells have them, "+1.2" and "[+0.3, +2.1]".
  void add(const std::string& name, const Estimate& difference, double adjusted_p, const std::string& value,
           const std::string& interval) {
    ++compared_;
    const bool is_above = adjusted_p <= kSignificant && difference.interval.low > 0,
               is_below = adjusted_p <= kSignificant && difference.interval.high < 0;
    above_ += is_above;
    below_ += is_below;
    // What is above comes before all that is below.
    const bool is_farthest =
        is_above ? difference.value > farthest_ : is_below && above_ == 0 && difference.value < farthest_;
    if (!is_farthest) return;
    farthest_ = difference.value;
    named_ = fmt::format("{}: {} points {}", name, value, interval);
  }
  bool empty() const { return compared_ == 0; }

  std::string sentence() const {
    if (above_ + below_ == 0) return fmt::format("No {} is shown to differ from {} in test accuracy.", what_, first_);
    const char* const how = above_ > 0 ? "above" : "below";
    if (compared_ == 1) return fmt::format("Shown to be {} {} in test accuracy is {}.", how, first_, named_);
    std::vector<std::string> counts;
    const auto are = [&](Index count, const char* words) {
      if (count > 0) counts.push_back(fmt::format("{} {} {}", count, count == 1 ? "is" : "are", words));
    };
    are(above_, "above");
    are(below_, "below");
    are(compared_ - above_ - below_, "not shown to differ");
    if (counts.size() > 1) counts.back().insert(0, "and ");
    return fmt::format("Farthest {} {} in test accuracy is {}. Of {} other {}s, {}.", how, first_, named_, compared_,
                       what_, fmt::join(counts, counts.size() > 2 ? ", " : " "));
  }

 private:
  const char* what_;
  std::string first_, named_;
  double farthest_ = 0;
  Index compared_ = 0, above_ = 0, below_ = 0;
};

std::string interval_cell(const Interval& interval, int decimals, bool is_signed) {
  return is_signed ? fmt::format("[{:+.{}f}, {:+.{}f}]", 100 * interval.low, decimals, 100 * interval.high, decimals)
                   : fmt::format("[{:.{}f}, {:.{}f}]", 100 * interval.low, decimals, 100 * interval.high, decimals);
}

}  // namespace

int decimals_of(const Comparison& comparison) {
  const Index rows = comparison.runs.front().run.test_rows;
  return rows < 2000 ? 1 : rows < 20000 ? 2 : 3;
}

Index adjusted_runs(const Comparison& comparison) {
  return std::ranges::count_if(comparison.found.over_first, [](const std::optional<RunDifference>& difference) {
    return difference && difference->rows == RowMatch::same;
  });
}

Index adjusted_settings(const Comparison& comparison) {
  return std::ranges::count(comparison.found.groups, GroupMatch::compared, &RunGroup::match);
}

std::string unfinished_words(const ReadRun& run) {
  if (run.run.complete) return {};
  const std::string after =
      run.epochs_asked ? fmt::format("{} of {} epochs", run.epochs, *run.epochs_asked) : counted(run.epochs, "epoch");
  if (run.outcome == "unfinished") return "all there is is its checkpoint after " + after;
  if (run.outcome == "diverged") return "its loss was no longer finite after " + after;
  return run.outcome + " after " + after;
}

bool says_next_to_nothing(const Interval& of_difference) {
  constexpr double kWidest = 1;  // half of the way from -1 to 1
  return of_difference.high - of_difference.low >= kWidest;
}

std::vector<std::string> run_names(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const ReadRun& run : comparison.runs) names.push_back(run.run.name);
  return names;
}

std::vector<std::string> short_names(const std::vector<std::string>& names, std::size_t characters) {
  for (;; ++characters) {
    std::vector<std::string> all;
    std::ranges::transform(names, std::back_inserter(all),
                           [&](const std::string& name) { return shortened(name, characters); });
    if (all == names || std::set(all.begin(), all.end()).size() == all.size()) return all;
  }
}

std::string differing_words(const Comparison& comparison, const ReadRun& run, std::size_t longest_value) {
  const std::string words = words_of(comparison, run, comparison.found.differing, longest_value);
  return words.empty() ? "-" : words;
}

std::string setting_words(const Comparison& comparison, const ReadRun& run, std::size_t longest_value) {
  std::vector<std::string> names = comparison.found.differing;
  std::erase(names, "seed");
  const std::string words = words_of(comparison, run, names, longest_value);
  return words.empty() ? run.run.name : words;
}

std::string seeds_of(const Comparison& comparison, const RunGroup& group) {
  std::string seeds;
  for (const std::size_t place : group.runs)
    seeds += fmt::format("{}{}", seeds.empty() ? "" : ", ", *comparison.runs[place].run.seed);
  return seeds;
}

RunCells cells_of(const Comparison& comparison, std::size_t place) {
  RunCells cells{"-", "", place == 0 ? "" : "-", "", "", "", "", ""};
  const int decimals = decimals_of(comparison);
  if (const auto& accuracy = comparison.found.accuracy[place]) {
    cells.accuracy = fmt::format("{:.{}f}", 100 * accuracy->value, decimals);
    cells.accuracy_interval = interval_cell(accuracy->interval, decimals, false);
  }
  const auto& difference = comparison.found.over_first[place];
  if (!difference) return cells;
  cells.difference = fmt::format("{:+.{}f}", 100 * difference->value, decimals);
  cells.difference_interval = interval_cell(difference->interval, decimals, true);
  cells.rows = to_string(difference->rows);
  if (difference->rows != RowMatch::same) return cells;
  cells.gained = std::to_string(difference->only_this);
  cells.lost = std::to_string(difference->only_first);
  cells.p = p_cell(difference->adjusted_p);
  return cells;
}

GroupCells cells_of(const Comparison& comparison, const RunGroup& group) {
  const int decimals = decimals_of(comparison);
  GroupCells cells{.seeds = seeds_of(comparison, group),
                   .mean = fmt::format("{:.{}f}", 100 * group.test_accuracy.mean, decimals),
                   .deviation = fmt::format("{:.{}f}", 100 * group.test_accuracy.deviation, decimals),
                   .difference = group.match == GroupMatch::reference ? "" : "-"};
  if (group.match != GroupMatch::compared) return cells;
  cells.difference = fmt::format("{:+.{}f}", 100 * group.over_first.value, decimals);
  cells.difference_interval = interval_cell(group.over_first.interval, decimals, true);
  cells.p = p_cell(group.adjusted_p);
  return cells;
}

std::string comparison_sentence(const Comparison& comparison, std::size_t longest_value) {
  const std::vector<RunGroup>& groups = comparison.found.groups;
  const auto words = [&](const RunGroup& group) {
    return setting_words(comparison, comparison.runs[group.runs.front()], longest_value);
  };
  Shown settings("setting", groups.empty() ? std::string() : words(groups.front()) + " over its seeds");
  for (const RunGroup& group : groups) {
    if (group.match != GroupMatch::compared) continue;
    const GroupCells cells = cells_of(comparison, group);
    settings.add(words(group), group.over_first, group.adjusted_p, cells.difference, cells.difference_interval);
  }
  if (!settings.empty()) return settings.sentence();

  const std::string& first = comparison.runs.front().run.name;
  Shown runs("run", first);
  Index elsewhere = 0;
  for (std::size_t place = 0; place < comparison.runs.size(); ++place) {
    const auto& difference = comparison.found.over_first[place];
    if (!difference) continue;
    const RunCells cells = cells_of(comparison, place);
    if (difference->rows == RowMatch::same)
      runs.add(comparison.runs[place].run.name, *difference, difference->adjusted_p, cells.difference,
               cells.difference_interval);
    else
      ++elsewhere;
  }
  if (runs.empty())
    return elsewhere == 0 ? fmt::format("No run has an accuracy to be compared with that of {}.", first)
                          : fmt::format("No run is known to be tested on the same rows as {}.", first);
  const std::string others =
      elsewhere == 0 ? "" : fmt::format(" {} of other or unknown test rows.", counted(elsewhere, "further run"));
  return runs.sentence() + others;
}

std::vector<std::string> comparison_notes(const Comparison& comparison) {
  std::vector<std::string> notes;
  note_unfinished(comparison, notes);
  note_rows(comparison, notes);
  note_equals(comparison, notes);
  note_groups(comparison, notes);
  if (std::ranges::any_of(comparison.runs, &ReadRun::has_groups))
    notes.push_back(
        "Rows have groups (--group), and those of one may be alike; the intervals count every test row as one of its "
        "own, so they may be too narrow.");
  return notes;
}

}  // namespace plateau
