// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/parameters.hpp"

#include <nlohmann/json.hpp>

namespace plateau::validation {
namespace {

using Json = nlohmann::ordered_json;

// What is as it is without a fault is left out.
Json shown(const View& view) {
  Json json = Json::object();
  if (view.noise != 0) json["noise"] = view.noise;
  if (view.drift != 0) json["drift"] = view.drift;
  if (view.badly_scaled) json["badly_scaled"] = true;
  if (!view.signal) json["signal"] = false;
  if (view.first_share != 0) json["first_share"] = view.first_share;
  return json;
}

Json shown(const Rule& rule) {
  Json json{{"kind", to_string(rule.kind)}, {"features", rule.features}, {"classes", rule.classes}};
  if (rule.kind == RuleKind::ball || rule.kind == RuleKind::parity) json["directions"] = rule.directions;
  if (rule.margin != 0) json["margin"] = rule.margin;
  if (rule.kind == RuleKind::mixture) json["separation"] = rule.separation;
  if (rule.first_share != 0) json["first_share"] = rule.first_share;
  if (rule.kind == RuleKind::patchwork) {
    json["cells"] = rule.cells;
    json["stray"] = rule.stray;
  }
  if (rule.kind == RuleKind::wave || rule.kind == RuleKind::stair) json["bend"] = rule.bend;
  json["flips"] = rule.flips;
  if (rule.group_rows != 0) {
    json["group_rows"] = rule.group_rows;
    json["group_share"] = rule.group_share;
  }
  json["seed"] = rule.seed;
  return json;
}

Json shown(const RoundsPlan& plan) {
  Json json{{"rounds", plan.rounds}};
  if (plan.stale_from) json["stale_from"] = *plan.stale_from;
  if (plan.frozen_from) {
    json["frozen_from"] = *plan.frozen_from;
    json["frozen_layers"] = plan.frozen_layers == FrozenLayers::all ? "all" : "first";
  }
  if (plan.halves) json["halves"] = true;
  json["with_predictions"] = plan.with_predictions;
  json["with_weights"] = plan.with_weights;
  return json;
}

}  // namespace

Json training(const Run& run) {
  Json json{{"architecture", to_string(run.architecture)}};
  if (const auto* adam = std::get_if<AdamParameters>(&run.optimizer)) {
    json["optimizer"] = adam->decay_kind == WeightDecay::decoupled ? "adamw" : "adam";
    json["learning_rate"] = adam->learning_rate;
    json["weight_decay"] = adam->weight_decay;
  } else {
    const auto& sgd = std::get<SgdParameters>(run.optimizer);
    json["optimizer"] = "sgd";
    json["learning_rate"] = sgd.learning_rate;
    json["momentum"] = sgd.momentum;
    json["weight_decay"] = sgd.weight_decay;
  }
  json["epochs"] = run.epochs;
  json["batch"] = run.batch;
  json["standardise"] = run.standardise;
  if (run.frozen != 0) json["frozen"] = run.frozen;
  if (run.patience != 0) json["patience"] = run.patience;
  return json;
}

Json parameters(const Specification& specification) {
  const Specification& s = specification;
  Json json{{"fault", s.fault}};
  if (s.rows.empty())
    json["rule"] = shown(s.rule);
  else
    json["rows"] = s.rows;
  json["train_rows"] = s.train_rows;
  json["test_rows"] = s.test_rows;
  for (const auto& [name, view] : {std::pair{"train_view", s.train_view}, {"test_view", s.test_view}})
    if (Json json_view = shown(view); !json_view.empty()) json[name] = std::move(json_view);
  if (s.second) json["second"] = shown(*s.second);
  if (s.only_train_class) json["only_train_class"] = *s.only_train_class;
  if (s.only_test_class) json["only_test_class"] = *s.only_test_class;
  if (!s.test_map.empty()) json["test_map"] = s.test_map;
  if (s.copied != 0) json["copied"] = s.copied;
  if (s.copied_noise != 0) json["copied_noise"] = s.copied_noise;
  if (s.given != GivenWeights::none) json["given"] = s.given == GivenWeights::drawn ? "drawn" : "kept features";
  if (s.dead_at_start != 0) json["dead_at_start"] = s.dead_at_start;
  if (s.run.patience > 0) json["validation"] = s.validation;
  if (s.rounds) json["rounds"] = shown(*s.rounds);
  json["run"] = training(s.run);
  if (s.remedy) json["remedy"] = training(*s.remedy);
  return json;
}

}  // namespace plateau::validation
