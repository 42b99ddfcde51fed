// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/remedies_trial.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/validation/lines.hpp"
#include "bench/validation/replay.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/comparisons.hpp"

namespace plateau::validation {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kStudySeed = 1, kTruthSeed = std::uint64_t{1} << 50;
constexpr Index kFewestTruthSeeds = 10;

// Keeps the first training of every block that the test rows judge, by the name of the block.
class NotingTrainer final : public ForwardingTrainer {
 public:
  using ForwardingTrainer::ForwardingTrainer;
  std::string block;  // that is being trained
  std::map<std::string, Run> judged;

  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver& observer = {}) override {
    const std::vector<PredictionRequest>& asked = runs.front().outputs.predictions;
    if (!asked.empty() && !asked.front().rows && block != "learning curve")
      judged.insert_or_assign(block, runs.front());
    return trainer_.train_fleet(data, runs, observer);
  }
};

// The trainings of a run on all training rows of the problem, with seeds that no study has, judged by fresh rows.
class Truth {
 public:
  Truth(const Problem& problem, const RemediesConfiguration& asked, Trainer& trainer)
      : split_(problem.split()),
        fresh_(problem.fresh_rows(kTruthRows).test),
        classes_(asked.run.architecture.classes()),
        trainer_(trainer) {
    if (asked.run.patience > 0) held_out_.emplace(split_.train, asked.validation, kTruthSeed);
  }

  Judged judge(Run run, Index seeds) const {
    run.rows.reset();  // the study's lists are gone
    run.validation.reset();
    if (run.patience > 0) held_out_->hold_out_of(run);
    run.outputs = {.parameters = true, .best_parameters = run.patience > 0, .test_correct = false, .scale = true};
    std::vector<Run> runs(static_cast<std::size_t>(seeds), run);
    for (Index s = 0; s < seeds; ++s)
      runs[static_cast<std::size_t>(s)].seed = kTruthSeed + static_cast<std::uint64_t>(s);
    // The fresh rows are many: they are judged once, at the end, and not after every epoch.
    TrainingData data = views(split_);
    data.test_x.rows = data.test_label.size = 1;
    Judged judged;
    judged.right = RowOutcomes(fresh_.rows());
    for (RunResult& result : trainer_.train_fleet(data, runs)) {
      const FlatParameters& parameters = result.best_parameters.empty() ? result.parameters : result.best_parameters;
      result.predictions = {trainer_.predict({run.architecture, parameters, result.scale}, fresh_.x())};
      std::vector<std::uint8_t> right;
      for (Index i = 0; i < fresh_.rows(); ++i)
        right.push_back(result.predictions.front().predicted[static_cast<std::size_t>(i)] == fresh_.label()[i]);
      judged.right.add(right);
      judged.results.push_back(std::move(result));
    }
    return judged;
  }
  double accuracy(const RowOutcomes& right) const { return mean_spread(right.training_accuracy()).mean; }
  double vote_accuracy(const Judged& judged, Index members) const {
    return accuracy(vote_outcomes(judged, members, fresh_.label(), classes_));
  }

 private:
  const Split& split_;
  const Dataset fresh_;
  const Index classes_;
  Trainer& trainer_;
  std::optional<ValidationRows> held_out_;
};

Json json_share(Index hits, Index of) {
  Json json{{"hits", hits}, {"of", of}};
  if (of == 0) return json;
  const double share = static_cast<double>(hits) / static_cast<double>(of);
  const Interval interval = wilson_interval(share, of);
  json["share"] = share;
  json["interval_95"] = {interval.low, interval.high};
  return json;
}

Json points(double fraction) {
  return std::isfinite(fraction) ? Json(std::round(fraction * 1e6) / 1e4) : Json(nullptr);
}

const char* name_of(const RemedyRow* row) { return row == nullptr ? "" : to_string(row->remedy); }

// A line's remedies of which the truth is known: all of them, or single changes only.
std::vector<Json> with_truths(const Json& line, bool single) {
  std::vector<Json> remedies;
  if (!line.contains("remedies")) return remedies;
  for (const Json& remedy : line["remedies"])
    if (remedy.contains("truth") && !(single && (remedy["remedy"] == "pair" || remedy["remedy"] == "model-selection")))
      remedies.push_back(remedy);
  return remedies;
}

// Right, wrong and nothing named, of the lines in which the best remedy leads by so many points.
Json right_rates(const std::vector<Json>& lines, double lead, bool single, const char* named_by) {
  Index right = 0, named = 0, sets = 0, level = 0;
  for (const Json& line : lines) {
    std::vector<Json> remedies = with_truths(line, single);
    if (remedies.size() < 2) continue;
    std::ranges::stable_sort(remedies, std::ranges::greater{}, [](const Json& r) { return r["truth"].get<double>(); });
    if (!(remedies[0]["truth"].get<double>() - remedies[1]["truth"].get<double>() >= lead &&
          remedies[0]["truth"].get<double>() >= lead))
      continue;
    ++sets;
    named += line[named_by] != "";
    right += line[named_by] == remedies[0]["remedy"];
    level += line[named_by] != remedies[0]["remedy"] && remedies[0].value("level", false);
  }
  return {{"sets", sets},
          {"right_of_all", json_share(right, sets)},
          {"right_of_named", json_share(right, named)},
          {"wrong_but_not_told_apart", level}};
}

// How many points of accuracy are given away where not the best is named, and how often fewer than `lead`.
Json regret(const std::vector<Json>& lines, double lead, const char* named_by) {
  std::vector<double> lost;
  for (const Json& line : lines) {
    double best = -100, named = -100;
    for (const Json& remedy : with_truths(line, false)) {
      best = std::max(best, remedy["truth"].get<double>());
      if (remedy["remedy"] == line[named_by]) named = remedy["truth"].get<double>();
    }
    if (named > -100) lost.push_back(best - named);
  }
  const auto few = std::ranges::count_if(lost, [&](double points) { return points < lead; });
  Json json{{"fewer_than_lead", json_share(few, static_cast<Index>(lost.size()))}};
  if (!lost.empty()) json["mean_points"] = mean_spread(lost).mean;
  return json;
}

// By how many points the gain of what is named lies above its truth, on average over lines.
Json optimism(const std::vector<Json>& lines, const char* named_by) {
  std::vector<double> above;
  for (const Json& line : lines)
    for (const Json& remedy : with_truths(line, false))
      if (line[named_by] == remedy["remedy"])
        above.push_back(remedy["points"].get<double>() - remedy["truth"].get<double>());
  Json json{{"sets", above.size()}};
  if (above.size() < 2) return json;
  const MeanSpread spread = mean_spread(above);
  json["points"] = spread.mean;
  json["interval_95"] = {spread.interval.low, spread.interval.high};
  return json;
}

}  // namespace

std::optional<RemediesTrial> try_remedies(const Problem& problem, Depth depth, const std::vector<Remedy>& only,
                                          bool with_truths, Trainer& trainer) {
  const RemediesConfiguration asked{.run = problem.specification().run,
                                    .validation = problem.specification().validation,
                                    .depth = depth,
                                    .seed = kStudySeed,
                                    .only = only};
  RemediesTrial trial;
  NotingTrainer noting(trainer);
  try {
    trial.result =
        remedies(problem.split(), asked, noting, [&](std::string_view block, double, Index) { noting.block = block; });
  } catch (const InputError& error) {
    trial.refusal = error.what();
    return trial;
  }
  if (!trial.result) return {};
  if (!with_truths || !problem.has_fresh_rows()) return trial;
  const Truth truth(problem, asked, trainer);
  const RemedyRow* const ensemble = find(trial.result->table, Remedy::ensemble);
  const Index members = ensemble == nullptr ? 1 : ensemble->ensembles.back().members;
  // Twice as many as the study takes, which takes more where a training comes out otherwise with every seed.
  const Index seeds = std::max(kFewestTruthSeeds, 2 * trial.result->table.baseline.trainings);
  const Judged baseline = truth.judge(noting.judged.at("baseline"), seeds);
  const double before = truth.accuracy(baseline.right);
  for (const RemedyRow& row : trial.result->table.rows) {
    if (!row.is_judged_by_accuracy()) continue;
    const double after = row.remedy == Remedy::ensemble
                             ? truth.vote_accuracy(baseline, members)
                             : truth.accuracy(truth.judge(noting.judged.at(to_string(row.remedy)), seeds).right);
    trial.truths.emplace_back(row.remedy, after - before);
    if (trainer.stop_requested()) return {};
  }
  return trial;
}

Json remedies_line(const Problem& problem, std::uint32_t checksum, Depth depth, const RemediesTrial& trial) {
  Json json = heading(problem, checksum);
  json["depth"] = to_string(depth);
  json["only"] = Json::array();
  if (!trial.result) {
    json["refused"] = trial.refusal;
    return json;
  }
  for (const Remedy remedy : trial.result->configuration.only) json["only"].push_back(to_string(remedy));
  const RemedyTable& table = trial.result->table;
  json["exit_code"] = exit_code_of(table);
  json["placebo"] = {{"helps", placebo_helps(table)},
                     {"above", find(table, Remedy::placebo)->gain().interval.low > 0},
                     {"below", find(table, Remedy::placebo)->gain().interval.high < 0}};
  json["named"] = name_of(top_of(table));
  json["named_single"] = name_of(top_of(table, true));
  json["largest"] = "";
  json["remedies"] = Json::array();
  for (const RemedyRow& row : table.rows) {
    if (!row.is_judged_by_accuracy()) continue;
    if (json["largest"] == "" && row.helps_accuracy()) json["largest"] = to_string(row.remedy);
    Json remedy{{"remedy", to_string(row.remedy)},          {"state", to_string(row.state)},
                {"points", points(row.gain().value)},       {"low", points(row.gain().interval.low)},
                {"high", points(row.gain().interval.high)}, {"level", is_level_with_top(row)}};
    if (row.held_out_accuracy) remedy["held_out"] = points(*row.held_out_accuracy);
    for (const auto& [of, gain] : trial.truths)
      if (of == row.remedy) remedy["truth"] = points(gain);
    json["remedies"].push_back(std::move(remedy));
  }
  json["measured"] = {{"seconds", trial.result->seconds}};
  return json;
}

Json remedies_rates(const std::vector<Json>& lines, double lead) {
  Index refused = 0, helpful = 0, above = 0, below = 0, intervals = 0, held = 0;
  for (const Json& line : lines) {
    if (line.contains("refused")) {
      ++refused;
      continue;
    }
    helpful += line["placebo"]["helps"].get<bool>();
    above += line["placebo"]["above"].get<bool>();
    below += line["placebo"]["below"].get<bool>();
    for (const Json& remedy : with_truths(line, false)) {
      ++intervals;
      held += remedy["low"] <= remedy["truth"] && remedy["truth"] <= remedy["high"];
    }
  }
  const Index sets = static_cast<Index>(lines.size()) - refused;
  return {{"sets", sets},
          {"refused", refused},
          {"placebo",
           {{"helpful", json_share(helpful, sets)},
            {"interval_above_0", json_share(above, sets)},
            {"interval_below_0", json_share(below, sets)}}},
          {"lead_points", lead},
          {"named", right_rates(lines, lead, false, "named")},
          {"named_among_single_changes", right_rates(lines, lead, true, "named_single")},
          {"largest_gain", right_rates(lines, lead, false, "largest")},
          {"given_away_by_named", regret(lines, lead, "named")},
          {"given_away_by_largest_gain", regret(lines, lead, "largest")},
          {"gain_of_named_less_truth", optimism(lines, "named")},
          {"gain_of_largest_less_truth", optimism(lines, "largest")},
          {"intervals_that_hold_the_truth", json_share(held, intervals)}};
}

}  // namespace plateau::validation
