// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/diagnosis_report.hpp"

#include <fmt/format.h>

#include <cmath>

#include "json_parts.hpp"
#include "page_parts.hpp"
#include "study_words.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kSuspectsListed = 10;

void cause_table(std::string& out, const Diagnosis& diagnosis) {
  out += '\n';
  std::size_t widest = 5;
  for (const Cause& cause : diagnosis.causes) widest = std::max(widest, std::string_view(to_string(cause.code)).size());
  const std::string indent(kIndent, ' ');
  out += fmt::format("{}{}  {:>7}  {:>16}  grade\n", indent, padded("cause", widest), "points", "95 % interval");
  for (const Cause& cause : diagnosis.causes)
    out += fmt::format("{}{}  {:>7}  {:>16}  {}\n", indent, padded(to_string(cause.code), widest),
                       cause.gain ? in_points(cause.gain->value) : "-",
                       cause.gain ? range_in_points(cause.gain->interval) : "-", to_string(cause.grade));
  out += '\n';
}

void budget_table(std::string& out, const ErrorBudget& budget) {
  const std::pair<const char*, double> parts[] = {{"accuracy now", budget.accuracy},
                                                  {"other weights", budget.weights},
                                                  {"better optimisation", budget.optimisation},
                                                  {"regularisation", budget.regularisation},
                                                  {"a larger network", budget.capacity},
                                                  {"twice the rows", budget.twice_the_data},
                                                  {"by none of these", budget.unexplained}};
  std::string text;
  for (const auto& [name, part] : parts)
    if (name != parts[1].first || part > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : " + ", in_points(part), name);
  paragraph(out, "Budget", text + " = 100 points");
}

std::string suspects_words(const Diagnosis& diagnosis) {
  const std::vector<Suspect>& suspects = diagnosis.suspects;
  std::string text;
  for (std::size_t i = 0; i < std::min(suspects.size(), kSuspectsListed); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", suspects[i].row);
  if (suspects.size() > kSuspectsListed) text += fmt::format(" and {} more", suspects.size() - kSuspectsListed);
  return text + fmt::format(
                    " (rows of {}, counted from 0, whose labels networks contradict most that were not trained on "
                    "them)",
                    one_line(diagnosis.configuration.files.train));
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

Json setting_json(const std::optional<SettingEvidence>& setting) {
  return setting ? json_setting(*setting, true) : Json(nullptr);
}

Json step_json(const std::optional<StepEvidence>& step) {
  if (!step) return nullptr;
  Json json = json_setting(*step, true);
  json["over_user"] = json_difference(step->over_user);
  json["taken"] = step->taken;
  json["gain_on_folds"] = json_number(step->fold_gain);
  return json;
}

Json user_json(const UserEvidence& user) {
  Json json = json_setting(user.setting, false);
  json["test_interval_95"] = json_interval(user.test_interval);
  json["effective_test_rows"] = user.effective_rows;
  json["dead_units"] = user.dead_units;
  json["gradient_ratio"] = user.gradient_ratio;
  json["layers"] = Json::array();
  for (const LayerEvidence& layer : user.layers)
    json["layers"].push_back({{"moved", layer.moved}, {"frozen", layer.frozen}});
  json["majority_share"] = user.majority_share;
  const EpochCurves& curves = user.curves;
  Json changed = Json::array();
  for (const double share : curves.changed) changed.push_back(json_number(share));
  json["epochs"] = {{"epoch", curves.epoch},
                    {"test_accuracy", curves.test_accuracy},
                    {"lowest_test_accuracy", curves.lowest},
                    {"highest_test_accuracy", curves.highest},
                    {"train_accuracy", curves.train_accuracy},
                    {"changed_share", std::move(changed)}};
  json["confusion"] = user.confusion;
  return json;
}

Json ladder_json(const std::vector<LadderRung>& ladder) {
  Json json = Json::array();
  for (const LadderRung& rung : ladder)
    json.push_back({{"architecture", rung.architecture},
                    {"users", rung.users},
                    {"validation_accuracies", rung.validation_accuracy},
                    {"train_accuracies", rung.train_accuracy}});
  return json;
}

Json twins_json(const TwinTest& test) {
  return {{"test_rows", test.test_rows},
          {"test_twins", test.test_twins},
          {"train_rows", test.train_rows},
          {"train_twins", test.train_twins},
          {"share", test.share},
          {"interval_95", json_interval(test.interval)},
          {"natural_share", test.natural_share},
          {"p", test.p},
          {"present", test.present}};
}

Json duplicates_json(const DuplicateFindings& found) {
  return {{"groups", found.groups},
          {"rows", found.rows},
          {"conflicting_rows", found.conflicting_rows},
          {"conflicting_share", found.conflicting_share},
          {"ceiling", found.ceiling}};
}

Json neighbours_json(const NeighbourStudy& study) {
  Json votes = Json::array();
  for (const NeighbourVote& vote : study.votes)
    votes.push_back({{"neighbours", vote.k},
                     {"standardised", vote.standardised},
                     {"accuracy", vote.accuracy},
                     {"interval_95", json_interval(vote.interval)}});
  return {{"train_rows_asked", study.train_rows.size()},
          {"test_rows_asked", study.test_rows.size()},
          {"leave_one_out", std::move(votes)},
          {"cover_hart_error", json_interval(study.best_possible_error)}};
}

Json integrity_json(const Integrity& integrity) {
  const ClassFindings& classes = integrity.of_classes;
  const FeatureFindings& features = integrity.of_features;
  const LeakFindings& leak = integrity.leak;
  return {{"train_class_rows", classes.train_rows},
          {"test_class_rows", classes.test_rows},
          {"classes_without_training_rows", classes.without_training},
          {"classes_without_test_rows", classes.without_test},
          {"majority_share", classes.majority_share},
          {"constant_features", features.constant},
          {"equal_features", features.equal},
          {"spread_ratio", json_number(features.spread_ratio)},
          {"largest_offset", json_number(features.offset)},
          {"train_duplicates", duplicates_json(integrity.train_duplicates)},
          {"test_duplicates", duplicates_json(integrity.test_duplicates)},
          {"leak",
           {{"present", leak.present},
            {"identical", twins_json(leak.identical)},
            {"near", twins_json(leak.near)},
            {"near_distance", json_number(leak.near_distance)},
            {"contradicted", leak.contradicted},
            {"rows", leak.rows}}},
          {"neighbours", neighbours_json(integrity.neighbours)}};
}

Json signal_json(const SignalEvidence& signal) {
  return {{"permutations", signal.permutations}, {"networks", signal.networks}, {"trainings", signal.trainings},
          {"statistic", signal.statistic},       {"null", signal.null},         {"p", signal.p},
          {"detectable", signal.detectable}};
}

Json shift_json(const ShiftEvidence& shift) {
  return {{"auc", json_estimate(shift.auc)},
          {"null_auc", shift.null_auc},
          {"p", shift.p},
          {"cross_validated", shift.cross_validated},
          {"loss", json_difference(shift.loss)}};
}

Json noise_json(const NoiseEvidence& noise, const std::vector<Suspect>& suspects) {
  Json rows = Json::array();
  for (const Suspect& suspect : suspects)
    rows.push_back({{"row", suspect.row},
                    {"label", suspect.label},
                    {"given", suspect.given},
                    {"probability", suspect.probability},
                    {"label_probability", suspect.label_probability}});
  return {{"disagreement", noise.disagreement},
          {"confident_disagreement", noise.confident_disagreement},
          {"confident_interval_95", json_interval(noise.confident_interval)},
          {"surest_disagreement", noise.surest_disagreement},
          {"noise_rate", noise.noise_rate},
          {"suspects", std::move(rows)}};
}

Json balance_json(const BalanceEvidence& balance) {
  Json json{{"balanced_accuracy", balance.balanced_accuracy}, {"gain", json_estimate(balance.gain)}};
  json["optimised_balanced_accuracy"] = or_null(balance.optimised);
  json["gain_of_weights"] = balance.optimised ? json_estimate(balance.of_weights) : Json(nullptr);
  return json;
}

Json evidence_json(const Diagnosis& diagnosis) {
  const DiagnosisEvidence& e = diagnosis.evidence;
  const bool numbered = diagnosis.schema.classes.numbered;
  Json json;
  json["train_rows"] = e.train_rows;
  json["test_rows"] = e.test_rows;
  json["classes"] = e.classes;
  json["class_names"] = numbered || e.class_names.empty() ? Json(nullptr) : Json(e.class_names);
  json["features"] = e.features;
  json["integrity"] = integrity_json(e.integrity);
  json["user"] = e.user ? user_json(*e.user) : Json(nullptr);
  json["with_leaked"] = e.with_leaked ? json_setting(*e.with_leaked, false) : Json(nullptr);
  json["unfrozen"] = step_json(e.unfrozen);
  json["from_scratch"] = step_json(e.from_scratch);
  json["optimised"] = step_json(e.optimised);
  json["regularised"] = step_json(e.regularised);
  json["larger"] = step_json(e.larger);
  json["reference"] = setting_json(e.reference);
  json["ladder"] = ladder_json(e.ladder);
  json["most_steps"] = e.most_steps;
  json["with_held_out"] = setting_json(e.with_held_out);
  json["second_data"] = setting_json(e.second_data);
  json["signal"] = e.signal ? signal_json(*e.signal) : Json(nullptr);
  json["over_majority"] = e.over_majority ? json_difference(*e.over_majority) : Json(nullptr);
  json["learning_curve"] = e.curve ? json_curve(*e.curve) : Json(nullptr);
  json["families"] = Json::array();
  for (const FamilyEvidence& family : e.families)
    json["families"].push_back(
        {{"name", family.name}, {"test_accuracy", family.test_accuracy}, {"gain", json_difference(family.gain)}});
  json["shift"] = e.shift ? shift_json(*e.shift) : Json(nullptr);
  json["label_map"] =
      e.label_map ? Json{{"best", e.label_map->best}, {"gain", json_difference(e.label_map->gain)}} : Json(nullptr);
  json["label_noise"] = e.noise ? noise_json(*e.noise, diagnosis.suspects) : Json(nullptr);
  json["class_balance"] = e.balance ? balance_json(*e.balance) : Json(nullptr);
  return json;
}

}  // namespace

std::string diagnosis_summary(const Diagnosis& diagnosis, const Environment& environment) {
  const DiagnosisEvidence& evidence = diagnosis.evidence;
  std::string out;
  heading(out, fmt::format("diagnosis: {} training and {} test rows, {} features, {} classes", evidence.train_rows,
                           evidence.test_rows, diagnosis.schema.columns, evidence.classes));
  paragraph(out, "Verdict",
            fmt::format("{} ({}). {}.", to_string(diagnosis.verdict.code), to_string(diagnosis.verdict.grade),
                        printable(diagnosis.verdict.sentence)));
  if (const std::string advice = advice_of(to_string(diagnosis.verdict.code)); !advice.empty())
    paragraph(out, "What to do", advice);
  paragraph(out, "Training",
            training_words(diagnosis.configuration.run, diagnosis.configuration.validation,
                           diagnosis.configuration.files.initial, diagnosis.scaled_by_initial));
  if (!diagnosis.causes.empty()) cause_table(out, diagnosis);
  if (evidence.user) budget_table(out, diagnosis.budget);
  std::vector<std::string> evidence_lines = diagnosis.verdict.evidence;
  for (const Cause& cause : diagnosis.causes)  // those without points have no line of their own among the gains
    if (!cause.gain && cause.code != diagnosis.verdict.code) evidence_lines.push_back(cause.evidence);
  std::ranges::transform(evidence_lines, evidence_lines.begin(), printable);
  list(out, "Evidence", evidence_lines);
  if (!diagnosis.suspects.empty()) paragraph(out, "Suspects", suspects_words(diagnosis));
  list(out, "Not tested", diagnosis.verdict.not_tested);
  paragraph(out, "Test rows",
            fmt::format("judged {}, of which they chose none; a gain that is worth acting on is {} points",
                        counted(diagnosis.test_looks, "setting"), in_points(diagnosis.configuration.delta)));
  paragraph(out, "Measured",
            fmt::format("{}: {}, {:.1f} s", measured_on(environment), counted(diagnosis.trainings, "training"),
                        diagnosis.seconds));
  return out;
}

std::string diagnosis_json(const Diagnosis& diagnosis, const Environment& environment) {
  const DiagnoseConfiguration& asked = diagnosis.configuration;
  Json json;
  json["schema"] = "plateau-diagnosis";
  json["schema_version"] = kDiagnosisJsonVersion;
  json["command"] = "diagnose";
  Json configuration = study_json(asked);
  configuration["second_data"] = or_null(asked.second_data);
  configuration["second_test"] = or_null(asked.second_test);
  json["configuration"] = std::move(configuration);
  json["versions"] = versions_json(environment);
  json["plan"] = device_json(environment);
  json["verdict"] = verdict_json(diagnosis.verdict);
  json["causes"] = Json::array();
  for (const Cause& cause : diagnosis.causes) {
    Json of{{"code", to_string(cause.code)}};
    of["points"] = cause.gain ? Json(100 * cause.gain->value) : Json(nullptr);
    of["low"] = cause.gain ? json_number(100 * cause.gain->interval.low) : Json(nullptr);
    of["high"] = cause.gain ? json_number(100 * cause.gain->interval.high) : Json(nullptr);
    of["grade"] = to_string(cause.grade);
    of["evidence"] = cause.evidence;
    json["causes"].push_back(std::move(of));
  }
  json["effects"] = Json::array();
  for (const Effect& effect : diagnosis.effects)
    json["effects"].push_back({{"code", to_string(effect.code)},
                               {"what", effect.what},
                               {"points", 100 * effect.points},
                               {"gain", json_difference(effect.gain)},
                               {"twice", effect.twice ? json_estimate(*effect.twice) : Json(nullptr)},
                               {"adjusted_p", json_number(effect.adjusted_p)},
                               {"state", to_string(effect.state)}});
  const ErrorBudget& budget = diagnosis.budget;
  json["error_budget"] = {{"accuracy", budget.accuracy},         {"weights", budget.weights},
                          {"optimisation", budget.optimisation}, {"regularisation", budget.regularisation},
                          {"capacity", budget.capacity},         {"twice_the_data", budget.twice_the_data},
                          {"unexplained", budget.unexplained}};
  json["evidence"] = evidence_json(diagnosis);
  json["trainings"] = diagnosis.trainings;
  json["test_looks"] = diagnosis.test_looks;
  json["measured"] = measured_json(environment, {{"diagnosis", diagnosis.seconds}});
  return text_of(json);
}

std::string suspects_csv(const Diagnosis& diagnosis) {
  const auto quoted = [&](std::int32_t id) {
    std::string text;
    for (const char c : diagnosis.schema.classes.names[static_cast<std::size_t>(id)])
      text += c == '"' ? "\"\"" : std::string(1, c);
    return '"' + text + '"';
  };
  std::string out = "row,label,given,probability,label_probability\n";
  for (const Suspect& suspect : diagnosis.suspects)
    out += fmt::format("{},{},{},{},{}\n", suspect.row, quoted(suspect.label), quoted(suspect.given),
                       suspect.probability, suspect.label_probability);
  return out;
}

}  // namespace plateau
