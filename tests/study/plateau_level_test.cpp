// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/plateau_level.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "plateau/core/random.hpp"

namespace plateau::plateau_level_test {
namespace {

CorrectBits bits(Index epochs, Index rows, const std::function<bool(Index epoch, Index row)>& right) {
  std::vector<std::uint32_t> words(static_cast<std::size_t>(epochs * correct_words(rows)), 0);
  for (Index e = 0; e < epochs; ++e)
    for (Index r = 0; r < rows; ++r)
      if (right(e, r)) words[static_cast<std::size_t>(e * correct_words(rows) + r / 32)] |= 1u << (r % 32);
  return {std::move(words), epochs, rows};
}

TEST(PlateauLevel, is_the_mean_of_the_last_tenth) {
  const PlateauLevel level = plateau_level(bits(100, 50, [](Index e, Index r) { return e >= 90 && r < 40; }));
  EXPECT_DOUBLE_EQ(level.level, 0.8);
  EXPECT_EQ(level.epochs, 10);
  EXPECT_NEAR(level.interval.low, wilson_interval(0.8, 50).low, 1e-15);
  EXPECT_EQ(level_epochs(5), 1);
  EXPECT_EQ(level_epochs(500), 50);
}

TEST(PlateauLevel, a_flat_curve_is_a_plateau_from_the_start) {
  const PlateauLevel level = plateau_level(bits(60, 100, [](Index, Index r) { return r % 3 == 0; }));
  ASSERT_TRUE(level.since.has_value());
  EXPECT_EQ(*level.since, 0);
}

TEST(PlateauLevel, a_jump_ends_before_the_plateau_begins) {
  const PlateauLevel level = plateau_level(bits(200, 100, [](Index e, Index r) { return e < 80 ? r < 50 : r < 90; }));
  ASSERT_TRUE(level.since.has_value());
  // Half of the tail may hold a few epochs from before the jump: 0.01 of mean change over (200 - e) / 2 epochs, at the
  // one-sided bound.
  EXPECT_LE(*level.since, 80);
  EXPECT_GE(*level.since, 75);
}

TEST(PlateauLevel, a_rising_curve_shows_none) {
  // One more row right every epoch: 200 epochs climb over all rows, and halves always differ by more than a point.
  const PlateauLevel level = plateau_level(bits(200, 200, [](Index e, Index r) { return r <= e; }));
  EXPECT_FALSE(level.since.has_value());
}

TEST(PlateauLevel, equal_accuracy_of_other_rows_is_not_enough_on_few_rows) {
  // The accuracy is 0.5 throughout, but every row changes sides half way: with 100 rows a change of several points of
  // the underlying accuracy could hide behind it.
  const PlateauLevel level =
      plateau_level(bits(40, 100, [](Index e, Index r) { return e < 20 ? r % 2 == 0 : (r / 2) % 2 == 0; }));
  ASSERT_TRUE(level.since.has_value());
  EXPECT_EQ(*level.since, 20);
}

TEST(PlateauLevel, needs_twenty_epochs_and_two_rows) {
  EXPECT_FALSE(plateau_level(bits(19, 50, [](Index, Index) { return true; })).since.has_value());
  EXPECT_TRUE(plateau_level(bits(20, 50, [](Index, Index) { return true; })).since.has_value());
  EXPECT_FALSE(plateau_level(bits(50, 1, [](Index, Index) { return true; })).since.has_value());
}

// Rows that flicker at random around a constant accuracy are at their plateau; enough rows must show it, and few
// cannot.
TEST(PlateauLevel, flicker_is_a_plateau_if_there_are_rows_enough_to_tell) {
  const auto flicker = [](Index e, Index r) {
    return uniform(draw({5, StreamId::augmentation}, static_cast<std::uint64_t>(e * 10000 + r)).word[0]) < 0.7f;
  };
  EXPECT_TRUE(plateau_level(bits(100, 2000, flicker)).since.has_value());
  EXPECT_FALSE(plateau_level(bits(100, 20, flicker)).since.has_value());
}

TEST(RowAccuracy, is_the_share_of_the_epochs) {
  const CorrectBits correct = bits(10, 40, [](Index e, Index r) { return e % 2 == 0 || r == 33; });
  const std::vector<double> rows = row_accuracy(correct, 2, 4);
  EXPECT_EQ(rows.size(), 40u);
  EXPECT_DOUBLE_EQ(rows[0], 0.5);
  EXPECT_DOUBLE_EQ(rows[33], 1.0);
  EXPECT_THROW(row_accuracy(correct, 8, 3), std::invalid_argument);
  EXPECT_THROW(row_accuracy(correct, 0, 0), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::plateau_level_test
