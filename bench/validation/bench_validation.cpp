// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Has problems diagnosed whose cause is known, and adds a line for each to a file, from which report.py makes rates.
//
//   exit code   0; 130 after Ctrl-C, and the next call goes on where this one ended; 2 where it was asked for something
//               it cannot do, or the file holds something else; 1 where it failed
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/validation/lines.hpp"
#include "bench/validation/makers.hpp"
#include "bench/validation/real.hpp"
#include "bench/validation/result_file.hpp"
#include "host/app/command_line.hpp"
#include "plateau/core/error.hpp"

namespace plateau::validation {
namespace {

using Json = nlohmann::ordered_json;

constexpr Index kAuditSeeds = 3;

struct Arguments {
  std::string part = "frozen", cause = "all", shard = "1/1", out, depth = "quick", data = PLATEAU_VALIDATION_DATA;
  Index sets = 0;                     // 0: as many as are reported
  Index truths_every = kTruthsEvery;  // 0: of none
  bool audit = false, list = false, checksums = false;
  app::CommonOptions common;
};

struct Shard {
  std::uint64_t number = 1, shards = 1;  // number in [1, shards]
};
Shard parse_shard(const std::string& text) {
  Shard shard;
  int end = 0;
  if (std::sscanf(text.c_str(), "%lu/%lu%n", &shard.number, &shard.shards, &end) != 2 ||
      static_cast<std::size_t>(end) != text.size() || shard.number < 1 || shard.number > shard.shards ||
      text.find_first_not_of("0123456789/") != std::string::npos)
    throw InputError(fmt::format("--shard {}: expected I/K with 1 <= I <= K, as 1/2", text));
  return shard;
}

Depth depth_of(const std::string& name) {
  return name == "quick" ? Depth::quick : name == "standard" ? Depth::standard : Depth::thorough;
}

Part part_of(const std::string& name) {
  return name == "tuning" ? Part::tuning : name == "real" ? Part::real : Part::frozen;
}

const std::vector<std::string>& makers_of(Part part) { return part == Part::real ? real_maker_names() : maker_names(); }

Index sets_asked(const Arguments& arguments, const std::string& maker) {
  if (arguments.sets > 0) return arguments.sets;
  return arguments.part == "real" ? 1 : sets_of(maker);
}

struct Task {
  Part part;
  std::string maker;
  Index number;
};

// The tasks of this shard, one set of every cause after another, so that an end at any time leaves some of each.
std::vector<Task> tasks_of(const Arguments& arguments) {
  const Part part = part_of(arguments.part);
  const std::vector<std::string>& makers = makers_of(part);
  if (arguments.cause != "all" && std::ranges::count(makers, arguments.cause) == 0)
    throw InputError(fmt::format("--cause {}: expected all, or one of {}", arguments.cause, fmt::join(makers, ", ")));
  const Shard shard = parse_shard(arguments.shard);
  std::vector<Task> tasks;
  std::uint64_t count = 0;
  Index most = 0;
  for (const std::string& maker : makers) most = std::max(most, sets_asked(arguments, maker));
  for (Index number = 0; number < most; ++number)
    for (const std::string& maker : makers) {
      if (number >= sets_asked(arguments, maker) || (arguments.cause != "all" && arguments.cause != maker)) continue;
      if (count++ % shard.shards == shard.number - 1) tasks.push_back({part, maker, number});
    }
  return tasks;
}

// What the file has of these tasks already. Throws InputError where a line is of another kind of work: its rates would
// be mixed up.
std::set<std::string> finished(const ResultFile& file, const Arguments& arguments, const std::string& checksum,
                               const std::string& path) {
  std::set<std::string> ids;
  std::size_t number = 0;
  for (const Json& line : file.lines()) {
    ++number;
    const auto text = [&](const char* key) {
      const auto found = line.find(key);
      return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto differs = [&](const std::string& what, const std::string& has, const std::string& asked) {
      throw InputError(fmt::format("{}: line {} has {} {}, and this would add {}", path, number, what,
                                   has.empty() ? "unknown" : has, asked));
    };
    if (text("checksum") != checksum) differs("a part with the checksum", text("checksum"), checksum);
    if (line.contains("audit") != arguments.audit)
      differs("the kind", line.contains("audit") ? "audit" : "diagnosis", arguments.audit ? "an audit" : "diagnoses");
    if (!arguments.audit && text("depth") != arguments.depth) differs("the depth", text("depth"), arguments.depth);
    ids.insert(text("id"));
  }
  return ids;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", &utc);
  return text;
}

std::string outcome_words(const Json& line) {
  if (line.contains("audit"))
    return fmt::format("user {:.3f}, best of the ladder {:.3f}", line["audit"]["user"].get<double>(),
                       line["audit"]["ladder"].get<double>());
  if (line.contains("refused")) return "refused: " + line["refused"].get<std::string>();
  const auto code = line["verdict"]["code"].get<std::string>();
  const bool right = std::ranges::count(line["expected"], Json(code)) > 0;
  return fmt::format("{}{}, {:.1f} s", code, right ? "" : " (not as expected)",
                     line["measured"]["seconds"].get<double>() + line["measured"]["truth_seconds"].get<double>());
}

// How many problems of what there would be, and of how many true values would be looked for.
int list(const Arguments& arguments) {
  const Part part = part_of(arguments.part);
  struct Counts {
    Index sets = 0, with_truths = 0;
  };
  std::map<std::string, Counts> by_kind;
  Counts all;
  fmt::print("maker                    kind          expected                       sets   with truths\n");
  for (const std::string& maker : makers_of(part)) {
    const Specification s =
        part == Part::real ? real_problem(arguments.data, maker, 0).specification() : specification_of(part, maker, 0);
    const std::string kind = s.kind == Kind::cause ? to_string(s.expected.front()) : to_string(s.kind);
    Counts counts{.sets = sets_asked(arguments, maker)};
    if (part != Part::real && !s.rounds && Problem(s).has_fresh_rows())
      for (Index number = 0; number < counts.sets; ++number)
        counts.with_truths += has_truths(maker, number, arguments.truths_every);
    std::vector<std::string> expected;
    for (const VerdictCode code : s.expected) expected.push_back(to_string(code));
    fmt::print("{:24} {:13} {:30} {:4} {:13}\n", maker, to_string(s.kind), fmt::format("{}", fmt::join(expected, ", ")),
               counts.sets, counts.with_truths);
    for (Counts* sum : {&by_kind[kind], &all}) {
      sum->sets += counts.sets;
      sum->with_truths += counts.with_truths;
    }
  }
  fmt::print("\n{:69} {:4} {:13}\n", "all", all.sets, all.with_truths);
  for (const auto& [kind, counts] : by_kind) fmt::print("{:69} {:4} {:13}\n", kind, counts.sets, counts.with_truths);
  return 0;
}

int print_checksums() {
  for (const Part part : {Part::tuning, Part::frozen}) fmt::print("{} {:08x}\n", to_string(part), checksum(part));
  return 0;
}

int run(const Arguments& arguments) {
  if (arguments.list) return list(arguments);
  if (arguments.checksums) return print_checksums();
  if (arguments.out.empty()) throw InputError("--out: expected a file, to which a line is added for every problem");
  const std::vector<Task> tasks = tasks_of(arguments);
  ResultFile file(arguments.out);
  const bool real = arguments.part == "real";
  const std::uint32_t part_checksum = real ? real_checksum(arguments.data) : checksum(part_of(arguments.part));
  const std::set<std::string> done = finished(file, arguments, fmt::format("{:08x}", part_checksum), arguments.out);
  const app::Device device = app::choose_device(arguments.common);
  Trainer& trainer = *device.trainer;
  const Depth depth = depth_of(arguments.depth);
  std::size_t number = 0;
  for (const Task& task : tasks) {
    ++number;
    if (done.contains(fmt::format("{}/{}/{}", arguments.part, task.maker, task.number))) continue;
    if (trainer.stop_requested()) return app::kExitInterrupted;
    const Problem problem = real ? real_problem(arguments.data, task.maker, task.number)
                                 : Problem(specification_of(task.part, task.maker, task.number));
    Json line;
    if (arguments.audit && problem.specification().rounds) continue;  // fresh rows have nothing to say of files
    if (arguments.audit) {
      const Audit found = audit(problem, trainer, kAuditSeeds);
      if (trainer.stop_requested()) return app::kExitInterrupted;
      line = audit_line(problem, part_checksum, found);
    } else if (problem.specification().rounds) {
      const auto trial = try_rounds(problem, trainer);
      if (!trial) return app::kExitInterrupted;
      line = rounds_line(problem, part_checksum, depth, *trial);
    } else {
      std::optional<TruthPlan> truths;
      if (!real && has_truths(task.maker, task.number, arguments.truths_every)) truths.emplace();
      const auto trial = try_problem(problem, depth, truths, trainer);
      if (!trial) return app::kExitInterrupted;
      line = trial_line(problem, part_checksum, depth, *trial);
    }
    line["device"] = device.environment.device;
    line["measured"]["processor"] = device.environment.device_name;
    line["measured"]["workers"] = device.environment.workers;
    line["measured"]["ended"] = utc_now();
    file.add(line);
    fmt::print(stderr, "{} of {}: {}: {}\n", number, tasks.size(), problem.specification().id(), outcome_words(line));
  }
  return 0;
}

}  // namespace
}  // namespace plateau::validation

int main(int argc, char** argv) {
  using namespace plateau;
  using namespace plateau::validation;
  Arguments arguments;
  CLI::App program("Has problems diagnosed whose cause is known; bench/validation/report.py tells how often rightly",
                   "bench_validation");
  program.add_option("--part", arguments.part, "tuning, frozen (of which rates are reported) or real")
      ->check(CLI::IsMember({"tuning", "frozen", "real"}))
      ->capture_default_str();
  program.add_option("--cause", arguments.cause, "of the problems; all, or one as --cause help lists them")
      ->capture_default_str();
  program.add_option("--sets", arguments.sets, "of each maker [as many as --list says]")
      ->check(app::whole_number(1, 1'000'000));
  program.add_option("--shard", arguments.shard, "I/K: every K-th problem from the I-th on")->capture_default_str();
  program.add_option("--out", arguments.out,
                     "file to which a line is added for every problem; what it has is not done "
                     "again");
  program.add_option("--depth", arguments.depth, "of the diagnoses: quick, standard or thorough")
      ->check(CLI::IsMember({"quick", "standard", "thorough"}))
      ->capture_default_str();
  program
      .add_option("--truths-every", arguments.truths_every,
                  "problem of a maker, its intervals are judged by true values, which take more trainings than the "
                  "diagnosis; 0: of none")
      ->check(app::whole_number(0, 1'000'000))
      ->capture_default_str();
  program.add_flag("--list", arguments.list, "print how many problems of what there are, and do nothing");
  program.add_flag("--checksums", arguments.checksums, "print those of both parts, as checksums.txt holds them");
  program.add_flag("--audit", arguments.audit,
                   "diagnose nothing: train and judge by fresh rows what each problem claims");
  program.add_option("--data", arguments.data, "folder of iris.csv and digits.csv.gz [tests/data of the sources]");
  program.add_option("--threads", arguments.common.workers, "of the CPU [as many as there are cores]")
      ->check(app::whole_number(1, 1024));
  app::add_device_options(program, arguments.common);
  return app::run_program(program, argc, argv, [&] { return run(arguments); });
}
