// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Tables of text with separators: CSV as RFC 4180 has it and as pandas and spreadsheets write it, plain or gzip.
//
//   text        UTF-8, perhaps with a byte order mark. Lines end in LF or CRLF, the last one perhaps in nothing
//   separator   of ',', ';' and tab the one that the first line holds most of outside quotes; of equals, in this order
//   fields      spaces around a field do not count. Within "quotes" a field holds separators, line ends and, doubled,
//               quotes; a quote in a field that does not begin with one is a character like any other
//   lines       all with as many fields as the first one. Empty ones are ignored behind the last row, else refused
//   header      a first line that has a column that an option names, or a text that is no number in a column of
//               features; an empty field or one like "nan" is no such text. So a header of numbers only is taken for a
//               row unless ReadOptions::header says that it is there. Names differ; a column without one is "Unnamed:
//               3"
//   features    decimal numbers as 1, +1, -.5 or 1e-3, each rounded to the nearest float, which is 0 for 1e-400.
//   Refused
//               are what has no value (empty, nan, NA, null, None, ?), infinities, what is too large for a float, and
//               all other text
//   target      any text is the name of a class. Where all names are whole numbers, perhaps with a sign, leading zeros
//               or a fraction of zeros ("1.0"), they are these numbers, in ascending order; otherwise names are as
//               written, in the order of their bytes. Ids count from 0. At most kMaxClasses
//   group       any text, numbered by first occurrence
//
// The file is read once, in blocks: what it takes is the matrix and a few megabytes. Messages count lines from 1, as
// editors do, and columns without a name from 0.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "plateau/data/dataset.hpp"

namespace plateau {

inline constexpr Index kMaxCsvRowBytes = Index{1} << 25;  // so a quote that is never closed does not take all memory

// At least one row and one feature. Throws InputError, which names the file, the line and the column.
Dataset read_csv(const std::filesystem::path& path, const ReadOptions& options = {});

// The lines of a table as text, one after another from the first one on, which may be a header: the number of the line,
// and its fields without quotes and the spaces around them. What `take` throws ends the reading. Throws InputError as
// read_csv() does for what is no table.
using TakeText = std::function<void(Index line, const std::vector<std::string>& fields)>;
void read_csv_text(const std::filesystem::path& path, const TakeText& take);

}  // namespace plateau
