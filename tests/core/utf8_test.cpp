// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace plateau {
namespace {

TEST(Utf8, characters_have_the_length_that_their_first_byte_tells) {
  EXPECT_EQ(utf8_character("a"), 1u);
  EXPECT_EQ(utf8_character("\u00e9x"), 2u);
  EXPECT_EQ(utf8_character("\u65e5x"), 3u);
  EXPECT_EQ(utf8_character("\U0001f600x"), 4u);
}

// At the borders of table 3-7 of the Unicode standard.
TEST(Utf8, what_is_not_well_formed_has_none) {
  for (const std::string text : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                                 "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3(", ""})
    EXPECT_EQ(utf8_character(text), 0u) << text;
  EXPECT_EQ(utf8_character(std::string(1, '\0')), 0u);
  for (const std::string text : {"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(utf8_character(text), text.size()) << text;
}

TEST(Utf8, a_text_is_as_good_as_its_worst_character) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\u00e9\u65e5"));
  EXPECT_FALSE(is_utf8("a\u00e9\xff"));
  EXPECT_FALSE(is_utf8(std::string("a\0b", 3)));
}

}  // namespace
}  // namespace plateau
