// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Bytes of known number, read front to back: a file's, or those of an archive's member. Every failure is an InputError
// that names where they are.
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
#include <utility>
#include <vector>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"

namespace plateau {

static_assert(std::endian::native == std::endian::little, "NPY and safetensors are read without swapping bytes");

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  const std::string& name() const { return name_; }
  Index left() const { return left_; }

  // Throws InputError, "NAME: <what>".
  [[noreturn]] void refuse(const std::string& what) const { throw InputError(name_ + ": " + what); }

  // "the file ends after 100 of 400 bytes of data" unless `bytes` are left; called before memory is taken for them.
  void expects_left(Index bytes, const char* of_what) const {
    if (left() < bytes)
      refuse(std::string("the ") + kind_ + " ends after " + std::to_string(left()) + " of " + std::to_string(bytes) +
             " bytes of " + of_what);
  }

  // Exactly `bytes`.
  void read(void* to, Index bytes, const char* of_what) {
    expects_left(bytes, of_what);
    if (bytes == 0) return;
    take(static_cast<char*>(to), bytes);
    left_ -= bytes;
  }

  // All bytes have been read, and what the source says of them holds. A file has nothing to say.
  virtual void expects_end() {}

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

 protected:
  // `kind` is what ends too early: "file", "member".
  ByteSource(std::string name, const char* kind) : name_(std::move(name)), kind_(kind) {}
  void set_left(Index bytes) { left_ = bytes; }

 private:
  virtual void take(char* to, Index bytes) = 0;  // exactly the next `bytes` > 0, which are left

  std::string name_;
  const char* kind_;
  Index left_ = 0;
};

// The size of a regular file. Throws InputError: opening a pipe would wait for its writer.
inline Index regular_file_bytes(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto refuse_error = [&] {
    if (error) throw InputError(path.string() + ": " + error.message());
  };
  const fs::file_status there = fs::status(path, error);
  refuse_error();
  if (!fs::is_regular_file(there)) throw InputError(path.string() + ": not a regular file");
  const std::uintmax_t size = fs::file_size(path, error);
  refuse_error();
  return narrow<Index>(size);
}

// A regular file, as it lies on the disk.
class PlainFile final : public ByteSource {
 public:
  explicit PlainFile(const std::filesystem::path& path) : ByteSource(path.string(), "file") {
    set_left(regular_file_bytes(path));
    file_.reset(std::fopen(path.c_str(), "rb"));
    if (!file_) refuse(std::generic_category().message(errno));
  }

  // Passes over `bytes`, which are left.
  void skip(Index bytes) {
    if (bytes > 0 && ::fseeko(file_.get(), bytes, SEEK_CUR) != 0) refuse(std::generic_category().message(errno));
    set_left(left() - bytes);
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void take(char* to, Index bytes) override {
    const auto count = static_cast<std::size_t>(bytes);
    if (std::fread(to, 1, count, file_.get()) != count) refuse("the file cannot be read to its end");
  }

  std::unique_ptr<std::FILE, Close> file_;
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
