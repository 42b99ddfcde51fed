// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau.hpp"

#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "plateau/core/error.hpp"

namespace plateau::app {

int run_plateau(int argc, char** argv) {
  CLI::App plateau("Trains MLP classifiers and shows why a test accuracy has stopped improving", "plateau");
  plateau.set_version_flag("--version", cpu_environment(1).version);
  plateau.require_subcommand(0, 1);
  plateau.footer("Example: plateau scenario overfit\n`plateau COMMAND --help` explains a command.");
  const std::pair<const char*, Action> commands[] = {
      {"scenario", add_scenario_command(plateau)}, {"train", add_train_command(plateau)},
      {"evaluate", add_evaluate_command(plateau)}, {"predict", add_predict_command(plateau)},
      {"finetune", add_finetune_command(plateau)}, {"forensics", add_forensics_command(plateau)},
      {"sweep", add_sweep_command(plateau)},       {"diagnose", add_diagnose_command(plateau)},
      {"remedies", add_remedies_command(plateau)}, {"report", add_report_command(plateau)},
      {"compare", add_compare_command(plateau)},   {"info", add_info_command(plateau)}};
  return run_program(plateau, argc, argv, [&]() -> int {
    for (const auto& [name, action] : commands)
      if (plateau.got_subcommand(name)) return action();
    throw InputError("a command is missing; `plateau --help` lists them");
  });
}

}  // namespace plateau::app
