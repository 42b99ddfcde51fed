// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "files.hpp"
#include "plateau/core/random.hpp"

namespace plateau::split_test {
namespace {

using namespace testing_files;

using Labels = std::vector<std::int32_t>;

RowSplit split(const Labels& labels, double fraction, std::uint64_t seed = 1, const Labels& groups = {}) {
  const std::int32_t largest = labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end());
  return split_rows({labels.data(), static_cast<Index>(labels.size())}, largest + 1,
                    {groups.data(), static_cast<Index>(groups.size())}, fraction, seed);
}

// Classes of unequal sizes in no order.
Labels mixed(std::size_t rows, std::int32_t classes) {
  Labels labels;
  for (std::size_t i = 0; i < rows; ++i) {
    const PhiloxCounter random = draw({5, StreamId::labels}, i);
    labels.push_back(
        static_cast<std::int32_t>(random.word[0] % static_cast<unsigned>(classes) * (random.word[1] % 4) / 3));
  }
  return labels;
}

void expect_both_sides(const RowSplit& split, std::size_t rows) {
  Labels all = split.train;
  all.insert(all.end(), split.test.begin(), split.test.end());
  std::sort(all.begin(), all.end());
  Labels every(rows);
  std::iota(every.begin(), every.end(), 0);
  EXPECT_EQ(all, every);  // complete, and nothing twice
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.test.begin(), split.test.end()));
  EXPECT_FALSE(split.train.empty());
  EXPECT_FALSE(split.test.empty());
}

std::vector<double> rows_by_class(const Labels& labels, const Labels& rows) {
  std::vector<double> count(1 + static_cast<std::size_t>(*std::max_element(labels.begin(), labels.end())));
  for (const std::int32_t row : rows) ++count[static_cast<std::size_t>(labels[static_cast<std::size_t>(row)])];
  return count;
}

TEST(Split, every_row_is_on_one_side_and_every_class_has_its_share) {
  for (const std::size_t rows : {2u, 3u, 10u, 97u, 1000u})
    for (const std::int32_t classes : {1, 2, 7})
      for (const double fraction : {0.2, 0.25, 0.5, 0.9, 0.999}) {
        const Labels labels = mixed(rows, classes);
        RowSplit got;
        if (!refusal([&] { got = split(labels, fraction); }).empty()) continue;
        expect_both_sides(got, rows);
        EXPECT_LE(static_cast<double>(got.test.size()), std::floor(fraction * static_cast<double>(rows) + 0.5));
        const std::vector<double> test = rows_by_class(labels, got.test), train = rows_by_class(labels, got.train);
        for (std::size_t k = 0; k < test.size(); ++k) {
          EXPECT_LT(std::abs(test[k] - fraction * (test[k] + train[k])), 1) << rows << ", " << fraction;
          EXPECT_TRUE(train[k] >= 1 || test[k] == 0);
        }
      }
}

TEST(Split, the_number_of_test_rows_is_the_rounded_fraction) {
  EXPECT_EQ(split(mixed(1000, 7), 0.2).test.size(), 200u);
  EXPECT_EQ(split(mixed(997, 3), 0.25).test.size(), 249u);
  EXPECT_EQ(split(Labels{0, 0, 0, 1, 1, 1, 2, 2, 2}, 1.0 / 3).test.size(), 3u);
  EXPECT_EQ(split(Labels{0, 1, 1, 0}, 0.5).test.size(), 2u);
  EXPECT_EQ(split(Labels{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, 0.29).test.size(), 3u);
}

TEST(Split, the_largest_remainders_are_rounded_up) {
  const Labels labels{0, 0, 0, 0, 1, 1, 1, 1, 1, 1};  // of 1.2 and 1.8 rows
  EXPECT_EQ(rows_by_class(labels, split(labels, 0.3).test), (std::vector<double>{1, 2}));
}

TEST(Split, one_seed_gives_one_split_and_others_give_others) {
  const Labels labels = mixed(200, 3);
  EXPECT_EQ(split(labels, 0.25, 7).test, split(labels, 0.25, 7).test);
  EXPECT_NE(split(labels, 0.25, 7).test, split(labels, 0.25, 8).test);
  // These very rows, in every version: a test figure of a seed is compared with that of another program version.
  EXPECT_EQ(split(Labels(12, 0), 0.25, 7).test, (Labels{4, 6, 9}));
}

TEST(Split, every_row_is_a_test_row_of_some_seeds) {
  const Labels labels = mixed(40, 2);
  std::vector<int> times(40);
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const std::int32_t row : split(labels, 0.25, seed).test) ++times[static_cast<std::size_t>(row)];
  for (const int count : times) {  // 100 of 400, 5 standard deviations of 8.7
    EXPECT_GT(count, 56);
    EXPECT_LT(count, 144);
  }
}

TEST(Split, a_class_of_one_row_trains) {
  const RowSplit got = split(Labels{0, 1, 2, 2, 2, 2}, 0.5);
  EXPECT_EQ(rows_by_class({0, 1, 2, 2, 2, 2}, got.test), (std::vector<double>{0, 0, 2}));
}

TEST(Split, groups_are_whole_and_sizes_near) {
  for (const std::size_t rows_of_group : {1u, 3u, 10u}) {
    const Labels labels = mixed(900, 3);
    Labels groups;
    for (std::size_t i = 0; i < labels.size(); ++i)
      groups.push_back(static_cast<std::int32_t>(i * 7 % 900 / rows_of_group));

    const RowSplit got = split(labels, 0.2, 3, groups);

    expect_both_sides(got, labels.size());
    std::vector<bool> is_test(900);
    for (const std::int32_t row : got.test)
      is_test[static_cast<std::size_t>(groups[static_cast<std::size_t>(row)])] = true;
    for (const std::int32_t row : got.train)
      EXPECT_FALSE(is_test[static_cast<std::size_t>(groups[static_cast<std::size_t>(row)])]);
    EXPECT_LE(std::abs(static_cast<double>(got.test.size()) - 180), static_cast<double>(rows_of_group));
    const std::vector<double> test = rows_by_class(labels, got.test), train = rows_by_class(labels, got.train);
    for (std::size_t k = 0; k < test.size(); ++k)
      EXPECT_LE(std::abs(test[k] - 0.2 * (test[k] + train[k])), 0.5 + static_cast<double>(rows_of_group)) << k;
    EXPECT_EQ(split(labels, 0.2, 3, groups).test, got.test);
    EXPECT_NE(split(labels, 0.2, 4, groups).test, got.test);
  }
}

TEST(Split, classes_of_small_shares_have_test_groups_together) {
  // Every class alone rounds to no test row.
  Labels labels, groups;
  for (std::int32_t i = 0; i < 120; ++i) {
    labels.push_back(i / 3);
    groups.push_back(i);
  }
  EXPECT_EQ(split(labels, 0.1, 1, groups).test.size(), 12u);
}

TEST(Split, a_group_that_holds_a_class_whole_trains) {
  const Labels labels{0, 0, 0, 0, 1, 1, 0, 0}, groups{0, 0, 1, 1, 2, 2, 3, 3};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RowSplit got = split(labels, 0.5, seed, groups);
    EXPECT_EQ(rows_by_class(labels, got.train)[1], 2) << seed;
    EXPECT_EQ(got.test.size(), 4u) << seed;
  }
}

TEST(Split, numbers_of_groups_may_have_gaps) {
  const RowSplit got = split(Labels{0, 0, 0, 0}, 0.5, 1, {9, 9, 4, 4});
  EXPECT_EQ(got.test.size(), 2u);
}

TEST(Split, what_leaves_a_side_empty_is_refused) {
  EXPECT_EQ(refusal([] { split(mixed(10, 1), 0.04); }),
            "a test fraction of 0.04 of 10 rows leaves no test row; the fraction rounds to none");
  EXPECT_EQ(refusal([] { split(mixed(200, 2), 0.001); }),
            "a test fraction of 0.001 of 200 rows leaves no test row; the fraction rounds to none");
  EXPECT_EQ(refusal([] {
              split({0, 1, 2}, 0.5);
            }),
            "a test fraction of 0.5 of 3 rows leaves no test row; every class keeps a training row");
  EXPECT_EQ(refusal([] { split({0}, 0.9); }),
            "a test fraction of 0.9 of 1 row leaves no test row; every class keeps a training row");
  EXPECT_EQ(refusal([] {
              split({0, 0, 0}, 0.5, 1, {0, 0, 0});
            }),
            "a test fraction of 0.5 of 3 rows leaves no test row; every group has all rows of a class, and every class "
            "keeps a training row");
  EXPECT_EQ(refusal([] {
              split({0, 0, 0, 0, 0, 0, 1}, 0.15, 1, {4, 4, 4, 1, 1, 1, 1});
            }),
            "a test fraction of 0.15 of 7 rows leaves no test row; every group that leaves each class a training row "
            "is too large");
  EXPECT_EQ(refusal([] {
              split({0, 0, 0, 0}, 0.1, 1, {0, 0, 1, 1});
            }),
            "a test fraction of 0.1 of 4 rows leaves no test row; the fraction rounds to none");
  EXPECT_EQ(refusal([] { split({}, 0.5); }), "a test fraction of 0.5 of no rows leaves none on either side");
  for (const double fraction : {0.0, 1.0, -0.5, 2.0})
    EXPECT_NE(refusal([=] { split({0, 0}, fraction); }).find("is not between 0 and 1"), std::string::npos);
  EXPECT_EQ(refusal([] { split({0, 0}, std::nan("")); }), "a test fraction of nan is not between 0 and 1");
}

TEST(Split, contract_refuses_other_counts_and_labels) {
  const Labels labels{0, 1}, one_group{0};
  EXPECT_THROW(split_rows({labels.data(), 2}, 1, {}, 0.5, 1), std::invalid_argument);
  EXPECT_THROW(split_rows({labels.data(), 2}, 2, {one_group.data(), 1}, 0.5, 1), std::invalid_argument);
  EXPECT_THROW(split(labels, 0.5, 1, {0, -1}), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::split_test
