// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Lines that are written over and over on a terminal: what it can show, how wide a text is there, and the bytes that
// put a frame of lines over the one before. Knows of no file descriptor: host/app writes what comes out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plateau {

// The environment variables that say what a terminal can show; empty where they are not set.
struct TerminalVariables {
  std::string_view term, no_color, lc_all, lc_ctype, lang;
};

struct TerminalKind {
  std::size_t columns = 80, rows = 24;
  bool moves = true;            // understands the cursor movements of ECMA-48
  bool unicode = false;         // UTF-8
  bool ambiguous_wide = false;  // may draw characters of ambiguous width (Unicode TR 11) in two cells
  bool colour = false;

  // Cells a line may take: never the last one, after which terminals differ in where their cursor stands.
  std::size_t width() const { return columns > 0 ? columns - 1 : 0; }
};

// The kind of a terminal of that size; a size of 0 is not known, and taken as 80 x 24. LC_ALL goes before LC_CTYPE
// before LANG (POSIX); NO_COLOR counts where it is not empty (no-color.org); a TERM that is empty or "dumb" neither
// moves nor has colours, and VT terminals and monochrome kinds ("...-m", "...-mono") have none.
TerminalKind terminal_kind(const TerminalVariables& variables, std::size_t columns, std::size_t rows);

// Cells that a text takes at most: two for each character from U+1100 on but the blocks that curves are drawn with,
// also for marks that take none. Colours (ESC [ ... m) take none.
std::size_t cells_of(std::string_view text, const TerminalKind& kind);

// A text that may come out of a file as it fits into so many cells: without controls, marks that turn the direction of
// writing, and what is no UTF-8, and in ASCII where the terminal has no more; cut, with "..." at its end where there is
// room for that.
std::string fitted(std::string_view text, std::size_t cells, const TerminalKind& kind);

// What of a view stands on the terminal. Between two calls the cursor rests at the beginning of the frame's last line,
// so that a ^C that the terminal echoes does not wrap. Whatever else is printed there must come after an erase().
class LiveScreen {
 public:
  // The bytes that put the lines, none wider than kind.width(), in the place of those that stand there. Every line is
  // written over and then erased to its end, so nothing is blank in between. Where the terminal has become narrower the
  // old lines count as wrapped, as terminals that reflow have them, and all of it is erased first. One that cannot move
  // gets the first line only.
  std::string redraw(const std::vector<std::string>& lines, const TerminalKind& kind);
  // Those that leave nothing of it, with the cursor where the first line began; empty where nothing stands.
  std::string erase(const TerminalKind& kind);

 private:
  std::string to_the_top(const TerminalKind& kind) const;

  std::vector<std::size_t> widths_;  // of the lines that stand there
  std::size_t columns_ = 0;          // of the terminal when they were drawn
};

}  // namespace plateau
