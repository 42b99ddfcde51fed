// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How the commands use a trained model on many rows.
#pragma once

#include "command_line.hpp"

namespace plateau::app {

// So that features and probabilities of a block take no more than that, and its products; whole tiles where one fits,
// so that a row is predicted in the same company as in a whole matrix.
Index rows_per_block(const Architecture& net);

// Trainer::predict() of all rows, block by block, so that Ctrl-C is heard in between (expects_no_interrupt()).
Predictions predict_rows(Trainer& trainer, const TrainedNetwork& network, HostMatrix<const float> x);

}  // namespace plateau::app
