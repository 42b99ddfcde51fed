// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How the summaries that a person reads are laid out and worded.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/model/run.hpp"
#include "plateau/report/environment.hpp"
#include "plateau/report/markup.hpp"

namespace plateau {

inline constexpr std::size_t kWidth = 80;  // columns
inline constexpr std::size_t kIndent = 13;

// "Label        text", wrapped at word boundaries and indented below the first line.
inline void paragraph(std::string& out, std::string_view label, std::string_view text, std::size_t indent = kIndent,
                      std::size_t width = kWidth) {
  out += fmt::format("{:<{}}", label, indent);
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

// The first line of a summary, between two empty ones.
inline void heading(std::string& out, std::string_view text) {
  out += '\n';
  paragraph(out, "", text, 0);
  out += '\n';
}

inline void list(std::string& out, std::string_view label, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) paragraph(out, i == 0 ? label : "", "- " + lines[i]);
}

// Text that holds what came out of a file: line ends and other controls as '?', and what turns the direction of text or
// cannot be seen as an escape (markup.hpp).
inline std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  return visible(text);
}

// A name out of a file as it fits into a line: without line ends and other controls, and not endless.
inline std::string one_line(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  return printable(shortened(text, kLongest));
}

// Characters that a terminal shows, of UTF-8.
inline std::size_t terminal_width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}
inline std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, terminal_width(text)), ' ');
}

// The cells of a table, line by line; the first line is its head.
using Cells = std::vector<std::vector<std::string>>;

inline std::vector<std::size_t> column_widths(const Cells& lines) {
  std::vector<std::size_t> widest(lines.front().size(), 0);
  for (const auto& line : lines)
    for (std::size_t j = 0; j < line.size(); ++j) widest[j] = std::max(widest[j], terminal_width(line[j]));
  return widest;
}

// The first cells of a line, right-aligned, as many as there are widths.
inline std::string aligned(const std::vector<std::string>& line, const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t j = 0; j < std::min(line.size(), widths.size()); ++j)
    text += fmt::format("{}{}{}", j == 0 ? "" : "  ", std::string(widths[j] - terminal_width(line[j]), ' '), line[j]);
  return text;
}

// Which columns stand side by side so that a line has kWidth columns at most, block by block: those that do not fit
// stand below, beside the first `keys` columns again. No block has a single column beside them where the one before can
// spare one. What is wider alone than the line stands alone.
inline std::vector<std::vector<std::size_t>> column_blocks(const std::vector<std::size_t>& widths, std::size_t keys) {
  std::vector<std::size_t> of_keys;
  std::size_t key_width = 0;
  for (std::size_t j = 0; j < std::min(keys, widths.size()); ++j) {
    of_keys.push_back(j);
    key_width += widths[j] + 2;
  }
  std::vector<std::vector<std::size_t>> blocks{of_keys};
  std::size_t width = key_width;
  for (std::size_t j = keys; j < widths.size(); ++j) {
    if (blocks.back().size() > keys && width + widths[j] > kWidth) {
      blocks.push_back(of_keys);
      width = key_width;
    }
    blocks.back().push_back(j);
    width += widths[j] + 2;
  }
  if (blocks.size() > 1 && blocks.back().size() == keys + 1) {
    std::vector<std::size_t>& before = blocks[blocks.size() - 2];
    if (before.size() > keys + 2 && width + widths[before.back()] <= kWidth) {
      blocks.back().insert(blocks.back().end() - 1, before.back());
      before.pop_back();
    }
  }
  return blocks;
}

// Right-aligned, each column as wide as it must be; in blocks where that is too wide for a line.
inline void table(std::string& out, const Cells& lines, std::size_t keys = 1) {
  const std::vector<std::size_t> widths = column_widths(lines);
  for (const std::vector<std::size_t>& block : column_blocks(widths, keys)) {
    std::vector<std::size_t> of_block;
    of_block.reserve(block.size());
    for (const std::size_t j : block) of_block.push_back(widths[j]);
    out += '\n';
    for (const auto& line : lines) {
      std::vector<std::string> cells;
      cells.reserve(block.size());
      for (const std::size_t j : block) cells.push_back(j < line.size() ? line[j] : "");
      const std::string text = aligned(cells, of_block);
      out += text.substr(0, text.find_last_not_of(' ') + 1) + '\n';
    }
  }
}

// The same, but for the last column: words, which begin below each other and go on below where a line of so many
// columns is full.
inline void table_with_words(std::string& out, const Cells& lines, std::size_t columns) {
  std::vector<std::size_t> widths = column_widths(lines);
  widths.pop_back();
  out += '\n';
  for (const auto& line : lines) {
    const std::string cells = aligned(line, widths) + "  ";
    paragraph(out, cells, line.back(), terminal_width(cells), columns);
  }
}

// Relative change of a layer in a round, as a table has it; a layer of zeros has none.
inline std::string layer_cell(double change) {
  return std::isfinite(change) ? fmt::format("{:.3g} %", 100 * change) : "-";
}
inline constexpr std::size_t kLayersTabled = 6;  // of more the table has none

// "36 runs", "1 run".
inline std::string counted(Index count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// "8 s", "2 min 10 s", "3 h 5 min".
inline std::string rough_time(double seconds) {
  const auto whole = static_cast<Index>(std::ceil(std::min(seconds, 1e9)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

inline std::string_view optimizer_name(const Optimizer& optimizer) {
  const auto* const adam = std::get_if<AdamParameters>(&optimizer);
  if (adam == nullptr) return "sgd";
  return adam->decay_kind == WeightDecay::decoupled ? "adamw" : "adam";
}

inline std::string_view engine_name(const ExecutionPlan& plan) {
  return plan.fused ? "fused engine" : "layered engine";
}

// "on cuda (Some GPU, fused engine)"; on the CPU there is one engine, and it is not named.
inline std::string measured_on(const Environment& environment, std::string_view engine = {}) {
  std::string where = environment.device_name;
  if (!environment.gpu)
    where += fmt::format(", {}", counted(environment.workers, "thread"));
  else if (!engine.empty())
    where += fmt::format(", {}", engine);
  if (environment.device == "emulated") where += "; its times are not those of a GPU";
  return fmt::format("on {} ({})", environment.device, where);
}
inline std::string measured(const Environment& environment, std::string_view engine, const std::string& times) {
  return fmt::format("{}: {}", measured_on(environment, engine), times);
}

}  // namespace plateau
