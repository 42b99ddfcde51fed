// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/treat_labels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "plateau/core/permutation.hpp"
#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/guarded.hpp"

namespace plateau::test::treat_labels_test {
namespace {

using Labels = std::vector<std::int32_t>;

template <class Backend>
Labels run(const Backend& backend, const LabelTreatment& treatment, Index classes, const Labels& labels,
           const Labels& group = {}) {
  const RowGroups groups = group.empty() ? RowGroups() : RowGroups({group.data(), static_cast<Index>(group.size())});
  const RowGroupsView<Space::host> of_host = groups.view();
  const Shape shape{1, static_cast<Index>(labels.size())};
  const Guarded<Backend, std::int32_t> label(backend, shape, labels);
  const Guarded<Backend, GroupPlace> place(backend, {1, of_host.place.size},
                                           std::vector<GroupPlace>(of_host.place.begin(), of_host.place.end()));
  const Guarded<Backend, std::int32_t> member(backend, {1, of_host.member.size},
                                              Labels(of_host.member.begin(), of_host.member.end()));
  Guarded<Backend, std::int32_t> treated(backend, shape);
  RowGroupsView<Backend::kSpace> view;
  if (!group.empty()) view = {place.span(), member.span()};
  backend.treat_labels(treatment, classes, view, label.span(), treated.span());
  return treated.download();
}

template <class Backend>
Labels run(const Backend& backend, std::uint64_t seed, const Labels& labels) {
  return run(backend, {.permuted = true, .permutation_seed = seed}, 5, labels);
}

Labels row_numbers(Index rows) {
  Labels labels(at(rows));
  std::iota(labels.begin(), labels.end(), 0);
  return labels;
}

TEST(TreatLabels, follows_the_keyed_permutation_of_the_seed) {
  const KeyedPermutation place({kSeed, StreamId::label_permutation}, 100);

  for_each_backend([&](const auto& backend) {
    const Labels got = run(backend, kSeed, row_numbers(100));

    for (Index i = 0; i < 100; ++i) EXPECT_EQ(got[at(i)], place(i)) << "row " << i;
  });
}

TEST(TreatLabels, never_changes) {
  for_each_backend([](const auto& backend) {
    Labels first = run(backend, 42, row_numbers(1000));
    first.resize(8);

    EXPECT_EQ(first, (Labels{831, 959, 427, 59, 96, 764, 99, 19}));
  });
}

TEST(TreatLabels, deals_every_label_out_once) {
  for_each_backend([](const auto& backend) {
    for (const Index rows : kStraddlingSizes) {
      Labels got = run(backend, kSeed, row_numbers(rows));
      std::sort(got.begin(), got.end());

      EXPECT_EQ(got, row_numbers(rows)) << rows << " rows";
    }
  });
}

TEST(TreatLabels, keeps_the_count_of_every_class_and_labels_of_any_value) {
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

TEST(TreatLabels, differs_by_seed_and_repeats_itself) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, 1, row_numbers(50)), run(backend, 1, row_numbers(50)));
    EXPECT_NE(run(backend, 1, row_numbers(50)), run(backend, 2, row_numbers(50)));
  });
}

// With half the labels of each of two classes, a row keeps its class about half the time.
TEST(TreatLabels, leaves_no_association_with_the_rows) {
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
TEST(TreatLabels, deals_more_rows_than_a_grid_has_threads) {
  const Index rows = (Index{1} << 20) + 300;
  const KeyedPermutation place({kSeed, StreamId::label_permutation}, rows);

  const Labels got = run(gpu_backend(), kSeed, row_numbers(rows));

  for (Index i = rows - 600; i < rows; ++i) EXPECT_EQ(got[at(i)], place(i)) << "row " << i;
}

TEST(TreatLabels, permutes_within_groups_as_the_keyed_permutation_of_each) {
  const Labels group{7, -3, 7, 7, -3, 100, 7};
  const std::vector<Index> members[] = {{1, 4}, {0, 2, 3, 6}, {5}};  // sorted by group
  const Index first[] = {0, 2, 6};
  Labels expected(7);
  for (std::size_t g = 0; g < 3; ++g) {
    const auto size = static_cast<Index>(members[g].size());
    const KeyedPermutation within({kSeed, StreamId::label_permutation, static_cast<std::uint32_t>(first[g]) + 1}, size);
    for (Index k = 0; k < size; ++k)
      expected[at(members[g][at(k)])] = static_cast<std::int32_t>(members[g][at(within(k))]);
  }

  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(run(backend, {.permuted = true, .permutation_seed = kSeed}, 7, row_numbers(7), group), expected);
  });
}

TEST(TreatLabels, keeps_every_groups_labels_in_the_group) {
  const Labels group = random_labels(500, 20, 3);
  for_each_backend([&](const auto& backend) {
    const Labels got = run(backend, {.permuted = true, .permutation_seed = 1}, 500, row_numbers(500), group);

    EXPECT_NE(got, row_numbers(500));
    for (Index i = 0; i < 500; ++i) EXPECT_EQ(group[at(got[at(i)])], group[at(i)]);
    Labels sorted = got;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, row_numbers(500));
  });
}

TEST(TreatLabels, flips_at_the_rate_to_every_other_class_equally_often) {
  constexpr Index kRows = 20'000;
  const Labels labels = random_labels(kRows, 4, kSeed);
  for_each_backend([&](const auto& backend) {
    for (const float rate : {0.1f, 0.5f, 1.0f}) {
      const Labels got = run(backend, {.flip_rate = rate, .flip_seed = 5}, 4, labels);

      Index by[4] = {};  // classes further on
      for (std::size_t i = 0; i < labels.size(); ++i) ++by[(got[i] - labels[i] + 4) % 4];
      const double p = static_cast<double>(rate), n = kRows;
      EXPECT_LE(std::abs(static_cast<double>(by[0]) - n * (1 - p)), 4 * std::sqrt(n * p * (1 - p)));
      for (int k = 1; k < 4; ++k)
        EXPECT_LE(std::abs(static_cast<double>(by[k]) - n * p / 3), 4 * std::sqrt(n * p / 3 * (1 - p / 3)));
    }
  });
}

TEST(TreatLabels, flips_what_it_has_permuted) {
  const Labels labels = random_labels(300, 3, 2);
  const LabelTreatment permuted{.permuted = true, .permutation_seed = 8}, flipped{.flip_rate = 0.3f, .flip_seed = 9};
  const LabelTreatment both{.permuted = true, .permutation_seed = 8, .flip_rate = 0.3f, .flip_seed = 9};
  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(run(backend, both, 3, labels), run(backend, flipped, 3, run(backend, permuted, 3, labels)));
    EXPECT_NE(run(backend, flipped, 3, labels), labels);
    EXPECT_NE(run(backend, {.flip_rate = 0.3f, .flip_seed = 10}, 3, labels), run(backend, flipped, 3, labels));
  });
}

// A scenario's own label noise is drawn by the same seeds: flipping the same rows once more would undo it.
TEST(TreatLabels, flips_other_rows_than_the_noise_of_a_scenario) {
  const LabelTreatment flipped{.flip_rate = 0.5f, .flip_seed = 5};
  const Labels got = run(kTwin, flipped, 2, Labels(200, 0));
  Labels noise(200);
  for (std::uint64_t i = 0; i < 200; ++i) noise[i] = uniform(draw({5, StreamId::label_noise}, i).word[0]) < 0.5f;
  EXPECT_NE(got, noise);
}

TEST(TreatLabels, leaves_labels_alone_without_a_treatment_and_a_single_class_whatever_the_rate) {
  const Labels labels = random_labels(100, 5, kSeed);
  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(run(backend, LabelTreatment{}, 5, labels), labels);
    EXPECT_EQ(run(backend, {.flip_rate = 1}, 1, Labels(9, 0)), Labels(9, 0));
  });
  EXPECT_FALSE(LabelTreatment{}.changes());
  EXPECT_TRUE((LabelTreatment{.permuted = true}.changes()));
  EXPECT_TRUE((LabelTreatment{.flip_rate = 0.1f}.changes()));
}

TEST(TreatLabels, never_changes_flips_and_groups) {
  const Labels group{0, 0, 0, 0, 1, 1, 1, 1};
  for_each_backend([&](const auto& backend) {
    EXPECT_EQ(run(backend, {.permuted = true, .permutation_seed = 42}, 8, row_numbers(8), group),
              (Labels{3, 1, 0, 2, 5, 4, 7, 6}));
    EXPECT_EQ(run(backend, {.flip_rate = 0.5f, .flip_seed = 42}, 10, Labels(8, 0)), (Labels{7, 0, 0, 0, 6, 0, 5, 0}));
  });
}

TEST(TreatLabels, of_no_rows_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, 1, {}).empty()); });
}

TEST(TreatLabels, refuses_what_does_not_fit) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index labels = 4, treated = 4, places = 0, members = 0, classes = 3;
      float rate = 0;
    };
    for (const Wrong& wrong : {Wrong{.treated = 3}, Wrong{.places = 4}, Wrong{.places = 3, .members = 3},
                               Wrong{.classes = 0}, Wrong{.rate = -0.1f}, Wrong{.rate = 1.1f}, Wrong{.rate = NAN}}) {
      const Guarded<Backend, std::int32_t> label(backend, {1, wrong.labels}), member(backend, {1, wrong.members});
      const Guarded<Backend, GroupPlace> place(backend, {1, wrong.places});
      Guarded<Backend, std::int32_t> treated(backend, {1, wrong.treated});

      EXPECT_THROW(backend.treat_labels({.permuted = true, .flip_rate = wrong.rate}, wrong.classes,
                                        {place.span(), member.span()}, label.span(), treated.span()),
                   std::invalid_argument);
      EXPECT_TRUE(treated.untouched());
    }
  });
}

TEST(TreatLabelsCost, reads_and_writes_every_label_once) {
  static_assert(treat_labels_cost(10).bytes_read == 40);
  static_assert(treat_labels_cost(10).bytes_written == 40);
}

}  // namespace
}  // namespace plateau::test::treat_labels_test
