// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/predictions.hpp"

#include <charconv>
#include <utility>

#include "file_ending.hpp"
#include "npy_writer.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"

namespace plateau {
namespace {

constexpr std::size_t kPieceBytes = 1 << 16;

std::string as_field(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_of(",;\t\"\r\n") == std::string::npos && text.front() != ' ' &&
                     text.back() != ' ';
  if (plain) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

void append(std::string& text, float value) {
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void expects_predictions(HostSpan<const std::int32_t> predicted, HostMatrix<const float> probability, Index classes,
                         PredictionColumns columns) {
  for (const std::int32_t id : predicted) expects(0 <= id && id < classes, "predictions: ids of the classes");
  expects(
      columns == PredictionColumns::class_alone || (probability.rows == predicted.size && probability.cols == classes),
      "predictions: a probability for every row and class");
}

class TextWriter final : public PredictionWriter {
 public:
  TextWriter(const std::vector<std::string>& classes, PredictionColumns columns,
             std::function<void(std::string_view)> write)
      : columns_(columns), write_(std::move(write)) {
    text_ = "class";
    for (const std::string& name : classes) {
      names_.push_back(as_field(name));
      if (columns == PredictionColumns::class_and_probabilities) text_ += ',' + as_field("p(" + name + ")");
    }
    text_ += '\n';
  }

  void add(HostSpan<const std::int32_t> predicted, HostMatrix<const float> probability) override {
    expects_predictions(predicted, probability, static_cast<Index>(names_.size()), columns_);
    for (Index i = 0; i < predicted.size; ++i) {
      text_ += names_[static_cast<std::size_t>(predicted[i])];
      if (columns_ == PredictionColumns::class_and_probabilities)
        for (Index j = 0; j < probability.cols; ++j) {
          text_ += ',';
          append(text_, probability.row(i)[j]);
        }
      text_ += '\n';
      if (text_.size() >= kPieceBytes) flush();
    }
    flush();
  }

  void commit() override {}

 private:
  void flush() {
    write_(text_);
    text_.clear();
  }

  PredictionColumns columns_;
  std::function<void(std::string_view)> write_;
  std::vector<std::string> names_;  // as fields
  std::string text_;                // that is not written yet; before the first row, the header
};

class CsvFile final : public PredictionWriter {
 public:
  CsvFile(const std::filesystem::path& path, const std::vector<std::string>& classes, PredictionColumns columns)
      : file_(path), text_(classes, columns, [this](std::string_view text) { file_.write(text); }) {}

  void add(HostSpan<const std::int32_t> predicted, HostMatrix<const float> probability) override {
    text_.add(predicted, probability);
  }
  void commit() override { file_.commit(); }

 private:
  OutputFile file_;
  TextWriter text_;
};

class NpyFile final : public PredictionWriter {
 public:
  NpyFile(const std::filesystem::path& path, Index classes, PredictionColumns columns)
      : classes_(classes),
        columns_(columns),
        file_(path, columns == PredictionColumns::class_alone ? "<i4" : "<f4",
              columns == PredictionColumns::class_alone ? std::vector<Index>{} : std::vector<Index>{classes}) {}

  void add(HostSpan<const std::int32_t> predicted, HostMatrix<const float> probability) override {
    expects_predictions(predicted, probability, classes_, columns_);
    if (columns_ == PredictionColumns::class_alone)
      file_.add(predicted);
    else
      file_.add(probability);
  }
  void commit() override { file_.commit(); }

 private:
  Index classes_;
  PredictionColumns columns_;
  NpyWriter file_;
};

}  // namespace

std::unique_ptr<PredictionWriter> write_prediction_text(const std::vector<std::string>& classes,
                                                        PredictionColumns columns,
                                                        std::function<void(std::string_view)> write) {
  return std::make_unique<TextWriter>(classes, columns, std::move(write));
}

std::unique_ptr<PredictionWriter> write_predictions(const std::filesystem::path& path,
                                                    const std::vector<std::string>& classes,
                                                    PredictionColumns columns) {
  const std::string name = path.string();
  if (has_ending(name, ".csv")) return std::make_unique<CsvFile>(path, classes, columns);
  if (has_ending(name, ".npy")) return std::make_unique<NpyFile>(path, static_cast<Index>(classes.size()), columns);
  throw InputError(name + ": predictions are written to a .csv or an .npy file");
}

}  // namespace plateau
