// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The rows that a training sees: features and class labels, checked once, here, so that nothing below checks again; and
// what their columns and labels are called, so that the rows of two files can be told to mean the same.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plateau/core/host_buffer.hpp"
#include "plateau/core/scaling.hpp"

namespace plateau {

struct ClassMap {
  std::vector<std::string> names;  // by id
  bool numbered = false;           // the labels of the file are the ids themselves: names are "0", "1", "2", ...

  Index classes() const { return static_cast<Index>(names.size()); }
};

// The map of labels that are ids: 0 to classes - 1.
ClassMap numbered_classes(Index classes);

struct Dataset {
  std::string source;  // the files, as the user named them; in messages
  Index columns = 0;
  HostBuffer<float> values;          // [rows, columns], dense, row-major
  std::vector<std::int32_t> labels;  // ids of `classes`; empty: the rows are not labelled
  ClassMap classes;
  std::vector<std::string> feature_names;  // by column; empty: the file has none
  std::vector<std::int32_t> groups;        // of each row, numbered by first occurrence; empty: none
  // CRC-32 of each row's text in its table, all columns and what is between them, without the line end; empty: not
  // known.
  std::vector<std::uint32_t> row_checksums;

  Index rows() const { return columns == 0 ? static_cast<Index>(labels.size()) : values.size() / columns; }
  Index features() const { return columns; }
  bool is_labelled() const { return !labels.empty(); }
  HostMatrix<const float> x() const { return as_matrix(values.view(), rows(), columns); }
  HostSpan<const std::int32_t> label() const { return {labels.data(), static_cast<Index>(labels.size())}; }
};

enum class Header { detect, present, absent };

struct ReadOptions {
  // Columns of a table, each a name of its header or, where no column has that name, its place, counted from 0.
  std::string target;             // holds the classes; empty: the last column
  std::vector<std::string> drop;  // are left out
  std::string group;              // holds what keeps rows together in a split; empty: none
  Header header = Header::detect;
  bool row_checksums = false;  // true: of the labelled rows of a table; reading takes longer
  bool labelled = true;  // false: rows to predict. A target column is read where `target` names one that the file has
  Index most_bytes = 0;  // of the matrix; 0: what this machine can spare. More is refused while it is read
  std::function<void(double share)> progress;  // of the file, from 0 to 1; called now and then
};

// The rows of what `files` names, by its ending:
//
//   .csv .tsv .txt, each also with .gz   a table (data/csv.hpp)
//   X.npy:y.npy                          features and class ids (read_npy_pair()); X.npy alone where not labelled
//   .npz                                 NumPy's archives (data/npz.hpp); `target` names the array of labels
//   .safetensors[:y.npy]                 embeddings (data/embeddings.hpp); `target` names the tensor of labels
//   images:labels                        IDX files (data/idx.hpp), ending in -ubyte or .idx, each also with .gz; images
//                                        alone where not labelled
//
// Throws InputError, also where an option names a column of a file that has no such columns.
Dataset read_dataset(const std::string& files, const ReadOptions& options = {});

// The rows of read_dataset() where `options.labelled` is false, in blocks: `take` is handed every `rows_per_block`
// rows, and at last what is left of them, with the same bits. What is read is refused in the same words, rows and lines
// counted from the first of the file; blocks before it have then been handed over. Labels are left out, unread: of a
// pair of files its second one, of a table the column that `target` names.
//
// One block is in memory at a time, and what its format takes beside it: a few megabytes, and of a column of groups the
// names. `options.most_bytes` bounds a block. What `take` or `options.progress` throws ends the reading and is passed
// on. Throws std::invalid_argument unless rows_per_block >= 1 and `options.labelled` is false.
using TakeBlock = std::function<void(Dataset&&)>;
void read_blocks(const std::string& files, const ReadOptions& options, Index rows_per_block, const TakeBlock& take);

// `files` is "X.npy:y.npy". At least one row and one column, as many labels as rows, every feature finite, every label
// in [0, kMaxClasses); anything else throws InputError, which counts rows and columns from 0. The classes are numbered,
// one more than the largest label.
Dataset read_npy_pair(const std::string& files);

// What the columns and labels of a training mean. A model is trained for it, and other rows are brought to it.
struct Schema {
  std::string source;  // in messages
  Index columns = 0;
  std::vector<std::string> feature_names;  // empty: the columns are known by their places
  ClassMap classes;
};
Schema schema_of(const Dataset& training);

// Brings the rows of another file to the columns and class ids of a training, so that equal numbers mean the same.
//
//   columns   by name where both have names: the same names in another order are put into the training's; by place
//             otherwise
//   classes   by name: the ids become the training's, whose map the rows then have. Where the training's are numbered,
//             whole numbers are ids themselves, also beyond the training's; the map is the one with more classes
//
// Throws InputError naming the file and the number of columns, the column or the row and class that the training does
// not have. Then `data` is as before.
void reconcile(Dataset& data, const Schema& training);

// Scales every feature (core/scaling.hpp), as a run that standardises does. Throws std::invalid_argument where there
// are not as many scales as features.
void scale_features(Dataset& data, const std::vector<FeatureScale>& scale);

// CRC-32 of what a training sees of the rows: their number, columns, values, labels and, where there are, groups, to
// the bit. Names are not in it.
std::uint32_t checksum(const Dataset& data);
// The same but for the groups: rows that are equal here are the same rows to evaluate.
std::uint32_t checksum_without_groups(const Dataset& data);
// CRC-32 of the rows' number and of their row_checksums: equal for the same rows of a table whatever columns are read.
// None where these are not known.
std::optional<std::uint32_t> text_checksum(const Dataset& data);

// Rows of `data` in the order of `rows`, each in [0, data.rows()), with all that is known of them. Throws
// std::invalid_argument where there is no such row.
Dataset take_rows(const Dataset& data, HostSpan<const std::int32_t> rows);

}  // namespace plateau
