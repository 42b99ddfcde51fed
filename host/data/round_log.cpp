// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "letters.hpp"
#include "plateau/data/csv.hpp"
#include "plateau/data/round_files.hpp"
#include "refusals.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

using Fields = std::vector<std::string>;
using Places = std::vector<std::size_t>;

constexpr std::array kNumber =
    std::to_array<std::string_view>({"round", "server_round", "global_step", "step", "epoch", "iteration"});
// The last ones are the test's only where nothing else could be.
constexpr std::size_t kBare = 2;
constexpr std::array kTestAccuracy = std::to_array<std::string_view>(
    {"test_accuracy", "val_accuracy", "test_acc", "val_acc", "valid_accuracy", "valid_acc", "eval_accuracy", "eval_acc",
     "validation_accuracy", "accuracy", "acc"});
constexpr std::array kTrainAccuracy =
    std::to_array<std::string_view>({"train_accuracy", "train_acc", "training_accuracy"});
constexpr std::array kTrainLoss =
    std::to_array<std::string_view>({"train_loss", "training_loss", "train_loss_epoch", "loss"});
constexpr std::array kTestLoss =
    std::to_array<std::string_view>({"test_loss", "val_loss", "eval_loss", "valid_loss", "validation_loss"});

bool is_bare(std::string_view name) { return name == "accuracy" || name == "acc"; }
// Another program's name for an accuracy on rows that are not trained on.
bool looks_like_test(std::string_view name) {
  const auto begins = [name](std::string_view word) { return name.starts_with(word); };
  return (begins("test") || begins("val") || begins("eval")) && name.find("acc") != std::string_view::npos;
}

// "Eval/Accuracy" is eval_accuracy.
std::string plain_name(const std::string& name) {
  std::string plain = lower_case(name);
  for (char& c : plain)
    if (std::string_view(" -/.").find(c) != std::string_view::npos) c = '_';
  return plain;
}

// Of figures that may stand in several columns, a line has the first one's that is not empty: a program that logs every
// step's loss writes that of all of them into another column at the end.
struct LogColumns {
  Places numbers;
  std::optional<std::size_t> first;  // a column that nothing else is known of
  std::size_t test_accuracy = 0;
  Places train_accuracy, train_loss, test_loss;
};

LogColumns log_columns(const std::filesystem::path& path, const Fields& header) {
  Fields names;
  for (const std::string& name : header) names.push_back(plain_name(name));
  const auto among = [&](std::span<const std::string_view> wanted) {
    Places places;
    for (const std::string_view name : wanted) {
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) continue;
      if (std::find(found + 1, names.end(), name) != names.end())
        refuse_line(path, 1, "two columns are named " + in_quotes(name));
      places.push_back(static_cast<std::size_t>(found - names.begin()));
    }
    return places;
  };
  const Places accuracies = among(kTestAccuracy);
  if (accuracies.empty())
    refuse(
        path,
        "there is no column of test accuracies, named test_accuracy, val_accuracy, eval_accuracy, accuracy or acc; its "
        "columns are " +
            some_in_quotes(header));
  LogColumns columns{.numbers = among(kNumber),
                     .first = {},
                     .test_accuracy = accuracies.front(),
                     .train_accuracy = among(kTrainAccuracy),
                     .train_loss = among(kTrainLoss),
                     .test_loss = among(kTestLoss)};
  const std::string_view of_test = names[columns.test_accuracy];
  if (is_bare(of_test)) {
    for (std::size_t j = 0; j < names.size(); ++j)
      if (looks_like_test(names[j]))
        refuse(path, in_quotes(header[j]) + " looks like the test accuracy beside " +
                         in_quotes(header[columns.test_accuracy]) + "; name the one that is meant test_accuracy");
    // As Keras logs a training that is not validated.
    const auto has = [&](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
    if (has("epoch") && has("loss") && columns.train_accuracy.empty() && columns.test_loss.empty())
      refuse(path, in_quotes(header[columns.test_accuracy]) +
                       " beside 'loss' may be the accuracy of the training rows, as Keras logs it; if it is that of "
                       "test rows, name it test_accuracy");
  } else if (columns.train_accuracy.empty()) {
    columns.train_accuracy = among(std::span(kTestAccuracy).last<kBare>());
  }
  const auto has_first = [](const Places& places) {
    return std::find(places.begin(), places.end(), 0) != places.end();
  };
  if (columns.test_accuracy != 0 && !has_first(columns.numbers) && !has_first(columns.train_accuracy) &&
      !has_first(columns.train_loss) && !has_first(columns.test_loss))
    columns.first = 0;
  return columns;
}

// A decimal number, infinity or NaN; nothing for any other text.
std::optional<double> number(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_missing(const std::string& text) {
  const std::string lower = lower_case(text);
  return lower.empty() || lower == "na" || lower == "n/a" || lower == "null" || lower == "none";
}

int decimals_of(std::string_view text) {
  constexpr int kAll = 17;
  if (text.find_first_of("eE") != std::string_view::npos) return kAll;
  const std::size_t point = text.find('.');
  return point == std::string_view::npos ? 0 : std::min(kAll, static_cast<int>(text.size() - point) - 1);
}

// Of a number that may have an exponent: "2.50e-01" has 3.
int decimals_of_loss(std::string_view text) {
  const std::size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return decimals_of(text);
  const int exponent = static_cast<int>(std::clamp(number(text.substr(e + 1)).value_or(0), -300.0, 300.0));
  return std::max(0, decimals_of(text.substr(0, e)) - exponent);
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
                        " with a test accuracy; at least two are needed to see a change");
    number_rounds();
    expects_one_unit();
    log_.accuracy_column = header_[columns_.test_accuracy];
    return std::move(log_);
  }

 private:
  std::string holds(std::size_t column, const std::string& text) const {
    return "column " + in_quotes(header_[column]) + (text.empty() ? " has no value" : " holds " + in_quotes(text));
  }

  double accuracy(Index line, const Fields& fields, std::size_t column) {
    const std::string& text = fields[column];
    const auto value = number(text);
    if (!value || !std::isfinite(*value)) refuse_line(path_, line, holds(column, text) + ", which is no finite number");
    expects_accuracy(line, column, text, *value);
    return *value;
  }
  // The first of the columns that has a value.
  static std::optional<std::size_t> filled(const Fields& fields, const Places& columns) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](auto j) { return !is_missing(fields[j]); });
    return found == columns.end() ? std::nullopt : std::optional(*found);
  }
  std::optional<double> loss(Index line, const Fields& fields, const Places& columns) const {
    const auto column = filled(fields, columns);
    if (!column) return std::nullopt;
    if (const auto value = number(fields[*column])) return value;
    refuse_line(path_, line, holds(*column, fields[*column]) + ", which is no number");
  }

  static void fill(LoggedRound& round, const LoggedRound& from) {
    if (!round.train_accuracy) round.train_accuracy = from.train_accuracy;
    if (!round.train_loss) round.train_loss = from.train_loss;
    if (!round.test_loss) round.test_loss = from.test_loss;
  }

  void add(Index line, const Fields& fields) {
    ++lines_;
    LoggedRound round{.number = static_cast<double>(lines_)};
    if (const auto column = filled(fields, columns_.train_accuracy))
      round.train_accuracy = accuracy(line, fields, *column);
    round.train_loss = loss(line, fields, columns_.train_loss);
    round.test_loss = loss(line, fields, columns_.test_loss);
    if (const auto column = filled(fields, columns_.test_loss))
      log_.test_loss_decimals = std::max(log_.test_loss_decimals, decimals_of_loss(fields[*column]));
    Numbered numbered{.line = line, .named = {}, .first = columns_.first ? fields[*columns_.first] : ""};
    for (const std::size_t column : columns_.numbers) numbered.named.push_back(fields[column]);

    if (is_missing(fields[columns_.test_accuracy])) {
      ++log_.not_evaluated;
      const bool of_last = !numbers_.empty() && !columns_.numbers.empty() && numbers_.back().named == numbered.named;
      if (of_last) return fill(log_.rounds.back(), round);
      fill(round, next_);
      next_ = round;
      return;
    }
    round.test_accuracy = accuracy(line, fields, columns_.test_accuracy);
    log_.decimals = std::max(log_.decimals, decimals_of(fields[columns_.test_accuracy]));
    fill(round, next_);
    next_ = {};
    log_.rounds.push_back(round);
    numbers_.push_back(std::move(numbered));
  }

  // The numbers that stand in a column; nothing where a round has none, or they do not increase.
  template <class TextOf>
  std::optional<std::vector<double>> increasing(TextOf text_of) const {
    std::vector<double> values;
    for (const Numbered& round : numbers_) {
      const auto value = number(text_of(round));
      if (!value || !(0 <= *value && *value <= kMost) || (!values.empty() && !(*value > values.back())))
        return std::nullopt;
      values.push_back(*value);
    }
    return values;
  }

  void number_rounds() {
    const auto take = [&](std::size_t column, const std::vector<double>& values) {
      for (std::size_t r = 0; r < values.size(); ++r) log_.rounds[r].number = values[r];
      log_.number_column = header_[column];
    };
    for (std::size_t j = 0; j < columns_.numbers.size(); ++j)
      if (const auto values = increasing([j](const Numbered& round) { return std::string_view(round.named[j]); }))
        return take(columns_.numbers[j], *values);
    if (!columns_.numbers.empty()) refuse_numbers();
    if (columns_.first)
      if (const auto values = increasing([](const Numbered& round) { return std::string_view(round.first); }))
        take(*columns_.first, *values);
    // Otherwise they have the numbers of their lines.
  }

  [[noreturn]] void refuse_numbers() const {
    double before = -1;
    for (const Numbered& round : numbers_) {
      const std::string& text = round.named.front();
      const auto value = number(text);
      if (!value || !(0 <= *value && *value <= kMost))
        refuse_line(path_, round.line, holds(columns_.numbers.front(), text) + "; rounds have numbers, from 0 or 1 on");
      if (!(*value > before))
        refuse_line(path_, round.line,
                    "round " + round_name(*value) +
                        (*value == before ? " is there twice" : " follows round " + round_name(before)) +
                        "; rounds stand in their order");
      before = *value;
    }
    refuse(path_, "the rounds have no order");  // not reached: some line is at fault
  }

  // Keeps the first value that can only be a share, and the first that can only be a percentage.
  void expects_accuracy(Index line, std::size_t column, const std::string& text, double value) {
    if (!(0 <= value && value <= 100))
      refuse_line(path_, line, holds(column, text) + "; an accuracy lies in [0, 1], or in percent in [0, 100]");
    auto& seen = value > 1 ? percent_ : share_;
    if (!seen && value != 0) seen = {line, column, text};
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

  static constexpr double kMost = 0x1p53;

  struct Seen {
    Index line;
    std::size_t column;
    std::string text;
  };
  // What stands in the columns that a round's number could be in.
  struct Numbered {
    Index line;
    Fields named;
    std::string first;
  };

  const std::filesystem::path& path_;
  Fields header_;
  LogColumns columns_;
  RoundLog log_;
  std::vector<Numbered> numbers_;  // of the rounds
  LoggedRound next_;               // what was logged since the last round
  Index lines_ = 0;
  std::optional<Seen> share_, percent_;
};

}  // namespace

std::string round_name(double number) {
  return number == std::floor(number) && std::abs(number) <= 0x1p53 ? std::to_string(static_cast<Index>(number))
                                                                    : shortest_decimal(number);
}

RoundLog read_round_log(const std::filesystem::path& path) { return LogReader(path).read(); }

}  // namespace plateau
