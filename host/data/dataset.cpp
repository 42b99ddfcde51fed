// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/dataset.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "csv_blocks.hpp"
#include "feature_rows.hpp"
#include "file_ending.hpp"
#include "labelled_rows.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/csv.hpp"
#include "plateau/data/embeddings.hpp"
#include "plateau/data/idx.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/npz.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

bool is_table(std::string_view file) {
  if (has_ending(file, ".gz")) file.remove_suffix(3);
  return has_ending(file, ".csv") || has_ending(file, ".tsv") || has_ending(file, ".txt");
}

bool is_idx(std::string_view file) {
  file = file.substr(0, file.find(':'));
  if (has_ending(file, ".gz")) file.remove_suffix(3);
  return has_ending(file, "-ubyte") || has_ending(file, ".idx");
}

enum class Format { table, npy, npz, safetensors, idx };

Format format_of(const std::string& files) {
  const std::string first = files.substr(0, files.find(':'));
  if (is_table(files)) return Format::table;
  if (has_ending(first, ".npy")) return Format::npy;
  if (has_ending(files, ".npz")) return Format::npz;
  if (has_ending(first, ".safetensors")) return Format::safetensors;
  if (is_idx(files)) return Format::idx;
  throw InputError("'" + files + "' is no file of rows that is read: tables .csv, .tsv and .txt, each also as .gz, " +
                   "pairs X.npy:y.npy, .npz archives, .safetensors with an optional :y.npy, and pairs of IDX files " +
                   "images-ubyte:labels-ubyte are");
}

// Only a table has columns with names. In a file of several arrays a target names one of them.
void expects_no_columns_named(const std::string& files, Format format, const ReadOptions& options) {
  const bool target_is_array = format == Format::npz || format == Format::safetensors;
  const std::string& asked = !options.target.empty() && !target_is_array ? options.target
                             : !options.drop.empty()                     ? options.drop.front()
                                                                         : options.group;
  if (!asked.empty())
    throw InputError(files + ": column " + in_quotes(asked) + " is named, and only a table (.csv) has such columns");
}

bool is_pair(const std::string& files, Format format) {
  return format != Format::npz && files.find(':') != std::string::npos;
}

std::pair<std::string, std::string> npy_pair(const std::string& files) {
  return pair_of_files(files, "NPY", "X.npy:y.npy");
}

// The features of a file that is no table.
std::unique_ptr<FeatureRows> open_features(const std::string& files, Format format) {
  switch (format) {
    case Format::npz:
      return open_npz_features(files);
    case Format::safetensors:
      return open_embeddings_features(files);
    case Format::idx:
      return open_idx_images(files);
    default:
      return open_npy_features(is_pair(files, format) ? npy_pair(files).first : files);
  }
}

// At most so many rows, from where the rows before them ended.
NpyMatrix next_features(FeatureRows& rows, Index most) {
  const Index first = rows.rows_read();
  NpyMatrix x = rows.next(most);
  expects_features(rows.name(), x.view(), first);
  return x;
}

Dataset dataset_of(const std::string& files, NpyMatrix&& x, std::vector<std::int32_t>&& labels) {
  Dataset data{.source = files, .columns = x.cols, .values = std::move(x.values), .labels = std::move(labels)};
  if (data.is_labelled())
    data.classes = numbered_classes(*std::max_element(data.labels.begin(), data.labels.end()) + 1);
  return data;
}
Dataset dataset_of(const std::string& files, FeaturesAndLabels&& read) {
  return dataset_of(files, std::move(read.features), std::move(read.labels));
}

Dataset read_labelled(const std::string& files, Format format, const ReadOptions& options) {
  switch (format) {
    case Format::npz:
      return dataset_of(files, read_npz(files, {.features = {}, .labels = options.target}));
    case Format::safetensors:
      return dataset_of(files, read_embeddings(files, {.features = {}, .labels = options.target}));
    case Format::idx:
      return dataset_of(files, read_idx(files));
    default:
      return read_npy_pair(files);
  }
}

// The place of each name.
std::unordered_map<std::string_view, Index> places(const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, Index> place;
  for (std::size_t i = 0; i < names.size(); ++i) place.emplace(names[i], static_cast<Index>(i));
  return place;
}

// Where each of the training's columns lies in `data`; nothing where all are in their places.
std::optional<std::vector<Index>> column_order(const Dataset& data, const Schema& training) {
  const bool by_name = !data.feature_names.empty() && !training.feature_names.empty();
  std::vector<Index> order;
  if (by_name) {
    const auto place = places(data.feature_names);
    for (const std::string& name : training.feature_names) {
      const auto found = place.find(name);
      if (found == place.end())
        throw InputError(data.source + " has no column " + in_quotes(name) + ", which is a feature of " +
                         training.source);
      order.push_back(found->second);
    }
    const auto known = places(training.feature_names);
    for (const std::string& name : data.feature_names)
      if (!known.contains(name))
        throw InputError(data.source + " has a column " + in_quotes(name) + ", which is no feature of " +
                         training.source + "; --drop " + in_quotes(name) + " leaves it out");
  }
  if (data.columns != training.columns)
    throw InputError(data.source + " has " + std::to_string(data.columns) + " features and " + training.source +
                     " has " + std::to_string(training.columns));
  if (!by_name || data.feature_names == training.feature_names) return std::nullopt;
  return order;
}

// The id that a name is in the canonical form of: "12", not "012".
std::optional<std::int32_t> as_id(std::string_view name) {
  std::int32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size() || id < 0 || id >= kMaxClasses ||
      std::to_string(id) != name)
    return std::nullopt;
  return id;
}

// The training's id of every class of `data`; -1 where it has none.
std::vector<std::int32_t> new_ids(const ClassMap& classes, const ClassMap& of_training) {
  std::vector<std::int32_t> ids;
  const auto place = places(of_training.names);
  for (const std::string& name : classes.names) {
    const auto found = place.find(name);
    if (found != place.end())
      ids.push_back(static_cast<std::int32_t>(found->second));
    else
      ids.push_back(of_training.numbered ? as_id(name).value_or(-1) : -1);
  }
  return ids;
}

std::uint32_t crc_of_more(std::uint32_t crc, const void* bytes, std::size_t count) {
  if (count == 0) return crc;  // of a null pointer it would begin anew
  return static_cast<std::uint32_t>(crc32_z(crc, static_cast<const Bytef*>(bytes), count));
}

}  // namespace

ClassMap numbered_classes(Index classes) {
  ClassMap map{.names = {}, .numbered = true};
  for (Index id = 0; id < classes; ++id) map.names.push_back(std::to_string(id));
  return map;
}

Dataset read_dataset(const std::string& files, const ReadOptions& options) {
  const Format format = format_of(files);
  if (format == Format::table) return read_csv(files, options);
  expects_no_columns_named(files, format, options);
  if (options.labelled || is_pair(files, format)) return read_labelled(files, format, options);
  const std::unique_ptr<FeatureRows> rows = open_features(files, format);
  return dataset_of(files, next_features(*rows, rows->rows()), {});
}

void read_blocks(const std::string& files, const ReadOptions& options, Index rows_per_block, const TakeBlock& take) {
  expects(!options.labelled, "read_blocks: rows without labels");
  expects(rows_per_block >= 1, "read_blocks: rows_per_block >= 1");
  const Format format = format_of(files);
  if (format == Format::table) return read_csv_blocks(files, options, rows_per_block, take);
  expects_no_columns_named(files, format, options);
  const std::unique_ptr<FeatureRows> rows = open_features(files, format);
  do {
    NpyMatrix x = next_features(*rows, rows_per_block);
    if (options.progress) options.progress(static_cast<double>(rows->rows_read()) / static_cast<double>(rows->rows()));
    take(dataset_of(files, std::move(x), {}));
  } while (rows->rows_read() < rows->rows());
}

Dataset read_npy_pair(const std::string& files) {
  const auto [x_file, y_file] = npy_pair(files);
  FeaturesAndLabels rows{read_npy_features(x_file), read_npy_labels(y_file)};
  expects_labelled_rows(x_file, y_file, rows);
  return dataset_of(files, std::move(rows));
}

Schema schema_of(const Dataset& training) {
  return {training.source, training.columns, training.feature_names, training.classes};
}

void reconcile(Dataset& data, const Schema& training) {
  const std::optional<std::vector<Index>> order = column_order(data, training);
  const std::vector<std::int32_t> ids = new_ids(data.classes, training.classes);
  for (std::size_t row = 0; row < data.labels.size(); ++row) {
    const auto label = static_cast<std::size_t>(data.labels[row]);
    if (ids[label] < 0)
      throw InputError(data.source + ": row " + std::to_string(row) + " holds class " +
                       in_quotes(data.classes.names[label]) + ", which " + training.source +
                       " does not have; its classes are " + some_in_quotes(training.classes.names));
  }

  std::int32_t largest = -1;
  for (std::int32_t& label : data.labels) {
    label = ids[static_cast<std::size_t>(label)];
    largest = std::max(largest, label);
  }
  data.classes = training.classes;
  if (largest >= data.classes.classes()) data.classes = numbered_classes(largest + 1);
  if (!order) return;
  std::vector<float> row(order->size());
  float* const values = data.values.view().data;
  for (Index i = 0; i < data.rows(); ++i) {
    float* const x = values + i * data.columns;
    std::copy_n(x, data.columns, row.begin());
    for (std::size_t j = 0; j < row.size(); ++j) x[j] = row[static_cast<std::size_t>((*order)[j])];
  }
  data.feature_names = training.feature_names;
}

void scale_features(Dataset& data, const std::vector<FeatureScale>& scale) {
  expects(std::cmp_equal(scale.size(), data.columns), "scale_features: a scale for every feature");
  float* x = data.values.view().data;
  for (Index row = 0; row < data.rows(); ++row)
    for (const FeatureScale& of : scale) {
      *x = scaled(of, *x);
      ++x;
    }
}

std::uint32_t checksum_without_groups(const Dataset& data) {
  const Index shape[] = {data.rows(), data.columns};
  std::uint32_t crc = crc_of_more(0, shape, sizeof shape);
  crc = crc_of_more(crc, data.values.view().data, static_cast<std::size_t>(data.values.size()) * sizeof(float));
  return crc_of_more(crc, data.labels.data(), data.labels.size() * sizeof(std::int32_t));
}

std::uint32_t checksum(const Dataset& data) {
  return crc_of_more(checksum_without_groups(data), data.groups.data(), data.groups.size() * sizeof(std::int32_t));
}

std::optional<std::uint32_t> text_checksum(const Dataset& data) {
  if (data.row_checksums.empty()) return std::nullopt;
  const Index rows = data.rows();
  return crc_of_more(crc_of_more(0, &rows, sizeof rows), data.row_checksums.data(),
                     data.row_checksums.size() * sizeof(std::uint32_t));
}

Dataset take_rows(const Dataset& data, HostSpan<const std::int32_t> rows) {
  Dataset taken{.source = data.source,
                .columns = data.columns,
                .values = HostBuffer<float>(rows.size * data.columns),
                .labels = {},
                .classes = data.classes,
                .feature_names = data.feature_names,
                .groups = {},
                .row_checksums = {}};
  float* to = taken.values.view().data;
  const HostMatrix<const float> x = data.x();
  for (const std::int32_t row : rows) {
    expects(0 <= row && row < data.rows(), "take_rows: every row exists");
    to = std::copy_n(x.row(row), x.cols, to);
    if (data.is_labelled()) taken.labels.push_back(data.labels[static_cast<std::size_t>(row)]);
    if (!data.groups.empty()) taken.groups.push_back(data.groups[static_cast<std::size_t>(row)]);
    if (!data.row_checksums.empty()) taken.row_checksums.push_back(data.row_checksums[static_cast<std::size_t>(row)]);
  }
  return taken;
}

}  // namespace plateau
