// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/nearest_neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace plateau {
namespace {

constexpr Index kTile = 32;  // candidates whose distances are summed side by side

// Whether a candidate comes before a neighbour that was found earlier, and so has the smaller index.
template <class Real>
bool comes_before(Real distance, std::int32_t neighbour, Real of_neighbour) {
  if (neighbour < 0 || std::isnan(distance)) return neighbour < 0;
  return distance < of_neighbour || std::isnan(of_neighbour);
}

// Puts a candidate in its place among the k best, where it has one.
template <class Real>
void keep(Real distance, Index candidate, Index k, std::int32_t* best, Real* best_distance) {
  if (!comes_before(distance, best[k - 1], best_distance[k - 1])) return;
  Index place = k - 1;
  for (; place > 0 && comes_before(distance, best[place - 1], best_distance[place - 1]); --place) {
    best[place] = best[place - 1];
    best_distance[place] = best_distance[place - 1];
  }
  best[place] = static_cast<std::int32_t>(candidate);
  best_distance[place] = std::isnan(distance) ? std::numeric_limits<Real>::quiet_NaN() : distance;
}

}  // namespace

template <std::floating_point Real>
void cpu::nearest_neighbours(HostMatrix<const Real> q, HostMatrix<const Real> x, HostSpan<const std::int32_t> exclude,
                             HostMatrix<std::int32_t> index, HostMatrix<Real> distance) {
  expects_nearest_neighbours<Real, Space::host>(q, x, exclude, index, distance);
  const Index k = index.cols;
  for (Index i = 0; i < q.rows; ++i) {
    std::fill_n(index.row(i), k, -1);
    std::fill_n(distance.row(i), k, std::numeric_limits<Real>::infinity());
  }
  std::vector<Real> tile(static_cast<std::size_t>(x.cols * kTile));  // [features, kTile]
  for (Index first = 0; first < x.rows; first += kTile) {
    const Index candidates = std::min(kTile, x.rows - first);
    for (Index c = 0; c < candidates; ++c)
      for (Index f = 0; f < x.cols; ++f) tile[static_cast<std::size_t>(f * kTile + c)] = x.row(first + c)[f];
    for (Index i = 0; i < q.rows; ++i) {
      Real sum[kTile] = {};
      for (Index f = 0; f < x.cols; ++f) {
        const Real* x_f = tile.data() + f * kTile;
        for (Index c = 0; c < kTile; ++c) sum[c] = add_squared_difference(sum[c], q.row(i)[f], x_f[c]);
      }
      const Index excluded = exclude.empty() ? -1 : exclude[i];
      for (Index c = 0; c < candidates; ++c)
        if (first + c != excluded) keep(sum[c], first + c, k, index.row(i), distance.row(i));
    }
  }
}

template void cpu::nearest_neighbours<float>(HostMatrix<const float>, HostMatrix<const float>,
                                             HostSpan<const std::int32_t>, HostMatrix<std::int32_t>, HostMatrix<float>);
template void cpu::nearest_neighbours<double>(HostMatrix<const double>, HostMatrix<const double>,
                                              HostSpan<const std::int32_t>, HostMatrix<std::int32_t>,
                                              HostMatrix<double>);

}  // namespace plateau
