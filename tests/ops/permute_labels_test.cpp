// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/permute_labels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "plateau/core/permutation.hpp"
#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/guarded.hpp"

namespace plateau::test {
namespace {

using Labels = std::vector<std::int32_t>;

template <class Backend>
Labels run(const Backend& backend, std::uint64_t seed, const Labels& labels) {
  const Shape shape{1, static_cast<Index>(labels.size())};
  const Guarded<Backend, std::int32_t> label(backend, shape, labels);
  Guarded<Backend, std::int32_t> permuted(backend, shape);
  backend.permute_labels(seed, label.span(), permuted.span());
  return permuted.download();
}

Labels row_numbers(Index rows) {
  Labels labels(at(rows));
  std::iota(labels.begin(), labels.end(), 0);
  return labels;
}

TEST(PermuteLabels, follows_the_keyed_permutation_of_the_seed) {
  const KeyedPermutation place({kSeed, StreamId::label_permutation}, 100);

  for_each_backend([&](const auto& backend) {
    const Labels got = run(backend, kSeed, row_numbers(100));

    for (Index i = 0; i < 100; ++i) EXPECT_EQ(got[at(i)], place(i)) << "row " << i;
  });
}

TEST(PermuteLabels, never_changes) {
  for_each_backend([](const auto& backend) {
    Labels first = run(backend, 42, row_numbers(1000));
    first.resize(8);

    EXPECT_EQ(first, (Labels{831, 959, 427, 59, 96, 764, 99, 19}));
  });
}

TEST(PermuteLabels, deals_every_label_out_once) {
  for_each_backend([](const auto& backend) {
    for (const Index rows : kStraddlingSizes) {
      Labels got = run(backend, kSeed, row_numbers(rows));
      std::sort(got.begin(), got.end());

      EXPECT_EQ(got, row_numbers(rows)) << rows << " rows";
    }
  });
}

TEST(PermuteLabels, keeps_the_count_of_every_class_and_labels_of_any_value) {
  for_each_backend([](const auto& backend) {
    Labels labels = random_labels(777, 5, kSeed);
    labels[3] = -1;
    labels[4] = 1'000'000'000;
    Labels got = run(backend, kSeed, labels);

    EXPECT_NE(got, labels);
    std::sort(got.begin(), got.end());
    std::sort(labels.begin(), labels.end());
    EXPECT_EQ(got, labels);
  });
}

TEST(PermuteLabels, differs_by_seed_and_repeats_itself) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, 1, row_numbers(50)), run(backend, 1, row_numbers(50)));
    EXPECT_NE(run(backend, 1, row_numbers(50)), run(backend, 2, row_numbers(50)));
  });
}

// With half the labels of each of two classes, a row keeps its class about half the time.
TEST(PermuteLabels, leaves_no_association_with_the_rows) {
  constexpr Index kRows = 20'000;
  Labels labels(at(kRows));
  for (Index i = 0; i < kRows; ++i) labels[at(i)] = i < kRows / 2;

  for_each_backend([&](const auto& backend) {
    const Labels got = run(backend, kSeed, labels);

    Index kept = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) kept += got[i] == labels[i];
    // Hypergeometric, twice: the standard deviation is sqrt(n) / 2.
    EXPECT_LE(std::abs(static_cast<double>(kept - kRows / 2)), 5 * std::sqrt(double{kRows}) / 2);
  });
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(PermuteLabels, deals_more_rows_than_a_grid_has_threads) {
  const Index rows = (Index{1} << 20) + 300;
  const KeyedPermutation place({kSeed, StreamId::label_permutation}, rows);

  const Labels got = run(gpu_backend(), kSeed, row_numbers(rows));

  for (Index i = rows - 600; i < rows; ++i) EXPECT_EQ(got[at(i)], place(i)) << "row " << i;
}

TEST(PermuteLabels, of_no_rows_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, 1, {}).empty()); });
}

TEST(PermuteLabels, refuses_another_number_of_rows) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, std::int32_t> label(backend, {1, 4});
    Guarded<Backend, std::int32_t> permuted(backend, {1, 3});

    EXPECT_THROW(backend.permute_labels(1, label.span(), permuted.span()), std::invalid_argument);
    EXPECT_TRUE(permuted.untouched());
  });
}

TEST(PermuteLabelsCost, reads_and_writes_every_label_once) {
  static_assert(permute_labels_cost(10).bytes_read == 40);
  static_assert(permute_labels_cost(10).bytes_written == 40);
}

}  // namespace
}  // namespace plateau::test
