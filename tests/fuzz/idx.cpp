// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/idx.hpp"

#include "fuzz.hpp"

std::vector<plateau::fuzzing::Reader> plateau::fuzzing::readers() {
  constexpr char kLabels[] = "\0\0\x08\1\0\0\0\2\1\0", kImages[] = "\0\0\x08\2\0\0\0\2\0\0\0\1ab";
  static MemoryFile labels, images;
  labels.put(kLabels, sizeof kLabels - 1);
  images.put(kImages, sizeof kImages - 1);
  return {[](const std::string& file) { read_idx(file + ":" + labels.path()); },
          [](const std::string& file) { read_idx(images.path() + ":" + file); }};
}

void plateau::fuzzing::repair(std::string&) {}
