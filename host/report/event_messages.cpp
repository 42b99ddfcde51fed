// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "event_messages.hpp"

#include <bit>
#include <type_traits>
#include <utility>

#include "protobuf.hpp"

namespace plateau {
namespace {

using protobuf::append_bytes;
using protobuf::append_double;
using protobuf::append_float;
using protobuf::append_integer;
using protobuf::Field;
using protobuf::Fields;
using protobuf::WireType;

// Field numbers, of tensorboard/compat/proto/{event,summary,tensor,tensor_shape,types}.proto,
// tensorboard/plugins/hparams/{plugin_data,api}.proto and google/protobuf/struct.proto.
namespace event {
constexpr std::uint32_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
}
namespace summary {
constexpr std::uint32_t kValue = 1;
}
namespace value {
constexpr std::uint32_t kTag = 1, kSimpleValue = 2, kTensor = 8, kMetadata = 9;
}
namespace metadata {
constexpr std::uint32_t kPluginData = 1;
}
namespace plugin_data {
constexpr std::uint32_t kPluginName = 1, kContent = 2;
}
namespace tensor {
constexpr std::uint32_t kDtype = 1, kShape = 2, kStringVal = 8;
constexpr std::int64_t kFloat = 1, kString = 7;  // DT_FLOAT, DT_STRING
}  // namespace tensor
namespace shape {
constexpr std::uint32_t kDim = 2;
}
namespace hparams {
constexpr std::uint32_t kSessionStartInfo = 3, kSessionEndInfo = 4;
}
namespace session_start {
constexpr std::uint32_t kHparams = 1, kStartTime = 5;
}
namespace session_end {
constexpr std::uint32_t kStatus = 1, kEndTime = 2;
}
namespace map_entry {
constexpr std::uint32_t kKey = 1, kValue = 2;
}
namespace struct_value {
constexpr std::uint32_t kNumber = 2, kString = 3, kBool = 4;
}

constexpr std::string_view kVersion = "brain.Event:2";
constexpr std::string_view kTextPlugin = "text", kHparamsPlugin = "hparams";
constexpr std::string_view kSessionStartTag = "_hparams_/session_start_info";
constexpr std::string_view kSessionEndTag = "_hparams_/session_end_info";

// ---- Written
// ---------------------------------------------------------------------------------------------------------

void append_unless_zero(std::string& out, std::uint32_t number, double number_value) {
  if (std::bit_cast<std::uint64_t>(number_value) != 0) append_double(out, number, number_value);
}

std::string bytes_field(std::uint32_t number, std::string_view bytes) {
  std::string out;
  append_bytes(out, number, bytes);
  return out;
}

std::string event_with(double wall_time, std::int64_t step, const std::string& summary_value) {
  std::string out;
  append_unless_zero(out, event::kWallTime, wall_time);
  if (step != 0) append_integer(out, event::kStep, step);
  append_bytes(out, event::kSummary, bytes_field(summary::kValue, summary_value));
  return out;
}

std::string plugin_value(std::string_view tag, std::string_view plugin, std::string_view content,
                         std::string_view tensor_message) {
  std::string data = bytes_field(plugin_data::kPluginName, plugin);
  if (!content.empty()) append_bytes(data, plugin_data::kContent, content);
  std::string out = bytes_field(value::kTag, tag);
  append_bytes(out, value::kTensor, tensor_message);
  append_bytes(out, value::kMetadata, bytes_field(metadata::kPluginData, data));
  return out;
}

// A scalar: its shape is there and has no dimension.
std::string string_tensor(std::string_view text) {
  std::string out;
  append_integer(out, tensor::kDtype, tensor::kString);
  append_bytes(out, tensor::kShape, {});
  append_bytes(out, tensor::kStringVal, text);
  return out;
}

// [0] float32: what stands where only the metadata count, as TensorBoard lists a tag by its values.
std::string empty_tensor() {
  std::string out;
  append_integer(out, tensor::kDtype, tensor::kFloat);
  append_bytes(out, tensor::kShape, bytes_field(shape::kDim, {}));
  return out;
}

std::string session_event(double wall_time, std::string_view tag, const std::string& content) {
  return event_with(wall_time, 0, plugin_value(tag, kHparamsPlugin, content, empty_tensor()));
}

std::string struct_value_of(const HyperParameter& parameter) {
  std::string out;
  if (const auto* const number = std::get_if<double>(&parameter)) append_double(out, struct_value::kNumber, *number);
  if (const auto* const text = std::get_if<std::string>(&parameter)) append_bytes(out, struct_value::kString, *text);
  if (const auto* const flag = std::get_if<bool>(&parameter)) append_integer(out, struct_value::kBool, *flag ? 1 : 0);
  return out;
}

// ---- Read
// ------------------------------------------------------------------------------------------------------------

template <class Take>
void for_each_field(std::string_view message, Take take) {
  Fields fields(message);
  for (Field field; fields.next(field);) take(field);
}

struct Value {
  std::string_view tag, tensor, plugin, content;
  std::optional<float> simple_value;
};

Value value_of(std::string_view message) {
  Value read;
  std::string_view metadata_message, plugin_message;
  for_each_field(message, [&](const Field& field) {
    if (field.is(value::kTag, WireType::bytes)) read.tag = field.bytes;
    if (field.is(value::kSimpleValue, WireType::fixed32)) read.simple_value = field.as_float();
    if (field.is(value::kTensor, WireType::bytes)) read.tensor = field.bytes;
    if (field.is(value::kMetadata, WireType::bytes)) metadata_message = field.bytes;
  });
  for_each_field(metadata_message, [&](const Field& field) {
    if (field.is(metadata::kPluginData, WireType::bytes)) plugin_message = field.bytes;
  });
  for_each_field(plugin_message, [&](const Field& field) {
    if (field.is(plugin_data::kPluginName, WireType::bytes)) read.plugin = field.bytes;
    if (field.is(plugin_data::kContent, WireType::bytes)) read.content = field.bytes;
  });
  return read;
}

// Of a tensor with one string.
std::optional<std::string> text_of(std::string_view tensor_message) {
  std::optional<std::string> text;
  int strings = 0;
  for_each_field(tensor_message, [&](const Field& field) {
    if (!field.is(tensor::kStringVal, WireType::bytes)) return;
    text = field.bytes;
    ++strings;
  });
  return strings == 1 ? text : std::nullopt;
}

std::optional<HyperParameter> hyper_parameter_of(std::string_view message) {
  std::optional<HyperParameter> read;
  for_each_field(message, [&](const Field& field) {
    if (field.is(struct_value::kNumber, WireType::fixed64)) read = field.as_double();
    if (field.is(struct_value::kString, WireType::bytes)) read = std::string(field.bytes);
    if (field.is(struct_value::kBool, WireType::varint)) read = field.integer != 0;
  });
  return read;
}

EventSessionStart session_start_of(std::string_view message) {
  EventSessionStart start;
  for_each_field(message, [&](const Field& field) {
    if (field.is(session_start::kStartTime, WireType::fixed64)) start.wall_time = field.as_double();
    if (!field.is(session_start::kHparams, WireType::bytes)) return;
    std::string key;
    std::optional<HyperParameter> parameter;
    for_each_field(field.bytes, [&](const Field& part) {
      if (part.is(map_entry::kKey, WireType::bytes)) key = part.bytes;
      if (part.is(map_entry::kValue, WireType::bytes)) parameter = hyper_parameter_of(part.bytes);
    });
    if (parameter) start.hyper_parameters.insert_or_assign(key, *std::move(parameter));
  });
  return start;
}

EventSessionEnd session_end_of(std::string_view message) {
  EventSessionEnd end;
  for_each_field(message, [&](const Field& field) {
    if (field.is(session_end::kEndTime, WireType::fixed64)) end.wall_time = field.as_double();
    if (field.is(session_end::kStatus, WireType::varint))
      end.status = field.integer <= static_cast<std::uint64_t>(SessionStatus::running)
                       ? static_cast<SessionStatus>(field.integer)
                       : SessionStatus::unknown;
  });
  return end;
}

// Whether the content is one of those that are read.
bool add_session(std::string_view content, EventFile& file) {
  bool known = false;
  for_each_field(content, [&](const Field& field) {
    const bool starts = field.is(hparams::kSessionStartInfo, WireType::bytes);
    const bool ends = field.is(hparams::kSessionEndInfo, WireType::bytes);
    if (starts && !file.session_start) file.session_start = session_start_of(field.bytes);
    if (ends && !file.session_end) file.session_end = session_end_of(field.bytes);
    known = known || starts || ends;
  });
  return known;
}

void add_value(std::string_view message, std::int64_t step, double wall_time, EventFile& file) {
  const Value read = value_of(message);
  const std::string tag(read.tag);
  std::optional<std::string> text;
  if (read.plugin == kTextPlugin) text = text_of(read.tensor);
  if (read.simple_value)
    file.scalars.push_back({.tag = tag, .step = step, .wall_time = wall_time, .value = double{*read.simple_value}});
  else if (text)
    file.texts.push_back({.tag = tag, .step = step, .wall_time = wall_time, .markdown = *std::move(text)});
  else if (read.plugin != kHparamsPlugin || !add_session(read.content, file))
    ++file.others;
}

}  // namespace

std::string version_event(double wall_time) {
  std::string out;
  append_unless_zero(out, event::kWallTime, wall_time);
  append_bytes(out, event::kFileVersion, kVersion);
  return out;
}

std::string event_of(const EventScalar& scalar) {
  std::string out = bytes_field(value::kTag, scalar.tag);
  append_float(out, value::kSimpleValue, static_cast<float>(scalar.value));
  return event_with(scalar.wall_time, scalar.step, out);
}

std::string event_of(const EventText& text) {
  return event_with(text.wall_time, text.step, plugin_value(text.tag, kTextPlugin, {}, string_tensor(text.markdown)));
}

std::string event_of(const EventSessionStart& start) {
  std::string info;
  for (const auto& [name, parameter] : start.hyper_parameters) {
    std::string entry = bytes_field(map_entry::kKey, name);
    append_bytes(entry, map_entry::kValue, struct_value_of(parameter));
    append_bytes(info, session_start::kHparams, entry);
  }
  append_unless_zero(info, session_start::kStartTime, start.wall_time);
  return session_event(start.wall_time, kSessionStartTag, bytes_field(hparams::kSessionStartInfo, info));
}

std::string event_of(const EventSessionEnd& end) {
  std::string info;
  if (end.status != SessionStatus::unknown)
    append_integer(info, session_end::kStatus, static_cast<std::int64_t>(end.status));
  append_unless_zero(info, session_end::kEndTime, end.wall_time);
  return session_event(end.wall_time, kSessionEndTag, bytes_field(hparams::kSessionEndInfo, info));
}

void add_event(std::string_view message, EventFile& file) {
  std::int64_t step = 0;
  double wall_time = 0;
  std::vector<std::string_view> values;
  bool has_summary = false;
  for_each_field(message, [&](const Field& field) {
    if (field.is(event::kWallTime, WireType::fixed64)) wall_time = field.as_double();
    if (field.is(event::kStep, WireType::varint)) step = static_cast<std::int64_t>(field.integer);
    if (!field.is(event::kSummary, WireType::bytes)) return;
    has_summary = true;
    for_each_field(field.bytes, [&](const Field& part) {
      if (part.is(summary::kValue, WireType::bytes)) values.push_back(part.bytes);
    });
  });
  if (!has_summary) ++file.others;
  for (const std::string_view read : values) add_value(read, step, wall_time, file);
}

VersionEvent version_of(std::string_view message) {
  VersionEvent first;
  for_each_field(message, [&](const Field& field) {
    if (field.is(event::kWallTime, WireType::fixed64)) first.wall_time = field.as_double();
    if (field.is(event::kFileVersion, WireType::bytes)) first.version = field.bytes;
  });
  return first;
}

}  // namespace plateau
