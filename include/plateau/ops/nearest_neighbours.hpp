// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// For every query row, the k candidate rows that are nearest to it by squared Euclidean distance.
//
//   d_ic          = sum_f (q_if - x_cf)^2                 in the order of the features, every operation rounded once
//   index_i       = the k candidates c of the smallest d_ic, ascending; equal distances by the smaller c
//   distance_ij   = d_ic of c = index_ij
//
// A query leaves out candidate exclude_i: with the rows themselves as candidates and exclude_i = i this is leave-one-
// out. A distance that is not a number comes after every one that is, infinity included, as a NaN. Where there are
// fewer than k candidates, the rest is index -1, distance +inf.
//
// The bits are the same on every device, and rows that are equal have the distance 0: the sum is never taken apart into
// |q|^2 + |x|^2 - 2 q.x, a matrix product whose terms cancel, so that twins come out at a distance like any other.
//
//   shapes    q [M, F], x [N, F], exclude [M] or empty, index and distance [M, k]; F, N >= 1, 1 <= k <=
//             kMostNeighbours; N fits an int32. An exclusion that is no candidate, as -1, leaves out none
//   aliasing  q and x may be the same rows; the outputs overlap nothing
#pragma once

#include <concepts>
#include <limits>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/rounded.hpp"
#include "plateau/core/view.hpp"

namespace plateau {

inline constexpr Index kMostNeighbours = 64;

PLATEAU_HD inline float add_squared_difference(float sum, float q, float x) {
  const float difference = sub_rn(q, x);
  return add_rn(sum, mul_rn(difference, difference));
}
inline double add_squared_difference(double sum, double q, double x) { return sum + (q - x) * (q - x); }

constexpr Cost nearest_neighbours_cost(Index queries, Index candidates, Index features, Index k) {
  const double m = double(queries), n = double(candidates), f = double(features);
  return {.flops = 3 * m * n * f, .bytes_read = 4 * (m + n) * f + 4 * m, .bytes_written = 8 * m * double(k)};
}

template <class Real, Space S>
void expects_nearest_neighbours(MatrixView<const Real, S> q, MatrixView<const Real, S> x,
                                SpanView<const std::int32_t, S> exclude, MatrixView<std::int32_t, S> index,
                                MatrixView<Real, S> distance) {
  expects(q.cols == x.cols && x.cols >= 1, "nearest_neighbours: queries and candidates have the same features");
  expects(1 <= x.rows && x.rows <= std::numeric_limits<std::int32_t>::max(),
          "nearest_neighbours: 1 <= candidates < 2^31");
  expects(exclude.empty() || exclude.size == q.rows, "nearest_neighbours: an exclusion per query, or none");
  expects(1 <= index.cols && index.cols <= kMostNeighbours, "nearest_neighbours: 1 <= k <= kMostNeighbours");
  expects(index.rows == q.rows, "nearest_neighbours: a row of neighbours per query");
  expects(distance.rows == index.rows && distance.cols == index.cols, "nearest_neighbours: a distance per neighbour");
}

namespace cpu {

template <std::floating_point Real>
void nearest_neighbours(HostMatrix<const Real> q, HostMatrix<const Real> x, HostSpan<const std::int32_t> exclude,
                        HostMatrix<std::int32_t> index, HostMatrix<Real> distance);

}  // namespace cpu

namespace gpu {

class Stream;
void nearest_neighbours(const Stream& stream, DeviceMatrix<const float> q, DeviceMatrix<const float> x,
                        DeviceSpan<const std::int32_t> exclude, DeviceMatrix<std::int32_t> index,
                        DeviceMatrix<float> distance);

}  // namespace gpu
}  // namespace plateau
