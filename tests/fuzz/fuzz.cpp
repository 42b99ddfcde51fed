// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The loop of libFuzzer (https://llvm.org/docs/LibFuzzer.html) around a parser. Whatever the bytes are, a reader reads
// them or refuses them with a sentence; every other exception, a finding of a sanitizer and more memory than the file
// can hold stop it.
#include "fuzz.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "plateau/core/error.hpp"

namespace plateau::fuzzing {

MemoryFile::MemoryFile()
    : descriptor_(memfd_create("fuzzed", 0)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {
  must(descriptor_ >= 0, "there is a file in memory");
}

void MemoryFile::put(const void* bytes, std::size_t size) {
  must(ftruncate(descriptor_, 0) == 0, "the file is emptied");
  must(pwrite(descriptor_, bytes, size, 0) == static_cast<ssize_t>(size), "the file is written");
}

std::string scratch_path() {
  static const std::string path =
      (std::filesystem::temp_directory_path() / ("plateau-fuzz-" + std::to_string(getpid()))).string();
  return path;
}

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace plateau::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plateau::fuzzing;
  static const std::vector<Reader> all = readers();
  static MemoryFile file;
  file.put(data, size);
  for (const Reader& read : all) {
    try {
      read(file.path());
    } catch (const plateau::InputError& error) {
      const std::string sentence = error.what();
      must(sentence.find('\n') == std::string::npos && sentence.size() < 4000, "a refusal is one short line");
      must(sentence.find(file.path()) != std::string::npos, "a refusal names the file");
    }
  }
  return 0;
}
