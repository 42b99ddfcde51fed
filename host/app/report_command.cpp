// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>

#include "command_line.hpp"
#include "plateau/report/run_events.hpp"
#include "plateau/report/run_page.hpp"

namespace plateau::app {
namespace {

struct ReportArguments {
  std::string directory, charts, events;
};

int run_report(const ReportArguments& arguments) {
  std::vector<std::filesystem::path> written =
      write_page(arguments.directory, read_page(arguments.directory), !arguments.charts.empty());
  if (!arguments.events.empty())
    std::ranges::copy(write_events(arguments.directory, arguments.events), std::back_inserter(written));
  for (const std::filesystem::path& file : written) fmt::print("{}\n", for_stdout(file.string()));
  return 0;
}

}  // namespace

Action add_report_command(CLI::App& plateau) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command = plateau.add_subcommand(
      "report",
      "Make a page of a run's folder that shows what was found: report.html, and report.md for a pull request");
  command->footer("Example: plateau report iris-diagnosis --charts svg");
  command->add_option("DIR", arguments->directory, "the folder that a command has filled (its --out)")->required();
  command->add_option("--charts", arguments->charts, "svg: every chart as a file too")->check(CLI::IsMember({"svg"}));
  command->add_option("--tensorboard", arguments->events, "folder for an event file that TensorBoard shows");
  return [arguments] { return run_report(*arguments); };
}

}  // namespace plateau::app
