// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// scenario_data: rows of the three scenarios, drawn where they are trained.
//
//   formula   include/plateau/ops/scenario_data.hpp; every operation is rounded once, so the bits are the CPU twin's
//   shapes    x [R, 2 or 3] f32 row-major (any stride)    label [R] i32
//   traffic   4 R F + 4 R bytes written (scenario_data_cost)
//   roofline  ten rounds of Philox for every four bytes: compute-bound; once per run
//   mapping   a thread per row
#include "plateau/ops/scenario_data.hpp"

#include "detail/elements.cuh"
#include "plateau/core/random.hpp"
#include "plateau/core/rounded.hpp"

namespace plateau::gpu {
namespace {

__device__ std::int32_t outside_ball(float x, float y, float z) {
  return add_rn(add_rn(mul_rn(x, x), mul_rn(y, y)), mul_rn(z, z)) > kBallRadiusSquared;
}

__device__ std::int32_t outside_disc(float x, float y) {
  const float dx = sub_rn(x, kDiscCentre), dy = sub_rn(y, kDiscCentre);
  return add_rn(mul_rn(dx, dx), mul_rn(dy, dy)) > kDiscRadiusSquared;
}

__device__ std::int32_t row_label(const ScenarioRows& rows, std::uint64_t row, const float* x) {
  const PhiloxCounter label = draw({rows.seed, StreamId::labels}, row);
  const bool noisy = uniform(draw({rows.seed, StreamId::label_noise}, row).word[0]) < kFlipProbability;
  const bool described = rows.reading == LabelReading::described;
  switch (rows.kind) {
    case ScenarioKind::underfit:
      return described ? outside_ball(x[0], x[1], x[2])
                       : outside_ball(uniform(label.word[0]), uniform(label.word[1]), uniform(label.word[2]));
    case ScenarioKind::ceiling:
      if (described) return outside_disc(x[0], x[1]) ^ std::int32_t{noisy};
      return noisy ? coin(label.word[0]) : 1 - coin(label.word[1]);
    default:
      return coin(label.word[0]);
  }
}

__global__ __launch_bounds__(kElementBlock) void scenario_data_kernel(ScenarioRows rows, float range,
                                                                      DeviceMatrix<float> x, std::int32_t* label) {
  for (Index r = element_index(); r < x.rows; r += element_stride()) {
    const auto row = static_cast<std::uint64_t>(rows.first_row + r);
    float* x_r = x.row(r);
    for (Index j = 0; j < x.cols; ++j) {
      const std::uint64_t element = row * static_cast<std::uint64_t>(x.cols) + static_cast<std::uint64_t>(j);
      x_r[j] = mul_rn(range, uniform(draw({rows.seed, StreamId::features}, element).word[0]));
    }
    label[r] = row_label(rows, row, x_r);
  }
}

}  // namespace

void scenario_data(const Stream& stream, const ScenarioRows& rows, DeviceMatrix<float> x,
                   DeviceSpan<std::int32_t> label) {
  expects_scenario_data<float, Space::device>(rows, x, label);
  if (x.rows == 0) return;
  launch(stream, element_shape(x.rows), &scenario_data_kernel, rows, scenario_range(rows.kind), x, label.data);
}

}  // namespace plateau::gpu
