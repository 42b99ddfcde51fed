// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What makes a problem one of its kind, in numbers that an audit has measured.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "bench/validation/audit.hpp"

namespace plateau::validation {

// A difference of accuracies, or an accuracy, that lies within its bounds; fractions.
struct Claim {
  std::string what;
  double value = 0;
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();

  bool holds() const { return least <= value && value <= most; }  // NaN does not
};
// None of faults that fresh rows have nothing to say of, and of problems that nobody could tell.
std::vector<Claim> claims_of(const Specification& specification, const Audit& audit);

}  // namespace plateau::validation
