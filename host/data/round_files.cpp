// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/round_files.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "class_map.hpp"
#include "file_ending.hpp"
#include "npy_source.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/csv.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "utf8.hpp"
#include "whole_number.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

using Fields = std::vector<std::string>;

std::string lower_case(std::string text) {
  for (char& c : text)
    if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw InputError(file.string() + ": " + what);
}
[[noreturn]] void refuse_line(const std::filesystem::path& file, Index line, const std::string& what) {
  refuse(file, "line " + std::to_string(line) + ": " + what);
}

// ---- Accuracies ----

// The last two are the test's only where nothing else could be.
constexpr std::array<std::string_view, 11> kTestAccuracy{
    "test_accuracy", "val_accuracy",        "test_acc", "val_acc", "valid_accuracy", "valid_acc", "eval_accuracy",
    "eval_acc",      "validation_accuracy", "accuracy", "acc"};

bool is_bare(std::string_view name) { return name == "accuracy" || name == "acc"; }
// Another program's name for an accuracy on rows that are not trained on.
bool looks_like_test(std::string_view name) {
  const auto begins = [name](std::string_view word) { return name.starts_with(word); };
  return (begins("test") || begins("val") || begins("eval")) && name.find("acc") != std::string_view::npos;
}

struct LogColumns {
  std::optional<std::size_t> round, test_accuracy, train_accuracy, train_loss, test_loss;
};

LogColumns log_columns(const std::filesystem::path& path, const Fields& header) {
  Fields names;
  for (const std::string& name : header) names.push_back(lower_case(name));
  const auto column = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    if (std::find(found + 1, names.end(), name) != names.end())
      refuse_line(path, 1, "two columns are named " + in_quotes(name));
    return found - names.begin();
  };
  const auto either = [&](std::string_view name, std::string_view other) {
    const auto found = column(name);
    return found ? found : column(other);
  };
  LogColumns columns{.round = column("round"),
                     .train_accuracy = column("train_accuracy"),
                     .train_loss = either("train_loss", "loss"),
                     .test_loss = either("test_loss", "val_loss")};
  for (const std::string_view name : kTestAccuracy)
    if (!columns.test_accuracy) columns.test_accuracy = column(name);
  if (!columns.test_accuracy)
    refuse(
        path,
        "there is no column of test accuracies, named test_accuracy, val_accuracy, eval_accuracy, accuracy or acc; its "
        "columns are " +
            some_in_quotes(header));
  const std::string_view of_test = names[*columns.test_accuracy];
  if (is_bare(of_test))
    for (const std::string& name : names)
      if (looks_like_test(name))
        refuse(path, in_quotes(name) + " looks like the test accuracy beside " + in_quotes(std::string(of_test)) +
                         "; name the one that is meant test_accuracy");
  if (!columns.train_accuracy && !is_bare(of_test)) columns.train_accuracy = either("accuracy", "acc");
  const auto is_known = [&](std::size_t place) {
    return place == columns.test_accuracy || place == columns.train_accuracy || place == columns.train_loss ||
           place == columns.test_loss;
  };
  if (!columns.round && !is_known(0)) columns.round = 0;
  return columns;
}

// A finite decimal number; nothing for any other text.
std::optional<double> number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

int decimals_of(std::string_view text) {
  constexpr int kAll = 17;
  if (text.find_first_of("eE") != std::string_view::npos) return kAll;
  const std::size_t point = text.find('.');
  return point == std::string_view::npos ? 0 : std::min(kAll, static_cast<int>(text.size() - point) - 1);
}

class LogReader {
 public:
  explicit LogReader(const std::filesystem::path& path) : path_(path) {}

  RoundLog read() {
    log_.source = path_.string();
    read_csv_text(path_, [this](Index line, const Fields& fields) {
      if (header_.empty()) {
        header_ = fields;
        columns_ = log_columns(path_, header_);
      } else {
        add(line, fields);
      }
    });
    if (log_.rounds.size() < 2)
      refuse(path_, "there " + std::string(log_.rounds.empty() ? "is no round" : "is one round") +
                        "; at least two are needed to see a change");
    expects_one_unit();
    log_.accuracy_column = header_[*columns_.test_accuracy];
    return std::move(log_);
  }

 private:
  std::string holds(std::size_t column, const std::string& text) const {
    return "column " + in_quotes(header_[column]) + (text.empty() ? " has no value" : " holds " + in_quotes(text));
  }

  double needed(Index line, const Fields& fields, std::size_t column) const {
    if (const auto value = number(fields[column])) return *value;
    refuse_line(path_, line,
                holds(column, fields[column]) + (fields[column].empty() ? "" : ", which is no finite number"));
  }
  std::optional<double> perhaps(Index line, const Fields& fields, std::optional<std::size_t> column) const {
    if (!column || fields[*column].empty()) return std::nullopt;
    return needed(line, fields, *column);
  }

  void add(Index line, const Fields& fields) {
    LoggedRound round{.number = static_cast<Index>(log_.rounds.size()) + 1,
                      .test_accuracy = needed(line, fields, *columns_.test_accuracy),
                      .train_accuracy = perhaps(line, fields, columns_.train_accuracy),
                      .train_loss = perhaps(line, fields, columns_.train_loss),
                      .test_loss = perhaps(line, fields, columns_.test_loss)};
    if (columns_.round) round.number = round_number(line, fields[*columns_.round]);
    expects_accuracy(line, *columns_.test_accuracy, fields, round.test_accuracy);
    if (round.train_accuracy) expects_accuracy(line, *columns_.train_accuracy, fields, *round.train_accuracy);
    log_.decimals = std::max(log_.decimals, decimals_of(fields[*columns_.test_accuracy]));
    log_.rounds.push_back(round);
  }

  Index round_number(Index line, const std::string& text) const {
    const auto value = whole_number(text);
    if (!value || *value < 0 || *value > Index{1} << 53)
      refuse_line(path_, line, holds(*columns_.round, text) + "; rounds have whole numbers, from 0 or 1 on");
    if (log_.rounds.empty()) return *value;
    const Index before = log_.rounds.back().number;
    if (*value != before + 1)
      refuse_line(path_, line,
                  "round " + std::to_string(*value) +
                      (*value == before ? " is there twice" : " follows round " + std::to_string(before)) +
                      "; rounds stand in their order, none is left out");
    return *value;
  }

  // Keeps the first value that can only be a share, and the first that can only be a percentage.
  void expects_accuracy(Index line, std::size_t column, const Fields& fields, double value) {
    if (!(0 <= value && value <= 100))
      refuse_line(path_, line,
                  holds(column, fields[column]) + "; an accuracy lies in [0, 1], or in percent in [0, 100]");
    auto& seen = value > 1 ? percent_ : share_;
    if (!seen && value != 0) seen = {line, column, fields[column]};
  }

  void expects_one_unit() {
    if (!percent_) return;
    if (share_)
      refuse(path_, "line " + std::to_string(percent_->line) + ": " + holds(percent_->column, percent_->text) +
                        ", and in line " + std::to_string(share_->line) + " " + holds(share_->column, share_->text) +
                        "; accuracies are all shares up to 1 or all percentages");
    log_.in_percent = true;
    log_.decimals = std::min(log_.decimals + 2, 17);
    for (LoggedRound& round : log_.rounds) {
      round.test_accuracy /= 100;
      if (round.train_accuracy) *round.train_accuracy /= 100;
    }
  }

  struct Seen {
    Index line;
    std::size_t column;
    std::string text;
  };

  const std::filesystem::path& path_;
  Fields header_;
  LogColumns columns_;
  RoundLog log_;
  std::optional<Seen> share_, percent_;
};

// ---- Labels ----

// The place of the target, of a table whose first line this is; whether it is named there.
std::pair<std::size_t, bool> target_place(const std::filesystem::path& path, const Fields& first,
                                          const ReadOptions& options) {
  if (options.target.empty()) return {first.size() - 1, false};
  if (options.header != Header::absent)
    if (const auto named = std::find(first.begin(), first.end(), options.target); named != first.end())
      return {named - first.begin(), true};
  const std::string& place = options.target;
  std::size_t column = 0;
  const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), column);
  if (error != std::errc() || end != place.data() + place.size() || column >= first.size())
    refuse(path, "there is no column " + in_quotes(place) + "; the first line has " + some_in_quotes(first));
  return {column, false};
}

Dataset read_label_column(const std::filesystem::path& path, const ReadOptions& options) {
  std::vector<std::string> names;  // by first occurrence
  std::unordered_map<std::string, std::int32_t> number;
  std::vector<std::int32_t> rows;
  std::optional<std::pair<std::size_t, bool>> target;
  std::optional<std::string> first;  // that may be a header's
  read_csv_text(path, [&](Index line, const Fields& fields) {
    const bool is_first = !target;
    if (is_first) {
      target = target_place(path, fields, options);
      if (target->second || options.header == Header::present) return;
    }
    const std::string& text = fields[target->first];
    if (is_first && options.header == Header::detect) {
      first = text;
      return;
    }
    if (text.empty()) refuse_line(path, line, "the target has no class");
    if (!is_utf8(text)) refuse_line(path, line, in_quotes(text) + " is not UTF-8; save the text as UTF-8");
    const auto [at, is_new] = number.emplace(text, static_cast<std::int32_t>(names.size()));
    if (is_new) {
      names.push_back(text);
      if (static_cast<Index>(names.size()) > kMaxClasses)
        refuse_line(path, line, "the target has more than " + std::to_string(kMaxClasses) + " different values");
    }
    rows.push_back(at->second);
  });
  if (first && number.contains(*first)) rows.insert(rows.begin(), number[*first]);
  if (rows.empty()) refuse(path, "there are no labels");
  Dataset data{.source = path.string()};
  std::vector<std::int32_t> id_of;
  std::tie(data.classes, id_of) = class_map(names);
  for (const std::int32_t row : rows) data.labels.push_back(id_of[static_cast<std::size_t>(row)]);
  return data;
}

// ---- Predictions ----

// Texts or numbers that stand for classes in one file, and where they stand.
struct GivenClasses {
  std::vector<std::string> names;     // by first occurrence
  std::vector<std::int32_t> rows;     // places in the names; -1: none
  std::optional<Index> outputs;       // of each row; then names are the ids "0", "1", ...
  std::optional<std::uint64_t> hash;  // of outputs, if those of half of the rows would show a small change
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

bool names_predictions(const std::string& name) {
  const std::string lower = lower_case(name);
  for (const std::string_view word : {"class", "prediction", "predicted", "pred", "y_pred", "label"})
    if (lower == word) return true;
  return false;
}

// Whether a small change of the network would change this text: rounded or saturated outputs stay as they are.
bool is_telling(const std::string& output) {
  constexpr std::size_t kDecimals = 5;
  const std::size_t point = output.find('.');
  return point != std::string::npos && output.size() > point + kDecimals;
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
      const auto named = std::find_if(fields.begin(), fields.end(), names_predictions);
      if (named == fields.end() && fields.size() > 1)
        refuse(path,
               "the predictions are a column named class, prediction, predicted, pred, y_pred or label; the "
               "first line has " +
                   some_in_quotes(fields));
      column = named == fields.end() ? 0 : named - fields.begin();
      for (std::size_t j = 0; j < fields.size(); ++j)
        if (j != *column && fields[j].starts_with("p(") && fields[j].ends_with(")")) outputs.push_back(j);
      if (named != fields.end()) return;
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
        const auto whole = whole_number(file.names[i]);
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
    if (by_id_) return static_cast<std::int32_t>(*whole_number(name));
    const auto [found, is_new] = place_.emplace(name, static_cast<std::int32_t>(place_.size()));
    if (is_new) {
      if (map_.classes() == kMaxClasses)
        refuse(path,
               "with its " + in_quotes(name) + " there are more than " + std::to_string(kMaxClasses) + " classes");
      map_.names.push_back(name);
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

RoundLog read_round_log(const std::filesystem::path& path) { return LogReader(path).read(); }

Dataset read_test_labels(const std::string& files, const ReadOptions& options) {
  const auto is = [&](std::string_view ending) { return has_ending(files, ending); };
  std::string_view plain = files;
  if (is(".gz")) plain.remove_suffix(3);
  for (const std::string_view ending : {".csv", ".tsv", ".txt"})
    if (has_ending(plain, ending)) return read_label_column(files, options);
  if (is(".npy") && files.find(':') == std::string::npos) {
    Dataset data{.source = files};
    data.labels = read_npy_labels(files);
    if (data.labels.empty()) refuse(files, "there are no labels");
    const std::int32_t most = *std::max_element(data.labels.begin(), data.labels.end());
    if (most >= kMaxClasses)
      refuse(files, "it holds " + std::to_string(most) + "; class ids lie below " + std::to_string(kMaxClasses));
    data.classes = numbered_classes(Index{most} + 1);
    return data;
  }
  return read_dataset(files, options);
}

std::vector<std::filesystem::path> files_by_number(const std::filesystem::path& folder,
                                                   const std::vector<std::string>& endings) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) refuse(folder, error ? error.message() : "this is no folder");
  std::map<std::uint64_t, std::filesystem::path> by_number;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const auto has = [&](const std::string& ending) { return has_ending(name, ending); };
    const auto ending = std::find_if(endings.begin(), endings.end(), has);
    if (ending == endings.end() || name.starts_with('.')) continue;
    const std::string_view stem = std::string_view(name).substr(0, name.size() - ending->size());
    constexpr std::string_view kDigits = "0123456789";
    const std::size_t last = stem.find_last_of(kDigits);
    const std::size_t first = last == std::string_view::npos ? last : stem.find_last_not_of(kDigits, last) + 1;
    std::uint64_t number = 0;
    if (last == std::string_view::npos ||
        std::from_chars(stem.data() + first, stem.data() + last + 1, number).ec != std::errc())
      refuse(entry.path(), "the name has no number that could be that of a round, as in round_2" + *ending);
    if (const auto [at, is_new] = by_number.emplace(number, entry.path()); !is_new) {
      auto names = std::pair(at->second.filename().string(), name);
      if (names.second < names.first) std::swap(names.first, names.second);
      refuse(folder, in_quotes(names.first) + " and " + in_quotes(names.second) + " have both the number " +
                         std::to_string(number) + ", so the order of the rounds is not known");
    }
  }
  if (error) refuse(folder, error.message());
  if (by_number.empty()) {
    std::string all;
    for (const std::string& ending : endings) all += (all.empty() ? "" : " or ") + ending;
    refuse(folder, "there is no file that ends in " + all);
  }
  std::vector<std::filesystem::path> files;
  files.reserve(by_number.size());
  for (const auto& [number, file] : by_number) files.push_back(file);
  return files;
}

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
                            ? "; a header is class, prediction, predicted, pred, y_pred or label"
                            : ""));
  }
  ClassIds ids(labels);
  ids.look_at(given);
  RoundPredictions result{.classes = {}, .by_id = ids.by_id()};
  for (std::size_t i = 0; i < files.size(); ++i) result.predicted.push_back(ids.ids(files[i], given[i]));
  if (std::all_of(given.begin(), given.end(), [](const GivenClasses& file) { return file.hash.has_value(); }))
    for (const GivenClasses& file : given) result.outputs.push_back(*file.hash);
  result.classes = ids.take_map();
  return result;
}

}  // namespace plateau
