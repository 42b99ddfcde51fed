// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Fine-tuning in rounds: sets of rows that come one after another, each trained on top of what the round before left,
// and what that does to the network, to the test rows and to the rows of earlier rounds.
//
//   round       trains on all rows of its set, from the parameters of the round before, with seed + its number. The
//               optimizer begins anew, as in a script that makes one for every round: no moment is carried over
//   measured    by predicting, after the base and after every round, in one arithmetic (Trainer::predict()): so a test
//               row counts as changed where it is given another class, whatever engine trained
//   forgotten   how the rows of an earlier set fare, against how they fared right after the last round that trained on
//               them
//   scale       the model's own: rows are brought to it once, and no round fits another
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plateau/data/dataset.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/study/rounds_findings.hpp"

namespace plateau {

struct RoundsDefinition {
  Run run;           // what every round trains, but for its architecture, initial parameters and seed, which are set
                     // here; without standardise, selected rows, patience, resume and pause
  Index passes = 1;  // through the sets: one set can be trained on again and again
};

// A training that has ended, or was ended.
struct TrainedRound {
  Index set = 0;
  std::uint64_t seed = 0;
  RunOutcome outcome = RunOutcome::finished;
  std::vector<EpochRecord> history;
  double seconds = 0;
};

struct RoundsResult {
  RoundsDefinition definition;
  Architecture architecture;
  std::vector<std::string> sources;  // of the sets, and how many rows each has
  std::vector<Index> set_rows;
  std::string test_source;
  RoundsEvidence evidence;           // of the complete rounds
  std::vector<TrainedRound> rounds;  // those that were begun: after one that is not complete there is none
  std::vector<RoundsFinding> findings;
  FlatParameters parameters;        // after the last complete round; those of the base where there is none
  std::vector<FeatureScale> scale;  // of the base
  ExecutionPlan plan;               // of the last round

  Index asked() const { return static_cast<Index>(sources.size()) * definition.passes; }
  // Of all rounds: interrupted as well where the user wanted an end between two of them.
  RunOutcome outcome() const;
};

struct RoundsWatch {
  std::function<void(const RoundsResult&)> round = {};  // after every complete one, which is at the end of the lists
  RunObserver epoch = {};                               // while a round trains
};

// Trains round after round until one is not complete or the user wants an end. All rows have the features of the base
// and labels among its classes, and are at least one set, each with a row. Throws std::invalid_argument otherwise, and
// where a round would be no run (expects_run).
RoundsResult study_rounds(const RoundsDefinition& definition, const TrainedNetwork& base, std::vector<Dataset> sets,
                          Dataset test, Trainer& trainer, const RoundsWatch& watch = {});

}  // namespace plateau
