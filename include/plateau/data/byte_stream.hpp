// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A file read front to back as a stream of bytes: those of the file, or, of a file that begins as gzip files do
// (1f 8b, RFC 1952), those that it holds. Several gzip members in a row are one stream.
//
// A few bytes of gzip can hold a thousand times as many: how much is taken of a stream is for its reader to bound.
// Every failure is an InputError that names the file as given.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "plateau/core/view.hpp"

namespace plateau {

class ByteStream {
 public:
  // Refuses what is no regular file: opening a pipe would wait for its writer.
  explicit ByteStream(const std::filesystem::path& path);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Fills `to`, and less of it only where the stream ends. Returns how many bytes these are, 0 at the end. Gzip data
  // that are damaged or that end too early are refused; the checksum of the last member is seen by the call that finds
  // the end, so a reader that knows its size asks once more.
  Index read(std::span<char> to);

  const std::string& name() const { return name_; }
  bool is_gzip() const { return gzip_ != nullptr; }
  // Of the file as it is stored: what a progress bar shows.
  Index bytes_on_disk() const { return bytes_on_disk_; }
  Index bytes_read_on_disk() const { return bytes_read_on_disk_; }

  // Throws InputError, "FILE: <what>".
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  struct Gzip;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  Index read_stored(std::span<char> to);
  Index read_inflated(std::span<char> to);

  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::unique_ptr<Gzip> gzip_;  // of a gzip file
  Index bytes_on_disk_ = 0;
  Index bytes_read_on_disk_ = 0;
};

}  // namespace plateau
