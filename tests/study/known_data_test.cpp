// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rows that everybody knows, trained to the accuracy that another library reaches on the same split.
#include <gtest/gtest.h>

#include <cmath>

#include "plateau/study/sweep.hpp"

namespace plateau::known_data_test {
namespace {

// Every third row is a test row.
Split split_of(const std::string& name) {
  const Dataset all = read_dataset(std::string(PLATEAU_TEST_DATA) + "/" + name);
  std::vector<std::int32_t> train, test;
  for (std::int32_t row = 0; row < all.rows(); ++row) (row % 3 == 2 ? test : train).push_back(row);
  return {take_rows(all, {train.data(), static_cast<Index>(train.size())}),
          take_rows(all, {test.data(), static_cast<Index>(test.size())})};
}

struct Reference {
  double mean, deviation;  // of test accuracies over 20 seeds
};

// Our mean over 10 seeds lies as near to the reference's as 95 % of such means do, were there no difference.
void expect_as_good(const std::string& name, const SweepDefinition& sweep, Reference reference) {
  CpuTrainer trainer({.workers = 2});
  const SweepResult result = study_sweep(sweep, split_of(name), trainer);
  const MeanSpread ours = *result.settings[0].test_accuracy;
  const double error = std::sqrt(reference.deviation * reference.deviation / 20 + ours.deviation * ours.deviation / 10);
  EXPECT_LE(std::abs(ours.mean - reference.mean), student_factor(28, 0.95) * error)
      << name << ": " << ours.mean << " with a deviation of " << ours.deviation;
}

SweepDefinition ten_seeds(std::vector<Index> hidden, double learning_rate, Index epochs, Index batch) {
  return {.hidden = {std::move(hidden)},
          .learning_rate = {learning_rate},
          .epochs = epochs,
          .batch = batch,
          .standardise = true,
          .seeds = 10,
          .validation = 0};
}

// The references are what tests/data/sklearn/reference.py printed with scikit-learn 1.9.1.
TEST(KnownData, iris_is_learnt_as_well_as_by_scikit_learn) {
  expect_as_good("iris.csv", ten_seeds({16}, 0.01, 200, 0), {0.94500, 0.01277});
}

TEST(KnownData, digits_are_learnt_as_well_as_by_scikit_learn) {
  expect_as_good("digits.csv.gz", ten_seeds({32}, 0.003, 30, 100), {0.96327, 0.00493});
}

}  // namespace
}  // namespace plateau::known_data_test
