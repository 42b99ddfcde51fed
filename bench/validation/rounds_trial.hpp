// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Problems of rounds: what a training in rounds would have left in files, with a fault, and what is made of it.
#pragma once

#include <optional>

#include "bench/validation/problem.hpp"
#include "plateau/model/trainer.hpp"
#include "plateau/study/forensics.hpp"

namespace plateau::validation {

// Trains the rounds of the problem, each on top of the one before, and keeps what its specification says that files
// hold of them. None where the user wanted an end. Throws std::invalid_argument where the problem has no rounds.
std::optional<ForensicsRecord> record_rounds(const Problem& problem, Trainer& trainer);

struct RoundsTrial {
  ForensicsDecision decision;
  Index rounds = 0;
  double seconds = 0;  // of the explanation; the trainings are the problem's
};
std::optional<RoundsTrial> try_rounds(const Problem& problem, Trainer& trainer);

}  // namespace plateau::validation
