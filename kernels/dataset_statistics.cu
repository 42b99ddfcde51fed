// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// dataset_statistics: class counts, and mean, spread and range of every feature, by Thrust.
//
//   formula   include/plateau/ops/dataset_statistics.hpp
//   shapes    x [R, F] f32 row-major (any stride)    label [R] i32    class_rows [C] i64    features [F]
//   traffic   x read twice, the labels sorted (radix, four passes): about 8 R F + 36 R bytes, where the cost function
//             counts what has to be read once
//   roofline  memory-bound; once per dataset, outside of the training step
//   method    classes: sort a copy of the labels, count those up to each class by binary search. Features: moments of
//             1024 rows each, in two passes, joined in order (Chan, Golub and LeVeque 1979). The order depends on the
//             shape only
#include "plateau/ops/dataset_statistics.hpp"

#include <thrust/binary_search.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sort.h>
#include <thrust/tabulate.h>

#include <cmath>

#include "detail/thrust.cuh"

namespace plateau::gpu {
namespace {

constexpr Index kPieceRows = 1024;

// Of some rows of one feature.
struct Moments {
  double count, mean, squares;  // squares: sum of squared distances from the mean
  double minimum, maximum;
};

// Once NaN, always NaN: fmin and fmax would let it go again.
__host__ __device__ double smaller(double a, double b) { return isnan(b) || b < a ? b : a; }
__host__ __device__ double larger(double a, double b) { return isnan(b) || b > a ? b : a; }

struct CopyLabel {
  const std::int32_t* label;
  __host__ __device__ std::int32_t operator()(Index row) const { return label[row]; }
};

// Of the labels up to each class, those up to the class before taken off.
struct RowsOfClass {
  const std::int64_t* rows_below;  // [C + 1]
  __host__ __device__ std::int64_t operator()(Index c) const { return rows_below[c + 1] - rows_below[c]; }
};

struct PieceMoments {
  DeviceMatrix<const float> x;
  __host__ __device__ Moments operator()(Index i) const {
    const Index piece = i / x.cols, j = i % x.cols;
    const Index first = piece * kPieceRows;
    const Index end = first + kPieceRows < x.rows ? first + kPieceRows : x.rows;
    const auto start = static_cast<double>(x.row(first)[j]);
    Moments m{static_cast<double>(end - first), 0, 0, start, start};
    double sum = 0;
    for (Index row = first; row < end; ++row) {
      const auto value = static_cast<double>(x.row(row)[j]);
      sum += value - start;  // the mean of a constant column is that constant, to the bit
      m.minimum = smaller(m.minimum, value);
      m.maximum = larger(m.maximum, value);
    }
    m.mean = start + sum / m.count;
    for (Index row = first; row < end; ++row) {
      const double distance = static_cast<double>(x.row(row)[j]) - m.mean;
      m.squares += distance * distance;
    }
    return m;
  }
};

struct JoinPieces {
  const Moments* piece;
  Index pieces, columns;
  __host__ __device__ FeatureStatistics operator()(Index j) const {
    Moments all = piece[j];
    for (Index p = 1; p < pieces; ++p) {
      const Moments& next = piece[p * columns + j];
      const double count = all.count + next.count, distance = next.mean - all.mean;
      all.mean += distance * (next.count / count);
      all.squares += next.squares + distance * distance * (all.count * next.count / count);
      all.count = count;
      all.minimum = smaller(all.minimum, next.minimum);
      all.maximum = larger(all.maximum, next.maximum);
    }
    return {all.mean, sqrt(all.squares / all.count), all.minimum, all.maximum};
  }
};

}  // namespace

void dataset_statistics(const Stream& stream, DeviceMatrix<const float> x, DeviceSpan<const std::int32_t> label,
                        DeviceSpan<std::int64_t> class_rows, DeviceSpan<FeatureStatistics> features) {
  expects_dataset_statistics<float, Space::device>(x, label, class_rows, features);
  const Index pieces = ceil_div(x.rows, kPieceRows);
  StreamBuffer<std::int32_t> labels(stream, label.size);
  StreamBuffer<std::int64_t> ends(stream, class_rows.size + 1);
  StreamBuffer<Moments> moments(stream, pieces * x.cols);
  const DeviceSpan<std::int32_t> sorted = labels.view();
  const DeviceSpan<std::int64_t> below = ends.view();
  const DeviceSpan<Moments> piece = moments.view();
  in_stream(stream, [=](const auto& policy) {
    thrust::tabulate(policy, sorted.data, sorted.data + sorted.size, CopyLabel{label.data});
    thrust::sort(policy, sorted.data, sorted.data + sorted.size);
    const thrust::counting_iterator<std::int32_t> class_before(-1);
    thrust::upper_bound(policy, sorted.data, sorted.data + sorted.size, class_before,
                        class_before + static_cast<std::int32_t>(below.size), below.data);
    thrust::tabulate(policy, class_rows.data, class_rows.data + class_rows.size, RowsOfClass{below.data});
    thrust::tabulate(policy, piece.data, piece.data + piece.size, PieceMoments{x});
    thrust::tabulate(policy, features.data, features.data + features.size, JoinPieces{piece.data, pieces, x.cols});
  });
}

}  // namespace plateau::gpu
