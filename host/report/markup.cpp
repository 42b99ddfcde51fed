// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Text that came out of files, made harmless.
#include "plateau/report/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "plateau/core/utf8.hpp"

namespace plateau {
namespace {

// Of a well-formed character.
char32_t code_point_of(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(character[i])); };
  switch (character.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3:
      return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
  }
}

bool is_hidden(char32_t c) {
  const auto is_in = [c](char32_t least, char32_t most) { return least <= c && c <= most; };
  return c < 0x20 || is_in(0x7f, 0x9f) || c == 0xad || c == 0x61c || is_in(0x200b, 0x200f) || is_in(0x2028, 0x202e) ||
         is_in(0x2060, 0x2069) || c == 0xfeff || is_in(0xfff9, 0xfffb) || (c & 0xfffe) == 0xfffe ||
         is_in(0xe0000, 0xe007f);
}

bool ends_with_www(std::string_view text) {
  if (text.size() < 3) return false;
  return std::ranges::all_of(text.substr(text.size() - 3), [](char c) { return c == 'w' || c == 'W'; });
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    // NUL is a control here, where utf8_character() takes it for no text at all.
    const std::size_t length = text.front() == '\0' ? 1 : utf8_character(text);
    if (length == 0) {
      out += "\uFFFD";
      text.remove_prefix(1);
      continue;
    }
    const std::string_view character = text.substr(0, length);
    const char32_t c = code_point_of(character);
    if (is_hidden(c))
      out += fmt::format("\\u{{{:X}}}", static_cast<unsigned>(c));
    else
      out += character;
    text.remove_prefix(length);
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string markdown_escaped(std::string_view text) {
  const std::string shown = visible(text);
  // What makes a list or the underline of a heading does so at the beginning of a line only.
  const std::size_t after_digits = std::min(shown.find_first_not_of("0123456789"), shown.size());
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    const bool is_in_marker = (i == 0 && std::string_view("-+=").find(c) != std::string_view::npos) ||
                              (i > 0 && i == after_digits && (c == '.' || c == ')'));
    const bool is_www = c == '.' && ends_with_www(std::string_view(shown).substr(0, i));
    if (is_in_marker || is_www || std::string_view("\\`*_{}[]<>#|~!:&$^").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
    // An escape does not keep mail addresses and mentions from becoming links: those are looked for in the finished
    // text. A comment ends that text.
    if (c == '@') out += "<!-- -->";
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t characters) {
  if (characters == 0) return "";
  std::vector<std::size_t> begins;  // of every character, and the end
  for (std::size_t at = 0; at < text.size(); at += std::max<std::size_t>(utf8_character(text.substr(at)), 1))
    begins.push_back(at);
  begins.push_back(text.size());
  const std::size_t count = begins.size() - 1, at_end = (characters - 1) / 2, at_beginning = characters - 1 - at_end;
  if (count <= characters) return std::string(text);
  return std::string(text.substr(0, begins[at_beginning])) + "…" + std::string(text.substr(begins[count - at_end]));
}

}  // namespace plateau
