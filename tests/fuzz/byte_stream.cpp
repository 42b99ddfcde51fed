// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/byte_stream.hpp"

#include "fuzz.hpp"

std::vector<plateau::fuzzing::Reader> plateau::fuzzing::readers() {
  return {[](const std::string& file) {
    ByteStream stream(file);
    const Index on_disk = stream.bytes_on_disk(), most = stream.is_gzip() ? 1032 * on_disk : on_disk;
    Index total = 0;
    std::vector<char> some(1000);
    while (const Index read = stream.read(some)) total += read;
    must(total <= most, "a stream has no more bytes than its file can hold");
    must(stream.bytes_read_on_disk() == on_disk, "a file is read to its end");
    must(stream.read(some) == 0, "an end stays an end");
  }};
}

void plateau::fuzzing::repair(std::string&) {}
