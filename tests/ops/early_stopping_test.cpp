// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/early_stopping.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::early_stopping_test {
namespace {

constexpr RunStatus kStopped[] = {RunStatus::diverged, RunStatus::interrupted, RunStatus::stopped_early};

std::vector<EpochMetrics> history_of(const std::vector<double>& validation_loss_sums) {
  std::vector<EpochMetrics> history;
  for (const double sum : validation_loss_sums) history.push_back({.validation_loss_sum = sum});
  return history;
}

// The control block after one judgement.
template <class Backend>
TrainingState judged(const Backend& backend, const EarlyStopping& stopping, TrainingState before,
                     const std::vector<double>& sums) {
  Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{before});
  const Guarded<Backend, EpochMetrics> history(backend, {1, static_cast<Index>(sums.size())}, history_of(sums));
  backend.judge_epoch(stopping, state.span(), history.span());
  return state.download()[0];
}

// And after every one, of a run with these losses.
template <class Backend>
std::vector<TrainingState> judged_run(const Backend& backend, const EarlyStopping& stopping,
                                      const std::vector<double>& sums) {
  Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{}});
  const Guarded<Backend, EpochMetrics> history(backend, {1, static_cast<Index>(sums.size())}, history_of(sums));
  std::vector<TrainingState> after;
  for (std::size_t epoch = 0; epoch < sums.size(); ++epoch) {
    backend.finish_epoch(state.span());
    backend.judge_epoch(stopping, state.span(), history.span());
    after.push_back(state.download()[0]);
  }
  return after;
}

// `parameters` values, of which the best so far are 7, beside other sevens; what is then kept.
template <class Backend>
std::vector<double> kept(const Backend& backend, TrainingState control, const std::vector<double>& values,
                         Index from = 0, Index to = 0) {
  using Real = RealOf<Backend>;
  const auto count = static_cast<Index>(values.size()), all = count + 8;
  std::vector<double> before(at(all), 3);
  std::copy(values.begin(), values.end(), before.begin() + from);
  const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{control});
  const Guarded<Backend, Real> parameter(backend, {1, all}, before);
  Guarded<Backend, Real> best(backend, {1, all}, std::vector<double>(at(all), 7));
  backend.keep_best(state.span(), parameter.span().subspan(from, count), best.span().subspan(to, count));
  EXPECT_EQ(fingerprint(as_double(parameter.download())), fingerprint(before)) << "the parameters have changed";
  std::vector<double> after = as_double(best.download());
  const std::vector<double> inside(after.begin() + to, after.begin() + to + count);
  std::fill_n(after.begin() + to, count, 7);
  EXPECT_EQ(after, std::vector<double>(at(all), 7)) << "a neighbour has changed";
  return inside;
}

TEST(JudgeEpoch, remembers_the_smallest_mean_loss_and_its_epoch) {
  for_each_backend([](const auto& backend) {
    const auto after = judged_run(backend, {.validation_rows = 4}, {8, 6, 7, 5, 5, 9});

    const double best_loss[] = {2, 1.5, 1.5, 1.25, 1.25, 1.25};
    const std::int64_t best_epochs[] = {1, 2, 2, 4, 4, 4};  // an equal loss is no smaller one
    for (std::size_t e = 0; e < after.size(); ++e) {
      EXPECT_EQ(after[e].best_loss, best_loss[e]) << "epoch " << e;
      EXPECT_EQ(after[e].best_epochs, best_epochs[e]) << "epoch " << e;
      EXPECT_EQ(after[e].status, RunStatus::running) << "epoch " << e;
      EXPECT_EQ(after[e].epoch, static_cast<std::int32_t>(e) + 1);
    }
  });
}

TEST(JudgeEpoch, stops_after_as_many_epochs_without_a_smaller_loss_as_it_has_patience) {
  for_each_backend([](const auto& backend) {
    const std::vector<double> sums{5, 4, 4, 3, 6, 3, 2.5, 8, 7, 6, 1};
    struct Expected {
      std::int32_t patience, epochs;
      std::int64_t best_epochs;
    };
    for (const Expected& want : {Expected{1, 3, 2}, Expected{2, 6, 4}, Expected{3, 10, 7}, Expected{4, 11, 11}}) {
      const TrainingState end = judged_run(backend, {.patience = want.patience}, sums).back();

      EXPECT_EQ(end.epoch, want.epochs) << "patience " << want.patience;
      EXPECT_EQ(end.best_epochs, want.best_epochs) << "patience " << want.patience;
      EXPECT_EQ(end.status, want.epochs == 11 ? RunStatus::running : RunStatus::stopped_early);
    }
  });
}

TEST(JudgeEpoch, without_patience_never_stops) {
  for_each_backend([](const auto& backend) {
    const TrainingState end =
        judged(backend, {}, {.best_loss = 1, .best_epochs = 1, .epoch = 90}, std::vector<double>(90, 2));

    EXPECT_EQ(end.status, RunStatus::running);
    EXPECT_EQ(end.best_epochs, 1);
  });
}

TEST(JudgeEpoch, has_lost_its_patience_also_where_it_looks_too_late) {
  for_each_backend([](const auto& backend) {
    const TrainingState late{.best_loss = 1, .best_epochs = 1, .epoch = 5};

    EXPECT_EQ(judged(backend, {.patience = 2}, late, {1, 2, 2, 2, 2}).status, RunStatus::stopped_early);
    EXPECT_EQ(judged(backend, {.patience = 2}, late, {1, 2, 2, 2, 0}).status, RunStatus::running);
  });
}

TEST(JudgeEpoch, takes_the_first_loss_as_the_best_whatever_it_is) {
  for_each_backend([](const auto& backend) {
    for (const double loss : {0.0, 5.0, kInfinity}) {
      const TrainingState after = judged(backend, {.patience = 1}, {.epoch = 3}, {1, 2, loss});

      EXPECT_EQ(after.best_loss, loss);
      EXPECT_EQ(after.best_epochs, 3);
      EXPECT_EQ(after.status, RunStatus::running);
    }
  });
}

TEST(JudgeEpoch, finds_no_loss_that_is_no_number_better) {
  for_each_backend([](const auto& backend) {
    const TrainingState first = judged(backend, {}, {.epoch = 1}, {kNaN});
    const TrainingState later =
        judged(backend, {.patience = 1}, {.best_loss = 4, .best_epochs = 1, .epoch = 2}, {4, kNaN});

    EXPECT_TRUE(std::isnan(first.best_loss));
    EXPECT_EQ(first.best_epochs, 1);
    EXPECT_EQ(later.best_loss, 4);
    EXPECT_EQ(later.best_epochs, 1);
    EXPECT_EQ(later.status, RunStatus::stopped_early);
  });
}

// 3 rows: the quotient is rounded, and in float the sums were equal.
TEST(JudgeEpoch, judges_in_double_and_alike_on_every_device) {
  for_each_backend([](const auto& backend) {
    const std::vector<double> sums{1, 1 - 0x1p-50};

    const auto after = judged_run(backend, {.validation_rows = 3}, sums);

    EXPECT_EQ(after[0].best_loss, 1.0 / 3);
    EXPECT_EQ(after[1].best_loss, (1 - 0x1p-50) / 3);
    EXPECT_EQ(after[1].best_epochs, 2);
    EXPECT_EQ(judged(backend, {.validation_rows = Index{1} << 40}, {.epoch = 1}, {1}).best_loss, 0x1p-40);
  });
}

TEST(JudgeEpoch, changes_nothing_else) {
  const TrainingState before{.step = 7,
                             .bias_correction1 = 0.25,
                             .bias_correction2_sqrt = 0.5,
                             .rate_reduction = 0.125,
                             .second_share = 0.75,
                             .batch_weight = 9,
                             .best_loss = 3,
                             .best_epochs = 1,
                             .epoch = 2};
  for_each_backend([&](const auto& backend) {
    const TrainingState after = judged(backend, {.patience = 1}, before, {3, 4});

    EXPECT_EQ(after.step, 7);
    EXPECT_EQ(after.bias_correction1, 0.25);
    EXPECT_EQ(after.bias_correction2_sqrt, 0.5);
    EXPECT_EQ(after.rate_reduction, 0.125);
    EXPECT_EQ(after.second_share, 0.75);
    EXPECT_EQ(after.batch_weight, 9);
    EXPECT_EQ(after.epoch, 2);
    EXPECT_EQ(after.status, RunStatus::stopped_early);
  });
}

TEST(JudgeEpoch, does_nothing_once_the_run_has_stopped) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : kStopped) {
      const TrainingState after =
          judged(backend, {.patience = 1}, {.best_loss = 2, .best_epochs = 1, .epoch = 3, .status = status}, {2, 2, 1});

      EXPECT_EQ(after.best_loss, 2);
      EXPECT_EQ(after.best_epochs, 1);
      EXPECT_EQ(after.status, status);
    }
  });
}

TEST(JudgeEpoch, refuses_no_rows_negative_patience_and_anything_but_one_control_block) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, EpochMetrics> history(backend, {1, 2}, history_of({1, 2}));
    Guarded<Backend, TrainingState> one(backend, {1, 1}), none(backend, {1, 0}), two(backend, {1, 2});

    EXPECT_THROW(backend.judge_epoch({.validation_rows = 0}, one.span(), history.span()), std::invalid_argument);
    EXPECT_THROW(backend.judge_epoch({.patience = -1}, one.span(), history.span()), std::invalid_argument);
    EXPECT_THROW(backend.judge_epoch({}, none.span(), history.span()), std::invalid_argument);
    EXPECT_THROW(backend.judge_epoch({}, two.span(), history.span()), std::invalid_argument);
    EXPECT_TRUE(one.untouched() && two.untouched());
  });
}

// Where the epoch is known to the host; a device may not look.
TEST(JudgeEpoch, twin_refuses_an_epoch_that_the_history_does_not_have) {
  for (const std::int32_t epoch : {-1, 0, 3, 1000})
    EXPECT_THROW(judged(kTwin, {}, {.epoch = epoch}, {1, 2}), std::invalid_argument) << "epoch " << epoch;
}

TEST(JudgeEpoch, gpu_leaves_the_state_alone_after_an_epoch_that_the_history_does_not_have) {
  for (const std::int32_t epoch : {-1, 0, 3, 1000}) {
    const TrainingState after = judged(gpu_backend(), {.patience = 1}, {.epoch = epoch}, {1, 2});

    EXPECT_EQ(after.best_epochs, 0) << "epoch " << epoch;
    EXPECT_EQ(after.status, RunStatus::running) << "epoch " << epoch;
  }
}

TEST(KeepBest, copies_the_parameters_of_the_best_epoch_and_of_no_other) {
  const std::vector<double> values{1, -2, 0.5, 4, 5}, sevens(5, 7);
  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(kept(backend, {.best_epochs = 3, .epoch = 3}, values), values);
    EXPECT_EQ(kept(backend, {.best_epochs = 1, .epoch = 1}, values), values);
    EXPECT_EQ(kept(backend, {.best_epochs = 2, .epoch = 3}, values), sevens);
    EXPECT_EQ(kept(backend, {.best_epochs = 0, .epoch = 3}, values), sevens);
    EXPECT_EQ(kept(backend, {}, values), sevens) << "before the first epoch";
  });
}

TEST(KeepBest, does_nothing_once_the_run_has_stopped) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : kStopped)
      EXPECT_EQ(kept(backend, {.best_epochs = 3, .epoch = 3, .status = status}, {1, 2, 3, 4, 5}),
                std::vector<double>(5, 7));
  });
}

TEST(KeepBest, keeps_every_bit) {
  for_each_backend([](const auto& backend) {
    const auto got = kept(backend, {.best_epochs = 1, .epoch = 1}, {kNaN, kInfinity, -0.0, 0x1p-149, 1.0f / 3});

    EXPECT_TRUE(std::isnan(got[0]));
    EXPECT_EQ(got[1], kInfinity);
    EXPECT_TRUE(std::signbit(got[2]));
    EXPECT_EQ(got[3], 0x1p-149);
    EXPECT_EQ(got[4], static_cast<double>(1.0f / 3));
  });
}

// A GPU copies four parameters at a time where both spans begin at a multiple of 16 bytes.
TEST(KeepBest, spans_may_begin_and_end_anywhere) {
  for_each_backend([](const auto& backend) {
    for (const Index from : {0, 1, 2, 4})
      for (const Index to : {0, 1, 2, 4})
        for (const Index count : kStraddlingSizes) {
          const std::vector<double> values = dyadic_values(count, kSeed);

          EXPECT_EQ(kept(backend, {.best_epochs = 1, .epoch = 1}, values, from, to), values)
              << count << " from " << from << " to " << to;
        }
  });
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(KeepBest, copies_more_parameters_than_a_grid_has_threads) {
  std::vector<double> values(at((Index{1} << 20) + 300), 1);
  values.front() = 2;
  values.back() = 3;

  EXPECT_TRUE(kept(gpu_backend(), {.best_epochs = 1, .epoch = 1}, values, 1, 1) == values);
}

TEST(KeepBest, over_no_parameters_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(kept(backend, {.best_epochs = 1, .epoch = 1}, {}).empty()); });
}

TEST(KeepBest, refuses_spans_that_do_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index state, parameter, best;
    };
    for (const Wrong& wrong : {Wrong{0, 3, 3}, Wrong{2, 3, 3}, Wrong{1, 3, 2}, Wrong{1, 2, 3}}) {
      const TrainingState best_epoch{.best_epochs = 1, .epoch = 1};
      const Guarded<Backend, TrainingState> state(backend, {1, wrong.state},
                                                  std::vector<TrainingState>(at(wrong.state), best_epoch));
      const Guarded<Backend, RealOf<Backend>> parameter(backend, {1, wrong.parameter});
      Guarded<Backend, RealOf<Backend>> best(backend, {1, wrong.best}, std::vector<double>(at(wrong.best), 7));

      EXPECT_THROW(backend.keep_best(state.span(), parameter.span(), best.span()), std::invalid_argument);
      EXPECT_EQ(as_double(best.download()), std::vector<double>(at(wrong.best), 7));
    }
  });
}

TEST(EarlyStoppingCost, reads_the_epoch_once_and_copies_the_parameters_once) {
  static_assert(judge_epoch_cost().bytes_read == sizeof(TrainingState) + sizeof(EpochMetrics));
  static_assert(judge_epoch_cost().bytes_written == sizeof(TrainingState));
  static_assert(keep_best_cost(10).bytes_read == 40);
  static_assert(keep_best_cost(10).bytes_written == 40);
  static_assert(keep_best_cost(10).flops == 0);
}

}  // namespace
}  // namespace plateau::test::early_stopping_test
