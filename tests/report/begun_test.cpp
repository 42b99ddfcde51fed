// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/begun.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_page.hpp"

namespace plateau::begun_test {
namespace {

namespace fs = std::filesystem;
using testing_files::refusal;
using testing_files::test_folder;
using Json = nlohmann::ordered_json;

Begun diagnosis() {
  return {.command = "plateau diagnose",
          .options = {"--data", "a b.csv", "--hidden", ""},
          .train_rows = 105,
          .test_rows = 45,
          .epochs = 100};
}

Json read(const fs::path& folder) {
  std::ifstream in(folder / kBegunFile);
  return Json::parse(in);
}

TEST(Begun, says_what_was_begun_by_what_and_when) {
  const fs::path folder = test_folder();
  const BegunFile begun(folder, diagnosis(), cpu_environment(3));
  const Json json = read(folder);
  EXPECT_EQ(json.at("schema"), "plateau-begun");
  EXPECT_EQ(json.at("schema_version"), kBegunJsonVersion);
  EXPECT_EQ(json.at("command"), "plateau diagnose");
  EXPECT_EQ(json.at("options"), (std::vector<std::string>{"--data", "a b.csv", "--hidden", ""}));
  EXPECT_EQ(json.at("data").at("train_rows"), 105);
  EXPECT_EQ(json.at("data").at("test_rows"), 45);
  EXPECT_EQ(json.at("epochs"), 100);
  EXPECT_EQ(json.at("plan").at("device"), "cpu");
  EXPECT_EQ(json.at("measured").at("threads"), 3);
  EXPECT_EQ(json.at("measured").at("begun_at").get<std::string>().size(), std::string("2026-11-29T13:23:43Z").size());
  EXPECT_TRUE(json.at("measured").at("reached").is_null());
  EXPECT_EQ(json.at("measured").at("trainings"), 0);
}

TEST(Begun, what_is_not_known_is_null) {
  const fs::path folder = test_folder();
  const BegunFile begun(folder, {.command = "plateau scenario"}, cpu_environment(1));
  const Json json = read(folder);
  EXPECT_TRUE(json.at("data").at("train_rows").is_null());
  EXPECT_TRUE(json.at("data").at("test_rows").is_null());
  EXPECT_TRUE(json.at("epochs").is_null());
}

TEST(Begun, keeps_up_with_what_goes_on_and_not_with_every_training) {
  const fs::path folder = test_folder();
  BegunFile begun(folder, diagnosis(), cpu_environment(1));
  begun.reached("user's training", 3);
  EXPECT_EQ(read(folder).at("measured").at("reached"), "user's training");
  EXPECT_EQ(read(folder).at("measured").at("trainings"), 3);
  begun.reached("user's training", 4);  // too soon after
  EXPECT_EQ(read(folder).at("measured").at("trainings"), 3);
  begun.reached("capacity ladder", 9);
  EXPECT_EQ(read(folder).at("measured").at("reached"), "capacity ladder");
  EXPECT_EQ(read(folder).at("measured").at("trainings"), 9);
}

TEST(Begun, takes_the_place_of_one_that_has_left_no_result) {
  const fs::path folder = test_folder();
  BegunFile(folder, diagnosis(), cpu_environment(1));
  prepare_remedies_directory(folder);  // does not refuse
  BegunFile(folder, {.command = "plateau remedies"}, cpu_environment(1));
  EXPECT_EQ(read(folder).at("command"), "plateau remedies");
}

TEST(Begun, writes_nothing_without_a_folder_and_says_where_it_cannot) {
  BegunFile begun("", diagnosis(), cpu_environment(1));
  begun.reached("capacity ladder", 9);
  EXPECT_FALSE(fs::exists(kBegunFile));
  EXPECT_NE(refusal([] { BegunFile(test_folder() / "missing", diagnosis(), cpu_environment(1)); }).find(kBegunFile),
            std::string::npos);
}

TEST(Begun, is_gone_once_the_result_is_there) {
  const fs::path folder = test_folder();
  const BegunFile begun(folder, diagnosis(), cpu_environment(1));
  write_page(folder, read_page(folder), false);
  write_file(folder / "notes.md", "");
  write_diagnosis_directory(folder, {}, "{}");
  EXPECT_FALSE(fs::exists(folder / kBegunFile));
  EXPECT_FALSE(fs::exists(folder / "report.html") || fs::exists(folder / "report.md"));
  EXPECT_TRUE(fs::exists(folder / "notes.md"));
  EXPECT_TRUE(fs::exists(folder / "diagnosis.json"));
  remove_begun(folder);  // where there is none
}

}  // namespace
}  // namespace plateau::begun_test
