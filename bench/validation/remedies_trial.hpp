// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A problem that remedies were tried on, and what each of them is worth: by 40,000 fresh rows and by trainings of fresh
// seeds, so that neither the study's rows nor its seeds have a part in the truth.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/validation/problem.hpp"
#include "bench/validation/trial.hpp"
#include "plateau/study/remedies.hpp"

namespace plateau::validation {

struct RemediesTrial {
  std::optional<RemediesResult> result;  // none where the data were refused
  std::string refusal;
  std::vector<std::pair<Remedy, double>> truths;  // gain of accuracy of every remedy that was judged by it; a fraction
};

// None where the user wanted an end before it was complete. Truths are left out as well where the problem has no fresh
// rows.
std::optional<RemediesTrial> try_remedies(const Problem& problem, Depth depth, const std::vector<Remedy>& only,
                                          bool with_truths, Trainer& trainer);

// What the line of a result file says of it.
nlohmann::ordered_json remedies_line(const Problem& problem, std::uint32_t checksum, Depth depth,
                                     const RemediesTrial& trial);

// Rates of such lines, with Wilson's intervals: how often the placebo is called helpful; how often the remedy that is
// named first is the one that is best in truth, where that leads the second by `lead` points at least, and how much
// accuracy is given away where another is named; how much the gain of the one named lies above its truth on average;
// and how often an interval holds its truth.
nlohmann::ordered_json remedies_rates(const std::vector<nlohmann::ordered_json>& lines, double lead = 2);

}  // namespace plateau::validation
