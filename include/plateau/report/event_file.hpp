// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// TensorBoard's event files, written and read without TensorFlow: a file is a run, its folder the run's name.
//
// A file is a list of records (TFRecord), each with checksums of its length and of its data; the data of each are one
// message of tensorboard/compat/proto/event.proto. Of those messages only what follows is written: scalars
// (simple_value, which every TensorBoard shows), texts (plugin "text") and the hyper-parameters of a session (plugin
// "hparams", tensorboard/plugins/hparams/plugin_data.proto). An experiment's summary is not: TensorBoard makes it from
// the sessions below the folder that it is started on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plateau/core/view.hpp"
#include "plateau/data/output_file.hpp"

namespace plateau {

// CRC-32C (Castagnoli; RFC 3720 section 12.1): polynomial 0x11edc6f41, reflected, all ones before and after.
std::uint32_t crc32c(std::string_view bytes);

// `data` as a record: length (8 bytes), masked CRC-32C of the length (4), data, masked CRC-32C of the data (4), all
// little endian (tensorflow/core/lib/io/record_writer.h). Masked is ((crc >> 15) | (crc << 17)) + 0xa282ead8.
std::string tf_record(std::string_view data);

// Wall times are seconds since 1970, in UTC.
struct EventScalar {
  std::string tag;  // "test/accuracy": TensorBoard groups by what stands before the slash
  std::int64_t step = 0;
  double wall_time = 0;
  double value = 0;  // stored as float32: rounded, and infinite beyond its range; NaN and infinities are shown as such
};

struct EventText {
  std::string tag;
  std::int64_t step = 0;
  double wall_time = 0;
  std::string markdown;
};

using HyperParameter = std::variant<double, std::string, bool>;

struct EventSessionStart {
  double wall_time = 0;
  std::map<std::string, HyperParameter> hyper_parameters;
};

enum class SessionStatus { unknown = 0, success = 1, failure = 2, running = 3 };  // Status of hparams/api.proto

struct EventSessionEnd {
  double wall_time = 0;
  SessionStatus status = SessionStatus::unknown;
};

// Writes FOLDER/events.out.tfevents.SECONDS.plateau, SECONDS those of `wall_time`. Nothing in it is asked of the clock
// or the machine: the same calls give the same bytes. Under the final name the file appears whole, by commit(), or not
// at all, and what is there already is not replaced.
//
// What TensorBoard needs to show everything is a precondition, std::invalid_argument where it is broken: wall times and
// numeric hyper-parameters are finite; a tag is not empty, does not begin with "_hparams_/" and is of scalars or of
// texts; the steps of a tag ascend, as TensorBoard takes a step that does not for a training that began anew and drops
// what came before; a session starts once at most, and ends once and only if it has started. Texts may hold anything:
// bytes that are not UTF-8 become U+FFFD, for one of them would make the record unreadable.
class EventWriter {
 public:
  // Creates the folder if need be. Throws InputError, as commit() and the writes do, where the file cannot be written
  // or is already there; the sentence names it.
  EventWriter(const std::filesystem::path& folder, double wall_time);

  void write_scalar(const EventScalar& scalar);
  void write_text(const EventText& text);
  void write_session_start(const EventSessionStart& start);
  void write_session_end(const EventSessionEnd& end);
  void commit();  // the last call

  const std::filesystem::path& path() const { return path_; }

 private:
  enum class Kind { scalar, text };
  struct Series {
    Kind kind;
    std::int64_t last_step;
  };

  void write_record(const std::string& event);
  void note(const std::string& tag, Kind kind, std::int64_t step, double wall_time);

  std::filesystem::path path_;
  OutputFile file_;
  std::map<std::string, Series> series_;
  bool session_started_ = false, session_ended_ = false;
};

struct EventFile {
  double wall_time = 0;              // when it was begun
  std::vector<EventScalar> scalars;  // in the order of the file, as are the texts
  std::vector<EventText> texts;
  std::optional<EventSessionStart> session_start;  // the first, as in TensorBoard
  std::optional<EventSessionEnd> session_end;      // likewise
  Index others = 0;                                // values and events of other kinds, which are skipped
};

// What EventWriter writes, from a file of any writer. Throws InputError, which names the file and the byte at which the
// record begins, where a checksum is wrong, the file ends within a record (also where a length is beyond it: no more is
// allocated than the file has) or the data are no message; also where the first record names no version of event files.
// A file that was cut exactly between two records is a shorter file: the format does not tell.
EventFile read_event_file(const std::filesystem::path& path);

}  // namespace plateau
