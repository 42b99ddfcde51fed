// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/training_state.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::training_state_test {
namespace {

template <class Backend>
class Control {
 public:
  Control(const Backend& backend, TrainingState state)
      : backend_(backend), state_(backend, {1, 1}, std::vector<TrainingState>{state}) {}
  void advance_step(AdamBetas betas) { backend_.advance_step(betas, state_.span()); }
  void finish_epoch() { backend_.finish_epoch(state_.span()); }
  void draw_mixing(double alpha, std::uint64_t seed) { backend_.draw_mixing(alpha, seed, state_.span()); }
  void set_rate(Schedule schedule, Index epochs) { backend_.set_rate(schedule, epochs, state_.span()); }
  TrainingState now() const { return state_.download()[0]; }

 private:
  const Backend& backend_;
  Guarded<Backend, TrainingState> state_;
};

TEST(TrainingState, starts_before_the_first_step) {
  const TrainingState state;

  EXPECT_EQ(state.step, 0);
  EXPECT_EQ(state.epoch, 0);
  EXPECT_EQ(state.bias_correction1, 0);
  EXPECT_EQ(state.bias_correction2_sqrt, 0);
  EXPECT_EQ(state.status, RunStatus::running);
}

TEST(TrainingState, starts_as_zeros_on_every_device) {
  for_each_backend([](const auto& backend) {
    const auto buffer = backend.template allocate<TrainingState>(1, {});
    TrainingState state{.step = 1, .bias_correction1 = 1, .epoch = 1, .status = RunStatus::diverged};
    backend.template copy_out<TrainingState, TrainingState>(buffer.view(), {&state, 1});
    backend.finish();

    EXPECT_EQ(state.step, 0);
    EXPECT_EQ(state.bias_correction1, 0);
    EXPECT_EQ(state.epoch, 0);
    EXPECT_EQ(state.status, RunStatus::running);
  });
}

TEST(AdvanceStep, forms_the_bias_corrections_of_every_step_in_double) {
  for_each_backend([](const auto& backend) {
    Control control(backend, TrainingState{});
    double power1 = 1, power2 = 1;
    for (int step = 1; step <= 1000; ++step) {
      power1 *= 0.9;
      power2 *= 0.999;

      control.advance_step({.beta1 = 0.9, .beta2 = 0.999});

      ASSERT_EQ(control.now().step, step);
      ASSERT_LE(std::abs(control.now().bias_correction1 - (1 - power1)), 1e-14) << "step " << step;
      ASSERT_LE(std::abs(control.now().bias_correction2_sqrt - std::sqrt(1 - power2)), 2e-13) << "step " << step;
    }
    EXPECT_EQ(control.now().epoch, 0);
    EXPECT_EQ(control.now().status, RunStatus::running);
  });
}

TEST(AdvanceStep, reproduces_the_second_step_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    Control control(backend, {.step = 1, .epoch = 4});

    control.advance_step({.beta1 = 0.5, .beta2 = 0.75});

    EXPECT_EQ(control.now().step, 2);
    EXPECT_EQ(control.now().bias_correction1, 0.75);
    EXPECT_LE(std::abs(control.now().bias_correction2_sqrt - std::sqrt(7.0) / 4), 2 * kEps64);
    EXPECT_EQ(control.now().epoch, 4);
  });
}

TEST(AdvanceStep, without_memory_needs_no_correction) {
  for_each_backend([](const auto& backend) {
    Control control(backend, TrainingState{});

    control.advance_step({.beta1 = 0, .beta2 = 0});

    EXPECT_EQ(control.now().bias_correction1, 1);
    EXPECT_EQ(control.now().bias_correction2_sqrt, 1);
  });
}

TEST(DrawMixing, sets_the_share_of_the_step_and_nothing_else) {
  for_each_backend([](const auto& backend) {
    for (const double alpha : {0.2, 1.0, 5.0})
      for (const std::int64_t step : {0, 1, 1000}) {
        Control control(backend, {.step = step, .rate_reduction = 0.5, .epoch = 3});
        control.draw_mixing(alpha, 6);
        EXPECT_NEAR(control.now().second_share, mixing_share(6, step, alpha), 1e-12);
        EXPECT_EQ(control.now().step, step);
        EXPECT_EQ(control.now().rate_reduction, 0.5);
        EXPECT_EQ(control.now().epoch, 3);
        EXPECT_EQ(control.now().status, RunStatus::running);
      }
  });
}

TEST(DrawMixing, leaves_a_stopped_run_alone) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted, RunStatus::stopped_early}) {
      Control control(backend, {.second_share = 0.125, .status = status});
      control.draw_mixing(1, 6);
      EXPECT_EQ(control.now().second_share, 0.125);
    }
  });
}

TEST(DrawMixing, refuses_shares_that_it_cannot_draw) {
  for_each_backend([](const auto& backend) {
    Control control(backend, TrainingState{});
    for (const double alpha : {0.0, 0.04, 101.0, -1.0, kNaN})
      EXPECT_THROW(control.draw_mixing(alpha, 1), std::invalid_argument);
  });
}

TEST(SetRate, takes_off_what_the_schedule_says_of_the_epoch_and_nothing_else) {
  for_each_backend([](const auto& backend) {
    for (const std::int32_t epoch : {0, 1, 7, 19}) {
      Control control(backend, {.step = 5, .rate_reduction = 0.75, .best_loss = 2, .epoch = epoch});
      control.set_rate(Schedule::cosine, 20);
      EXPECT_NEAR(control.now().rate_reduction, rate_reduction(Schedule::cosine, epoch, 20), 1e-15);
      EXPECT_EQ(control.now().step, 5);
      EXPECT_EQ(control.now().best_loss, 2);
      EXPECT_EQ(control.now().epoch, epoch);
      control.set_rate(Schedule::constant, 20);
      EXPECT_EQ(control.now().rate_reduction, 0);
    }
  });
}

TEST(SetRate, leaves_a_stopped_run_alone) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted, RunStatus::stopped_early}) {
      Control control(backend, {.rate_reduction = 0.75, .epoch = 1, .status = status});
      control.set_rate(Schedule::cosine, 20);
      EXPECT_EQ(control.now().rate_reduction, 0.75);
    }
  });
}

TEST(SetRate, refuses_a_schedule_without_epochs) {
  for_each_backend([](const auto& backend) {
    Control control(backend, TrainingState{});
    EXPECT_THROW(control.set_rate(Schedule::cosine, 0), std::invalid_argument);
  });
}

TEST(FinishEpoch, counts_the_epoch_and_nothing_else) {
  for_each_backend([](const auto& backend) {
    Control control(backend, {.step = 7, .bias_correction1 = 0.25, .bias_correction2_sqrt = 0.5, .epoch = 2});

    control.finish_epoch();

    EXPECT_EQ(control.now().epoch, 3);
    EXPECT_EQ(control.now().step, 7);
    EXPECT_EQ(control.now().bias_correction1, 0.25);
    EXPECT_EQ(control.now().bias_correction2_sqrt, 0.5);
    EXPECT_EQ(control.now().status, RunStatus::running);
  });
}

TEST(TrainingState, stands_still_once_the_run_has_diverged) {
  for_each_backend([](const auto& backend) {
    Control control(
        backend,
        {.step = 7, .bias_correction1 = 0.25, .bias_correction2_sqrt = 0.5, .epoch = 2, .status = RunStatus::diverged});

    control.advance_step({});
    control.finish_epoch();

    EXPECT_EQ(control.now().step, 7);
    EXPECT_EQ(control.now().bias_correction1, 0.25);
    EXPECT_EQ(control.now().bias_correction2_sqrt, 0.5);
    EXPECT_EQ(control.now().epoch, 2);
    EXPECT_EQ(control.now().status, RunStatus::diverged);
  });
}

constexpr Index kEpochs = 6, kRecent = 3;

struct Exchange {
  RunSignals signals;
  TrainingState state;
  std::vector<EpochMetrics> recent;  // of those that were not written test_correct is -1
};

// Of the history, epoch e has e + 1 everywhere.
template <class Backend>
Exchange exchange(const Backend& backend, TrainingState state, RunSignals signals) {
  Guarded<Backend, TrainingState> control(backend, {1, 1}, std::vector<TrainingState>{state});
  Guarded<Backend, RunSignals> mailbox(backend, {1, 1}, std::vector<RunSignals>{signals});
  std::vector<EpochMetrics> figures;
  for (int e = 1; e <= kEpochs; ++e)
    figures.push_back({.train_loss_sum = double(e),
                       .test_loss_sum = double(e),
                       .gradient_norm = double(e),
                       .train_correct = e,
                       .test_correct = e,
                       .validation_loss_sum = double(e),
                       .validation_correct = e,
                       .test_changed = e});
  Guarded<Backend, EpochMetrics> history(backend, {1, kEpochs}, figures);
  Guarded<Backend, EpochMetrics> recent(backend, {1, kRecent},
                                        std::vector<EpochMetrics>(kRecent, {.test_correct = -1}));
  backend.exchange_signals(control.span(), history.span(), mailbox.span(), recent.span());
  return {mailbox.download()[0], control.download()[0], recent.download()};
}

TEST(ExchangeSignals, tells_the_host_how_far_the_run_is) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::running, RunStatus::diverged, RunStatus::interrupted}) {
      const auto after = exchange(backend, {.step = 9, .epoch = 4, .status = status}, {});

      EXPECT_EQ(after.signals.epoch, 4);
      EXPECT_EQ(after.signals.status, status);
      EXPECT_EQ(after.signals.stop_requested, 0);
      EXPECT_EQ(after.state.status, status);
      EXPECT_EQ(after.state.epoch, 4);
      EXPECT_EQ(after.state.step, 9);
    }
  });
}

// Also of a run that has just ended, and again while it stands still.
TEST(ExchangeSignals, hands_over_the_figures_of_the_last_epoch_in_its_turn) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::running, RunStatus::stopped_early, RunStatus::diverged})
      for (std::int32_t epoch = 0; epoch <= kEpochs; ++epoch) {
        const auto after = exchange(backend, {.step = 9, .epoch = epoch, .status = status}, {});

        for (std::int32_t k = 0; k < kRecent; ++k) {
          const bool written = epoch > 0 && (epoch - 1) % kRecent == k;
          const EpochMetrics& row = after.recent[at(k)];
          EXPECT_EQ(row.test_correct, written ? epoch : -1);
          EXPECT_EQ(row.train_loss_sum, written ? epoch : 0);
          EXPECT_EQ(row.test_changed, written ? epoch : 0);
        }
      }
  });
}

TEST(ExchangeSignals, ends_a_running_run_where_the_host_asks_for_it) {
  for_each_backend([](const auto& backend) {
    for (const std::int32_t asked : {1, 2, 256, -1}) {  // anything but 0
      const auto running = exchange(backend, {.epoch = 4}, {.stop_requested = asked});
      EXPECT_EQ(running.state.status, RunStatus::interrupted);
      EXPECT_EQ(running.signals.status, RunStatus::interrupted);
      EXPECT_EQ(running.signals.epoch, 4);
      EXPECT_EQ(running.signals.stop_requested, asked);

      const auto diverged = exchange(backend, {.epoch = 4, .status = RunStatus::diverged}, {.stop_requested = asked});
      EXPECT_EQ(diverged.state.status, RunStatus::diverged);
      EXPECT_EQ(diverged.signals.status, RunStatus::diverged);
    }
  });
}

TEST(TrainingState, stands_still_once_the_run_was_interrupted) {
  for_each_backend([](const auto& backend) {
    Control control(backend, {.step = 7, .epoch = 2, .status = RunStatus::interrupted});

    control.advance_step({});
    control.finish_epoch();

    EXPECT_EQ(control.now().step, 7);
    EXPECT_EQ(control.now().epoch, 2);
  });
}

TEST(TrainingState, is_one_control_block) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index blocks : {0, 2}) {
      Guarded<Backend, TrainingState> state(backend, {1, blocks});

      EXPECT_THROW(backend.advance_step({}, state.span()), std::invalid_argument);
      EXPECT_THROW(backend.finish_epoch(state.span()), std::invalid_argument);
      EXPECT_TRUE(state.untouched());

      Guarded<Backend, TrainingState> one(backend, {1, 1});
      Guarded<Backend, RunSignals> signals(backend, {1, blocks}), one_signal(backend, {1, 1});
      Guarded<Backend, EpochMetrics> rows(backend, {1, 2}), none(backend, {1, 0});
      const auto refuses = [&](auto& of_state, auto& history, auto& of_signals, auto& recent) {
        EXPECT_THROW(backend.exchange_signals(of_state.span(), history.span(), of_signals.span(), recent.span()),
                     std::invalid_argument);
      };
      refuses(state, rows, one_signal, rows);
      refuses(one, rows, signals, rows);
      refuses(one, none, one_signal, rows);
      refuses(one, rows, one_signal, none);
      EXPECT_TRUE(one.untouched() && signals.untouched() && one_signal.untouched() && rows.untouched());
    }
  });
}

TEST(TrainingStateCost, reads_and_writes_the_block) {
  static_assert(advance_step_cost().bytes() == 2 * sizeof(TrainingState));
  static_assert(finish_epoch_cost().bytes() == 2 * sizeof(TrainingState));
  static_assert(exchange_signals_cost().bytes() ==
                2 * (sizeof(TrainingState) + sizeof(RunSignals) + sizeof(EpochMetrics)));
}

}  // namespace
}  // namespace plateau::test::training_state_test
