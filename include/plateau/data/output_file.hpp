// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all: it is written under a temporary name in the same folder, brought to the
// disk, and renamed over its final name when everything is in it. Whenever the process or the machine stops, the final
// name stands for the old file or the new one.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

#include "plateau/core/view.hpp"

namespace plateau {

class OutputFile {
 public:
  // Creates the temporary, with the permissions of the file it is to replace. A symbolic link is followed, so that the
  // link stays; what exists under `path` and is no regular file (a folder, a device) is refused. Throws InputError, as
  // the members below do, naming `path` and the system's reason.
  explicit OutputFile(std::filesystem::path path);
  // Removes the temporary unless commit() has returned: what stood under the final name before is still there.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  // In the place of bytes that were written before, from the `at`-th of the file on. write() still goes on at the end.
  void overwrite(Index at, std::string_view bytes);
  void commit();  // the last call: flushes, syncs and renames

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void refuse(int error) const;

  std::filesystem::path path_;    // as given, for messages
  std::filesystem::path target_;  // where a link leads
  std::filesystem::path temporary_;
  std::unique_ptr<std::FILE, Close> file_;
};

// The whole file in one call.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// Removes what processes that were killed while they wrote into the folder have left there under temporary names. Only
// for a folder into which nobody writes.
void remove_unfinished(const std::filesystem::path& folder);

// Throws InputError where write_file() would for want of a place to write; leaves nothing behind. For asking before the
// work whose result is to be written.
void expect_writable(const std::filesystem::path& path);

}  // namespace plateau
