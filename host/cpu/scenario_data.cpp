// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/scenario_data.hpp"

#include "plateau/core/random.hpp"
#include "plateau/core/rounded.hpp"

namespace plateau {
namespace {

std::int32_t outside_ball(float x, float y, float z) {
  return add_rn(add_rn(mul_rn(x, x), mul_rn(y, y)), mul_rn(z, z)) > kBallRadiusSquared;
}

std::int32_t outside_disc(float x, float y) {
  const float dx = sub_rn(x, kDiscCentre), dy = sub_rn(y, kDiscCentre);
  return add_rn(mul_rn(dx, dx), mul_rn(dy, dy)) > kDiscRadiusSquared;
}

template <class Real>
std::int32_t exact_rule(ScenarioKind kind, const Real* x) {
  const auto feature = [&](int j) { return static_cast<float>(x[j]); };
  return kind == ScenarioKind::underfit ? outside_ball(feature(0), feature(1), feature(2))
                                        : outside_disc(feature(0), feature(1));
}

template <class Real>
std::int32_t row_label(const ScenarioRows& rows, std::uint64_t row, const Real* x) {
  const PhiloxCounter label = draw({rows.seed, StreamId::labels}, row);
  const bool noisy = uniform(draw({rows.seed, StreamId::label_noise}, row).word[0]) < kFlipProbability;
  switch (rows.kind) {
    case ScenarioKind::overfit:
      return coin(label.word[0]);
    case ScenarioKind::underfit:
      if (rows.reading == LabelReading::described) return exact_rule(rows.kind, x);
      return outside_ball(uniform(label.word[0]), uniform(label.word[1]), uniform(label.word[2]));
    case ScenarioKind::ceiling:
      if (rows.reading == LabelReading::described) return exact_rule(rows.kind, x) ^ std::int32_t{noisy};
      return noisy ? coin(label.word[0]) : 1 - coin(label.word[1]);
  }
  throw std::invalid_argument("scenario_data: unknown scenario");
}

}  // namespace

template <std::floating_point Real>
void cpu::scenario_data(const ScenarioRows& rows, HostMatrix<Real> x, HostSpan<std::int32_t> label) {
  expects_scenario_data<Real, Space::host>(rows, x, label);
  const float range = scenario_range(rows.kind);
  for (Index r = 0; r < x.rows; ++r) {
    const auto row = static_cast<std::uint64_t>(rows.first_row + r);
    for (Index j = 0; j < x.cols; ++j) {
      const std::uint64_t element = row * static_cast<std::uint64_t>(x.cols) + static_cast<std::uint64_t>(j);
      x.row(r)[j] = mul_rn(range, uniform(draw({rows.seed, StreamId::features}, element).word[0]));
    }
    label.data[r] = row_label(rows, row, x.row(r));
  }
}

template <std::floating_point Real>
void cpu::scenario_rule(ScenarioKind kind, HostMatrix<const Real> x, HostSpan<std::int32_t> label) {
  expects(kind != ScenarioKind::overfit, "scenario_rule: overfit has no rule, its labels are coin flips");
  expects(x.cols == scenario_features(kind), "scenario_rule: the scenario's number of features");
  expects(label.size == x.rows, "scenario_rule: one label per row");
  for (Index r = 0; r < x.rows; ++r) label.data[r] = exact_rule(kind, x.row(r));
}

template void cpu::scenario_data<float>(const ScenarioRows&, HostMatrix<float>, HostSpan<std::int32_t>);
template void cpu::scenario_data<double>(const ScenarioRows&, HostMatrix<double>, HostSpan<std::int32_t>);
template void cpu::scenario_rule<float>(ScenarioKind, HostMatrix<const float>, HostSpan<std::int32_t>);
template void cpu::scenario_rule<double>(ScenarioKind, HostMatrix<const double>, HostSpan<std::int32_t>);
}  // namespace plateau
