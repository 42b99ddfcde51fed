// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/checkpoint.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz.hpp"

namespace plateau {
namespace {

// The bytes of the file as which `checkpoint` is written, which stays under scratch_path().
std::string written(const Checkpoint& checkpoint) {
  write_checkpoint(fuzzing::scratch_path(), checkpoint);
  std::ifstream file(fuzzing::scratch_path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

// What is read can be written, and is read from there as it was.
std::vector<fuzzing::Reader> fuzzing::readers() {
  return {[](const std::string& file) {
    const std::string once = written(read_checkpoint(file));
    const std::string again = written(read_checkpoint(scratch_path()));
    std::filesystem::remove(scratch_path());
    must(once == again, "the checkpoint comes back");
  }};
}

void fuzzing::repair(std::string& bytes) { repair_header_length(bytes); }

}  // namespace plateau
