// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/forensics_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "json_parts.hpp"
#include "plateau/study/reason.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kRoundsTabled = 40;  // the first and last of more; forensics.json has all

std::string share(const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : ""; }

struct Column {
  std::string name;
  std::function<std::string(const ForensicsRound&)> cell;
};

// What at least one round has.
std::vector<Column> columns(const ForensicsEvidence& e) {
  std::vector<Column> columns{{"round", [](const ForensicsRound& r) { return round_name(r.number); }}};
  const auto has = [&](auto is) { return std::ranges::any_of(e.rounds, is); };
  const auto add = [&](std::string name, auto cell) { columns.push_back({std::move(name), cell}); };
  if (has([](const ForensicsRound& r) { return r.train_loss.has_value(); }))
    add("train loss", [](const ForensicsRound& r) { return r.train_loss ? fmt::format("{:.4g}", *r.train_loss) : ""; });
  if (has([](const ForensicsRound& r) { return r.train_accuracy.has_value(); }))
    add("train", [](const ForensicsRound& r) { return share(r.train_accuracy); });
  if (has([](const ForensicsRound& r) { return r.test_loss.has_value(); }))
    add("test loss", [](const ForensicsRound& r) { return r.test_loss ? fmt::format("{:.6g}", *r.test_loss) : ""; });
  add("test accuracy", [](const ForensicsRound& r) {
    return share(r.test_accuracy) +
           (r.interval ? fmt::format(" [{:.3f}, {:.3f}]", r.interval->low, r.interval->high) : std::string());
  });
  if (e.rounds.front().recomputed)
    add(e.replay ? "of networks" : "of predictions", [](const ForensicsRound& r) { return share(r.recomputed); });
  if (!e.rounds.front().predicted_class_rows.empty())
    add("changed", [&e](const ForensicsRound& r) {
      return r.changed ? fmt::format("{} ({:.3g} %)", *r.changed,
                                     100 * static_cast<double>(*r.changed) / static_cast<double>(e.test_rows))
                       : "";
    });
  if (e.rounds.front().recomputed)
    add("right / wrong", [](const ForensicsRound& r) {
      return r.over_before ? fmt::format("+{} / -{}", r.over_before->gained, r.over_before->lost) : "";
    });
  if (e.layers.size() > kLayersTabled)
    add("most of a layer", [](const ForensicsRound& r) {
      return r.layer_change.empty() ? "" : layer_cell(*std::ranges::max_element(r.layer_change));
    });
  for (std::size_t layer = 0; layer < e.layers.size() && e.layers.size() <= kLayersTabled; ++layer)
    add(one_line(e.layers[layer]),
        [layer](const ForensicsRound& r) { return r.layer_change.empty() ? "" : layer_cell(r.layer_change[layer]); });
  return columns;
}

void round_table(std::string& out, const ForensicsEvidence& e) {
  const std::vector<Column> of = columns(e);
  std::vector<std::vector<std::string>> lines(1);
  for (const Column& column : of) lines.front().push_back(column.name);
  for (std::size_t r = 0; r < e.rounds.size(); ++r) {
    if (e.rounds.size() > kRoundsTabled && r == kRoundsTabled / 2) {
      lines.push_back({"..."});
      r = e.rounds.size() - kRoundsTabled / 2;
    }
    std::vector<std::string>& line = lines.emplace_back();
    for (const Column& column : of) line.push_back(column.cell(e.rounds[r]));
  }
  table(out, lines);
  out += '\n';
}

std::string by_id(const Forensics& forensics) {
  const ForensicsEvidence& e = forensics.evidence;
  return e.guess && !e.guess->map.empty()
             ? "predicted numbers are taken for ids of classes, in the order that makes the log right (Evidence says "
               "which)"
             : fmt::format("predicted numbers are taken for ids of the {} classes of {}, counted from 0",
                           e.classes.size(), one_line(forensics.files.data));
}

std::string passed_over(const std::string& folder, const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 6;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kNamed; ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", one_line(names[i]));
  if (names.size() > kNamed) text += fmt::format(" and {} more", names.size() - kNamed);
  return fmt::format("of {} {} passed over, as no round has that number: {}", one_line(folder),
                     names.size() == 1 ? "one file is" : fmt::format("{} files are", names.size()), text);
}

std::vector<std::string> how_read(const Forensics& forensics) {
  const ForensicsEvidence& e = forensics.evidence;
  const ForensicsReading& reading = forensics.reading;
  std::vector<std::string> lines{fmt::format("test accuracies are column '{}'{}", one_line(reading.accuracy_column),
                                             reading.in_percent ? ", in percent" : "")};
  lines.push_back(reading.number_column.empty()
                      ? "rounds are numbered by their lines"
                      : fmt::format("rounds are numbered by column '{}'", one_line(reading.number_column)));
  if (reading.not_evaluated > 0)
    lines.push_back(fmt::format("{} of the log without a test accuracy {} no rounds",
                                counted(reading.not_evaluated, "line"), reading.not_evaluated == 1 ? "makes" : "make"));
  if (!e.test_class_rows.empty()) {
    const auto most = std::ranges::max_element(e.test_class_rows);
    lines.push_back(fmt::format("of {} test rows of {} class '{}' has most: {}, a majority share of {:.3f}",
                                e.test_rows, one_line(forensics.files.data),
                                one_line(e.classes[static_cast<std::size_t>(most - e.test_class_rows.begin())]), *most,
                                majority_share(e.test_class_rows)));
  }
  if (!reading.predictions_column.empty())
    lines.push_back(fmt::format("predicted classes are column '{}'", one_line(reading.predictions_column)));
  if (reading.predictions_by_id && !e.rounds.front().predicted_class_rows.empty()) lines.push_back(by_id(forensics));
  if (!reading.passed_over_predictions.empty())
    lines.push_back(passed_over(forensics.files.predictions, reading.passed_over_predictions));
  if (!reading.passed_over_checkpoints.empty())
    lines.push_back(passed_over(forensics.files.checkpoints, reading.passed_over_checkpoints));
  return lines;
}

// A whole number as such.
Json round_number(double number) {
  return number == std::floor(number) && std::abs(number) <= 0x1p53 ? Json(static_cast<Index>(number)) : Json(number);
}
// "nan" and "inf", which JSON has no numbers for.
Json loss_json(const std::optional<double>& loss) {
  return loss && !std::isfinite(*loss) ? Json(fmt::format("{}", *loss)) : or_null(loss);
}

Json round_json(const ForensicsRound& round, const ForensicsEvidence& e) {
  Json json{{"round", round_number(round.number)},
            {"test_accuracy", round.test_accuracy},
            {"interval_95", round.interval ? json_interval(*round.interval) : Json(nullptr)},
            {"train_accuracy", or_null(round.train_accuracy)},
            {"train_loss", loss_json(round.train_loss)},
            {"test_loss", loss_json(round.test_loss)}};
  if (!round.predicted_class_rows.empty()) {
    json["predicted_class_rows"] = round.predicted_class_rows;
    json["without_class"] = round.without_class;
    json["changed"] = or_null(round.changed);
    json["changed_share"] =
        round.changed ? Json(static_cast<double>(*round.changed) / static_cast<double>(e.test_rows)) : Json(nullptr);
    json["same_outputs"] = or_null(round.same_outputs);
    json["network_changed"] = or_null(round.network_changed);
  }
  if (round.recomputed) {
    json["recomputed"] = *round.recomputed;
    json["class_right"] = round.class_right;
    json["over_before"] = round.over_before ? json_change(*round.over_before) : Json(nullptr);
  }
  if (round.weights_hash) {
    json["weights_hash"] = fmt::format("{:016x}", *round.weights_hash);
    json["weights_are_finite"] = round.weights_are_finite;
    json["layer_change"] = Json::array();
    for (const double change : round.layer_change) json["layer_change"].push_back(json_number(change));
  }
  return json;
}

Json label_map_json(const LabelMapTest& test) {
  return {{"map", test.map},
          {"accuracy", test.accuracy},
          {"majority_share", test.majority_share},
          {"gain", json_difference(test.gain)}};
}

Json trade_json(const ClassTrade& trade, const ForensicsEvidence& e) {
  Json json{{"earlier_round", round_number(e.rounds[trade.earlier].number)},
            {"total", json_change(trade.total)},
            {"lost_by_fallen", json_difference(trade.lost_by_fallen)},
            {"classes", Json::array()}};
  for (const ClassTrade::Of& of : trade.classes)
    json["classes"].push_back(
        {{"rows", of.rows}, {"gained", of.gained}, {"lost", of.lost}, {"adjusted_p", of.adjusted_p}});
  return json;
}

Json replay_json(const Replay& replay, const ForensicsEvidence& e) {
  return {{"taken", replay.taken},
          {"by_plateau", replay.by_plateau},
          {"closest_round", round_number(e.rounds[replay.closest].number)},
          {"accuracy", replay.accuracy},
          {"agreeing", replay.agreeing},
          {"logged_as_round", replay.logged_as ? round_number(e.rounds[*replay.logged_as].number) : Json(nullptr)}};
}

Json guess_json(const ClassGuess& guess) {
  return {{"is_shown", guess.is_shown}, {"agreeing", guess.agreeing}, {"given", guess.given}, {"map", guess.map}};
}

}  // namespace

void add_reading(const ForensicsRecord& record, ForensicsReading& reading) {
  reading.number_column = record.log.number_column;
  reading.accuracy_column = record.log.accuracy_column;
  reading.in_percent = record.log.in_percent;
  reading.not_evaluated = record.log.not_evaluated;
  const auto& predictions = record.predictions ? record.predictions : record.networks;
  reading.predictions_by_id = predictions && predictions->by_id;
  if (predictions) reading.predictions_column = predictions->column;
}

std::string forensics_summary(const Forensics& forensics) {
  const ForensicsEvidence& e = forensics.evidence;
  const Verdict& verdict = forensics.decision.verdict;
  std::string out;
  heading(out, fmt::format("{}: {}{}; nothing was trained", one_line(forensics.files.rounds),
                           counted(static_cast<Index>(e.rounds.size()), "round"),
                           e.test_rows > 0 ? ", " + counted(e.test_rows, "test row") : ""));
  paragraph(
      out, "Verdict",
      fmt::format("{} ({}). {}.", to_string(verdict.code), to_string(verdict.grade), printable(verdict.sentence)));
  paragraph(out, "What to do", forensics.decision.advice);
  round_table(out, e);
  list(out, "Read as", how_read(forensics));
  std::vector<std::string> findings;
  for (const Cause& cause : forensics.decision.findings)
    findings.push_back(
        fmt::format("{} ({}): {}", to_string(cause.code), to_string(cause.grade), printable(cause.evidence)));
  list(out, "Findings", findings);
  list(out, "Evidence", verdict.evidence);
  list(out, "Not tested", verdict.not_tested);
  return out;
}

std::string forensics_json(const Forensics& forensics, const Environment& environment) {
  const ForensicsEvidence& e = forensics.evidence;
  const Verdict& verdict = forensics.decision.verdict;
  Json json;
  json["schema"] = "plateau-forensics";
  json["schema_version"] = kForensicsJsonVersion;
  json["command"] = "forensics";
  Json& configuration = json["configuration"];
  configuration = {{"rounds", forensics.files.rounds},
                   {"predictions", or_null(forensics.files.predictions)},
                   {"checkpoints", or_null(forensics.files.checkpoints)},
                   {"data", or_null(forensics.files.data)}};
  configuration.update(reading_json(forensics.files.reading));
  configuration.erase("group");  // no option of this command
  configuration["test_rows"] = or_null(forensics.files.test_rows);
  configuration["delta"] = e.delta;
  json["versions"] = versions_json(environment);
  json["verdict"] = {
      {"code", to_string(verdict.code)}, {"grade", to_string(verdict.grade)}, {"sentence", verdict.sentence}};
  json["advice"] = forensics.decision.advice;
  json["findings"] = Json::array();
  for (const Cause& cause : forensics.decision.findings) json["findings"].push_back(json_cause(cause));
  json["evidence"] = verdict.evidence;
  json["not_tested"] = verdict.not_tested;
  json["data"] = {
      {"number_column", or_null(forensics.reading.number_column)},
      {"accuracy_column", forensics.reading.accuracy_column},
      {"in_percent", forensics.reading.in_percent},
      {"decimals", e.decimals},
      {"test_loss_decimals", e.test_loss_decimals},
      {"not_evaluated", forensics.reading.not_evaluated},
      {"test_rows", e.test_rows > 0 ? Json(e.test_rows) : Json(nullptr)},
      {"classes", e.classes},
      {"test_class_rows", e.test_class_rows},
      {"majority_share_test", e.test_class_rows.empty() ? Json(nullptr) : Json(majority_share(e.test_class_rows))},
      {"predictions_column", or_null(forensics.reading.predictions_column)},
      {"predictions_by_id", forensics.reading.predictions_by_id},
      {"passed_over_predictions", forensics.reading.passed_over_predictions},
      {"passed_over_checkpoints", forensics.reading.passed_over_checkpoints},
      {"layers", e.layers}};
  json["rounds"] = Json::array();
  for (const ForensicsRound& round : e.rounds) json["rounds"].push_back(round_json(round, e));
  json["label_map"] = e.label_map ? label_map_json(*e.label_map) : Json(nullptr);
  json["slope"] = e.slope ? Json{{"from_round", round_number(e.rounds[e.slope->first].number)},
                                 {"by_rows", e.slope->by_rows},
                                 {"change", json_estimate(e.slope->change)},
                                 {"tost_p", json_number(e.slope->tost_p)}}
                          : Json(nullptr);
  json["spread"] = e.spread ? Json{{"from_round", round_number(e.rounds[e.spread->first].number)},
                                   {"range", e.spread->range},
                                   {"detectable", e.spread->detectable},
                                   {"paired", e.spread->paired},
                                   {"disagreeing_share", e.spread->disagreeing_share}}
                            : Json(nullptr);
  json["replay"] = e.replay ? replay_json(*e.replay, e) : Json(nullptr);
  json["batch_of_mean"] = or_null(e.batch_of_mean);
  json["class_guess"] = e.guess ? guess_json(*e.guess) : Json(nullptr);
  json["class_trade"] = e.trade ? trade_json(*e.trade, e) : Json(nullptr);
  return text_of(json);
}

}  // namespace plateau
