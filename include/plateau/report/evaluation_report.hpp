// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What an evaluation of a model says: to a person, and as JSON (docs/evaluation.md).
#pragma once

#include <string>

#include "plateau/data/dataset.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/study/evaluation.hpp"

namespace plateau {

inline constexpr int kEvaluationJsonVersion = 1;

// As the user named them.
struct EvaluatedFiles {
  std::string model, data;
  ReadOptions reading = {};
};

struct ModelEvaluation {
  Architecture network;
  ClassMap classes;
  Evaluation figures;
};

std::string evaluation_summary(const ModelEvaluation& evaluation, const EvaluatedFiles& files,
                               const Environment& environment);
// Equal byte for byte but for what stands under "measured".
std::string evaluation_json(const ModelEvaluation& evaluation, const EvaluatedFiles& files,
                            const Environment& environment);

}  // namespace plateau
