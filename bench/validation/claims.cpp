// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/claims.hpp"

#include <algorithm>

namespace plateau::validation {
namespace {

constexpr double kHealed = 0.03;      // gained by mending a fault, at least
constexpr double kWorthwhile = 0.01;  // not gained where nothing is wrong: what a diagnosis takes as worth acting on
constexpr double kNothing = 0.005;    // gained over one class for all

Claim at_least(const char* what, double value, double least) { return {.what = what, .value = value, .least = least}; }
Claim at_most(const char* what, double value, double most) { return {.what = what, .value = value, .most = most}; }

void claim_cause(const Specification& s, const Audit& a, std::vector<Claim>& claims) {
  if (a.remedied) claims.push_back(at_least("the remedy over the user's", *a.remedied - a.user, kHealed));
  switch (s.expected.front()) {
    case VerdictCode::no_signal:
      claims.push_back(at_most("the ladder over the best guess", a.ladder - *a.bayes, kWorthwhile));
      break;
    case VerdictCode::majority:
      claims.push_back(at_most("the ladder over one class for all", a.ladder - a.majority, kNothing));
      break;
    case VerdictCode::shift:
      claims.push_back(at_least("rows like those of the training over the test rows", *a.unshifted - a.user, kHealed));
      break;
    case VerdictCode::capacity:
      if (s.rule.kind == RuleKind::wave || s.rule.kind == RuleKind::stair)
        claims.push_back({.what = "the user's", .value = a.user, .least = 0.85, .most = 0.92});
      break;
    case VerdictCode::overfit:
      claims.push_back(at_least("training rows over others", a.user_train - a.user, 0.05));
      break;
    case VerdictCode::data_limited:
      claims.push_back(
          at_least("the error that twice the rows take away", (a.ladder_at_twice - a.ladder) / (1 - a.ladder), 0.2));
      break;
    case VerdictCode::ceiling:
    case VerdictCode::label_noise:
      claims.push_back(at_most("the ladder over the user's", a.ladder - a.user, kWorthwhile));
      claims.push_back(at_most("Bayes over the user's", *a.bayes - a.user, 2 * kWorthwhile));
      break;
    case VerdictCode::embedding_limited:
      claims.push_back(at_least("the second features over the ladder", *a.second - a.ladder, kHealed));
      break;
    case VerdictCode::family_limited:
      claims.push_back(at_least("neighbours over the longest training", *a.neighbours - *a.longest, kHealed));
      break;
    case VerdictCode::solved:
      claims.push_back(at_least("the user's", a.user, 0.98));
      break;
    default:
      break;
  }
}

void claim_health(const Specification& s, const Audit& a, std::vector<Claim>& claims) {
  claims.push_back(at_most("the ladder over the user's", a.ladder - a.user, kWorthwhile));
  if (a.remedied) claims.push_back(at_most("trained layers over the user's", *a.remedied - a.user, kWorthwhile));
  if (s.rule.first_share > 0)
    claims.push_back(at_least("the user's over one class for all", a.user - a.majority, kWorthwhile));
}

}  // namespace

std::vector<Claim> claims_of(const Specification& specification, const Audit& audit) {
  std::vector<Claim> claims;
  if (specification.kind == Kind::cause) claim_cause(specification, audit, claims);
  if (specification.kind == Kind::healthy) claim_health(specification, audit, claims);
  return claims;
}

}  // namespace plateau::validation
