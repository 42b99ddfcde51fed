// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/result_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "plateau/core/error.hpp"

namespace plateau::validation {

ResultFile::ResultFile(std::filesystem::path path) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) refuse(std::strerror(errno));
  try {
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) refuse("another process adds to it");
    std::ifstream in(path_, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::size_t end = text.rfind('\n') + 1;  // 0 where there is no line
    if (end < text.size() && ::ftruncate(file_, static_cast<off_t>(end)) != 0) refuse(std::strerror(errno));
    for (std::size_t begin = 0, number = 1; begin < end; ++number) {
      const std::size_t next = text.find('\n', begin) + 1;
      lines_.push_back(nlohmann::ordered_json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                                     text.begin() + static_cast<std::ptrdiff_t>(next), nullptr, false));
      if (!lines_.back().is_object()) refuse("line " + std::to_string(number) + " is no JSON object");
      begin = next;
    }
  } catch (...) {
    ::close(file_);
    throw;
  }
}

ResultFile::~ResultFile() { ::close(file_); }

void ResultFile::add(nlohmann::ordered_json line) {
  const std::string text = line.dump() + "\n";
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = ::write(file_, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) refuse(std::strerror(errno));
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  if (::fdatasync(file_) != 0 && errno != EINVAL) refuse(std::strerror(errno));  // EINVAL: of a pipe, say
  lines_.push_back(std::move(line));
}

void ResultFile::refuse(const std::string& why) const { throw InputError(path_.string() + ": " + why); }

}  // namespace plateau::validation
