// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The benchmark programs, run as a user runs them, and one with planted failures.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/files.hpp"
#include "plateau/report/build.hpp"
#include "support/program.hpp"

namespace plateau::test {
namespace {

using Json = nlohmann::json;

class Programs : public testing::Test {
 protected:
  ProgramResult run(const std::string& program, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), program);
    return run_program(arguments, testing_files::test_folder());
  }
  ProgramResult planted(const std::string& device, const std::string& cases) const {
    return run(PLATEAU_PLANTED, {"--device", device, "--smoke", "--benchmark_filter=^" + cases + "/"});
  }
  // Of a smoke run, in order.
  std::vector<std::string> cases_of(const std::string& program, const std::string& device) const {
    const ProgramResult result = run(program, {"--device", device, "--smoke", "--benchmark_list_tests"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    std::vector<std::string> cases;
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) cases.push_back(line.substr(0, line.find("/iterations:")));
    return cases;
  }
  // Exit code 2, nothing on stdout, and one sentence on stderr that names the culprit.
  void expect_refused(const std::string& program, const std::vector<std::string>& arguments,
                      const std::string& culprit) const {
    const ProgramResult result = run(program, arguments);
    EXPECT_EQ(result.exit_code, 2) << culprit << "\n" << result.err;
    EXPECT_EQ(result.out, "") << culprit;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_NE(result.err.find(culprit), std::string::npos) << result.err;
  }
};

TEST_F(Programs, fail_where_an_output_is_not_finite) {
  for (const char* device : {"cpu", "cuda"}) {
    SCOPED_TRACE(device);
    EXPECT_EQ(planted(device, "sound").exit_code, 0);
    for (const char* name : {"nan", "nan_later", "infinity", "nan_figure"}) {
      const ProgramResult result = planted(device, name);
      EXPECT_EQ(result.exit_code, 1) << name;
      EXPECT_NE(result.err.find("planted: " + std::string(name) + ": an output is not finite\n"), std::string::npos)
          << result.err;
    }
  }
}

TEST_F(Programs, fail_where_a_case_throws_or_gives_no_time) {
  for (const auto& [name, words] : {std::pair{"throws", "planted: throws: on purpose\n"},
                                    {"no_time", "planted: no_time: the clock gave no time\n"}}) {
    const ProgramResult result = planted("cpu", name);
    EXPECT_EQ(result.exit_code, 1) << name;
    EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
  }
}

TEST_F(Programs, fail_where_a_training_diverges_or_its_figures_are_not_finite) {
  for (const std::string trained : {"tiny_mlp/100/", "wide_mlp/4/", "fleet/2x128/"})
    for (const auto& [name, words] :
         {std::pair{"nan", "a loss is not finite\n"}, {"diverged", "the training did not finish\n"}}) {
      const ProgramResult result = planted("cpu", trained + name);
      EXPECT_EQ(result.exit_code, 1) << trained << name;
      EXPECT_NE(result.err.find("planted: " + trained + name + ": " + words), std::string::npos) << result.err;
    }
}

TEST_F(Programs, report_what_a_training_took_with_its_launches_and_its_products) {
  const ProgramResult result =
      run(PLATEAU_PLANTED, {"--device=cpu", "--smoke", "--benchmark_filter=_mlp/.*/sound/", "--benchmark_format=json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json cases = Json::parse(result.out)["benchmarks"];
  ASSERT_EQ(cases.size(), 2u);
  for (const Json& measured : cases) EXPECT_EQ(measured["launches_per_epoch"], 123);
  const Json& tiny = cases[0];
  const Json& wide = cases[1];
  EXPECT_GE(tiny["real_time"].get<double>(), 1000);  // an epoch sleeps for so many microseconds
  EXPECT_TRUE(tiny.contains("us_per_later_epoch"));
  EXPECT_EQ(wide["gemm_only_us"], 500);
  EXPECT_NEAR(wide["percent_of_gemm_only"].get<double>() * wide["real_time"].get<double>(), 100 * 500, 1e-3);
}

// Machines that are lent go away: what a target is set for comes first, and what takes longest last.
TEST_F(Programs, measure_the_trainings_that_matter_most_first) {
  EXPECT_EQ(cases_of(PLATEAU_BENCH_TRAINING_EMULATED, "cuda"),
            (std::vector<std::string>{
                "wide_mlp/4/graph/tf32", "wide_mlp/4/graph/tf32/epilogues", "wide_mlp/4/graph/tf32/autotuned",
                "tiny_mlp/100/graph/fp32", "tiny_mlp/100/stream/fp32", "tiny_mlp/100/fused/fp32",
                "startup/1000/graph/fp32", "wide_mlp/4/graph/fp32", "wide_mlp/4/stream/fp32",
                "wide_mlp/4/graph/fp32/epilogues", "fleet/2x128/graph/fp32", "fleet/2x128/fused/fp32"}));
}

// By its own name, as the beginning of its launchers' names, or by a launcher that is called otherwise.
TEST_F(Programs, measure_every_operation) {
  const std::pair<std::string, std::string> other_launchers[] = {{"dense_epilogue", "dense_forward_relu"},
                                                                 {"early_stopping", "judge_epoch"},
                                                                 {"training_state", "advance_step"},
                                                                 {"weighted_xent", "weighted_softmax_xent"}};
  const std::vector<std::string> cases = cases_of(PLATEAU_BENCH_KERNELS, "cpu");
  const auto is_measured = [&](const std::string& name) {
    return std::any_of(cases.begin(), cases.end(),
                       [&](const std::string& measured) { return measured.rfind(name, 0) == 0; });
  };
  std::istringstream operations(PLATEAU_OPERATIONS);
  int count = 0;
  for (std::string operation; std::getline(operations, operation, ','); ++count) {
    std::string name = operation;
    for (const auto& [other, launcher] : other_launchers)
      if (operation == other) name = launcher;
    EXPECT_TRUE(is_measured(name)) << operation << " has no case";
  }
  EXPECT_GE(count, 16);
}

TEST_F(Programs, skip_what_a_device_does_not_offer) {
  const ProgramResult result =
      run(PLATEAU_PLANTED, {"--device=cpu", "--smoke", "--benchmark_filter=^refused/", "--benchmark_format=json"});

  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json json = Json::parse(result.out);
  ASSERT_EQ(json["benchmarks"].size(), 1u);
  const std::string said = json["benchmarks"][0]["error_message"];
  EXPECT_EQ(said.find("not offered: "), 0u) << said;
  EXPECT_NE(said.find("no such product"), std::string::npos) << said;
}

TEST_F(Programs, give_a_failed_case_no_time_and_the_others_theirs) {
  const ProgramResult result = run(PLATEAU_PLANTED, {"--device=cpu", "--smoke", "--benchmark_format=json"});

  EXPECT_EQ(result.exit_code, 1);
  int sound = 0;
  const Json json = Json::parse(result.out);
  for (const Json& benchmark : json["benchmarks"]) {
    const bool failed = benchmark.value("error_occurred", false);
    EXPECT_EQ(failed, benchmark["name"].get<std::string>().find("sound/") == std::string::npos) << benchmark;
    sound += !failed;
  }
  EXPECT_EQ(sound, 1 + 3);  // an operation and trainings
}

TEST_F(Programs, write_every_repetition_with_its_counters_and_what_the_machine_is) {
  const ProgramResult result = run(PLATEAU_PLANTED, {"--device", "cuda", "--smoke", "--benchmark_repetitions=3",
                                                     "--benchmark_filter=^sound/", "--benchmark_format=json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json json = Json::parse(result.out);

  int repetitions = 0;
  for (const Json& benchmark : json["benchmarks"]) {
    if (benchmark["run_type"] != "iteration") continue;
    EXPECT_EQ(benchmark["repetition_index"], repetitions++);
    EXPECT_EQ(benchmark["iterations"], 1);
    EXPECT_EQ(benchmark["label"], "cold");
    EXPECT_EQ(benchmark["bytes"], 4000);
    EXPECT_EQ(benchmark["flops"], 1000);
    const double us = benchmark["real_time"];
    EXPECT_EQ(benchmark["time_unit"], "us");
    EXPECT_GT(us, 0);
    EXPECT_NEAR(benchmark["gb_per_s"].get<double>() * us, 4, 1e-6);  // 4000 bytes: 4 GB/s if it took a microsecond
    EXPECT_NEAR(benchmark["tflop_per_s"].get<double>() * us, 1e-3, 1e-9);
    EXPECT_GT(benchmark["percent_of_copy"].get<double>(), 0);
  }
  EXPECT_EQ(repetitions, 3);

  const Json& context = json["context"];
  EXPECT_EQ(context["device"], "emulated");
  EXPECT_EQ(context["smoke"], "true");
  EXPECT_EQ(context["compute_capability"], "9.0");
  EXPECT_EQ(context["multiprocessors"], "4");
  for (const char* key : {"device_name", "toolkit", "driver", "matrix_library", "plateau_version", "compiler"})
    EXPECT_NE(context[key].get<std::string>(), "") << key;
  EXPECT_EQ(context["build_commit"], this_build().commit);
  EXPECT_EQ(context["build_dirty"], this_build().dirty ? "true" : "false");
}

// As the other programs do, the contender of the comparison says which sources it was built from.
TEST_F(Programs, of_a_comparison_name_their_commit) {
  const ProgramResult result = run(PLATEAU_PEER_WORKER, {"--device", "cpu"});
  const Json environment = Json::parse(result.out)["environment"];
  EXPECT_EQ(environment["build_commit"], this_build().commit);
  EXPECT_EQ(environment["build_dirty"], this_build().dirty ? "true" : "false");
}

TEST_F(Programs, refuse_to_measure_on_an_emulated_gpu) {
  for (const char* program : {PLATEAU_BENCH_KERNELS_EMULATED, PLATEAU_BENCH_TRAINING_EMULATED, PLATEAU_PLANTED}) {
    const std::string no_case = "--benchmark_filter=^nothing$";  // should it not refuse, it has nothing to measure
    expect_refused(program, {no_case}, "this program's GPU is emulated");
    expect_refused(program, {no_case, "--device=cuda", "--benchmark_repetitions=1"}, "this program's GPU is emulated");
  }
}

TEST_F(Programs, refuse_what_they_do_not_know) {
  expect_refused(PLATEAU_BENCH_KERNELS, {"--device", "gpu"}, "--device gpu: one of auto, cuda, cpu is expected");
  expect_refused(PLATEAU_BENCH_KERNELS, {"--device"}, "--device: one of auto, cuda, cpu is missing");
  expect_refused(PLATEAU_BENCH_KERNELS, {"--device=cpu", "--fast"}, "--fast: this option is not known");
}

TEST_F(Programs, say_that_no_case_has_the_name_asked_for) {
  const ProgramResult result = run(PLATEAU_BENCH_KERNELS, {"--device=cpu", "--benchmark_filter=^nothing$"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--benchmark_filter: no case has such a name"), std::string::npos) << result.err;
}

TEST_F(Programs, explain_themselves) {
  const ProgramResult result = run(PLATEAU_BENCH_KERNELS, {"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.out.find("--smoke"), std::string::npos);
  EXPECT_NE(result.out.find("--benchmark_filter"), std::string::npos);
}

}  // namespace
}  // namespace plateau::test
