// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/csv.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "class_map.hpp"
#include "csv_blocks.hpp"
#include "letters.hpp"
#include "plateau/core/utf8.hpp"
#include "plateau/data/byte_stream.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "whole_number.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::size_t kPieceBytes = 1 << 22;
constexpr std::string_view kSeparators = ",;\t";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Rows of `width` elements while nobody knows how many there will be. They lie in pieces that never move, and each
// piece goes back to the system as soon as it was copied to where the rows belong, so that all of them but one piece
// are there once. That is why the pieces are not taken from the heap, which may keep what it gets back.
template <class T>
class Pieces {
 public:
  // At most `most_rows` are to be there at once.
  Pieces(Index width, Index most_rows)
      : width_(static_cast<std::size_t>(width)),
        rows_per_piece_(
            std::clamp<std::size_t>(kPieceBytes / (width_ * sizeof(T)), 1, static_cast<std::size_t>(most_rows))) {}

  bool is_full() const { return used_ == rows_per_piece_ || pieces_.empty(); }
  std::size_t bytes_with_another_piece() const { return (pieces_.size() + 1) * piece_bytes(); }
  Index rows() const {
    return pieces_.empty() ? 0 : static_cast<Index>((pieces_.size() - 1) * rows_per_piece_ + used_);
  }

  // Where the next row is to be written. It counts when add() is called.
  T* next() {
    if (is_full()) {
      void* const piece = mmap(nullptr, piece_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (piece == MAP_FAILED) throw std::bad_alloc();
      pieces_.push_back(Piece(static_cast<T*>(piece), Unmap{piece_bytes()}));
      used_ = 0;
    }
    return pieces_.back().get() + used_ * width_;
  }
  void add() { ++used_; }

  // Hands over one piece after the other, and empties this.
  template <class Use>
  void take_each(Use use) {
    for (Piece& piece : pieces_) {
      const std::size_t rows = &piece == &pieces_.back() ? used_ : rows_per_piece_;
      use(std::span<const T>(piece.get(), rows * width_));
      piece.reset();
    }
    pieces_.clear();
  }

 private:
  struct Unmap {
    std::size_t bytes;
    void operator()(T* piece) const { munmap(piece, bytes); }
  };
  using Piece = std::unique_ptr<T, Unmap>;

  std::size_t piece_bytes() const { return rows_per_piece_ * width_ * sizeof(T); }

  std::size_t width_, rows_per_piece_;
  std::size_t used_ = 0;  // rows of the last piece
  std::vector<Piece> pieces_;
};

// The part of the text that is read and not yet parsed.
class Window {
 public:
  explicit Window(const std::filesystem::path& path) : stream_(path), text_(first_bytes(stream_)) {}

  const ByteStream& stream() const { return stream_; }
  const char* begin() const { return text_.data() + begin_; }
  const char* end() const { return text_.data() + end_; }
  bool is_last() const { return is_last_; }  // nothing follows the end
  void pass(const char* to) { begin_ = static_cast<std::size_t>(to - text_.data()); }

  // More text behind the end; what is there may move. False where the window already is as large as a row may be.
  bool extend() {
    const std::size_t rest = end_ - begin_;
    if (rest > 0 && begin_ > 0) std::memmove(text_.data(), begin(), rest);
    begin_ = 0;
    if (rest == text_.size()) {
      if (std::cmp_greater_equal(rest, kMaxCsvRowBytes)) return false;
      text_.resize(2 * rest);
    }
    const std::span<char> room = std::span(text_).subspan(rest);
    const auto read = static_cast<std::size_t>(stream_.read(room));
    end_ = rest + read;
    is_last_ = read < room.size();
    return true;
  }

 private:
  // A block, or one more byte than a small file has: its end is seen by one read.
  static std::size_t first_bytes(const ByteStream& stream) {
    if (stream.is_gzip()) return kBlockBytes;
    return std::min(kBlockBytes, static_cast<std::size_t>(stream.bytes_on_disk()) + 1);
  }

  ByteStream stream_;
  std::vector<char> text_;
  std::size_t begin_ = 0, end_ = 0;
  bool is_last_ = false;
};

// Texts numbered by first occurrence.
class Names {
 public:
  // The number of `text`; of one that was not there before, after `check` has seen it.
  template <class Check>
  std::int32_t number(std::string_view text, Check check) {
    if (last_ != nullptr && last_->first == text) return last_->second;
    auto found = numbers_.find(text);
    if (found == numbers_.end()) {
      check(text);
      found = numbers_.emplace(text, static_cast<std::int32_t>(numbers_.size())).first;
    }
    last_ = &*found;
    return last_->second;
  }

  Index size() const { return static_cast<Index>(numbers_.size()); }
  std::vector<std::string> texts() const {
    std::vector<std::string> all(numbers_.size());
    for (const auto& [text, number] : numbers_) all[static_cast<std::size_t>(number)] = text;
    return all;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> numbers_;
  const std::pair<const std::string, std::int32_t>* last_ = nullptr;  // rows of a class often follow each other
};

bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char t, char l) { return l == ('A' <= t && t <= 'Z' ? t - 'A' + 'a' : t); });
}

bool is_nan(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return equals_ignoring_case(text, "nan");
}

// What stands for a value that is not there.
bool is_missing(std::string_view text) {
  if (text.empty() || is_nan(text)) return true;
  for (const std::string_view mark : {"na", "n/a", "<na>", "null", "none", "?"})
    if (equals_ignoring_case(text, mark)) return true;
  return false;
}

// Whether a decimal number that no double is near, `text`, is so small and not so large.
bool is_tiny(std::string_view text) {
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t first = mantissa.find_first_of("123456789"), point = std::min(mantissa.find('.'), e);
  if (first == std::string_view::npos) return true;
  // The place of the first digit, counted from the point. Texts are too short to outweigh an exponent of this size.
  constexpr std::int64_t kHuge = std::int64_t{1} << 48;
  const auto place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  std::int64_t exponent = 0;
  if (e < text.size()) {
    text.remove_prefix(e + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    if (std::from_chars(text.data(), text.data() + text.size(), exponent).ec != std::errc())
      exponent = text.starts_with('-') ? -kHuge : kHuge;
  }
  return place + std::clamp(exponent, -kHuge, kHuge) < 0;
}

enum class Number { finite, infinite, out_of_range, none };

// `text` as a number, of which `value` is the nearest float where it is finite.
Number parse_number(std::string_view text, float& value) {
  while (text.starts_with(' ')) text.remove_prefix(1);  // of a field in quotes
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed != end || error == std::errc::invalid_argument) return Number::none;
  if (error == std::errc() && std::isfinite(value)) return Number::finite;
  if (std::isnan(value)) return Number::none;
  if (!has_digit(text)) return Number::infinite;
  // Libraries differ in whether a number that is too small for a float is out of its range. It is a small number.
  double wide = 0;
  if (std::from_chars(text.data(), end, wide).ec != std::errc()) {
    if (!is_tiny(text)) return Number::out_of_range;
    wide = text.starts_with('-') ? -0.0 : 0.0;
  }
  if (!(std::abs(wide) < 1)) return Number::out_of_range;
  value = static_cast<float>(wide);
  return Number::finite;
}

bool is_text(const std::string& field) {
  float value = 0;
  return !is_missing(field) && parse_number(field, value) == Number::none;
}

// What can be had without taking it from other programs; all of it where the system does not say.
std::size_t available_memory() {
  std::ifstream info("/proc/meminfo");
  for (std::string word; info >> word;)
    if (std::size_t kilobytes = 0; word == "MemAvailable:" && info >> kilobytes) return 1024 * kilobytes;
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

enum class Target { read, left_out };

class CsvReader {
 public:
  // Every `rows_per_block` rows, and the rest, go to `take`. Class names have no order before the last row, so a target
  // that is read takes one block.
  CsvReader(const std::filesystem::path& path, const ReadOptions& options, Target target, Index rows_per_block,
            const TakeBlock& take)
      : options_(options),
        reads_target_(target == Target::read),
        rows_per_block_(rows_per_block),
        take_(take),
        most_bytes_(options.most_bytes > 0 ? static_cast<std::size_t>(options.most_bytes) : available_memory()),
        window_(path) {}

  void read() {
    read_beginning();
    read_first_line();
    read_rows();
  }

  // Every line as text, also the first one; no column has a meaning.
  void read_text(const TakeText& take) {
    read_beginning();
    read_separator();
    take_text_ = &take;
    while (parse_line()) continue;
  }

 private:
  enum class Role : unsigned char { feature, target, group, dropped };
  enum class End { separator, line, incomplete };  // the end of the file is that of a line

  struct Field {
    std::string_view text;   // without quotes around it and spaces around these
    bool has_quote = false;  // doubled, of a quoted field
    Index line_ends = 0;     // within quotes
    End end = End::incomplete;
    const char* next = nullptr;  // what follows the end
  };

  // ---- Text ----

  void extend() {
    if (!window_.extend())
      refuse_line("a row of more than " + std::to_string(kMaxCsvRowBytes) +
                  " bytes begins here; is a quote not closed?");
    if (options_.progress && window_.stream().bytes_on_disk() > 0)
      options_.progress(static_cast<double>(window_.stream().bytes_read_on_disk()) /
                        static_cast<double>(window_.stream().bytes_on_disk()));
  }

  void read_beginning() {
    extend();
    if (std::string_view(window_.begin(), window_.end()).starts_with(kByteOrderMark))
      window_.pass(window_.begin() + kByteOrderMark.size());
    expects_text();
  }

  void expects_text() const {
    const std::string_view text(window_.begin(), window_.end());
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
      window_.stream().refuse("the text is UTF-16; save it as UTF-8");
    if (text.empty()) window_.stream().refuse("the file is empty");
  }

  // The field at `at`, which is in the window or its end.
  Field scan_field(const char* at) const {
    const char* const end = window_.end();
    Field field;
    while (at < end && is_space(*at)) ++at;
    if (at < end && *at == '"') {
      const char* const first = ++at;
      for (;; at += 2) {
        at = at < end ? static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at))) : nullptr;
        if (at == nullptr) {
          if (window_.is_last()) refuse_line("a quote of this row is not closed");
          return field;
        }
        // What is the last character of the window may still be doubled; then the field is incomplete, as seen below.
        if (at + 1 == end || at[1] != '"') break;
        field.has_quote = true;
      }
      field.text = {first, static_cast<std::size_t>(at - first)};
      field.line_ends = std::count(field.text.begin(), field.text.end(), '\n');
      ++at;
      while (at < end && is_space(*at)) ++at;
      if (at < end && *at == '\r' && (at + 1 == end || at[1] == '\n')) ++at;
      if (at < end && *at != separator_ && *at != '\n')
        refuse_line("something follows the closing quote of " + in_quotes(field.text));
    } else {
      const char* const first = at;
      while (at < end && *at != separator_ && *at != '\n') ++at;
      const char* last = at;
      if ((at == end || *at == '\n') && last > first && last[-1] == '\r') --last;
      while (last > first && is_space(last[-1])) --last;
      field.text = {first, static_cast<std::size_t>(last - first)};
    }
    if (at == end && !window_.is_last()) return field;
    field.end = at < end && *at == separator_ ? End::separator : End::line;
    field.next = at < end ? at + 1 : end;
    return field;
  }

  // The end of the usual feature, a number with perhaps spaces before it, if a separator or LF is there; null
  // otherwise.
  const char* plain_number_end(const char* at, float& value) const {
    const char* const end = window_.end();
    while (at < end && *at == ' ') ++at;
    const auto [last, error] = std::from_chars(at, end, value);
    if (error != std::errc() || last == end || (*last != separator_ && *last != '\n') || !std::isfinite(value))
      return nullptr;
    return last;
  }

  bool is_space(char c) const { return c == ' ' || (c == '\t' && separator_ != '\t'); }

  std::string text_of(const Field& field) const {
    if (!field.has_quote) return std::string(field.text);
    std::string text;
    for (std::size_t i = 0; i < field.text.size(); ++i) {
      text += field.text[i];
      if (field.text[i] == '"') ++i;  // its double
    }
    return text;
  }

  // ---- The first line ----

  // Nothing where the line does not end in the window.
  std::optional<char> detect_separator() const {
    std::array<Index, kSeparators.size()> count{};
    bool in_quotes = false, ended = window_.is_last();
    bool may_open = true;  // a quote opens at the beginning of a field, and again where it was doubled
    for (const char* at = window_.begin(); at < window_.end(); ++at) {
      const bool is_quote = *at == '"';
      if (in_quotes) {
        in_quotes = !is_quote;
        continue;
      }
      in_quotes = is_quote && may_open;
      if (*at == '\n') {
        ended = true;
        break;
      }
      const std::size_t found = kSeparators.find(*at);
      if (found != std::string_view::npos) ++count[found];
      may_open = is_quote || found != std::string_view::npos || (may_open && *at == ' ');
    }
    if (!ended) return std::nullopt;
    return kSeparators[static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin())];
  }

  void read_separator() {
    std::optional<char> separator;
    while (!(separator = detect_separator())) extend();
    separator_ = *separator;
  }

  void read_first_line() {
    read_separator();
    std::vector<std::string> fields;
    Field field;
    Index lines = 1;
    for (const char* at = window_.begin();; at = field.next) {
      field = scan_field(at);
      // Where the line was found to end by counting quotes, it may still not end by the rules of fields.
      if (field.end == End::incomplete) {
        extend();
        return read_first_line();
      }
      expects_lf(field);
      fields.push_back(text_of(field));
      lines += field.line_ends;
      if (field.end == End::line) break;
    }
    if (fields.size() == 1 && fields[0].empty()) refuse_line("the line is empty");
    columns_ = static_cast<Index>(fields.size());
    if (is_header(fields)) {
      take_names(fields);
      window_.pass(field.next);
      line_ += lines;
    }
    assign_roles();
  }

  static std::optional<Index> as_place(const std::string& asked) {
    Index place = 0;
    const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), place);
    if (error != std::errc() || end != asked.data() + asked.size() || place < 0) return std::nullopt;
    return place;
  }

  std::vector<std::string> asked_columns() const {
    std::vector<std::string> asked = options_.drop;
    for (const std::string& column : {options_.target, options_.group})
      if (!column.empty()) asked.push_back(column);
    return asked;
  }

  bool is_header(const std::vector<std::string>& fields) const {
    if (options_.header != Header::detect) return options_.header == Header::present;
    std::vector<bool> is_feature(fields.size(), true);
    if (options_.target.empty() && options_.labelled) is_feature.back() = false;
    for (const std::string& asked : asked_columns()) {
      if (const std::optional<Index> place = as_place(asked)) {
        if (*place < columns_) is_feature[static_cast<std::size_t>(*place)] = false;
      } else if (std::find(fields.begin(), fields.end(), asked) != fields.end()) {
        return true;
      }
    }
    for (std::size_t j = 0; j < fields.size(); ++j)
      if (is_feature[j] && is_text(fields[j])) return true;
    return false;
  }

  void take_names(std::vector<std::string>& fields) {
    names_ = std::move(fields);
    std::unordered_map<std::string_view, Index> place;
    for (std::size_t j = 0; j < names_.size(); ++j) {
      if (names_[j].empty()) names_[j] = "Unnamed: " + std::to_string(j);  // as pandas calls it
      if (!is_utf8(names_[j]))
        refuse_line("the name " + in_quotes(names_[j]) + " of column " + std::to_string(j) +
                    " is not UTF-8; save the text as UTF-8");
    }
    for (std::size_t j = 0; j < names_.size(); ++j)
      if (const auto [before, is_new] = place.emplace(names_[j], static_cast<Index>(j)); !is_new)
        refuse_line("columns " + std::to_string(before->second) + " and " + std::to_string(j) + " are both named " +
                    in_quotes(names_[j]));
  }

  std::optional<Index> find_column(const std::string& asked) const {
    if (const auto named = std::find(names_.begin(), names_.end(), asked); named != names_.end())
      return static_cast<Index>(named - names_.begin());
    const std::optional<Index> place = as_place(asked);
    return place && *place < columns_ ? place : std::nullopt;
  }

  Index existing_column(const std::string& asked) const {
    if (const std::optional<Index> column = find_column(asked)) return *column;
    const std::string there = names_.empty() ? "it has no header and " + std::to_string(columns_) + " columns, 0 to " +
                                                   std::to_string(columns_ - 1)
                                             : "its columns are " + some_in_quotes(names_);
    window_.stream().refuse("there is no column " + in_quotes(asked) + "; " + there);
  }

  void assign(Index column, Role role) {
    Role& present = roles_[static_cast<std::size_t>(column)];
    if (present != Role::feature && present != role)
      window_.stream().refuse(column_name(column) + " cannot be two of target, group and dropped");
    present = role;
  }

  void assign_roles() {
    roles_.assign(static_cast<std::size_t>(columns_), Role::feature);
    for (const std::string& asked : options_.drop) assign(existing_column(asked), Role::dropped);
    if (!options_.group.empty()) group_ = existing_column(options_.group);
    if (!options_.labelled)
      target_ = options_.target.empty() ? std::nullopt : find_column(options_.target);
    else
      target_ = options_.target.empty() ? columns_ - 1 : existing_column(options_.target);
    if (group_) assign(*group_, Role::group);
    if (target_) assign(*target_, Role::target);
    if (target_ && !reads_target_) {
      roles_[static_cast<std::size_t>(*target_)] = Role::dropped;
      target_.reset();
    }
    features_ = std::count(roles_.begin(), roles_.end(), Role::feature);
    if (features_ == 0)
      window_.stream().refuse("no column of features is left of " + std::to_string(columns_) +
                              (columns_ == 1 ? " column" : " columns"));
    values_.emplace(features_, rows_per_block_);
  }

  // ---- Rows ----

  void read_rows() {
    while (parse_line())
      if (values_->rows() == rows_per_block_) hand_over();
    if (values_->rows() > 0) hand_over();
    if (!handed_over_) window_.stream().refuse("the file has a header and no rows");
  }

  // Parses what the window has of whole lines, and extends it. False where nothing was left to parse.
  bool parse_line() {
    const char* const first = window_.begin();
    const char* at = first;
    while (at < window_.end() && is_space(*at)) ++at;
    if (at == window_.end() || (at + 1 == window_.end() && *at == '\r')) {
      if (window_.is_last()) return false;
      extend();
      return true;
    }
    if (*at == '\n' || (*at == '\r' && at[1] == '\n')) {
      if (!empty_line_) empty_line_ = line_;
      ++line_;
      window_.pass(at + (*at == '\n' ? 1 : 2));
      return true;
    }
    if (empty_line_) refuse_line("the line is empty", *empty_line_);
    if (!(take_text_ == nullptr ? parse_row(first) : parse_text(first))) extend();
    return true;
  }

  // False where the row does not end in the window.
  bool parse_row(const char* at) {
    const char* const first = at;
    if (values_->is_full()) expects_memory();
    float* value = values_->next();
    Field target, group;
    Index lines = 1, column = 0;
    for (;; ++column) {
      const Role role = column < columns_ ? roles_[static_cast<std::size_t>(column)] : Role::dropped;
      if (role == Role::feature) {
        if (const char* const end = plain_number_end(at, *value)) {
          ++value;
          at = end + 1;
          if (*end == separator_) continue;
          break;
        }
      }
      const Field field = scan_field(at);
      if (field.end == End::incomplete) return false;
      if (role == Role::feature)
        *value++ = feature(field, column);
      else if (role == Role::target)
        target = field;
      else if (role == Role::group)
        group = field;
      lines += field.line_ends;
      at = field.next;
      if (field.end == End::line) break;
    }
    expects_columns(column + 1);
    values_->add();
    if (target_) add_label(target);
    if (group_) add_group(group);
    if (options_.row_checksums && target_) add_checksum({first, static_cast<std::size_t>(at - first)});
    line_ += lines;
    window_.pass(at);
    return true;
  }

  bool parse_text(const char* at) {
    fields_.clear();
    Field field;
    Index lines = 1;
    for (; field.end != End::line; at = field.next) {
      field = scan_field(at);
      if (field.end == End::incomplete) return false;
      expects_lf(field);
      fields_.push_back(text_of(field));
      lines += field.line_ends;
    }
    const auto columns = static_cast<Index>(fields_.size());
    if (columns_ == 0) columns_ = columns;
    expects_columns(columns);
    (*take_text_)(line_, fields_);
    line_ += lines;
    window_.pass(at);
    return true;
  }

  void expects_columns(Index columns) const {
    if (columns != columns_)
      refuse_line("the row has " + std::to_string(columns) + (columns == 1 ? " field" : " fields") +
                  ", the first line has " + std::to_string(columns_));
  }

  float feature(const Field& field, Index column) const {
    float value = 0;
    const Number number = parse_number(field.text, value);
    if (number == Number::finite) return value;
    expects_lf(field);
    const std::string where = column_name(column), holds = where + " holds " + in_quotes(field.text);
    const std::string left_out =
        "; --drop " + (names_.empty() ? std::to_string(column) : in_quotes(names_[static_cast<std::size_t>(column)])) +
        " leaves the column out";
    if (field.text.empty()) refuse_line(where + " has no value" + left_out);
    if (is_missing(field.text)) refuse_line(holds + ", a missing value" + left_out);
    if (number == Number::infinite) refuse_line(holds + "; features are finite");
    if (number == Number::out_of_range) refuse_line(holds + ", beyond the range of a 32-bit float");
    if (std::string point(field.text); separator_ != ',' && std::count(point.begin(), point.end(), ',') == 1) {
      point[point.find(',')] = '.';
      if (parse_number(point, value) == Number::finite) refuse_line(holds + "; numbers have a decimal point");
    }
    refuse_line(holds + ", which is no number" + left_out);
  }

  std::string_view text_or_copy(const Field& field) {
    if (!field.has_quote) return field.text;
    unquoted_ = text_of(field);
    return unquoted_;
  }

  void add_label(const Field& field) {
    expects_lf(field);
    static_assert(kMaxClasses <= std::numeric_limits<std::uint16_t>::max());
    const std::int32_t number = classes_.number(text_or_copy(field), [&](std::string_view text) {
      if (text.empty() || is_nan(text)) refuse_line(column_name(*target_) + ", the target, has no class");
      expects_name(text, *target_);
      if (classes_.size() == kMaxClasses)
        refuse_line(column_name(*target_) + ", the target, has more than " + std::to_string(kMaxClasses) +
                    " different values; these would be classes, and a number is not predicted");
    });
    *labels_.next() = static_cast<std::uint16_t>(number);
    labels_.add();
  }

  void add_group(const Field& field) {
    *group_of_row_.next() = groups_.number(text_or_copy(field), [&](std::string_view text) {
      if (text.empty()) refuse_line(column_name(*group_) + ", the group, has no value");
    });
    group_of_row_.add();
  }

  void add_checksum(std::string_view row) {
    for (const char c : {'\n', '\r'})
      if (row.ends_with(c)) row.remove_suffix(1);
    *row_checksums_.next() =
        static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(row.data()), row.size()));
    row_checksums_.add();
  }

  void hand_over() {
    handed_over_ = true;
    take_(block());
  }

  Dataset block() {
    const Index rows = values_->rows();
    Dataset data{
        .source = window_.stream().name(), .columns = features_, .values = HostBuffer<float>(rows * features_)};
    float* place = data.values.view().data;
    values_->take_each([&](std::span<const float> piece) { place = std::copy(piece.begin(), piece.end(), place); });
    if (target_) {
      std::vector<std::int32_t> id_of;
      std::tie(data.classes, id_of) = class_map(classes_.texts());
      data.labels.reserve(static_cast<std::size_t>(rows));
      labels_.take_each([&](std::span<const std::uint16_t> piece) {
        for (const std::uint16_t number : piece) data.labels.push_back(id_of[number]);
      });
    }
    if (group_) {
      data.groups.reserve(static_cast<std::size_t>(rows));
      group_of_row_.take_each([&](std::span<const std::int32_t> piece) {
        data.groups.insert(data.groups.end(), piece.begin(), piece.end());
      });
    }
    data.row_checksums.reserve(static_cast<std::size_t>(row_checksums_.rows()));
    row_checksums_.take_each([&](std::span<const std::uint32_t> piece) {
      data.row_checksums.insert(data.row_checksums.end(), piece.begin(), piece.end());
    });
    for (std::size_t j = 0; j < names_.size(); ++j)
      if (roles_[j] == Role::feature) data.feature_names.push_back(names_[j]);
    return data;
  }

  // ---- Refusals ----

  std::string column_name(Index column) const {
    return "column " + (names_.empty() ? std::to_string(column) : in_quotes(names_[static_cast<std::size_t>(column)]));
  }

  [[noreturn]] void refuse_line(const std::string& what) const { refuse_line(what, line_); }
  [[noreturn]] void refuse_line(const std::string& what, Index line) const {
    window_.stream().refuse("line " + std::to_string(line) + ": " + what);
  }

  // A line end of CR alone lies in what is taken for a field.
  void expects_lf(const Field& field) const {
    if (field.line_ends == 0 && field.text.find('\r') != std::string_view::npos)
      refuse_line("a line ends in CR alone; LF and CRLF are read");
  }

  void expects_name(std::string_view text, Index column) const {
    if (!is_utf8(text))
      refuse_line(column_name(column) + " holds " + in_quotes(text) + ", which is not UTF-8; save the text as UTF-8");
  }

  void expects_memory() const {
    if (values_->bytes_with_another_piece() > most_bytes_)
      refuse_line("the rows take more than " + std::to_string(most_bytes_) + " bytes of memory");
    if (values_->rows() >= std::numeric_limits<std::int32_t>::max() - Index{kPieceBytes})
      refuse_line("the file has too many rows; " + std::to_string(std::numeric_limits<std::int32_t>::max()) +
                  " can be counted");
  }

  const ReadOptions& options_;
  const bool reads_target_;
  const Index rows_per_block_;
  const TakeBlock& take_;
  bool handed_over_ = false;
  const std::size_t most_bytes_;
  Window window_;
  char separator_ = ',';
  Index line_ = 1;                   // where the window begins
  std::optional<Index> empty_line_;  // the first of those before the window
  Index columns_ = 0, features_ = 0;
  std::vector<std::string> names_;  // of the columns; none without a header
  std::vector<Role> roles_;
  std::optional<Index> target_, group_;

  std::optional<Pieces<float>> values_;               // of the present block, as labels and groups
  Pieces<std::uint16_t> labels_{1, rows_per_block_};  // of each row, the number of its class by first occurrence
  Pieces<std::int32_t> group_of_row_{1, rows_per_block_};
  Pieces<std::uint32_t> row_checksums_{1, rows_per_block_};
  Names classes_, groups_;
  std::string unquoted_;

  const TakeText* take_text_ = nullptr;  // where lines are read as text
  std::vector<std::string> fields_;
};

}  // namespace

std::pair<ClassMap, std::vector<std::int32_t>> class_map(const std::vector<std::string>& names) {
  std::vector<std::int64_t> numbers;
  for (const std::string& name : names)
    if (const auto number = whole_number(name)) numbers.push_back(*number);
  const bool all_whole = numbers.size() == names.size();

  std::map<std::pair<std::int64_t, std::string>, std::int32_t> ids;  // in the order of the classes
  const auto key = [&](std::size_t i) {
    return all_whole ? std::pair(numbers[i], std::string()) : std::pair(std::int64_t{0}, names[i]);
  };
  for (std::size_t i = 0; i < names.size(); ++i) ids.emplace(key(i), 0);
  ClassMap map{.names = {}, .numbered = all_whole};
  for (auto& [of_class, id] : ids) {
    id = static_cast<std::int32_t>(map.names.size());
    map.names.push_back(all_whole ? std::to_string(of_class.first) : of_class.second);
    map.numbered = map.numbered && of_class.first == id;
  }
  std::vector<std::int32_t> id_of;
  for (std::size_t i = 0; i < names.size(); ++i) id_of.push_back(ids.at(key(i)));
  return {std::move(map), std::move(id_of)};
}

Dataset read_csv(const std::filesystem::path& path, const ReadOptions& options) {
  Dataset all;
  CsvReader(path, options, Target::read, std::numeric_limits<Index>::max(), [&](Dataset&& rows) {
    all = std::move(rows);
  }).read();
  return all;
}

void read_csv_blocks(const std::filesystem::path& path, const ReadOptions& options, Index rows_per_block,
                     const TakeBlock& take) {
  CsvReader(path, options, Target::left_out, rows_per_block, take).read();
}

void read_csv_text(const std::filesystem::path& path, const TakeText& take) {
  const ReadOptions options;
  const TakeBlock none;
  CsvReader(path, options, Target::left_out, 1, none).read_text(take);
}

}  // namespace plateau
