// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What the tests of the charts look for in them, and what must hold of every one.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "../../host/report/svg.hpp"
#include "report/xml.hpp"

namespace plateau {

using xml::Element;

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kDrawn = 0.011;  // attributes have two decimals

inline double at(const Element& element, const std::string& name) { return std::stod(element.attributes.at(name)); }

// The elements of a chart that have the class.
inline std::vector<Element> with_class(const std::string& chart, const std::string& name) {
  std::vector<Element> out;
  for (const Element& element : xml::elements(chart))
    if (element.attributes.contains("class") &&
        (" " + element.attributes.at("class") + " ").find(" " + name + " ") != std::string::npos)
      out.push_back(element);
  return out;
}
inline std::vector<Element> marked(const std::string& chart, const std::string& name, const std::string& title) {
  auto out = with_class(chart, name);
  std::erase_if(out, [&](const Element& e) { return !e.title.starts_with(title); });
  return out;
}
inline bool has_text(const std::string& chart, const std::string& text) {
  return std::ranges::any_of(xml::elements(chart),
                             [&](const Element& e) { return e.name == "text" && e.text == text; });
}

// What must hold of every chart: well-formed, nothing that is no number in an attribute, all text inside.
inline void expect_sound(const std::string& chart) {
  std::vector<Element> all;
  ASSERT_NO_THROW(all = xml::elements(chart)) << chart.substr(0, 400);
  ASSERT_EQ(all.front().name, "svg");
  EXPECT_EQ(all.front().attributes.at("role"), "img");
  EXPECT_EQ(all.front().attributes.at("viewBox"), "0 0 440 " + all.front().attributes.at("height"));
  const double height = at(all.front(), "height");
  for (const Element& element : all) {
    for (const auto& [name, value] : element.attributes) {
      if (name == "aria-label" || name == "class" || name == "role") continue;
      EXPECT_EQ(value.find("nan"), std::string::npos) << name << '=' << value;
      EXPECT_EQ(value.find("inf"), std::string::npos) << name << '=' << value;
    }
    if (element.name != "text") continue;
    const std::string& classes = element.attributes.at("class");
    const auto size = classes.find("title") != std::string::npos  ? drawing::TextSize::title
                      : classes.find("note") != std::string::npos ? drawing::TextSize::note
                                                                  : drawing::TextSize::label;
    const double strong = classes.find("strong") != std::string::npos ? 1.12 : 1;
    const double width = strong * drawing::text_width(element.text, size), x = at(element, "x"), y = at(element, "y");
    if (element.attributes.contains("transform")) {  // upwards from its baseline
      EXPECT_GE(y - width, 0) << element.text;
      EXPECT_LE(x, drawing::kWide) << element.text;
      continue;
    }
    const auto anchor = element.attributes.find("text-anchor");
    const double left = anchor == element.attributes.end() ? x : anchor->second == "end" ? x - width : x - width / 2;
    EXPECT_GE(left, -kDrawn) << element.text;
    EXPECT_LE(left + width, drawing::kWide + kDrawn) << element.text;
    EXPECT_GE(y - static_cast<double>(size), -kDrawn) << element.text;
    EXPECT_LE(y + 3, height) << element.text;
  }
}

}  // namespace plateau
