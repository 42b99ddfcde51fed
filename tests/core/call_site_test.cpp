// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/call_site.hpp"

#include <gtest/gtest.h>

#include <string>

namespace plateau::call_site_test {
namespace {

CallSite called_from(CallSite where = CallSite::current()) { return where; }

struct Remembers {
  int value = 0;
  CallSite where = CallSite::current();
};

TEST(CallSite, is_where_a_default_argument_was_taken) {
  const CallSite here = called_from();
  EXPECT_EQ(here.line, __LINE__ - 1);
  EXPECT_TRUE(std::string(here.file).ends_with("call_site_test.cpp")) << here.file;
}

// Launch shapes are written like this.
TEST(CallSite, is_where_an_aggregate_was_initialised) {
  const Remembers here{.value = 1};
  EXPECT_EQ(here.where.line, __LINE__ - 1);
}

}  // namespace
}  // namespace plateau::call_site_test
