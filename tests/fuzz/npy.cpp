// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/npy.hpp"

#include "fuzz.hpp"

std::vector<plateau::fuzzing::Reader> plateau::fuzzing::readers() {
  return {[](const std::string& file) { read_npy_features(file); },
          [](const std::string& file) { read_npy_labels(file); }};
}
