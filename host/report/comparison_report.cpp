// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The comparison as a text and as JSON, and its folder.
#include "plateau/report/comparison_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "comparison_words.hpp"
#include "json_parts.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/run_page.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kShortestName = 12;  // of a run, however wide the rest of its line is
constexpr std::size_t kLongestValue = 28;  // of a setting
constexpr std::size_t kSeedsNamed = 5;     // of a setting; of more, their number
constexpr const char* kFile = "compare.json";

void first_line(std::string& out, const Comparison& comparison) {
  std::set<Index> rows;
  for (const ReadRun& run : comparison.runs) rows.insert(run.run.test_rows);
  const RunCells first = cells_of(comparison, 0);
  const std::string accuracy =
      first.accuracy_interval.empty() ? "" : fmt::format(" ({} % {})", first.accuracy, first.accuracy_interval);
  out += '\n';
  paragraph(out, "",
            fmt::format("{}, {}; differences to {}{} in points", counted(std::ssize(comparison.runs), "run"),
                        rows.size() == 1 ? counted(*rows.begin(), "test row")
                                         : fmt::format("{} to {} test rows", *rows.begin(), *rows.rbegin()),
                        one_line(comparison.runs.front().run.name), accuracy),
            0);
}

// Every run by its name in the table, and for the terminal no wider than it needs: the interval of each accuracy is on
// the page, what differs in the settings in a table of its own.
void run_tables(std::string& out, const Comparison& comparison) {
  Cells lines{{"", "test %", "differs", "95 %", "rows", "gained", "lost", "p"}};
  for (std::size_t place = 0; place < comparison.runs.size(); ++place) {
    const RunCells cells = cells_of(comparison, place);
    lines.push_back({comparison.runs[place].run.complete ? "" : " (unfinished)", cells.accuracy, cells.difference,
                     cells.difference_interval, cells.rows, cells.gained, cells.lost, cells.p});
  }
  const std::size_t others = terminal_width(aligned(lines.front(), column_widths(lines)));
  const std::vector<std::string> names =
      short_names(run_names(comparison), others + kShortestName < kWidth ? kWidth - others : kShortestName);
  lines.front().front() = "run";
  Cells settings{{"run", "settings"}};
  for (std::size_t place = 0; place < names.size(); ++place) {
    lines[place + 1].front().insert(0, printable(names[place]));
    settings.push_back(
        {printable(names[place]), printable(differing_words(comparison, comparison.runs[place], kLongestValue))});
  }
  table(out, lines);
  if (!comparison.found.differing.empty()) table_with_words(out, settings, kWidth);
}

// Settings by their words, or where that is too wide by numbers, which a table of their own explains.
void group_tables(std::string& out, const Comparison& comparison) {
  if (comparison.found.groups.size() < 2) return;
  Cells lines{{"setting", "seeds", "mean %", "deviation", "differs", "95 %", "p"}};
  Cells words{{"setting", "settings"}};
  for (const RunGroup& group : comparison.found.groups) {
    const GroupCells cells = cells_of(comparison, group);
    words.push_back({std::to_string(words.size()),
                     printable(setting_words(comparison, comparison.runs[group.runs.front()], kLongestValue))});
    lines.push_back({words.back().back(),
                     group.runs.size() > kSeedsNamed ? std::to_string(group.runs.size()) : cells.seeds, cells.mean,
                     cells.deviation, cells.difference, cells.difference_interval, cells.p});
  }
  const bool fits = terminal_width(aligned(lines.front(), column_widths(lines))) <= kWidth;
  for (std::size_t i = 1; i < lines.size() && !fits; ++i) lines[i].front() = words[i].front();
  table(out, lines);
  if (!fits) table_with_words(out, words, kWidth);
}

Json settings_json(const ComparedRun& run) {
  Json settings = Json::object();
  for (const auto& [name, value] : run.settings) settings[name] = value;
  return settings;
}

Json difference_json(const RunDifference& difference) {
  Json json = json_estimate(difference);
  json["rows"] = to_string(difference.rows);
  if (difference.rows != RowMatch::same) return json;
  json["only_first"] = difference.only_first;
  json["only_this"] = difference.only_this;
  json["other_class"] = difference.other_class;
  json["mcnemar_p"] = json_number(difference.mcnemar_p);
  json["adjusted_p"] = json_number(difference.adjusted_p);
  return json;
}

Json run_json(const Comparison& comparison, std::size_t place) {
  const ReadRun& run = comparison.runs[place];
  const auto& accuracy = comparison.found.accuracy[place];
  const auto& difference = comparison.found.over_first[place];
  return {{"name", run.run.name},
          {"directory", run.directory.string()},
          {"outcome", run.outcome},
          {"complete", run.run.complete},
          {"epochs", run.epochs},
          {"epochs_asked", or_null(run.epochs_asked)},
          {"seed", or_null(run.run.seed)},
          {"settings", settings_json(run.run)},
          {"test_rows", run.run.test_rows},
          {"test_checksum", or_null(run.run.test_checksum)},
          {"test_text_checksum", or_null(run.run.test_text_checksum)},
          {"has_predictions", !run.run.predictions.empty()},
          {"test_accuracy", accuracy ? json_estimate(*accuracy) : Json(nullptr)},
          {"over_first", difference ? difference_json(*difference) : Json(nullptr)}};
}

Json group_json(const Comparison& comparison, const RunGroup& group) {
  Json names = Json::array();
  for (const std::size_t place : group.runs) names.push_back(comparison.runs[place].run.name);
  Json json{{"setting", setting_words(comparison, comparison.runs[group.runs.front()])},
            {"runs", std::move(names)},
            {"mean", group.test_accuracy.mean},
            {"deviation", group.test_accuracy.deviation},
            {"over_first", nullptr}};
  if (group.match != GroupMatch::compared) return json;
  json["over_first"] = json_difference(group.over_first);
  json["over_first"].update({{"by_seed", group.by_seed}, {"p", group.p}, {"adjusted_p", group.adjusted_p}});
  return json;
}

}  // namespace

Comparison compare_directories(const std::vector<std::filesystem::path>& directories) {
  Comparison comparison{.runs = read_compared_runs(directories), .found = {}};
  std::vector<ComparedRun> runs;
  for (const ReadRun& run : comparison.runs) runs.push_back(run.run);
  comparison.found = compare_runs(runs);
  return comparison;
}

std::string comparison_summary(const Comparison& comparison) {
  std::string out;
  first_line(out, comparison);
  run_tables(out, comparison);
  group_tables(out, comparison);
  out += '\n';
  paragraph(out, "Result", printable(comparison_sentence(comparison, kLongestValue)));
  for (const std::string& note : comparison_notes(comparison)) paragraph(out, "Note", printable(note));
  return out;
}

std::string comparison_json(const Comparison& comparison, const Environment& environment) {
  Json json;
  json["schema"] = "plateau-comparison";
  json["schema_version"] = kComparisonJsonVersion;
  json["command"] = "compare";
  Json directories = Json::array();
  for (const ReadRun& run : comparison.runs) directories.push_back(run.directory.string());
  json["configuration"] = {{"directories", std::move(directories)}};
  json["versions"] = versions_json(environment);
  json["differing"] = comparison.found.differing;
  json["runs"] = Json::array();
  for (std::size_t place = 0; place < comparison.runs.size(); ++place)
    json["runs"].push_back(run_json(comparison, place));
  json["groups"] = Json::array();
  for (const RunGroup& group : comparison.found.groups) json["groups"].push_back(group_json(comparison, group));
  json["notes"] = comparison_notes(comparison);
  json["measured"] = measured_json(environment, Json::object());
  return text_of(json);
}

void write_comparison_directory(const std::filesystem::path& directory, const Comparison& comparison,
                                const Environment& environment, bool charts) {
  if (std::filesystem::exists(directory / kFile))
    throw InputError(fmt::format("--out {}: another comparison was written there meanwhile", directory.string()));
  write_page(directory, comparison_page(comparison, environment), charts);
  write_file(directory / kFile, comparison_json(comparison, environment));
}

}  // namespace plateau
