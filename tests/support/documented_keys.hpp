// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Pages name every key of the JSON that they describe, in backticks.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace plateau::test {

// The page docs/NAME from `heading` on; empty, which is a failure, where there is no such heading.
inline std::string page_from(const std::string& name, const std::string& heading) {
  std::ifstream file(std::string(PLATEAU_TEST_DATA) + "/../../docs/" + name);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::size_t start = page.find(heading);
  EXPECT_NE(start, std::string::npos) << name << ": " << heading;
  return start == std::string::npos ? "" : page.substr(start);
}

inline void expect_documented_key(const std::string& key, const std::string& page) {
  EXPECT_NE(page.find("`" + key + "`"), std::string::npos) << key;
}

// All keys of `json` and within it, but for what stands within `elsewhere`, of which other pages tell.
inline void expect_documented(const nlohmann::json& json, const std::string& page,
                              const std::set<std::string>& elsewhere = {}) {
  for (const auto& [key, value] : json.items()) {
    if (json.is_object()) expect_documented_key(key, page);
    if (value.is_structured() && !elsewhere.contains(key)) expect_documented(value, page);
  }
}

}  // namespace plateau::test
