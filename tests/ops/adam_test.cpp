// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/adam.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::adam_test {
namespace {

struct AdamCase {
  AdamParameters adam;
  std::vector<double> parameter;
  std::vector<std::vector<double>> grads;  // of each step
};

template <class Real>
struct AdamOutputs {
  std::vector<Real> parameter, m, v;
};

template <class Backend>
AdamOutputs<RealOf<Backend>> run(const Backend& backend, const AdamCase& in, TrainingState start = {}) {
  using Real = RealOf<Backend>;
  const Shape shape{1, static_cast<Index>(in.parameter.size())};
  const std::vector<double> zeros(in.parameter.size());
  Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{start});
  Guarded<Backend, Real> parameter(backend, shape, in.parameter), m(backend, shape, zeros), v(backend, shape, zeros);
  for (const std::vector<double>& step : in.grads) {
    const Guarded<Backend, Real> grad(backend, shape, step);
    backend.advance_step(in.adam.betas, state.span());
    backend.adam(in.adam, state.span(), grad.span(), parameter.span(), m.span(), v.span());
  }
  return {parameter.download(), m.download(), v.download()};
}

// Algorithm 1 of Kingma and Ba with Loshchilov and Hutter's decay, as their papers write it: moments corrected first.
AdamOutputs<double> as_published(const AdamCase& in) {
  const AdamParameters& a = in.adam;
  AdamOutputs<double> out{in.parameter, std::vector<double>(in.parameter.size()),
                          std::vector<double>(in.parameter.size())};
  double power1 = 1, power2 = 1;
  for (const std::vector<double>& grad : in.grads) {
    power1 *= a.betas.beta1;
    power2 *= a.betas.beta2;
    for (std::size_t i = 0; i < grad.size(); ++i) {
      double &p = out.parameter[i], &m = out.m[i], &v = out.v[i];
      const double g = a.decay_kind == WeightDecay::l2 ? grad[i] + a.weight_decay * p : grad[i];
      m = a.betas.beta1 * m + (1 - a.betas.beta1) * g;
      v = a.betas.beta2 * v + (1 - a.betas.beta2) * g * g;
      const double m_hat = m / (1 - power1), v_hat = v / (1 - power2);
      const double decay = a.decay_kind == WeightDecay::decoupled ? a.learning_rate * a.weight_decay * p : 0;
      p = p - decay - a.learning_rate * m_hat / (std::sqrt(v_hat) + a.epsilon);
    }
  }
  return out;
}

AdamCase random_case(const AdamParameters& adam, Index parameters, int steps) {
  AdamCase in{adam, random_values(parameters, -1, 1, kSeed), {}};
  for (int step = 1; step <= steps; ++step)
    in.grads.push_back(random_values(parameters, -1, 1, kSeed + static_cast<std::uint64_t>(step)));
  return in;
}

const AdamParameters kVariants[] = {
    {},
    {.learning_rate = 0.01, .betas = {0.5, 0.75}, .epsilon = 0.125},
    {.learning_rate = 0.01, .betas = {}, .weight_decay = 0.25, .decay_kind = WeightDecay::l2},
    {.learning_rate = 0.01, .betas = {}, .weight_decay = 0.25, .decay_kind = WeightDecay::decoupled},
    {.learning_rate = 0.1,
     .betas = {0.8, 0.9},
     .epsilon = 1e-3,
     .weight_decay = 1,
     .decay_kind = WeightDecay::decoupled},
};

TEST(Adam, reproduces_a_step_solved_by_hand) {
  // m = g/2, v = g^2/4, both corrected to g and g^2, so the step is lr * g / (|g| + epsilon).
  const AdamCase in{{.learning_rate = 0.5, .betas = {0.5, 0.75}, .epsilon = 1}, {1, 1, 1}, {{3, -1, 0}}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_LE(relative_error(got.parameter, {1 - 0.375, 1 + 0.25, 1}), 2 * kEps32);
    EXPECT_EQ(as_double(got.m), (std::vector<double>{1.5, -0.5, 0}));
    EXPECT_EQ(as_double(got.v), (std::vector<double>{2.25, 0.25, 0}));
  });
}

TEST(Adam, decays_as_l2_through_the_moments_and_decoupled_beside_them) {
  AdamCase in{{.learning_rate = 0.5, .betas = {0.5, 0.75}, .epsilon = 1, .weight_decay = 0.5}, {2}, {{2}}};

  for_each_backend([&](const auto& backend) {
    in.adam.decay_kind = WeightDecay::l2;  // g = 2 + 0.5 * 2 = 3
    const auto l2 = run(backend, in);
    in.adam.decay_kind = WeightDecay::decoupled;  // p = 2 * (1 - 0.25), then g = 2
    const auto decoupled = run(backend, in);

    EXPECT_LE(relative_error(l2.parameter, {2 - 0.5 * 3 / 4}), 2 * kEps32);
    EXPECT_EQ(l2.m[0], 1.5);
    EXPECT_LE(relative_error(decoupled.parameter, {1.5 - 0.5 * 2.0 / 3}), 2 * kEps32);
    EXPECT_EQ(decoupled.m[0], 1);
  });
}

// A schedule that takes three quarters off is a quarter of the learning rate, for the decoupled decay as well.
TEST(Adam, steps_by_what_the_schedule_leaves_of_the_learning_rate) {
  for (AdamParameters adam : kVariants) {
    const AdamCase scheduled = random_case(adam, 40, 3);
    adam.learning_rate /= 4;
    const AdamCase quarter{adam, scheduled.parameter, scheduled.grads};

    for_each_backend([&](const auto& backend) {
      const auto got = run(backend, scheduled, {.rate_reduction = 0.75}), want = run(backend, quarter);
      EXPECT_EQ(got.parameter, want.parameter);
      EXPECT_EQ(got.v, want.v);
    });
  }
}

TEST(Adam, oracle_follows_the_published_algorithm) {
  for (const AdamParameters& adam : kVariants) {
    const AdamCase in = random_case(adam, 37, 6);
    const AdamOutputs<double> want = as_published(in);

    const AdamOutputs<double> got = run(kOracle, in);

    const auto variant = &adam - kVariants;
    EXPECT_LE(relative_error(got.parameter, want.parameter), 20 * kEps64) << "variant " << variant;
    EXPECT_LE(relative_error(got.m, want.m), 20 * kEps64) << "variant " << variant;
    EXPECT_LE(relative_error(got.v, want.v), 20 * kEps64) << "variant " << variant;
  }
}

TEST(Adam, float_backends_stay_within_budget_of_the_double_oracle) {
  for (const AdamParameters& adam : kVariants)
    for (const Index parameters : {1, 31, 32, 33, 127, 128, 129, 1000, 4097}) {
      SCOPED_TRACE(::testing::Message() << "variant " << &adam - kVariants << ", " << parameters << " parameters");
      const AdamCase in = random_case(adam, parameters, 3);
      const AdamOutputs<double> want = run(kOracle, in);
      const AdamOutputs<float> twin = run(kTwin, in);
      const double parameter_budget = budget(twin.parameter, want.parameter);
      const double m_budget = budget(twin.m, want.m), v_budget = budget(twin.v, want.v);

      for_each_float_backend([&](const auto& backend) {
        const AdamOutputs<float> got = run(backend, in);

        EXPECT_LE(relative_error(got.parameter, want.parameter), parameter_budget);
        EXPECT_LE(relative_error(got.m, want.m), m_budget);
        EXPECT_LE(relative_error(got.v, want.v), v_budget);
      });
    }
}

TEST(Adam, steps_by_the_learning_rate_whatever_the_scale_of_the_gradient) {
  const AdamCase in{{.learning_rate = 0.25, .betas = {}}, {0, 0, 0}, {{1e-4, -1, 1e6}}};

  for_each_backend([&](const auto& backend) {
    EXPECT_LE(relative_error(run(backend, in).parameter, {-0.25, 0.25, -0.25}), 1e-4);
  });
}

TEST(Adam, leaves_a_parameter_without_gradient_alone) {
  const AdamCase in{{}, {0.5, -3, 0}, {{0, 0, 0}, {0, 0, 0}}};

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(as_double(run(backend, in).parameter), (std::vector<double>{0.5, -3, 0}));
  });
}

TEST(Adam, keeps_nan_visible_and_where_it_is) {
  const AdamCase in{{}, {1, 1, 1}, {{kNaN, 0.5, kInfinity}}};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_TRUE(std::isnan(got.parameter[0]) && std::isnan(got.m[0]) && std::isnan(got.v[0]));
    EXPECT_TRUE(std::isfinite(got.parameter[1]));
    EXPECT_FALSE(std::isfinite(got.parameter[2]));
  });
}

TEST(Adam, does_nothing_once_the_run_has_stopped) {
  const AdamCase in{{.betas = {}, .weight_decay = 0.5, .decay_kind = WeightDecay::decoupled}, {1, 2}, {{3, 4}, {5, 6}}};

  for_each_backend([&](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted}) {
      const auto got = run(backend, in, {.status = status});

      EXPECT_EQ(as_double(got.parameter), (std::vector<double>{1, 2}));
      EXPECT_EQ(as_double(got.m), (std::vector<double>{0, 0}));
      EXPECT_EQ(as_double(got.v), (std::vector<double>{0, 0}));
    }
  });
}

// A GPU takes four parameters at a time where all spans begin at a multiple of 16 bytes. What lies beside the spans
// stays as it is, be it a number or not.
TEST(Adam, spans_may_begin_and_end_anywhere) {
  struct Places {
    Index grad, parameter, m, v;
  };
  constexpr Index kAll = 80;
  const AdamParameters adam{.learning_rate = 0.01, .betas = {0.5, 0.75}, .epsilon = 0.125, .weight_decay = 0.25};
  for (const Places& places : {Places{0, 0, 0, 0}, Places{4, 8, 0, 4}, Places{1, 0, 0, 0}, Places{0, 1, 0, 0},
                               Places{0, 0, 1, 0}, Places{0, 0, 0, 1}, Places{2, 2, 2, 2}, Places{3, 3, 3, 3}})
    for (const Index count : {1, 3, 4, 5, 8, 67}) {
      SCOPED_TRACE(::testing::Message() << count << " parameters from " << places.parameter);
      const AdamCase in = random_case(adam, count, 1);
      const AdamOutputs<double> want = run(kOracle, in);
      const AdamOutputs<float> twin = run(kTwin, in);
      const auto among_sevens = [&](const std::vector<double>& values, Index place) {
        std::vector<double> all(kAll, 7);
        std::copy(values.begin(), values.end(), all.begin() + place);
        return all;
      };
      const auto taken_out = [&](auto all, Index place) {
        const decltype(all) part(all.begin() + place, all.begin() + place + count);
        std::fill_n(all.begin() + place, count, 7);
        EXPECT_EQ(as_double(all), std::vector<double>(kAll, 7)) << "a neighbour has changed";
        return part;
      };

      for_each_float_backend([&](const auto& backend) {
        using Backend = std::remove_cvref_t<decltype(backend)>;
        const std::vector<double> zeros(at(count));
        Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{}});
        const Guarded<Backend, float> grad(backend, {1, kAll}, among_sevens(in.grads[0], places.grad));
        Guarded<Backend, float> parameter(backend, {1, kAll}, among_sevens(in.parameter, places.parameter)),
            m(backend, {1, kAll}, among_sevens(zeros, places.m)), v(backend, {1, kAll}, among_sevens(zeros, places.v));
        backend.advance_step(adam.betas, state.span());
        backend.adam(adam, state.span(), grad.span().subspan(places.grad, count),
                     parameter.span().subspan(places.parameter, count), m.span().subspan(places.m, count),
                     v.span().subspan(places.v, count));

        EXPECT_LE(relative_error(taken_out(parameter.download(), places.parameter), want.parameter),
                  budget(twin.parameter, want.parameter));
        EXPECT_LE(relative_error(taken_out(m.download(), places.m), want.m), budget(twin.m, want.m));
        EXPECT_LE(relative_error(taken_out(v.download(), places.v), want.v), budget(twin.v, want.v));
      });
    }
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(Adam, updates_more_parameters_than_a_grid_has_threads) {
  const Index count = (Index{1} << 20) + 300;
  const std::vector<double> ones(at(1 + count), 1), zeros(at(1 + count));
  const Guarded<GpuBackend, TrainingState> state(
      gpu_backend(), {1, 1}, std::vector<TrainingState>{{.bias_correction1 = 0.5, .bias_correction2_sqrt = 0.5}});
  const Guarded<GpuBackend, float> grad(gpu_backend(), {1, 1 + count}, ones);
  Guarded<GpuBackend, float> parameter(gpu_backend(), {1, 1 + count}, ones), m(gpu_backend(), {1, 1 + count}, zeros),
      v(gpu_backend(), {1, 1 + count}, zeros);

  gpu_backend().adam({.betas = {}}, state.span(), grad.span().subspan(1, count), parameter.span().subspan(1, count),
                     m.span().subspan(1, count), v.span().subspan(1, count));

  const std::vector<float> got = parameter.download();
  EXPECT_LT(got[1], 1);
  EXPECT_EQ(std::count(got.begin() + 1, got.end(), got[1]), count);
}

TEST(Adam, over_no_parameters_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, {{}, {}, {{}}}).parameter.empty()); });
}

TEST(Adam, refuses_spans_that_do_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index state, grad, parameter, m, v;
    };
    for (const Wrong& wrong : {Wrong{0, 3, 3, 3, 3}, Wrong{2, 3, 3, 3, 3}, Wrong{1, 2, 3, 3, 3}, Wrong{1, 3, 3, 4, 3},
                               Wrong{1, 3, 3, 3, 2}}) {
      const Guarded<Backend, TrainingState> state(backend, {1, wrong.state},
                                                  std::vector<TrainingState>(at(wrong.state)));
      const Guarded<Backend, RealOf<Backend>> grad(backend, {1, wrong.grad});
      Guarded<Backend, RealOf<Backend>> parameter(backend, {1, wrong.parameter}), m(backend, {1, wrong.m}),
          v(backend, {1, wrong.v});

      EXPECT_THROW(backend.adam({}, state.span(), grad.span(), parameter.span(), m.span(), v.span()),
                   std::invalid_argument);
      EXPECT_TRUE(parameter.untouched() && m.untouched() && v.untouched());
    }
  });
}

TEST(AdamCost, moves_28_bytes_a_parameter) {
  static_assert(adam_cost(10).bytes() == 280);
  static_assert(adam_cost(10).bytes_read == 160);
  static_assert(adam_cost(10).flops == 140);
}

}  // namespace
}  // namespace plateau::test::adam_test
