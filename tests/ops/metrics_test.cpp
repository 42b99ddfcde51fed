// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::metrics_test {
namespace {

using Labels = std::vector<std::int32_t>;

constexpr EpochMetrics kBefore{.train_loss_sum = 1,
                               .test_loss_sum = 2,
                               .gradient_norm = 3,
                               .train_correct = 4,
                               .test_correct = 5,
                               .validation_loss_sum = 6,
                               .validation_correct = 7,
                               .test_changed = 8};

struct Rows {
  std::vector<double> loss;
  Labels predicted, label;
};

// A history of `epochs` rows that hold kBefore, and a control block.
template <class Backend>
class Recorder {
 public:
  Recorder(const Backend& backend, TrainingState state, Index epochs, Index bit_words = 0, Index padding = 0,
           EpochMetrics before = kBefore)
      : backend_(backend),
        state_(backend, {1, 1}, std::vector<TrainingState>{state}),
        history_(backend, {1, epochs}, std::vector<EpochMetrics>(at(epochs), before)),
        correct_(backend, {bit_words == 0 ? 0 : epochs, bit_words, padding}) {}

  void record(DataPart part, const Rows& rows) {
    const Shape shape{1, static_cast<Index>(rows.loss.size())};
    const Guarded<Backend, RealOf<Backend>> loss(backend_, shape, rows.loss);
    const Guarded<Backend, std::int32_t> predicted(backend_, shape, rows.predicted), label(backend_, shape, rows.label);
    backend_.metrics(part, loss.span(), predicted.span(), label.span(), state_.span(), history_.span(),
                     correct_.matrix());
  }
  TrainingState state() const { return state_.download()[0]; }
  EpochMetrics epoch(Index e) const { return history_.download()[at(e)]; }
  std::vector<std::uint32_t> correct() const { return correct_.download(); }
  bool no_bits_written() const { return correct_.untouched(); }

 private:
  const Backend& backend_;
  Guarded<Backend, TrainingState> state_;
  Guarded<Backend, EpochMetrics> history_;
  Guarded<Backend, std::uint32_t> correct_;
};

void expect_unchanged(const EpochMetrics& got) {
  EXPECT_EQ(got.train_loss_sum, kBefore.train_loss_sum);
  EXPECT_EQ(got.test_loss_sum, kBefore.test_loss_sum);
  EXPECT_EQ(got.gradient_norm, kBefore.gradient_norm);
  EXPECT_EQ(got.train_correct, kBefore.train_correct);
  EXPECT_EQ(got.test_correct, kBefore.test_correct);
  EXPECT_EQ(got.validation_loss_sum, kBefore.validation_loss_sum);
  EXPECT_EQ(got.validation_correct, kBefore.validation_correct);
  EXPECT_EQ(got.test_changed, kBefore.test_changed);
}

const Rows kThreeRows{.loss = {0.5, 1.25, 2}, .predicted = {0, 1, -1}, .label = {0, 0, -1}};

TEST(Metrics, of_a_training_batch_are_added_to_the_epoch) {
  for_each_backend([](const auto& backend) {
    Recorder recorder(backend, {.epoch = 1}, 3);

    recorder.record(DataPart::train, kThreeRows);
    recorder.record(DataPart::train, {.loss = {4}, .predicted = {6}, .label = {6}});

    EXPECT_EQ(recorder.epoch(1).train_loss_sum, 1 + 3.75 + 4);
    EXPECT_EQ(recorder.epoch(1).train_correct, 4 + 2 + 1);
    EXPECT_EQ(recorder.epoch(1).test_loss_sum, kBefore.test_loss_sum);
    EXPECT_EQ(recorder.epoch(1).test_correct, kBefore.test_correct);
    EXPECT_EQ(recorder.epoch(1).gradient_norm, kBefore.gradient_norm);
    expect_unchanged(recorder.epoch(0));
    expect_unchanged(recorder.epoch(2));
    EXPECT_EQ(recorder.state().status, RunStatus::running);
    EXPECT_EQ(recorder.state().epoch, 1);
  });
}

TEST(Metrics, of_the_test_rows_replace_what_was_there) {
  for_each_backend([](const auto& backend) {
    Recorder recorder(backend, {.epoch = 2}, 3);

    recorder.record(DataPart::test, kThreeRows);
    recorder.record(DataPart::test, kThreeRows);

    EXPECT_EQ(recorder.epoch(2).test_loss_sum, 3.75);
    EXPECT_EQ(recorder.epoch(2).test_correct, 2);
    EXPECT_EQ(recorder.epoch(2).train_loss_sum, kBefore.train_loss_sum);
    EXPECT_EQ(recorder.epoch(2).train_correct, kBefore.train_correct);
    EXPECT_EQ(recorder.epoch(2).gradient_norm, kBefore.gradient_norm);
    expect_unchanged(recorder.epoch(0));
    expect_unchanged(recorder.epoch(1));
  });
}

TEST(Metrics, of_the_validation_rows_replace_what_was_there) {
  for_each_backend([](const auto& backend) {
    Recorder recorder(backend, {.epoch = 2}, 3);

    recorder.record(DataPart::validation, kThreeRows);
    recorder.record(DataPart::validation, kThreeRows);

    EpochMetrics got = recorder.epoch(2);
    EXPECT_EQ(got.validation_loss_sum, 3.75);
    EXPECT_EQ(got.validation_correct, 2);
    got.validation_loss_sum = kBefore.validation_loss_sum;
    got.validation_correct = kBefore.validation_correct;
    expect_unchanged(got);
    expect_unchanged(recorder.epoch(1));
  });
}

TEST(Metrics, of_the_validation_rows_mark_a_run_diverged_by_their_losses_alone) {
  for_each_backend([](const auto& backend) {
    Recorder recorder(backend, {}, 1, 0, 0, {.gradient_norm = kNaN});
    recorder.record(DataPart::validation, kThreeRows);
    EXPECT_EQ(recorder.state().status, RunStatus::running);
    recorder.record(DataPart::validation, {.loss = {kInfinity}, .predicted = {0}, .label = {0}});
    EXPECT_EQ(recorder.state().status, RunStatus::diverged);
  });
}

// Of one epoch after another: predictions at first, then those of the epoch before.
template <class Backend>
std::vector<std::int64_t> changes(const Backend& backend, const Labels& first, const std::vector<Labels>& epochs,
                                  TrainingState state = {}) {
  const Shape shape{1, static_cast<Index>(first.size())};
  Guarded<Backend, std::int32_t> previous(backend, shape, first);
  std::vector<std::int64_t> changed;
  for (const Labels& of_epoch : epochs) {
    const Guarded<Backend, RealOf<Backend>> loss(backend, shape, std::vector<double>(first.size(), 1));
    const Guarded<Backend, std::int32_t> predicted(backend, shape, of_epoch);
    Guarded<Backend, TrainingState> control(backend, {1, 1}, std::vector<TrainingState>{state});
    Guarded<Backend, EpochMetrics> history(backend, {1, 1}, std::vector<EpochMetrics>{kBefore});
    backend.metrics(DataPart::test, loss.span(), predicted.span(), predicted.span(), control.span(), history.span(), {},
                    previous.span());
    changed.push_back(history.download()[0].test_changed);
    EXPECT_EQ(previous.download(), state.status == RunStatus::running ? of_epoch : first);
  }
  return changed;
}

TEST(Metrics, count_the_test_rows_that_are_predicted_otherwise_than_before) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(changes(backend, {-2, -2, -2}, {{0, 1, -1}, {0, 1, -1}, {1, 1, 0}, {0, 0, 1}}),
              (std::vector<std::int64_t>{3, 0, 2, 3}));
    for (const Index rows : {1, 31, 32, 33, 500, 513, 1100}) {
      const Labels a = random_labels(rows, 3, 1), b = random_labels(rows, 3, 2);
      std::int64_t changed = 0;
      for (std::size_t r = 0; r < a.size(); ++r) changed += a[r] != b[r];
      EXPECT_EQ(changes(backend, a, {b, b}), (std::vector<std::int64_t>{changed, 0})) << rows << " rows";
    }
  });
}

TEST(Metrics, compare_no_rows_behind_the_last) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, RealOf<Backend>> loss(backend, {1, 40}, std::vector<double>(40, 1));
    const Guarded<Backend, std::int32_t> predicted(backend, {1, 40}, Labels(40, 1));
    Guarded<Backend, std::int32_t> previous(backend, {1, 40}, Labels(40, 0));
    Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{}});
    Guarded<Backend, EpochMetrics> history(backend, {1, 1}, std::vector<EpochMetrics>{kBefore});
    backend.metrics(DataPart::test, loss.span().subspan(0, 5), predicted.span().subspan(0, 5),
                    predicted.span().subspan(0, 5), state.span(), history.span(), {}, previous.span().subspan(0, 5));
    EXPECT_EQ(history.download()[0].test_changed, 5);
    Labels want(40, 0);
    std::fill_n(want.begin(), 5, 1);
    EXPECT_EQ(previous.download(), want);
  });
}

TEST(Metrics, compare_nothing_once_the_run_has_stopped_or_without_earlier_predictions) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(changes(backend, {0, 1}, {{1, 1}}, {.status = RunStatus::interrupted}),
              (std::vector<std::int64_t>{kBefore.test_changed}));
    Recorder recorder(backend, {}, 1);
    recorder.record(DataPart::test, kThreeRows);
    EXPECT_EQ(recorder.epoch(0).test_changed, kBefore.test_changed);
  });
}

TEST(Metrics, count_and_mark_every_row_that_was_right) {
  for_each_backend([](const auto& backend) {
    for (const Index rows : {1, 7, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000}) {
      const std::vector<double> loss = dyadic_values(rows, kSeed);
      const Labels predicted = random_labels(rows, 3, kSeed), label = random_labels(rows, 3, kSeed + 1);
      double loss_sum = 0;
      std::int64_t right = 0;
      std::vector<std::uint32_t> bits(at((rows + 31) / 32));
      for (Index r = 0; r < rows; ++r) {
        loss_sum += loss[at(r)];
        if (predicted[at(r)] != label[at(r)]) continue;
        ++right;
        bits[at(r / 32)] += 1u << (r % 32);
      }
      Recorder recorder(backend, {.epoch = 1}, 2, correct_words(rows), 3);

      recorder.record(DataPart::test, {loss, predicted, label});

      EXPECT_EQ(recorder.epoch(1).test_loss_sum, loss_sum) << rows << " rows";
      EXPECT_EQ(recorder.epoch(1).test_correct, right) << rows << " rows";
      const std::vector<std::uint32_t> got = recorder.correct();
      EXPECT_EQ((std::vector<std::uint32_t>{got.begin() + static_cast<Index>(bits.size()), got.end()}), bits)
          << rows << " rows";
      for (std::size_t word = 0; word < bits.size(); ++word) EXPECT_TRUE(is_poison(got[word])) << "epoch 0 was written";
    }
  });
}

TEST(Metrics, marks_are_replaced_and_not_added) {
  for_each_backend([](const auto& backend) {
    Recorder recorder(backend, {}, 1, 1);

    recorder.record(DataPart::test, {.loss = {0, 0}, .predicted = {1, 1}, .label = {1, 0}});
    EXPECT_EQ(recorder.correct()[0], 1u);
    recorder.record(DataPart::test, {.loss = {0, 0}, .predicted = {1, 1}, .label = {0, 1}});

    EXPECT_EQ(recorder.correct()[0], 2u);
  });
}

TEST(Metrics, are_summed_in_double) {
  for_each_backend([](const auto& backend) {
    // In float the ones would vanish beside 2^24, and in a float history so would the second batch.
    std::vector<double> loss(1000, 1.0);
    loss[0] = 0x1p24;
    const Labels labels(1000, 0);
    Recorder recorder(backend, {}, 1);

    recorder.record(DataPart::train, {loss, labels, labels});
    recorder.record(DataPart::train, {{0x1p-8}, {0}, {0}});

    EXPECT_EQ(recorder.epoch(0).train_loss_sum, 1 + 0x1p24 + 999 + 0x1p-8);
    EXPECT_EQ(recorder.epoch(0).train_correct, 4 + 1001);
  });
}

TEST(Metrics, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const Index rows : {1, 31, 33, 500, 4097}) {
    const Rows in{random_values(rows, 0, 3, kSeed), random_labels(rows, 2, 1), random_labels(rows, 2, 2)};
    const auto loss_sum = [&](const auto& backend) {
      Recorder recorder(backend, {}, 1);
      recorder.record(DataPart::test, in);
      return recorder.epoch(0).test_loss_sum;
    };

    // Losses are exact in float and summed in double: only the order of the additions may differ.
    for_each_float_backend(
        [&](const auto& backend) { EXPECT_LE(std::abs(loss_sum(backend) / loss_sum(kOracle) - 1), 64 * kEps64); });
  }
}

TEST(Metrics, a_loss_that_is_not_finite_stops_the_run_and_nothing_is_recorded_afterwards) {
  for (const DataPart part : {DataPart::train, DataPart::test})
    for (const double bad : {kNaN, kInfinity, -kInfinity})
      for (const std::size_t place : {0u, 17u, 32u})
        for_each_backend([&](const auto& backend) {
          Rows rows{std::vector<double>(33, 0.5), Labels(33, 1), Labels(33, 1)};
          Recorder recorder(backend, {.step = 5, .epoch = 0}, 2, 2);
          recorder.record(part, rows);
          ASSERT_EQ(recorder.state().status, RunStatus::running);
          rows.loss[place] = bad;

          recorder.record(part, rows);

          EXPECT_EQ(recorder.state().status, RunStatus::diverged);
          EXPECT_EQ(recorder.state().step, 5);
          EXPECT_EQ(recorder.state().epoch, 0);
          const EpochMetrics last = recorder.epoch(0);
          EXPECT_FALSE(std::isfinite(part == DataPart::train ? last.train_loss_sum : last.test_loss_sum));
          const std::vector<std::uint32_t> bits = recorder.correct();

          rows.label.assign(33, 0);
          recorder.record(DataPart::train, rows);
          recorder.record(DataPart::test, rows);

          EXPECT_EQ(recorder.epoch(0).train_correct, last.train_correct);
          EXPECT_EQ(recorder.epoch(0).test_correct, last.test_correct);
          EXPECT_EQ(recorder.correct(), bits);
          EXPECT_EQ(recorder.state().status, RunStatus::diverged);
        });
}

// An epoch has its gradient norm once its last step is taken; an activation that hides a NaN cannot hide it there.
TEST(Metrics, a_gradient_that_is_not_finite_stops_the_run_with_the_test_rows) {
  for (const double bad : {kNaN, kInfinity})
    for_each_backend([&](const auto& backend) {
      EpochMetrics before = kBefore;
      before.gradient_norm = bad;
      Recorder recorder(backend, {.epoch = 1}, 2, 0, 0, before);

      recorder.record(DataPart::train, kThreeRows);
      EXPECT_EQ(recorder.state().status, RunStatus::running);

      recorder.record(DataPart::test, kThreeRows);
      EXPECT_EQ(recorder.state().status, RunStatus::diverged);
      EXPECT_EQ(recorder.epoch(1).test_loss_sum, 3.75);
    });
}

TEST(Metrics, of_a_stopped_run_are_not_recorded) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted}) {
      Recorder recorder(backend, {.epoch = 1, .status = status}, 2, 1);

      recorder.record(DataPart::train, kThreeRows);
      recorder.record(DataPart::test, kThreeRows);

      expect_unchanged(recorder.epoch(0));
      expect_unchanged(recorder.epoch(1));
      EXPECT_TRUE(recorder.no_bits_written());
      EXPECT_EQ(recorder.state().status, status);
    }
  });
}

TEST(Metrics, over_no_rows_add_nothing) {
  for_each_backend([](const auto& backend) {
    Recorder recorder(backend, {}, 1);

    recorder.record(DataPart::train, {});
    expect_unchanged(recorder.epoch(0));
    recorder.record(DataPart::test, {});

    EXPECT_EQ(recorder.epoch(0).test_loss_sum, 0);
    EXPECT_EQ(recorder.epoch(0).test_correct, 0);
    EXPECT_EQ(recorder.state().status, RunStatus::running);
  });
}

TEST(Metrics, refuse_shapes_that_do_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index blocks, loss, predicted, label;
      Shape correct;
    };
    for (const Wrong& wrong : {Wrong{0, 3, 3, 3, {}}, Wrong{2, 3, 3, 3, {}}, Wrong{1, 3, 2, 3, {}},
                               Wrong{1, 3, 3, 4, {}}, Wrong{1, 3, 3, 3, {1, 1}}, Wrong{1, 3, 3, 3, {2, 2}}}) {
      Guarded<Backend, TrainingState> state(backend, {1, wrong.blocks}, std::vector<TrainingState>(at(wrong.blocks)));
      const Guarded<Backend, RealOf<Backend>> loss(backend, {1, wrong.loss});
      const Guarded<Backend, std::int32_t> predicted(backend, {1, wrong.predicted}), label(backend, {1, wrong.label});
      Guarded<Backend, EpochMetrics> history(backend, {1, 2});
      Guarded<Backend, std::uint32_t> correct(backend, wrong.correct);

      EXPECT_THROW(backend.metrics(DataPart::test, loss.span(), predicted.span(), label.span(), state.span(),
                                   history.span(), correct.matrix()),
                   std::invalid_argument);
      EXPECT_TRUE(history.untouched() && correct.untouched());
    }
  });
}

// Where the epoch is known to the host; a device may not look.
TEST(Metrics, twin_refuses_an_epoch_beyond_the_history) {
  Recorder recorder(kTwin, {.epoch = 2}, 2);

  EXPECT_THROW(recorder.record(DataPart::train, kThreeRows), std::invalid_argument);
}

TEST(Metrics, gpu_records_nothing_in_an_epoch_beyond_the_history) {
  for (const std::int32_t epoch : {2, 3, 1000}) {
    Recorder recorder(gpu_backend(), {.epoch = epoch}, 2, 1);

    recorder.record(DataPart::train, kThreeRows);
    recorder.record(DataPart::test, kThreeRows);

    expect_unchanged(recorder.epoch(0));
    expect_unchanged(recorder.epoch(1));
    EXPECT_TRUE(recorder.no_bits_written());
    EXPECT_EQ(recorder.state().status, RunStatus::running);
  }
}

TEST(MetricsCost, reads_three_words_and_writes_a_bit_a_row) {
  static_assert(metrics_cost(64).bytes_read == 12 * 64);
  static_assert(metrics_cost(64).bytes_written == 8);
  static_assert(correct_words(0) == 0 && correct_words(1) == 1 && correct_words(32) == 1 && correct_words(33) == 2);
}

}  // namespace
}  // namespace plateau::test::metrics_test
