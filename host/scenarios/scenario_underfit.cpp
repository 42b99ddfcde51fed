// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "../app/scenario_command.hpp"

int main(int argc, char** argv) {
  return plateau::app::run_scenario_program(plateau::ScenarioKind::underfit, argc, argv);
}
