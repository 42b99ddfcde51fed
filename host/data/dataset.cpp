// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "plateau/core/error.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

void expects_finite(const std::string& file, HostMatrix<const float> x) {
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j)
      if (!std::isfinite(x.row(i)[j]))
        throw InputError(file + ": row " + std::to_string(i) + ", column " + std::to_string(j) + " holds " +
                         shortest_decimal(x.row(i)[j]) + "; features are finite");
}

void expects_classes(const std::string& file, HostSpan<const std::int32_t> label) {
  for (Index i = 0; i < label.size; ++i)
    if (label[i] < 0 || label[i] >= kMaxClasses)
      throw InputError(file + ": row " + std::to_string(i) + " holds label " + std::to_string(label[i]) +
                       "; labels are 0 to " + std::to_string(kMaxClasses - 1));
}

}  // namespace

Dataset read_npy_pair(const std::string& files) {
  const std::size_t colon = files.find(':');
  if (std::count(files.begin(), files.end(), ':') != 1 || colon == 0 || colon + 1 == files.size())
    throw InputError("'" + files + "' is not a pair of NPY files; the form is X.npy:y.npy");
  const std::string x_file = files.substr(0, colon), y_file = files.substr(colon + 1);

  NpyMatrix x = read_npy_features(x_file);
  std::vector<std::int32_t> labels = read_npy_labels(y_file);
  if (std::cmp_not_equal(x.rows, labels.size()))
    throw InputError(x_file + " has " + std::to_string(x.rows) + " rows, but " + y_file + " has " +
                     std::to_string(labels.size()) + " labels");
  if (x.rows == 0) throw InputError(x_file + ": the array has no rows");
  if (x.cols == 0) throw InputError(x_file + ": the array has no columns");
  expects_finite(x_file, x.view());
  expects_classes(y_file, {labels.data(), x.rows});
  return {.columns = x.cols, .values = std::move(x.values), .labels = std::move(labels)};
}

}  // namespace plateau
