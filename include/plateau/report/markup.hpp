// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Text that came out of files (names of classes, columns and files), made harmless where people read it.
//
// Such text may be any bytes: markup, line ends, marks that turn the direction of what follows. Each function takes it
// as it is and gives well-formed UTF-8 of one line; none throws.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plateau {

// What cannot be seen, or not be trusted to stay in its place, as an escape such as "\u{202E}": controls (C0, DEL, C1,
// line ends among them), line and paragraph separators, bidirectional and zero-width marks, and the noncharacters that
// XML forbids. A byte that is no UTF-8 becomes U+FFFD.
std::string visible(std::string_view text);

// visible() text for the content and the quoted attribute values of HTML and SVG.
std::string escaped(std::string_view text);

// visible() text that GitHub Flavored Markdown shows as it is, in a line and in a cell of a table: no emphasis, code,
// link, autolink, mention, HTML, or end of the cell. Not for the inside of code spans.
std::string markdown_escaped(std::string_view text);

// At most so many characters (code points; a byte that is no UTF-8 counts as one). What is left out is in the middle,
// where "…" stands for it: names of runs and files begin alike, and differ at their ends. Nothing else is changed.
std::string shortened(std::string_view text, std::size_t characters);

}  // namespace plateau
