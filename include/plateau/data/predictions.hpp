// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a model says of rows, written while it is said: block after block, in the order of the rows.
//
//   .csv   a table that RFC 4180 reads, of lines that end in LF: a header "class,p(cat),p(dog)", then for every row the
//          name of its class and the probability of each class, by class id. A number is the shortest decimal that
//          reads back as the same float. A name is quoted where it has to be, and where a reader could take it for
//          another: it holds ';' or a tab, begins or ends with a space, or is empty
//   .npy   the probabilities, '<f4' [rows, classes]; of the classes alone their ids, '<i4' [rows]
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/core/view.hpp"

namespace plateau {

enum class PredictionColumns { class_and_probabilities, class_alone };

class PredictionWriter {
 public:
  virtual ~PredictionWriter() = default;

  // The next rows: predicted [rows], ids of the classes; probability [rows, classes], not looked at where the class
  // alone is written. Throws std::invalid_argument where they are not, and InputError where they cannot be written.
  virtual void add(HostSpan<const std::int32_t> predicted, HostMatrix<const float> probability) = 0;
  virtual void commit() = 0;  // the last call
};

// The text of a .csv, to `write` in pieces, the header before the first row. `classes` are the names by id.
std::unique_ptr<PredictionWriter> write_prediction_text(const std::vector<std::string>& classes,
                                                        PredictionColumns columns,
                                                        std::function<void(std::string_view)> write);

// A file by its ending, which is there when it is committed (data/output_file.hpp). Throws InputError where the ending
// is another one or the file cannot be written.
std::unique_ptr<PredictionWriter> write_predictions(const std::filesystem::path& path,
                                                    const std::vector<std::string>& classes, PredictionColumns columns);

}  // namespace plateau
