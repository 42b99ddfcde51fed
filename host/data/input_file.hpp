// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A regular file of known size, read front to back; every failure is an InputError that names the file as given.
#pragma once

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"

namespace plateau {

static_assert(std::endian::native == std::endian::little, "NPY and safetensors are read without swapping bytes");

class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path) : name_(path.string()) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::file_status there = fs::status(path, error);
    if (error) refuse(error.message());
    if (!fs::is_regular_file(there)) refuse("not a regular file");  // opening a pipe would wait for its writer
    const std::uintmax_t size = fs::file_size(path, error);
    if (error) refuse(error.message());
    size_ = narrow<Index>(size);
    file_.reset(std::fopen(path.c_str(), "rb"));
    if (!file_) refuse(std::generic_category().message(errno));
  }

  const std::string& name() const { return name_; }
  Index left() const { return size_ - position_; }

  // Throws InputError, "FILE: <what>".
  [[noreturn]] void refuse(const std::string& what) const { throw InputError(name_ + ": " + what); }

  // "the file ends after 100 of 400 bytes of data" unless `bytes` are left; called before memory is taken for them.
  void expects_left(Index bytes, const char* of_what) const {
    if (left() < bytes)
      refuse("the file ends after " + std::to_string(left()) + " of " + std::to_string(bytes) + " bytes of " + of_what);
  }

  // Exactly `bytes`.
  void read(void* to, Index bytes, const char* of_what) {
    expects_left(bytes, of_what);
    if (bytes == 0) return;
    const auto count = static_cast<std::size_t>(bytes);
    if (std::fread(to, 1, count, file_.get()) != count) refuse("the file cannot be read to its end");
    position_ += bytes;
  }

  std::string read_text(Index bytes, const char* of_what) {
    expects_left(bytes, of_what);
    std::string text(static_cast<std::size_t>(bytes), '\0');
    read(text.data(), bytes, of_what);
    return text;
  }

  // `count` values of type Stored, through a small buffer: use(index, value) for each.
  template <class Stored, class Use>
  void read_each(Index count, const char* of_what, Use use) {
    constexpr Index kAtOnce = 8192;
    std::vector<Stored> buffer(static_cast<std::size_t>(std::min(count, kAtOnce)));
    for (Index first = 0; first < count; first += kAtOnce) {
      const Index values = std::min(kAtOnce, count - first);
      read(buffer.data(), values * Index{sizeof(Stored)}, of_what);
      for (Index i = 0; i < values; ++i) use(first + i, buffer[static_cast<std::size_t>(i)]);
    }
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  Index size_ = 0;
  Index position_ = 0;
};

// The bytes of a dense array of this shape; nothing where they exceed Index. A zero anywhere makes it 0.
inline std::optional<Index> dense_bytes(const std::vector<Index>& shape, Index item_bytes) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  Index bytes = item_bytes;
  for (const Index size : shape)
    if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace plateau
