// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How often a study of remedies would call its placebo helpful: the training of a problem against itself with other
// seeds, by the rule that a remedy has to pass when it is tried alone. docs/remedies.md has the rates.
//
//   stdout      one JSON object: the counts, and the share with Wilson's interval
//   exit code   0; 130 after Ctrl-C; 2 where it was asked for something it cannot do; 1 where it failed
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/validation/makers.hpp"
#include "host/app/command_line.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/study/remedies.hpp"

namespace plateau::validation {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string part = "frozen", depth = "quick";
  Index sets = 30;
  app::CommonOptions common;
};

struct Counts {
  Index sets = 0, refused = 0, helpful = 0, above = 0, below = 0;  // above, below: the interval leaves 0 out
};

Json json_share(Index hits, Index sets) {
  Json json{{"sets", hits}};
  if (sets == 0) return json;
  const double share = static_cast<double>(hits) / static_cast<double>(sets);
  const Interval interval = wilson_interval(share, sets);
  json["share"] = share;
  json["interval_95"] = {interval.low, interval.high};
  return json;
}

int run(const Arguments& arguments) {
  const app::Device device = app::choose_device(arguments.common);
  const Part part = arguments.part == "tuning" ? Part::tuning : Part::frozen;
  const Depth depth = arguments.depth == "quick"      ? Depth::quick
                      : arguments.depth == "standard" ? Depth::standard
                                                      : Depth::thorough;
  Counts counts;
  for (Index number = 0; number < arguments.sets; ++number) {
    for (const std::string& maker : maker_names()) {
      const Problem problem(specification_of(part, maker, number));
      std::optional<RemediesResult> result;
      try {
        // The vote of the baseline's trainings takes none of its own.
        result = remedies(problem.split(),
                          {.run = problem.specification().run,
                           .depth = depth,
                           .seed = static_cast<std::uint64_t>(number),
                           .only = {Remedy::ensemble}},
                          *device.trainer);
      } catch (const InputError&) {
        ++counts.refused;
        continue;
      }
      if (!result) return app::kExitInterrupted;
      ++counts.sets;
      counts.helpful += placebo_helps(result->table);
      const auto placebo = std::ranges::find(result->table.rows, Remedy::placebo, &RemedyRow::remedy);
      counts.above += placebo->gain().interval.low > 0;
      counts.below += placebo->gain().interval.high < 0;
    }
    fmt::print(stderr, "{} of {}: {} of {} placebos helpful\n", number + 1, arguments.sets, counts.helpful,
               counts.sets);
  }
  const Json json{{"part", arguments.part},
                  {"checksum", fmt::format("{:08x}", checksum(part))},
                  {"depth", arguments.depth},
                  {"problems_of_each_maker", arguments.sets},
                  {"sets", counts.sets},
                  {"refused", counts.refused},
                  {"helpful", json_share(counts.helpful, counts.sets)},
                  {"interval_above_0", json_share(counts.above, counts.sets)},
                  {"interval_below_0", json_share(counts.below, counts.sets)},
                  {"commit", device.environment.build.commit},
                  {"dirty", device.environment.build.dirty},
                  {"device", device.environment.device_name}};
  fmt::print("{}\n", json.dump(2));
  return 0;
}

}  // namespace
}  // namespace plateau::validation

int main(int argc, char** argv) {
  using namespace plateau;
  validation::Arguments arguments;
  CLI::App program("How often trainings of problems differ from themselves as a remedy must to be called helpful",
                   "bench_placebo");
  program.add_option("--part", arguments.part, "of the problems: tuning or frozen")
      ->check(CLI::IsMember({"tuning", "frozen"}))
      ->capture_default_str();
  program.add_option("--sets", arguments.sets, "of each cause")
      ->check(app::whole_number(1, 1'000'000))
      ->capture_default_str();
  program.add_option("--depth", arguments.depth, "of the studies: quick, standard or thorough")
      ->check(CLI::IsMember({"quick", "standard", "thorough"}))
      ->capture_default_str();
  program.add_option("--threads", arguments.common.workers, "of the CPU [as many as there are cores]")
      ->check(app::whole_number(1, 1024));
  app::add_device_options(program, arguments.common);
  return app::run_program(program, argc, argv, [&] { return validation::run(arguments); });
}
