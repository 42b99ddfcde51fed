// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// `plateau diagnose`, run as a user runs it.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <regex>

#include "data/files.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/output_file.hpp"
#include "support/cases.hpp"
#include "support/program.hpp"

namespace plateau::test {
namespace {

using Json = nlohmann::json;
using Arguments = std::vector<std::string>;

class Diagnose : public testing::Test {
 protected:
  const std::filesystem::path folder = testing_files::test_folder();

  std::string place(const std::string& name) const { return (folder / name).string(); }
  std::string file(const std::string& name, const std::string& text) const {
    write_file(folder / name, text);
    return place(name);
  }
  ProgramResult run(Arguments arguments, const std::function<void()>& interrupt_after = {}) const {
    arguments.insert(arguments.begin(), {std::string(PLATEAU_PROGRAMS) + "/plateau", "diagnose"});
    arguments.insert(arguments.end(), {"--device", "cpu", "--quick"});
    return run_program(arguments, folder, interrupt_after, SIGINT);
  }
  // Exit code 2, nothing on stdout, and one sentence on stderr that names the culprit.
  void expect_refused(const Arguments& arguments, const std::string& culprit) const {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, 2) << culprit << "\n" << result.err;
    EXPECT_EQ(result.out, "") << culprit;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_NE(result.err.find(culprit), std::string::npos) << culprit << "\n" << result.err;
  }
  // The verdict's code and grade, with what the program exits with.
  std::string verdict(Arguments arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.err, "");
    if (result.out.empty()) return "none";
    const Json verdict = Json::parse(result.out)["verdict"];
    return verdict["code"].get<std::string>() + " " + verdict["grade"].get<std::string>() + " " +
           std::to_string(result.exit_code);
  }

  // Two features in [0, 1) and the class of their sum, a line per row; `line` makes it of them.
  template <class Line>
  static std::string rows(Index count, std::uint64_t seed, Line line) {
    const std::vector<double> x = random_values(2 * count, 0, 1, seed);
    std::string text = "a,b,kind\n";
    for (std::size_t row = 0; row < at(count); ++row)
      text += line(row, x[2 * row], x[2 * row + 1], x[2 * row] + x[2 * row + 1] > 1 ? "p" : "q") + "\n";
    return text;
  }
  static std::string plain(std::size_t, double a, double b, const std::string& kind) {
    return std::to_string(a) + "," + std::to_string(b) + "," + kind;
  }
  const Arguments drawn{"--test-fraction", "0.4", "--target", "kind"};
  Arguments with(Arguments first, const Arguments& second) const {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
};

TEST_F(Diagnose, explains_itself_with_an_example_that_finds_its_fault) {
  std::filesystem::create_directories(folder / "tests");
  std::filesystem::create_directory_symlink(PLATEAU_TEST_DATA, folder / "tests" / "data");
  const ProgramResult help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  std::smatch example;
  ASSERT_TRUE(std::regex_search(help.out, example, std::regex("Example: (plateau [^\n]*)\n"))) << help.out;
  const ProgramResult shown = run_program(
      {"/bin/sh", "-c", "cd \"$0\" && PATH=\"$1\" && " + example[1].str(), folder.string(), PLATEAU_PROGRAMS}, folder);
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("Verdict      optimisation (proved). "), std::string::npos) << shown.out;
}

// Of a column that is there twice, and of classes with names that no terminal should be handed.
TEST_F(Diagnose, prints_and_leaves_the_same_json_for_the_same_seed) {
  const auto hostile = [](std::size_t row, double a, double, const std::string&) {
    const bool first = (a > 0.5) != (row % 20 == 0);  // some are wrong
    return plain(row, a, a, first ? "\"\x1b[31m\"\"=cmd,\"" : "=HYPERLINK()");
  };
  const std::string data = file("rows.csv", rows(100, 1, hostile));
  const Arguments command = with({"--data", data, "--hidden", "4", "--lr", "0.03"}, drawn);
  const ProgramResult printed = run(with(command, {"--format", "json"}));
  const ProgramResult left = run(with(command, {"--out", place("out"), "--quiet"}));
  EXPECT_EQ(printed.err, "");
  EXPECT_EQ(left.err, "");
  EXPECT_EQ(left.exit_code, printed.exit_code);
  Json first = Json::parse(printed.out), second = Json::parse(file_content(place("out") + "/diagnosis.json"));
  first.erase("measured");
  second.erase("measured");
  EXPECT_EQ(first, second);
  EXPECT_EQ(first["configuration"]["data"], data);
  EXPECT_EQ(first["configuration"]["architecture"], (std::vector<int>{2, 4, 2}));
  EXPECT_EQ(first["evidence"]["train_rows"], 60);
  EXPECT_EQ(first["evidence"]["class_names"].size(), 2u);
  for (const std::string& part : {"\nVerdict      " + first["verdict"]["code"].get<std::string>(),
                                  std::string("1 feature repeats another in every training row")})
    EXPECT_NE(left.out.find(part), std::string::npos) << part << "\n" << left.out;
  EXPECT_EQ(left.out.find('\x1b'), std::string::npos);
  const std::string suspects = file_content(place("out") + "/suspects.csv");
  EXPECT_EQ(suspects.substr(0, suspects.find('\n')), "row,label,given,probability,label_probability");
  EXPECT_NE(suspects.find(",\"\x1b[31m\"\"=cmd,\","), std::string::npos) << suspects;
  expect_refused(with(command, {"--out", place("out")}), "already holds a diagnosis");
}

// An accuracy that says nothing, where counting shows it; and rows that are too few to say anything.
TEST_F(Diagnose, exit_codes_tell_faults_and_open_ends_from_answers) {
  const auto of_one_kind = [](std::size_t row, double a, double b, const std::string&) {
    return plain(row, a, b, "p");
  };
  EXPECT_EQ(verdict(with({"--data", file("one.csv", rows(40, 1, of_one_kind))}, drawn)), "single-class proved 4");
  const std::string data = file("rows.csv", rows(60, 1, plain));
  EXPECT_EQ(verdict({"--data", data, "--test", data, "--target", "kind", "--hidden", "2"}), "leak proved 4");
  const auto constant = [](std::size_t, double, double, const std::string& kind) { return "3,4," + kind; };
  EXPECT_EQ(verdict(with({"--data", file("still.csv", rows(40, 1, constant))}, drawn)), "no-signal proved 0");
  const auto coin = [](std::size_t row, double a, double b, const std::string&) {
    return plain(row, a, b, random_labels(30, 2, 9)[row] == 0 ? "p" : "q");
  };
  EXPECT_EQ(verdict(with({"--data", file("coins.csv", rows(30, 1, coin)), "--hidden", "2", "--epochs", "5"}, drawn)),
            "inconclusive unresolved 3");
}

// The features of --data say little; the other file's are the sum itself.
TEST_F(Diagnose, looks_at_other_features_of_the_same_rows) {
  std::vector<float> sums;
  const auto blurred = [&](std::size_t row, double a, double b, const std::string& kind) {
    sums.push_back(static_cast<float>(a + b));
    const std::vector<double> blur = random_values(2, -2, 2, 900 + row);
    return plain(row, a + blur[0], b + blur[1], kind);
  };
  const std::string data = file("rows.csv", rows(400, 1, blurred));
  const Index count = static_cast<Index>(sums.size());
  write_npy_features(folder / "sums.npy", as_matrix(HostSpan<const float>{sums.data(), count}, count, 1));
  write_npy_features(folder / "fewer.npy", as_matrix(HostSpan<const float>{sums.data(), count - 1}, count - 1, 1));
  const Arguments command = with({"--data", data, "--hidden", "4", "--lr", "0.01"}, drawn);
  EXPECT_EQ(verdict(with(command, {"--second-data", place("sums.npy")})), "embedding-limited proved 0");

  expect_refused(with(command, {"--second-data", place("fewer.npy")}), "has 399 rows and");
  expect_refused(with(command, {"--second-data", place("missing.npy")}), "missing.npy");
  expect_refused(with(command, {"--second-data", file("labelled.csv", "kind,a\n1,2\n")}),
                 "column 'kind' is no feature");
  expect_refused(with(command, {"--second-test", place("sums.npy")}), "--second-test: without --second-data");
  expect_refused(with(command, {"--second-data", place("sums.npy"), "--second-test", place("sums.npy")}),
                 "--second-test: the test rows are drawn");
  expect_refused({"--data", data, "--test", data, "--second-data", place("sums.npy")}, "--second-test is missing");
}

TEST_F(Diagnose, refuses_what_cannot_be_read_or_trained_in_one_sentence) {
  const std::string data = file("rows.csv", rows(40, 1, plain)), test = file("test.csv", rows(40, 2, plain));
  const Arguments both{"--data", data, "--test", test};
  for (const auto& [more, culprit] : std::vector<std::pair<Arguments, std::string>>{
           {{"--delta", "0"}, "--delta 0"},
           {{"--delta", "nan"}, "--delta nan"},
           {{"--delta", "100"}, "--delta 100"},
           {{"--thorough"}, "--quick and --thorough"},
           {{"--validation", "0.3"}, "--validation: only --early-stopping"},
           {{"--validation", "1", "--early-stopping", "3"}, "--validation 1"},
           {{"--validation", "0.001", "--early-stopping", "3"}, "0.001"},
           {{"--test-fraction", "0.2"}, "--test and --test-fraction"},
           {{"--hidden", "8,x"}, "--hidden 8,x"},
           {{"--init", "nothing.safetensors"}, "nothing.safetensors"},
           {{"--scale", "odd"}, "--scale"},
           {{"--surprise"}, "--surprise"},
           {{"--out", data}, "--out"}})
    expect_refused(with(both, more), culprit);
  expect_refused({"--data", data}, "--test is missing");
  expect_refused({"--test", test}, "--data is required");

  const auto one = [&](const std::string& name, const std::string& text) { return file(name, "a,b,kind\n" + text); };
  expect_refused({"--data", one("one.csv", "1,2,p\n"), "--test-fraction", "0.5"}, "leaves no test row");
  expect_refused({"--data", data, "--test", one("row.csv", "0.1,0.2,p\n")}, "row.csv: 1 row is too few");
  expect_refused({"--data", data, "--test", one("other.csv", "0.1,0.2,zebra\n")}, "row 0 holds class 'zebra'");
  expect_refused({"--data", one("nan.csv", "1,nan,p\n2,3,q\n"), "--test", test}, "line 2: column 'b' holds 'nan'");
  const auto numbered = [](std::size_t row, double a, double b, const std::string&) {
    return plain(row, a, b, std::to_string(row));
  };
  expect_refused(with({"--data", file("each.csv", rows(30, 1, numbered))}, drawn), "every class keeps a training row");
  std::vector<std::int32_t> ids(30, 1);
  ids[7] = 100'000;
  const std::vector<float> x(60, 0.5f);
  write_npy_features(folder / "x.npy", as_matrix(HostSpan<const float>{x.data(), 60}, 30, 2));
  write_npy_labels(folder / "y.npy", {ids.data(), 30});
  const std::string large = place("x.npy") + ":" + place("y.npy");
  expect_refused({"--data", large, "--test", large}, "row 7 holds label 100000");
  const auto grouped = [](std::size_t row, double a, double, const std::string& kind) {
    return plain(row, a, 5, kind);
  };
  const std::string group = file("group.csv", rows(30, 1, grouped));
  expect_refused({"--data", group, "--test", group, "--target", "kind", "--group", "b"}, "all of one group");
}

// What it promises of 2,000 rows of 20 features, with room for a machine that is busy.
TEST_F(Diagnose, a_quick_one_of_2000_rows_ends_within_two_minutes_and_4_gb) {
  const Index features = 20, count = 2000;
  const std::vector<double> x = random_values(count * features, 0, 1, 3);
  std::string text;
  for (Index j = 0; j < features; ++j) text += "x" + std::to_string(j) + ",";
  text += "kind\n";
  for (std::size_t row = 0; row < at(count); ++row) {
    const double* const of_row = x.data() + row * at(features);
    for (Index j = 0; j < features; ++j) text += std::to_string(of_row[j]) + ",";
    text += of_row[0] + of_row[1] * of_row[2] > 0.75 ? "yes\n" : "no\n";
  }
  const auto begun = std::chrono::steady_clock::now();
  const ProgramResult result = run({"--data", file("rows.csv", text), "--target", "kind", "--test-fraction", "0.3"});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << result.err;
  EXPECT_LE(seconds, 120);
  rusage used{};
  ASSERT_EQ(getrusage(RUSAGE_CHILDREN, &used), 0);
  EXPECT_LE(used.ru_maxrss, 4'000'000);  // kB, of the largest of this test's programs
}

TEST_F(Diagnose, an_interrupted_diagnosis_exits_with_130_and_leaves_word_of_what_it_was) {
  const std::string data = file("rows.csv", rows(300, 1, plain));
  // The file is there once all is read, just before the first training.
  const auto begun = [&] {
    for (int i = 0; i < 3000 && !std::filesystem::exists(place("out/begun.json")); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  };
  const std::vector<std::string> options =
      with({"--data", data, "--epochs", "100000", "--out", place("out"), "--report"}, drawn);
  const ProgramResult result = run(options, begun);
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "plateau: interrupted; no result is written\n");
  EXPECT_FALSE(std::filesystem::exists(place("out/diagnosis.json")));
  std::ifstream page(place("out/report.md"));
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  EXPECT_NE(text.find("This run was not finished"), std::string::npos) << text;
  EXPECT_NE(text.find("--epochs 100000"), std::string::npos) << text;
  // The folder can be used again, and a result takes the place of that word.
  const ProgramResult again =
      run(with({"--data", data, "--epochs", "2", "--quick", "--out", place("out"), "--report"}, drawn));
  EXPECT_TRUE(again.exit_code == 0 || again.exit_code == 3) << again.err;
  EXPECT_FALSE(std::filesystem::exists(place("out/begun.json")));
  EXPECT_TRUE(std::filesystem::exists(place("out/diagnosis.json")));
}

}  // namespace
}  // namespace plateau::test
