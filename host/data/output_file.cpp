// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "plateau/core/error.hpp"

namespace plateau {
namespace {

constexpr const char* kTemporaryBegin = ".plateau-";
constexpr const char* kTemporaryEnd = ".tmp";

// Independent of the target's name, which may already be as long as the file system allows.
std::string random_name() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::random_device random;
  std::string name = kTemporaryBegin;
  for (int word = 0; word < 3; ++word)
    for (unsigned bits = random(), digit = 0; digit < 8; ++digit, bits >>= 4) name += kDigits[bits & 15];
  return name + kTemporaryEnd;
}

// The new name itself; not every file system can, and then it comes to the disk when it does.
void sync_folder(const std::filesystem::path& folder) {
  const int handle = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (handle < 0) return;
  ::fsync(handle);
  ::close(handle);
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)), target_(path_) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status there = fs::status(path_, error);
  if (fs::exists(there) && !fs::is_regular_file(there))
    throw InputError(path_.string() + ": cannot be written, it is not a regular file");
  const bool replaces = fs::is_regular_file(there);
  if (replaces && fs::is_symlink(fs::symlink_status(path_, error))) {
    target_ = fs::canonical(path_, error);
    if (error) refuse(error.value());
  }
  constexpr int kAttempts = 8;  // a name that another process took by chance is not taken over
  for (int attempt = 0; attempt < kAttempts && !file_; ++attempt) {
    fs::path candidate = target_.parent_path() / random_name();
    const int handle = ::open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaces ? 0600 : 0666);
    if (handle < 0 && errno == EEXIST) continue;
    if (handle < 0) refuse(errno);
    // Before there is anything to read. It fails where the file system has no permissions.
    if (replaces) ::fchmod(handle, static_cast<mode_t>(there.permissions() & fs::perms::all));
    file_.reset(::fdopen(handle, "wb"));
    if (!file_) {
      const int reason = errno;
      ::close(handle);
      fs::remove(candidate, error);
      refuse(reason);
    }
    temporary_ = std::move(candidate);
  }
  if (!file_) refuse(EEXIST);
}

OutputFile::~OutputFile() {
  file_.reset();
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
}

void OutputFile::write(std::string_view bytes) {
  if (bytes.empty()) return;  // its pointer may be null, which fwrite does not take
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) refuse(errno);
}

void OutputFile::overwrite(Index at, std::string_view bytes) {
  errno = 0;
  if (::fseeko(file_.get(), at, SEEK_SET) != 0) refuse(errno);
  write(bytes);
  if (::fseeko(file_.get(), 0, SEEK_END) != 0) refuse(errno);
}

void OutputFile::commit() {
  errno = 0;
  if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0) refuse(errno);
  if (std::fclose(file_.release()) != 0) refuse(errno);
  std::error_code error;
  std::filesystem::rename(temporary_, target_, error);
  if (error) refuse(error.value());
  temporary_.clear();
  sync_folder(target_.parent_path());
}

void OutputFile::refuse(int error) const {
  const std::string reason = error == 0 ? "the write failed" : std::generic_category().message(error);
  throw InputError(path_.string() + ": cannot be written: " + reason);
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

void remove_unfinished(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kTemporaryBegin) && name.ends_with(kTemporaryEnd)) found.push_back(entry.path());
  }
  for (const std::filesystem::path& path : found) std::filesystem::remove(path, error);
}

void expect_writable(const std::filesystem::path& path) { const OutputFile probe(path); }

}  // namespace plateau
