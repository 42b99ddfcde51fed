// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/diagnosis_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/run_directory.hpp"
#include "support/diagnoses.hpp"
#include "support/documented_keys.hpp"

namespace plateau::diagnosis_report_test {
namespace {

using Json = nlohmann::ordered_json;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Json json_of(const Diagnosis& diagnosis) { return Json::parse(diagnosis_json(diagnosis, cpu_environment(2))); }
std::set<std::string> keys(const Json& json) {
  std::set<std::string> found;
  for (const auto& [key, value] : json.items()) found.insert(key);
  return found;
}

TEST(DiagnosisSummary, says_what_was_found) {
  const std::string text = diagnosis_summary(test::hand_made_diagnosis(), cpu_environment(2));
  for (const char* part :
       {"diagnosis: 300 training and 100 test rows, 2 features, 2 classes\n",
        "Verdict      capacity (proved). The network is too small for a ?[31mdog.\n", "2-4-2, adam at learning rate",
        "batches of 16, 7 epochs", "capacity        8.0       [6.0, 10.0]  proved\n",
        "small-test        -                 -  supported\n", "Evidence     - one line\n             - another\n",
        "Not tested   - the weather\n", "Suspects     40, 20 (rows of rows.csv, counted from 0", "judged 6 settings",
        "worth\n             acting on is 2.0 points\n", "396 trainings, 2.5 s\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(DiagnosisSummary, of_what_was_not_trained_stays_silent_of_it) {
  Diagnosis d = test::hand_made_diagnosis();
  d.evidence.user.reset();
  d.suspects.clear();
  d.causes.clear();
  const std::string text = diagnosis_summary(d, cpu_environment(2));
  for (const char* part : {"Budget", "Suspects", "95 % interval"})
    EXPECT_EQ(text.find(part), std::string::npos) << text;
}

// The document names every key, in backticks, and no key is there that it does not name.
TEST(DiagnosisJson, has_the_keys_that_docs_diagnose_md_names) {
  const std::string schema = test::page_from("diagnose.md", "## diagnosis.json");
  const Json json = json_of(test::hand_made_diagnosis());
  EXPECT_EQ(keys(json), (std::set<std::string>{"schema", "schema_version", "command", "configuration", "versions",
                                               "plan", "verdict", "causes", "effects", "error_budget", "evidence",
                                               "trainings", "test_looks", "measured"}));
  EXPECT_EQ(keys(json["evidence"]),
            (std::set<std::string>{"train_rows",    "test_rows",   "classes",     "class_names",   "features",
                                   "integrity",     "user",        "with_leaked", "unfrozen",      "from_scratch",
                                   "optimised",     "regularised", "larger",      "reference",     "most_steps",
                                   "with_held_out", "second_data", "signal",      "over_majority", "learning_curve",
                                   "families",      "shift",       "label_map",   "label_noise",   "class_balance",
                                   "ladder"}));
  test::expect_documented(json, schema,
                          {"versions", "plan", "measured", "configuration"});  // of which other pages tell
  for (const char* key : {"second_data", "second_test", "init", "delta", "depth", "validation"}) {
    EXPECT_TRUE(json["configuration"].contains(key)) << key;
    test::expect_documented_key(key, schema);
  }
}

TEST(DiagnosisJson, holds_the_numbers) {
  const Json json = json_of(test::hand_made_diagnosis());
  EXPECT_EQ(json["schema"], "plateau-diagnosis");
  EXPECT_EQ(json["schema_version"], kDiagnosisJsonVersion);
  const Json& configuration = json["configuration"];
  EXPECT_EQ(configuration["data"], "rows.csv");
  EXPECT_EQ(configuration["init"], "m.safetensors");
  EXPECT_EQ(configuration["second_data"], "other.npy");
  EXPECT_EQ(configuration["second_test"], nullptr);
  EXPECT_EQ(configuration["early_stopping"], 3);
  EXPECT_EQ(configuration["depth"], "quick");
  EXPECT_EQ(configuration["seed"], 11);
  EXPECT_EQ(json["verdict"]["code"], "capacity");
  EXPECT_EQ(json["causes"][0]["points"], 8.0);
  EXPECT_EQ(json["causes"][0]["low"], 6.0);
  EXPECT_EQ(json["causes"][1]["points"], nullptr);
  EXPECT_EQ(json["causes"][1]["grade"], "supported");
  const Json& evidence = json["evidence"];
  EXPECT_EQ(evidence["class_names"], (std::vector<std::string>{"a \"cat\"", "\x1b[31mdog"}));
  EXPECT_EQ(evidence["user"]["layers"].dump(), R"([{"moved":true,"frozen":false},{"moved":false,"frozen":false}])");
  EXPECT_EQ(evidence["user"]["effective_test_rows"], 62.5);
  EXPECT_FALSE(evidence["user"].contains("gain"));
  EXPECT_EQ(evidence["larger"]["gain"]["interval_95"], (std::vector<double>{0.08 - 0.02, 0.08 + 0.02}));
  EXPECT_EQ(evidence["larger"]["diverged"], 1);
  EXPECT_EQ(evidence["signal"]["null"].size(), 3u);
  EXPECT_EQ(evidence["learning_curve"]["points"][1]["rows"], 200);
  ASSERT_EQ(evidence["label_noise"]["suspects"].size(), 2u);
  EXPECT_EQ(evidence["label_noise"]["suspects"][0],
            (Json{{"row", 40}, {"label", 1}, {"given", 0}, {"probability", 0.96}, {"label_probability", 0.04}}));
  EXPECT_EQ(json["effects"].size(), 10u);
  EXPECT_EQ(json["measured"]["seconds"]["diagnosis"], 2.5);
  double sum = 0;
  for (const auto& [part, share] : json["error_budget"].items()) sum += share.get<double>();
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(DiagnosisJson, of_what_is_not_known_is_null) {
  Diagnosis d = test::hand_made_diagnosis();
  d.schema.classes.numbered = true;
  d.evidence = DiagnosisEvidence{.train_rows = 300, .test_rows = 100, .classes = 2};
  d.effects.clear();
  Json json = json_of(d);
  for (const char* part : {"user", "with_leaked", "signal", "unfrozen", "from_scratch", "optimised", "regularised",
                           "larger", "reference", "with_held_out", "second_data", "learning_curve", "shift",
                           "label_map", "label_noise", "class_balance", "class_names"})
    EXPECT_TRUE(json["evidence"].contains(part) && json["evidence"][part].is_null()) << part;

  d = test::hand_made_diagnosis();
  d.evidence.larger->gain = test::gain(kNaN, std::numeric_limits<double>::infinity());
  d.evidence.user->setting.test_accuracy = kNaN;
  d.causes[0].gain = Estimate{kNaN, {kNaN, kNaN}};
  json = json_of(d);  // parses: there is no NaN in JSON
  EXPECT_EQ(json["evidence"]["larger"]["gain"]["value"], nullptr);
  EXPECT_EQ(json["evidence"]["larger"]["gain"]["interval_95"], Json::array({nullptr, nullptr}));
  EXPECT_EQ(json["evidence"]["user"]["test_accuracy"], nullptr);
  EXPECT_EQ(json["causes"][0]["points"], nullptr);
}

TEST(DiagnosisJson, tells_times_under_measured_alone) {
  Diagnosis d = test::hand_made_diagnosis();
  Json one = json_of(d);
  d.seconds = 99;
  Json other = Json::parse(diagnosis_json(d, cpu_environment(7)));
  EXPECT_NE(one, other);
  one.erase("measured");
  other.erase("measured");
  EXPECT_EQ(one, other);
}

TEST(SuspectsCsv, quotes_the_names_of_classes) {
  EXPECT_EQ(suspects_csv(test::hand_made_diagnosis()),
            "row,label,given,probability,label_probability\n"
            "40,\"\x1b[31mdog\",\"a \"\"cat\"\"\",0.96,0.04\n20,\"a \"\"cat\"\"\",\"\x1b[31mdog\",0.75,0.25\n");
  Diagnosis none = test::hand_made_diagnosis();
  none.suspects.clear();
  EXPECT_EQ(suspects_csv(none), "row,label,given,probability,label_probability\n");
}

TEST(DiagnosisDirectory, holds_two_files_that_are_never_overwritten) {
  const std::filesystem::path folder = testing_files::test_folder() / "deep" / "diagnosis";
  prepare_diagnosis_directory(folder);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  write_diagnosis_directory(folder, test::hand_made_diagnosis(), "{}\n");
  EXPECT_EQ(testing_files::get(folder / "diagnosis.json"), "{}\n");
  EXPECT_EQ(testing_files::get(folder / "suspects.csv"), suspects_csv(test::hand_made_diagnosis()));
  EXPECT_THROW(prepare_diagnosis_directory(folder), InputError);
  EXPECT_THROW(write_diagnosis_directory(folder, test::hand_made_diagnosis(), "{}\n"), InputError);
  std::filesystem::remove(folder / "diagnosis.json");
  EXPECT_THROW(prepare_diagnosis_directory(folder), InputError);  // of whom suspects.csv is, is not known
}

}  // namespace
}  // namespace plateau::diagnosis_report_test
