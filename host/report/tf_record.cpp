// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "tf_record.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "plateau/report/event_file.hpp"
#include "protobuf.hpp"

namespace plateau {
namespace {

constexpr Index kHeaderBytes = 12, kFooterBytes = 4;

// Remainder of each byte by the reflected polynomial.
constexpr std::array<std::uint32_t, 256> kRemainders = [] {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41 reflected
  std::array<std::uint32_t, 256> remainders{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1 ? kPolynomial : 0);
    remainders[byte] = remainder;
  }
  return remainders;
}();

// A checksum of bytes that hold their own checksum would be the same for all of them; hence the mask.
std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

std::string header_of(std::uint64_t length) {
  std::string header;
  protobuf::append_fixed(header, length);
  protobuf::append_fixed(header, masked_crc32c(header));
  return header;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) crc = crc >> 8 ^ kRemainders[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::string tf_record(std::string_view data) {
  std::string record = header_of(data.size());
  record += data;
  protobuf::append_fixed(record, masked_crc32c(data));
  return record;
}

TfRecordReader::TfRecordReader(const std::filesystem::path& path) : stream_(path), size_(stream_.bytes_on_disk()) {
  if (stream_.is_gzip()) stream_.refuse("is compressed, which an event file is not");
}

bool TfRecordReader::next(std::string& data) {
  record_at_ = read_;
  const auto read = [&](Index bytes) {
    data.resize(static_cast<std::size_t>(bytes));
    if (stream_.read(std::span<char>(data)) != bytes) refuse("was cut off while it was read");
    read_ += bytes;
  };
  if (read_ == size_) return false;
  if (size_ - read_ < kHeaderBytes) refuse(fmt::format("is torn: the file ends after {} of its bytes", size_ - read_));

  read(kHeaderBytes);
  const auto length = protobuf::fixed_at<std::uint64_t>(data, 0);
  if (data != header_of(length)) refuse("is damaged: the checksum of its length is wrong");
  const auto left = static_cast<std::uint64_t>(size_ - read_);
  if (left < kFooterBytes || length > left - kFooterBytes)
    refuse(
        fmt::format("is torn: it should hold {} bytes of data and a checksum, and the file ends {} bytes after its "
                    "length",
                    length, left));

  read(static_cast<Index>(length) + kFooterBytes);
  const auto checksum = protobuf::fixed_at<std::uint32_t>(data, static_cast<std::size_t>(length));
  data.resize(static_cast<std::size_t>(length));
  if (checksum != masked_crc32c(data)) refuse("is damaged: the checksum of its data is wrong");
  return true;
}

void TfRecordReader::refuse(const std::string& what) const {
  stream_.refuse(fmt::format("the record at byte {} {}", record_at_, what));
}

}  // namespace plateau
