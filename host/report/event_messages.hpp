// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The data of an event file's records: each function gives one Event message, serialised as protobuf does it (fields by
// number, zeros left out where the message does not tell them from none), map entries by key.
#pragma once

#include <string>
#include <string_view>

#include "plateau/report/event_file.hpp"

namespace plateau {

std::string version_event(double wall_time);
std::string event_of(const EventScalar& scalar);
std::string event_of(const EventText& text);
std::string event_of(const EventSessionStart& start);
std::string event_of(const EventSessionEnd& end);

// Adds what the message holds to `file`. Throws protobuf::Malformed.
void add_event(std::string_view message, EventFile& file);

// A file's first message; the version is empty where it names none. Throws protobuf::Malformed.
struct VersionEvent {
  double wall_time = 0;
  std::string version;
};
VersionEvent version_of(std::string_view message);

}  // namespace plateau
