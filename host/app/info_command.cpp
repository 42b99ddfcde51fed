// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "command_line.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "plateau/model/work_crew.hpp"
#include "plateau/report/console.hpp"

namespace plateau::app {
Action add_info_command(CLI::App& plateau) {
  CLI::App* command = plateau.add_subcommand("info", "Say what was built in, and what this machine has");
  command->footer("Example: plateau info");
  return [] {
    const Environment cpu = cpu_environment(available_workers());
    fmt::print("{}", machine_summary(cpu, gpu::inventory(), gpu_matrix_library()));
    return 0;
  };
}

}  // namespace plateau::app
