// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The loop of libFuzzer (https://llvm.org/docs/LibFuzzer.html) around a parser. Whatever the bytes are, a reader reads
// them or refuses them with a sentence; every other exception, a finding of a sanitizer and more memory than the file
// can hold stop it.
#include "fuzz.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <random>
#include <utility>

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

void repair_header_length(std::string& bytes) {
  constexpr std::size_t kPreamble = 8;
  const std::size_t end = bytes.rfind('}');
  if (end == std::string::npos || end < kPreamble) return;
  const std::uint64_t length = end + 1 - kPreamble;
  std::memcpy(bytes.data(), &length, sizeof length);
}

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace plateau::fuzzing

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

// The next run of characters of one kind behind a random place: where it begins, and its length, 0 where there is none.
std::pair<std::size_t, std::size_t> some_run(const std::string& bytes, const char* kind, std::minstd_rand& random) {
  const std::size_t begin = bytes.empty() ? std::string::npos : bytes.find_first_of(kind, random() % bytes.size());
  if (begin == std::string::npos) return {0, 0};
  return {begin, std::min(bytes.find_first_not_of(kind, begin), bytes.size()) - begin};
}

// A number, word or list that stands in the text of a header becomes another of the same file, or a number of these.
void exchange_text(std::string& bytes, std::minstd_rand& random) {
  static constexpr const char* kKinds[] = {"0123456789", "0123456789, ",
                                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"};
  static constexpr const char* kNumbers[] = {
      "0", "1", "2", "3", "4", "8", "-1", "9999999", "4294967297", "4611686018427387904", "9223372036854775808"};
  const std::size_t kind = random() % std::size(kKinds);
  const auto [to, length] = some_run(bytes, kKinds[kind], random);
  const auto [from, other_length] = some_run(bytes, kKinds[kind], random);
  const std::string other =
      kind == 0 && random() % 2 == 0 ? kNumbers[random() % std::size(kNumbers)] : bytes.substr(from, other_length);
  if (length > 0) bytes.replace(to, length, other);
}

}  // namespace

// The mutations of libFuzzer and those above. Most are repaired.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::minstd_rand random(seed);
  std::string bytes(data, data + size);
  if (random() % 3 == 0) {
    exchange_text(bytes, random);
  } else {
    bytes.resize(most);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), size, most));
  }
  if (random() % 4 != 0) plateau::fuzzing::repair(bytes);
  bytes.resize(std::min(bytes.size(), most));
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

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
