// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A grid of trainings on one data set: every combination of the listed values, a setting, is trained once per seed, and
// the settings are ranked by rows that no run trains on.
//
//   rows      all runs share them: the validation rows are a random part of the training rows, drawn by the base seed
//             (whole groups, where rows have groups), and every run trains on the others. So two settings differ by
//             their values alone, seed by seed
//   figures   of a run: those after its last epoch; with early stopping, those after its best epoch, whose parameters
//             one would keep
//   ranking   by the mean validation loss of the runs that trained as long as they meant to; without validation rows by
//             the mean test accuracy, which favours luck on the test rows
//   noise     a setting is within noise of the best where the differences to it, paired by seed, have a 95 % interval
//             that covers 0. It is an interval over seeds, for these rows; other rows would move all figures
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plateau/study/run_study.hpp"
#include "plateau/study/statistics.hpp"

namespace plateau {

enum class SweepOptimizer { adam, adamw, sgd };
const char* to_string(SweepOptimizer kind);

struct SweepDefinition {
  TrainingFiles files;  // for messages

  // The grid. No list is empty.
  std::vector<std::vector<Index>> hidden;  // widths; without one, a linear model
  std::vector<double> learning_rate;
  std::vector<double> weight_decay = {0};  // L2 for adam and sgd, decoupled for adamw
  std::vector<double> dropout = {0};

  // The same for every run.
  SweepOptimizer optimizer = SweepOptimizer::adam;
  double momentum = 0;  // of sgd
  Schedule schedule = Schedule::constant;
  Index epochs = 1;
  Index batch = 0;  // 0: all rows
  RowOrder order = RowOrder::shuffled_each_epoch;
  Index patience = 0;  // 0: no early stopping, which needs validation rows
  bool standardise = false;
  bool balanced_classes = false;

  std::uint64_t seed = 0;  // the runs of a setting take seed, seed + 1, ...; seed + seeds - 1 fits 64 bits
  Index seeds = 1;
  double validation = 0.2;  // share of the training rows that is held out, in [0, 1); 0: none
};

Index setting_count(const SweepDefinition& sweep);

// In the order of nested loops over hidden widths, learning rate, weight decay, dropout and seed, of which the seed
// changes fastest: run r belongs to setting r / seeds. Throws InputError where a network does not fit the data, and
// std::invalid_argument where a list is empty. The validation rows must outlive the runs.
std::vector<Run> sweep_runs(const SweepDefinition& sweep, const Split& split, const ValidationRows& held_out);

struct SweepRun {
  std::uint64_t seed = 0;
  RunOutcome outcome = RunOutcome::finished;
  Index epochs = 0;                 // that were completed
  std::optional<Index> epoch;       // whose figures these are; none where no epoch was completed
  EpochRecord figures;              // as the record of an epoch: NaN where there are no validation rows
  std::optional<Index> best_epoch;  // of the lowest validation loss
};

struct SettingResult {
  Index number = 0;  // in the order of the grid
  Architecture architecture;
  double learning_rate = 0, weight_decay = 0, dropout = 0;
  std::vector<SweepRun> runs;  // by seed
  ExecutionPlan plan;          // which its runs share

  // Over the runs that trained as long as they meant to; none where there is none, or nothing of the kind.
  std::optional<MeanSpread> validation_loss, validation_accuracy, test_loss, test_accuracy, train_loss, train_accuracy;
  std::optional<MeanSpread> best_epoch;

  std::optional<Index> rank;          // from 1; equal means share one; none where no run is complete
  std::optional<Estimate> over_best;  // what ranks, this - the best setting's, paired by seed; none for the best itself
                                      // and where fewer than two seeds are complete in both
  bool within_noise = false;          // of the best

  Index count(RunOutcome outcome) const;
  Index complete() const { return count(RunOutcome::finished) + count(RunOutcome::stopped_early); }
};

enum class RankedBy { validation_loss, test_accuracy };

struct SweepResult {
  SweepDefinition definition;
  Schema schema;                        // of the rows
  Trainer::SplitStatistics statistics;  // of all training rows, those held out included
  Index trained_rows = 0, validation_rows = 0;
  RankedBy ranked_by = RankedBy::validation_loss;
  // Best first, equals in the order of the grid; then those without a complete run: first those that were interrupted,
  // last those of which every run diverged.
  std::vector<SettingResult> settings;
  double seconds = 0;  // of the trainings

  Index runs() const { return static_cast<Index>(settings.size()) * definition.seeds; }
  Index count(RunOutcome outcome) const;
};

// Trains the grid as one fleet. Throws InputError before that where the validation share holds out no row, or all, or a
// network does not fit the data. A stop request ends the runs that have not finished as interrupted.
SweepResult study_sweep(const SweepDefinition& sweep, const Split& split, Trainer& trainer,
                        const FleetObserver& observer = {});

}  // namespace plateau
