// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What must hold of rows that a training sees, whatever format they were read from.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "plateau/core/error.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "wording.hpp"

namespace plateau {

// "X:y" in two; throws InputError where it is not two names. `kind` and `form` are for the sentence: "NPY",
// "X.npy:y.npy".
inline std::pair<std::string, std::string> pair_of_files(const std::string& files, const std::string& kind,
                                                         const std::string& form) {
  const std::size_t colon = files.find(':');
  if (std::count(files.begin(), files.end(), ':') != 1 || colon == 0 || colon + 1 == files.size())
    throw InputError("'" + files + "' is not a pair of " + kind + " files; the form is " + form);
  return {files.substr(0, colon), files.substr(colon + 1)};
}

// At least one row and one column, every value finite; throws InputError otherwise, which begins with the name and
// counts rows from `first_row`.
inline void expects_features(const std::string& x_name, HostMatrix<const float> x, Index first_row = 0) {
  if (x.rows == 0) throw InputError(x_name + ": the array has no rows");
  if (x.cols == 0) throw InputError(x_name + ": the array has no columns");
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j)
      if (!std::isfinite(x.row(i)[j]))
        throw InputError(x_name + ": row " + std::to_string(first_row + i) + ", column " + std::to_string(j) +
                         " holds " + shortest_decimal(x.row(i)[j]) + "; features are finite");
}

// What npy.hpp promises of FeaturesAndLabels; throws InputError otherwise. The names say where the features and the
// labels come from, and begin the sentence.
inline void expects_labelled_rows(const std::string& x_name, const std::string& y_name, const FeaturesAndLabels& rows) {
  const HostMatrix<const float> x = rows.features.view();
  if (std::cmp_not_equal(x.rows, rows.labels.size()))
    throw InputError(x_name + " has " + std::to_string(x.rows) + " rows, but " + y_name + " has " +
                     std::to_string(rows.labels.size()) + " labels");
  expects_features(x_name, x);
  for (Index i = 0; i < x.rows; ++i) {
    const std::int32_t label = rows.labels[static_cast<std::size_t>(i)];
    if (label < 0 || label >= kMaxClasses)
      throw InputError(y_name + ": row " + std::to_string(i) + " holds label " + std::to_string(label) +
                       "; labels are 0 to " + std::to_string(kMaxClasses - 1));
  }
}

}  // namespace plateau
