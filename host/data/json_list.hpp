// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Lists as JSON text, ["a","b"] and [0.5,-1.25e-07], and back. Floats are written in the shortest form that reads back
// as the same float.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace plateau {

// Nothing where a string is not UTF-8.
std::optional<std::string> json_list(const std::vector<std::string>& strings);
std::string json_list(const std::vector<float>& numbers);  // finite ones

// Nothing where `text` is not such a list and nothing else, or a number has no float.
std::optional<std::vector<std::string>> strings_from_json(const std::string& text);
std::optional<std::vector<float>> numbers_from_json(const std::string& text);

}  // namespace plateau
