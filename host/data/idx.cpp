// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

#include "byte_source.hpp"
#include "labelled_rows.hpp"
#include "plateau/data/byte_stream.hpp"
#include "stored_values.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr Index kLargestInflation = 1032;  // of DEFLATE: 258 bytes from a pair of 1-bit codes
constexpr Index kAtOnce = 8192;            // values
constexpr int kMaxDimensions = 64;

template <class Stored>
Stored from_big_endian(Stored value) {
  auto bytes = std::bit_cast<std::array<char, sizeof(Stored)>>(value);
  std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<Stored>(bytes);
}

class IdxFile {
 public:
  explicit IdxFile(const std::string& path) : stream_(path) {
    std::array<unsigned char, 4> magic{};
    take(magic.data(), sizeof magic, "the IDX magic number");
    if (magic[0] != 0 || magic[1] != 0) refuse("not an IDX file, it does not begin with two zero bytes");
    type_ = magic[2];
    if (magic[3] > kMaxDimensions) refuse("it has " + std::to_string(magic[3]) + " dimensions, more than are read");
    for (int k = 0; k < magic[3]; ++k) {
      std::int32_t size = 0;
      take(&size, sizeof size, "the IDX header");
      size = from_big_endian(size);
      if (size < 0) refuse("its dimension " + std::to_string(k) + " has the negative size " + std::to_string(size));
      shape_.push_back(size);
    }
  }

  int type() const { return type_; }
  const std::vector<Index>& shape() const { return shape_; }
  [[noreturn]] void refuse(const std::string& what) const { stream_.refuse(what); }

  // use(index, value) for each of the values, which are exactly those that the file holds. `prepare` is called once
  // that is known, as far as it can be before they are read.
  template <class Stored, class Prepare, class Use>
  void read_all(Prepare prepare, Use use) {
    const Index bytes = expect_bytes(sizeof(Stored));
    const Index count = bytes / Index{sizeof(Stored)};
    prepare();
    std::vector<Stored> buffer(static_cast<std::size_t>(std::min(count, kAtOnce)));
    for (Index first = 0; first < count; first += kAtOnce) {
      const Index values = std::min(kAtOnce, count - first);
      const Index wanted = values * Index{sizeof(Stored)};
      const Index got = stream_.read({reinterpret_cast<char*>(buffer.data()), static_cast<std::size_t>(wanted)});
      if (got < wanted) refuse_end(first * Index{sizeof(Stored)} + got, bytes);
      for (Index i = 0; i < values; ++i) use(first + i, from_big_endian(buffer[static_cast<std::size_t>(i)]));
    }
    char beyond = 0;
    if (stream_.read({&beyond, 1}) > 0) refuse_beyond(bytes);
  }

 private:
  void take(void* to, std::size_t bytes, const char* of_what) {
    const Index got = stream_.read({static_cast<char*>(to), bytes});
    if (got < static_cast<Index>(bytes))
      refuse("the file ends after " + std::to_string(got) + " of " + std::to_string(bytes) + " bytes of " + of_what);
    header_bytes_ += got;
  }

  [[noreturn]] void refuse_end(Index got, Index bytes) const {
    refuse("the file ends after " + std::to_string(got) + " of " + std::to_string(bytes) + " bytes of data");
  }
  [[noreturn]] void refuse_beyond(Index bytes) const { refuse("more follows " + expected(bytes)); }
  std::string expected(Index bytes) const {
    return "the " + std::to_string(bytes) + " bytes of data that the sizes [" + comma_separated(shape_) + "] take";
  }

  // The bytes of the data, which the file can hold.
  Index expect_bytes(Index item_bytes) const {
    const std::optional<Index> bytes = dense_bytes(shape_, item_bytes);
    if (!bytes) refuse("the sizes [" + comma_separated(shape_) + "] are larger than any file");
    if (stream_.is_gzip()) {
      if (*bytes / kLargestInflation > stream_.bytes_on_disk())
        refuse("the sizes [" + comma_separated(shape_) + "] take " + std::to_string(*bytes) + " bytes, which " +
               std::to_string(stream_.bytes_on_disk()) + " bytes of gzip cannot hold");
    } else {
      const Index there = stream_.bytes_on_disk() - header_bytes_;
      if (there < *bytes) refuse_end(there, *bytes);
      if (there > *bytes) refuse(std::to_string(there - *bytes) + " bytes too many follow " + expected(*bytes));
    }
    return *bytes;
  }

  ByteStream stream_;
  Index header_bytes_ = 0;
  int type_ = 0;
  std::vector<Index> shape_;
};

template <class Stored>
NpyMatrix read_images_as(IdxFile& file) {
  const std::optional<Index> cols = dense_bytes({file.shape().begin() + 1, file.shape().end()}, 1);
  if (!cols) file.refuse("the sizes [" + comma_separated(file.shape()) + "] are larger than any file");
  NpyMatrix images{.rows = file.shape()[0], .cols = *cols, .values = {}};
  float* values = nullptr;
  file.read_all<Stored>(
      [&] {
        images.values = HostBuffer<float>(images.rows * images.cols);
        values = images.values.view().data;
      },
      [&](Index i, Stored value) {
        if constexpr (sizeof(Stored) < sizeof(float))
          values[i] = static_cast<float>(value);
        else
          values[i] = feature_from(file, i, images.cols, static_cast<double>(value));
      });
  return images;
}

template <std::integral Stored>
std::vector<std::int32_t> read_labels_as(IdxFile& file) {
  std::vector<std::int32_t> labels;
  file.read_all<Stored>(
      [&] { labels.resize(static_cast<std::size_t>(file.shape()[0])); },
      [&](Index row, Stored value) { labels[static_cast<std::size_t>(row)] = label_from(file, row, value); });
  return labels;
}

[[noreturn]] void refuse_type(const IdxFile& file, const std::string& needed) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto type = static_cast<std::size_t>(file.type());
  file.refuse(std::string("type ") + kDigits[type / 16] + kDigits[type % 16] + " of IDX is not read; " + needed);
}

NpyMatrix read_images(const std::string& path) {
  IdxFile file(path);
  if (file.shape().size() < 2)
    file.refuse("images have 2 dimensions or more, this array has " + std::to_string(file.shape().size()));
  switch (file.type()) {
    case 0x08:
      return read_images_as<std::uint8_t>(file);
    case 0x09:
      return read_images_as<std::int8_t>(file);
    case 0x0B:
      return read_images_as<std::int16_t>(file);
    case 0x0C:
      return read_images_as<std::int32_t>(file);
    case 0x0D:
      return read_images_as<float>(file);
    case 0x0E:
      return read_images_as<double>(file);
  }
  refuse_type(file, "images are of type 08, 09, 0B, 0C, 0D or 0E");
}

std::vector<std::int32_t> read_labels(const std::string& path) {
  IdxFile file(path);
  if (file.shape().size() != 1)
    file.refuse("labels have 1 dimension, this array has " + std::to_string(file.shape().size()));
  switch (file.type()) {
    case 0x08:
      return read_labels_as<std::uint8_t>(file);
    case 0x09:
      return read_labels_as<std::int8_t>(file);
    case 0x0B:
      return read_labels_as<std::int16_t>(file);
    case 0x0C:
      return read_labels_as<std::int32_t>(file);
  }
  refuse_type(file, "labels are of type 08, 09, 0B or 0C");
}

}  // namespace

NpyMatrix read_idx_images(const std::filesystem::path& path) {
  NpyMatrix images = read_images(path.string());
  expects_features(path.string(), images.view());
  return images;
}

FeaturesAndLabels read_idx(const std::string& files) {
  const auto [x_file, y_file] = pair_of_files(files, "IDX", "images:labels");
  FeaturesAndLabels rows{read_images(x_file), read_labels(y_file)};
  expects_labelled_rows(x_file, y_file, rows);
  return rows;
}

}  // namespace plateau
