// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "safetensors_header.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "plateau/core/error.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDimensions = 64;

// Receives the JSON event by event: nothing is built from a header that is wrong, keys that repeat are seen, and
// nesting deeper than the format has is refused where it begins.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  SafetensorsHeader take_header() { return std::move(header_); }

  bool null() override { fail("null"); }
  bool boolean(bool) override { fail("true or false"); }
  bool number_integer(number_integer_t) override { fail("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { fail("a number that is no 64-bit integer"); }
  bool binary(binary_t&) override { fail("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (!std::in_range<Index>(value)) fail("a number beyond 63 bits");
    const auto number = static_cast<Index>(value);
    if (place_ == Place::shape) {
      if (entry().shape.size() == kMaxDimensions) fail("too many dimensions");
      entry().shape.push_back(number);
    } else if (place_ == Place::offsets) {
      if (offsets_ == 2) fail("more than two data_offsets");
      (offsets_++ == 0 ? entry().begin : entry().end) = number;
    } else {
      fail("a number");
    }
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      *metadata_value_ = std::move(value);
      return true;
    }
    if (place_ != Place::dtype) fail("a string");
    entry().dtype = value;
    place_ = Place::tensor;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::outside)
      place_ = Place::header;
    else if (place_ == Place::header)
      place_ = in_metadata_ ? Place::metadata : Place::tensor;
    else
      fail("an object");
    return true;
  }

  bool key(string_t& key) override {
    if (place_ == Place::header) {
      if (!names_.insert(key).second)
        throw InputError(file_ + ": the header names tensor " + in_quotes(key) + " twice");
      in_metadata_ = key == kSafetensorsMetadata;
      if (!in_metadata_) {
        header_.entries.emplace_back().name = key;
        has_dtype_ = has_shape_ = has_offsets_ = false;
      }
    } else if (place_ == Place::metadata) {
      const auto [at, is_new] = header_.metadata.try_emplace(key);
      if (!is_new)
        throw InputError(file_ + ": " + std::string(kSafetensorsMetadata) + " has the key " + in_quotes(key) +
                         " twice");
      metadata_value_ = &at->second;
    } else {
      bool& seen = key == "dtype"          ? has_dtype_
                   : key == "shape"        ? has_shape_
                   : key == "data_offsets" ? has_offsets_
                                           : always_seen_;
      if (seen) fail("an unknown or repeated key " + in_quotes(key));
      seen = true;
      place_ = key == "dtype" ? Place::dtype : key == "shape" ? Place::before_shape : Place::before_offsets;
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) {
      if (!has_dtype_) fail("no dtype");
      if (!has_shape_) fail("no shape");
      if (!has_offsets_) fail("no data_offsets");
    }
    place_ = place_ == Place::header ? Place::outside : Place::header;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::before_shape)
      place_ = Place::shape;
    else if (place_ == Place::before_offsets)
      place_ = Place::offsets;
    else
      fail("an array");
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2) fail("fewer than two data_offsets");
    offsets_ = 0;
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    throw InputError(file_ + ": the header is not valid JSON at its byte " + std::to_string(position));
  }

 private:
  // Where the next value stands.
  enum class Place { outside, header, metadata, tensor, dtype, before_shape, shape, before_offsets, offsets };

  [[noreturn]] void fail(const std::string& what) const {
    const std::string where = in_metadata_              ? std::string(kSafetensorsMetadata)
                              : header_.entries.empty() ? std::string("the header")
                                                        : "tensor " + in_quotes(header_.entries.back().name);
    throw InputError(file_ + ": " + where + " has " + what + " in its description");
  }

  TensorEntry& entry() { return header_.entries.back(); }

  const std::string& file_;
  Place place_ = Place::outside;
  SafetensorsHeader header_;
  std::unordered_set<std::string> names_;
  std::string* metadata_value_ = nullptr;  // of the last key
  bool in_metadata_ = false;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
  bool always_seen_ = true;
  int offsets_ = 0;
};

// `what` names the text in a sentence.
std::string json_string(const std::string& text, const std::string& file, const char* what) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    throw InputError(file + ": the " + what + " " + in_quotes(text) + " is not UTF-8");
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, const std::string& file) {
  if (!text.starts_with('{')) throw InputError(file + ": the header does not begin with '{'");
  // The JSON library takes a NUL for the end of its input and would ignore what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    throw InputError(file + ": the header is not valid JSON at its byte " + std::to_string(nul + 1));
  HeaderReader reader(file);
  Json::sax_parse(text, &reader);
  return reader.take_header();
}

std::string format_safetensors_header(std::span<const TensorEntry> entries,
                                      const std::map<std::string, std::string>& metadata, const std::string& file) {
  std::string text = "{";
  for (const auto& [key, value] : metadata) {
    text += text.size() > 1 ? "," : json_string(std::string(kSafetensorsMetadata), file, "key") + ":{";
    text += json_string(key, file, "metadata key") + ":" + json_string(value, file, "metadata value");
  }
  if (!metadata.empty()) text += "}";
  for (const TensorEntry& entry : entries) {
    if (text.size() > 1) text += ',';
    text += json_string(entry.name, file, "tensor name") + ":{\"dtype\":" + json_string(entry.dtype, file, "dtype") +
            ",\"shape\":" + Json(entry.shape).dump() + ",\"data_offsets\":" + Json({entry.begin, entry.end}).dump() +
            "}";
  }
  return text + "}";
}

}  // namespace plateau
