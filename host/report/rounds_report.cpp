// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/rounds_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "json_parts.hpp"
#include "page_parts.hpp"
#include "plateau/study/reason.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kSetsTabled = 10;  // columns; more would not fit, and rounds.csv has all

Index test_rows(const RoundsResult& result) {
  return std::accumulate(result.evidence.test_class_rows.begin(), result.evidence.test_class_rows.end(), Index{0});
}

std::vector<Index> frozen_layers(const RoundsResult& result) {
  std::vector<Index> layers;
  for (Index layer = 0; layer < result.architecture.layers(); ++layer)
    if ((result.definition.run.frozen >> layer & 1u) != 0) layers.push_back(layer + 1);
  return layers;
}

// "0.7512 [0.711, 0.789]"
std::string with_interval(const Estimate& share) {
  return fmt::format("{:.4f} [{:.3f}, {:.3f}]", share.value, share.interval.low, share.interval.high);
}
// In points: "+1.2 [-0.3, +2.7]".
std::string points(const Estimate& difference) {
  return points_text(100 * difference.value, 100 * difference.interval.low, 100 * difference.interval.high);
}
std::string percent(double share) { return fmt::format("{:.3g} %", 100 * share); }
double changed_share(const RoundsResult& result, Index changed) {
  return static_cast<double>(changed) / static_cast<double>(test_rows(result));
}
// "12 (2.4 %)"
std::string changed_rows(const RoundsResult& result, Index changed) {
  return fmt::format("{} ({})", changed, percent(changed_share(result, changed)));
}

// "test: t.csv, 500 rows, of which class 'dog' has most: 260, a majority share of 0.520"
std::string test_line(const RoundsResult& result) {
  const RoundsEvidence& evidence = result.evidence;
  const auto most = std::ranges::max_element(evidence.test_class_rows);
  return fmt::format("test: {}, {}, of which class '{}' has most: {}, a majority share of {:.3f}",
                     one_line(result.test_source), counted(test_rows(result), "row"),
                     one_line(evidence.classes[static_cast<std::size_t>(most - evidence.test_class_rows.begin())]),
                     *most, majority_share(evidence.test_class_rows));
}

std::string every_round(const RoundsResult& result) {
  const Run& run = result.definition.run;
  std::string text = fmt::format("{}, learning rate {}", optimizer_name(run.optimizer), result.evidence.learning_rate);
  text += run.batch == 0 ? std::string(", full batch") : fmt::format(", batches of {}", run.batch);
  text += fmt::format(", {}; the optimizer begins anew in each round", counted(run.epochs, "epoch"));
  const std::vector<Index> frozen = frozen_layers(result);
  if (!frozen.empty())
    text += fmt::format("; layer{} {} frozen", frozen.size() == 1 ? "" : "s", fmt::join(frozen, ", "));
  if (!result.scale.empty()) text += "; rows are brought to the scale that the model was trained with";
  return text;
}

void round_table(std::string& out, const RoundsResult& result) {
  const RoundsEvidence& evidence = result.evidence;
  std::vector<std::vector<std::string>> lines{
      {"round", "rows", "train", "test accuracy", "points over before", "points over base", "changed"}};
  const Index layers = result.architecture.layers();
  const bool with_layers = layers <= static_cast<Index>(kLayersTabled);
  for (Index layer = 0; with_layers && layer < layers; ++layer)
    lines.front().push_back(fmt::format("layer {}", layer + 1));
  if (!with_layers) lines.front().push_back("most of a layer");
  lines.push_back({"base", "", "", with_interval(evidence.base_test_accuracy)});
  for (std::size_t r = 0; r < evidence.rounds.size(); ++r) {
    const RoundEvidence& round = evidence.rounds[r];
    lines.push_back({fmt::format("{}", r + 1), fmt::format("{}", result.set_rows[static_cast<std::size_t>(round.set)]),
                     fmt::format("{:.4f}", result.rounds[r].history.back().train_accuracy),
                     with_interval(round.test_accuracy), points(round.over_before), points(round.over_base),
                     changed_rows(result, round.changed_since_before)});
    const auto& changes = round.layer_change;
    if (with_layers)
      for (const double change : changes) lines.back().push_back(layer_cell(change));
    else
      lines.back().push_back(layer_cell(*std::max_element(changes.begin(), changes.end())));
  }
  table(out, lines);
  out += '\n';
}

// How the rows of every set fare, where there are several.
void set_table(std::string& out, const RoundsResult& result) {
  const std::size_t sets = result.sources.size();
  if (sets == 1 || result.evidence.rounds.size() < 2) return;
  if (sets > kSetsTabled) {
    paragraph(out, "Earlier", fmt::format("accuracy on the rows of {} sets: in rounds.csv", sets));
    return;
  }
  paragraph(out, "Earlier", "accuracy on the rows of each set after the rounds; * right after a round of their own");
  std::vector<std::vector<std::string>> lines{{"round"}};
  for (std::size_t set = 0; set < sets; ++set) lines.front().push_back(fmt::format("set {}", set + 1));
  for (std::size_t r = 0; r < result.evidence.rounds.size(); ++r) {
    const RoundEvidence& round = result.evidence.rounds[r];
    std::vector<std::string>& line = lines.emplace_back(sets + 1);
    line[0] = fmt::format("{}", r + 1);
    for (const SetEvidence& set : round.sets)
      line[static_cast<std::size_t>(set.set) + 1] =
          fmt::format("{}{:.4f}", set.set == round.set ? "* " : "", set.accuracy.value);
  }
  table(out, lines);
  out += '\n';
}

Json set_json(const SetEvidence& set) {
  return {{"set", set.set + 1},
          {"accuracy", json_estimate(set.accuracy)},
          {"right_after", set.right_after},
          {"since", json_change(set.since)}};
}

Json training_json(const TrainedRound& round) {
  Json json{{"set", round.set + 1},
            {"seed", round.seed},
            {"outcome", to_string(round.outcome)},
            {"epochs", round.history.size()}};
  if (round.history.empty()) return json;
  const EpochRecord& last = round.history.back();
  json["train_loss"] = json_number(last.train_loss);
  json["train_accuracy"] = last.train_accuracy;
  json["gradient_norm"] = json_number(last.gradient_norm);
  return json;
}

Json round_json(const RoundsResult& result, const TrainedRound& trained, const RoundEvidence* evidence) {
  Json json = training_json(trained);
  if (evidence == nullptr) return json;
  json["test_accuracy"] = json_estimate(evidence->test_accuracy);
  json["over_before"] = json_change(evidence->over_before);
  json["over_base"] = json_change(evidence->over_base);
  json["changed_since_before"] = evidence->changed_since_before;
  json["changed_since_base"] = evidence->changed_since_base;
  json["changed_share_since_before"] = changed_share(result, evidence->changed_since_before);
  json["changed_share_since_base"] = changed_share(result, evidence->changed_since_base);
  json["predicted_class_rows"] = evidence->predicted_class_rows;
  json["class_right"] = evidence->class_right;
  json["layer_change"] = Json::array();
  for (const double change : evidence->layer_change) json["layer_change"].push_back(json_number(change));
  json["sets"] = Json::array();
  for (const SetEvidence& set : evidence->sets) json["sets"].push_back(set_json(set));
  return json;
}

}  // namespace

std::string round_line(const RoundsResult& result) {
  expects(!result.evidence.rounds.empty(), "round_line: a complete round");
  const std::size_t number = result.evidence.rounds.size();
  const RoundEvidence& round = result.evidence.rounds.back();
  return fmt::format("Round: {}, Train Loss: {:.4f}, Test Accuracy: {:.4f}, Changed: {}\n", number,
                     result.rounds[number - 1].history.back().train_loss, round.test_accuracy.value,
                     changed_rows(result, round.changed_since_before));
}

std::string rounds_summary(const RoundsResult& result, const RoundsFiles& files, const Environment& environment) {
  std::string out;
  heading(out, fmt::format("{} ({}) in {}, {}, seed {}", one_line(files.initial), to_string(result.architecture),
                           counted(result.asked(), "round"), counted(test_rows(result), "test row"),
                           result.definition.run.seed));
  std::vector<std::string> sets;
  for (std::size_t set = 0; set < result.sources.size(); ++set)
    sets.push_back(
        fmt::format("set {}: {}, {}", set + 1, one_line(result.sources[set]), counted(result.set_rows[set], "row")));
  sets.push_back(test_line(result));
  list(out, "Rows", sets);
  paragraph(out, "Every round", every_round(result));
  round_table(out, result);
  set_table(out, result);
  if (const auto& rounds = result.evidence.rounds; !rounds.empty())
    paragraph(out, "Result",
              rounds_result(std::ssize(rounds), rounds.back().test_accuracy.value, rounds.back().over_base));
  std::vector<std::string> findings;
  for (const RoundsFinding& finding : result.findings) findings.push_back(printable(finding.sentence));
  list(out, "Findings", findings);
  if (const std::string ended = outcome_sentence(result); !ended.empty()) paragraph(out, "Ended", ended);
  double seconds = 0;
  for (const TrainedRound& round : result.rounds) seconds += round.seconds;
  paragraph(out, "Measured",
            measured(environment, engine_name(result.plan), fmt::format("training {:.3f} s", seconds)));
  return out;
}

std::string rounds_json(const RoundsResult& result, const RoundsFiles& files, const Environment& environment) {
  const RoundsEvidence& evidence = result.evidence;
  Json json;
  json["schema"] = "plateau-rounds";
  json["schema_version"] = kRoundsJsonVersion;
  json["command"] = "finetune";
  Json& configuration = json["configuration"];
  configuration = {{"init", files.initial}, {"rounds", result.sources}, {"test", result.test_source}};
  configuration.update(reading_json(files.reading));
  configuration["passes"] = result.definition.passes;
  Run run = result.definition.run;
  run.architecture = result.architecture;
  add_configuration(configuration, run);
  add_terms(configuration, run);
  if (!result.scale.empty()) configuration["scale"] = "of the model";
  configuration["frozen"] = frozen_layers(result);
  json["versions"] = versions_json(environment);
  json["plan"] = plan_json(result.plan, environment);
  json["data"] = {{"set_rows", result.set_rows},
                  {"test_class_rows", evidence.test_class_rows},
                  {"majority_share_test", majority_share(evidence.test_class_rows)},
                  {"classes", evidence.classes}};
  json["outcome"] = to_string(result.outcome());
  json["base"] = {{"test_accuracy", json_estimate(evidence.base_test_accuracy)},
                  {"predicted_class_rows", evidence.base_predicted_class_rows},
                  {"class_right", evidence.base_class_right}};
  json["rounds"] = Json::array();
  for (std::size_t r = 0; r < result.rounds.size(); ++r)
    json["rounds"].push_back(
        round_json(result, result.rounds[r], r < evidence.rounds.size() ? &evidence.rounds[r] : nullptr));
  json["findings"] = Json::array();
  for (const RoundsFinding& finding : result.findings)
    json["findings"].push_back({{"code", to_string(finding.code)}, {"sentence", finding.sentence}});
  Json seconds = Json::array();
  for (const TrainedRound& round : result.rounds) seconds.push_back(round.seconds);
  json["measured"] = measured_json(environment, {{"rounds", std::move(seconds)}});
  return text_of(json);
}

std::string rounds_csv(const RoundsResult& result) {
  const RoundsEvidence& evidence = result.evidence;
  std::string csv =
      "round,set,seed,train_loss,train_accuracy,test_accuracy,test_low,test_high,over_before,over_before_low,"
      "over_before_high,gained_since_before,lost_since_before,over_base,over_base_low,over_base_high,gained_since_base,"
      "lost_since_base,changed_since_before,changed_share_since_before,changed_since_base,changed_share_since_base";
  const auto add = [&csv](const auto&... values) { ((csv += fmt::format(",{}", values)), ...); };
  const auto add_estimate = [&](const Estimate& e) { add(e.value, e.interval.low, e.interval.high); };
  const auto add_change = [&](const AccuracyChange& change) {
    add_estimate(change);
    add(change.gained, change.lost);
  };
  const auto add_changed = [&](Index changed) { add(changed, changed_share(result, changed)); };
  for (Index layer = 0; layer < result.architecture.layers(); ++layer) add(fmt::format("layer{}_change", layer + 1));
  for (std::size_t set = 0; set < result.sources.size(); ++set)
    add(fmt::format("set{}_accuracy", set + 1), fmt::format("set{}_since", set + 1));
  csv += "\n0,,,,";
  add_estimate(evidence.base_test_accuracy);
  csv +=
      std::string(14 + static_cast<std::size_t>(result.architecture.layers()) + 2 * result.sources.size(), ',') + "\n";
  for (std::size_t r = 0; r < evidence.rounds.size(); ++r) {
    const RoundEvidence& round = evidence.rounds[r];
    const EpochRecord& last = result.rounds[r].history.back();
    csv += fmt::format("{}", r + 1);
    add(round.set + 1, result.rounds[r].seed, last.train_loss, last.train_accuracy);
    add_estimate(round.test_accuracy);
    add_change(round.over_before);
    add_change(round.over_base);
    add_changed(round.changed_since_before);
    add_changed(round.changed_since_base);
    for (const double change : round.layer_change) csv += std::isfinite(change) ? fmt::format(",{}", change) : ",";
    for (Index set = 0; set < static_cast<Index>(result.sources.size()); ++set) {
      const auto known = std::ranges::find(round.sets, set, &SetEvidence::set);
      if (known == round.sets.end())
        csv += ",,";
      else
        add(known->accuracy.value, known->since.value);
    }
    csv += '\n';
  }
  return csv;
}

std::string outcome_sentence(const RoundsResult& result) {
  const std::size_t complete = result.evidence.rounds.size();
  switch (result.outcome()) {
    case RunOutcome::finished:
    case RunOutcome::stopped_early:
      return "";
    case RunOutcome::diverged:
      return fmt::format("round {} diverged in epoch {}: the loss is not finite; kept is what was there before it",
                         complete + 1, result.rounds.back().history.size());
    case RunOutcome::interrupted:
      return fmt::format("interrupted: {} of {} are complete", complete, counted(result.asked(), "round"));
  }
  return "";
}

}  // namespace plateau
