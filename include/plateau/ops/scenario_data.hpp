// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Rows of the three scenarios, drawn where they are trained: features, labels in both readings, and the exact rule.
//
//   scenario    features      label as described                               label as published
//   overfit     U[0,1)^2      a fair coin                                      the same
//   underfit    U[0,10)^3     1 if x^2 + y^2 + z^2 > 100                       that rule, on another point of [0,1)^3
//   ceiling     U[0,10)^2     1 if (x-5)^2 + (y-5)^2 > 50/pi, flipped w.p. 0.2 one of two fair coins, picked w.p. 0.2
//
// Row r of the views is row first_row + r of the seed's endless table, so any part of it can be drawn on its own.
// Rounding is explicit: equal bits on every device; a double instance holds the float features.
#pragma once

#include <concepts>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

enum class ScenarioKind { overfit, underfit, ceiling };
enum class LabelReading { described, published };

constexpr Index scenario_features(ScenarioKind kind) { return kind == ScenarioKind::underfit ? 3 : 2; }

constexpr float scenario_range(ScenarioKind kind) { return kind == ScenarioKind::overfit ? 1.0f : 10.0f; }

// The constants of the article: the ball's squared radius, and the disc that covers half of [0, 10)^2.
inline constexpr float kBallRadiusSquared = 100.0f;
inline constexpr float kDiscCentre = 5.0f;
inline constexpr float kDiscRadiusSquared = 15.915494f;  // 50 / pi
inline constexpr float kFlipProbability = 0.2f;

struct ScenarioRows {
  ScenarioKind kind = ScenarioKind::overfit;
  LabelReading reading = LabelReading::described;
  std::uint64_t seed = 0;
  Index first_row = 0;
};

constexpr Cost scenario_data_cost(ScenarioKind kind, Index rows) {
  const double values = double(rows) * double(scenario_features(kind));
  return {.flops = 3 * values, .bytes_read = 0, .bytes_written = 4 * values + 4.0 * double(rows)};
}

// x [R, scenario_features(kind)]    label [R]
template <class Real, Space S>
void expects_scenario_data(const ScenarioRows& rows, MatrixView<Real, S> x, SpanView<std::int32_t, S> label) {
  expects(rows.first_row >= 0, "scenario_data: first_row >= 0");
  expects(x.cols == scenario_features(rows.kind), "scenario_data: the scenario's number of features");
  expects(label.size == x.rows, "scenario_data: one label per row");
}

namespace cpu {

template <std::floating_point Real>
void scenario_data(const ScenarioRows& rows, HostMatrix<Real> x, HostSpan<std::int32_t> label);

// The described rule without its noise, for the same rows: the best prediction there is where the labels follow it.
// `overfit` has no rule; asking for one throws std::invalid_argument.
template <std::floating_point Real>
void scenario_rule(ScenarioKind kind, HostMatrix<const Real> x, HostSpan<std::int32_t> label);

}  // namespace cpu

namespace gpu {

class Stream;
void scenario_data(const Stream& stream, const ScenarioRows& rows, DeviceMatrix<float> x,
                   DeviceSpan<std::int32_t> label);

}  // namespace gpu
}  // namespace plateau
