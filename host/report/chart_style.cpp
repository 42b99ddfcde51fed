// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Colours and type of all charts, and a chart that stands alone.
//
// The eight colours follow Okabe and Ito (Color Universal Design, 2008): its hues, darker on white and lighter on black
// until each stands out by 3:1 (WCAG 2.1, 1.4.11).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "heat_levels.hpp"
#include "plateau/report/charts.hpp"

namespace plateau {
namespace drawing {
namespace {

struct Theme {
  std::string_view paper, text, muted, axis, grid;
  std::array<std::string_view, 8> colours;
  std::array<std::array<double, 3>, 3> heat;  // red, green, blue of the lowest, the middle and the highest value
};

constexpr Theme kLight = {
    .paper = "#ffffff",
    .text = "#1b1f24",
    .muted = "#57606a",
    .axis = "#6e7781",
    .grid = "#e3e7eb",
    .colours = {"#0067a5", "#c85200", "#008a63", "#a8457f", "#a86c00", "#3a8fc9", "#7d7400", "#5c6670"},
    .heat = {{{239, 244, 249}, {86, 152, 200}, {8, 42, 94}}}};
constexpr Theme kDark = {
    .paper = "#14181d",
    .text = "#e6eaee",
    .muted = "#a7b0b9",
    .axis = "#8b949e",
    .grid = "#2b323a",
    .colours = {"#56b4e9", "#ff8f55", "#2bc79a", "#e39ac4", "#f0b429", "#8fa8ff", "#d9cb3a", "#b0b7bf"},
    .heat = {{{32, 42, 54}, {50, 122, 180}, {204, 232, 255}}}};

std::array<double, 3> heat_colour(const Theme& theme, int level) {
  const double at = 2.0 * level / (kHeatLevels - 1);
  const std::size_t first = at < 1 ? 0 : 1;
  std::array<double, 3> out{};
  for (std::size_t k = 0; k < 3; ++k)
    out[k] = std::round(theme.heat[first][k] +
                        (at - static_cast<double>(first)) * (theme.heat[first + 1][k] - theme.heat[first][k]));
  return out;
}

// WCAG 2.1: of the two, black has the higher contrast where the relative luminance L gives (L + 0.05)² > 0.05 · 1.05.
std::string_view text_on(const std::array<double, 3>& colour) {
  const auto linear = [](double part) {
    part /= 255;
    return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  const double luminance = 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);
  return (luminance + 0.05) * (luminance + 0.05) > 0.05 * 1.05 ? "#000000" : "#ffffff";
}

std::string properties(const Theme& theme) {
  std::string out = fmt::format("--chart-paper:{};--chart-text:{};--chart-muted:{};--chart-axis:{};--chart-grid:{};",
                                theme.paper, theme.text, theme.muted, theme.axis, theme.grid);
  for (std::size_t i = 0; i < theme.colours.size(); ++i) out += fmt::format("--chart-c{}:{};", i, theme.colours[i]);
  for (int i = 0; i < kHeatLevels; ++i) {
    const auto colour = heat_colour(theme, i);
    out += fmt::format("--chart-h{}:#{:02x}{:02x}{:02x};--chart-on-h{}:{};", i, static_cast<int>(colour[0]),
                       static_cast<int>(colour[1]), static_cast<int>(colour[2]), i, text_on(colour));
  }
  return out;
}

constexpr std::string_view kRules = R"(
.plateau-chart{display:block;width:100%;max-width:640px;height:auto;background:var(--chart-paper);color:var(--chart-text)}
.plateau-chart .text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--chart-text);stroke:none}
.plateau-chart .title{font-size:15px;font-weight:700}
.plateau-chart .note{font-size:12px}
.plateau-chart .muted{fill:var(--chart-muted)}
.plateau-chart .strong{font-weight:700}
.plateau-chart .halo{stroke:var(--chart-paper);stroke-width:3px;stroke-linejoin:round;paint-order:stroke}
.plateau-chart .grid{stroke:var(--chart-grid);stroke-width:1}
.plateau-chart .axis{stroke:var(--chart-axis);stroke-width:1;fill:none}
.plateau-chart .zero{stroke:var(--chart-text);stroke-width:1.2}
.plateau-chart .line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.plateau-chart .thin{stroke-width:1}
.plateau-chart .dashed{stroke-dasharray:6 4}
.plateau-chart .level{fill:none;stroke:var(--chart-text);stroke-width:1.2;stroke-dasharray:2 3}
.plateau-chart .observed{stroke:currentColor;stroke-width:2.4;stroke-dasharray:7 3}
.plateau-chart .stroke{stroke:var(--chart-text);stroke-width:2.2;fill:none}
.plateau-chart .arrow{fill:var(--chart-text);stroke:none}
.plateau-chart .connector{stroke:var(--chart-axis);stroke-width:1;stroke-dasharray:2 2}
.plateau-chart .cut{stroke:var(--chart-paper);stroke-width:2;fill:none}
.plateau-chart .band{fill:currentColor;fill-opacity:.18;stroke:none}
.plateau-chart .bar{fill:currentColor;stroke:currentColor;stroke-width:1}
.plateau-chart .pale{fill-opacity:.25;stroke-dasharray:4 2}
.plateau-chart .dot{fill:currentColor;stroke:currentColor;stroke-width:1}
.plateau-chart .hollow{fill:var(--chart-paper);stroke-width:1.8}
.plateau-chart .hit{fill:transparent;stroke:none;pointer-events:all}
.plateau-chart .mine{fill:var(--chart-text);fill-opacity:.07;stroke:none}
.plateau-chart .hatch{stroke:var(--chart-muted);stroke-width:.8;fill:none;pointer-events:none}
.plateau-chart .still{pointer-events:none}
.plateau-chart .empty{fill:var(--chart-paper);stroke:var(--chart-grid);stroke-width:1}
)";

}  // namespace
}  // namespace drawing

std::string chart_style() {
  using namespace drawing;
  const std::string light = properties(kLight), dark = properties(kDark);
  std::string out = ":root{" + light + "}\n@media (prefers-color-scheme:dark){:root{" + dark + "}}\n" +
                    ":root[data-theme=light]{" + light + "}\n:root[data-theme=dark]{" + dark + "}\n" +
                    "@media print{:root,:root[data-theme]{" + light + "}" +
                    ".plateau-chart{print-color-adjust:exact;-webkit-print-color-adjust:exact;break-inside:avoid}}";
  out += kRules;
  for (std::size_t i = 0; i < kLight.colours.size(); ++i)
    out += fmt::format(".plateau-chart .c{0}{{color:var(--chart-c{0})}}\n", i);
  for (int i = 0; i < kHeatLevels; ++i)
    out += fmt::format(
        ".plateau-chart .h{0}{{fill:var(--chart-h{0});shape-rendering:crispEdges}}.plateau-chart "
        ".on-h{0}{{fill:var(--chart-on-h{0})}}\n",
        i);
  return out;
}

namespace {
constexpr std::string_view kStandaloneHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"";
}

bool is_standalone(std::string_view text) {
  return text.starts_with(kStandaloneHead) &&
         text.substr(kStandaloneHead.size()).starts_with(" class=\"plateau-chart\" ");
}

std::string standalone(const std::string& svg) {
  const std::size_t name = svg.find("<svg");
  if (name == std::string::npos) return svg;
  const std::size_t content = svg.find('>', name);  // none in attributes: there they are escaped
  return std::string(kStandaloneHead) + svg.substr(name + 4, content + 1 - (name + 4)) + "<style>\n" + chart_style() +
         "</style>" + svg.substr(content + 1);
}

}  // namespace plateau
