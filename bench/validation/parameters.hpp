// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A specification as JSON: every number that makes the problem what it is.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "bench/validation/problem.hpp"

namespace plateau::validation {

nlohmann::ordered_json parameters(const Specification& specification);
nlohmann::ordered_json training(const Run& run);

}  // namespace plateau::validation
