// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The three scenarios: what they are, and one study of them: the run, its controls, and what they say.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "plateau/ops/scenario_data.hpp"
#include "plateau/study/reason.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau {

struct ScenarioDefinition {
  ScenarioKind kind;
  std::string_view name;
  Architecture architecture;
  Architecture wider;  // the control: hidden layers 32, 32 for a linear model, else twice the widths
  Index train_rows;
};

inline constexpr Index kScenarioTestRows = 500;
inline constexpr Index kScenarioEpochs = 500;
inline constexpr double kScenarioLearningRate = 0.01;
// Test rows come from this row of the seed's table on, so they are the same whatever the number of training rows.
inline constexpr Index kScenarioFirstTestRow = Index{1} << 32;
inline constexpr Index kPermutedTrainings = 5;
inline constexpr Index kWiderTrainings = 3;

ScenarioDefinition scenario_definition(ScenarioKind kind);
const char* to_string(ScenarioKind kind);
const char* to_string(LabelReading reading);

Split scenario_split(ScenarioKind kind, LabelReading reading, std::uint64_t seed);

enum class Controls { train, leave_out };

struct ScenarioOptions {
  ScenarioKind kind = ScenarioKind::overfit;
  LabelReading reading = LabelReading::described;
  Index epochs = kScenarioEpochs;
  std::uint64_t seed = 0;
  Index repeat = 1;  // seeds seed, seed + 1, ..., each with data, weights and order of its own
  Controls controls = Controls::train;
};

struct SeedResult {
  std::uint64_t seed = 0;
  RunOutcome outcome = RunOutcome::finished;
  double test_accuracy = 0;   // level
  double train_accuracy = 0;  // over the same epochs
  BestEpoch best;
};

struct ScenarioResult {
  ScenarioDefinition definition;
  RunStudy first;                              // the run of the first seed
  std::optional<Evidence> evidence;            // none where the run did not finish
  std::optional<Verdict> verdict;              // none where the run or a control did not finish
  RunOutcome controls = RunOutcome::finished;  // the worst of them; finished where there are none
  std::vector<SeedResult> seeds;               // every seed, the first included
  double controls_seconds = 0;
  double repeat_seconds = 0;  // of all seeds but the first
};

// What its trainings are watched by while they go on: those of the other seeds before they
// begin, and by runs that are finished.
struct ScenarioWatch {
  RunObserver run = {};
  FleetObserver controls = {}, seeds = {};
};

// Trains the scenario: the run, then its controls beside each other, then the other seeds beside each other. `when_run`
// hears of the run as soon as it has ended, before anything else is trained. The data of another seed exist only while
// it trains, and a stop request ends those that have not begun as interrupted. seed + repeat - 1 must not exceed 64
// bits.
ScenarioResult study_scenario(const ScenarioOptions& options, Trainer& trainer,
                              const std::function<void(const RunStudy&)>& when_run = {},
                              const ScenarioWatch& watch = {});

}  // namespace plateau
