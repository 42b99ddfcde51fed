// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Has remedies tried on problems whose truth fresh rows tell, and adds a line for each to a file; then says how often
// the remedy that is named first is the best one, and how often the placebo is called helpful. docs/remedies.md has
// these rates.
//
//   stdout      one JSON object: the rates of all lines that the file has
//   exit code   0; 130 after Ctrl-C, and the next call goes on where this one ended; 2 where it was asked for something
//               it cannot do, or the file holds something else; 1 where it failed
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "bench/validation/makers.hpp"
#include "bench/validation/remedies_trial.hpp"
#include "bench/validation/result_file.hpp"
#include "host/app/command_line.hpp"
#include "plateau/core/error.hpp"

namespace plateau::validation {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string part = "frozen", depth = "quick", out;
  std::vector<std::string> causes, only;
  Index sets = 10, shard = 1, shards = 1;
  bool without_truths = false;
  app::CommonOptions common;
};

struct Task {
  std::string maker;
  Index number;
};

// The tasks of this shard, one set of every cause after another, so that an end at any time leaves some of each.
std::vector<Task> tasks_of(const Arguments& arguments) {
  if (arguments.shard > arguments.shards)
    throw InputError(fmt::format("--shard {}: there are {} shards", arguments.shard, arguments.shards));
  const std::vector<std::string>& makers = maker_names();
  for (const std::string& cause : arguments.causes)
    if (std::ranges::find(makers, cause) == makers.end())
      throw InputError(fmt::format("--cause {}: expected some of {}", cause, fmt::join(makers, ", ")));
  std::vector<Task> tasks;
  Index count = 0;
  for (Index number = 0; number < arguments.sets; ++number)
    for (const std::string& maker : arguments.causes.empty() ? makers : arguments.causes)
      if (count++ % arguments.shards == arguments.shard - 1) tasks.push_back({maker, number});
  return tasks;
}

std::vector<Remedy> remedies_of(const std::vector<std::string>& names) {
  std::vector<Remedy> remedies;
  for (const std::string& name : names) {
    const std::optional<Remedy> remedy = remedy_named(name);
    if (!remedy || *remedy == Remedy::placebo) throw InputError(fmt::format("--only {}: no such remedy", name));
    remedies.push_back(*remedy);
  }
  return remedies;
}

// Throws InputError where a line of the file is of another kind of work: its rates would be mixed up.
void expects_alike(const ResultFile& file, const Arguments& arguments, const std::string& checksum) {
  for (const Json& line : file.lines()) {
    const bool alike = line.value("checksum", "") == checksum && line.value("depth", "") == arguments.depth &&
                       (line.contains("refused") || line.value("only", Json()) == Json(arguments.only));
    if (!alike)
      throw InputError(fmt::format("{}: {} is of another part, depth or choice of remedies", arguments.out,
                                   line.value("id", "a line")));
  }
}

int run(const Arguments& arguments) {
  const std::vector<Task> tasks = tasks_of(arguments);
  const std::vector<Remedy> only = remedies_of(arguments.only);
  const Part part = arguments.part == "tuning" ? Part::tuning : Part::frozen;
  const Depth depth = arguments.depth == "quick"      ? Depth::quick
                      : arguments.depth == "standard" ? Depth::standard
                                                      : Depth::thorough;
  const std::uint32_t part_checksum = checksum(part);
  ResultFile file(arguments.out);
  expects_alike(file, arguments, fmt::format("{:08x}", part_checksum));
  std::set<std::string> done;
  for (const Json& line : file.lines()) done.insert(line["id"].get<std::string>());

  const app::Device device = app::choose_device(arguments.common);
  std::size_t number = 0;
  for (const Task& task : tasks) {
    ++number;
    const Specification specification = specification_of(part, task.maker, task.number);
    if (done.contains(specification.id()) || specification.rounds) continue;
    if (device.trainer->stop_requested()) return app::kExitInterrupted;
    const Problem problem(specification);
    const std::optional<RemediesTrial> trial =
        try_remedies(problem, depth, only, !arguments.without_truths, *device.trainer);
    if (!trial) return app::kExitInterrupted;
    const Json line = remedies_line(problem, part_checksum, depth, *trial);
    file.add(line);
    fmt::print(stderr, "{} of {}: {}: {}\n", number, tasks.size(), specification.id(),
               trial->result ? trial->result->advice : "refused: " + trial->refusal);
  }
  Json rates{{"part", arguments.part}, {"depth", arguments.depth}, {"only", arguments.only}};
  rates.update(remedies_rates(file.lines()));
  fmt::print("{}\n", rates.dump(2));
  return 0;
}

}  // namespace
}  // namespace plateau::validation

int main(int argc, char** argv) {
  using namespace plateau;
  validation::Arguments arguments;
  CLI::App program("How often the remedy that is named first is the best one, and a placebo is called helpful",
                   "bench_remedies");
  program.add_option("--part", arguments.part, "of the problems: tuning or frozen")
      ->check(CLI::IsMember({"tuning", "frozen"}))
      ->capture_default_str();
  program.add_option("--cause", arguments.causes, "of the problems: some, as in capacity,overfit [all]")
      ->delimiter(',');
  program.add_option("--sets", arguments.sets, "of each cause")
      ->check(app::whole_number(1, 1'000'000))
      ->capture_default_str();
  program.add_option("--only", arguments.only, "remedies that are tried, as of plateau remedies [all]")->delimiter(',');
  program.add_option("--depth", arguments.depth, "of the studies: quick, standard or thorough")
      ->check(CLI::IsMember({"quick", "standard", "thorough"}))
      ->capture_default_str();
  program.add_option("--shard", arguments.shard, "of --shards: every such problem from this one on")
      ->check(app::whole_number(1, 1'000'000))
      ->capture_default_str();
  program.add_option("--shards", arguments.shards, "into which the problems are divided")
      ->check(app::whole_number(1, 1'000'000))
      ->capture_default_str();
  program
      .add_option("--out", arguments.out,
                  "file to which a line is added for every problem; what it has is not done again")
      ->required();
  program.add_flag("--without-truths", arguments.without_truths, "for the placebo alone: remedies are then not judged");
  program.add_option("--threads", arguments.common.workers, "of the CPU [as many as there are cores]")
      ->check(app::whole_number(1, 1024));
  app::add_device_options(program, arguments.common);
  return app::run_program(program, argc, argv, [&] { return validation::run(arguments); });
}
