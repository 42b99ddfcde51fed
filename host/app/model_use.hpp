// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How the commands use a trained model on many rows.
#pragma once

#include "command_line.hpp"

namespace plateau::app {

// How many rows are predicted at a time: features and probabilities of a block take a bounded memory, and its products
// a bounded time, so that Ctrl-C is heard. Whole tiles of a GPU's evaluation where one fits, so that a row is predicted
// in the same company as in a whole matrix.
Index rows_per_block(const Architecture& net);

}  // namespace plateau::app
