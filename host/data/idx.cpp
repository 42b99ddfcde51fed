// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "byte_source.hpp"
#include "feature_rows.hpp"
#include "labelled_rows.hpp"
#include "plateau/data/byte_stream.hpp"
#include "stored_values.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

constexpr Index kLargestInflation = 1032;  // of DEFLATE: 258 bytes from a pair of 1-bit codes
constexpr Index kAtOnce = 8192;            // values
constexpr int kMostDimensions = 64;

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
    if (magic[3] > kMostDimensions) refuse("it has " + std::to_string(magic[3]) + " dimensions, more than are read");
    for (int k = 0; k < magic[3]; ++k) {
      std::int32_t size = 0;
      take(&size, sizeof size, "the IDX header");
      size = from_big_endian(size);
      if (size < 0) refuse("its dimension " + std::to_string(k) + " has the negative size " + std::to_string(size));
      shape_.push_back(size);
    }
  }

  const std::string& name() const { return stream_.name(); }
  int type() const { return type_; }
  const std::vector<Index>& shape() const { return shape_; }
  [[noreturn]] void refuse(const std::string& what) const { stream_.refuse(what); }

  // The data are exactly the values of the sizes, each of so many bytes, as far as that can be known before they are
  // read.
  void expects_values(Index item_bytes) {
    const std::optional<Index> bytes = dense_bytes(shape_, item_bytes);
    if (!bytes) refuse("the sizes [" + comma_separated(shape_) + "] are larger than any file");
    data_bytes_ = *bytes;
    if (stream_.is_gzip()) {
      if (data_bytes_ / kLargestInflation > stream_.bytes_on_disk())
        refuse("the sizes [" + comma_separated(shape_) + "] take " + std::to_string(data_bytes_) + " bytes, which " +
               std::to_string(stream_.bytes_on_disk()) + " bytes of gzip cannot hold");
    } else {
      const Index there = stream_.bytes_on_disk() - header_bytes_;
      if (there < data_bytes_) refuse_end(there);
      if (there > data_bytes_) refuse(std::to_string(there - data_bytes_) + " bytes too many follow " + expected());
    }
  }

  // use(i, value) for `count` values, which follow those that were read before; `first` is the number of these.
  template <class Stored, class Use>
  void read(Index first, Index count, Use use) {
    constexpr Index kItemBytes = sizeof(Stored);
    std::vector<Stored> buffer(static_cast<std::size_t>(std::min(count, kAtOnce)));
    for (Index begin = 0; begin < count; begin += kAtOnce) {
      const Index values = std::min(kAtOnce, count - begin);
      const Index wanted = values * kItemBytes;
      const Index got = stream_.read({reinterpret_cast<char*>(buffer.data()), static_cast<std::size_t>(wanted)});
      if (got < wanted) refuse_end((first + begin) * kItemBytes + got);
      for (Index i = 0; i < values; ++i) use(begin + i, from_big_endian(buffer[static_cast<std::size_t>(i)]));
    }
  }

  void expects_end() {
    char beyond = 0;
    if (stream_.read({&beyond, 1}) > 0) refuse("more follows " + expected());
  }

 private:
  void take(void* to, std::size_t bytes, const char* of_what) {
    const Index got = stream_.read({static_cast<char*>(to), bytes});
    if (got < static_cast<Index>(bytes))
      refuse("the file ends after " + std::to_string(got) + " of " + std::to_string(bytes) + " bytes of " + of_what);
    header_bytes_ += got;
  }

  [[noreturn]] void refuse_end(Index got) const {
    refuse("the file ends after " + std::to_string(got) + " of " + std::to_string(data_bytes_) + " bytes of data");
  }
  std::string expected() const {
    return "the " + std::to_string(data_bytes_) + " bytes of data that the sizes [" + comma_separated(shape_) +
           "] take";
  }

  ByteStream stream_;
  Index header_bytes_ = 0, data_bytes_ = 0;
  int type_ = 0;
  std::vector<Index> shape_;
};

[[noreturn]] void refuse_type(const IdxFile& file, const std::string& needed) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto type = static_cast<std::size_t>(file.type());
  file.refuse(std::string("type ") + kDigits[type / 16] + kDigits[type % 16] + " of IDX is not read; " + needed);
}

Index pixels(const IdxFile& file) {
  const std::optional<Index> pixels = dense_bytes({file.shape().begin() + 1, file.shape().end()}, 1);
  if (!pixels) file.refuse("the sizes [" + comma_separated(file.shape()) + "] are larger than any file");
  return *pixels;
}

template <class Stored>
class IdxImages final : public FeatureRows {
 public:
  explicit IdxImages(std::unique_ptr<IdxFile> file)
      : FeatureRows(file->name(), file->shape()[0], pixels(*file)), file_(std::move(file)) {
    file_->expects_values(sizeof(Stored));
  }

 private:
  void read(Index first, Index count, float* to) override {
    file_->read<Stored>(first, count, [&](Index i, Stored value) {
      if constexpr (sizeof(Stored) < sizeof(float))
        to[i] = static_cast<float>(value);
      else
        to[i] = feature_from(*file_, first + i, cols(), static_cast<double>(value));
    });
  }
  void expects_end() override { file_->expects_end(); }

  std::unique_ptr<IdxFile> file_;
};

std::unique_ptr<FeatureRows> open_images(const std::string& path) {
  auto file = std::make_unique<IdxFile>(path);
  if (file->shape().size() < 2)
    file->refuse("images have 2 dimensions or more, this array has " + std::to_string(file->shape().size()));
  switch (file->type()) {
    case 0x08:
      return std::make_unique<IdxImages<std::uint8_t>>(std::move(file));
    case 0x09:
      return std::make_unique<IdxImages<std::int8_t>>(std::move(file));
    case 0x0B:
      return std::make_unique<IdxImages<std::int16_t>>(std::move(file));
    case 0x0C:
      return std::make_unique<IdxImages<std::int32_t>>(std::move(file));
    case 0x0D:
      return std::make_unique<IdxImages<float>>(std::move(file));
    case 0x0E:
      return std::make_unique<IdxImages<double>>(std::move(file));
  }
  refuse_type(*file, "images are of type 08, 09, 0B, 0C, 0D or 0E");
}

template <std::integral Stored>
std::vector<std::int32_t> read_labels_as(IdxFile& file) {
  file.expects_values(sizeof(Stored));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(file.shape()[0]));
  file.read<Stored>(0, file.shape()[0], [&](Index row, Stored value) {
    labels[static_cast<std::size_t>(row)] = label_from(file, row, value);
  });
  file.expects_end();
  return labels;
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

std::pair<std::string, std::string> images_and_labels(const std::string& files) {
  return pair_of_files(files, "IDX", "images:labels");
}

}  // namespace

std::unique_ptr<FeatureRows> open_idx_images(const std::string& files) {
  return open_images(files.find(':') == std::string::npos ? files : images_and_labels(files).first);
}

FeaturesAndLabels read_idx(const std::string& files) {
  const auto [x_file, y_file] = images_and_labels(files);
  FeaturesAndLabels rows{open_images(x_file)->all(), read_labels(y_file)};
  expects_labelled_rows(x_file, y_file, rows);
  return rows;
}

}  // namespace plateau
