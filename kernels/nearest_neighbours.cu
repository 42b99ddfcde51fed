// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// nearest_neighbours: the k nearest candidate rows of every query row, by squared Euclidean distance.
//
//   formula   include/plateau/ops/nearest_neighbours.hpp; every operation is rounded once, so the bits are the CPU
//             twin's
//   shapes    q [M, F], x [N, F] f32 row-major (any stride)    exclude [M] i32    index [M, k] i32, distance [M, k] f32
//   traffic   each block reads all candidates, mostly from L2: 4 N F (M / kQueries) bytes, where the cost function
//             counts what has to be read once
//   roofline  3 M N F operations that must not be fused: compute-bound. M = N = 65536, F = 100 are 1.3e12, 39 ms at
//             3.3e13 a second
//   mapping   a block per kQueries queries goes through tiles of kCandidates candidates, pieces of kFeatures features
//             at a time. In a tile a warp has kQueriesPerWarp queries and a lane kPerLane candidates: their distances
//             stay in registers, 16 for five loads from shared memory per feature. Then, query by query, a lane whose
//             candidate comes before the k-th best so far hands it to its warp, which moves the list of the k best, two
//             places a lane, up by one. That becomes rare: of N candidates in any order about k ln(N / k) get there.
//             Few queries leave most of a GPU idle
#include "plateau/ops/nearest_neighbours.hpp"

#include <algorithm>
#include <cstdint>

#include "detail/elements.cuh"
#include "plateau/core/bits.hpp"

namespace plateau::gpu {
namespace {

constexpr int kNeighbourWarps = 8;
constexpr int kQueriesPerWarp = kVector;
constexpr int kQueries = kNeighbourWarps * kQueriesPerWarp;
constexpr int kPerLane = 4;
constexpr int kCandidates = kPerLane * kWarpSize;
constexpr int kFeatures = 32;
constexpr int kPlaces = static_cast<int>(kMostNeighbours) / kWarpSize;  // of the k best, per lane

// A distance and its candidate in one number whose order is that of the contract: bits of floats that are not negative
// are ordered as the floats, NaN comes after infinity, and kNone after everything. Signed, so that what an
// emulated GPU leaves unwritten, a NaN, comes before everything and is seen.
using Key = long long;
constexpr Key kNone = INT64_MAX;
constexpr unsigned kNanBits = 0x7FC00000u;

__device__ Key key_of(float distance, Index candidate) {
  const unsigned bits = isnan(distance) ? kNanBits : __float_as_uint(distance);
  return Key{bits} << 32 | static_cast<Key>(candidate);
}

struct Tiles {
  // Rows side by side. The strides let a warp store neighbouring features without, or with few, conflicts of banks, and
  // keep the queries of a warp aligned.
  float query[kFeatures][kQueries + kVector];
  float candidate[kFeatures][kCandidates + 1];
  Key best[kQueries][kMostNeighbours];  // of each query, ascending
};

// Some features of some rows, zeros beyond the last row. 2^lane_bits threads read a row.
template <int kRows, int kStride>
__device__ void load_piece(DeviceMatrix<const float> x, Index first_row, Index first_feature, int lane_bits,
                           float (&piece)[kFeatures][kStride]) {
  const int thread = static_cast<int>(threadIdx.y) * kWarpSize + static_cast<int>(threadIdx.x);
  const int f = thread & ((1 << lane_bits) - 1);
  if (first_feature + f >= x.cols) return;
  for (int row = thread >> lane_bits; row < kRows; row += kNeighbourWarps * kWarpSize >> lane_bits)
    piece[f][row] = first_row + row < x.rows ? x.row(first_row + row)[first_feature + f] : 0;
}

// Keeps the smallest k of `key` and the k keys in `best`, which are ascending. All lanes of a warp call it.
__device__ void insert(Key key, int k, Key* best) {
  const int lane = static_cast<int>(threadIdx.x);
  Key old[kPlaces], before[kPlaces];
#pragma unroll
  for (int p = 0; p < kPlaces; ++p) {
    const int place = p * kWarpSize + lane;
    old[p] = place < k ? best[place] : 0;
    before[p] = 0 < place && place < k ? best[place - 1] : 0;
  }
  __syncwarp();
#pragma unroll
  for (int p = 0; p < kPlaces; ++p)
    if (old[p] > key) best[p * kWarpSize + lane] = before[p] > key ? before[p] : key;
  __syncwarp();
}

// A key per lane.
__device__ void keep(Key key, int k, Key* best) {
  unsigned left = __ballot_sync(kFullWarp, key < best[k - 1]);
  while (left != 0) {
    const int lane = bit_width_of(left) - 1;
    left ^= 1u << lane;
    insert(__shfl_sync(kFullWarp, key, lane), k, best);
    left &= __ballot_sync(kFullWarp, key < best[k - 1]);
  }
}

__global__ __launch_bounds__(kNeighbourWarps* kWarpSize) void nearest_neighbours_kernel(
    DeviceMatrix<const float> q, DeviceMatrix<const float> x, const std::int32_t* exclude, int lane_bits,
    DeviceMatrix<std::int32_t> index, DeviceMatrix<float> distance) {
  Tiles& tiles = shared<Tiles>();
  const int lane = static_cast<int>(threadIdx.x), own = static_cast<int>(threadIdx.y) * kQueriesPerWarp;
  const int k = static_cast<int>(index.cols);
  const Index first_query = Index{blockIdx.x} * kQueries;
  Index excluded[kQueriesPerWarp];
#pragma unroll
  for (int n = 0; n < kQueriesPerWarp; ++n) {
    const Index query = first_query + own + n;
    excluded[n] = exclude != nullptr && query < q.rows ? exclude[query] : -1;
    for (int place = lane; place < k; place += kWarpSize) tiles.best[own + n][place] = kNone;
  }

  for (Index first = 0; first < x.rows; first += kCandidates) {
    float sum[kQueriesPerWarp][kPerLane] = {};
    for (Index feature = 0; feature < x.cols; feature += kFeatures) {
      __syncthreads();  // the piece before has been read
      load_piece<kQueries>(q, first_query, feature, lane_bits, tiles.query);
      load_piece<kCandidates>(x, first, feature, lane_bits, tiles.candidate);
      __syncthreads();
      const int features = static_cast<int>(x.cols - feature < kFeatures ? x.cols - feature : kFeatures);
#pragma unroll 4
      for (int f = 0; f < features; ++f) {
        const auto of_queries = load<kQueriesPerWarp>(&tiles.query[f][own]);
#pragma unroll
        for (int c = 0; c < kPerLane; ++c) {
          const float of_candidate = tiles.candidate[f][c * kWarpSize + lane];
#pragma unroll
          for (int n = 0; n < kQueriesPerWarp; ++n)
            sum[n][c] = add_squared_difference(sum[n][c], of_queries.at[n], of_candidate);
        }
      }
    }
#pragma unroll
    for (int n = 0; n < kQueriesPerWarp; ++n) {
      if (first_query + own + n >= q.rows) continue;  // the whole warp, so that no lane misses a vote
#pragma unroll
      for (int c = 0; c < kPerLane; ++c) {
        const Index candidate = first + c * kWarpSize + lane;
        const bool counts = candidate < x.rows && candidate != excluded[n];
        keep(counts ? key_of(sum[n][c], candidate) : kNone, k, tiles.best[own + n]);
      }
    }
  }

  for (int n = 0; n < kQueriesPerWarp; ++n) {
    const Index query = first_query + own + n;
    if (query >= q.rows) return;
    for (int place = lane; place < k; place += kWarpSize) {
      const Key key = tiles.best[own + n][place];
      index.row(query)[place] = static_cast<std::int32_t>(key & 0xFFFFFFFFu);  // of kNone: -1
      distance.row(query)[place] = key == kNone ? INFINITY : __uint_as_float(static_cast<unsigned>(key >> 32));
    }
  }
}

}  // namespace

void nearest_neighbours(const Stream& stream, DeviceMatrix<const float> q, DeviceMatrix<const float> x,
                        DeviceSpan<const std::int32_t> exclude, DeviceMatrix<std::int32_t> index,
                        DeviceMatrix<float> distance) {
  expects_nearest_neighbours<float, Space::device>(q, x, exclude, index, distance);
  if (q.rows == 0) return;
  const Index features_at_once = std::min(x.cols, Index{kFeatures});
  const int lane_bits = bit_width_of(static_cast<std::uint64_t>(features_at_once - 1));
  launch(stream,
         {.grid = dim3(static_cast<unsigned>(ceil_div(q.rows, kQueries))), .block = dim3(kWarpSize, kNeighbourWarps)},
         &nearest_neighbours_kernel, q, x, exclude.empty() ? nullptr : exclude.data, lane_bits, index, distance);
}

}  // namespace plateau::gpu
