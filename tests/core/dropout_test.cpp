// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/dropout.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <utility>

namespace plateau::dropout_test {
namespace {

TEST(Dropout, gives_every_unit_of_every_row_and_layer_a_word_of_its_own) {
  std::set<std::pair<std::uint64_t, int>> places;
  for (Index layer = 0; layer < 3; ++layer)
    for (Index row = 0; row < 100; ++row)
      for (Index unit = 0; unit < 7; ++unit) {
        const DropoutPlace place = dropout_place(layer, row, unit, 7);
        EXPECT_TRUE(0 <= place.word && place.word < 4);
        EXPECT_TRUE(places.insert({place.element, place.word}).second) << layer << " " << row << " " << unit;
      }
}

TEST(Dropout, draws_once_for_rows_eight_apart) {
  for (const Index row : {0, 5, 39, 71})
    for (int k = 0; k < 4; ++k) {
      const DropoutPlace place = dropout_place(1, row / 32 * 32 + row % 8 + 8 * k, 3, 10);
      EXPECT_EQ(place.element, dropout_place(1, row / 32 * 32 + row % 8, 3, 10).element);
      EXPECT_EQ(place.word, k);
    }
}

TEST(Dropout, rows_that_begin_a_draw_take_its_first_word_and_lead_to_all_others) {
  for (Index rows = 0; rows <= 100; ++rows) {
    std::set<Index> led;
    for (Index number = 0; number < dropout_first_rows(rows); ++number) {
      const Index first = dropout_first_row(number);
      EXPECT_EQ(dropout_place(0, first, 0, 1).word, 0);
      EXPECT_LT(first, rows);
      for (int k = 0; k < kDropoutRowsOfDraw; ++k) {
        const Index row = first + k * kDropoutRowDistance;
        EXPECT_EQ(dropout_place(0, row, 0, 1).element, dropout_place(0, first, 0, 1).element);
        if (row < rows) {
          EXPECT_TRUE(led.insert(row).second) << row << " of " << rows;
        }
      }
    }
    EXPECT_EQ(static_cast<Index>(led.size()), rows);
  }
}

TEST(Dropout, draws_anew_at_every_step) {
  EXPECT_NE(draw(dropout_stream(1, 0), 0).word[0], draw(dropout_stream(1, 1), 0).word[0]);
  EXPECT_NE(draw(dropout_stream(1, 0), 0).word[0], draw(dropout_stream(2, 0), 0).word[0]);
}

TEST(Dropout, drops_the_share_that_is_asked_for) {
  for (const float rate : {0.0f, 0.1f, 0.5f, 0.9f}) {
    int dropped = 0;
    constexpr int kUnits = 40'000;
    for (Index unit = 0; unit < kUnits; ++unit) {
      const DropoutPlace place = dropout_place(0, unit % 40, unit / 40, 1000);
      dropped += !dropout_keeps(rate, draw(dropout_stream(7, 3), place.element).word[place.word]);
    }
    const double expected = static_cast<double>(rate);
    EXPECT_LE(std::abs(dropped / double{kUnits} - expected), 4 * std::sqrt(expected * (1 - expected) / kUnits));
  }
}

TEST(Dropout, scales_what_is_kept_so_that_the_mean_stays) {
  static_assert(dropout_scale(0) == 1);
  static_assert(dropout_scale(0.5f) == 2);
  static_assert(dropout_scale(0.75f) == 4);
}

}  // namespace
}  // namespace plateau::dropout_test
