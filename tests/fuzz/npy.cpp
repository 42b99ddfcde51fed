// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/npy.hpp"

#include <algorithm>

#include "fuzz.hpp"

std::vector<plateau::fuzzing::Reader> plateau::fuzzing::readers() {
  return {[](const std::string& file) { read_npy_features(file); },
          [](const std::string& file) { read_npy_labels(file); }};
}

// The header ends with its line.
void plateau::fuzzing::repair(std::string& bytes) {
  constexpr std::size_t kPreamble = 10;
  const std::size_t end = bytes.find('\n', std::min(kPreamble, bytes.size()));
  if (end == std::string::npos) return;
  const std::size_t length = end + 1 - kPreamble;
  bytes[8] = static_cast<char>(length % 256);
  bytes[9] = static_cast<char>(length / 256);
}
