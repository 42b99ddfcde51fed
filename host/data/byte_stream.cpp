// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/byte_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string_view>
#include <system_error>
#include <vector>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"

namespace plateau {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::size_t kInputBytes = 1 << 16;
constexpr std::size_t kMostAtOnce = 1 << 30;  // zlib counts in 32 bits

}  // namespace

struct ByteStream::Gzip {
  Gzip() : input(kInputBytes) {
    constexpr int kLargestWindow = 15, kGzipOnly = 16;
    if (inflateInit2(&state, kLargestWindow + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Gzip() { inflateEnd(&state); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  z_stream state{};
  std::vector<char> input;
  bool in_member = true;  // a member has begun, or must, and has not ended
};

ByteStream::ByteStream(const std::filesystem::path& path) : name_(path.string()) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status there = fs::status(path, error);
  if (error) refuse(error.message());
  if (!fs::is_regular_file(there)) refuse("not a regular file");
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) refuse(error.message());
  bytes_on_disk_ = narrow<Index>(size);
  file_.reset(std::fopen(path.c_str(), "rb"));
  if (!file_) refuse(std::generic_category().message(errno));
  char first[kGzipMagic.size()];
  const std::size_t read = std::fread(first, 1, sizeof first, file_.get());
  std::rewind(file_.get());
  if (std::string_view(first, read) == kGzipMagic) gzip_ = std::make_unique<Gzip>();
}

ByteStream::~ByteStream() = default;

void ByteStream::refuse(const std::string& what) const { throw InputError(name_ + ": " + what); }

Index ByteStream::read(std::span<char> to) {
  if (to.empty()) return 0;
  return gzip_ ? read_inflated(to) : read_stored(to);
}

Index ByteStream::read_stored(std::span<char> to) {
  const std::size_t bytes = std::fread(to.data(), 1, to.size(), file_.get());
  if (bytes < to.size() && std::ferror(file_.get()) != 0) refuse("the file cannot be read to its end");
  bytes_read_on_disk_ += static_cast<Index>(bytes);
  return static_cast<Index>(bytes);
}

Index ByteStream::read_inflated(std::span<char> to) {
  z_stream& state = gzip_->state;
  std::size_t filled = 0;
  while (filled < to.size()) {
    if (state.avail_in == 0) {
      state.next_in = reinterpret_cast<Bytef*>(gzip_->input.data());
      state.avail_in = static_cast<uInt>(read_stored(gzip_->input));
      if (state.avail_in == 0) {
        if (gzip_->in_member) refuse("the file ends in the middle of its gzip data");
        break;
      }
    }
    if (!gzip_->in_member) {
      inflateReset(&state);
      gzip_->in_member = true;
    }
    const std::size_t room = std::min(to.size() - filled, kMostAtOnce);
    state.next_out = reinterpret_cast<Bytef*>(to.data() + filled);
    state.avail_out = static_cast<uInt>(room);
    const int result = inflate(&state, Z_NO_FLUSH);
    filled += room - state.avail_out;
    if (result == Z_STREAM_END)
      gzip_->in_member = false;
    else if (result == Z_MEM_ERROR)
      throw std::bad_alloc();
    else if (result != Z_OK)
      refuse("the gzip data are damaged before byte " + std::to_string(bytes_read_on_disk_ - Index{state.avail_in}) +
             (state.msg == nullptr ? "" : std::string(": ") + state.msg));
  }
  return static_cast<Index>(filled);
}

}  // namespace plateau
