// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/round_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "class_map.hpp"
#include "file_ending.hpp"
#include "letters.hpp"
#include "npy_source.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/utf8.hpp"
#include "plateau/data/csv.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "refusals.hpp"
#include "whole_number.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

using Fields = std::vector<std::string>;

// Texts or numbers that stand for classes in one file, and where they stand.
struct GivenClasses {
  std::vector<std::string> names;     // by first occurrence
  std::vector<std::int32_t> rows;     // places in the names; -1: none
  std::optional<Index> outputs;       // of each row; then names are the ids "0", "1", ...
  std::optional<std::uint64_t> hash;  // of outputs, if those of half of the rows would show a small change
  std::string column;                 // that they stand in; empty where it has no name
};

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) over bytes.
class Hash {
 public:
  void add(const void* data, std::size_t bytes) {
    const auto* const at = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < bytes; ++i) value_ = (value_ ^ at[i]) * 0x100000001B3;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325;
};

// A column of the second kind may as well hold the truth, so one of the first goes before it.
constexpr std::array kPredictions =
    std::to_array<std::string_view>({"prediction", "predictions", "predicted", "pred", "preds", "y_pred",
                                     "predicted_class", "pred_class", "y_hat", "pred_label", "predicted_label"});
constexpr std::array kClassOrLabel = std::to_array<std::string_view>({"class", "label"});
constexpr const char* kColumnNames = "prediction, predicted, pred, y_pred, class or label";

// The column of the predictions; nothing where none has such a name.
std::optional<std::size_t> prediction_column(const std::filesystem::path& path, const Fields& header) {
  for (const std::span<const std::string_view> words :
       {std::span<const std::string_view>(kPredictions), std::span<const std::string_view>(kClassOrLabel)}) {
    std::optional<std::size_t> column;
    for (std::size_t j = 0; j < header.size(); ++j) {
      if (std::find(words.begin(), words.end(), lower_case(header[j])) == words.end()) continue;
      if (column)
        refuse(path, "columns " + in_quotes(header[*column]) + " and " + in_quotes(header[j]) +
                         " could both be the predictions; leave one of them, or give the other a name of its own");
      column = j;
    }
    if (column) return column;
  }
  return std::nullopt;
}

// Whether a change by a thousandth would change this text: rounded or saturated probabilities stay as they are. What is
// written with an exponent is not rounded.
bool is_telling(const std::string& output) {
  double value = 0;
  const auto [end, error] = std::from_chars(output.data(), output.data() + output.size(), value);
  if (error != std::errc() || end != output.data() + output.size()) return false;
  const double room = std::min(std::abs(value), std::abs(1 - value));
  if (output.find_first_of("eE") != std::string::npos) return room > 0;
  constexpr std::size_t kDecimals = 5;
  const std::size_t point = output.find('.');
  const std::size_t decimals = point == std::string::npos ? 0 : output.size() - point - 1;
  return decimals >= kDecimals && room >= 1000 * std::pow(0.1, decimals);
}

// The id that a text stands for as a number, or as other programs name classes without names: "LABEL_3".
std::optional<std::int64_t> id_in(std::string_view text) {
  constexpr std::string_view kPrefix = "LABEL_";
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  return whole_number(text);
}

std::vector<std::string> id_names(Index classes) {
  std::vector<std::string> names;
  for (Index id = 0; id < classes; ++id) names.push_back(std::to_string(id));
  return names;
}

GivenClasses read_text_predictions(const std::filesystem::path& path) {
  GivenClasses given;
  std::unordered_map<std::string, std::int32_t> place;
  std::optional<std::size_t> column;
  std::vector<std::size_t> outputs;
  std::size_t telling = 0;  // rows
  Hash hash;
  read_csv_text(path, [&](Index line, const Fields& fields) {
    if (!column) {
      const auto named = prediction_column(path, fields);
      if (!named && fields.size() > 1)
        refuse(path, std::string("the predictions are a column named ") + kColumnNames + "; the first line has " +
                         some_in_quotes(fields));
      column = named.value_or(0);
      for (std::size_t j = 0; j < fields.size(); ++j)
        if (j != *column && fields[j].starts_with("p(") && fields[j].ends_with(")")) outputs.push_back(j);
      if (named) {
        given.column = fields[*column];
        return;
      }
    }
    const std::string& text = fields[*column];
    if (text.empty()) refuse_line(path, line, "the row has no class");
    if (!is_utf8(text)) refuse_line(path, line, in_quotes(text) + " is not UTF-8; save the text as UTF-8");
    const auto whole = whole_number(text);
    const auto [at, is_new] =
        place.emplace(whole ? std::to_string(*whole) : text, static_cast<std::int32_t>(given.names.size()));
    if (is_new) given.names.push_back(at->first);
    if (static_cast<Index>(given.names.size()) > kMaxClasses)
      refuse_line(path, line, "there are more than " + std::to_string(kMaxClasses) + " different classes");
    given.rows.push_back(at->second);
    for (const std::size_t j : outputs) {
      hash.add(fields[j].data(), fields[j].size());
      hash.add(",", 1);
    }
    telling += std::any_of(outputs.begin(), outputs.end(), [&](std::size_t j) { return is_telling(fields[j]); });
  });
  if (telling > 0 && 2 * telling >= given.rows.size()) given.hash = hash.value();
  return given;
}

GivenClasses read_array_predictions(const std::filesystem::path& path) {
  GivenClasses given;
  {
    PlainFile file(path);
    if (are_npy_labels(read_npy_header(file))) {
      PlainFile again(path);
      given.rows = read_npy_labels(again);
      const std::int32_t most = given.rows.empty() ? 0 : *std::max_element(given.rows.begin(), given.rows.end());
      if (most >= kMaxClasses)
        refuse(path, "it holds " + std::to_string(most) + "; class ids lie below " + std::to_string(kMaxClasses));
      given.names = id_names(Index{most} + 1);
      return given;
    }
  }
  const std::unique_ptr<FeatureRows> open = open_npy_features(std::make_unique<PlainFile>(path));
  const NpyMatrix outputs = open->all();
  if (outputs.cols < 2 || outputs.cols > kMaxClasses)
    refuse(path, "the array has " + std::to_string(outputs.cols) + (outputs.cols == 1 ? " column" : " columns") +
                     "; outputs are one column per class, of 2 to " + std::to_string(kMaxClasses) +
                     ", and class ids are integers");
  Hash hash;
  Index telling = 0;  // rows whose outputs are not saturated
  for (Index i = 0; i < outputs.rows; ++i) {
    const float* const row = outputs.view().row(i);
    const bool is_number = std::none_of(row, row + outputs.cols, [](float value) { return std::isnan(value); });
    given.rows.push_back(is_number ? static_cast<std::int32_t>(std::max_element(row, row + outputs.cols) - row) : -1);
    hash.add(row, static_cast<std::size_t>(outputs.cols) * sizeof(float));
    telling += std::any_of(row, row + outputs.cols, [](float value) { return value != 0 && value != 1; });
  }
  given.names = id_names(outputs.cols);
  given.outputs = outputs.cols;
  if (2 * telling >= outputs.rows) given.hash = hash.value();
  return given;
}

// The classes of all files as ids of one map.
class ClassIds {
 public:
  explicit ClassIds(const Dataset* labels) {
    if (labels != nullptr) {
      map_ = labels->classes;
      source_ = labels->source;
    }
    known_ = map_.classes();
    name_places();
  }

  // Decides whether numbers stand for ids of classes that have names. Where no label says which classes there are,
  // numbers are ids of numbered ones.
  void look_at(const std::vector<GivenClasses>& files) {
    if (known_ > 0 && map_.numbered) return;
    bool all_are_names = true, all_are_ids = true;
    std::int64_t most = 0;
    for (const GivenClasses& file : files) {
      std::vector<bool> used(file.names.size(), false);
      for (const std::int32_t at : file.rows)
        if (at >= 0) used[static_cast<std::size_t>(at)] = true;
      for (std::size_t i = 0; i < used.size(); ++i) {
        if (!used[i]) continue;
        const auto whole = id_in(file.names[i]);
        all_are_ids = all_are_ids && whole && 0 <= *whole && *whole < (known_ > 0 ? known_ : kMaxClasses);
        all_are_names = all_are_names && !file.outputs && (!whole || place_.contains(file.names[i]));
        if (whole) most = std::max(most, *whole);
      }
      if (file.outputs) most = std::max(most, *file.outputs - 1);
    }
    if (known_ > 0) {
      by_id_ = all_are_ids && !all_are_names;
    } else if (all_are_ids) {
      map_ = numbered_classes(most + 1);
      name_places();
    }
  }
  bool by_id() const { return by_id_; }

  std::vector<std::int32_t> ids(const std::filesystem::path& path, const GivenClasses& file) {
    if (file.outputs && known_ > 0 && !map_.numbered && *file.outputs != known_)
      refuse(path, "it has outputs of " + std::to_string(*file.outputs) + " classes, and " + source_ + " has " +
                       std::to_string(known_) + " with names; which are which is not known");
    std::vector<std::int32_t> id_of(file.names.size(), -1), ids;
    for (const std::int32_t at : file.rows) {
      if (at < 0) {
        ids.push_back(-1);
        continue;
      }
      std::int32_t& id = id_of[static_cast<std::size_t>(at)];
      if (id < 0) id = id_of_name(path, file.names[static_cast<std::size_t>(at)]);
      ids.push_back(id);
    }
    return ids;
  }

  ClassMap take_map() { return std::move(map_); }

 private:
  void name_places() {
    for (const std::string& name : map_.names) place_.emplace(name, static_cast<std::int32_t>(place_.size()));
  }

  std::int32_t id_of_name(const std::filesystem::path& path, const std::string& name) {
    if (by_id_) return static_cast<std::int32_t>(*id_in(name));
    const bool is_named_id = map_.numbered && !place_.contains(name) && id_in(name);
    const auto [found, is_new] =
        place_.emplace(is_named_id ? std::to_string(*id_in(name)) : name, static_cast<std::int32_t>(place_.size()));
    if (is_new) {
      if (map_.classes() == kMaxClasses)
        refuse(path,
               "with its " + in_quotes(name) + " there are more than " + std::to_string(kMaxClasses) + " classes");
      map_.names.push_back(found->first);
      map_.numbered = false;
    }
    return found->second;
  }

  ClassMap map_;
  std::string source_;
  Index known_ = 0;  // classes of the labels
  std::unordered_map<std::string, std::int32_t> place_;
  bool by_id_ = false;
};

}  // namespace

RoundPredictions read_round_predictions(const std::vector<std::filesystem::path>& files, const Dataset* labels) {
  expects(!files.empty(), "read_round_predictions: at least one file");
  std::vector<GivenClasses> given;
  for (const std::filesystem::path& file : files) {
    given.push_back(has_ending(file.string(), ".npy") ? read_array_predictions(file) : read_text_predictions(file));
    const auto rows = static_cast<Index>(given.back().rows.size());
    const Index expected = labels != nullptr ? labels->rows() : static_cast<Index>(given.front().rows.size());
    if (rows == 0) refuse(file, "there are no predictions");
    if (rows != expected)
      refuse(file, "there are predictions of " + std::to_string(rows) + " rows, and " + std::to_string(expected) +
                       " rows in " + (labels != nullptr ? labels->source : files.front().string()) +
                       (rows == expected + 1 && !has_ending(file.string(), ".npy")
                            ? std::string("; a header is ") + kColumnNames
                            : ""));
    const std::string &column = given.back().column, &before = given.front().column;
    if (!column.empty() && !before.empty() && lower_case(column) != lower_case(before))
      refuse(file, "its predictions are column " + in_quotes(column) + ", and those of " + files.front().string() +
                       " are column " + in_quotes(before));
  }
  ClassIds ids(labels);
  ids.look_at(given);
  RoundPredictions result{.classes = {}, .by_id = ids.by_id(), .column = given.front().column};
  for (std::size_t i = 0; i < files.size(); ++i) result.predicted.push_back(ids.ids(files[i], given[i]));
  if (std::all_of(given.begin(), given.end(), [](const GivenClasses& file) { return file.hash.has_value(); }))
    for (const GivenClasses& file : given) result.outputs.push_back(*file.hash);
  result.classes = ids.take_map();
  return result;
}

}  // namespace plateau
