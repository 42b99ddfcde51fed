// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The wire format of protocol buffers (protobuf.dev/programming-guides/encoding): what a few small messages need.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

namespace plateau::protobuf {

// ---- Bytes
// -----------------------------------------------------------------------------------------------------------

// Little endian.
template <std::unsigned_integral T>
void append_fixed(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

// `bytes` reach to at + sizeof(T) at least.
template <std::unsigned_integral T>
T fixed_at(std::string_view bytes, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(T{static_cast<unsigned char>(bytes[at + i])} << (8 * i));
  return value;
}

inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

// ---- Fields, written
// -------------------------------------------------------------------------------------------------

enum class WireType : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

inline void append_key(std::string& out, std::uint32_t number, WireType type) {
  append_varint(out, std::uint64_t{number} << 3 | static_cast<unsigned>(type));
}
inline void append_integer(std::string& out, std::uint32_t number, std::int64_t value) {
  append_key(out, number, WireType::varint);
  append_varint(out, static_cast<std::uint64_t>(value));
}
inline void append_double(std::string& out, std::uint32_t number, double value) {
  append_key(out, number, WireType::fixed64);
  append_fixed(out, std::bit_cast<std::uint64_t>(value));
}
inline void append_float(std::string& out, std::uint32_t number, float value) {
  append_key(out, number, WireType::fixed32);
  append_fixed(out, std::bit_cast<std::uint32_t>(value));
}
// A string, bytes or a message.
inline void append_bytes(std::string& out, std::uint32_t number, std::string_view value) {
  append_key(out, number, WireType::bytes);
  append_varint(out, value.size());
  out += value;
}

// ---- Fields, read
// ----------------------------------------------------------------------------------------------------

struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Field {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t integer = 0;  // of every type but bytes
  std::string_view bytes;     // within the message

  bool is(std::uint32_t wanted, WireType wanted_type) const { return number == wanted && type == wanted_type; }
  double as_double() const { return std::bit_cast<double>(integer); }
  float as_float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(integer)); }
};

// The fields of a message in their order; the message must outlive what is read. Unknown ones and those of another type
// than expected are for the reader to skip. Groups, which no message has had since 2008, are malformed.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  // False at the end. Throws Malformed.
  bool next(Field& field) {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    if (key >> 3 == 0 || key > std::numeric_limits<std::uint32_t>::max()) throw Malformed("a field has no number");
    field = {.number = static_cast<std::uint32_t>(key >> 3), .type = static_cast<WireType>(key & 7), .bytes = {}};
    switch (field.type) {
      case WireType::varint:
        field.integer = varint();
        break;
      case WireType::fixed64:
        field.integer = fixed_at<std::uint64_t>(taken(8), 0);
        break;
      case WireType::fixed32:
        field.integer = fixed_at<std::uint32_t>(taken(4), 0);
        break;
      case WireType::bytes:
        field.bytes = taken(varint());
        break;
      default:
        throw Malformed("a field is of no known type");
    }
    return true;
  }

 private:
  std::string_view taken(std::uint64_t count) {
    if (count > rest_.size()) throw Malformed("a field is longer than its message");
    const std::string_view bytes = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(taken(1).front());
      if (shift == 63 && byte > 1) break;
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    throw Malformed("a number is of more than 64 bits");
  }

  std::string_view rest_;
};

}  // namespace plateau::protobuf
