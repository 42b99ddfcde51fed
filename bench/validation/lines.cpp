// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/lines.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/validation/claims.hpp"
#include "bench/validation/parameters.hpp"
#include "plateau/report/build.hpp"

namespace plateau::validation {
namespace {

using Json = nlohmann::ordered_json;

// Points to four decimals: more would be noise of the last bits.
Json points(double fraction) {
  return std::isfinite(fraction) ? Json(std::round(fraction * 1e6) / 1e4) : Json(nullptr);
}
Json share(double fraction) { return std::isfinite(fraction) ? Json(std::round(fraction * 1e6) / 1e6) : Json(nullptr); }

Json judged(const JudgedInterval& of) {
  return {{"name", of.name},         {"points", points(of.value)}, {"low", points(of.low)},
          {"high", points(of.high)}, {"truth", points(of.truth)},  {"truth_error", points(of.truth_error)}};
}

void add_verdict(Json& json, const Verdict& verdict, const std::vector<Cause>& causes) {
  json["verdict"] = {
      {"code", to_string(verdict.code)}, {"grade", to_string(verdict.grade)}, {"sentence", verdict.sentence}};
  json["causes"] = Json::array();
  for (const Cause& cause : causes) {
    Json line{{"code", to_string(cause.code)}, {"grade", to_string(cause.grade)}};
    if (cause.gain) {
      line["points"] = points(cause.gain->value);
      line["low"] = points(cause.gain->interval.low);
      line["high"] = points(cause.gain->interval.high);
    }
    json["causes"].push_back(std::move(line));
  }
}

}  // namespace

Json heading(const Problem& problem, std::uint32_t checksum) {
  const Specification& s = problem.specification();
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", checksum);
  const Build build = this_build();
  Json json{{"id", s.id()},           {"part", to_string(s.part)}, {"maker", s.maker},
            {"number", s.number},     {"kind", to_string(s.kind)}, {"checksum", digits},
            {"commit", build.commit}, {"dirty", build.dirty},      {"parameters", parameters(s)}};
  for (const VerdictCode code : s.expected) json["expected"].push_back(to_string(code));
  const auto bayes = problem.bayes_accuracy();
  json["bayes"] = bayes ? share(*bayes) : Json(nullptr);
  return json;
}

Json trial_line(const Problem& problem, std::uint32_t checksum, Depth depth, const Trial& trial) {
  Json json = heading(problem, checksum);
  json["depth"] = to_string(depth);
  if (!trial.diagnosis) {
    json["refused"] = trial.refusal;
    return json;
  }
  const Diagnosis& diagnosis = *trial.diagnosis;
  add_verdict(json, diagnosis.verdict, diagnosis.causes);
  json["effects"] = Json::array();
  for (const Effect& effect : diagnosis.effects)
    json["effects"].push_back({{"code", to_string(effect.code)},
                               {"state", to_string(effect.state)},
                               {"what", effect.what},
                               {"points", points(effect.points)},
                               {"gain", points(effect.gain.value)},
                               {"low", points(effect.gain.interval.low)},
                               {"high", points(effect.gain.interval.high)},
                               {"adjusted_p", effect.adjusted_p}});
  if (const auto& user = diagnosis.evidence.user)
    json["user"] = {{"test_accuracy", share(user->setting.test_accuracy)},
                    {"train_accuracy", share(user->setting.train_accuracy)}};
  json["intervals"] = Json::array();
  for (const JudgedInterval& interval : trial.intervals) json["intervals"].push_back(judged(interval));
  if (trial.twice) json["twice"] = judged(*trial.twice);
  if (!trial.untold.empty()) json["untold"] = trial.untold;
  json["trainings"] = diagnosis.trainings;
  json["measured"] = {{"seconds", diagnosis.seconds},
                      {"truth_seconds", trial.truth_seconds},
                      {"truth_trainings", trial.truth_trainings}};
  return json;
}

Json rounds_line(const Problem& problem, std::uint32_t checksum, Depth depth, const RoundsTrial& trial) {
  Json json = heading(problem, checksum);
  json["depth"] = to_string(depth);
  add_verdict(json, trial.decision.verdict, trial.decision.findings);
  json["rounds"] = trial.rounds;
  json["trainings"] = 0;  // none are the explanation's
  json["measured"] = {{"seconds", trial.seconds}, {"truth_seconds", 0.0}, {"truth_trainings", 0}};
  return json;
}

Json audit_line(const Problem& problem, std::uint32_t checksum, const Audit& audit) {
  Json json = heading(problem, checksum);
  const auto maybe = [](const std::optional<double>& value) { return value ? share(*value) : Json(nullptr); };
  json["audit"] = {{"user_train", share(audit.user_train)},
                   {"user", share(audit.user)},
                   {"remedied", maybe(audit.remedied)},
                   {"ladder", share(audit.ladder)},
                   {"ladder_what", audit.ladder_what},
                   {"ladder_at_half", share(audit.ladder_at_half)},
                   {"ladder_at_twice", share(audit.ladder_at_twice)},
                   {"second", maybe(audit.second)},
                   {"unshifted", maybe(audit.unshifted)},
                   {"neighbours", maybe(audit.neighbours)},
                   {"longest", maybe(audit.longest)},
                   {"majority", share(audit.majority)}};
  json["claims"] = Json::array();
  for (const Claim& claim : claims_of(problem.specification(), audit))
    json["claims"].push_back({{"what", claim.what},
                              {"value", share(claim.value)},
                              {"least", share(claim.least)},
                              {"most", share(claim.most)},
                              {"holds", claim.holds()}});
  return json;
}

}  // namespace plateau::validation
