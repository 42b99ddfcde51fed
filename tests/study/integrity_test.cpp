// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/integrity.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>

#include "plateau/core/random.hpp"
#include "support/cases.hpp"
#include "support/datasets.hpp"

namespace plateau::test::integrity_test {
namespace {

using Ids = std::vector<std::int32_t>;
using Counts = std::vector<Index>;

Integrity studied(const Dataset& train, const Dataset& test, const NeighbourOptions& options = {}) {
  CpuTrainer trainer({.workers = 2});
  return *study_integrity(train, test, trainer, options);
}

std::vector<float> as_float(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// Rows of a continuous rule, no two of which are near each other.
Dataset distinct_rows(Index rows, std::uint64_t seed) {
  return labelled(3, as_float(random_values(rows * 3, -1, 1, seed)), random_labels(rows, 2, seed));
}

// And with the first `count` rows of `from` behind them, each feature moved by `distance`.
Dataset with_copies(const Dataset& data, const Dataset& from, Index count, float distance = 0) {
  std::vector<float> x(data.values.view().begin(), data.values.view().end());
  Ids labels = data.labels;
  for (Index i = 0; i < count; ++i) {
    for (Index j = 0; j < from.columns; ++j) x.push_back(from.x().row(i)[j] + distance);
    labels.push_back(from.labels[at(i)]);
  }
  return labelled(data.columns, x, labels);
}

TEST(Integrity, counts_the_rows_of_every_class) {
  const Integrity found = studied(labelled(1, {1, 2, 3, 4}, {0, 2, 2, 0}), labelled(1, {5, 6, 7}, {0, 3, 3}));

  EXPECT_EQ(found.classes, 4);
  EXPECT_EQ(found.of_classes.train_rows, (Counts{2, 0, 2, 0}));
  EXPECT_EQ(found.of_classes.test_rows, (Counts{1, 0, 0, 2}));
  EXPECT_EQ(found.of_classes.without_training, (Ids{3}));
  EXPECT_EQ(found.of_classes.without_test, (Ids{2}));
  EXPECT_EQ(found.of_classes.majority_share, 2.0 / 3);
}

// Columns: constant, 0 and 2, 10 times that, the constant again, the second again, as the third but for one row.
TEST(Integrity, finds_features_that_say_nothing_or_say_it_twice_and_how_far_apart_their_scales_are) {
  const Dataset rows = labelled(6, {5, 0, 0,  5, -0.0f, 0,   //
                                    5, 2, 20, 5, 2,     20,  //
                                    5, 0, 0,  5, 0,     1,   //
                                    5, 2, 20, 5, 2,     20},
                                {0, 1, 0, 1});
  const FeatureFindings found = studied(rows, rows).of_features;

  EXPECT_EQ(found.constant, (Counts{0, 3}));
  EXPECT_EQ(found.equal, (std::vector<Counts>{{1, 4}}));
  EXPECT_EQ(found.widest, 2);
  EXPECT_EQ(found.narrowest, 1);
  EXPECT_EQ(found.spread_ratio, 10);
  EXPECT_EQ(found.farthest, 5);
  EXPECT_NEAR(found.offset, 10.25 / std::sqrt((10.25 * 10.25 + 9.25 * 9.25 + 2 * 9.75 * 9.75) / 4), 1e-12);
}

TEST(Integrity, of_constant_features_alone_has_no_scale_and_no_row_that_is_near) {
  const Integrity found = studied(labelled(2, {1, 2, 1, 2, 1, 2}, {0, 1, 0}), labelled(2, {1, 2, 3, 2}, {1, 0}));

  EXPECT_EQ(found.of_features.constant, (Counts{0, 1}));
  EXPECT_FALSE(found.of_features.widest || found.of_features.narrowest || found.of_features.farthest);
  EXPECT_EQ(found.of_features.spread_ratio, 1);
  EXPECT_EQ(found.train_duplicates.rows, 3);
  EXPECT_EQ(found.leak.near_distance, 0);
  EXPECT_EQ(found.leak.rows, (Ids{0}));
  EXPECT_FALSE(found.leak.present);
}

// Rows A B A C A B with classes 0 1 0 1 1 1, where the zeros of A have either sign.
TEST(Integrity, finds_identical_rows_and_what_they_alone_do_to_an_accuracy) {
  const Dataset train = labelled(2, {0, 1, 2, 2, -0.0f, 1, 3, 3, 0, 1, 2, 2}, {0, 1, 0, 1, 1, 1});
  const Dataset test = labelled(2, {9, 9, 0, 1, 9, 9, 8, 8, 3, 3}, {0, 1, 1, 0, 0});
  const Integrity found = studied(train, test);

  EXPECT_EQ(found.train_duplicates.groups, 2);
  EXPECT_EQ(found.train_duplicates.rows, 5);
  EXPECT_EQ(found.train_duplicates.conflicting_rows, 3);
  EXPECT_EQ(found.train_duplicates.conflicting_share, 0.5);
  EXPECT_EQ(found.train_duplicates.ceiling, 5.0 / 6);
  EXPECT_EQ(found.test_duplicates.groups, 1);
  EXPECT_EQ(found.test_duplicates.rows, 2);
  EXPECT_EQ(found.test_duplicates.conflicting_rows, 2);
  EXPECT_EQ(found.test_duplicates.ceiling, 4.0 / 5);
  EXPECT_EQ(found.leak.identical.test_twins, 2);
  EXPECT_EQ(found.leak.identical.train_twins, 5);
  EXPECT_EQ(found.leak.rows, (Ids{1, 4}));
  EXPECT_EQ(found.leak.contradicted, 2) << "A has rows of class 0, C is of class 1";
}

TEST(Integrity, copies_of_training_rows_are_a_leak) {
  const Dataset train = distinct_rows(200, 1), test = distinct_rows(100, 2);
  const Integrity clean = studied(train, test);
  EXPECT_FALSE(clean.leak.present);
  EXPECT_TRUE(clean.leak.rows.empty());
  EXPECT_EQ(clean.leak.identical.p, 1);
  EXPECT_GT(clean.leak.near_distance, 0);

  const LeakFindings leak = studied(train, with_copies(test, train, 10)).leak;
  EXPECT_TRUE(leak.present && leak.identical.present && leak.near.present);
  EXPECT_EQ(leak.identical.test_rows, 110);
  EXPECT_EQ(leak.identical.share, 10.0 / 110);
  EXPECT_EQ(leak.identical.interval.low, wilson_interval(10.0 / 110, 110).low);
  EXPECT_EQ(leak.identical.natural_share, 0);
  EXPECT_EQ(leak.identical.p, fisher_exact_p(10, 110, 0, 200));
  EXPECT_EQ(leak.rows, (Ids{100, 101, 102, 103, 104, 105, 106, 107, 108, 109}));
  EXPECT_EQ(leak.contradicted, 0);
}

// In units that differ by millions, so that only standardised distances see all of them.
TEST(Integrity, copies_that_were_rounded_are_a_leak) {
  Dataset train = distinct_rows(200, 1), test = with_copies(distinct_rows(100, 2), train, 10, 1e-5f);
  for (Dataset* data : {&train, &test}) scale_features(*data, {{}, {.factor = 1e6f}, {.factor = 1e-3f}});
  const LeakFindings leak = studied(train, test).leak;

  EXPECT_TRUE(leak.present && leak.near.present);
  EXPECT_FALSE(leak.identical.present);
  EXPECT_EQ(leak.identical.test_twins, 0);
  EXPECT_EQ(leak.near.test_twins, 10);
  EXPECT_EQ(leak.near.train_twins, 0);
  EXPECT_EQ(leak.rows.front(), 100);
  EXPECT_FALSE(studied(train, with_copies(test, train, 0)).leak.identical.present);
}

TEST(Integrity, rows_that_are_merely_close_are_no_leak) {
  const Dataset train = distinct_rows(200, 1), test = with_copies(distinct_rows(100, 2), train, 10, 0.01f);
  EXPECT_FALSE(studied(train, test).leak.present);
}

TEST(Integrity, few_copies_among_many_test_rows_are_no_leak) {
  const Dataset train = distinct_rows(200, 1);
  EXPECT_FALSE(studied(train, with_copies(distinct_rows(100, 2), train, 2)).leak.present);
  const Dataset many = distinct_rows(2000, 1);
  const TwinTest twins = studied(many, with_copies(distinct_rows(1000, 2), many, 12)).leak.identical;
  EXPECT_LE(twins.p, kLeakP);
  EXPECT_GT(twins.share, kLeakShare);
  EXPECT_FALSE(twins.present) << "of others it might be under 1 %";
}

// Values of a coarse grid: most rows have twins, on either side.
TEST(Integrity, rows_that_repeat_by_nature_are_no_leak) {
  for (const Index steps : {6, 40}) {
    int present = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      std::vector<float> x = as_float(random_values(2 * 600, 0, static_cast<float>(steps), kSeed + seed));
      for (float& value : x) value = std::floor(value);
      const std::vector<float> train(x.begin(), x.begin() + 800), test(x.begin() + 800, x.end());
      const LeakFindings leak =
          studied(labelled(2, train, random_labels(400, 2, seed)), labelled(2, test, random_labels(200, 2, seed))).leak;
      EXPECT_GT(leak.identical.test_twins, 10);
      present += leak.present;
    }
    EXPECT_EQ(present, 0) << steps;
  }
}

// Ten training rows that are each there ten times, and a hundred that are not: seven of each of the ten are among 100
// test rows. Were they independent, that would be more than by nature.
TEST(Integrity, twins_in_large_groups_are_few_events) {
  std::vector<float> train, test;
  for (int i = 0; i < 200; ++i) train.push_back(static_cast<float>(i < 100 ? i % 10 : i));
  for (int i = 0; i < 100; ++i) test.push_back(static_cast<float>(i < 70 ? i % 10 : 1000 + 5 * i));
  const LeakFindings leak =
      studied(labelled(1, train, random_labels(200, 2, 1)), labelled(1, test, random_labels(100, 2, 2))).leak;

  EXPECT_EQ(leak.identical.share, 0.7);
  EXPECT_EQ(leak.identical.natural_share, 0.5);
  EXPECT_LE(fisher_exact_p(70, 100, 100, 200), kLeakP);
  const double variance = 10 * 10.0 * 10 / (200 * 200) + 0.5 * (10 * 7 * 7 / 70.0) / 100;
  EXPECT_NEAR(leak.identical.p, std::erfc(0.2 / std::sqrt(2 * variance)) / 2, 1e-9);
  EXPECT_FALSE(leak.present);
}

// Among others, 5.8,2.7,5.1,1.9 is there twice.
TEST(Integrity, irises_that_are_alike_are_no_leak_and_copies_of_irises_are) {
  const Dataset all = read_dataset(std::string(PLATEAU_TEST_DATA) + "/iris.csv");
  Index twins = 0;
  for (std::int32_t fold = 0; fold < 10; ++fold) {
    Ids train_rows, test_rows;
    for (std::int32_t row = 0; row < all.rows(); ++row) ((row + fold) % 10 < 3 ? test_rows : train_rows).push_back(row);
    const Dataset train = take_rows(all, {train_rows.data(), 105}), test = take_rows(all, {test_rows.data(), 45});
    const Integrity found = studied(train, test);
    EXPECT_FALSE(found.leak.present) << fold;
    EXPECT_GE(found.neighbours.best.accuracy, 0.93);
    twins += found.leak.identical.test_twins;

    std::copy_n(train_rows.begin() + 40, 10, test_rows.begin() + 20);
    const LeakFindings leak = studied(train, take_rows(all, {test_rows.data(), 45})).leak;
    EXPECT_TRUE(leak.present) << fold;
    EXPECT_GE(leak.identical.test_twins, 10);
  }
  EXPECT_GT(twins, 0);
}

// Identical rows are found among all, near ones among those that were asked.
TEST(Integrity, of_very_many_rows_looks_at_distances_of_a_part) {
  const Dataset train = distinct_rows(300, 1), test = with_copies(distinct_rows(200, 2), train, 40);
  const Integrity found = studied(train, test, {.most_operations = 300 * 3 * 50, .seed = 3});

  EXPECT_EQ(found.neighbours.test_rows.size(), 50u);
  EXPECT_EQ(found.leak.identical.test_twins, 40);
  EXPECT_EQ(found.leak.near.test_rows, 50);
  EXPECT_EQ(found.leak.near.train_rows, 50);
  EXPECT_LT(found.leak.near.test_twins, 40);
  EXPECT_GT(found.leak.near.test_twins, 0);
  EXPECT_EQ(found.leak.rows.size(), 40u);
  EXPECT_TRUE(found.leak.present);
}

TEST(Integrity, of_one_row_and_of_very_many_classes_is_looked_at_too) {
  EXPECT_EQ(studied(labelled(1, {1}, {0}), labelled(1, {1}, {0})).leak.identical.test_twins, 1);
  EXPECT_FALSE(studied(labelled(1, {1}, {0}), labelled(1, {1}, {0})).leak.present);
  EXPECT_TRUE(studied(labelled(1, {1}, {0}), labelled(1, {1.5f}, {0})).leak.rows.empty());
  const Integrity found = studied(labelled(1, {1, 2}, {0, 100'000}), labelled(1, {1}, {99'999}));
  EXPECT_EQ(found.classes, 100'001);
  EXPECT_EQ(found.of_classes.without_training, (Ids{99'999}));
}

TEST(Integrity, is_not_looked_at_on_once_an_end_is_asked_for) {
  const Dataset rows = labelled(1, {1, 2}, {0, 1});
  std::atomic<bool> stop{true};
  CpuTrainer trainer({.stop = &stop});
  EXPECT_FALSE(study_integrity(rows, rows, trainer).has_value());
}

TEST(Integrity, refuses_what_is_no_pair_of_labelled_sets) {
  const Dataset rows = labelled(1, {1, 2}, {0, 1});
  EXPECT_THROW(studied(rows, labelled(1, {1}, {})), std::invalid_argument);
  EXPECT_THROW(studied(labelled(1, {}, {}), rows), std::invalid_argument);
  EXPECT_THROW(studied(rows, labelled(2, {1, 2}, {0})), std::invalid_argument);
  EXPECT_THROW(studied(rows, labelled(1, {std::numeric_limits<float>::quiet_NaN()}, {0})), std::invalid_argument);
  Dataset strange = labelled(1, {1, 2}, {0, 1});
  strange.labels[1] = 2;
  EXPECT_THROW(studied(strange, rows), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::test::integrity_test
