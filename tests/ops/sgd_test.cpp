// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/sgd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::sgd_test {
namespace {

struct SgdCase {
  SgdParameters sgd;
  std::vector<double> parameter;
  std::vector<std::vector<double>> grads;  // of each step
};

template <class Real>
struct SgdOutputs {
  std::vector<Real> parameter, velocity;
};

template <class Backend>
SgdOutputs<RealOf<Backend>> run(const Backend& backend, const SgdCase& in, TrainingState control = {}) {
  using Real = RealOf<Backend>;
  const Shape shape{1, static_cast<Index>(in.parameter.size())};
  const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{control});
  Guarded<Backend, Real> parameter(backend, shape, in.parameter);
  Guarded<Backend, Real> velocity(backend, shape, std::vector<double>(in.parameter.size()));
  for (const std::vector<double>& step : in.grads) {
    const Guarded<Backend, Real> grad(backend, shape, step);
    backend.sgd(in.sgd, state.span(), grad.span(), parameter.span(), velocity.span());
  }
  return {parameter.download(), velocity.download()};
}

// The velocity as a sum over all steps: u_t = sum_s momentum^(t - s) g_s.
SgdOutputs<double> by_unrolled_velocity(const SgdCase& in) {
  SgdOutputs<double> out{in.parameter, std::vector<double>(in.parameter.size())};
  for (std::size_t i = 0; i < in.parameter.size(); ++i) {
    std::vector<double> g;
    for (const std::vector<double>& grad : in.grads) {
      g.push_back(grad[i] + in.sgd.weight_decay * out.parameter[i]);
      out.velocity[i] = 0;
      for (std::size_t s = 0; s < g.size(); ++s)
        out.velocity[i] += std::pow(in.sgd.momentum, static_cast<double>(g.size() - 1 - s)) * g[s];
      out.parameter[i] -= in.sgd.learning_rate * out.velocity[i];
    }
  }
  return out;
}

SgdCase random_case(const SgdParameters& sgd, Index parameters, int steps) {
  SgdCase in{sgd, random_values(parameters, -1, 1, kSeed), {}};
  for (int step = 1; step <= steps; ++step)
    in.grads.push_back(random_values(parameters, -1, 1, kSeed + static_cast<std::uint64_t>(step)));
  return in;
}

const SgdParameters kVariants[] = {
    {},
    {.learning_rate = 0.1, .momentum = 0.9},
    {.learning_rate = 0.1, .weight_decay = 0.25},
    {.learning_rate = 0.1, .momentum = 0.5, .weight_decay = 0.25},
};

TEST(Sgd, reproduces_two_steps_solved_by_hand) {
  // g = 1 + 0.5 * 2 = 2, u = 2, p = 2 - 0.25 * 2 = 1.5; then g = -1 + 0.75, u = 1 - 0.25, p = 1.5 - 0.1875
  const SgdCase in{{.learning_rate = 0.25, .momentum = 0.5, .weight_decay = 0.5}, {2}, {{1}, {-1}}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_EQ(got.velocity[0], 0.75);
    EXPECT_EQ(got.parameter[0], 1.3125);
  });
}

TEST(Sgd, without_momentum_is_plain_descent) {
  const SgdCase in{{.learning_rate = 0.5}, {1, -1}, {{2, 4}, {1, -1}}};

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, in).parameter), (std::vector<double>{1 - 1 - 0.5, -1 - 2 + 0.5}));
  });
}

TEST(Sgd, steps_by_what_the_schedule_leaves_of_the_learning_rate) {
  const SgdCase scheduled{{.learning_rate = 0.25, .momentum = 0.5, .weight_decay = 0.5}, {2, 3}, {{1, 7}, {-1, 2}}};
  SgdCase quarter = scheduled;
  quarter.sgd.learning_rate /= 4;

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, scheduled, {.rate_reduction = 0.75}), want = run(backend, quarter);
    EXPECT_EQ(got.parameter, want.parameter);
    EXPECT_EQ(got.velocity, want.velocity);
  });
}

TEST(Sgd, oracle_agrees_with_the_unrolled_velocity) {
  for (const SgdParameters& sgd : kVariants) {
    const SgdCase in = random_case(sgd, 37, 6);
    const SgdOutputs<double> want = by_unrolled_velocity(in);

    const SgdOutputs<double> got = run(kOracle, in);

    EXPECT_LE(relative_error(got.parameter, want.parameter), 20 * kEps64) << "variant " << &sgd - kVariants;
    EXPECT_LE(relative_error(got.velocity, want.velocity), 20 * kEps64) << "variant " << &sgd - kVariants;
  }
}

TEST(Sgd, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const SgdParameters& sgd : kVariants)
    for (const Index parameters : {1, 31, 32, 33, 127, 128, 129, 1000, 4097}) {
      SCOPED_TRACE(::testing::Message() << "variant " << &sgd - kVariants << ", " << parameters << " parameters");
      const SgdCase in = random_case(sgd, parameters, 4);
      const SgdOutputs<double> want = run(kOracle, in);
      const SgdOutputs<float> twin = run(kTwin, in);
      const double parameter_budget = budget(twin.parameter, want.parameter);
      const double velocity_budget = budget(twin.velocity, want.velocity);

      for_each_float_backend([&](const auto& backend) {
        const SgdOutputs<float> got = run(backend, in);

        EXPECT_LE(relative_error(got.parameter, want.parameter), parameter_budget);
        EXPECT_LE(relative_error(got.velocity, want.velocity), velocity_budget);
      });
    }
}

TEST(Sgd, keeps_nan_visible_and_where_it_is) {
  const SgdCase in{{.momentum = 0.5}, {1, 1}, {{kNaN, 0.5}, {1, 0.5}}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_TRUE(std::isnan(got.parameter[0]) && std::isnan(got.velocity[0]));
    EXPECT_TRUE(std::isfinite(got.parameter[1]) && std::isfinite(got.velocity[1]));
  });
}

TEST(Sgd, does_nothing_once_the_run_has_stopped) {
  const SgdCase in{{.momentum = 0.5, .weight_decay = 0.5}, {1, 2}, {{3, 4}}};

  for_each_backend([&](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted}) {
      const auto got = run(backend, in, {.status = status});

      EXPECT_EQ(as_double(got.parameter), (std::vector<double>{1, 2}));
      EXPECT_EQ(as_double(got.velocity), (std::vector<double>{0, 0}));
    }
  });
}

// A GPU takes four parameters at a time where all spans begin at a multiple of 16 bytes. What lies beside the spans
// stays as it is, be it a number or not.
TEST(Sgd, spans_may_begin_and_end_anywhere) {
  struct Places {
    Index grad, parameter, velocity;
  };
  constexpr Index kAll = 80;
  const SgdParameters sgd{.learning_rate = 0.5, .momentum = 0.5, .weight_decay = 0.25};
  for (const Places& places : {Places{0, 0, 0}, Places{4, 8, 4}, Places{1, 0, 0}, Places{0, 1, 0}, Places{0, 0, 1},
                               Places{2, 2, 2}, Places{3, 3, 3}})
    for (const Index count : {1, 3, 4, 5, 8, 67}) {
      SCOPED_TRACE(::testing::Message() << count << " parameters from " << places.parameter);
      // All multiples of 1/16, so that every step is exact.
      const std::vector<double> start = dyadic_values(count, 1), step = dyadic_values(count, 2),
                                before = dyadic_values(count, 3);
      std::vector<double> want_parameter = start, want_velocity;
      for (Index i = 0; i < count; ++i) {
        want_velocity.push_back(0.5 * before[at(i)] + (step[at(i)] + 0.25 * start[at(i)]));
        want_parameter[at(i)] -= 0.5 * want_velocity.back();
      }
      const auto among_sevens = [&](const std::vector<double>& values, Index place) {
        std::vector<double> all(kAll, 7);
        std::copy(values.begin(), values.end(), all.begin() + place);
        return all;
      };

      for_each_backend([&](const auto& backend) {
        using Backend = std::remove_cvref_t<decltype(backend)>;
        const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{}});
        const Guarded<Backend, RealOf<Backend>> grad(backend, {1, kAll}, among_sevens(step, places.grad));
        Guarded<Backend, RealOf<Backend>> parameter(backend, {1, kAll}, among_sevens(start, places.parameter)),
            velocity(backend, {1, kAll}, among_sevens(before, places.velocity));
        backend.sgd(sgd, state.span(), grad.span().subspan(places.grad, count),
                    parameter.span().subspan(places.parameter, count), velocity.span().subspan(places.velocity, count));

        EXPECT_EQ(as_double(parameter.download()), among_sevens(want_parameter, places.parameter));
        EXPECT_EQ(as_double(velocity.download()), among_sevens(want_velocity, places.velocity));
      });
    }
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(Sgd, updates_more_parameters_than_a_grid_has_threads) {
  const Index count = (Index{1} << 20) + 300;
  const std::vector<double> ones(at(1 + count), 1);
  const Guarded<GpuBackend, TrainingState> state(gpu_backend(), {1, 1}, std::vector<TrainingState>{{}});
  const Guarded<GpuBackend, float> grad(gpu_backend(), {1, 1 + count}, ones);
  Guarded<GpuBackend, float> parameter(gpu_backend(), {1, 1 + count}, ones),
      velocity(gpu_backend(), {1, 1 + count}, ones);

  gpu_backend().sgd({.learning_rate = 0.25, .momentum = 1}, state.span(), grad.span().subspan(1, count),
                    parameter.span().subspan(1, count), velocity.span().subspan(1, count));

  const std::vector<float> got = parameter.download();
  EXPECT_EQ(std::count(got.begin() + 1, got.end(), 0.5f), count);
}

TEST(Sgd, over_no_parameters_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, {{}, {}, {{}}}).parameter.empty()); });
}

TEST(Sgd, refuses_spans_that_do_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index state, grad, parameter, velocity;
    };
    for (const Wrong& wrong : {Wrong{0, 3, 3, 3}, Wrong{2, 3, 3, 3}, Wrong{1, 2, 3, 3}, Wrong{1, 3, 3, 4}}) {
      const Guarded<Backend, TrainingState> state(backend, {1, wrong.state},
                                                  std::vector<TrainingState>(at(wrong.state)));
      const Guarded<Backend, RealOf<Backend>> grad(backend, {1, wrong.grad});
      Guarded<Backend, RealOf<Backend>> parameter(backend, {1, wrong.parameter}),
          velocity(backend, {1, wrong.velocity});

      EXPECT_THROW(backend.sgd({}, state.span(), grad.span(), parameter.span(), velocity.span()),
                   std::invalid_argument);
      EXPECT_TRUE(parameter.untouched() && velocity.untouched());
    }
  });
}

TEST(SgdCost, moves_20_bytes_a_parameter) {
  static_assert(sgd_cost(10).bytes() == 200);
  static_assert(sgd_cost(10).bytes_written == 80);
  static_assert(sgd_cost(10).flops == 60);
}

}  // namespace
}  // namespace plateau::test::sgd_test
