// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How one thread block trains a whole network by itself: where everything lies in its shared memory, and which thread
// holds which weight gradients in its registers. Follows from the architecture and the device's shared memory alone.
//
//   shared memory   weights [out, in] and biases of every layer; a tile of kFusedRows rows of features, of every hidden
//                   layer's activations and of the logits. Rows are padded to multiples of four floats, and their
//                   strides are odd multiples of four: eight threads that read a vector each from rows beside each
//                   other hit all 32 banks once
//   registers       a weight gradient is cut into 4 x 4 tiles. A thread holds `tiles` single ones, and `groups` of two
//                   by two, which need half the shared-memory reads per product. Small layers are held several times
//                   over, every copy the sum of some of the rows; the copies are added once per step
//   moments         of a thread's own gradients, element by element beside those of the other threads
//
// The device's shared memory decides whether there is a plan, never which: later variants need no less of it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <optional>
#include <vector>

#include "plateau/core/contract.hpp"

namespace plateau {

inline constexpr int kFusedLayers = 5;   // at most: four hidden ones
inline constexpr int kFusedWidth = 256;  // of a layer's outputs at most: a thread sums each one's bias gradient
inline constexpr int kFusedRows = 32;    // of a tile: one per lane of a warp
// Shared memory that the kernels need beside what a plan lays out.
inline constexpr std::size_t kFusedStaticBytes = 1024;

// A compiled kernel: threads of the block, and what each of them holds.
struct FusedVariant {
  int threads = 0;
  int groups = 0;
  int tiles = 0;

  bool operator==(const FusedVariant&) const = default;
};
// From the cheapest; a network is trained by the first that holds it.
inline constexpr FusedVariant kFusedVariants[] = {{64, 0, 4},  {128, 0, 4}, {128, 0, 8},
                                                  {256, 1, 2}, {256, 1, 4}, {256, 2, 2}};

static_assert(std::max_element(std::begin(kFusedVariants), std::end(kFusedVariants), [](auto& a, auto& b) {
                return a.threads < b.threads;
              })->threads == kFusedWidth);

// Offsets and strides in floats. `in4` and `out4` count tiles: the widths rounded up to vectors of four.
struct FusedLayer {
  int in = 0, out = 0, in4 = 0, out4 = 0;
  int flat_weight = 0, flat_bias = 0;  // among the network's parameters, without padding
  int weight = 0, weight_stride = 0;   // [out4 * 4, stride]
  int bias = 0;                        // [out4 * 4]
  int output = 0, output_stride = 0;   // [kFusedRows, stride]
  int forward_parts = 1;               // threads that share one tile of outputs, each a part of the inputs
  bool grouped = false;                // in groups of two by two tiles, otherwise in single ones
  int first_slot = 0, slots = 0;       // the registers that hold the layer: of the thread's groups, or of its tiles
  int rows4 = 0, columns4 = 0;         // units (tiles or groups) of the gradient: [rows4, columns4]
  int lane_columns = 1;                // a warp's lanes cover units [32 / lane_columns, lane_columns]
  int parts = 1;                       // copies of the gradient
  int moment = 0;                      // of the weights' first slot
  int bias_width = 1, bias_parts = 1;  // thread t sums column t % bias_width, rows t / bias_width + k * bias_parts
  int bias_moment = 0;
};

struct FusedPlan {
  FusedVariant variant;
  int layers = 0;
  FusedLayer layer[kFusedLayers];
  int features4 = 0;
  int x = 0, x_stride = 0;  // [kFusedRows, stride]
  int scratch = 0;          // [16, threads], where the copies of a gradient meet; overlaps the tiles of rows
  int shared_floats = 0;
  int moments = 0;     // floats of each of the two moments
  int parameters = 0;  // without padding

  std::size_t shared_bytes() const { return static_cast<std::size_t>(shared_floats) * sizeof(float); }
};

namespace detail {

// The smallest odd multiple of four that holds `width` floats.
constexpr int fused_stride(int width) {
  const int vectors = (width + 3) / 4;
  return 4 * (vectors | 1);
}
constexpr int next_power_of_two(int n) { return static_cast<int>(std::bit_ceil(static_cast<unsigned>(n))); }
constexpr int int_ceil_div(int a, int b) { return (a + b - 1) / b; }

constexpr int kLanes = 32;

// How warps lie over a gradient of rows4 x columns4 units.
struct WarpGrid {
  int lane_columns = 1;
  int warps = 0;
};
constexpr WarpGrid warp_grid(int rows4, int columns4) {
  const int lane_rows = std::max(std::min(next_power_of_two(rows4), 4), kLanes / next_power_of_two(columns4));
  const int lane_columns = std::max(1, kLanes / lane_rows);
  return {lane_columns, int_ceil_div(rows4, kLanes / lane_columns) * int_ceil_div(columns4, lane_columns)};
}

// Gives the layer registers; false where the variant has too few left.
inline bool hold_gradient(const FusedVariant& variant, int& groups, int& tiles, FusedLayer& layer) {
  const int warps = variant.threads / kLanes;
  WarpGrid grid = warp_grid(layer.out4, layer.in4);
  layer.grouped = grid.warps > warps && variant.groups > 0;
  layer.rows4 = layer.out4;
  layer.columns4 = layer.in4;
  if (layer.grouped) {
    layer.rows4 = int_ceil_div(layer.out4, 2);
    layer.columns4 = int_ceil_div(layer.in4, 2);
    grid = warp_grid(layer.rows4, layer.columns4);
  }
  layer.lane_columns = grid.lane_columns;
  layer.slots = int_ceil_div(grid.warps, warps);
  layer.parts = layer.slots == 1 ? warps / next_power_of_two(grid.warps) : 1;
  if (layer.grouped) layer.parts = 1;
  int& used = layer.grouped ? groups : tiles;
  layer.first_slot = used;
  used += layer.slots;
  return used <= (layer.grouped ? variant.groups : variant.tiles);
}

inline std::optional<FusedPlan> fused_plan_of(const FusedVariant& variant, const std::vector<Index>& widths,
                                              std::size_t shared_bytes) {
  FusedPlan plan;
  plan.variant = variant;
  plan.layers = static_cast<int>(widths.size()) - 1;
  int groups = 0, tiles = 0, at = 0;
  for (int l = 0; l < plan.layers; ++l) {
    FusedLayer& layer = plan.layer[l];
    layer.in = static_cast<int>(widths[static_cast<std::size_t>(l)]);
    layer.out = static_cast<int>(widths[static_cast<std::size_t>(l) + 1]);
    layer.in4 = int_ceil_div(layer.in, 4);
    layer.out4 = int_ceil_div(layer.out, 4);
    if (layer.out > variant.threads || !hold_gradient(variant, groups, tiles, layer)) return std::nullopt;

    layer.flat_weight = plan.parameters;
    layer.flat_bias = layer.flat_weight + layer.out * layer.in;
    plan.parameters = layer.flat_bias + layer.out;
    layer.weight = at;
    layer.weight_stride = fused_stride(layer.in);
    layer.bias = layer.weight + 4 * layer.out4 * layer.weight_stride;
    at = layer.bias + 4 * layer.out4;
    const int tiles_of_outputs = kFusedRows / 4 * layer.out4;
    while (layer.forward_parts < kLanes && 2 * layer.forward_parts * tiles_of_outputs <= variant.threads &&
           2 * layer.forward_parts <= next_power_of_two(layer.in4))
      layer.forward_parts *= 2;
    layer.bias_width = next_power_of_two(layer.out);
    layer.bias_parts = std::min(variant.threads / layer.bias_width, kFusedRows);

    const int tiles_per_slot = layer.grouped ? 4 : 1;
    layer.moment = plan.moments;
    layer.bias_moment = layer.moment + layer.slots * tiles_per_slot * 16 * variant.threads;
    plan.moments = layer.bias_moment + variant.threads;
  }
  plan.scratch = plan.x = at;
  plan.x_stride = fused_stride(plan.layer[0].in);
  at += kFusedRows * plan.x_stride;
  for (int l = 0; l < plan.layers; ++l) {
    FusedLayer& layer = plan.layer[l];
    layer.output = at;
    layer.output_stride = fused_stride(layer.out);
    at += kFusedRows * layer.output_stride;
  }
  plan.shared_floats = std::max(at, plan.scratch + 16 * variant.threads);
  if (plan.shared_bytes() > shared_bytes) return std::nullopt;
  return plan;
}

}  // namespace detail

// The unit (tile or group) of a gradient that a thread holds in one of its slots, and which copy of the gradient.
struct FusedUnit {
  int row4, column4, part;
  bool valid;
};
PLATEAU_HD constexpr FusedUnit fused_unit(const FusedLayer& layer, int slot, int threads, int thread) {
  const int threads_of_copy = threads / layer.parts;
  const int place = (slot - layer.first_slot) * threads + thread % threads_of_copy;
  const int lane = place % detail::kLanes, warp = place / detail::kLanes;
  const int warp_columns = (layer.columns4 + layer.lane_columns - 1) / layer.lane_columns;
  const int row4 = warp / warp_columns * (detail::kLanes / layer.lane_columns) + lane / layer.lane_columns;
  const int column4 = warp % warp_columns * layer.lane_columns + lane % layer.lane_columns;
  return {row4, column4, thread / threads_of_copy, row4 < layer.rows4 && column4 < layer.columns4};
}

// Where the moments begin of the `tile`-th of the `tiles` of a slot's unit; element (i, j) of a thread's lies
// (i * threads + thread) * 4 + j further.
PLATEAU_HD constexpr int fused_moment(const FusedLayer& layer, int slot, int tiles, int tile, int threads) {
  return layer.moment + ((slot - layer.first_slot) * tiles + tile) * 16 * threads;
}

// For every parameter of the network, without padding, its place in either moment: those of the thread that steps it.
inline std::vector<std::int32_t> fused_moment_places(const FusedPlan& plan) {
  const int threads = plan.variant.threads;
  std::vector<std::int32_t> places(static_cast<std::size_t>(plan.parameters), -1);
  for (int l = 0; l < plan.layers; ++l) {
    const FusedLayer& layer = plan.layer[l];
    const int side = layer.grouped ? 2 : 1;
    for (int slot = layer.first_slot; slot < layer.first_slot + layer.slots; ++slot)
      for (int thread = 0; thread < threads; ++thread) {
        const FusedUnit unit = fused_unit(layer, slot, threads, thread);
        if (!unit.valid || unit.part != 0) continue;
        for (int tile = 0; tile < side * side; ++tile)
          for (int i = 0; i < 4; ++i)
            for (int j = 0; j < 4; ++j) {
              const int o = 4 * (unit.row4 + tile / side * layer.rows4) + i;
              const int in = 4 * (unit.column4 + tile % side * layer.columns4) + j;
              const int weight = layer.flat_weight + o * layer.in + in;
              if (o < layer.out && in < layer.in)
                places[static_cast<std::size_t>(weight)] =
                    fused_moment(layer, slot, side * side, tile, threads) + (i * threads + thread) * 4 + j;
            }
      }
    std::iota(places.begin() + layer.flat_bias, places.begin() + layer.flat_bias + layer.out, layer.bias_moment);
  }
  return places;
}

// The plan for layer widths [features, hidden..., classes] on a device whose blocks may have `shared_bytes` of dynamic
// shared memory; none where no variant holds the network. At least two widths, all >= 1.
inline std::optional<FusedPlan> fused_plan(const std::vector<Index>& widths, std::size_t shared_bytes) {
  expects(widths.size() >= 2 && *std::min_element(widths.begin(), widths.end()) >= 1, "fused_plan: widths >= 1");
  if (widths.size() > kFusedLayers + 1 || *std::max_element(widths.begin(), widths.end()) > (1 << 16))
    return std::nullopt;
  for (const FusedVariant& variant : kFusedVariants)
    if (auto plan = detail::fused_plan_of(variant, widths, shared_bytes)) return plan;
  return std::nullopt;
}

}  // namespace plateau
