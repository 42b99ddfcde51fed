// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "json_list.hpp"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "wording.hpp"

namespace plateau {
namespace {

using Json = nlohmann::json;

// Receives the JSON event by event: numbers are read from their text, so that they are rounded once, and what is no
// list of these items ends the reading where it begins.
class ListReader : public nlohmann::json_sax<Json> {
 public:
  ListReader(std::vector<std::string>* strings, std::vector<float>* numbers) : strings_(strings), numbers_(numbers) {}

  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return false; }
  bool key(string_t&) override { return false; }
  bool end_object() override { return false; }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

  bool number_integer(number_integer_t value) override { return take(static_cast<float>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(static_cast<float>(value)); }
  bool number_float(number_float_t, const string_t& text) override {
    float value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc() && take(value);
  }

  bool string(string_t& value) override {
    if (!in_list_ || strings_ == nullptr) return false;
    strings_->push_back(std::move(value));
    return true;
  }

  bool start_array(std::size_t) override { return !std::exchange(in_list_, true); }
  bool end_array() override { return true; }

 private:
  bool take(float value) {
    if (!in_list_ || numbers_ == nullptr || !std::isfinite(value)) return false;
    numbers_->push_back(value);
    return true;
  }

  std::vector<std::string>* strings_;
  std::vector<float>* numbers_;
  bool in_list_ = false;
};

bool parse(const std::string& text, ListReader reader) {
  // The JSON library takes a NUL for the end of its input and would ignore what follows.
  return text.find('\0') == std::string::npos && Json::sax_parse(text, &reader);
}

}  // namespace

std::optional<std::string> json_list(const std::vector<std::string>& strings) {
  try {
    return Json(strings).dump();
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string json_list(const std::vector<float>& numbers) {
  std::string text = "[";
  for (const float number : numbers) {
    if (text.size() > 1) text += ',';
    const std::string digits = shortest_decimal(number);
    // With a fraction or an exponent it is read from its text; "-0" alone would lose its sign.
    text += digits + (digits.find_first_of(".e") == std::string::npos ? ".0" : "");
  }
  return text + "]";
}

std::optional<std::vector<std::string>> strings_from_json(const std::string& text) {
  std::vector<std::string> strings;
  if (!parse(text, ListReader(&strings, nullptr))) return std::nullopt;
  return strings;
}

std::optional<std::vector<float>> numbers_from_json(const std::string& text) {
  std::vector<float> numbers;
  if (!parse(text, ListReader(nullptr, &numbers))) return std::nullopt;
  return numbers;
}

}  // namespace plateau
