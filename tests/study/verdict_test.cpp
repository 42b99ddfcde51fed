// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/verdict.hpp"

#include <gtest/gtest.h>

#include <set>

namespace plateau::verdict_test {
namespace {

TEST(Verdict, codes_have_names_of_their_own) {
  std::set<std::string> names;
  for (int code = 0; code < kVerdictCodes; ++code) names.insert(to_string(static_cast<VerdictCode>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kVerdictCodes));
  EXPECT_EQ(names.count("evaluation-mismatch"), 1u);
  EXPECT_THROW(to_string(static_cast<VerdictCode>(kVerdictCodes)), std::invalid_argument);
}

TEST(Verdict, exit_codes_tell_faults_and_open_ends_from_answers) {
  std::set<std::string> faults;
  for (int code = 0; code < kVerdictCodes; ++code) {
    Verdict verdict{.code = static_cast<VerdictCode>(code), .grade = EvidenceGrade::proved};
    const int proved = exit_code_of(verdict);
    if (proved == 4) faults.insert(to_string(verdict.code));
    verdict.grade = EvidenceGrade::supported;
    const int expected = verdict.code == VerdictCode::inconclusive ? 3 : 0;
    EXPECT_EQ(exit_code_of(verdict), expected) << to_string(verdict.code);
    EXPECT_TRUE(proved == 4 || proved == expected) << to_string(verdict.code);
  }
  EXPECT_EQ(faults, (std::set<std::string>{"single-class", "stale-evaluation", "frozen-weights", "label-map", "leak",
                                           "evaluation-mismatch"}));
}

}  // namespace
}  // namespace plateau::verdict_test
