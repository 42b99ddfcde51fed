// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Everything that a run leaves behind, compared with what another device left.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "plateau/model/run.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"

namespace plateau::test {

// NaN is equal to NaN: a figure that there is not.
inline std::vector<std::uint64_t> bits_of(const EpochRecord& e) {
  std::vector<std::uint64_t> bits;
  for (const double value : {e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy, e.gradient_norm,
                             e.validation_loss, e.validation_accuracy, e.test_churn})
    bits.push_back(std::isnan(value) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(value));
  return bits;
}

inline std::vector<std::uint8_t> bits_of(const CorrectBits& correct) {
  std::vector<std::uint8_t> bits;
  for (Index epoch = 0; epoch < correct.epochs(); ++epoch)
    for (Index row = 0; row < correct.rows(); ++row) bits.push_back(correct(epoch, row));
  return bits;
}

inline void expect_equal_bits(const RunState& a, const RunState& b) {
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.best_epochs, b.best_epochs);
  EXPECT_EQ(a.best_loss, b.best_loss);
  EXPECT_EQ(fingerprint(a.parameters), fingerprint(b.parameters));
  EXPECT_EQ(fingerprint(a.first_moment), fingerprint(b.first_moment));
  EXPECT_EQ(fingerprint(a.second_moment), fingerprint(b.second_moment));
  EXPECT_EQ(fingerprint(a.best_parameters), fingerprint(b.best_parameters));
  EXPECT_EQ(a.predicted, b.predicted);
}

inline void expect_equal_bits(const RunResult& a, const RunResult& b) {
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.first_epoch, b.first_epoch);
  ASSERT_EQ(a.state.has_value(), b.state.has_value());
  if (a.state) expect_equal_bits(*a.state, *b.state);
  ASSERT_EQ(a.scale.size(), b.scale.size());
  for (std::size_t j = 0; j < a.scale.size(); ++j) {
    EXPECT_EQ(a.scale[j].mean, b.scale[j].mean);
    EXPECT_EQ(a.scale[j].factor, b.scale[j].factor);
  }
  EXPECT_EQ(fingerprint(a.parameters), fingerprint(b.parameters));
  EXPECT_EQ(fingerprint(a.best_parameters), fingerprint(b.best_parameters));
  EXPECT_EQ(a.best_epoch, b.best_epoch);
  EXPECT_EQ(a.dead_units, b.dead_units);
  ASSERT_EQ(a.history.size(), b.history.size());
  for (std::size_t e = 0; e < a.history.size(); ++e) EXPECT_EQ(bits_of(a.history[e]), bits_of(b.history[e])) << e;
  EXPECT_EQ(bits_of(a.test_correct), bits_of(b.test_correct));
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    EXPECT_EQ(a.layers[i].gradient_norm, b.layers[i].gradient_norm);
    EXPECT_EQ(a.layers[i].update_norm, b.layers[i].update_norm);
    EXPECT_EQ(a.layers[i].weight_norm, b.layers[i].weight_norm);
  }
  ASSERT_EQ(a.predictions.size(), b.predictions.size());
  for (std::size_t i = 0; i < a.predictions.size(); ++i) {
    EXPECT_EQ(a.predictions[i].predicted, b.predictions[i].predicted);
    EXPECT_EQ(fingerprint(a.predictions[i].probability), fingerprint(b.predictions[i].probability));
  }
}

// What one device may differ by from another, in float: the order of sums, and so now and then the class of a row.
struct Nearness {
  double losses = 2e-6;  // relative 2-norms
  double parameters = 2e-5;
  double norms = 1e-4;        // relative, each
  double probability = 1e-4;  // of every class
  Index rows = 1;             // predicted otherwise, of each kind and epoch
};

inline void expect_near(const RunResult& got, const RunResult& want, const RowCounts& rows,
                        const Nearness& bound = {}) {
  EXPECT_EQ(got.outcome, want.outcome);
  ASSERT_EQ(got.history.size(), want.history.size());
  std::vector<double> got_losses, want_losses;
  for (const auto& [result, losses] : {std::pair{&got, &got_losses}, {&want, &want_losses}})
    for (const EpochRecord& e : result->history) {
      losses->insert(losses->end(), {e.train_loss, e.test_loss, e.gradient_norm});
      if (rows.validation > 0) losses->push_back(e.validation_loss);
    }
  EXPECT_LE(relative_error(got_losses, want_losses), bound.losses);
  const auto as_double = [](const FlatParameters& p) { return std::vector<double>(p.begin(), p.end()); };
  EXPECT_LE(relative_error(got.parameters, as_double(want.parameters)), bound.parameters);
  EXPECT_EQ(got.best_epoch, want.best_epoch);
  EXPECT_LE(relative_error(got.best_parameters, as_double(want.best_parameters)), bound.parameters);

  const auto within_rows = [&](double a, double b, Index count) {
    return std::abs(a - b) <= (static_cast<double>(bound.rows) + 1e-4) / static_cast<double>(count);
  };
  for (std::size_t e = 0; e < want.history.size(); ++e) {
    const EpochRecord &g = got.history[e], &w = want.history[e];
    EXPECT_TRUE(within_rows(g.train_accuracy, w.train_accuracy, rows.train)) << e;
    EXPECT_TRUE(within_rows(g.test_accuracy, w.test_accuracy, rows.test)) << e;
    EXPECT_TRUE(e == 0 || within_rows(g.test_churn, w.test_churn, rows.test)) << e;
    EXPECT_TRUE(rows.validation == 0 || within_rows(g.validation_accuracy, w.validation_accuracy, rows.validation))
        << e;
    EXPECT_EQ(std::isnan(g.test_churn), e == 0);
    EXPECT_EQ(std::isnan(g.validation_loss), rows.validation == 0);
    if (want.test_correct.rows() == 0) continue;
    Index right = 0, unlike = 0;
    for (Index r = 0; r < rows.test; ++r) {
      right += got.test_correct(static_cast<Index>(e), r);
      unlike += got.test_correct(static_cast<Index>(e), r) != want.test_correct(static_cast<Index>(e), r);
    }
    EXPECT_EQ(static_cast<double>(right) / static_cast<double>(rows.test), g.test_accuracy);
    EXPECT_LE(unlike, bound.rows);
  }

  EXPECT_EQ(got.dead_units, want.dead_units);
  ASSERT_EQ(got.scale.size(), want.scale.size());
  for (std::size_t j = 0; j < want.scale.size(); ++j) {
    EXPECT_FLOAT_EQ(got.scale[j].mean, want.scale[j].mean);
    EXPECT_FLOAT_EQ(got.scale[j].factor, want.scale[j].factor);
  }
  ASSERT_EQ(got.layers.size(), want.layers.size());
  for (std::size_t i = 0; i < want.layers.size(); ++i) {  // a batch of one row may well leave a layer without gradient
    const auto near = [&](double g, double w) { return g == w || std::abs(g / w - 1) <= bound.norms; };
    EXPECT_TRUE(near(got.layers[i].gradient_norm, want.layers[i].gradient_norm)) << i;
    EXPECT_TRUE(near(got.layers[i].update_norm, want.layers[i].update_norm)) << i;
    EXPECT_TRUE(near(got.layers[i].weight_norm, want.layers[i].weight_norm)) << i;
  }
  ASSERT_EQ(got.predictions.size(), want.predictions.size());
  for (std::size_t i = 0; i < want.predictions.size(); ++i) {
    const Predictions &g = got.predictions[i], &w = want.predictions[i];
    ASSERT_EQ(g.predicted.size(), w.predicted.size());
    Index unlike = 0;
    for (std::size_t r = 0; r < w.predicted.size(); ++r) unlike += g.predicted[r] != w.predicted[r];
    EXPECT_LE(unlike, bound.rows) << "request " << i;
    ASSERT_EQ(g.probability.size(), w.probability.size());
    for (std::size_t k = 0; k < w.probability.size(); ++k)
      ASSERT_LE(std::abs(static_cast<double>(g.probability[k]) - static_cast<double>(w.probability[k])),
                bound.probability)
          << "request " << i << ", " << k;
  }
}

// What was told of a run while it trained: of epochs of its history, each once and in their order, up to the last.
inline void expect_told(const std::vector<RunProgress>& told, const RunResult& result) {
  Index before = result.first_epoch;
  for (const RunProgress& now : told) {
    ASSERT_GT(now.epochs, before);
    before = now.epochs;
    ASSERT_LE(now.epochs - result.first_epoch, static_cast<Index>(result.history.size()));
    const EpochRecord& epoch = result.history[static_cast<std::size_t>(now.epochs - result.first_epoch - 1)];
    EXPECT_EQ(now.train_loss, epoch.train_loss) << "after " << now.epochs << " epochs";
    EXPECT_EQ(now.test_accuracy, epoch.test_accuracy) << "after " << now.epochs << " epochs";
  }
  EXPECT_EQ(before - result.first_epoch, static_cast<Index>(result.history.size()));
}

}  // namespace plateau::test
