// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/nearest_neighbours.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::nearest_neighbours_test {
namespace {

using Indices = std::vector<std::int32_t>;

struct NeighboursCase {
  Index queries = 0, candidates = 0, features = 0, k = 1;
  std::vector<double> q, x;
  Indices exclude = {};
  Index padding = 0;
};

template <class Real>
struct Found {
  Indices index;
  std::vector<Real> distance;
};

template <class Backend>
Found<RealOf<Backend>> run(const Backend& backend, const NeighboursCase& in) {
  using Real = RealOf<Backend>;
  const Guarded<Backend, Real> q(backend, {in.queries, in.features, in.padding}, in.q);
  const Guarded<Backend, Real> x(backend, {in.candidates, in.features, 2 * in.padding}, in.x);
  const Guarded<Backend, std::int32_t> exclude(backend, {1, static_cast<Index>(in.exclude.size())}, in.exclude);
  Guarded<Backend, std::int32_t> index(backend, {in.queries, in.k, in.padding});
  Guarded<Backend, Real> distance(backend, {in.queries, in.k, in.padding});
  backend.nearest_neighbours(q.matrix(), x.matrix(), exclude.span(), index.matrix(), distance.matrix());
  return {index.download(), distance.download()};
}

// All distances, each by the formula in the backend's number type, sorted as the contract orders them.
template <class Real>
Found<Real> sorted(const NeighboursCase& in) {
  Found<Real> want;
  for (Index i = 0; i < in.queries; ++i) {
    std::vector<std::tuple<bool, Real, std::int32_t>> all;  // not a number, distance, candidate
    for (Index c = 0; c < in.candidates; ++c) {
      if (!in.exclude.empty() && in.exclude[at(i)] == c) continue;
      Real sum = 0;
      for (Index f = 0; f < in.features; ++f) {
        const Real difference =
            static_cast<Real>(in.q[at(i * in.features + f)]) - static_cast<Real>(in.x[at(c * in.features + f)]);
        sum += difference * difference;
      }
      const bool is_nan = std::isnan(sum);
      all.emplace_back(is_nan, is_nan ? Real(0) : sum, static_cast<std::int32_t>(c));
    }
    std::sort(all.begin(), all.end());
    for (std::size_t j = 0; j < at(in.k); ++j) {
      const bool there = j < all.size(), is_nan = there && std::get<0>(all[j]);
      want.index.push_back(there ? std::get<2>(all[j]) : -1);
      want.distance.push_back(is_nan  ? std::numeric_limits<Real>::quiet_NaN()
                              : there ? std::get<1>(all[j])
                                      : std::numeric_limits<Real>::infinity());
    }
  }
  return want;
}

template <class Real>
void expect_equal_bits(const Found<Real>& got, const Found<Real>& want) {
  EXPECT_EQ(got.index, want.index);
  EXPECT_EQ(fingerprint(got.distance), fingerprint(want.distance));
}

NeighboursCase random_case(Index queries, Index candidates, Index features, Index k) {
  const auto seed = kSeed + static_cast<std::uint64_t>(candidates * 64 + features);
  NeighboursCase in{.queries = queries,
                    .candidates = candidates,
                    .features = features,
                    .k = k,
                    .q = random_values(queries * features, -1, 1, seed),
                    .x = random_values(candidates * features, -1, 1, seed + 1),
                    .padding = candidates % 4};
  for (Index i = 0; i < queries; ++i) in.exclude.push_back(static_cast<std::int32_t>(i * 7 % (candidates + 1) - 1));
  return in;
}

// On a line: 0, 10, 11, 4.
TEST(NearestNeighbours, are_those_found_by_hand) {
  for_each_backend([](const auto& backend) {
    const auto got =
        run(backend, {.queries = 2, .candidates = 4, .features = 1, .k = 3, .q = {3, 10.5}, .x = {0, 10, 11, 4}});

    EXPECT_EQ(got.index, (Indices{3, 0, 1, 1, 2, 3}));
    EXPECT_EQ(as_double(got.distance), (std::vector<double>{1, 9, 49, 0.25, 0.25, 42.25}));
  });
}

// Around a warp's queries and a block's, a tile of the twin and of the kernel, a piece of features, and a lane's
// places.
TEST(NearestNeighbours, have_the_bits_of_the_formula_on_every_device) {
  struct Size {
    Index queries, candidates, features, k;
  };
#if defined(__SANITIZE_THREAD__)
  const std::vector<Size> sizes{{5, 129, 3, 1}, {33, 150, 33, 33}, {2, 2, 1, 64}};
#else
  const std::vector<Size> sizes{{1, 1, 1, 1},     {3, 31, 2, 2},    {4, 32, 1, 32},    {5, 33, 5, 33},
                                {31, 127, 31, 1}, {32, 128, 32, 5}, {33, 129, 33, 31}, {34, 257, 7, 64},
                                {2, 300, 65, 63}, {65, 5, 16, 4}};
#endif
  for (const Size& size : sizes) {
    SCOPED_TRACE(std::to_string(size.queries) + " queries, " + std::to_string(size.candidates) + " candidates, " +
                 std::to_string(size.features) + " features, k = " + std::to_string(size.k));
    const NeighboursCase in = random_case(size.queries, size.candidates, size.features, size.k);

    expect_equal_bits(run(kOracle, in), sorted<double>(in));
    for_each_float_backend([&](const auto& backend) { expect_equal_bits(run(backend, in), sorted<float>(in)); });
  }
}

// In this order every candidate is nearer than those before it, or none is.
TEST(NearestNeighbours, are_found_in_whatever_order_they_come) {
  constexpr Index kCandidates = 200;
  NeighboursCase in{.queries = 2, .candidates = kCandidates, .features = 1, .k = 40, .q = {0, 300}, .x = {}};
  for (Index c = 0; c < kCandidates; ++c) in.x.push_back(static_cast<double>(kCandidates - c));
  for_each_float_backend([&](const auto& backend) { expect_equal_bits(run(backend, in), sorted<float>(in)); });
}

// Three places that all candidates share.
TEST(NearestNeighbours, at_equal_distances_are_those_of_smaller_indices) {
  NeighboursCase in{.queries = 3, .candidates = 140, .features = 2, .k = 50, .q = {0, 0, 1, 1, 2, 2}, .x = {}};
  for (Index c = 0; c < in.candidates; ++c) in.x.insert(in.x.end(), 2, static_cast<double>(c % 3));
  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);
    expect_equal_bits(got, sorted<RealOf<std::remove_cvref_t<decltype(backend)>>>(in));
    EXPECT_EQ(got.index[0], 0);
    EXPECT_EQ(got.index[46], 138);
    EXPECT_EQ(got.index[47], 1);
  });
}

TEST(NearestNeighbours, leave_out_what_they_are_told_to) {
  for_each_backend([](const auto& backend) {
    const std::vector<double> rows{5, 5, 6, 9};
    const auto got = run(backend, {.queries = 4,
                                   .candidates = 4,
                                   .features = 1,
                                   .k = 2,
                                   .q = rows,
                                   .x = rows,
                                   .exclude = {0, 1, -1, 2'000'000'000}});

    EXPECT_EQ(got.index, (Indices{1, 2, 0, 2, 2, 0, 3, 2}));
  });
}

TEST(NearestNeighbours, that_there_are_not_are_marked) {
  for_each_backend([](const auto& backend) {
    const auto got = run(
        backend, {.queries = 2, .candidates = 2, .features = 1, .k = 3, .q = {0, 1}, .x = {0, 2}, .exclude = {-1, 1}});

    EXPECT_EQ(got.index, (Indices{0, 1, -1, 0, -1, -1}));
    EXPECT_EQ(as_double(got.distance), (std::vector<double>{0, 4, kInfinity, 1, kInfinity, kInfinity}));
  });
}

// As a difference of products, the distance of most twins here is not 0, nor even the smallest.
TEST(NearestNeighbours, of_a_row_that_is_there_is_that_row_however_far_from_the_origin) {
  constexpr Index kRows = 70, kFeatures = 9;
  std::vector<double> x = random_values(kRows * kFeatures, 1000, 1001, kSeed);
  NeighboursCase in{.queries = kRows, .candidates = kRows, .features = kFeatures, .k = 1, .q = x, .x = x};
  Indices want;
  for (std::int32_t i = 0; i < kRows; ++i) want.push_back(i);

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);
    EXPECT_EQ(got.index, want);
    EXPECT_EQ(as_double(got.distance), std::vector<double>(at(kRows)));
  });
}

TEST(NearestNeighbours, at_no_number_come_after_all_others) {
  const double large = 3e38;  // its square is infinite, in float
  const NeighboursCase in{.queries = 2,
                          .candidates = 6,
                          .features = 1,
                          .k = 7,
                          .q = {0, kNaN},
                          .x = {kNaN, large, 2, -kNaN, -large, 1},
                          .exclude = {-1, 0}};
  for_each_float_backend([&](const auto& backend) {
    const Found<float> got = run(backend, in);
    EXPECT_EQ(got.index, (Indices{5, 2, 1, 4, 0, 3, -1, 1, 2, 3, 4, 5, -1, -1}));
    expect_equal_bits(got, sorted<float>(in));
  });
  expect_equal_bits(run(kOracle, in), sorted<double>(in));
}

TEST(NearestNeighbours, of_no_query_are_none) {
  for_each_backend([](const auto& backend) {
    EXPECT_TRUE(
        run(backend, {.queries = 0, .candidates = 2, .features = 1, .k = 1, .q = {}, .x = {0, 1}}).index.empty());
  });
}

TEST(NearestNeighbours, refuse_shapes_that_do_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Shape q, x, exclude, index, distance;
    };
    const Wrong right{{3, 2}, {4, 2}, {1, 3}, {3, 2}, {3, 2}};
    const auto with = [&](const auto& change) {
      Wrong wrong = right;
      change(wrong);
      return wrong;
    };
    for (const Wrong& wrong :
         {with([](Wrong& w) { w.x.cols = 3; }), with([](Wrong& w) { w.q.cols = w.x.cols = 0; }),
          with([](Wrong& w) { w.x.rows = 0; }), with([](Wrong& w) { w.exclude.cols = 2; }),
          with([](Wrong& w) { w.exclude.cols = 4; }), with([](Wrong& w) { w.index.cols = w.distance.cols = 0; }),
          with([](Wrong& w) { w.index.cols = w.distance.cols = 65; }), with([](Wrong& w) { w.index.rows = 2; }),
          with([](Wrong& w) { w.distance.rows = 4; }), with([](Wrong& w) { w.distance.cols = 1; })}) {
      const Guarded<Backend, RealOf<Backend>> q(backend, wrong.q), x(backend, wrong.x);
      const Guarded<Backend, std::int32_t> exclude(backend, wrong.exclude);
      Guarded<Backend, std::int32_t> index(backend, wrong.index);
      Guarded<Backend, RealOf<Backend>> distance(backend, wrong.distance);

      EXPECT_THROW(
          backend.nearest_neighbours(q.matrix(), x.matrix(), exclude.span(), index.matrix(), distance.matrix()),
          std::invalid_argument);
      EXPECT_TRUE(index.untouched() && distance.untouched());
    }
  });
}

TEST(NearestNeighboursCost, is_three_operations_a_feature_of_every_pair) {
  static_assert(nearest_neighbours_cost(2, 5, 3, 4).flops == 3 * 2 * 5 * 3);
  static_assert(nearest_neighbours_cost(2, 5, 3, 4).bytes_read == 4 * (2 + 5) * 3 + 4 * 2);
  static_assert(nearest_neighbours_cost(2, 5, 3, 4).bytes_written == 8 * 2 * 4);
}

}  // namespace
}  // namespace plateau::test::nearest_neighbours_test
