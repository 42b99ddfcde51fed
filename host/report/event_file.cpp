// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/event_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <system_error>
#include <utility>

#include "event_messages.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/core/utf8.hpp"
#include "protobuf.hpp"
#include "tf_record.hpp"

namespace plateau {
namespace {

constexpr std::string_view kVersionBegin = "brain.Event:";  // of every version
constexpr std::string_view kReservedTags = "_hparams_/";

void expects_time(double wall_time) { expects(std::isfinite(wall_time), "EventWriter: a wall time is finite"); }

// TensorBoard reads the files of a folder in the order of their names, hence the leading zeros.
std::filesystem::path path_in(const std::filesystem::path& folder, double wall_time) {
  expects(0 <= wall_time && wall_time < 1e10, "EventWriter: the file's wall time is of 10 digits at most");
  return folder / fmt::format("events.out.tfevents.{:010}.plateau", static_cast<std::int64_t>(wall_time));
}

void refuse_existing(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored)))
    throw InputError(path.string() + ": is already there, and an event file is not overwritten");
}

std::filesystem::path prepared(const std::filesystem::path& folder, double wall_time) {
  std::filesystem::path path = path_in(folder, wall_time);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw InputError(fmt::format("{}: the folder cannot be created: {}", folder.string(), error.message()));
  refuse_existing(path);
  return path;
}

}  // namespace

EventWriter::EventWriter(const std::filesystem::path& folder, double wall_time)
    : path_(prepared(folder, wall_time)), file_(path_) {
  write_record(version_event(wall_time));
}

void EventWriter::write_scalar(const EventScalar& scalar) {
  EventScalar written = scalar;
  written.tag = well_formed_utf8(scalar.tag);
  note(written.tag, Kind::scalar, written.step, written.wall_time);
  write_record(event_of(written));
}

void EventWriter::write_text(const EventText& text) {
  EventText written = text;
  written.tag = well_formed_utf8(text.tag);
  written.markdown = well_formed_utf8(text.markdown);
  note(written.tag, Kind::text, written.step, written.wall_time);
  write_record(event_of(written));
}

void EventWriter::write_session_start(const EventSessionStart& start) {
  expects(!session_started_, "EventWriter: a session starts once");
  expects_time(start.wall_time);
  EventSessionStart written{.wall_time = start.wall_time, .hyper_parameters = {}};
  for (const auto& [name, parameter] : start.hyper_parameters) {
    HyperParameter value = parameter;
    if (const auto* const number = std::get_if<double>(&value))
      expects(std::isfinite(*number), "EventWriter: a numeric hyper-parameter is finite");
    if (auto* const text = std::get_if<std::string>(&value)) *text = well_formed_utf8(*text);
    const bool added = written.hyper_parameters.emplace(well_formed_utf8(name), std::move(value)).second;
    expects(added, "EventWriter: names of hyper-parameters differ in what is UTF-8");
  }
  session_started_ = true;
  write_record(event_of(written));
}

void EventWriter::write_session_end(const EventSessionEnd& end) {
  expects(session_started_ && !session_ended_, "EventWriter: a session ends once, after its start");
  expects_time(end.wall_time);
  session_ended_ = true;
  write_record(event_of(end));
}

void EventWriter::commit() {
  refuse_existing(path_);  // another may have written it meanwhile
  file_.commit();
}

void EventWriter::write_record(const std::string& event) { file_.write(tf_record(event)); }

void EventWriter::note(const std::string& tag, Kind kind, std::int64_t step, double wall_time) {
  expects(!tag.empty() && !tag.starts_with(kReservedTags), "EventWriter: a tag is not empty and not of the hparams");
  expects_time(wall_time);
  const auto [series, is_new] = series_.try_emplace(tag, Series{.kind = kind, .last_step = step});
  if (is_new) return;
  expects(series->second.kind == kind, "EventWriter: a tag is of scalars or of texts");
  expects(series->second.last_step < step, "EventWriter: the steps of a tag ascend");
  series->second.last_step = step;
}

EventFile read_event_file(const std::filesystem::path& path) {
  TfRecordReader records(path);
  EventFile file;
  std::string data;
  if (!records.next(data)) throw InputError(path.string() + ": is empty, and an event file names its version first");
  try {
    const VersionEvent first = version_of(data);
    if (!first.version.starts_with(kVersionBegin)) records.refuse("names no version of event files");
    file.wall_time = first.wall_time;
    while (records.next(data)) add_event(data, file);
  } catch (const protobuf::Malformed& malformed) {
    records.refuse(fmt::format("is no event: {}", malformed.what()));
  }
  return file;
}

}  // namespace plateau
