// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a table of remedies says to do, in words that follow from its numbers alone. Of a table that is decided.
#pragma once

#include <string>

#include "plateau/study/remedy_table.hpp"

namespace plateau {

// What to do, in a few sentences without a full stop at the end. Points of accuracy and points of balanced accuracy
// are never compared.
std::string advice(const RemedyTable& table);

// "about 900 test rows and 60 trainings of each"; where rows belong together "about 90 groups of test rows"; of what is
// there already nothing is said.
std::string needed_words(const Needed& needed, const RemedyTable& table);

}  // namespace plateau
