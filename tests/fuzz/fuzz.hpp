// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a fuzzer of a parser is made of: fuzz.cpp makes inputs and hands each to all readers(). Each parser's own file
// defines readers() and repair().
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace plateau::fuzzing {

using Reader = std::function<void(const std::string& file)>;

// Each reads the file, and throws InputError or nothing.
std::vector<Reader> readers();

// Makes a length that the file has of its header fit again, so that what lies behind it is looked at. May do nothing.
void repair(std::string& bytes);

// repair() of a safetensors file: the header ends with its last brace.
void repair_header_length(std::string& bytes);

// A file in memory that the readers find under path(). A pair of files takes a second one.
class MemoryFile {
 public:
  MemoryFile();
  void put(const void* bytes, std::size_t size);
  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

// Where a reader may write what it has read.
std::string scratch_path();

// Stops the fuzzer, and so the test, where something that must hold does not.
void must(bool holds, const char* what);

}  // namespace plateau::fuzzing
