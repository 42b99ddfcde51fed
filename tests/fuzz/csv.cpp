// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/csv.hpp"

#include <algorithm>
#include <cmath>

#include "../../host/data/csv_blocks.hpp"
#include "fuzz.hpp"
#include "plateau/core/error.hpp"

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

// The blocks of a table are the whole, in parts, or refused in the same words.
void read_by_blocks(const std::string& file, const ReadOptions& options) {
  using fuzzing::must;
  Dataset whole;
  std::string refused;
  try {
    whole = read_csv(file, options);
  } catch (const InputError& error) {
    refused = error.what();
  }
  constexpr Index kRowsPerBlock = 2;
  std::vector<float> values;
  std::vector<std::int32_t> groups;
  std::string refused_by_blocks;
  try {
    read_csv_blocks(file, options, kRowsPerBlock, [&](Dataset&& block) {
      must(block.feature_names == whole.feature_names || !refused.empty(), "a block has the names of the whole");
      must(1 <= block.rows() && block.rows() <= kRowsPerBlock, "a block has as many rows as are asked for");
      values.insert(values.end(), block.values.view().begin(), block.values.view().end());
      groups.insert(groups.end(), block.groups.begin(), block.groups.end());
    });
  } catch (const InputError& error) {
    refused_by_blocks = error.what();
  }
  must(refused_by_blocks == refused, "blocks are refused as the whole is");
  if (!refused.empty()) return;
  const HostSpan<const float> all = whole.values.view();
  must(std::equal(values.begin(), values.end(), all.begin(), all.end()), "blocks have the rows of the whole");
  must(groups == whole.groups, "blocks have the groups of the whole");
}

}  // namespace

std::vector<fuzzing::Reader> fuzzing::readers() {
  return {[](const std::string& file) { read(file, {}); },
          [](const std::string& file) { read(file, {.labelled = false}); },
          [](const std::string& file) {
            read(file, {.target = "0", .drop = {"a"}, .group = "1", .header = Header::present});
          },
          [](const std::string& file) { read(file, {.target = "1", .header = Header::absent}); },
          [](const std::string& file) { read_by_blocks(file, {.labelled = false}); },
          [](const std::string& file) { read_by_blocks(file, {.group = "1", .labelled = false}); }};
}

void fuzzing::repair(std::string&) {}

}  // namespace plateau
