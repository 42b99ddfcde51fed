// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Why a test accuracy has stopped improving, found by changing one thing at a time and training again.
//
//   the user's training is repeated with several seeds, and compared on the same test rows with the same network
//   optimised better, regularised, larger; with half of the rows; with shuffled labels; with other ways to classify.
//   What is compared is chosen on folds of the training rows by validation loss, never on test rows.
//
// docs/diagnose.md describes every block of trainings and how a verdict follows (diagnosis_tree.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plateau/study/battery.hpp"
#include "plateau/study/diagnosis_tree.hpp"
#include "plateau/study/run_study.hpp"

namespace plateau {

struct DiagnoseConfiguration {
  TrainingFiles files = {};              // for messages
  std::string second_data, second_test;  // likewise: of the second features

  // The user's training. Its rows, validation rows, labels, seed and outputs are the study's.
  Run run;
  double validation = 0.2;  // share of the training rows that is held out where the run stops early (run.patience > 0)

  double delta = 0.01;  // the smallest gain in accuracy that is worth acting on; a fraction, above 0
  Depth depth = Depth::standard;
  std::uint64_t seed = 0;
};

// A training row whose label networks contradict that were not trained on it.
struct Suspect {
  Index row = 0;                                  // of the file that it comes from, from 0
  std::int32_t label = 0, given = 0;              // the class that they give it
  double probability = 0, label_probability = 0;  // as SuspectRow has them
};

struct Diagnosis {
  DiagnoseConfiguration configuration;
  Schema schema;                   // of the rows
  bool scaled_by_initial = false;  // the file of the initial weights has brought a scale, and the rows have it
  DiagnosisEvidence evidence;
  Verdict verdict;
  std::vector<Cause> causes;    // largest gain first, then those without one
  std::vector<Effect> effects;  // every gain that was measured
  ErrorBudget budget;
  std::vector<Suspect> suspects;  // the most suspect first
  Index trainings = 0;
  Index test_looks = 0;  // settings that were judged by the test rows
  double seconds = 0;
};

// `second`: the same rows, in the same order, with other features; null: there are none. None where the user wanted an
// end before all was trained. Throws InputError where the data cannot be diagnosed, in one sentence: too few rows or
// groups for folds, a network that does not fit, rows of `second` that are not as many or have other labels.
std::optional<Diagnosis> diagnose(const Split& split, const Split* second, const DiagnoseConfiguration& configuration,
                                  Trainer& trainer, const Laboratory::Observer& observer = {});

}  // namespace plateau
