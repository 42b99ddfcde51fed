// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints of runs that nobody trained.
#pragma once

#include "plateau/model/run.hpp"

namespace plateau::test {

// Of the network 1-2, after so many epochs of one step each, with one test row.
inline RunState state_after(Index epochs) {
  return {.epoch = epochs,
          .step = epochs,
          .parameters = {1, 2, 3, 4},
          .first_moment = {0, 0, 0, 0},
          .second_moment = {0, 0, 0, 0},
          .best_parameters = {},
          .predicted = {0},
          .plan = {}};
}

}  // namespace plateau::test
