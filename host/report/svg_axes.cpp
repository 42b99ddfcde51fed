// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Scales, ticks and axes of the charts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "svg.hpp"

namespace plateau::drawing {
namespace {

constexpr double kTickText = 17, kAxisName = 18;  // heights of their lines

double widened(double low, double high, bool logarithmic, double part, int side) {
  if (logarithmic) return (side < 0 ? low : high) * std::pow(high / low, side * part);
  return (side < 0 ? low : high) + side * part * (high - low);
}

// Values that do not differ get some room around them.
void keep_apart(Range& range, bool low_is_fixed, bool high_is_fixed) {
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low > 1e-9 * size) return;
  if (range.logarithmic) {
    if (!low_is_fixed) range.low /= 2;
    if (!high_is_fixed || low_is_fixed) range.high *= 2;
    return;
  }
  const double room = size == 0 ? 1 : size / 10;
  if (!low_is_fixed) range.low -= room;
  if (!high_is_fixed || low_is_fixed) range.high += room;
}

std::vector<Tick> linear_ticks(const Range& range, int about) {
  const double raw = (range.high - range.low) / about;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double of_power = raw / power * (1 - 1e-9);
  double step = power * (of_power <= 1 ? 1 : of_power <= 2 ? 2 : of_power <= 5 ? 5 : 10);
  if (range.whole) step = std::max(step, 1.0);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  const int digits = std::clamp(static_cast<int>(std::ceil(std::log10(size / step))) + 1, 1, 12);
  std::vector<Tick> out;
  for (double i = std::ceil(range.low / step - 1e-6); i <= range.high / step + 1e-6 && out.size() < 30; ++i) {
    const double value = i == 0 ? 0 : i * step;
    const bool is_plain = size < 1e7 && decimals <= 5;
    out.push_back({value, is_plain ? fmt::format("{:.{}f}", value, decimals) : shown(value, digits)});
  }
  return out;
}

std::vector<Tick> logarithmic_ticks(const Range& range, int about) {
  const int first = static_cast<int>(std::floor(std::log10(range.low))) - 1;
  const int last = static_cast<int>(std::ceil(std::log10(range.high))) + 1;
  const double decades = std::log10(range.high / range.low);
  const int every = std::max(1, static_cast<int>(std::ceil(decades / about)));
  std::vector<Tick> out;
  for (int e = first; e <= last; ++e) {
    if (((e % every) + every) % every != 0) continue;
    for (const int factor : {1, 2, 5}) {
      const double value = factor * std::pow(10, e);
      if ((factor > 1 && decades * 3 > about) || value < range.low * (1 - 1e-9) || value > range.high * (1 + 1e-9))
        continue;
      out.push_back({value, shown(value)});
    }
  }
  return out;
}

// Whether labels of this width fit beside each other below the axis.
bool fit_beside(const std::vector<Tick>& all, const Scale& scale) {
  for (std::size_t i = 1; i < all.size(); ++i) {
    const double room = (text_width(all[i].text, TextSize::label) + text_width(all[i - 1].text, TextSize::label)) / 2;
    if (std::abs(scale.at(all[i].value) - scale.at(all[i - 1].value)) < room + 10) return false;
  }
  return true;
}

}  // namespace

bool drawable_on(const Axis& axis, double value) { return drawable(value) && (!axis.logarithmic || value >= 1e-100); }

std::optional<Range> range_of(const Axis& axis, const std::vector<double>& values, double widened_by) {
  std::optional<double> low, high;
  for (const double value : values) {
    if (!drawable_on(axis, value)) continue;
    low = std::min(low.value_or(value), value);
    high = std::max(high.value_or(value), value);
  }
  if (!low) return {};
  Range range{.low = widened(*low, *high, axis.logarithmic, widened_by, -1),
              .high = widened(*low, *high, axis.logarithmic, widened_by, 1),
              .logarithmic = axis.logarithmic};
  const bool low_is_fixed = axis.low && drawable_on(axis, *axis.low) && !(axis.high && *axis.low >= *axis.high);
  const bool high_is_fixed = axis.high && drawable_on(axis, *axis.high) && !(axis.low && *axis.low >= *axis.high);
  if (low_is_fixed) range.low = *axis.low;
  if (high_is_fixed) range.high = *axis.high;
  // All values beyond the one end that is given: the other is made up.
  if (range.high < range.low) (high_is_fixed ? range.low : range.high) = high_is_fixed ? range.high : range.low;
  keep_apart(range, low_is_fixed, high_is_fixed);
  return range;
}

double Scale::at(double value) const {
  if (range.logarithmic)
    return from + (to - from) * std::log(std::max(value, 1e-100) / range.low) / std::log(range.high / range.low);
  return from + (to - from) * ((value - range.low) / (range.high - range.low));
}

double Scale::within(double value) const { return at(std::clamp(value, range.low, range.high)); }

std::vector<Tick> ticks(const Range& range, int about) {
  if (range.logarithmic)
    if (auto out = logarithmic_ticks(range, about); out.size() >= 2) return out;
  auto out = linear_ticks(range, about);
  if (range.difference)
    for (Tick& tick : out) tick.text = with_sign(tick.text);
  return out;
}

double widest(const std::vector<Tick>& all) {
  double width = 0;
  for (const Tick& tick : all) width = std::max(width, text_width(tick.text, TextSize::label));
  return width;
}

void horizontal_axis(Canvas& canvas, const Scale& scale, const Box& box, std::string_view label) {
  std::vector<Tick> all;
  for (int about = 7; about >= 1; --about)
    if (all = ticks(scale.range, about); fit_beside(all, scale)) break;
  if (!fit_beside(all, scale)) all.resize(1);
  for (const Tick& tick : all) {
    const double x = scale.at(tick.value);
    const double half = text_width(tick.text, TextSize::label) / 2;
    canvas.line(x, box.top, x, box.bottom, "grid");
    canvas.line(x, box.bottom, x, box.bottom + 4, "axis");
    canvas.text(std::clamp(x, half + 1, kWide - half - 1), box.bottom + kTickText, tick.text,
                {.anchor = Anchor::middle});
  }
  canvas.line(box.left, box.bottom, box.right, box.bottom, "axis");
  canvas.advance(box.bottom + kTickText + 5 - canvas.y());
  if (label.empty()) return;
  const double half =
      std::min(text_width(fitted(label, TextSize::label, kWide - 2 * kEdge), TextSize::label) / 2, kWide / 2 - kEdge);
  canvas.text(std::clamp((box.left + box.right) / 2, kEdge + half, kWide - kEdge - half), canvas.y() + 13, label,
              {.anchor = Anchor::middle, .width = kWide - 2 * kEdge, .classes = "muted"});
  canvas.advance(kAxisName);
}

void vertical_axis(Canvas& canvas, const Scale& scale, const Box& box) {
  for (const Tick& tick : ticks(scale.range, 5)) {
    const double y = scale.at(tick.value);
    canvas.line(box.left, y, box.right, y, "grid");
    canvas.text(box.left - 6, y + 4.5, tick.text, {.anchor = Anchor::end});
  }
  canvas.line(box.left, box.top, box.left, box.bottom, "axis");
}

void axis_name(Canvas& canvas, std::string_view label) {
  if (label.empty()) return;
  canvas.text(kEdge, canvas.y() + 13, label, {.width = kWide - 2 * kEdge, .classes = "muted"});
  canvas.advance(kAxisName);
}

double room_for_ticks(const Range& range) { return kEdge + widest(ticks(range, 5)) + 6; }

}  // namespace plateau::drawing
