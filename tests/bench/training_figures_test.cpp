// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The counters of whole trainings, from times that are planted.
#include <gtest/gtest.h>

#include <limits>

#include "bench/training/figures.hpp"

namespace plateau::bench {
namespace {

using Counters = std::map<std::string, double>;

TEST(TrainingFigures, of_a_tiny_network_are_per_epoch) {
  const Took all{.us = 5000, .host_us = 2000, .recorded_launches = 27}, first{.us = 1400, .host_us = 900};
  const Figures figures = tiny_figures(all, 100, first, 20);

  EXPECT_EQ(figures.us, 50);
  EXPECT_EQ(figures.counters, (Counters{{"epochs", 100},
                                        {"us_per_later_epoch", 45},  // 80 epochs in 3600 us
                                        {"host_us_per_epoch", 20},
                                        {"launches_per_epoch", 27}}));
  EXPECT_FALSE(tiny_figures({.us = 5000}, 100, first, 20).counters.contains("launches_per_epoch")) << "none recorded";
}

TEST(TrainingFigures, of_a_fleet_are_per_epoch_of_a_model) {
  const Figures figures = fleet_figures({.us = 2e6, .host_us = 4e5}, 32, 20, 5e10, 64e12, 8'000'000);

  EXPECT_EQ(figures.us, 2e6 / 640);
  EXPECT_EQ(figures.counters, (Counters{{"models", 32},
                                        {"epochs", 20},
                                        {"models_per_s", 16},
                                        {"model_epochs_per_s", 320},
                                        {"tflop_per_s", 16},
                                        {"host_us_per_model_epoch", 625},
                                        {"percent_of_fp32_peak", 25},
                                        {"peak_memory_mb", 8}}));
  const Figures unknown = fleet_figures({.us = 2e6, .host_us = 4e5}, 32, 20, 5e10, 0, 0);
  EXPECT_FALSE(unknown.counters.contains("percent_of_fp32_peak"));
  EXPECT_FALSE(unknown.counters.contains("peak_memory_mb"));
}

TEST(TrainingFigures, of_a_wide_network_are_per_step_and_in_per_cent_of_its_products) {
  const Took first{.us = 3000, .host_us = 500}, all{.us = 23000, .host_us = 1300, .recorded_launches = 100};
  const Figures figures = wide_figures(beyond(first, all), 80, 200, 5e10);

  EXPECT_EQ(figures.us, 250);
  EXPECT_EQ(figures.counters, (Counters{{"steps", 80},
                                        {"gemm_only_us", 200},
                                        {"percent_of_gemm_only", 80},
                                        {"tflop_per_s", 200},  // 50 billion in 250 us
                                        {"host_us_per_step", 10},
                                        {"launches_per_epoch", 100}}));
}

TEST(TrainingFigures, of_a_start_are_its_parts) {
  const Figures figures = startup_figures({.us = 100}, {.us = 30}, {.us = 20}, {.us = 900});

  EXPECT_EQ(figures.us, 130);
  EXPECT_EQ(figures.counters,
            (Counters{{"construct_us", 100}, {"first_epoch_us", 30}, {"second_run_us", 20}, {"process_us", 900}}));
}

TEST(TrainingFigures, are_of_trainings_that_finished_with_finite_figures) {
  const RunResult trained{.history = std::vector<EpochRecord>(3)};
  EXPECT_NO_THROW(expect_trained(trained, 3));
  EXPECT_THROW(expect_trained(trained, 4), std::runtime_error);
  for (const RunOutcome outcome : {RunOutcome::diverged, RunOutcome::interrupted}) {
    RunResult ended = trained;
    ended.outcome = outcome;
    EXPECT_THROW(expect_trained(ended, 3), std::runtime_error);
  }
  for (double EpochRecord::*figure : {&EpochRecord::train_loss, &EpochRecord::test_loss, &EpochRecord::gradient_norm})
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      RunResult spoiled = trained;
      spoiled.history.back().*figure = bad;
      EXPECT_THROW(expect_trained(spoiled, 3), std::runtime_error);
    }
}

}  // namespace
}  // namespace plateau::bench
