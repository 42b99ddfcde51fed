// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace plateau::utf8_test {
namespace {

const std::string kReplaced = "\xEF\xBF\xBD";  // U+FFFD

TEST(Utf8, the_first_and_last_characters_of_each_length_are_well_formed) {
  // U+1, U+7F, U+80, U+7FF, U+800, U+D7FF, U+E000, U+FFFF, U+10000, U+10FFFF
  for (const std::string character : {"\x01", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                      "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(utf8_character(character + "x"), character.size());
    EXPECT_TRUE(is_utf8(character + character));
    EXPECT_EQ(well_formed_utf8(character), character);
  }
}

TEST(Utf8, longer_forms_surrogates_and_what_is_beyond_unicode_are_not) {
  for (const std::string bytes : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                                  "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(utf8_character(bytes), 0u);
    EXPECT_FALSE(is_utf8("a" + bytes));
    std::string every_byte_replaced;
    for (std::size_t i = 0; i < bytes.size(); ++i) every_byte_replaced += kReplaced;
    EXPECT_EQ(well_formed_utf8("a" + bytes + "b"), "a" + every_byte_replaced + "b");
  }
}

TEST(Utf8, a_character_that_is_cut_short_is_replaced_and_the_next_is_not) {
  EXPECT_EQ(well_formed_utf8("\xE2\x82"), kReplaced + kReplaced);
  EXPECT_EQ(well_formed_utf8("\xE2\x82x"), kReplaced + kReplaced + "x");
  EXPECT_EQ(well_formed_utf8("\xE2\xC3\xA9"), kReplaced + "\xC3\xA9");
}

TEST(Utf8, nul_is_no_name_but_stays_in_text) {
  const std::string text("a\0b", 3);
  EXPECT_FALSE(is_utf8(text));
  EXPECT_EQ(well_formed_utf8(text), text);
}

}  // namespace
}  // namespace plateau::utf8_test
