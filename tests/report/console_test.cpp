// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/console.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace plateau {
namespace {

Environment somewhere() {
  return {.version = "1.2.3",
          .compiler = "cc",
          .matrix_library = "Eigen",
          .device = "cpu",
          .engine = "layered",
          .precision = "fp32",
          .device_name = "Some Processor",
          .workers = 2};
}

ScenarioResult small_scenario(const ScenarioOptions& options) { return study_scenario(options, {.workers = 2}); }

TEST(EpochLines, have_the_exact_form) {
  EXPECT_EQ(epoch_lines({{.train_loss = 0.69934, .test_accuracy = 0.432}, {.train_loss = 12.5, .test_accuracy = 1}}),
            "Epoch: 0, Train Loss: 0.6993, Test Accuracy: 0.4320\n"
            "Epoch: 1, Train Loss: 12.5000, Test Accuracy: 1.0000\n");
  EXPECT_EQ(epoch_lines({}), "");
}

TEST(ScenarioSummary, says_level_reason_evidence_and_where_it_was_measured) {
  const ScenarioOptions options{.kind = ScenarioKind::underfit, .epochs = 60, .seed = 3};
  const ScenarioResult result = small_scenario(options);
  const std::string text = scenario_summary(options, result, somewhere());
  for (const char* part :
       {"underfit (labels as described): 3-2, 1000 training rows, 500 test rows, seed 3", "\nPlateau ",
        "mean of the last 6 epochs", "\nTraining ", "\nBest epoch ", "\nReason ", "\nEvidence ",
        "label-permuted control (5 trainings on shuffled labels)", "wider control 3-32-32-2 (3 trainings)",
        "described rule itself", "\nMeasured     on cpu (Some Processor, 2 threads): training "})
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  EXPECT_EQ(text.find("As published"), std::string::npos);
  EXPECT_EQ(text.find(" seeds, "), std::string::npos);
}

TEST(ScenarioSummary, says_what_is_wrong_with_the_published_labels_and_which_class_is_missing) {
  const ScenarioOptions options{.kind = ScenarioKind::underfit, .reading = LabelReading::published, .epochs = 40};
  const std::string text = scenario_summary(options, small_scenario(options), somewhere());
  EXPECT_NE(text.find("As published the published program tests"), std::string::npos) << text;
  EXPECT_NE(text.find("class 1 has no training rows"), std::string::npos) << text;
  EXPECT_NE(text.find("single-class (proved)"), std::string::npos) << text;
}

TEST(ScenarioSummary, without_controls_says_what_was_not_tested) {
  const ScenarioOptions options{.kind = ScenarioKind::ceiling, .epochs = 20, .controls = Controls::leave_out};
  const std::string text = scenario_summary(options, small_scenario(options), somewhere());
  EXPECT_NE(text.find("\nNot tested   - whether the labels depend on the features at all"), std::string::npos) << text;
}

TEST(ScenarioSummary, repeats_add_a_table_of_means) {
  const ScenarioOptions options{
      .kind = ScenarioKind::underfit, .epochs = 20, .seed = 8, .repeat = 3, .controls = Controls::leave_out};
  const ScenarioResult result = small_scenario(options);
  const std::string text = scenario_summary(options, result, somewhere());
  EXPECT_NE(text.find("3 seeds, 8 to 10; 3 finished"), std::string::npos) << text;
  const MeanSpread spread =
      mean_spread({result.seeds[0].test_accuracy, result.seeds[1].test_accuracy, result.seeds[2].test_accuracy});
  char row[64];
  std::snprintf(row, sizeof row, "test accuracy (level)         %.4f  %.4f", spread.mean, spread.deviation);
  EXPECT_NE(text.find(row), std::string::npos) << row << "\n" << text;
}

TEST(ScenarioSummary, fits_a_hundred_columns) {
  const ScenarioOptions options{.kind = ScenarioKind::ceiling, .reading = LabelReading::published, .epochs = 20};
  std::istringstream lines(scenario_summary(options, small_scenario(options), somewhere()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(TrainingSummary, of_a_run_that_ended_early_says_so) {
  RunStudy study{.run = {.architecture = {{2, 2}}, .epochs = 9}, .train_class_rows = {3, 4}, .test_class_rows = {1, 1}};
  study.result.outcome = RunOutcome::diverged;
  EXPECT_NE(outcome_sentence(study).find("diverged in epoch 0"), std::string::npos);
  EXPECT_NE(training_summary(study, somewhere()).find("diverged in epoch 0"), std::string::npos);
  study.result.outcome = RunOutcome::interrupted;
  EXPECT_EQ(outcome_sentence(study), "interrupted after 0 of 9 epochs");
  study.result.outcome = RunOutcome::finished;
  EXPECT_EQ(outcome_sentence(study), "");
}

}  // namespace
}  // namespace plateau
