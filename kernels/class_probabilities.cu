// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// class_probabilities: predicted class and softmax of every row.
//
//   formula   include/plateau/ops/class_probabilities.hpp
//   shapes    z, probability [B, C] f32 row-major (any strides)    predicted [B] i32
//   traffic   z read, probability written: 8 B C + 4 B bytes (class_probabilities_cost); a row is read three times, the
//             second and third time from the L1 cache
//   roofline  4 B C flop, 0.5 flop/byte: memory-bound. B = 16384, C = 1000 moves 131 MB, 27 us at 4.8 TB/s. Of few
//             classes most lanes are idle: it runs once per training
//   mapping   a warp per row, 8 rows per block; lane l owns columns l, l + 32, ...
//   aliasing  probability may be exactly z: a lane writes a column after it has read it for the last time
#include "plateau/ops/class_probabilities.hpp"

#include <cmath>

#include "detail/warp_softmax.cuh"

namespace plateau::gpu {
namespace {

__global__ __launch_bounds__(kRowsPerBlock* kWarpSize) void class_probabilities_kernel(
    DeviceMatrix<const float> z, std::int32_t* predicted, DeviceMatrix<float> probability) {
  const Index row = warp_row();
  if (row >= z.rows) return;  // the whole warp leaves together, so the shuffles below stay complete
  const int lane = static_cast<int>(threadIdx.x), classes = static_cast<int>(z.cols);
  const float* logit = z.row(row);

  Largest largest{-INFINITY, lane};
  bool ordered = true;
  for (int j = lane; j < classes; j += kWarpSize) {
    const float item = logit[j];
    ordered = ordered && !isnan(item);
    if (item > largest.value) largest = {item, j};
  }
  largest = warp_largest(largest);
  ordered = __all_sync(kFullWarp, ordered);
  if (lane == 0) predicted[row] = ordered ? largest.column : -1;

  if (probability.empty()) return;
  float sum = 0.0f;
  for (int j = lane; j < classes; j += kWarpSize) sum += expf(logit[j] - largest.value);
  sum = warp_sum(sum);
  for (int j = lane; j < classes; j += kWarpSize) probability.row(row)[j] = expf(logit[j] - largest.value) / sum;
}

}  // namespace

void class_probabilities(const Stream& stream, DeviceMatrix<const float> z, DeviceSpan<std::int32_t> predicted,
                         DeviceMatrix<float> probability) {
  expects_class_probabilities<float, Space::device>(z, predicted, probability);
  if (z.rows == 0) return;
  launch(stream, warp_row_shape(z.rows), &class_probabilities_kernel, z, predicted.data, probability);
}

}  // namespace plateau::gpu
