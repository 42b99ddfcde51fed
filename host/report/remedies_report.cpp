// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/remedies_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "json_parts.hpp"
#include "study_words.hpp"
#include "text.hpp"

namespace plateau {
namespace {

bool is_tried(const RemedyRow& row) { return row.state != RemedyState::not_tried; }

std::string p_words(double p) { return p < 0.0005 ? "<0.001" : fmt::format("{:.3f}", p); }

// Rounded up, so that it is no more than what was shown.
std::string at_most(double gain) { return fmt::format("{:.1f}", std::ceil(1000 * gain) / 10); }

std::string state_words(const RemedyRow& row, const RemedyTable& table) {
  std::string text;
  switch (row.state) {
    case RemedyState::helps:
      text = "helps";
      break;
    case RemedyState::no_effect:
      text = fmt::format("no effect above {} points", at_most(row.gain().interval.high));
      break;
    case RemedyState::hurts:
      text = "hurts";
      break;
    case RemedyState::unresolved:
      text = "unresolved";
      if (row.needed) text += fmt::format("; {} could tell", needed_words(*row.needed, table));
      break;
    case RemedyState::predicted:
      text = "predicted";
      break;
    case RemedyState::control:
      text = "control";
      break;
    case RemedyState::not_tried:
      break;
  }
  return row.balanced ? text + " (balanced accuracy)" : text;
}

void row_table(std::string& out, const RemedyTable& table) {
  std::size_t widest = 0;
  for (const RemedyRow& row : table.rows)
    if (is_tried(row)) widest = std::max(widest, std::string_view(to_string(row.remedy)).size());
  out += fmt::format("\n{}  {:>6}  {:>14}  {:>6}  {:>6}  verdict\n", padded("remedy", widest), "points",
                     "95 % interval", "p", "Holm");
  for (const RemedyRow& row : table.rows) {
    if (!is_tried(row)) continue;
    const bool tested = row.state != RemedyState::predicted;
    out += fmt::format("{}  {:>6}  {:>14}  {:>6}  {:>6}  {}\n", padded(to_string(row.remedy), widest),
                       in_points(row.gain().value), range_in_points(row.gain().interval),
                       tested ? p_words(row.gain().p_greater) : "-", row.is_judged() ? p_words(row.adjusted_p) : "-",
                       state_words(row, table));
  }
  out += '\n';
}

std::vector<std::string> chosen_lines(const RemedyTable& table) {
  std::vector<std::string> lines;
  for (const RemedyRow& row : table.rows) {
    if (!is_tried(row) || row.remedy == Remedy::placebo || row.remedy == Remedy::more_data) continue;
    std::string line = fmt::format("{}: {}", to_string(row.remedy), row.chosen);
    if (row.settings > 1) line += fmt::format(", the best of {} settings", row.settings);
    if (row.better_seeds > 0)
      line += fmt::format("; better in {} of {}", row.better_seeds, counted(row.setting.trainings, "training"));
    if (row.setting.diverged > 0) line += fmt::format("; {} diverged", row.setting.diverged);
    if (row.cost.trainings > 0)
      line += fmt::format("; {}, {:.1f} s", counted(row.cost.trainings, "training"), row.cost.seconds);
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

Json row_json(const RemedyRow& row) {
  Json json{{"remedy", to_string(row.remedy)}, {"state", to_string(row.state)}, {"chosen", row.chosen}};
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
  json["better_trainings"] = row.better_seeds;
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
  std::string out = fmt::format("\nremedies: {} training and {} test rows, {} features, {} classes\n\n",
                                table.train_rows, table.test_rows, table.features, table.classes);
  paragraph(out, "Advice", result.advice + ".");
  paragraph(out, "Baseline", training_words(result.configuration.run));
  paragraph(out, "",
            fmt::format("test accuracy {:.3f} [{:.3f}, {:.3f}], train accuracy {:.3f}, mean of {}{}; {:.1f} s",
                        table.baseline.test_accuracy, table.test_interval.low, table.test_interval.high,
                        table.baseline.train_accuracy, counted(table.baseline.trainings, "training"),
                        table.baseline.diverged > 0 ? fmt::format(", of which {} diverged", table.baseline.diverged)
                                                    : std::string(),
                        table.baseline_cost.seconds));
  row_table(out, table);
  list(out, "Tried", chosen_lines(table));
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
  json["plan"] = {{"device", environment.device}, {"precision", environment.precision}};
  if (environment.gpu) json["plan"]["gpu"] = gpu_json(environment);
  json["data"] = {{"train_rows", table.train_rows},
                  {"test_rows", table.test_rows},
                  {"classes", table.classes},
                  {"features", table.features}};
  json["advice"] = result.advice;
  json["placebo_differs"] = placebo_differs(table);
  json["exit_code"] = exit_code_of(table);
  json["baseline"] = json_setting(table.baseline, false);
  json["baseline"]["test_interval_95"] = json_interval(table.test_interval);
  json["remedies"] = Json::array();
  for (const RemedyRow& row : table.rows) json["remedies"].push_back(row_json(row));
  json["learning_curve"] = table.curve ? json_curve(*table.curve) : Json(nullptr);
  json["rows_per_point"] = or_null(rows_per_point(table));
  json["trainings"] = result.trainings;
  json["test_looks"] = result.test_looks;
  Json seconds{{"remedies", result.seconds}, {"baseline", table.baseline_cost.seconds}, {"of", Json::object()}};
  for (const RemedyRow& row : table.rows) seconds["of"][to_string(row.remedy)] = row.cost.seconds;
  json["measured"] = measured_json(environment, std::move(seconds));
  return text_of(json);
}

std::string remedies_csv(const RemediesResult& result) {
  std::string csv =
      "remedy,state,chosen,judged_by,gain,low,high,p,adjusted_p,test_accuracy,settings,trainings,better_trainings,"
      "needed_test_rows,needed_trainings\n";
  for (const RemedyRow& row : result.table.rows) {
    fmt::format_to(std::back_inserter(csv), "{},{},{},", to_string(row.remedy), to_string(row.state),
                   quoted(row.chosen));
    if (!is_tried(row)) {
      fmt::format_to(std::back_inserter(csv), ",,,,,,,{},{},,,\n", row.settings, row.cost.trainings);
      continue;
    }
    const Difference& gain = row.gain();
    const bool tested = row.state != RemedyState::predicted;
    fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{},{},{},{},{},{}\n",
                   row.balanced ? "balanced_accuracy" : "accuracy", gain.value, gain.interval.low, gain.interval.high,
                   tested ? fmt::format("{}", gain.p_greater) : "",
                   row.is_judged() ? fmt::format("{}", row.adjusted_p) : "", row.setting.test_accuracy, row.settings,
                   row.cost.trainings, row.better_seeds,
                   row.needed ? fmt::format("{},{}", row.needed->test_rows, row.needed->trainings) : ",");
  }
  return csv;
}

}  // namespace plateau
