// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/csv.hpp"

#include <algorithm>
#include <cmath>

#include "fuzz.hpp"

namespace plateau {
namespace {

// What dataset.hpp promises of rows.
void read(const std::string& file, const ReadOptions& options) {
  using fuzzing::must;
  Dataset data = read_csv(file, options);
  const HostSpan<const float> values = data.values.view();
  must(data.rows() >= 1 && data.columns >= 1 && values.size == data.rows() * data.columns, "rows and columns");
  must(std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }), "features are finite");
  must(std::all_of(data.labels.begin(), data.labels.end(),
                   [&](std::int32_t label) { return 0 <= label && label < data.classes.classes(); }),
       "labels are ids of classes");
  must(!options.labelled || static_cast<Index>(data.labels.size()) == data.rows(), "a label for every row");
  must(data.feature_names.empty() || static_cast<Index>(data.feature_names.size()) == data.columns,
       "a name for every column");
  const std::vector<std::int32_t> labels = data.labels;
  reconcile(data, schema_of(data));
  must(data.labels == labels, "rows are reconciled with themselves");
}

}  // namespace

std::vector<fuzzing::Reader> fuzzing::readers() {
  return {[](const std::string& file) { read(file, {}); },
          [](const std::string& file) { read(file, {.labelled = false}); },
          [](const std::string& file) {
            read(file, {.target = "0", .drop = {"a"}, .group = "1", .header = Header::present});
          },
          [](const std::string& file) { read(file, {.target = "1", .header = Header::absent}); }};
}

void fuzzing::repair(std::string&) {}

}  // namespace plateau
