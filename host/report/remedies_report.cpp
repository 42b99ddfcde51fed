// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/remedies_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "json_parts.hpp"
#include "plateau/study/remedy_advice.hpp"
#include "study_words.hpp"
#include "text.hpp"

namespace plateau {
namespace {

bool is_tried(const RemedyRow& row) { return row.state != RemedyState::not_tried; }

std::string p_words(double p) { return p < 0.0005 ? "<0.001" : fmt::format("{:.3f}", p); }

std::string state_words(const RemedyRow& row, const RemedyTable& table) {
  const std::string_view standing = standing_of(row, table);
  if (standing == to_string(RemedyState::no_effect))
    return fmt::format("gains less than {} points", in_points(table.delta));
  if (row.state == RemedyState::unresolved && row.needed)
    return fmt::format("unresolved; {} could tell", needed_words(*row.needed, table));
  return standing_words(standing);
}

void row_table(std::string& out, const RemedyTable& table) {
  const auto is_shown = [](const RemedyRow& row) { return is_tried(row) && !row.balanced; };
  std::size_t widest = 0;
  for (const RemedyRow& row : table.rows)
    if (is_shown(row)) widest = std::max(widest, std::string_view(to_string(row.remedy)).size());
  out += fmt::format("\n{}  {:>6}  {:>14}  {:>6}  {:>6}  verdict\n", padded("remedy", widest), "points",
                     "95 % interval", "p", "Holm");
  for (const RemedyRow& row : table.rows) {
    if (!is_shown(row)) continue;
    const bool tested = row.state != RemedyState::predicted;
    const std::string figures =
        fmt::format("{}  {:>6}  {:>14}  {:>6}  {:>6}  ", padded(to_string(row.remedy), widest),
                    in_points(row.gain().value), range_in_points(row.gain().interval),
                    tested ? p_words(row.gain().p_greater) : "-", row.is_judged() ? p_words(row.adjusted_p) : "-");
    paragraph(out, figures, state_words(row, table), terminal_width(figures));
  }
  out += '\n';
}

// What is judged by balanced accuracy, whose points are no points of accuracy.
std::vector<std::string> balance_lines(const RemedyTable& table) {
  std::vector<std::string> lines;
  for (const RemedyRow& row : table.rows) {
    if (!row.balanced) continue;
    const double after = row.setting.balanced_accuracy;
    lines.push_back(fmt::format("{}: balanced accuracy {:.3f} in place of {:.3f}, {} points {}, p {}, Holm {}: {}",
                                to_string(row.remedy), after, after - row.gain().value, in_points(row.gain().value),
                                range_in_points(row.gain().interval), p_words(row.gain().p_greater),
                                p_words(row.adjusted_p), state_words(row, table)));
    lines.push_back(fmt::format("{}: accuracy {:.3f} in place of {:.3f}, {} points {}", to_string(row.remedy),
                                row.setting.test_accuracy, table.baseline.test_accuracy,
                                in_points(row.accuracy_gain.value), range_in_points(row.accuracy_gain.interval)));
  }
  return lines;
}

std::vector<std::string> chosen_lines(const RemedyTable& table) {
  std::vector<std::string> lines;
  for (const RemedyRow& row : table.rows) {
    if (!is_tried(row) || row.remedy == Remedy::placebo || row.remedy == Remedy::more_data) continue;
    std::string line = fmt::format("{}: {}", to_string(row.remedy), row.chosen);
    if (row.settings > 1) line += fmt::format(", the best of {} settings", row.settings);
    if (row.better_seeds)
      line += fmt::format("; {} in {} of {}", row.balanced ? "more accurate" : "better", *row.better_seeds,
                          counted(row.setting.trainings, "training"));
    if (row.setting.diverged > 0) line += fmt::format("; {} diverged", row.setting.diverged);
    if (row.cost.trainings > 0)
      line += fmt::format("; {}, {:.1f} s", counted(row.cost.trainings, "training"), row.cost.seconds);
    lines.push_back(std::move(line));
  }
  return lines;
}

// Only where several remedies help: the one with the highest accuracy on held-out training rows first.
std::vector<std::string> ranking_lines(const RemedyTable& table) {
  std::vector<const RemedyRow*> ranked;
  for (const RemedyRow& row : table.rows)
    if (row.held_out_accuracy) ranked.push_back(&row);
  std::ranges::stable_sort(ranked, std::ranges::greater{},
                           [](const RemedyRow* row) { return *row->held_out_accuracy; });
  std::vector<std::string> lines;
  for (const RemedyRow* row : ranked) {
    std::string line =
        fmt::format("{}: {:.3f} on held-out training rows", to_string(row->remedy), *row->held_out_accuracy);
    if (row->behind_best)
      line += fmt::format(", {} points {} behind {}", in_points(row->behind_best->value),
                          range_in_points(row->behind_best->interval), to_string(best_held_out(table)->remedy));
    if (row->behind_top)
      line += fmt::format("; on the test rows {} points {} behind {}", in_points(row->behind_top->value),
                          range_in_points(row->behind_top->interval), to_string(top_of(table)->remedy));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> ensemble_lines(const RemedyTable& table) {
  std::vector<std::string> lines;
  for (const RemedyRow& row : table.rows)
    for (const EnsembleGain& of : row.ensembles)
      lines.push_back(fmt::format("{} of {}: {:.3f}, {} over the mean single training {}, {} over the best one {}",
                                  counted(of.ensembles, "vote"), of.members, of.accuracy, in_points(of.over_mean.value),
                                  range_in_points(of.over_mean.interval), in_points(of.over_best.value),
                                  range_in_points(of.over_best.interval)));
  return lines;
}

std::string curve_words(const RemedyTable& table) {
  const CurveEvidence& curve = *table.curve;
  std::string text =
      fmt::format("from {} to {} training rows {} points were gained {}; for {} rows {} are predicted {}",
                  curve.from_rows, curve.to_rows, in_points(curve.gain.value), range_in_points(curve.gain.interval),
                  2 * table.train_rows, in_points(curve.at_twice), range_in_points(curve.at_twice_interval));
  if (const std::optional<double> rows = rows_per_point(table))
    text += fmt::format(", a point for about {:.0f} rows", *rows);
  if (curve.points.size() > 2)
    text += fmt::format("; the same prediction was {} points off for the last doubling",
                        in_points(std::abs(curve.back_test_error)));
  return text;
}

Json row_json(const RemedyRow& row, const RemedyTable& table) {
  Json json{{"remedy", to_string(row.remedy)},
            {"state", to_string(row.state)},
            {"standing", standing_of(row, table)},
            {"chosen", row.chosen}};
  json["settings"] = row.settings;
  json["trainings"] = row.cost.trainings;
  if (!is_tried(row)) return json;
  json["judged_by"] = row.balanced ? "balanced_accuracy" : "accuracy";
  json["points"] = json_number(100 * row.gain().value);
  json["low"] = json_number(100 * row.gain().interval.low);
  json["high"] = json_number(100 * row.gain().interval.high);
  const bool tested = row.state != RemedyState::predicted;
  json["p"] = tested ? json_number(row.gain().p_greater) : Json(nullptr);
  json["adjusted_p"] = row.is_judged() ? json_number(row.adjusted_p) : Json(nullptr);
  json["adjusted_p_worse"] = row.is_judged() ? json_number(row.adjusted_p_worse) : Json(nullptr);
  json["better_trainings"] = or_null(row.better_seeds);
  json["accuracy_gain"] = row.balanced ? json_difference(row.accuracy_gain) : Json(nullptr);
  json["held_out_accuracy"] = or_null(row.held_out_accuracy);
  json["behind_best"] = row.behind_best ? json_difference(*row.behind_best) : Json(nullptr);
  json["level_with_best"] = row.level_with_best;
  json["behind_top"] = row.behind_top ? json_difference(*row.behind_top) : Json(nullptr);
  json["needed"] =
      row.needed ? Json{{"test_rows", row.needed->test_rows}, {"trainings", row.needed->trainings}} : Json(nullptr);
  json["setting"] = json_setting(row.setting, tested);
  if (row.ensembles.empty()) return json;
  json["ensembles"] = Json::array();
  for (const EnsembleGain& of : row.ensembles)
    json["ensembles"].push_back({{"members", of.members},
                                 {"ensembles", of.ensembles},
                                 {"test_accuracy", of.accuracy},
                                 {"over_mean", json_difference(of.over_mean)},
                                 {"over_best", json_difference(of.over_best)}});
  return json;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace

std::string remedies_summary(const RemediesResult& result, const Environment& environment) {
  const RemedyTable& table = result.table;
  std::string out;
  heading(out, fmt::format("remedies: {} training and {} test rows, {} features, {} classes", table.train_rows,
                           table.test_rows, table.features, table.classes));
  paragraph(out, "Advice", result.advice + ".");
  const RemediesConfiguration& asked = result.configuration;
  paragraph(out, "Baseline",
            training_words(asked.run, asked.validation, asked.files.initial, result.scaled_by_initial));
  paragraph(out, "",
            fmt::format("test accuracy {:.3f} [{:.3f}, {:.3f}], train accuracy {:.3f}, mean of {}{}; {:.1f} s",
                        table.baseline.test_accuracy, table.test_interval.low, table.test_interval.high,
                        table.baseline.train_accuracy, counted(table.baseline.trainings, "training"),
                        table.baseline.diverged > 0 ? fmt::format(", of which {} diverged", table.baseline.diverged)
                                                    : std::string(),
                        table.baseline_cost.seconds));
  row_table(out, table);
  list(out, "Balance", balance_lines(table));
  list(out, "Tried", chosen_lines(table));
  list(out, "Ranking", ranking_lines(table));
  list(out, "Ensembles", ensemble_lines(table));
  if (table.curve) paragraph(out, "More data", curve_words(table));
  std::vector<std::string> left_out;
  for (const RemedyRow& row : table.rows)
    if (!is_tried(row)) left_out.push_back(fmt::format("{}: {}", to_string(row.remedy), row.chosen));
  list(out, "Not tried", left_out);
  paragraph(out, "Test rows",
            fmt::format("judged {}, none of which they chose; a gain that is worth acting on is {} points",
                        counted(result.test_looks, "setting"), in_points(table.delta)));
  paragraph(
      out, "Measured",
      fmt::format("{}: {}, {:.1f} s", measured_on(environment), counted(result.trainings, "training"), result.seconds));
  return out;
}

std::string remedies_json(const RemediesResult& result, const Environment& environment) {
  const RemedyTable& table = result.table;
  Json json;
  json["schema"] = "plateau-remedies";
  json["schema_version"] = kRemediesJsonVersion;
  json["command"] = "remedies";
  json["configuration"] = study_json(result.configuration);
  json["configuration"]["only"] = Json::array();
  for (const Remedy remedy : result.configuration.only) json["configuration"]["only"].push_back(to_string(remedy));
  json["versions"] = versions_json(environment);
  json["plan"] = device_json(environment);
  json["data"] = {{"train_rows", table.train_rows},
                  {"test_rows", table.test_rows},
                  {"classes", table.classes},
                  {"features", table.features}};
  json["advice"] = result.advice;
  json["placebo_differs"] = placebo_differs(table);
  json["exit_code"] = exit_code_of(table);
  const RemedyRow* const top = top_of(table);
  json["top"] = top == nullptr ? Json(nullptr) : Json(to_string(top->remedy));
  json["baseline"] = json_setting(table.baseline, false);
  json["baseline"]["test_interval_95"] = json_interval(table.test_interval);
  json["remedies"] = Json::array();
  for (const RemedyRow& row : table.rows) json["remedies"].push_back(row_json(row, table));
  json["learning_curve"] = table.curve ? json_curve(*table.curve) : Json(nullptr);
  json["rows_per_point"] = or_null(rows_per_point(table));
  json["trainings"] = result.trainings;
  json["test_looks"] = result.test_looks;
  Json seconds{{"remedies", result.seconds},
               {"baseline", table.baseline_cost.seconds},
               {"ranking", table.ranking_cost.seconds},
               {"of", Json::object()}};
  for (const RemedyRow& row : table.rows) seconds["of"][to_string(row.remedy)] = row.cost.seconds;
  json["measured"] = measured_json(environment, std::move(seconds));
  return text_of(json);
}

std::string remedies_csv(const RemediesResult& result) {
  std::string csv =
      "remedy,state,chosen,judged_by,gain,low,high,p,adjusted_p,adjusted_p_worse,test_accuracy,accuracy_gain,"
      "accuracy_low,accuracy_high,settings,trainings,better_trainings,held_out_accuracy,behind_top,behind_top_low,"
      "behind_top_high,needed_test_rows,needed_trainings\n";
  const auto number = [](double value) { return fmt::format("{}", value); };
  const auto text = [](const auto& value) { return value ? fmt::format("{}", *value) : std::string(); };
  for (const RemedyRow& row : result.table.rows) {
    std::vector<std::string> cells{to_string(row.remedy), to_string(row.state), quoted(row.chosen)};
    const auto add = [&](bool there, std::string cell) { cells.push_back(there ? std::move(cell) : std::string()); };
    const auto add_interval = [&](bool there, const Difference& of) {
      for (const double value : {of.value, of.interval.low, of.interval.high}) add(there, number(value));
    };
    const bool tried = is_tried(row);
    add(tried, row.balanced ? "balanced_accuracy" : "accuracy");
    add_interval(tried, row.gain());
    add(tried && row.state != RemedyState::predicted, number(row.gain().p_greater));
    add(row.is_judged(), number(row.adjusted_p));
    add(row.is_judged(), number(row.adjusted_p_worse));
    add(tried, number(row.setting.test_accuracy));
    add_interval(row.balanced, row.accuracy_gain);
    add(true, fmt::format("{}", row.settings));
    add(true, fmt::format("{}", row.cost.trainings));
    add(true, text(row.better_seeds));
    add(true, text(row.held_out_accuracy));
    add_interval(row.behind_top.has_value(), row.behind_top.value_or(Difference{}));
    add(row.needed.has_value(), fmt::format("{}", row.needed.value_or(Needed{}).test_rows));
    add(row.needed.has_value(), fmt::format("{}", row.needed.value_or(Needed{}).trainings));
    csv += fmt::format("{}\n", fmt::join(cells, ","));
  }
  return csv;
}

}  // namespace plateau
