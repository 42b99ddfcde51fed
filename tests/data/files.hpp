// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Small files of chosen bytes, and the sentence that a reader refuses them with.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <system_error>

#include "plateau/core/error.hpp"

namespace plateau::testing_files {

// The files of this process, gone when it ends: the same tests may run from several builds at once.
class ProcessFolder {
 public:
  ProcessFolder() : path_(std::filesystem::path(::testing::TempDir()) / ("plateau-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
  }
  ~ProcessFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A folder of this test's own, empty at first.
inline std::filesystem::path test_folder() {
  static const ProcessFolder all;
  const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder = all.path() / test->test_suite_name() / test->name();
  std::filesystem::create_directories(folder);
  return folder;
}

inline std::filesystem::path put(const std::string& name, const std::string& bytes) {
  const std::filesystem::path path = test_folder() / name;
  std::filesystem::remove(path);  // ext4 takes milliseconds to write to a file that it has just cut to nothing
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string get(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (values.size() > 0) std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

// What `read` is refused with; "" where it is not refused. Every other exception leaves.
template <class Read>
std::string refusal(Read read) {
  try {
    read();
  } catch (const InputError& error) {
    const std::string sentence = error.what();
    EXPECT_TRUE(!sentence.ends_with('.') || sentence.ends_with(", ...")) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
    return sentence;
  }
  return "";
}

// "FILE: <what>"
inline std::string in_file(const std::filesystem::path& path, const std::string& what) {
  return path.string() + ": " + what;
}

inline std::filesystem::path parity_case(const std::string& name) {
  return std::filesystem::path(PLATEAU_TEST_DATA) / "torch-parity" / name;
}

}  // namespace plateau::testing_files
