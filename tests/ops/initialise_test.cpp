// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/initialise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "plateau/core/random.hpp"
#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::initialise_test {
namespace {

template <class Backend>
std::vector<RealOf<Backend>> run(const Backend& backend, std::uint64_t seed, Index first, Index fan_in, Index count) {
  Guarded<Backend, RealOf<Backend>> parameter(backend, {1, count});
  backend.initialise(seed, first, fan_in, parameter.span());
  return parameter.download();
}

TEST(Initialise, bound_is_one_over_the_root_of_the_inputs) {
  EXPECT_EQ(initialise_bound(1), 1.0f);
  EXPECT_EQ(initialise_bound(4), 0.5f);
  EXPECT_EQ(initialise_bound(2), 0.70710678f);
  EXPECT_EQ(initialise_bound(128), 0.088388348f);
}

TEST(Initialise, is_the_formula_rounded_once_on_every_backend) {
  for (const Index fan_in : {1, 2, 3, 128, 1000}) {
    std::vector<double> want;
    for (std::uint64_t i = 0; i < 257; ++i) {
      const double u = static_cast<double>(uniform(draw({kSeed, StreamId::initialisation}, 1000 + i).word[0]));
      const double product = (2 * u - 1) * static_cast<double>(initialise_bound(fan_in));  // exact: 25 and 24 bits
      want.push_back(static_cast<double>(static_cast<float>(product)));
    }

    for_each_backend([&](const auto& backend) {
      EXPECT_EQ(as_double(run(backend, kSeed, 1000, fan_in, 257)), want) << "fan_in " << fan_in;
    });
  }
}

TEST(Initialise, never_changes) {
  for_each_backend([](const auto& backend) {
    const std::vector<double> got = as_double(run(backend, 42, 0, 2, 1000));

    EXPECT_EQ(got[0], -0x1.f1c766p-2);
    EXPECT_EQ(got[1], 0x1.620a94p-2);
    EXPECT_EQ(got[999], 0x1.68df8p-8);
    EXPECT_EQ(fingerprint(got), 0x4DA5545D28D398B8u);
  });
}

TEST(Initialise, a_tensor_does_not_depend_on_the_one_before_it) {
  for_each_backend([](const auto& backend) {
    const auto whole = run(backend, kSeed, 0, 3, 100);
    const auto part = run(backend, kSeed, 33, 3, 40);

    EXPECT_EQ(part, (decltype(part){whole.begin() + 33, whole.begin() + 73}));
  });
}

TEST(Initialise, counts_elements_in_64_bits) {
  for_each_backend([](const auto& backend) {
    EXPECT_NE(run(backend, kSeed, 0, 1, 8), run(backend, kSeed, Index{1} << 32, 1, 8));
    EXPECT_EQ(run(backend, kSeed, (Index{1} << 32) - 4, 1, 8)[4], run(backend, kSeed, Index{1} << 32, 1, 1)[0]);
  });
}

TEST(Initialise, differs_by_both_halves_of_the_seed) {
  for_each_backend([](const auto& backend) {
    EXPECT_NE(run(backend, 1, 0, 2, 8), run(backend, 2, 0, 2, 8));
    EXPECT_NE(run(backend, 1, 0, 2, 8), run(backend, std::uint64_t{1} << 32 | 1, 0, 2, 8));
  });
}

TEST(Initialise, is_uniform_between_the_bounds) {
  constexpr Index kCount = 100'000;
  for_each_float_backend([](const auto& backend) {
    for (const Index fan_in : {2, 128}) {
      const double bound = static_cast<double>(initialise_bound(fan_in));
      double mean = 0, square = 0, largest = 0;
      for (const float p : run(backend, kSeed, 0, fan_in, kCount)) {
        const double scaled = static_cast<double>(p) / bound;
        mean += scaled / kCount;
        square += scaled * scaled / kCount;
        largest = std::max(largest, std::abs(scaled));
      }

      EXPECT_LE(largest, 1);
      EXPECT_GE(largest, 0.999);  // missed with probability exp(-100)
      EXPECT_LE(std::abs(mean), 5 * std::sqrt(1.0 / 3 / kCount));
      EXPECT_LE(std::abs(square - 1.0 / 3), 5 * std::sqrt((1.0 / 5 - 1.0 / 9) / kCount));
    }
  });
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(Initialise, draws_more_parameters_than_a_grid_has_threads) {
  const Index threads = Index{1} << 20;
  const std::vector<float> got = run(gpu_backend(), kSeed, 0, 2, threads + 300);

  EXPECT_EQ((std::vector<float>{got.begin(), got.begin() + 300}), run(kTwin, kSeed, 0, 2, 300));
  EXPECT_EQ((std::vector<float>{got.end() - 600, got.end()}), run(kTwin, kSeed, threads - 300, 2, 600));
}

TEST(Initialise, of_no_parameters_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, 1, 0, 1, 0).empty()); });
}

TEST(Initialise, refuses_a_layer_without_inputs_and_a_negative_offset) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    Guarded<Backend, RealOf<Backend>> parameter(backend, {1, 4});

    EXPECT_THROW(backend.initialise(1, 0, 0, parameter.span()), std::invalid_argument);
    EXPECT_THROW(backend.initialise(1, -1, 2, parameter.span()), std::invalid_argument);
    EXPECT_TRUE(parameter.untouched());
  });
}

TEST(InitialiseCost, writes_every_parameter_once) {
  static_assert(initialise_cost(10).bytes_written == 40);
  static_assert(initialise_cost(10).bytes_read == 0);
}

}  // namespace
}  // namespace plateau::test::initialise_test
