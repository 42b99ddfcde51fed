// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Class names of a table's target and their ids, as csv.hpp says (csv.cpp).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "plateau/data/dataset.hpp"

namespace plateau {

// The map of these names, all different, and the id of each.
std::pair<ClassMap, std::vector<std::int32_t>> class_map(const std::vector<std::string>& names);

}  // namespace plateau
