// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/console.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace plateau::console_test {
namespace {

Environment somewhere() {
  return {.version = "1.2.3",
          .compiler = "cc",
          .matrix_library = "Eigen",
          .device = "cpu",
          .precision = "fp32",
          .device_name = "Some Processor",
          .workers = 2};
}

ScenarioResult small_scenario(const ScenarioOptions& options) {
  CpuTrainer trainer({.workers = 2});
  return study_scenario(options, trainer);
}

gpu::Inventory some_gpu() {
  return {
      .toolkit_version = 13000,
      .driver_version = 13010,
      .devices = {{.name = "Some GPU", .compute_major = 9, .multiprocessors = 132, .memory_bytes = 150'000'000'000}}};
}

// A run on these features of the training rows, which never began.
RunStudy with_features(std::vector<FeatureStatistics> features) {
  return {.run = {.architecture = {{static_cast<Index>(features.size()), 2}}, .epochs = 9},
          .statistics = {.train = {.class_rows = {3, 4}, .features = std::move(features)},
                         .test = {.class_rows = {1, 3}, .features = {}}}};
}
FeatureStatistics spread_by(double spread) {
  return {.mean = 2 * spread, .spread = spread, .minimum = 0, .maximum = 4 * spread};
}
FeatureStatistics constant_at(double value) {
  return {.mean = value, .spread = 1e-15, .minimum = value, .maximum = value};
}

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
}

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
       {"underfit (labels as described): 3-2, 1000 training rows, 500 test rows, seed 3", "\nData ", "\nPlateau ",
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
  EXPECT_NE(text.find("class 1 is without training rows"), std::string::npos) << text;
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

TEST(ScenarioSummary, fits_eighty_columns) {
  const ScenarioOptions options{.kind = ScenarioKind::ceiling, .reading = LabelReading::published, .epochs = 20};
  std::istringstream lines(scenario_summary(options, small_scenario(options), somewhere()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(TrainingSummary, of_a_run_that_ended_early_says_so) {
  RunStudy study = with_features({spread_by(1), spread_by(2)});
  study.result.outcome = RunOutcome::diverged;
  EXPECT_NE(outcome_sentence(study).find("diverged in epoch 0"), std::string::npos);
  EXPECT_NE(training_summary(study, somewhere()).find("diverged in epoch 0"), std::string::npos);
  study.result.outcome = RunOutcome::interrupted;
  EXPECT_EQ(outcome_sentence(study), "interrupted after 0 of 9 epochs");
  study.result.outcome = RunOutcome::finished;
  EXPECT_EQ(outcome_sentence(study), "");
}

TEST(TrainingSummary, describes_the_training_rows) {
  const std::string text = training_summary(
      with_features({{.mean = 5.0123, .spread = 2.87, .minimum = -0.25, .maximum = 123456}, spread_by(1)}),
      somewhere());
  expect_part(text,
              "Data         7 training rows, by class 3, 4; 4 test rows, by class 1, 3: always\n"
              "             saying the commonest would score 0.750\n");
  expect_part(text,
              "\n             features of the training rows:"
              "\n             feature        mean      spread     minimum     maximum"
              "\n                   0       5.012        2.87       -0.25   1.235e+05"
              "\n                   1           2           1           0           4\n");
  EXPECT_EQ(text.find("Note"), std::string::npos) << text;
}

TEST(TrainingSummary, sums_up_more_features_than_it_lists) {
  std::vector<FeatureStatistics> features(8, spread_by(1));
  EXPECT_NE(training_summary(with_features(features), somewhere()).find("maximum"), std::string::npos);
  features.push_back(constant_at(0));
  features.push_back(spread_by(3.5));
  const std::string text = training_summary(with_features(features), somewhere());
  expect_part(
      text,
      "\n             10 features of the training rows: means 0 to 7, spreads 0 to 3.5, 1\n             constant\n");
  expect_part(
      text,
      "\nNote         feature 8 is constant in the training rows, and cannot tell the\n             classes apart\n");
  EXPECT_EQ(text.find("maximum"), std::string::npos) << text;
}

TEST(TrainingSummary, names_features_that_tell_nothing) {
  const std::string text = training_summary(with_features({constant_at(0), spread_by(1), constant_at(7)}), somewhere());
  expect_part(text,
              "\nNote         features 0, 2 are constant in the training rows, and cannot tell\n             the "
              "classes apart\n");
  expect_part(training_summary(with_features(std::vector<FeatureStatistics>(50, constant_at(1))), somewhere()),
              "features 0, 1, 2, 3, 4, 5, 6, 7 and 42 more are constant");
}

TEST(TrainingSummary, names_features_on_very_different_scales) {
  const std::string text =
      training_summary(with_features({spread_by(2), constant_at(5), spread_by(0.25), spread_by(5000)}), somewhere());
  expect_part(text,
              "\nNote         feature 3 spreads 2e+04 times as wide as feature 2 (5000 and 0.25):\n             on "
              "such different");
  // A hundred times is not yet worth a word, and a constant feature has no scale.
  EXPECT_EQ(
      training_summary(with_features({spread_by(1), spread_by(100), constant_at(5)}), somewhere()).find("spreads "),
      std::string::npos);
  expect_part(training_summary(with_features({spread_by(1), spread_by(101)}), somewhere()), "spreads 101 times");
}

TEST(TrainingSummary, sums_up_more_classes_than_it_lists) {
  RunStudy study = with_features({spread_by(1)});
  study.statistics.train.class_rows.assign(12, 5);
  study.statistics.train.class_rows[3] = 0;
  study.statistics.train.class_rows[11] = 0;
  const std::string text = training_summary(study, somewhere());
  expect_part(text, "Data         50 training rows, 12 classes of 0 to 5 rows; 4 test rows");
  expect_part(text, "\nNote         classes 3, 11 are without training rows, and trained all the same\n");
}

TEST(TrainingSummary, says_which_gpu_it_was_measured_on) {
  const RunStudy study = with_features({spread_by(1)});
  expect_part(training_summary(study, gpu_environment(some_gpu(), "cuBLAS")),
              "\nMeasured     on cuda (Some GPU, layered engine): training ");
  gpu::Inventory emulated = some_gpu();
  emulated.emulated = true;
  expect_part(
      training_summary(study, gpu_environment(emulated, "cuBLAS")),
      "\nMeasured     on emulated (Some GPU, layered engine; its times are not those of a\n             GPU): ");
}

TEST(MachineSummary, names_the_gpus) {
  const std::string text = machine_summary(somewhere(), some_gpu(), "cuBLAS 13.0.2");
  for (const char* line : {"plateau   1.2.3\n", "cpu       Some Processor, 2 threads\n", "products  Eigen\n",
                           "cuda      13.0, cuBLAS 13.0.2\n", "driver    CUDA 13.1\n",
                           "gpu       Some GPU, compute 9.0, 132 multiprocessors, 150.0 GB, ",
                           "engines   layered, on the cpu and the GPU; fused, on the GPU\n"})
    expect_part(text, line);
}

TEST(MachineSummary, names_the_commit_it_was_built_from) {
  Environment environment = somewhere();
  const auto summary = [&] { return machine_summary(environment, some_gpu(), "cuBLAS"); };
  environment.build = {.commit = "0123abc"};
  expect_part(summary(), "plateau   1.2.3\ncommit    0123abc\n");
  environment.build.dirty = true;
  expect_part(summary(), "commit    0123abc, with changes\n");
  environment.build = {};
  expect_part(summary(), "commit    not known\n");
}

TEST(MachineSummary, says_what_is_missing) {
  const auto summary = [](const gpu::Inventory& found) { return machine_summary(somewhere(), found, "cuBLAS"); };
  const std::string no_driver = summary({.toolkit_version = 13000, .problem = "no NVIDIA driver is installed"});
  expect_part(no_driver, "cuda      13.0, cuBLAS\ndriver    none\ngpu       none: no NVIDIA driver is installed\n");
  const std::string no_device =
      summary({.toolkit_version = 13000, .driver_version = 12020, .problem = "the NVIDIA driver finds no GPU"});
  expect_part(no_device, "driver    CUDA 12.2\ngpu       none: the NVIDIA driver finds no GPU\n");
  // A program without CUDA has not looked, so it does not say that there is no driver.
  const std::string no_toolkit = machine_summary(somewhere(), {.problem = "built without"}, "");
  expect_part(no_toolkit,
              "cuda      not built in\ndriver    not looked for\ngpu       not looked for: built without\n");
  expect_part(no_toolkit, "engines   layered, on the cpu\n");
}

TEST(MachineSummary, marks_an_emulated_gpu) {
  gpu::Inventory emulated = some_gpu();
  emulated.emulated = true;
  const std::string text = machine_summary(somewhere(), emulated, "cuBLAS");
  expect_part(text, "cuda      13.0, emulated cuBLAS\n");
  expect_part(text, "gpu       emulated on the cpu, for tests: Some GPU, ");
  expect_part(text, "engines   layered, on the cpu and the emulated GPU; fused, on the emulated GPU\n");
}

// Two seeds of three networks: the first two have what they are given, the third has diverged.
SweepResult small_sweep() {
  const auto spread = [](double mean, double half) { return MeanSpread{mean, half, {mean - half, mean + half}}; };
  SweepResult result{.definition = {.hidden = {{16}, {}, {64, 64}}, .learning_rate = {0.01}, .epochs = 40, .seeds = 2},
                     .statistics = with_features({spread_by(1)}).statistics,
                     .trained_rows = 5,
                     .validation_rows = 2};
  SettingResult best{.architecture = {{1, 16, 2}}, .learning_rate = 0.01, .runs = {{.seed = 0}, {.seed = 1}}};
  best.validation_loss = spread(0.25, 0.125);
  best.validation_accuracy = spread(0.75, 0);
  best.test_accuracy = spread(0.5, 0.0625);
  best.train_accuracy = spread(1, 0);
  best.best_epoch = spread(12.5, 1);
  best.rank = 1;
  SettingResult second = best;
  second.architecture = {{1, 2}};
  second.validation_loss = spread(0.5, 0.25);
  second.rank = 2;
  second.over_best = Estimate{0.25, {-0.5, 1}};
  second.within_noise = true;
  SettingResult diverged{.architecture = {{1, 64, 64, 2}}, .learning_rate = 0.01};
  diverged.runs = {{.seed = 0, .outcome = RunOutcome::diverged, .epochs = 7},
                   {.seed = 1, .outcome = RunOutcome::diverged}};
  result.settings = {best, second, diverged};
  return result;
}

TEST(SweepSummary, is_a_ranked_table_with_what_it_is_worth) {
  const std::string text = sweep_summary(small_sweep(), somewhere());
  expect_part(text, "\nsweep: 3 settings, 2 seeds each, 6 runs\n\n");
  expect_part(text, "\nEvery run    adam, weight decay 0, full batch, 40 epochs\n");
  expect_part(text, "\nRuns         4 finished, 2 diverged\n");
  expect_part(text,
              "\nRanked by    mean loss of 2 validation rows that no run trains on; the test rows\n             had no "
              "part in it\n");
  expect_part(text,
              "\nrank    network    lr  validation loss   val. accuracy   test accuracy   train\n"
              "   1     1-16-2  0.01   0.2500 ±0.1250  0.7500 ±0.0000  0.5000 ±0.0625  1.0000\n"
              " * 2        1-2  0.01   0.5000 ±0.2500  0.7500 ±0.0000  0.5000 ±0.0625  1.0000\n"
              "   -  1-64-64-2  0.01                -               -               -       -\n"
              "\nrank    network    lr  best epoch        runs\n"
              "   1     1-16-2  0.01        12.5\n"
              " * 2        1-2  0.01        12.5\n"
              "   -  1-64-64-2  0.01           -  2 diverged\n");
  expect_part(text, "\nDiverged     - 1-64-64-2, lr 0.01, seed 0: in epoch 7\n");
  expect_part(text, "\nMeasured     on cpu (Some Processor, 2 threads): training 0.000 s\n");
  EXPECT_EQ(text.find("still improving"), std::string::npos);
  EXPECT_EQ(text.find("Ended"), std::string::npos);
}

TEST(SweepSummary, keeps_its_width_where_a_loss_is_astray) {
  SweepResult result = small_sweep();
  result.settings[1].validation_loss = MeanSpread{54536, 1, {54536 - 89378, 54536 + 89378}};
  expect_part(sweep_summary(result, somewhere()), "  0.01  5.45e+04 ±8.94e+04  ");
}

TEST(SweepSummary, without_validation_rows_says_that_it_favours_luck) {
  SweepResult result = small_sweep();
  result.validation_rows = 0;
  result.ranked_by = RankedBy::test_accuracy;
  const std::string text = sweep_summary(result, somewhere());
  expect_part(text, "\nRanked by    test accuracy, for want of validation rows: this favours luck");
  EXPECT_EQ(text.find("validation loss"), std::string::npos);
}

TEST(SweepSummary, has_a_column_for_what_is_listed_and_marks_equal_ranks) {
  SweepResult result = small_sweep();
  result.definition.weight_decay = {0, 0.5};
  result.definition.dropout = {0, 0.25};
  result.settings[1].rank = 1;
  const std::string text = sweep_summary(result, somewhere());
  expect_part(text, "\nrank    network    lr  decay  dropout  validation loss");
  expect_part(text, "\n  1=     1-16-2  0.01      0        0 ");
  expect_part(text, "\n* 1=        1-2  0.01      0        0 ");
  expect_part(text, "\nEvery run    adam, full batch, ");
  expect_part(text, "\nDiverged     - 1-64-64-2, lr 0.01, weight decay 0, dropout 0, seed 0: in epoch 7\n");
}

TEST(SweepSummary, names_what_every_run_shares) {
  SweepResult result = small_sweep();
  result.definition.optimizer = SweepOptimizer::sgd;
  result.definition.momentum = 0.5;
  result.definition.dropout = {0.25};
  result.definition.schedule = Schedule::cosine;
  result.definition.batch = 8;
  result.definition.order = RowOrder::as_stored;
  result.definition.patience = 3;
  result.definition.standardise = true;
  result.definition.balanced_classes = true;
  const std::string text = sweep_summary(result, somewhere());
  expect_part(text,
              "\nEvery run    sgd, momentum 0.5, weight decay 0, dropout 0.25, cosine schedule,\n"
              "             batches of 8 in the order of the file, 40 epochs, stopped after 3\n"
              "             without a lower validation loss, standardised features, balanced\n"
              "             class weights\n");
  expect_part(text, " had no part in it. All figures are those of a run's best epoch\n");
}

TEST(SweepSummary, of_one_seed_has_no_intervals_and_says_so) {
  SweepResult result = small_sweep();
  result.definition.seeds = 1;
  for (SettingResult& setting : result.settings) {
    setting.runs.resize(1);
    if (setting.validation_loss) setting.validation_loss = mean_spread({0.25});
  }
  const std::string text = sweep_summary(result, somewhere());
  expect_part(text, "  0.01           0.2500  ");
  expect_part(text, "\nNoise        one seed says nothing of noise");
}

TEST(SweepSummary, says_where_more_epochs_may_rank_otherwise) {
  SweepResult result = small_sweep();
  result.settings[0].best_epoch = mean_spread({39, 39});
  expect_part(sweep_summary(result, somewhere()), "\nNote         the best setting was still improving in its last ");
}

TEST(SweepSummary, lists_some_of_many_diverged_runs_and_says_what_was_interrupted) {
  SweepResult result = small_sweep();
  result.definition.seeds = 14;
  result.settings[2].runs.assign(14, {.outcome = RunOutcome::diverged});
  const std::string text = sweep_summary(result, somewhere());
  expect_part(text, "             - and 4 more\n");
  result.settings[2].runs.back().outcome = RunOutcome::interrupted;
  EXPECT_EQ(outcome_sentence(result), "interrupted: 4 of 42 runs were complete");
  expect_part(sweep_summary(result, somewhere()), "\nEnded        interrupted: 4 of 42 runs were complete\n");
}

TEST(SweepOutcome, is_told_where_every_run_diverged) {
  SweepResult result = small_sweep();
  EXPECT_EQ(outcome_sentence(result), "");
  result.settings.erase(result.settings.begin(), result.settings.begin() + 2);
  EXPECT_EQ(outcome_sentence(result), "every run diverged: the loss was not finite in any of 2 runs");
}

// Two classes with names, a run that stops early.
RunStudy stopped_early() {
  RunStudy study{
      .run = {.architecture = {{1, 2}}, .epochs = 9, .patience = 2},
      .statistics = {.train = {.class_rows = {3, 5}, .features = {}}, .test = {.class_rows = {1, 3}, .features = {}}}};
  study.run.validation = RowSelection::part(0, 8, 2);
  study.schema.classes.names = {"cat", "d\to\ng"};
  study.result.outcome = RunOutcome::stopped_early;
  study.result.history = {
      {.test_accuracy = 0.75, .validation_loss = 0.5, .validation_accuracy = 1}, {.validation_loss = 0.6}, {}};
  study.result.best_epoch = 0;
  study.result.test_correct = CorrectBits({7, 7, 7}, 3, 4);
  study.plateau = plateau_level(study.result.test_correct);
  study.best = best_epoch(study.result.history);
  return study;
}

TEST(TrainingSummary, names_the_classes_each_on_one_line) {
  expect_part(training_summary(stopped_early(), somewhere()), "\nClasses      0 cat, 1 d?o?g\n");
  RunStudy study = stopped_early();
  study.schema.classes = numbered_classes(2);
  EXPECT_EQ(training_summary(study, somewhere()).find("Classes"), std::string::npos);
}

TEST(TrainingSummary, says_which_epoch_validation_chose_and_whose_parameters_are_kept) {
  expect_part(training_summary(stopped_early(), somewhere()),
              "\nValidation   lowest loss 0.5000, accuracy 1.0000, on 2 held-out rows after epoch\n"
              "             0, where the test accuracy is 0.7500 (95 % interval 0.301 to\n"
              "             0.954); its parameters are kept\n");
  RunStudy study = stopped_early();
  study.run.patience = 0;
  expect_part(training_summary(study, somewhere()), "the parameters of the last epoch are kept\n");
}

}  // namespace
}  // namespace plateau::console_test
