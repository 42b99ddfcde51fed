// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/npy.hpp"

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "npy_source.hpp"
#include "npy_writer.hpp"
#include "stored_values.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr Index kPreambleBytes = 10;        // magic, version and the header length of version 1.0
constexpr Index kHeaderAlignment = 64;      // of the data that NumPy writes
constexpr Index kMaxHeaderBytes = 1 << 16;  // NumPy's own default limit is 10000
constexpr std::size_t kMaxDimensions = 64;  // NumPy 2

std::string shape_text(const std::vector<Index>& shape) {
  return "(" + comma_separated(shape) + (shape.size() == 1 ? ",)" : ")");
}

// The Python literal {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and nothing else: each key once, in
// any order, no escapes in strings, no signs, underscores or leading zeros in numbers.
class HeaderParser {
 public:
  HeaderParser(const ByteSource& file, std::string_view text) : file_(file), text_(text) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_dtype = false, has_order = false, has_shape = false;
    take('{');
    while (!try_take('}')) {
      const std::string key = string();
      take(':');
      if (key == "descr" && !has_dtype) {
        has_dtype = true;
        skip_spaces();
        if (next() == '[')
          file_.refuse("the array holds records of several fields; an array of plain numbers is needed");
        header.dtype = string();
      } else if (key == "fortran_order" && !has_order) {
        has_order = true;
        header.fortran_order = boolean();
      } else if (key == "shape" && !has_shape) {
        has_shape = true;
        header.shape = shape();
      } else {
        fail("an unexpected or repeated key " + in_quotes(key));
      }
      if (!try_take(',')) {
        take('}');
        break;
      }
    }
    skip_spaces();
    if (at_ < text_.size()) fail("something after the closing brace");
    if (!has_dtype) fail("no key 'descr'");
    if (!has_order) fail("no key 'fortran_order'");
    if (!has_shape) fail("no key 'shape'");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    file_.refuse("the NPY header has " + what + " at its character " + std::to_string(at_));
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_spaces() {
    while (next() == ' ' || next() == '\t' || next() == '\r' || next() == '\n') ++at_;
  }
  bool try_take(char c) {
    skip_spaces();
    if (next() != c) return false;
    ++at_;
    return true;
  }
  void take(char c) {
    if (!try_take(c)) fail(std::string("no '") + c + "'");
  }
  bool try_take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  std::string string() {
    skip_spaces();
    const char quote = next();
    if (quote != '\'' && quote != '"') fail("no quoted string");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("an unfinished string");
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    if (inside.find_first_of("\\\n\r") != std::string_view::npos) fail("an escape or a line end in a string");
    at_ = end + 1;
    return std::string(inside);
  }

  bool boolean() {
    skip_spaces();
    if (try_take_word("True")) return true;
    if (try_take_word("False")) return false;
    fail("neither True nor False");
  }

  std::vector<Index> shape() {
    std::vector<Index> sizes;
    bool comma = true;
    take('(');
    while (!try_take(')')) {
      if (!comma) fail("no ','");
      sizes.push_back(size());
      if (sizes.size() > kMaxDimensions) fail("too many dimensions");
      comma = try_take(',');
    }
    if (sizes.size() == 1 && !comma) fail("a number in parentheses for a shape");
    return sizes;
  }

  Index size() {
    skip_spaces();
    const std::size_t begin = at_;
    while ('0' <= next() && next() <= '9') ++at_;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) fail("no size in its shape");
    Index value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec != std::errc()) fail("a size beyond 63 bits");
    return value;
  }

  const ByteSource& file_;
  std::string_view text_;
  std::size_t at_ = 0;
};

[[noreturn]] void refuse_dtype(const ByteSource& file, const std::string& dtype, const std::string& needed) {
  const auto kind = dtype.find_first_not_of("<>|=");
  std::string what = "dtype " + in_quotes(dtype) + " is not read";
  if (dtype.starts_with('>'))
    what = "dtype " + in_quotes(dtype) + " is big-endian";
  else if (kind != std::string::npos && dtype[kind] == 'O')
    what = "dtype " + in_quotes(dtype) + " holds pickled Python objects";
  file.refuse(what + "; " + needed);
}

// Exactly the bytes of the array are left in the file.
void expects_whole_array(const ByteSource& file, const NpyHeader& header, Index item_bytes) {
  const std::string described = "shape " + shape_text(header.shape) + " of " + in_quotes(header.dtype);
  const std::optional<Index> bytes = dense_bytes(header.shape, item_bytes);
  if (!bytes) file.refuse(described + " is larger than any file");
  file.expects_left(*bytes, "data");
  if (file.left() > *bytes)
    file.refuse(std::to_string(file.left() - *bytes) + " bytes too many follow the " + std::to_string(*bytes) +
                " bytes of data that " + described + " takes");
}

template <std::integral Stored>
std::vector<std::int32_t> read_labels_as(ByteSource& file, const NpyHeader& header) {
  expects_whole_array(file, header, sizeof(Stored));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(header.shape[0]));
  file.read_each<Stored>(header.shape[0], "data", [&](Index row, Stored value) {
    labels[static_cast<std::size_t>(row)] = label_from(file, row, value);
  });
  return labels;
}

using ReadLabels = std::vector<std::int32_t> (*)(ByteSource&, const NpyHeader&);

// Nothing for a dtype that is no integer type.
ReadLabels label_reader(const std::string& dtype) {
  return dtype == "<i8"                     ? &read_labels_as<std::int64_t>
         : dtype == "<i4"                   ? &read_labels_as<std::int32_t>
         : dtype == "<i2"                   ? &read_labels_as<std::int16_t>
         : dtype == "|i1" || dtype == "<i1" ? &read_labels_as<std::int8_t>
         : dtype == "<u8"                   ? &read_labels_as<std::uint64_t>
         : dtype == "<u4"                   ? &read_labels_as<std::uint32_t>
         : dtype == "<u2"                   ? &read_labels_as<std::uint16_t>
         : dtype == "|u1" || dtype == "<u1" ? &read_labels_as<std::uint8_t>
                                            : nullptr;
}

std::string header_text(const std::string& dtype, const std::vector<Index>& shape) {
  std::string text = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': " + shape_text(shape) + ", }";
  const Index end = round_up(kPreambleBytes + static_cast<Index>(text.size()) + 1, kHeaderAlignment);
  text.resize(static_cast<std::size_t>(end - kPreambleBytes) - 1, ' ');
  text += '\n';
  const auto length = narrow<std::uint16_t>(text.size());
  return std::string(kMagic) + '\x01' + '\x00' + static_cast<char>(length & 255) + static_cast<char>(length >> 8) +
         text;
}

template <class T>
std::string_view bytes_of(const T* data, Index count) {
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(count) * sizeof(T)};
}

constexpr const char* kDouble = "<f8";

bool is_features_dtype(const std::string& dtype) { return dtype == "<f4" || dtype == kDouble; }

class NpyRows final : public FeatureRows {
 public:
  static Index item_bytes(const NpyHeader& header) { return header.dtype == kDouble ? sizeof(double) : sizeof(float); }

  // `source` stands where the data of the header begin, and has exactly those.
  NpyRows(std::unique_ptr<ByteSource> source, const NpyHeader& header)
      : FeatureRows(source->name(), header.shape[0], header.shape[1]),
        source_(std::move(source)),
        is_double_(header.dtype == kDouble) {}

 private:
  void read(Index first, Index count, float* to) override {
    if (is_double_)
      source_->read_each<double>(
          count, "data", [&](Index i, double value) { to[i] = feature_from(*source_, first + i, cols(), value); });
    else
      source_->read(to, count * Index{sizeof(float)}, "data");
  }
  void expects_end() override { source_->expects_end(); }

  std::unique_ptr<ByteSource> source_;
  bool is_double_;
};

}  // namespace

NpyHeader read_npy_header(ByteSource& file) {
  const std::string preamble = file.read_text(Index{kMagic.size()} + 2, "the NPY preamble");
  if (!preamble.starts_with(kMagic)) file.refuse("not an NPY file, it does not begin with \\x93NUMPY");
  const int major = static_cast<unsigned char>(preamble[kMagic.size()]);
  const int minor = static_cast<unsigned char>(preamble[kMagic.size() + 1]);
  if (major < 1 || major > 3 || minor != 0)
    file.refuse("NPY format version " + std::to_string(major) + "." + std::to_string(minor) +
                " is unknown; 1.0, 2.0 and 3.0 are read");
  std::uint32_t header_bytes = 0;  // filled from its low end
  file.read(&header_bytes, major == 1 ? 2 : 4, "the NPY header's length");
  if (header_bytes > kMaxHeaderBytes)
    file.refuse("the NPY header claims " + std::to_string(header_bytes) + " bytes, more than the " +
                std::to_string(kMaxHeaderBytes) + " that are read");
  const std::string text = file.read_text(header_bytes, "the NPY header");
  return HeaderParser(file, text).parse();
}

bool are_npy_features(const NpyHeader& header) { return is_features_dtype(header.dtype) && header.shape.size() == 2; }

bool are_npy_labels(const NpyHeader& header) {
  return label_reader(header.dtype) != nullptr && header.shape.size() == 1;
}

std::string dtype_and_shape(const NpyHeader& header) {
  return in_quotes(header.dtype) + " " + shape_text(header.shape);
}

std::unique_ptr<FeatureRows> open_npy_features(std::unique_ptr<ByteSource> source) {
  ByteSource& file = *source;
  const NpyHeader header = read_npy_header(file);
  if (!is_features_dtype(header.dtype))
    refuse_dtype(file, header.dtype, "features are '<f4' or '<f8', as x.astype('<f4') makes them");
  if (header.shape.size() != 2)
    file.refuse("features are a 2-D array [rows, columns], this one is " + std::to_string(header.shape.size()) +
                "-D with shape " + shape_text(header.shape) + "; save it as " +
                (header.shape.size() < 2 ? "x.reshape(-1, 1) for one column" : "x.reshape(len(x), -1)"));
  if (header.fortran_order && header.shape[1] > 1)
    file.refuse("the array lies in Fortran order; save it as numpy.ascontiguousarray(x)");
  expects_whole_array(file, header, NpyRows::item_bytes(header));
  return std::make_unique<NpyRows>(std::move(source), header);
}

std::vector<std::int32_t> read_npy_labels(ByteSource& file) {
  const NpyHeader header = read_npy_header(file);
  const ReadLabels read = label_reader(header.dtype);
  if (read == nullptr) refuse_dtype(file, header.dtype, "labels are integers, as y.astype('<i4') makes them");
  if (header.shape.size() != 1)
    file.refuse("labels are a 1-D array, this one is " + std::to_string(header.shape.size()) + "-D with shape " +
                shape_text(header.shape) + "; save it as y.reshape(-1)");
  return read(file, header);
}

std::unique_ptr<FeatureRows> open_npy_features(const std::filesystem::path& path) {
  return open_npy_features(std::make_unique<PlainFile>(path));
}

NpyMatrix read_npy_features(const std::filesystem::path& path) { return open_npy_features(path)->all(); }

std::vector<std::int32_t> read_npy_labels(const std::filesystem::path& path) {
  PlainFile file(path);
  return read_npy_labels(file);
}

std::vector<std::int32_t> read_npy_given_classes(const std::filesystem::path& path) {
  PlainFile file(path);
  const NpyHeader header = read_npy_header(file);
  if (header.dtype != "<i4" || header.shape.size() != 1)
    file.refuse("classes that rows are given are a 1-D array of '<i4', and this one is " + dtype_and_shape(header));
  expects_whole_array(file, header, sizeof(std::int32_t));
  std::vector<std::int32_t> classes(static_cast<std::size_t>(header.shape[0]));
  file.read_each<std::int32_t>(header.shape[0], "data", [&](Index row, std::int32_t value) {
    if (value < -1)
      file.refuse("row " + std::to_string(row) + " holds " + std::to_string(value) + ", which is no class");
    classes[static_cast<std::size_t>(row)] = value;
  });
  return classes;
}

NpyWriter::NpyWriter(const std::filesystem::path& path, const char* dtype, std::vector<Index> shape_of_row)
    : file_(path), dtype_(dtype), shape_(std::move(shape_of_row)) {
  shape_.insert(shape_.begin(), 0);
  const std::string header = header_text(dtype_, shape_);
  header_bytes_ = header.size();
  file_.write(header);
}

void NpyWriter::add(HostMatrix<const float> rows) {
  for (Index i = 0; i < rows.rows; ++i) file_.write(bytes_of(rows.row(i), rows.cols));
  shape_[0] += rows.rows;
}

void NpyWriter::add(HostSpan<const std::int32_t> values) {
  file_.write(bytes_of(values.data, values.size));
  shape_[0] += values.size;
}

void NpyWriter::commit() {
  const std::string header = header_text(dtype_, shape_);
  expects(header.size() == header_bytes_, "NpyWriter: sizes of up to two dimensions fit two lines of the header");
  file_.overwrite(0, header);
  file_.commit();
}

void write_npy_features(const std::filesystem::path& path, HostMatrix<const float> features) {
  NpyWriter file(path, "<f4", {features.cols});
  file.add(features);
  file.commit();
}

void write_npy_labels(const std::filesystem::path& path, HostSpan<const std::int32_t> labels) {
  NpyWriter file(path, "<i4", {});
  file.add(labels);
  file.commit();
}

}  // namespace plateau
