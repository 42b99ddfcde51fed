// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command_line.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/comparison_report.hpp"

namespace plateau::app {
namespace {

constexpr std::size_t kMostRuns = 100;

struct CompareArguments {
  std::vector<std::string> directories;
  std::string charts;
  CommonOptions common;
};

int run_compare(const CompareArguments& arguments) {
  const CommonOptions& common = arguments.common;
  if (arguments.directories.size() < 2 || arguments.directories.size() > kMostRuns)
    throw InputError(
        fmt::format("compare takes the folders of 2 to {} runs, and {} named", kMostRuns,
                    arguments.directories.size() == 1 ? "1 is" : fmt::format("{} are", arguments.directories.size())));
  if (!arguments.charts.empty() && common.out.empty())
    throw InputError("--charts: they are written beside the report; name its folder by --out");
  const Comparison comparison = compare_directories({arguments.directories.begin(), arguments.directories.end()});
  const Environment environment = cpu_environment(1);
  if (!common.out.empty()) {
    prepare_comparison_directory(common.out);
    write_comparison_directory(common.out, comparison, environment, !arguments.charts.empty());
  }
  fmt::print("{}", common.output_format() == OutputFormat::json ? comparison_json(comparison, environment)
                                                                : comparison_summary(comparison));
  return 0;
}

}  // namespace

Action add_compare_command(CLI::App& plateau) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command = plateau.add_subcommand(
      "compare", "Show runs side by side: how far each lies from the first on the same test rows, and their curves");
  command->footer("Example: plateau compare runs/small runs/wide --out runs/compared");
  CompareArguments& a = *arguments;
  command->add_option("DIR", a.directories, "the folders of 2 to 100 runs (the --out of train or scenario)")
      ->required();
  command->add_option("--out", a.common.out, "folder for report.html, report.md and compare.json");
  command->add_option("--charts", a.charts, "with --out: svg writes every chart as a file too")
      ->check(CLI::IsMember({"svg"}));
  add_format_option(*command, a.common);
  return [arguments] { return run_compare(*arguments); };
}

}  // namespace plateau::app
