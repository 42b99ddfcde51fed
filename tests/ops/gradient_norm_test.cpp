// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/gradient_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::gradient_norm_test {
namespace {

template <class Backend>
std::vector<EpochMetrics> history_after(const Backend& backend, const std::vector<double>& values,
                                        TrainingState control, std::vector<EpochMetrics> before) {
  const Guarded<Backend, RealOf<Backend>> grad(backend, {1, static_cast<Index>(values.size())}, values);
  const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{control});
  Guarded<Backend, EpochMetrics> history(backend, {1, static_cast<Index>(before.size())}, before);
  backend.gradient_norm(grad.span(), state.span(), history.span());
  return history.download();
}

template <class Backend>
double norm(const Backend& backend, const std::vector<double>& grad) {
  return history_after(backend, grad, {}, {{}})[0].gradient_norm;
}

TEST(GradientNorm, reproduces_norms_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(norm(backend, {3, -4}), 5);
    EXPECT_EQ(norm(backend, {-2}), 2);
    EXPECT_EQ(norm(backend, std::vector<double>(64, 0.5)), 4);
    EXPECT_EQ(norm(backend, {0, 0, 0}), 0);
    EXPECT_EQ(norm(backend, {}), 0);
  });
}

TEST(GradientNorm, counts_every_element_once) {
  for_each_backend([](const auto& backend) {
    for (const Index size : kStraddlingSizes) {
      const std::vector<double> grad = dyadic_values(size, kSeed);
      double sum = 0;
      for (const double g : grad) sum += g * g;  // exact, in every order

      EXPECT_EQ(norm(backend, grad), std::sqrt(sum)) << size << " elements";
    }
  });
}

// A GPU forms a partial sum per 2^14 elements, and a block of 512 threads adds those.
TEST(GradientNorm, counts_every_element_once_around_every_partial_sum) {
  for_each_backend([](const auto& backend) {
    for (const Index size : {16'383, 16'384, 16'385, 32'769, 513 * 16'384 - 5}) {
      std::vector<double> grad(at(size), 1);
      grad.back() = 3;

      EXPECT_EQ(norm(backend, grad), std::sqrt(static_cast<double>(size + 8))) << size << " elements";
    }
  });
}

TEST(GradientNorm, sees_an_element_at_every_place) {
  for_each_backend([](const auto& backend) {
    for (std::size_t place = 0; place < 100; ++place) {
      std::vector<double> grad(100);
      grad[place] = -3;

      EXPECT_EQ(norm(backend, grad), 3) << "place " << place;
    }
  });
}

TEST(GradientNorm, is_summed_in_double) {
  for_each_backend([](const auto& backend) {
    std::vector<double> grad(1001, 1);
    grad[0] = 0x1p13;  // 2^26 + 1000: in float the ones would vanish

    EXPECT_EQ(norm(backend, grad), std::sqrt(0x1p26 + 1000));
    for (const double extreme : {0x1p100, 0x1p-120})  // in float one square overflows, the other underflows
      for (std::size_t place = 0; place < 40; ++place) {
        std::vector<double> one(40);
        one[place] = extreme;
        EXPECT_EQ(norm(backend, one), extreme) << "place " << place;
      }
  });
}

TEST(GradientNorm, float_backends_agree_with_the_double_oracle) {
  for (const Index size : {1, 31, 33, 1000, 17'154}) {
    const std::vector<double> grad = random_values(size, -1, 1, kSeed);

    // Elements are exact in float and summed in double: only the order of the additions may differ.
    for_each_float_backend(
        [&](const auto& backend) { EXPECT_LE(std::abs(norm(backend, grad) / norm(kOracle, grad) - 1), 64 * kEps64); });
  }
}

TEST(GradientNorm, gives_equal_bits_wherever_the_gradient_begins) {
  std::vector<Index> sizes(64);
  std::iota(sizes.begin(), sizes.end(), 1);
  sizes.insert(sizes.end(), {1003, 17'154});
  for (const Index size : sizes) {
    std::vector<double> grad = random_values(size, -1, 1, kSeed + static_cast<std::uint64_t>(size));
    for (std::size_t k = 0; k < grad.size(); ++k)  // so that sums are rounded and another order shows
      grad[k] = std::ldexp(grad[k], -static_cast<int>(k * 7 % 23));

    for_each_backend([&](const auto& backend) {
      using Backend = std::remove_cvref_t<decltype(backend)>;
      for (const Index offset : {1, 2, 4}) {
        std::vector<double> moved(at(offset), 100.0);
        moved.insert(moved.end(), grad.begin(), grad.end());
        const Guarded<Backend, RealOf<Backend>> all(backend, {1, offset + size}, moved);
        const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{}});
        Guarded<Backend, EpochMetrics> history(backend, {1, 1}, std::vector<EpochMetrics>{{}});
        backend.gradient_norm(all.span().subspan(offset, size), state.span(), history.span());

        EXPECT_EQ(history.download()[0].gradient_norm, norm(backend, grad)) << size << " elements behind " << offset;
      }
    });
  }
}

TEST(GradientNorm, replaces_the_norm_of_the_epoch_and_nothing_else) {
  const EpochMetrics before{
      .train_loss_sum = 1, .test_loss_sum = 2, .gradient_norm = 3, .train_correct = 4, .test_correct = 5};

  for_each_backend([&](const auto& backend) {
    const auto got = history_after(backend, {6, 8}, {.epoch = 1}, {before, before, before});

    EXPECT_EQ(got[0].gradient_norm, 3);
    EXPECT_EQ(got[1].gradient_norm, 10);
    EXPECT_EQ(got[2].gradient_norm, 3);
    EXPECT_EQ(got[1].train_loss_sum, 1);
    EXPECT_EQ(got[1].test_loss_sum, 2);
    EXPECT_EQ(got[1].train_correct, 4);
    EXPECT_EQ(got[1].test_correct, 5);
  });
}

TEST(GradientNorm, does_nothing_once_the_run_has_stopped) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted}) {
      const auto got = history_after(backend, {6, 8}, {.epoch = 0, .status = status}, {{.gradient_norm = 3}});

      EXPECT_EQ(got[0].gradient_norm, 3);
    }
  });
}

TEST(GradientNorm, keeps_nan_visible) {
  for_each_backend([](const auto& backend) {
    for (const std::size_t place : {0u, 16u, 19u}) {
      std::vector<double> grad(20, 1);
      grad[place] = kNaN;
      EXPECT_TRUE(std::isnan(norm(backend, grad)));
      grad[place] = kInfinity;
      EXPECT_TRUE(std::isinf(norm(backend, grad)));
    }
  });
}

TEST(GradientNorm, refuses_anything_but_one_control_block) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index blocks : {0, 2}) {
      const Guarded<Backend, RealOf<Backend>> grad(backend, {1, 3});
      const Guarded<Backend, TrainingState> state(backend, {1, blocks}, std::vector<TrainingState>(at(blocks)));
      Guarded<Backend, EpochMetrics> history(backend, {1, 2});

      EXPECT_THROW(backend.gradient_norm(grad.span(), state.span(), history.span()), std::invalid_argument);
      EXPECT_TRUE(history.untouched());
    }
  });
}

// Where the epoch is known to the host; a device may not look.
TEST(GradientNorm, twin_refuses_an_epoch_beyond_the_history) {
  EXPECT_THROW(history_after(kTwin, {1}, {.epoch = 1}, {{}}), std::invalid_argument);
}

TEST(GradientNorm, gpu_leaves_the_history_alone_in_an_epoch_beyond_it) {
  for (const std::int32_t epoch : {2, 3, 1000}) {
    const auto got =
        history_after(gpu_backend(), {3, 4}, {.epoch = epoch}, {{.gradient_norm = 1}, {.gradient_norm = 2}});

    EXPECT_EQ(got[0].gradient_norm, 1);
    EXPECT_EQ(got[1].gradient_norm, 2);
  }
}

TEST(GradientNorm, gpu_refuses_too_little_room_for_its_partial_sums) {
  const Guarded<GpuBackend, float> grad(gpu_backend(), {1, 16'385});
  const Guarded<GpuBackend, TrainingState> state(gpu_backend(), {1, 1}, std::vector<TrainingState>{{}});
  Guarded<GpuBackend, double> partial(gpu_backend(), {1, 1});
  Guarded<GpuBackend, EpochMetrics> history(gpu_backend(), {1, 1});

  EXPECT_THROW(gpu::gradient_norm(gpu_backend().stream(), grad.span(), state.span(), partial.span(), history.span()),
               std::invalid_argument);
  EXPECT_TRUE(partial.untouched() && history.untouched());
}

TEST(GradientNormCost, reads_every_element_once) {
  static_assert(gradient_norm_cost(10).flops == 20);
  static_assert(gradient_norm_cost(10).bytes_read == 40);
  static_assert(gradient_norm_cost(10).bytes_written == 8);
}

}  // namespace
}  // namespace plateau::test::gradient_norm_test
