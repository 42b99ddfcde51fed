// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The line of a result file for one problem; docs/validation.md describes it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "bench/validation/audit.hpp"
#include "bench/validation/rounds_trial.hpp"
#include "bench/validation/trial.hpp"

namespace plateau::validation {

// What both kinds of lines begin with: the problem, its parameters, and what it was made by. `checksum` is its part's.
nlohmann::ordered_json heading(const Problem& problem, std::uint32_t checksum);

nlohmann::ordered_json trial_line(const Problem& problem, std::uint32_t checksum, Depth depth, const Trial& trial);
nlohmann::ordered_json rounds_line(const Problem& problem, std::uint32_t checksum, Depth depth,
                                   const RoundsTrial& trial);
nlohmann::ordered_json audit_line(const Problem& problem, std::uint32_t checksum, const Audit& audit);

}  // namespace plateau::validation
