// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The records of a TFRecord file, one after the other; how they are laid out is said at tf_record() (event_file.hpp).
#pragma once

#include <filesystem>
#include <string>

#include "plateau/core/view.hpp"
#include "plateau/data/byte_stream.hpp"

namespace plateau {

class TfRecordReader {
 public:
  explicit TfRecordReader(const std::filesystem::path& path);

  // The data of the next record; false at the end of the file. Throws InputError where the record is torn or damaged.
  bool next(std::string& data);

  // Throws InputError, "FILE: the record at byte N <what>", of the record that was read last.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  ByteStream stream_;
  Index size_;           // of the file when it was opened
  Index read_ = 0;       // bytes of it
  Index record_at_ = 0;  // where the last record begins
};

}  // namespace plateau
