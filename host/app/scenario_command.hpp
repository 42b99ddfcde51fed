// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The scenario command, as `plateau scenario NAME` and as a program of its own.
#pragma once

#include "plateau/ops/scenario_data.hpp"

namespace plateau::app {

// main() of scenario_overfit, scenario_underfit and scenario_ceiling.
int run_scenario_program(ScenarioKind kind, int argc, char** argv);

}  // namespace plateau::app
