// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "support/selection.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace plateau::test {
namespace {

// Of the tests whose source's path ends in `file`: their names, as GoogleTest takes them. Empty: there are none.
std::string filter_of(const std::string& file) {
  std::string filter;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const testing::TestInfo& test = *suite.GetTestInfo(t);
      if (std::string(test.file()).ends_with("/" + file)) filter += std::string(suite.name()) + "." + test.name() + ":";
    }
  }
  return filter;
}

}  // namespace

bool select_tests(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc == 1) return true;
  const std::string file = argc == 3 && std::string(argv[1]) == "--file" ? argv[2] : "";
  const std::string filter = file.empty() ? "" : filter_of(file);
  if (filter.empty()) {
    std::printf("%s: no test of the file %s; --file FOLDER/NAME_test.cpp leaves the tests of one\n", argv[0],
                file.empty() ? argv[1] : file.c_str());
    return false;
  }
  if (GTEST_FLAG_GET(filter) == "*") GTEST_FLAG_SET(filter, filter);
  return true;
}

}  // namespace plateau::test
