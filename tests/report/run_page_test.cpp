// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_page.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <sstream>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/begun.hpp"
#include "plateau/report/charts.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/diagnosis_report.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/report/run_json.hpp"
#include "support/checkpoints.hpp"
#include "support/diagnoses.hpp"

namespace plateau::run_page_test {
namespace {

namespace fs = std::filesystem;
using testing_files::refusal;
using testing_files::test_folder;
using Json = nlohmann::ordered_json;

// Three epochs on 40 test rows, 30 of which are of one class.
RunStudy study_of(RunOutcome outcome) {
  RunStudy study{.run = {.architecture = {{1, 2}}, .epochs = 5}};
  for (const double accuracy : {0.5, 0.75, 0.8})
    study.result.history.push_back(
        {.train_loss = 0.5, .train_accuracy = 0.9, .test_loss = 0.6, .test_accuracy = accuracy});
  study.result.history[1].test_churn = 0.25;
  study.result.history[2].test_churn = 0.125;
  study.result.outcome = outcome;
  study.result.parameters = {1, 2, 3, 4};
  study.statistics.train = {.class_rows = {50, 50}, .features = {{}}};
  study.statistics.test = {.class_rows = {30, 10}, .features = {{}}};
  study.schema.classes = {.names = {"<b>cat</b>", "dog"}};
  for (std::int32_t row = 0; row < 40; ++row) {
    study.test_labels.push_back(row < 30 ? 0 : 1);
    study.test_predictions.push_back(row < 27 || row >= 35 ? 0 : 1);
  }
  return study;
}

fs::path run_folder(RunOutcome outcome) {
  const fs::path folder = test_folder() / "run";
  const RunStudy study = study_of(outcome);
  write_run_directory(folder, study,
                      training_json(study, {.train = "a/<i>rows.csv"}, 0, cpu_environment(1), JsonHistory::leave_out));
  return folder;
}

Json changed(const fs::path& file, const std::function<void(Json&)>& change) {
  std::ifstream in(file);
  Json json = Json::parse(in);
  change(json);
  write_file(file, json.dump());
  return json;
}

const PageChart* chart_named(const Page& page, const std::string& name) {
  for (const PageSection& section : page.sections)
    for (const PageChart& chart : section.charts)
      if (chart.name == name) return &chart;
  return nullptr;
}
std::string fact(const Page& page, const std::string& name) {
  for (const auto& [of, value] : page.facts)
    if (of == name) return value;
  return "none";
}

std::string described(const PageChart& chart) {
  const std::size_t begin = chart.svg.find("<desc>");
  return chart.svg.substr(begin, chart.svg.find("</desc>") - begin);
}

TEST(RunPage, of_a_training_shows_its_epochs) {
  fs::create_directories(test_folder() / "run");
  const Page page = read_page(run_folder(RunOutcome::finished));
  EXPECT_EQ(page.title, "plateau train: <i>rows.csv");
  EXPECT_EQ(page.unfinished, "");
  EXPECT_EQ(page.sentence, "The test accuracy after the last epoch is 80.0 % [65.2, 89.5].");  // of 40 rows, Wilson's
  EXPECT_EQ(fact(page, "batch"), "full");
  EXPECT_EQ(fact(page, "seed"), "0");
  EXPECT_EQ(fact(page, "epochs"), "none");  // all that were asked for
  EXPECT_EQ(fact(page, "rows"), "100 to train, 40 to test");
  EXPECT_EQ(fact(page, "network"), "1-2");
  const PageChart* const accuracy = chart_named(page, "accuracy");
  ASSERT_NE(accuracy, nullptr);
  EXPECT_NE(accuracy->svg.find("40 test rows"), std::string::npos);
  EXPECT_NE(accuracy->svg.find("commonest class: 75"), std::string::npos);
  EXPECT_NE(chart_named(page, "loss"), nullptr);
  const PageChart* const churn = chart_named(page, "churn");
  ASSERT_NE(churn, nullptr);
  EXPECT_NE(churn->svg.find("changed since the epoch before: 25 at 1"), std::string::npos);
  // Who cannot see a chart gets its values.
  EXPECT_NE(described(*churn).find("changed since the epoch before: 25 at epoch 1"), std::string::npos)
      << described(*churn);
  for (const char* const words : {" test: ", " train: ", ", lowest ", ", highest "})
    EXPECT_NE(described(*chart_named(page, "loss")).find(words), std::string::npos)
        << described(*chart_named(page, "loss"));
  const PageChart* const confusion = chart_named(page, "confusion");
  ASSERT_NE(confusion, nullptr);
  for (const char* const words : {"&lt;b&gt;cat&lt;/b&gt;", ">27<", ">3<", ">5<"})
    EXPECT_NE(confusion->svg.find(words), std::string::npos) << words;
  EXPECT_NE(described(*confusion).find("32 of 40 rows are given their class; the commonest error: 5 of 10 rows of "),
            std::string::npos)
      << described(*confusion);
}

TEST(RunPage, of_a_scenario_shows_its_controls_and_what_follows) {
  const ScenarioOptions options{.kind = ScenarioKind::underfit, .epochs = 40};
  CpuTrainer trainer({.workers = 2});
  const ScenarioResult result = study_scenario(options, trainer);
  const fs::path folder = test_folder() / "run";
  fs::create_directories(folder);
  write_run_directory(folder, result.first, scenario_json(options, result, cpu_environment(2), JsonHistory::leave_out));
  changed(folder / "run.json", [](Json& json) {
    json["verdict"]["code"] = "capacity";
    json["evidence"]["permuted_labels"]["test_accuracy_by_epoch"]["lowest"][7] = 0.3125;
  });
  const Page page = read_page(folder);
  ASSERT_NE(chart_named(page, "accuracy"), nullptr);
  const std::string accuracy = chart_named(page, "accuracy")->svg;
  EXPECT_NE(accuracy.find("5 trainings on permuted labels"), std::string::npos);
  EXPECT_EQ(page.to_do, std::vector<std::string>{"Train a wider network: 3-32-32-2."});
  EXPECT_NE(chart_named(page, "controls"), nullptr);

  // The band follows its numbers, and a run.json that has none yet has no band.
  changed(folder / "run.json",
          [](Json& json) { json["evidence"]["permuted_labels"]["test_accuracy_by_epoch"]["lowest"][7] = 0.0625; });
  EXPECT_NE(chart_named(read_page(folder), "accuracy")->svg, accuracy);
  changed(folder / "run.json", [](Json& json) {
    json["verdict"]["code"] = "no-signal";
    json["evidence"]["permuted_labels"].erase("test_accuracy_by_epoch");
  });
  const Page earlier = read_page(folder);
  EXPECT_EQ(chart_named(earlier, "accuracy")->svg.find("trainings on permuted labels"), std::string::npos);
  ASSERT_EQ(earlier.to_do.size(), 1u);
  EXPECT_EQ(earlier.to_do.front().find("Look for features"), 0u);
}

TEST(RunPage, is_made_of_a_run_of_the_version_before) {
  fs::create_directories(test_folder() / "run");
  const fs::path folder = run_folder(RunOutcome::finished);
  changed(folder / "run.json", [](Json& json) {
    json["schema_version"] = 3;
    json["result"].erase("confusion");
    json["data"].erase("test_checksum");
  });
  fs::remove(folder / "test_predictions.npy");
  const Page page = read_page(folder);
  EXPECT_NE(chart_named(page, "accuracy"), nullptr);
  EXPECT_EQ(chart_named(page, "confusion"), nullptr);
}

TEST(RunPage, says_that_a_run_was_not_finished) {
  fs::create_directories(test_folder() / "run");
  const Page page = read_page(run_folder(RunOutcome::interrupted));
  EXPECT_EQ(page.unfinished, "This run was not finished: it was interrupted after 3 of 5 epochs.");
  EXPECT_NE(html(page).find("it was interrupted after 3 of 5 epochs"), std::string::npos);
}

TEST(RunPage, says_where_a_training_stopped_early_and_what_it_keeps) {
  fs::create_directories(test_folder() / "run");
  const fs::path folder = run_folder(RunOutcome::stopped_early);
  EXPECT_EQ(fact(read_page(folder), "epochs"), "3 of 5, stopped early; the parameters of epoch 2 are kept");
  changed(folder / "run.json", [](Json& json) { json["result"]["kept_epoch"] = 1; });
  EXPECT_EQ(fact(read_page(folder), "epochs"), "3 of 5, stopped early; the parameters of epoch 1 are kept");
}

TEST(RunPage, asks_why_it_stands_still_only_where_a_plateau_is_shown_below_100_per_cent) {
  fs::create_directories(test_folder() / "run");
  const fs::path folder = run_folder(RunOutcome::finished);
  const auto to_do = [&](const char* outcome, const Json& since, double accuracy) {
    changed(folder / "run.json", [&](Json& json) {
      json["result"]["outcome"] = outcome;
      json["result"]["test_accuracy"] = accuracy;
      json["result"]["level"] = {
          {"test_accuracy", accuracy}, {"interval_95", {0.5, 1}}, {"plateau_since_epoch", since}};
    });
    const Page page = read_page(folder);
    return page.to_do.size() == 1 ? page.to_do.front() : fmt::format("{} sentences", page.to_do.size());
  };
  EXPECT_EQ(to_do("finished", 1, 0.8).find("Why it stands still"), 0u);
  EXPECT_EQ(to_do("finished", nullptr, 0.8), "No plateau is shown yet: train longer.");
  EXPECT_EQ(to_do("stopped_early", nullptr, 0.8).find("No plateau is shown: the training stopped"), 0u);
  EXPECT_EQ(to_do("finished", 1, 1).find("After the last epoch every test row is given its own class"), 0u);
  EXPECT_EQ(to_do("finished", nullptr, 1).find("After the last epoch every test row is given its own class"), 0u);
}

TEST(RunPage, says_that_a_training_diverged_and_what_to_do) {
  fs::create_directories(test_folder() / "run");
  const fs::path folder = run_folder(RunOutcome::diverged);
  Page page = read_page(folder);
  EXPECT_EQ(
      page.unfinished,
      "This run was not finished: it diverged, as its loss was no longer finite after 3 of 5 epochs. What follows "
      "is what it had until then.");
  EXPECT_EQ(page.to_do,
            std::vector<std::string>{"Against a loss that is no longer finite: a smaller learning rate, and "
                                     "features on one scale (--scale standard)."});

  changed(folder / "run.json", [](Json& json) {
    json["configuration"]["scale"] = "standard";
    json["result"] = {{"outcome", "diverged"}, {"epochs", 0}};
  });
  write_file(folder / "history.csv",
             "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm,test_churn\n");
  page = read_page(folder);
  EXPECT_EQ(page.sentence, "The loss was no longer finite before an epoch was completed.");
  EXPECT_EQ(page.unfinished,
            "This run was not finished: it diverged, as its loss was no longer finite after 0 of 5 epochs.");
  EXPECT_EQ(page.to_do, std::vector<std::string>{"Against a loss that is no longer finite: a smaller learning rate."});
}

TEST(RunPage, of_a_scenario_with_seeds_has_their_mean_spread_and_interval) {
  const ScenarioOptions options{
      .kind = ScenarioKind::underfit, .epochs = 3, .repeat = 3, .controls = Controls::leave_out};
  CpuTrainer trainer({.workers = 2});
  const ScenarioResult result = study_scenario(options, trainer);
  const fs::path folder = test_folder() / "run";
  fs::create_directories(folder);
  write_run_directory(folder, result.first, scenario_json(options, result, cpu_environment(2), JsonHistory::leave_out));
  changed(folder / "run.json", [](Json& json) {
    json["seeds"][0]["test_accuracy"] = 0.5;
    json["seeds"][1]["test_accuracy"] = 0.6;
    json["seeds"][2]["outcome"] = "diverged";
  });
  const PageSection section = read_page(folder).sections.back();
  EXPECT_EQ(section.heading, "Seeds");
  ASSERT_EQ(section.tables.size(), 2u);
  EXPECT_EQ(section.tables[0].caption, "Over the 2 of 3 seeds whose trainings finished");
  EXPECT_EQ(section.tables[0].head,
            (std::vector<std::string>{"", "mean", "spread", "95 % of the mean", "least", "most"}));
  EXPECT_EQ(section.tables[0].lines.at(0), (std::vector<std::string>{"test accuracy (level)", "55.0 %", "7.1 points",
                                                                     "[-8.5, 118.5]", "50.0 %", "60.0 %"}));
  EXPECT_EQ(section.tables[0].lines.size(), 3u);
  EXPECT_EQ(section.tables[1].lines.size(), 3u);
}

TEST(RunPage, of_a_scenario_that_was_interrupted_says_what_is_missing) {
  const ScenarioOptions options{.kind = ScenarioKind::underfit, .epochs = 3, .repeat = 3};
  CpuTrainer trainer({.workers = 2});
  ScenarioResult result = study_scenario(options, trainer);
  const fs::path folder = test_folder() / "run";
  fs::create_directories(folder);
  const auto page = [&] {
    write_file(folder / "run.json", scenario_json(options, result, cpu_environment(2), JsonHistory::leave_out));
    return read_page(folder);
  };
  write_run_directory(folder, result.first, scenario_json(options, result, cpu_environment(2), JsonHistory::leave_out));
  EXPECT_EQ(page().unfinished, "");
  result.seeds[1] = {.seed = 1, .outcome = RunOutcome::interrupted};
  result.seeds[2] = {.seed = 2, .outcome = RunOutcome::diverged};
  EXPECT_EQ(page().unfinished,
            "This scenario was not finished: it was interrupted while its other seeds trained, and 1 of 3 are "
            "missing.");
  EXPECT_EQ(page().sections.back().tables.back().lines.at(1),
            (std::vector<std::string>{"1", "interrupted", "-", "-", "-"}));
  EXPECT_EQ(page().sections.back().tables.back().lines.at(2),
            (std::vector<std::string>{"2", "diverged", "-", "-", "-"}));
  result.controls = RunOutcome::interrupted;
  result.verdict.reset();
  result.evidence->permuted_labels.reset();
  result.evidence->wider.reset();
  EXPECT_EQ(page().unfinished,
            "This scenario was not finished: it was interrupted while its controls trained, so there is no verdict.");
  // Of a program that did not write how controls ended.
  result.seeds.resize(1);
  page();
  changed(folder / "run.json", [](Json& json) { json.erase("controls_outcome"); });
  EXPECT_EQ(read_page(folder).unfinished,
            "This scenario was not finished: its controls are missing, so there is no verdict.");
}

TEST(RunPage, is_made_of_the_checkpoint_of_a_run_that_was_killed) {
  const fs::path folder = test_folder() / "killed";
  fs::create_directories(folder);
  Checkpoint checkpoint{
      .architecture = {{1, 2}}, .options = {"--lr", "1"}, .device = "cpu", .computed_by = "plateau x"};
  checkpoint.so_far.history = study_of(RunOutcome::finished).result.history;
  checkpoint.so_far.state = test::state_after(3);
  write_checkpoint(folder / kCheckpointFile, checkpoint);
  const Page page = read_page(folder);
  const auto goes_on = [](const fs::path& of) { return "It goes on by: plateau train --resume " + of.string(); };
  EXPECT_EQ(page.unfinished,
            "This run was not finished: what is here is its checkpoint after 3 epochs. " + goes_on(folder));
  EXPECT_EQ(page.sentence, "The test accuracy in the last epoch of the checkpoint is 80.0 % [13.3, 99.0].");
  const PageChart* const accuracy = chart_named(page, "accuracy");
  ASSERT_NE(accuracy, nullptr);
  EXPECT_NE(accuracy->svg.find("1 test rows"), std::string::npos);
  EXPECT_EQ(fact(page, "network"), "1-2");
  EXPECT_EQ(fact(page, "epochs asked for"), "none");
  EXPECT_EQ(fact(page, "command"), "plateau train --lr 1");
  BegunFile(folder, {.command = "plateau train", .train_rows = 9, .test_rows = 1, .epochs = 50}, cpu_environment(1));
  const Page begun = read_page(folder);
  EXPECT_EQ(begun.unfinished, page.unfinished);
  EXPECT_EQ(fact(begun, "epochs asked for"), "50");
  EXPECT_EQ(fact(begun, "training rows"), "9");
  // A damaged one hides nothing else, and nothing of it is taken.
  changed(folder / kBegunFile, [](Json& json) { json["data"].erase("test_rows"); });
  const Page damaged = read_page(folder);
  EXPECT_EQ(damaged.facts, page.facts);
  EXPECT_EQ(damaged.unfinished, page.unfinished);
  write_file(folder / kBegunFile, "{\"schema\"");
  EXPECT_EQ(read_page(folder).facts, page.facts);

  // Interrupted, gone on and killed: the checkpoint holds more than run.json. One that has not gone on is told by that.
  fs::create_directories(test_folder() / "run");
  const fs::path interrupted = run_folder(RunOutcome::interrupted);
  write_checkpoint(interrupted / kCheckpointFile, checkpoint);
  EXPECT_EQ(read_page(interrupted).unfinished,
            "This run was not finished: it was interrupted after 3 of 5 epochs. " + goes_on(interrupted));
  changed(interrupted / "run.json", [](Json& json) { json["result"]["epochs"] = 2; });
  EXPECT_NE(read_page(interrupted).unfinished.find("its checkpoint after 3 epochs"), std::string::npos);
}

TEST(RunPage, says_what_was_begun_where_nothing_else_is_left) {
  const fs::path folder = test_folder() / "begun";
  fs::create_directories(folder);
  BegunFile begun(folder,
                  {.command = "plateau diagnose",
                   .options = {"--data", "it's <i>.csv", "--hidden", "", "--lr", "0.1"},
                   .test_rows = 45},
                  cpu_environment(2));
  Page page = read_page(folder);
  EXPECT_EQ(page.title, "plateau diagnose, unfinished");
  EXPECT_EQ(page.unfinished.find("This run was not finished: it was begun at 2"), 0u) << page.unfinished;
  EXPECT_EQ(page.sentence, "Nothing that was measured is left.");
  EXPECT_EQ(fact(page, "test rows"), "45");
  EXPECT_EQ(fact(page, "training rows"), "none");
  EXPECT_EQ(page.to_do.at(1),
            "Where it was ended, give the command again; it begins anew: plateau diagnose --data "
            R"('it'\''s <i>.csv' --hidden '' --lr 0.1)");
  EXPECT_NE(page.made_by.find(", 2 threads; begun 2"), std::string::npos) << page.made_by;
  EXPECT_NE(html(page).find("s &lt;i&gt;.csv"), std::string::npos);
  begun.reached("capacity ladder", 210);
  EXPECT_EQ(read_page(folder).sentence,
            "Its last block was capacity ladder, after 210 trainings. Nothing that was measured is left.");

  // The runs of a sweep are of no block.
  BegunFile sweep(folder, {.command = "plateau sweep"}, cpu_environment(2));
  changed(folder / kBegunFile, [](Json& json) { json["measured"]["trainings"] = 12; });
  EXPECT_EQ(read_page(folder).sentence, "12 trainings had ended. Nothing that was measured is left.");

  changed(folder / kBegunFile, [](Json& json) { json["schema_version"] = kBegunJsonVersion + 1; });
  EXPECT_NE(refusal([&] { read_page(folder); }).find("begun.json: was written by a newer Plateau"), std::string::npos);
  changed(folder / kBegunFile, [](Json& json) {
    json["schema_version"] = kBegunJsonVersion;
    json.erase("measured");
  });
  EXPECT_NE(refusal([&] { read_page(folder); }).find("begun.json: is damaged: key 'measured' not found"),
            std::string::npos);
  write_file(folder / kBegunFile, "{\"schema\"");
  EXPECT_NE(refusal([&] { read_page(folder); }).find("begun.json: is damaged"), std::string::npos);
}

TEST(RunPage, is_made_of_the_rounds_of_a_fine_tuning_that_was_killed) {
  const fs::path folder = test_folder() / "rounds";
  fs::create_directories(folder);
  write_file(folder / "rounds.csv",
             "round,train_accuracy,test_accuracy,changed_share_since_before\n0,,0.5,\n1,0.7,0.6,0.25\n");
  const Page page = read_page(folder);
  EXPECT_NE(page.unfinished.find("ends after 1 round."), std::string::npos) << page.unfinished;
  EXPECT_NE(page.sentence.find("60.0 %"), std::string::npos);
  EXPECT_NE(described(*chart_named(page, "churn")).find("changed since the round before: 25 at round 1."),
            std::string::npos);
  BegunFile(folder, {.command = "plateau finetune", .options = {"--lr", "1"}, .train_rows = 9}, cpu_environment(1));
  EXPECT_EQ(fact(read_page(folder), "command"), "plateau finetune --lr 1");
  changed(folder / kBegunFile, [](Json& json) { json.erase("versions"); });
  EXPECT_EQ(read_page(folder).facts, page.facts);  // a damaged one hides no rounds
  write_file(folder / kBegunFile, "{\"schema\"");
  EXPECT_EQ(read_page(folder).made_by, page.made_by);
  fs::remove(folder / kBegunFile);
  write_file(folder / "rounds.csv", "round,test_accuracy\n0,0.5\n");
  EXPECT_NE(refusal([&] { read_page(folder); }).find("rounds.csv: is damaged: there is no column 'train_accuracy'"),
            std::string::npos);
  write_file(folder / "rounds.csv", "round,train_accuracy,test_accuracy,changed_share_since_before\n0,,0.5,\n1,0.7\n");
  EXPECT_NE(refusal([&] { read_page(folder); }).find("line 3 has 2 cells, and the first has 4"), std::string::npos);
}

TEST(RunPage, of_a_diagnosis_has_every_chart) {
  const fs::path folder = test_folder() / "diagnosis";
  fs::create_directories(folder);
  const Diagnosis diagnosis = test::hand_made_diagnosis();
  write_diagnosis_directory(folder, diagnosis, diagnosis_json(diagnosis, cpu_environment(2)));
  const Page page = read_page(folder);
  EXPECT_EQ(page.verdict, "capacity");
  EXPECT_EQ(page.grade, "proved");
  EXPECT_EQ(page.to_do, std::vector<std::string>{"Train it so: 32-32."});
  EXPECT_EQ(page.not_tested, std::vector<std::string>{"the weather"});
  for (const char* name :
       {"error-budget", "gains", "accuracy", "churn", "confusion", "steps", "ladder", "learning-curve", "signal"})
    EXPECT_NE(chart_named(page, name), nullptr) << name;
  EXPECT_NE(described(*chart_named(page, "ladder")).find("On held-out folds the first network has "),
            std::string::npos);
  // The parts of the budget have one decimal, all of them.
  const std::string budget = chart_named(page, "error-budget")->svg;
  std::size_t parts = 0;
  for (std::size_t at = budget.find("class=\"text halo\""); at != std::string::npos;
       at = budget.find("class=\"text halo\"", at + 1), ++parts) {
    const std::string words = budget.substr(budget.find('>', at) + 1, budget.find('<', at) - budget.find('>', at) - 1);
    EXPECT_EQ(words.size() - words.find('.'), 2u) << words;
  }
  EXPECT_GE(parts, 5u) << budget;
  // Curves are means, and say so; the test of a signal is by what docs/diagnose.md calls skill.
  const std::string of_trainings = fmt::format(" (mean of {} trainings)", diagnosis.evidence.user->setting.trainings);
  EXPECT_NE(chart_named(page, "accuracy")->svg.find("Accuracy by epoch" + of_trainings), std::string::npos);
  EXPECT_NE(chart_named(page, "churn")->svg.find("Test rows that turn right or wrong" + of_trainings),
            std::string::npos);
  EXPECT_NE(chart_named(page, "signal")->svg.find(">skill: covariance of class and probability, best network<"),
            std::string::npos);
  EXPECT_NE(described(*chart_named(page, "signal")).find("Skill (the sum over classes of the covariance between "),
            std::string::npos);
  // A gain is named by its cause, and the confusion is that of a vote.
  EXPECT_NE(chart_named(page, "gains")->svg.find("capacity: "), std::string::npos);
  const std::string confusion = chart_named(page, "confusion")->svg;
  const std::string vote = fmt::format("by the vote of {} trainings", diagnosis.evidence.user->setting.trainings);
  EXPECT_NE(confusion.find("aria-label=\"Classes that test rows are given " + vote), std::string::npos) << confusion;
  EXPECT_NE(confusion.find("the class they are given " + vote + ".</desc>"), std::string::npos) << confusion;
  // The suspects, with names that no page should be handed as they are.
  const std::string out = html(page);
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_NE(out.find("a &quot;cat&quot;"), std::string::npos);
  const auto suspects = [](const Page& of) {
    for (const PageSection& section : of.sections)
      for (const PageTable& table : section.tables)
        if (table.caption.find("networks contradict") != std::string::npos) return table;
    return PageTable{};
  };
  using Line = std::vector<std::string>;
  EXPECT_EQ(suspects(page).lines.at(0), (Line{"\x1b[31mdog", "a \"cat\"", "40", "96.0 %", "4.0 %"}));
  EXPECT_EQ(suspects(page).head.size(), 5u);

  // Version 2 has suspects without what networks say of them.
  changed(folder / "diagnosis.json", [](Json& json) {
    json["schema_version"] = 2;
    json["evidence"]["label_noise"]["suspects"] = {40, 20};
  });
  const std::string earlier_suspects = "row,label\n40,\"\x1b[31mdog\"\n20,\"a \"\"cat\"\", or\nelse\"\n";
  write_file(folder / "suspects.csv", earlier_suspects);
  const PageTable second = suspects(read_page(folder));
  EXPECT_EQ(second.head, (Line{"label", "row, counted from 0"}));
  EXPECT_EQ(second.lines, (std::vector<Line>{{"\x1b[31mdog", "40"}, {"a \"cat\", or\nelse", "20"}}));
  for (const std::string& wrong : {earlier_suspects + "5", earlier_suspects + "5,\"a\n", earlier_suspects + "5,6,7\n",
                                   std::string("row,label,given\n")}) {
    write_file(folder / "suspects.csv", wrong);
    EXPECT_NE(refusal([&] { read_page(folder); }).find("suspects.csv: is damaged: a line is not "), std::string::npos)
        << wrong;
  }
  write_file(folder / "suspects.csv", earlier_suspects);

  // Version 1 lacks more, and the page those charts.
  changed(folder / "diagnosis.json", [](Json& json) {
    json["schema_version"] = 1;
    json["evidence"].erase("ladder");
    json["evidence"]["user"].erase("epochs");
    json["evidence"]["user"].erase("confusion");
  });
  const Page older = read_page(folder);
  EXPECT_NE(chart_named(older, "error-budget"), nullptr);
  EXPECT_EQ(chart_named(older, "ladder"), nullptr);
}

TEST(RunPage, of_remedies_says_what_kind_of_points_a_remedy_has_and_when_no_gain_is_left) {
  const fs::path folder = test_folder() / "remedies";
  fs::create_directories(folder);
  const auto remedy = [](const char* name, const char* state, const char* judged_by, double points, double high) {
    return Json{{"remedy", name},      {"state", state}, {"judged_by", judged_by}, {"points", points},
                {"low", points - 2.0}, {"high", high},   {"adjusted_p", 1e-19},    {"trainings", 20}};
  };
  const Json document{
      {"schema", "plateau-remedies"},
      {"schema_version", 1},
      {"configuration", {{"data", "rows.csv"}}},
      {"advice", "Stop tuning"},
      {"baseline",
       {{"test_accuracy", 0.5},
        {"test_interval_95", {0.4, 0.6}},
        {"seed_deviation", 0.01},
        {"trainings", 20},
        {"architecture", "2-8-2"}}},
      {"data", {{"train_rows", 100}, {"test_rows", 50}}},
      {"trainings", 60},
      {"test_looks", 3},
      {"placebo_differs", false},
      {"remedies",
       {remedy("class-weights", "unresolved", "balanced_accuracy", -0.01, 2.0),
        remedy("mixup", "no-effect", "accuracy", -2.5, -0.5), remedy("jitter", "no-effect", "accuracy", 0.25, 0.75)}},
      {"learning_curve", nullptr},
      {"versions", {{"plateau", "0"}, {"commit", nullptr}}},
      {"measured", Json::object()}};
  write_file(folder / "remedies.json", document.dump());
  const Page page = read_page(folder);
  EXPECT_EQ(page.sentence, "Stop tuning.");
  EXPECT_EQ(fact(page, "over seeds"), "deviation 1.0 points, 20 trainings");
  const PageTable& table = page.sections.at(0).tables.at(0);
  const std::vector<std::string> weights{"class weights (balanced accuracy)", "unresolved", "0.0", "[-2.0, +2.0]"};
  EXPECT_TRUE(std::ranges::equal(weights, std::span(table.lines.at(0)).first(4)));
  EXPECT_EQ(table.lines.at(1).at(1), "no gain");  // its interval lies below 0: it may well do harm
  EXPECT_EQ(table.lines.at(2).at(1), "no effect");
  EXPECT_EQ(table.lines.at(2).at(4), "< 0.001");
}

TEST(RunPage, of_a_sweep_names_in_its_table_what_differs) {
  SweepResult sweep{.definition = {.hidden = {{8}}, .learning_rate = {0.1}, .dropout = {0, 0.5}}, .validation_rows = 3};
  sweep.settings = {{.architecture = {{2, 8, 2}}, .learning_rate = 0.1, .dropout = 0.5, .runs = {{}}}};
  const fs::path folder = test_folder() / "sweep";
  prepare_sweep_directory(folder);
  write_sweep_directory(folder, sweep, sweep_json(sweep, cpu_environment(1)));
  const Page page = read_page(folder);
  EXPECT_EQ(page.sections.at(0).tables.at(0).head,
            (std::vector<std::string>{"network", "rank", "learning rate", "dropout", "test accuracy", "validation loss",
                                      "train accuracy", "runs complete"}));
  EXPECT_EQ(page.sections.at(0).tables.at(0).lines.at(0).at(3), "0.5");
}

TEST(RunPage, of_a_sweep_tells_settings_apart_with_their_spread) {
  SweepResult sweep{
      .definition = {.hidden = {{8}}, .learning_rate = {0.1}, .weight_decay = {0, 0.25}, .dropout = {0, 0.5}},
      .validation_rows = 3};
  const SweepRun run{.epochs = 5, .epoch = 4, .figures = {.train_accuracy = 0.75, .test_accuracy = 0.75}};
  for (const double weight_decay : {0.25, 0.0})
    sweep.settings.push_back({.architecture = {{2, 8, 2}},
                              .learning_rate = 0.1,
                              .weight_decay = weight_decay,
                              .dropout = 0.5,
                              .runs = {run, run},
                              .validation_loss = MeanSpread{.mean = 0.5, .deviation = 0.01, .interval = {0.375, 0.625}},
                              .test_accuracy = MeanSpread{.mean = 0.75, .deviation = 0.01, .interval = {0.7, 0.8}},
                              .rank = weight_decay > 0 ? 1 : 2});
  const fs::path folder = test_folder() / "sweep";
  prepare_sweep_directory(folder);
  write_sweep_directory(folder, sweep, sweep_json(sweep, cpu_environment(1)));
  const Page page = read_page(folder);
  EXPECT_EQ(page.sentence,
            "The best of 2 settings by validation loss is 2-8-2 at learning rate 0.1, weight decay 0.25, dropout 0.5: "
            "test accuracy 75.0 % ±5.0 over 2 runs.");
  const std::string dots = chart_named(page, "sweep-runs")->svg;
  EXPECT_NE(dots.find("2-8-2, learning rate 0.1, weight decay 0.25, dropout 0.5, test: 75"), std::string::npos) << dots;
  EXPECT_NE(dots.find("2-8-2, learning rate 0.1, weight decay 0, dropout 0.5, test: 75"), std::string::npos) << dots;
  // The map names the learning rate.
  const PageChart& map = *chart_named(page, "sweep");
  EXPECT_NE(described(map).find("The highest is 75.0 %, of 2-8-2 at learning rate 0.1."), std::string::npos);
  EXPECT_NE(map.svg.find("<title>2-8-2, learning rate 0.1: 75 (75.0)</title>"), std::string::npos) << map.svg;
  const std::vector<std::string>& line = page.sections.at(0).tables.at(0).lines.at(0);
  EXPECT_EQ(std::vector<std::string>(line.begin() + 3, line.begin() + 7),
            (std::vector<std::string>{"0.25", "0.5", "75.0 % ±5.0", "0.5 ±0.12"}));
}

TEST(RunPage, of_a_sweep_has_a_map_whose_scale_has_the_decimals_of_its_cells) {
  SweepResult sweep{.definition = {.hidden = {{8}}, .learning_rate = {0.1, 0.2}}, .validation_rows = 3};
  for (const double accuracy : {4.0 / 9, 7.0 / 9})
    sweep.settings.push_back(
        {.architecture = {{2, 8, 2}},
         .learning_rate = accuracy < 0.5 ? 0.1 : 0.2,
         .runs = {{.epochs = 5, .epoch = 4, .figures = {.train_accuracy = accuracy, .test_accuracy = accuracy}}},
         .test_accuracy = MeanSpread{.mean = accuracy, .deviation = 0, .interval = {accuracy, accuracy}},
         .rank = accuracy < 0.5 ? 2 : 1});
  const fs::path folder = test_folder() / "sweep";
  prepare_sweep_directory(folder);
  write_sweep_directory(folder, sweep, sweep_json(sweep, cpu_environment(1)));
  const std::string map = chart_named(read_page(folder), "sweep")->svg;
  const std::size_t cell = map.find(">44.4<");
  ASSERT_NE(cell, std::string::npos) << map;
  EXPECT_NE(map.find(">44.4<", cell + 1), std::string::npos) << map;  // the lower end of the scale
  EXPECT_NE(map.find(">77.8  mean test accuracy (%)<"), std::string::npos) << map;
}

TEST(RunPage, of_a_sweep_says_which_runs_diverged_and_what_to_do) {
  const SweepRun diverged{.outcome = RunOutcome::diverged};
  const SweepRun complete{.epochs = 5, .epoch = 4, .figures = {.train_accuracy = 0.75, .test_accuracy = 0.75}};
  SweepResult sweep{.definition = {.hidden = {{8}}, .learning_rate = {1e30}}, .validation_rows = 3};
  sweep.settings = {{.architecture = {{2, 8, 2}}, .learning_rate = 1e30, .runs = {diverged, diverged}}};
  const fs::path folder = test_folder() / "sweep";
  prepare_sweep_directory(folder);
  write_sweep_directory(folder, sweep, sweep_json(sweep, cpu_environment(1)));
  Page page = read_page(folder);
  EXPECT_EQ(page.sentence, "No setting has a complete run. Every run diverged: the loss was no longer finite.");
  EXPECT_EQ(page.to_do,
            std::vector<std::string>{"Against a loss that is no longer finite: a smaller learning rate, and "
                                     "features on one scale (--scale standard)."});
  EXPECT_EQ(fact(page, "runs"), "2, of which 2 diverged");
  EXPECT_EQ(page.sections.at(0).tables.at(0).lines.at(0).back(), "0 of 2, 2 diverged");

  sweep.settings[0].runs[0] = complete;
  sweep.settings[0].rank = 1;
  write_file(folder / "sweep.json", sweep_json(sweep, cpu_environment(1)));
  page = read_page(folder);
  EXPECT_EQ(page.sentence.find("The best of 1 settings"), 0u);
  EXPECT_EQ(page.sections.at(0).tables.at(0).lines.at(0).back(), "1 of 2, 1 diverged");
}

TEST(RunPage, refuses_what_it_cannot_read_in_one_sentence) {
  const fs::path folder = test_folder() / "run";
  EXPECT_NE(refusal([&] { read_page(folder); }).find("is no folder"), std::string::npos);
  fs::create_directories(folder);
  const std::string nothing =
      folder.string() + ": holds nothing: a command that trains leaves word of what it began there";
  EXPECT_EQ(refusal([&] { read_page(folder); }), nothing);
  write_file(folder / ".plateau-0123.tmp", "what a process that was killed has left");
  EXPECT_EQ(refusal([&] { read_page(folder); }), nothing);
  write_file(folder / "notes.txt", "");
  EXPECT_NE(refusal([&] { read_page(folder); }).find("holds no run"), std::string::npos);
  run_folder(RunOutcome::finished);
  const fs::path file = folder / "run.json";
  changed(file, [](Json& json) { json["schema_version"] = kRunJsonVersion + 1; });
  EXPECT_NE(refusal([&] { read_page(folder); }).find("was written by a newer Plateau"), std::string::npos);
  changed(file, [](Json& json) { json["schema_version"] = "3"; });
  EXPECT_NE(refusal([&] { read_page(folder); }).find("is no version"), std::string::npos);
  changed(file, [](Json& json) {
    json["schema_version"] = kRunJsonVersion;
    json["result"].erase("outcome");
  });
  const std::string missing = refusal([&] { read_page(folder); });
  EXPECT_NE(missing.find("run.json: is damaged: key 'outcome' not found"), std::string::npos) << missing;
  changed(file, [](Json& json) { json["result"]["outcome"] = "bogus"; });
  EXPECT_NE(refusal([&] { read_page(folder); }).find("outcome under result is no outcome"), std::string::npos);
  changed(file, [](Json& json) { json["schema"] = "other"; });
  EXPECT_NE(refusal([&] { read_page(folder); }).find("is no plateau-run document"), std::string::npos);
  write_file(file, "{\"schema\": \"plateau-run\", ");
  EXPECT_NE(refusal([&] { read_page(folder); }).find("is damaged"), std::string::npos);
}

TEST(RunPage, refuses_a_diagnosis_whose_parts_do_not_fit_together) {
  const fs::path folder = test_folder() / "diagnosis";
  fs::create_directories(folder);
  const Diagnosis diagnosis = test::hand_made_diagnosis();
  const std::string whole = diagnosis_json(diagnosis, cpu_environment(2));
  write_diagnosis_directory(folder, diagnosis, whole);
  const auto refused = [&](const char* place, const Json& value) {
    write_file(folder / "diagnosis.json", whole);
    changed(folder / "diagnosis.json", [&](Json& json) { json.at(Json::json_pointer(place)) = value; });
    return refusal([&] { read_page(folder); });
  };
  for (const char* const place : {"/evidence/signal/null/0", "/evidence/signal/null", "/evidence/signal/statistic",
                                  "/evidence/signal/p", "/evidence/signal/permutations"})
    for (const Json& value : {Json(true), Json("x"), Json::object()})
      EXPECT_NE(refused(place, value).find("diagnosis.json: is damaged: a value in it"), std::string::npos) << place;
  for (const char* const column : {"epoch", "test_accuracy", "train_accuracy", "changed_share"})
    EXPECT_NE(refused(("/evidence/user/epochs/" + std::string(column)).c_str(), Json::array())
                  .find("diagnosis.json: is damaged: its parts do not fit together"),
              std::string::npos)
        << column;
}

TEST(RunPage, refuses_a_folder_in_the_place_of_a_document) {
  fs::create_directories(test_folder() / "run" / "run.json");
  EXPECT_NE(refusal([&] { read_page(test_folder() / "run"); }).find("run.json: cannot be read: it is a folder"),
            std::string::npos);
  fs::create_directories(test_folder() / "compared");
  write_file(test_folder() / "compared" / "compare.json", "{}");
  EXPECT_NE(refusal([&] { read_page(test_folder() / "compared"); }).find("compared: holds a comparison"),
            std::string::npos);
}

TEST(RunPage, is_written_as_html_markdown_and_charts) {
  fs::create_directories(test_folder() / "run");
  const fs::path folder = run_folder(RunOutcome::finished);
  const std::vector<fs::path> written = write_page(folder, read_page(folder), true);
  ASSERT_EQ(written.size(), 6u);
  EXPECT_EQ(written[0], folder / "report.html");
  for (const char* name : {"report.html", "report.md", "accuracy.svg", "churn.svg", "loss.svg", "confusion.svg"})
    EXPECT_TRUE(fs::exists(folder / name)) << name;
  std::ifstream in(folder / "accuracy.svg");
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_NE(text.str().find("xmlns=\"http://www.w3.org/2000/svg\""), std::string::npos);
  // Again, over what is there.
  EXPECT_EQ(write_page(folder, read_page(folder), false).size(), 2u);
  EXPECT_TRUE(fs::exists(folder / "accuracy.svg"));
}

TEST(RunPage, leaves_no_chart_of_an_earlier_page_and_every_file_of_the_users) {
  fs::create_directories(test_folder() / "run");
  const fs::path folder = run_folder(RunOutcome::finished);
  write_page(folder, read_page(folder), true);
  const auto charts = [&] {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".svg") names.insert(entry.path().filename().string());
    return names;
  };
  using Names = std::set<std::string>;
  ASSERT_EQ(charts(), (Names{"accuracy.svg", "churn.svg", "confusion.svg", "loss.svg"}));
  // Of the user: a copy under another name, a drawing of another hand under a name of ours, a link to a chart.
  fs::copy_file(folder / "loss.svg", folder / "my-loss.svg");
  write_file(folder / "gains.svg", "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n");
  fs::create_symlink("my-loss.svg", folder / "steps.svg");
  const Names own{"gains.svg", "my-loss.svg", "steps.svg"};
  const auto with_own = [&](Names names) {
    names.insert(own.begin(), own.end());
    return names;
  };

  // With fewer charts.
  changed(folder / "run.json", [](Json& json) { json["result"].erase("confusion"); });
  write_page(folder, read_page(folder), true);
  EXPECT_EQ(charts(), with_own({"accuracy.svg", "churn.svg", "loss.svg"}));
  // Without charts: those that would be drawn otherwise now are none of this page's.
  changed(folder / "run.json", [](Json& json) { json["data"]["test"]["class_rows"] = {10, 30}; });
  write_file(folder / "history.csv",
             "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm,test_churn\n"
             "0,0.5,0.5,0.75,0.5,1,\n1,0.25,0.75,0.5,0.75,1,0.25\n2,0.25,0.75,0.5,0.75,1,0.125\n");
  write_page(folder, read_page(folder), false);
  EXPECT_EQ(charts(), with_own({"churn.svg"}));
}

}  // namespace
}  // namespace plateau::run_page_test
