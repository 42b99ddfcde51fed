// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/npz.hpp"

#include "fuzz.hpp"

std::vector<plateau::fuzzing::Reader> plateau::fuzzing::readers() {
  return {[](const std::string& file) { read_npz(file); }, [](const std::string& file) { read_npz(file, {"a", "b"}); }};
}

void plateau::fuzzing::repair(std::string&) {}
