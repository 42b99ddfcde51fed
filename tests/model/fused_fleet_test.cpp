// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/fused_fleet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "plateau/core/random.hpp"
#include "support/compare.hpp"
#include "support/rows.hpp"

namespace plateau::test {
namespace {

// Rows whose label depends on the features, so that there is something to learn.
struct Problem {
  Problem(Index train_rows, Index test_rows, Index features, Index classes) : features_(features) {
    const auto fill = [&](std::uint64_t seed, Index rows, std::vector<float>& x, std::vector<std::int32_t>& label) {
      for (Index r = 0; r < rows; ++r) {
        float sum = 0;
        for (Index j = 0; j < features; ++j) {
          x.push_back(uniform(draw({seed, StreamId::features}, static_cast<std::uint64_t>(r * features + j)).word[0]) -
                      0.5f);
          sum += x.back() * static_cast<float>(j % 3 + 1);
        }
        const auto step = static_cast<Index>(std::floor(4 * sum + 100));
        label.push_back(static_cast<std::int32_t>(step % classes));
      }
    };
    fill(1, train_rows, train_x_, train_label_);
    fill(2, test_rows, test_x_, test_label_);
  }
  TrainingData data() const {
    const auto matrix = [&](const std::vector<float>& x) {
      return HostMatrix<const float>{x.data(), static_cast<Index>(x.size()) / features_, features_, features_};
    };
    const auto span = [](const std::vector<std::int32_t>& label) {
      return HostSpan<const std::int32_t>{label.data(), static_cast<Index>(label.size())};
    };
    return {matrix(train_x_), span(train_label_), matrix(test_x_), span(test_label_)};
  }

 private:
  Index features_;
  std::vector<float> train_x_, test_x_;
  std::vector<std::int32_t> train_label_, test_label_;
};

std::vector<double> losses(const RunResult& result) {
  std::vector<double> values;
  for (const EpochRecord& epoch : result.history)
    values.insert(values.end(), {epoch.train_loss, epoch.test_loss, epoch.gradient_norm});
  return values;
}

void expect_near(const RunResult& got, const RunResult& want, Index train_rows) {
  EXPECT_EQ(got.outcome, want.outcome);
  ASSERT_EQ(got.history.size(), want.history.size());
  EXPECT_LE(relative_error(losses(got), losses(want)), 2e-6);
  EXPECT_LE(relative_error(got.parameters, std::vector<double>(want.parameters.begin(), want.parameters.end())), 2e-5);
  const double row = 1.0001 / static_cast<double>(train_rows),
               test_row = 1.0001 / static_cast<double>(want.test_correct.rows());
  for (std::size_t e = 0; e < want.history.size(); ++e) {
    EXPECT_LE(std::abs(got.history[e].train_accuracy - want.history[e].train_accuracy), row);
    EXPECT_LE(std::abs(got.history[e].test_accuracy - want.history[e].test_accuracy), test_row);
  }
}

TEST(FusedFleet, follows_the_cpu_device_whatever_the_shape) {
  struct Shape {
    std::vector<Index> widths;
    Index train_rows, test_rows, batch;
  };
  const Shape shapes[] = {
      {{2, 2}, 33, 31, 0},
      {{3, 1, 2}, 40, 5, 7},
      {{5, 7, 3}, 32, 64, 32},
      {{2, 32, 2}, 50, 33, 0},
      {{4, 33, 5}, 65, 20, 33},
      {{2, 64, 64, 2}, 70, 40, 0},
      {{9, 100, 12, 10}, 37, 33, 20},
      {{2, 128, 128, 2}, 40, 35, 0},
      {{6, 16, 8, 24, 10, 4}, 45, 40, 16},
      {{20, 128, 128, 7, 3}, 34, 33, 0},
  };
  for (const Shape& shape : shapes) {
    const Problem problem(shape.train_rows, shape.test_rows, shape.widths.front(), shape.widths.back());
    for (const Optimizer& optimizer :
         {Optimizer(AdamParameters{.learning_rate = 0.01, .weight_decay = 0.01}),
          Optimizer(AdamParameters{.learning_rate = 0.01, .weight_decay = 0.1, .decay_kind = WeightDecay::decoupled}),
          Optimizer(SgdParameters{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.001})}) {
      const plateau::Run run{.architecture = {shape.widths},
                             .optimizer = optimizer,
                             .epochs = 3,
                             .batch = shape.batch,
                             .labels = optimizer.index() == 1 ? LabelTreatment::permuted : LabelTreatment::as_they_are,
                             .seed = 5};
      SCOPED_TRACE(to_string(run.architecture));
      const auto got = train_fused(problem.data(), {{run}}, {});
      expect_near(got[0], train_on_cpu<double>(run, problem.data(), {}), shape.train_rows);
    }
  }
}

}  // namespace
}  // namespace plateau::test
