// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A strict reader of the little XML that charts are made of: elements, attributes in double quotes, text, the five
// entities and decimal references. What is not well-formed throws.
#pragma once

#include <algorithm>
#include <cctype>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plateau::xml {

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;  // unescaped
  std::string text;                               // its own, unescaped
  std::string title;                              // the text of its child <title>
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::vector<Element> elements() {
    while (true) {
      const std::string between = unescaped(until('<'));
      if (!open_.empty())
        out_[open_.back()].text += between;
      else
        expects(between.find_first_not_of(" \n") == std::string::npos, "text outside the element");
      if (rest_.empty()) break;
      read_tag();
    }
    expects(open_.empty() && !out_.empty(), "an element does not end");
    return std::move(out_);
  }

 private:
  static void expects(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
  }

  std::string_view until(char c) {
    const std::size_t end = std::min(rest_.find(c), rest_.size());
    const std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return out;
  }
  void take(std::string_view expected) {
    expects(rest_.starts_with(expected), "an unexpected character");
    rest_.remove_prefix(expected.size());
  }
  std::string name() {
    std::size_t end = 0;
    while (end < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[end])) || rest_[end] == '-')) ++end;
    expects(end > 0, "a name is missing");
    const std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return out;
  }

  void read_tag() {
    take("<");
    if (rest_.starts_with('/')) {
      take("/");
      expects(!open_.empty() && name() == out_[open_.back()].name, "an end without its beginning");
      take(">");
      return close();
    }
    expects(!open_.empty() || out_.empty(), "a second element at the top");
    Element element;
    element.name = name();
    while (rest_.starts_with(' ')) {
      take(" ");
      const std::string attribute = name();
      take("=\"");
      const std::string_view value = until('"');
      expects(value.find('<') == std::string_view::npos, "'<' in an attribute");
      expects(element.attributes.emplace(attribute, unescaped(value)).second, "an attribute twice");
      take("\"");
    }
    out_.push_back(std::move(element));
    open_.push_back(out_.size() - 1);
    if (rest_.starts_with('/')) {
      take("/>");
      return close();
    }
    take(">");
  }

  void close() {
    const Element& closed = out_[open_.back()];
    open_.pop_back();
    if (closed.name == "title" && !open_.empty()) out_[open_.back()].title = closed.text;
  }

  static std::string unescaped(std::string_view text) {
    static const std::map<std::string_view, char> kEntities = {{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                                                               {"quot", '"'}, {"apos", '\''}, {"#39", '\''}};
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      expects(static_cast<unsigned char>(text[i]) >= ' ' || text[i] == '\n', "a control");
      if (text[i] != '&') {
        out += text[i];
        continue;
      }
      const std::size_t end = text.find(';', i);
      const auto entity =
          end == std::string_view::npos ? kEntities.end() : kEntities.find(text.substr(i + 1, end - i - 1));
      expects(entity != kEntities.end(), "an '&' that begins no entity");
      out += entity->second;
      i = end;
    }
    return out;
  }

  std::string_view rest_;
  std::vector<Element> out_;
  std::vector<std::size_t> open_;  // indices, innermost last
};

// In the order of their beginnings.
inline std::vector<Element> elements(std::string_view text) { return Reader(text).elements(); }

}  // namespace plateau::xml
