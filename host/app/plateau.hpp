// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The program `plateau` with its commands.
#pragma once

namespace plateau::app {

// Its main().
int run_plateau(int argc, char** argv);

}  // namespace plateau::app
