// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/neighbours.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "support/cases.hpp"
#include "support/datasets.hpp"

namespace plateau::test::neighbours_test {
namespace {

using Rows = std::vector<std::int32_t>;

const std::vector<FeatureScale> kAsTheyAre{{}};

NeighbourStudy studied(const Dataset& train, const Dataset& test, const std::vector<FeatureScale>& scale,
                       const NeighbourOptions& options = {}) {
  CpuTrainer trainer({.workers = 2});
  return *study_neighbours(train, test, scale, trainer, options);
}

TEST(VoteOf, takes_the_commonest_class_and_of_equals_the_nearest_rows) {
  const auto vote = [](const Rows& classes) { return vote_of({classes.data(), static_cast<Index>(classes.size())}); };
  EXPECT_EQ(vote({7}), 7);
  EXPECT_EQ(vote({7, 2, 2}), 2);
  EXPECT_EQ(vote({7, 2, 2, 7}), 7);
  EXPECT_EQ(vote({3, 7, 2, 2, 7}), 7);
  EXPECT_EQ(vote({3, 2, 7, 2, 7, 100'000}), 2);
  EXPECT_THROW(vote({}), std::invalid_argument);
}

// R (2 - C R / (C - 1)) = error, solved for R.
TEST(CoverHartBounds, are_those_of_the_published_inequality) {
  EXPECT_NEAR(cover_hart_bounds(0.18, 2).low, 0.1, 1e-12);  // 0.1 * (2 - 0.2)
  EXPECT_NEAR(cover_hart_bounds(0.34, 3).low, 0.2, 1e-12);  // 0.2 * (2 - 0.3)
  EXPECT_EQ(cover_hart_bounds(0.18, 2).high, 0.18);
  EXPECT_EQ(cover_hart_bounds(0, 5).low, 0);
  EXPECT_EQ(cover_hart_bounds(0.5, 2).low, 0.5);
  EXPECT_EQ(cover_hart_bounds(0.7, 2).low, 0.5) << "worse than guessing";
  EXPECT_EQ(cover_hart_bounds(0, 1).low, 0);
  EXPECT_THROW(cover_hart_bounds(1.1, 2), std::invalid_argument);
}

// On a line: classes 0 0 1 | 1 1 0 at 0 1 2.5 | 10 11 12. Each without itself.
TEST(Neighbours, vote_for_training_rows_without_themselves) {
  const Dataset train = labelled(1, {0, 1, 2.5f, 10, 11, 12.5f}, {0, 0, 1, 1, 1, 0});
  const Dataset test = labelled(1, {-1, 10.4f, 30}, {0, 1, 0});
  const NeighbourStudy found = studied(train, test, kAsTheyAre);

  EXPECT_EQ(found.train_rows, (Rows{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(found.train_distance, (std::vector<float>{1, 1, 1.5, 1, 1, 1.5}));
  ASSERT_EQ(found.votes.size(), 4u) << "with five others nobody asks fifteen";
  EXPECT_EQ(found.votes[0].k, 1);
  EXPECT_FALSE(found.votes[0].standardised);
  EXPECT_EQ(found.votes[0].right, 4) << "the third is given 0, the last 1";
  EXPECT_EQ(found.votes[0].accuracy, 4.0 / 6);
  EXPECT_EQ(found.votes[0].interval.low, wilson_interval(4.0 / 6, 6).low);
  EXPECT_EQ(found.votes[1].k, 5);
  EXPECT_EQ(found.votes[1].right, 0) << "of three against two, those without it are the two";
  EXPECT_TRUE(found.votes[2].standardised && found.votes[3].standardised);
  EXPECT_EQ(found.best.k, 1);
  EXPECT_FALSE(found.best.standardised);
  EXPECT_EQ(found.best_possible_error.high, 2.0 / 6);
  EXPECT_EQ(found.test_rows, (Rows{0, 1, 2}));
  EXPECT_EQ(found.predicted, (Rows{0, 1, 0}));
  EXPECT_EQ(found.test_distance, (std::vector<float>{1, 10.4f - 10, 17.5}));
}

// The second feature tells the classes, and the first, in other units, drowns it.
TEST(Neighbours, are_sought_in_the_units_in_which_they_vote_better) {
  std::vector<float> x;
  Rows labels;
  for (std::int32_t i = 0; i < 40; ++i) {
    x.insert(x.end(), {static_cast<float>(i * 17 % 40) * 1000, static_cast<float>(i % 2)});
    labels.push_back(i % 2);
  }
  const Dataset train = labelled(2, x, labels), test = labelled(2, {3500, 1, 3500, 0}, {1, 0});
  const NeighbourStudy found = studied(train, test, {{.mean = 20'000, .factor = 1e-4f}, {.mean = 0.5f, .factor = 2}});

  EXPECT_TRUE(found.best.standardised);
  EXPECT_EQ(found.best.k, 1);
  EXPECT_EQ(found.best.right, 40);
  EXPECT_LE(found.votes[0].right, 30);
  EXPECT_EQ(found.best_possible_error.high, 0);
  for (const float distance : found.train_distance) EXPECT_NEAR(distance, 0.2, 1e-6);
  for (const float distance : found.test_distance) EXPECT_NEAR(distance, 0.05, 1e-6);
  EXPECT_EQ(found.predicted, (Rows{1, 0}));
}

// Three stretches of alternating classes, every fifth row of the other: one neighbour is deceived by those, and very
// many see the other stretches.
TEST(Neighbours, as_many_vote_as_are_right_most_often) {
  std::vector<float> x;
  Rows labels;
  for (std::int32_t i = 0; i < 60; ++i) {
    x.push_back(static_cast<float>(i));
    labels.push_back((i / 20 == 1) != (i % 5 == 2));
  }
  const NeighbourStudy found = studied(labelled(1, x, labels), labelled(1, {7, 32}, {0, 1}), kAsTheyAre);

  EXPECT_EQ(found.votes.size(), 8u);
  EXPECT_EQ(found.best.k, 5);
  EXPECT_FALSE(found.best.standardised);
  EXPECT_EQ(found.predicted, (Rows{0, 1}));

  std::vector<float> drowned;
  for (std::int32_t i = 0; i < 60; ++i)
    drowned.insert(drowned.end(), {static_cast<float>(i * 17 % 60) * 1000, x[at(i)]});
  const NeighbourStudy scaled =
      studied(labelled(2, drowned, labels), labelled(2, {0, 7, 0, 32}, {0, 1}), {{.factor = 0}, {}});
  EXPECT_TRUE(scaled.best.standardised);
  EXPECT_EQ(scaled.best.k, 5);
  EXPECT_EQ(scaled.predicted, (Rows{0, 1}));
}

TEST(Neighbours, of_a_single_row_are_none_and_its_class_is_every_rows) {
  const NeighbourStudy found = studied(labelled(1, {4}, {3}), labelled(1, {4, 5}, {0, 3}), kAsTheyAre);

  EXPECT_TRUE(found.votes.empty());
  EXPECT_EQ(found.predicted, (Rows{3, 3}));
  EXPECT_EQ(found.train_distance, (std::vector<float>{std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(found.test_distance, (std::vector<float>{0, 1}));
}

TEST(Neighbours, of_very_many_rows_are_sought_for_a_part_of_them) {
  std::vector<float> x;
  Rows labels;
  for (std::int32_t i = 0; i < 100; ++i) {
    x.push_back(static_cast<float>(i));
    labels.push_back(i / 50);
  }
  const Dataset rows = labelled(1, x, labels);
  const NeighbourStudy all = studied(rows, rows, kAsTheyAre);
  const NeighbourStudy part = studied(rows, rows, kAsTheyAre, {.most_operations = 2099, .seed = 5});
  const NeighbourStudy other = studied(rows, rows, kAsTheyAre, {.most_operations = 2099, .seed = 6});

  EXPECT_EQ(all.train_rows.size(), 100u);
  ASSERT_EQ(part.train_rows.size(), 20u);
  EXPECT_TRUE(std::is_sorted(part.train_rows.begin(), part.train_rows.end()));
  EXPECT_NE(part.train_rows, other.train_rows);
  for (const float distance : part.train_distance) EXPECT_EQ(distance, 1) << "among all the others, without itself";
  for (const float distance : part.test_distance) EXPECT_EQ(distance, 0);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(part.predicted[i], all.predicted[at(part.test_rows[i])]);
  EXPECT_EQ(studied(rows, rows, kAsTheyAre, {.most_operations = 1}).train_rows.size(), 1u);
}

TEST(Neighbours, are_not_sought_on_once_an_end_is_asked_for) {
  const Dataset rows = labelled(1, {1, 2}, {0, 1});
  std::atomic<bool> stop{true};
  CpuTrainer trainer({.stop = &stop});
  EXPECT_FALSE(study_neighbours(rows, rows, kAsTheyAre, trainer).has_value());
}

TEST(Neighbours, refuse_rows_that_do_not_go_together) {
  const Dataset rows = labelled(1, {1, 2}, {0, 1});
  EXPECT_THROW(studied(rows, labelled(2, {1, 2}, {0}), kAsTheyAre), std::invalid_argument);
  EXPECT_THROW(studied(rows, labelled(1, {1}, {}), kAsTheyAre), std::invalid_argument);
  EXPECT_THROW(studied(rows, rows, {}), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::test::neighbours_test
