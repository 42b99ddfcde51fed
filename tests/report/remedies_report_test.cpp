// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/remedies_report.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/page.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_page.hpp"
#include "plateau/study/remedy_advice.hpp"
#include "support/documented_keys.hpp"
#include "support/program.hpp"

namespace plateau::remedies_report_test {
namespace {

using Json = nlohmann::json;

Difference gain_of(double value, double error, double p) {
  return {{value, {value - 2 * error, value + 2 * error}}, error, p, 2.8 * error};
}
RemedyRow row(Remedy remedy, RemedyState state, const Difference& gain, std::string chosen) {
  return {.remedy = remedy,
          .state = state,
          .chosen = std::move(chosen),
          .settings = 3,
          .setting = {.what = "it", .architecture = "2-4-2", .trainings = 20, .test_accuracy = 0.875, .gain = gain},
          .cost = {.trainings = 29, .seconds = 1.5}};
}

RemediesResult some_result() {
  RemediesResult result{.configuration = {.files = {.train = "rows.csv", .test_fraction = 0.25},
                                          .run = {.architecture = {{2, 4, 2}}, .epochs = 7},
                                          .only = {Remedy::dropout}},
                        .trainings = 99,
                        .test_looks = 6,
                        .seconds = 12.5};
  RemedyRow ensemble = row(Remedy::ensemble, RemedyState::unresolved, gain_of(0.01, 0.01, 0.2), "the vote of 20");
  ensemble.ensembles = {{.members = 20,
                         .ensembles = 1,
                         .accuracy = 0.81,
                         .over_mean = gain_of(0.01, 0.01, 0.2),
                         .over_best = gain_of(-0.02, 0.01, 0.9)}};
  RemedyRow weights = row(Remedy::class_weights, RemedyState::unresolved, gain_of(-0.0004, 0.002, 0.5), "weights");
  weights.balanced = true;
  weights.accuracy_gain = gain_of(-0.15, 0.01, 1);
  weights.setting.balanced_accuracy = 0.6;
  result.table = {
      .delta = 0.01,
      .train_rows = 300,
      .test_rows = 100,
      .classes = 2,
      .features = 2,
      .baseline = {.architecture = "2-4-2", .trainings = 20, .diverged = 1, .test_accuracy = 0.8},
      .test_interval = {0.7, 0.9},
      .rows = {row(Remedy::dropout, RemedyState::unresolved, gain_of(0.05, 0.01, 1e-5), "dropout \"0.3\", yes"),
               ensemble,
               weights,
               row(Remedy::jitter, RemedyState::unresolved, gain_of(std::numeric_limits<double>::quiet_NaN(), 1, 1),
                   "jitter 1"),
               row(Remedy::mixup, RemedyState::unresolved, gain_of(-0.1, 0.01, 1), "mixup 1"),
               row(Remedy::pair, RemedyState::unresolved, gain_of(0.04, 0.01, 1e-5), "two"),
               row(Remedy::weight_decay, RemedyState::unresolved, gain_of(-0.005, 0.002, 1), "weight decay 1"),
               row(Remedy::more_data, RemedyState::predicted, gain_of(0.02, 0.005, 1), "twice the rows"),
               row(Remedy::placebo, RemedyState::control, gain_of(-0.001, 0.01, 0.5), "other seeds"),
               {.remedy = Remedy::early_stopping, .chosen = "it is best at its end"}},
      .curve = CurveEvidence{.points = {{50, 0.7, {}}, {100, 0.75, {}}, {200, 0.79, {}}},
                             .gain = gain_of(0.04, 0.01, 0.001),
                             .from_rows = 100,
                             .to_rows = 200,
                             .at_twice = 0.02,
                             .at_twice_interval = {0.01, 0.03},
                             .back_test_error = -0.004}};
  decide(result.table);
  RemedyRow &first = result.table.rows[0], &second = result.table.rows[1];
  first.held_out_accuracy = 0.85;
  first.better_seeds = 0;
  second.held_out_accuracy = 0.875;
  first.behind_top = gain_of(-0.01, 0.01, 0.9);
  result.advice = advice(result.table);
  return result;
}

TEST(RemediesSummary, tells_what_to_do_and_what_was_measured) {
  const std::string text = remedies_summary(some_result(), cpu_environment(2));
  for (const char* const part :
       {"\nremedies: 300 training and 100 test rows, 2 features, 2 classes\n\nAdvice       What helps most is two: ",
        "\nBaseline     2-4-2, adam at learning rate 0.001, full batch, 7 epochs, features\n"
        "             as they are\n",
        "             test accuracy 0.800 [0.700, 0.900], train accuracy 0.000, mean of\n"
        "             20 trainings, of which 1 diverged; 0.0 s\n",
        "\nremedy        points   95 % interval       p    Holm  verdict\n"
        "dropout          5.0      [3.0, 7.0]  <0.001  <0.001  helps\n"
        "pair             4.0      [2.0, 6.0]  <0.001  <0.001  helps most\n"
        "more-data        2.0      [1.0, 3.0]       -       -  predicted\n"
        "ensemble         1.0     [-1.0, 3.0]   0.200   1.000  unresolved; about 2200\n"
        "                                                      test rows could tell\n"
        "placebo         -0.1     [-2.1, 1.9]   0.500       -  control\n"
        "weight-decay    -0.5    [-0.9, -0.1]   1.000   1.000  no gain\n"
        "mixup          -10.0   [-12.0, -8.0]   1.000   1.000  hurts\n"
        "jitter           nan      [nan, nan]   1.000   1.000  unresolved\n\n",
        "\nBalance      - class-weights: balanced accuracy 0.600 in place of 0.600, 0.0\n"
        "             points [-0.4, 0.4], p 0.500, Holm 1.000: gains less than 1.0 points\n"
        "             - class-weights: accuracy 0.875 in place of 0.800, -15.0 points\n"
        "             [-17.0, -13.0]\n",
        "the best of 3 settings; better in 0\n             of 20 trainings",
        "\nRanking      - pair: 0.875 on held-out training rows\n"
        "             - dropout: 0.850 on held-out training rows; on the test rows -1.0\n"
        "             points [-3.0, 1.0] behind pair\n",
        "\nEnsembles    - 1 vote of 20: 0.810, 1.0 over the mean single training [-1.0,\n             3.0], -2.0 over",
        "\nMore data    from 100 to 200 training rows 4.0 points were gained [2.0, 6.0];",
        "a point for about 150\n             rows; the same", "the same prediction was 0.4 points",
        "\nNot tried    - early-stopping: it is best at its end\n", "99 trainings, 12.5 s\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(RemediesSummary, calls_nothing_what_helps_most_where_the_test_rows_show_another_to_be_ahead) {
  RemediesResult result = some_result();
  result.table.rows[0].behind_top = gain_of(-0.03, 0.01, 1);
  const std::string text = remedies_summary(result, cpu_environment(2));
  EXPECT_NE(text.find("<0.001  helps, named first\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("<0.001  helps most"), std::string::npos) << text;
}

TEST(RemediesSummary, names_all_that_the_options_say_of_the_training) {
  RemediesResult result = some_result();
  RemediesConfiguration& asked = result.configuration;
  asked.files.initial = "old.safetensors";
  asked.validation = 0.25;
  asked.run = {.architecture = {{2, 4, 4, 2}},
               .optimizer = SgdParameters{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01},
               .schedule = Schedule::cosine,
               .epochs = 7,
               .batch = 8,
               .order = RowOrder::as_stored,
               .patience = 3,
               .dropout = 0.5,
               .jitter = 0.125,
               .mixup = 0.2,
               .class_weights = {.balanced = true},
               .frozen = 0b101};
  std::string text = remedies_summary(result, cpu_environment(2));
  for (std::size_t at; (at = text.find("\n             ")) != std::string::npos;) text.replace(at, 14, " ");
  const std::string words =
      "Baseline     2-4-4-2, sgd at learning rate 0.1, batches of 8, 7 epochs, features as they are, momentum 0.9, "
      "weight decay 0.01, cosine schedule, rows not shuffled, dropout 0.5, jitter 0.125, mixup 0.2, balanced class "
      "weights, stopped after 3 epochs without a lower loss on 0.25 of the training rows, held out, begun with the "
      "weights of old.safetensors, layers 1,3 frozen test accuracy";
  EXPECT_NE(text.find(words), std::string::npos) << text;
}

TEST(RemediesJson, holds_every_number_and_times_under_measured_only) {
  RemediesResult result = some_result();
  Json json = Json::parse(remedies_json(result, cpu_environment(2)));
  EXPECT_EQ(json["schema"], "plateau-remedies");
  EXPECT_EQ(json["schema_version"], kRemediesJsonVersion);
  EXPECT_EQ(json["configuration"]["data"], "rows.csv");
  EXPECT_EQ(json["configuration"]["only"], Json({"dropout"}));
  EXPECT_EQ(json["configuration"]["delta"], 0.01);
  EXPECT_EQ(json["advice"], result.advice);
  EXPECT_EQ(json["exit_code"], 0);
  EXPECT_EQ(json["placebo_differs"], false);
  EXPECT_EQ(json["baseline"]["test_interval_95"], Json({0.7, 0.9}));
  EXPECT_EQ(json["rows_per_point"], 150.0);
  EXPECT_EQ(json["learning_curve"]["to_rows"], 200);
  EXPECT_EQ(json["top"], "pair");
  ASSERT_EQ(json["remedies"].size(), 10u);
  const Json& first = json["remedies"][0];
  EXPECT_EQ(first["remedy"], "dropout");
  EXPECT_EQ(first["state"], "helps");
  EXPECT_EQ(first["standing"], "helps");
  EXPECT_EQ(json["remedies"][1]["standing"], "helps-most");
  EXPECT_EQ(first["points"], 5.0);
  EXPECT_EQ(first["trainings"], 29);
  EXPECT_EQ(first["setting"]["gain"]["value"], 0.05);
  EXPECT_EQ(first["better_trainings"], 0);
  EXPECT_EQ(first["held_out_accuracy"], 0.85);
  EXPECT_EQ(first["behind_top"]["value"], -0.01);
  EXPECT_TRUE(first["accuracy_gain"].is_null());
  std::map<std::string, Json> of;
  for (const Json& remedy : json["remedies"]) of[remedy["remedy"]] = remedy;
  EXPECT_EQ(of["ensemble"]["needed"]["test_rows"], result.table.rows[3].needed->test_rows);
  EXPECT_EQ(of["ensemble"]["ensembles"][0]["over_best"]["value"], -0.02);
  EXPECT_TRUE(of["ensemble"]["better_trainings"].is_null());
  EXPECT_EQ(of["class-weights"]["judged_by"], "balanced_accuracy");
  EXPECT_EQ(of["class-weights"]["accuracy_gain"]["value"], -0.15);
  EXPECT_TRUE(of["placebo"]["adjusted_p"].is_null());
  EXPECT_TRUE(of["placebo"]["adjusted_p_worse"].is_null());
  EXPECT_EQ(of["mixup"]["adjusted_p_worse"], 0);
  EXPECT_TRUE(of["jitter"]["points"].is_null());  // NaN
  EXPECT_EQ(of["early-stopping"], Json({{"remedy", "early-stopping"},
                                        {"state", "not-tried"},
                                        {"standing", "not-tried"},
                                        {"chosen", "it is best at its end"},
                                        {"settings", 0},
                                        {"trainings", 0}}));
  EXPECT_EQ(json["measured"]["seconds"]["of"]["dropout"], 1.5);

  result.seconds = 1;
  for (RemedyRow& row : result.table.rows) row.cost.seconds = 77;
  Json other = Json::parse(remedies_json(result, cpu_environment(2)));
  EXPECT_NE(json, other);
  json.erase("measured");
  other.erase("measured");
  EXPECT_EQ(json, other);
}

// The document names every key, in backticks, and no key is there that it does not name.
TEST(RemediesJson, has_the_keys_that_docs_remedies_md_names) {
  const std::string schema = test::page_from("remedies.md", "## remedies.json");
  EXPECT_NE(schema.find("## remedies.json, version " + std::to_string(kRemediesJsonVersion) + "\n"), std::string::npos);
  const Json json = Json::parse(remedies_json(some_result(), cpu_environment(2)));
  test::expect_documented(json, schema,
                          {"versions", "plan", "measured", "configuration"});  // of which other pages tell
  for (const char* key : {"early_stopping", "validation", "delta", "depth", "seed", "only"}) {
    EXPECT_TRUE(json["configuration"].contains(key)) << key;
    test::expect_documented_key(key, schema);
  }
  for (const auto& [key, value] : json["measured"]["seconds"].items()) test::expect_documented_key(key, schema);
}

// The columns are those of the page, in its order.
TEST(RemediesCsv, has_the_columns_that_docs_remedies_md_names) {
  const std::string page = test::file_content(std::string(PLATEAU_TEST_DATA) + "/../../docs/remedies.md");
  const std::size_t from = page.find("## remedies.csv"), to = page.find("## remedies.json");
  std::istringstream lines(page.substr(from, to - from));
  std::string columns;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string cell = line.substr(0, line.find(" |", 1));
    for (std::size_t at = 0; (at = cell.find('`', at)) != std::string::npos;) {
      const std::size_t end = cell.find('`', at + 1);
      columns += (columns.empty() ? "" : ",") + cell.substr(at + 1, end - at - 1);
      at = end + 1;
    }
  }
  const std::string csv = remedies_csv(some_result());
  EXPECT_EQ(csv.substr(0, csv.find('\n')), columns);
}

TEST(RemediesCsv, has_a_line_per_remedy_with_as_many_fields_as_columns) {
  const std::string csv = remedies_csv(some_result());
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const auto commas = std::ranges::count(line, ',');
  EXPECT_EQ(line.find("remedy,state,chosen,judged_by,gain,"), 0u);
  int count = 0;
  bool first = true;
  while (std::getline(lines, line)) {
    ++count;
    if (first) {
      EXPECT_EQ(line.find("dropout,helps,\"dropout \"\"0.3\"\", yes\",accuracy,0.05,"), 0u) << line;
    }
    EXPECT_EQ(std::ranges::count(line, ','), commas + (first ? 1 : 0)) << line;  // one stands between quotes
    first = false;
  }
  EXPECT_EQ(count, 10);
  // Of the class weights: no trainings are counted in which it is better, and both gains are there.
  EXPECT_NE(csv.find("\nclass-weights,no-effect,\"weights\",balanced_accuracy,-0.0004,"), std::string::npos) << csv;
  EXPECT_NE(csv.find(",0.875,-0.15,-0.16999999999999998,-0.13,3,29,,,,,,,\n"), std::string::npos) << csv;
  EXPECT_NE(csv.find(",0.875,,,,3,29,0,0.85,-0.01,-0.03,0.01,,\n"), std::string::npos) << csv;  // 0 is not empty
}

const PageTable* table_named(const Page& page, const std::string& caption) {
  for (const PageTable& table : page.sections.at(0).tables)
    if (table.caption.starts_with(caption)) return &table;
  return nullptr;
}

TEST(RemediesPage, has_the_ranking_and_marks_the_remedy_that_is_named) {
  const std::filesystem::path folder = testing_files::test_folder() / "page";
  std::filesystem::create_directories(folder);
  // As it is, and as a document of the version before, which does not say how a remedy stands: the page is the same.
  const auto page_of = [&](const RemediesResult& result) {
    Json before = Json::parse(remedies_json(result, cpu_environment(1)));
    before["schema_version"] = 3;
    for (Json& remedy : before["remedies"]) remedy.erase("standing");
    write_file(folder / "remedies.json", before.dump());
    const std::string earlier = markdown(read_page(folder));
    Json now = before;
    now["schema_version"] = kRemediesJsonVersion;
    const Json written = Json::parse(remedies_json(result, cpu_environment(1)));
    for (std::size_t i = 0; i < written["remedies"].size(); ++i)
      now["remedies"][i]["standing"] = written["remedies"][i]["standing"];
    write_file(folder / "remedies.json", now.dump());
    EXPECT_EQ(markdown(read_page(folder)), earlier);
    // What stands in the document is what is shown, whatever else follows from its numbers.
    now["remedies"][0]["standing"] = "helps-named-first";
    write_file(folder / "remedies.json", now.dump());
    EXPECT_NE(markdown(read_page(folder)).find("helps, named first"), std::string::npos);
    write_file(folder / "remedies.json", remedies_json(result, cpu_environment(1)));
    return read_page(folder);
  };
  RemediesResult result = some_result();
  RemedyRow& dropout = result.table.rows[0];
  dropout.behind_best = gain_of(0.025, 0.01, 0);
  Page page = page_of(result);
  const PageTable* const ranking = table_named(page, "Ranking");
  ASSERT_NE(ranking, nullptr);
  EXPECT_EQ(ranking->head, (std::vector<std::string>{"remedy", "held-out accuracy", "points behind pair",
                                                     "on the test rows behind pair"}));
  EXPECT_EQ(ranking->lines,
            (std::vector<std::vector<std::string>>{{"pair", "87.5 %", "-", "-"},
                                                   {"dropout", "85.0 %", "+2.5 [+0.5, +4.5]", "-1.0 [-3.0, +1.0]"}}));
  EXPECT_NE(markdown(page).find("| pair | 87\\.5 % |"), std::string::npos) << markdown(page);
  const auto result_in_table = [&](std::size_t line) {
    return table_named(page, "All that was tried")->lines[line][1];
  };
  EXPECT_EQ(result_in_table(0), "helps");
  EXPECT_EQ(result_in_table(1), "helps most");
  EXPECT_NE(page.sections[0].charts[0].svg.find("helps most"), std::string::npos);

  dropout.behind_top = gain_of(-0.03, 0.01, 1);
  page = page_of(result);
  EXPECT_EQ(result_in_table(1), "helps, named first");
  EXPECT_NE(page.sections[0].charts[0].svg.find("helps, named first"), std::string::npos);

  // What is level with the best one, and the smaller change.
  dropout.level_with_best = true;
  dropout.behind_top.reset();
  page = page_of(result);
  EXPECT_EQ(result_in_table(0), "helps, try first");
  EXPECT_EQ(result_in_table(1), "helps");

  // One that helps alone is not ranked.
  for (RemedyRow& row : result.table.rows) row.held_out_accuracy.reset();
  EXPECT_EQ(table_named(page_of(result), "Ranking"), nullptr);
}

TEST(RemediesDirectory, is_never_overwritten) {
  const std::filesystem::path folder = testing_files::test_folder() / "out";
  const RemediesResult result = some_result();
  prepare_remedies_directory(folder);
  write_remedies_directory(folder, result, "{}\n");
  EXPECT_TRUE(std::filesystem::exists(folder / "remedies.csv"));
  EXPECT_THROW(prepare_remedies_directory(folder), InputError);
  EXPECT_THROW(prepare_diagnosis_directory(folder), InputError);
  EXPECT_THROW(write_remedies_directory(folder, result, "{}\n"), InputError);
}

}  // namespace
}  // namespace plateau::remedies_report_test
