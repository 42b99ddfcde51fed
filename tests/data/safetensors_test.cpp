// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/safetensors.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "files.hpp"

namespace plateau::safetensors_test {
namespace {

using namespace testing_files;

// A file of this header, its length before it, and `data_bytes` bytes of data.
std::filesystem::path put_header(const std::string& header, std::size_t data_bytes) {
  return put("m.safetensors", bytes_of<std::uint64_t>({header.size()}) + header + std::string(data_bytes, '\0'));
}

std::string entry(const std::string& name, const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

std::string read_refusal(const std::filesystem::path& path) {
  return refusal([&] { read_safetensors(path); });
}

void expect_same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(std::memcmp(&a[i], &b[i], sizeof(float)), 0) << i;
}

// ---- What is read and written ----

TEST(Safetensors, tensors_come_back_as_they_were_written) {
  const auto path = test_folder() / "m.safetensors";
  const std::vector<Tensor> tensors{{"fc1.weight", {2, 3}, {1, -0.0f, 3e-40f, NAN, INFINITY, 6}},
                                    {"scalar", {}, {7}},
                                    {"empty", {0, 4}, {}},
                                    {"with \"quotes\", \\ and \n, \xc3\xa9", {1}, {8}},
                                    {"", {1, 1, 1}, {9}}};

  write_safetensors(path, tensors);

  const std::vector<Tensor> back = read_safetensors(path);
  ASSERT_EQ(back.size(), tensors.size());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    EXPECT_EQ(back[k].name, tensors[k].name);
    EXPECT_EQ(back[k].shape, tensors[k].shape);
    expect_same_bits(back[k].values, tensors[k].values);
  }
}

TEST(Safetensors, tensors_of_other_dtypes_come_back_as_they_were_written) {
  const auto path = test_folder() / "m.safetensors";
  const std::vector<float> f32{1, -0.0f, NAN};
  const std::vector<double> f64{0.1, -0.0, std::numeric_limits<double>::denorm_min(), std::nan("7"), -INFINITY, 1e300};
  const std::vector<std::int32_t> i32{-1, std::numeric_limits<std::int32_t>::min()};
  const std::vector<std::uint32_t> u32{~0u};
  const std::vector<TensorView> tensors{{"u", {}, std::span(u32)},
                                        {"d", {3, 2}, std::span(f64)},
                                        {"i", {2}, std::span(i32)},
                                        {"f", {3, 1}, std::span(f32)},
                                        {"empty", {0}, std::span<const double>()}};

  write_typed_tensors(path, tensors, {{"k", "v"}});

  const TypedTensorFile back = read_typed_tensor_file(path);
  EXPECT_EQ(back.metadata, (Metadata{{"k", "v"}}));
  ASSERT_EQ(back.tensors.size(), tensors.size());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    EXPECT_EQ(back.tensors[k].name, tensors[k].name);
    EXPECT_EQ(back.tensors[k].shape, tensors[k].shape);
    EXPECT_EQ(back.tensors[k].values.index(), tensors[k].values.index());
  }
  const auto& doubles = std::get<std::vector<double>>(back.tensors[1].values);
  ASSERT_EQ(doubles.size(), f64.size());
  EXPECT_EQ(std::memcmp(doubles.data(), f64.data(), f64.size() * sizeof(double)), 0);
  EXPECT_EQ(std::get<std::vector<std::uint32_t>>(back.tensors[0].values), u32);
  EXPECT_EQ(std::get<std::vector<std::int32_t>>(back.tensors[2].values), i32);
  expect_same_bits(std::get<std::vector<float>>(back.tensors[3].values), f32);
  EXPECT_THROW(write_typed_tensors(path, std::vector<TensorView>{{"d", {3}, std::span(f64)}}), std::invalid_argument);
}

TEST(Safetensors, a_written_header_is_padded_with_spaces_to_a_multiple_of_8) {
  const auto path = test_folder() / "m.safetensors";
  for (std::size_t length = 1; length <= 9; ++length) {
    write_safetensors(path, std::vector<Tensor>{{std::string(length, 'n'), {1}, {1}}});

    const std::string bytes = get(path);
    std::uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, bytes.data(), 8);
    EXPECT_EQ(header_bytes % 8, 0u);
    EXPECT_EQ(bytes.size(), 8 + header_bytes + 4);
    EXPECT_LT(bytes.substr(8, header_bytes).find_last_not_of(' '), header_bytes);
    EXPECT_EQ(bytes.substr(8, header_bytes).find_last_of('}'), bytes.substr(8, header_bytes).find_last_not_of(' '));
  }
}

TEST(Safetensors, metadata_come_back_as_they_were_written) {
  const auto path = test_folder() / "m.safetensors";
  const Metadata metadata{{"format", "pt"}, {"", ""}, {"with \"quotes\", \\ and \n, \xc3\xa9", "{\"a\":1}"}};
  const std::vector<Tensor> tensors{{"a", {1}, {7}}};

  write_safetensors(path, tensors, metadata);

  const TensorFile back = read_tensor_file(path);
  EXPECT_EQ(back.metadata, metadata);
  ASSERT_EQ(back.tensors.size(), 1u);
  EXPECT_EQ(back.tensors[0].values, tensors[0].values);
  EXPECT_EQ(read_safetensors(path).size(), 1u);

  write_safetensors(path, {}, metadata);
  EXPECT_EQ(read_tensor_file(path).metadata, metadata);
  write_safetensors(path, tensors);
  EXPECT_TRUE(read_tensor_file(path).metadata.empty());
  EXPECT_EQ(get(path).find("__metadata__"), std::string::npos);
}

TEST(Safetensors, a_file_without_tensors_is_legal) {
  const auto path = test_folder() / "m.safetensors";

  write_safetensors(path, {});

  EXPECT_TRUE(read_safetensors(path).empty());
}

TEST(Safetensors, a_file_that_another_library_wrote_is_read) {
  const std::vector<Tensor> tensors = read_safetensors(parity_case("adam_l2_6_24_2") / "init.safetensors");

  ASSERT_EQ(tensors.size(), 4u);
  EXPECT_EQ(tensors[0].name, "fc1.weight");
  EXPECT_EQ(tensors[0].shape, (std::vector<Index>{24, 6}));
  EXPECT_EQ(tensors[3].name, "fc2.bias");
  for (const Tensor& tensor : tensors)
    for (const float value : tensor.values) EXPECT_LE(std::abs(value), 0.409f);  // 1/sqrt(6): how they were drawn
}

TEST(Safetensors, tensors_come_in_the_order_of_their_data_whatever_the_order_of_the_header) {
  const std::vector<Tensor> tensors =
      read_safetensors(put_header("{" + entry("b", "[1]", "[4,8]") + "," + entry("a", "[1]", "[0,4]") + "}", 8));

  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].name, "a");
}

TEST(Safetensors, metadata_and_spaces_are_passed_over) {
  const auto path = put_header(
      " {\"__metadata__\" : {\"format\":\"pt\", \"epoch\":\"3\"} ,\n " + entry("a", "[ 1 ]", "[ 0 , 4 ]") + " }   ", 4);
  EXPECT_EQ(read_refusal(path), in_file(path, "the header does not begin with '{'"));

  EXPECT_EQ(read_safetensors(put_header("{\"__metadata__\" : {\"format\":\"pt\", \"epoch\":\"3\"} ,\n " +
                                            entry("a", "[ 1 ]", "[ 0 , 4 ]") + " }   ",
                                        4))
                .size(),
            1u);
}

// ---- What is refused ----

TEST(Safetensors, every_dtype_but_f32_names_its_tensor) {
  for (const std::string dtype : {"F64", "F16", "BF16", "I32", "I64", "U8", "BOOL", "f32", ""}) {
    const auto path = put_header("{" + entry("fc1.weight", "[1]", "[0,4]", dtype) + "}", 4);

    EXPECT_EQ(read_refusal(path), in_file(path, "tensor 'fc1.weight' has dtype '" + dtype + "'; only F32 is read"));
  }
}

TEST(Safetensors, typed_tensors_are_of_four_dtypes) {
  for (const std::string dtype : {"I16", "F16", "BF16"}) {
    const auto path = put_header("{" + entry("a", "[2]", "[0,4]", dtype) + "}", 4);

    EXPECT_EQ(refusal([&] { read_typed_tensor_file(path); }),
              in_file(path, "tensor 'a' has dtype '" + dtype + "'; F32, F64, I32 and U32 are read"));
  }
}

TEST(Safetensors, what_is_passed_over_may_have_any_dtype_and_is_judged_all_the_same) {
  const std::string first = entry("b.x", "[1]", "[0,8]", "F64"), last = entry("b.y", "[3]", "[12,15]", "U8");
  const auto path = put_header("{" + first + "," + entry("a", "[1]", "[8,12]") + "," + last + "}", 15);

  const TensorFile read = read_tensor_file(path, "b.");
  ASSERT_EQ(read.tensors.size(), 1u);
  EXPECT_EQ(read.tensors[0].name, "a");
  EXPECT_EQ(read_refusal(path), in_file(path, "tensor 'b.x' has dtype 'F64'; only F32 is read"));
  EXPECT_EQ(refusal([&] { read_tensor_file(path, "b.x"); }),
            in_file(path, "tensor 'b.y' has dtype 'U8'; only F32 is read"));
  const auto gap = put_header("{" + first + "," + last + "}", 15);
  EXPECT_EQ(
      refusal([&] { read_tensor_file(gap, "b."); }),
      in_file(gap,
              "tensor 'b.y' of shape [3] has data_offsets [12, 15] that leave a gap before it, which ends at byte 8"));
}

TEST(Safetensors, the_length_of_the_header_is_within_the_file_and_the_limit) {
  const auto path = test_folder() / "m.safetensors";
  const std::string rest = "{}";

  EXPECT_EQ(read_refusal(put("m.safetensors", "{}")),
            in_file(path, "the file ends after 2 of 8 bytes of the header's length"));
  EXPECT_EQ(read_refusal(put("m.safetensors", bytes_of<std::uint64_t>({3}) + rest)),
            in_file(path, "the file ends after 2 of 3 bytes of the header"));
  for (const std::uint64_t length : {std::uint64_t{100'000'001}, ~std::uint64_t{0}, ~std::uint64_t{0} - 7})
    EXPECT_EQ(read_refusal(put("m.safetensors", bytes_of<std::uint64_t>({length}) + rest)),
              in_file(path, "not a safetensors file, its header would have " + std::to_string(length) + " bytes"));
  EXPECT_EQ(read_refusal(put("m.safetensors", bytes_of<std::uint64_t>({0}) + rest)),
            in_file(path, "the header does not begin with '{'"));
}

TEST(Safetensors, offsets_cover_the_data_exactly) {
  const std::pair<std::string, std::string> cases[] = {
      {entry("a", "[1]", "[4,0]"), "tensor 'a' of shape [1] has data_offsets [4, 0] that run backwards"},
      {entry("a", "[3]", "[0,12]"),
       "the file ends after 8 bytes of data, but tensor 'a' of shape [3] has data_offsets [0, 12]"},
      {entry("a", "[1]", "[0,4]"), "4 bytes follow the last tensor's data"},
      {"", "8 bytes follow the last tensor's data"},
      {entry("a", "[1]", "[4,8]"),
       "tensor 'a' of shape [1] has data_offsets [4, 8] that leave a gap before it, which ends at byte 0"},
      {entry("a", "[1]", "[0,4]") + "," + entry("b", "[2]", "[0,8]"),
       "tensor 'b' of shape [2] has data_offsets [0, 8] that overlap the tensor before it, which ends at byte 4"},
      {entry("a", "[2]", "[0,8]") + "," + entry("b", "[1]", "[4,8]"),
       "tensor 'b' of shape [1] has data_offsets [4, 8] that overlap the tensor before it, which ends at byte 8"},
      {entry("a", "[2]", "[0,8]") + "," + entry("b", "[2]", "[0,8]"),
       "tensor 'b' of shape [2] has data_offsets [0, 8] that overlap the tensor before it, which ends at byte 8"},
      {entry("a", "[2]", "[0,8]") + "," + entry("b", "[0]", "[4,4]"),
       "tensor 'b' of shape [0] has data_offsets [4, 4] that overlap the tensor before it, which ends at byte 8"},
  };
  for (const auto& [entries, what] : cases) {
    const auto path = put_header("{" + entries + "}", 8);
    EXPECT_EQ(read_refusal(path), in_file(path, what));
  }
}

TEST(Safetensors, a_shape_takes_the_bytes_of_its_offsets_in_exact_arithmetic) {
  for (const std::string shape : {"[1]", "[3]", "[0]", "[]", "[2, 2]", "[4294967296, 4294967296, 2]",
                                  "[9223372036854775807, 2]", "[4611686018427387904, 4]"}) {
    const auto path = put_header("{" + entry("a", shape, "[0,8]") + "}", 8);

    EXPECT_EQ(read_refusal(path),
              in_file(path, "tensor 'a' of shape " + shape + " does not take the 8 bytes of its data_offsets [0, 8]"));
  }
}

TEST(Safetensors, names_are_distinct) {
  const auto twice = put_header("{" + entry("a", "[1]", "[0,4]") + "," + entry("a", "[1]", "[4,8]") + "}", 8);
  EXPECT_EQ(read_refusal(twice), in_file(twice, "the header names tensor 'a' twice"));

  const auto escaped = put_header("{" + entry("a", "[1]", "[0,4]") + "," + entry("\\u0061", "[1]", "[4,8]") + "}", 8);
  EXPECT_EQ(read_refusal(escaped), in_file(escaped, "the header names tensor 'a' twice"));

  const auto metadata = put_header("{\"__metadata__\":{},\"__metadata__\":{}}", 0);
  EXPECT_EQ(read_refusal(metadata), in_file(metadata, "the header names tensor '__metadata__' twice"));
}

TEST(Safetensors, a_description_that_is_not_the_formats_names_its_tensor) {
  const std::string good = "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]";
  const std::pair<std::string, std::string> cases[] = {
      {"{\"a\":3}", "tensor 'a' has a number in its description"},
      {"{\"a\":\"F32\"}", "tensor 'a' has a string in its description"},
      {"{\"a\":[1]}", "tensor 'a' has an array in its description"},
      {"{\"a\":null}", "tensor 'a' has null in its description"},
      {"{\"a\":true}", "tensor 'a' has true or false in its description"},
      {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", "tensor 'a' has no dtype in its description"},
      {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", "tensor 'a' has no shape in its description"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "tensor 'a' has no data_offsets in its description"},
      {"{\"a\":{" + good + ",\"shape\":[1]}}", "tensor 'a' has an unknown or repeated key 'shape' in its description"},
      {"{\"a\":{" + good + ",\"order\":\"C\"}}",
       "tensor 'a' has an unknown or repeated key 'order' in its description"},
      {"{\"b\":{" + good + "},\"a\":{}}", "tensor 'a' has no dtype in its description"},
      {"{\"a\":{\"dtype\":4}}", "tensor 'a' has a number in its description"},
      {"{\"a\":{\"dtype\":{}}}", "tensor 'a' has an object in its description"},
      {"{\"a\":{\"shape\":1}}", "tensor 'a' has a number in its description"},
      {"{\"a\":{\"shape\":{}}}", "tensor 'a' has an object in its description"},
      {"{\"a\":{\"shape\":[[1]]}}", "tensor 'a' has an array in its description"},
      {"{\"a\":{\"shape\":[\"1\"]}}", "tensor 'a' has a string in its description"},
      {"{\"a\":{\"shape\":[-1]}}", "tensor 'a' has a negative number in its description"},
      {"{\"a\":{\"shape\":[1.0]}}", "tensor 'a' has a number that is no 64-bit integer in its description"},
      {"{\"a\":{\"shape\":[18446744073709551616]}}",
       "tensor 'a' has a number that is no 64-bit integer in its description"},
      {"{\"a\":{\"shape\":[9223372036854775808]}}", "tensor 'a' has a number beyond 63 bits in its description"},
      {"{\"a\":{\"data_offsets\":[]}}", "tensor 'a' has fewer than two data_offsets in its description"},
      {"{\"a\":{\"data_offsets\":[0]}}", "tensor 'a' has fewer than two data_offsets in its description"},
      {"{\"a\":{\"data_offsets\":[0,4,4]}}", "tensor 'a' has more than two data_offsets in its description"},
      {"{\"__metadata__\":\"pt\"}", "__metadata__ has a string in its description"},
      {"{\"__metadata__\":{\"epoch\":3}}", "__metadata__ has a number in its description"},
      {"{\"__metadata__\":{\"epoch\":{}}}", "__metadata__ has an object in its description"},
      {"{\"__metadata__\":{\"epoch\":[\"3\"]}}", "__metadata__ has an array in its description"},
      {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", "__metadata__ has the key 'k' twice"},
  };
  for (const auto& [header, what] : cases) {
    const auto path = put_header(header, 4);
    EXPECT_EQ(read_refusal(path), in_file(path, what)) << header;
  }
}

TEST(Safetensors, a_header_that_is_not_json_is_refused) {
  const std::string entries = entry("a", "[1]", "[0,4]");
  const std::string cases[] = {"{",
                               "{\"a\"}",
                               "{" + entries,
                               "{" + entries + ",}",
                               "{" + entries + "}}",
                               "{" + entries + "} x",
                               "{" + entries + "}" + std::string(4, '\0'),
                               "{" + entries + "}" + std::string("\0{}", 3),
                               "{" + entry("a\xff", "[1]", "[0,4]") + "}",
                               "{" + entry("a\n", "[1]", "[0,4]") + "}",
                               "{'a':1}",
                               "{// comment\n" + entries + "}",
                               "{" + entry("a", "[01]", "[0,4]") + "}",
                               "{" + entry("a", "[1e999]", "[0,4]") + "}"};
  for (const std::string& header : cases) {
    const auto path = put_header(header, 4);
    EXPECT_EQ(read_refusal(path).find(in_file(path, "the header is not valid JSON at its byte ")), 0u) << header;
  }
}

TEST(Safetensors, deep_nesting_is_refused_where_it_begins) {
  const auto path = put_header("{\"a\":{\"shape\":" + std::string(1'000'000, '['), 0);

  EXPECT_EQ(read_refusal(path), in_file(path, "tensor 'a' has an array in its description"));
}

TEST(Safetensors, too_many_dimensions_are_refused) {
  std::string shape = "[1";
  for (int k = 0; k < 64; ++k) shape += ",1";
  const auto path = put_header("{" + entry("a", shape + "]", "[0,4]") + "}", 4);

  EXPECT_EQ(read_refusal(path), in_file(path, "tensor 'a' has too many dimensions in its description"));
}

TEST(Safetensors, names_from_a_file_are_shown_on_one_short_line) {
  const auto path =
      put_header("{" + entry("a\\n\\u0000\\u00e9" + std::string(100, 'b'), "[1]", "[0,4]", "I8") + "}", 4);

  EXPECT_EQ(read_refusal(path),
            in_file(path, "tensor 'a\?\?\u00e9" + std::string(75, 'b') + "...' has dtype 'I8'; only F32 is read"));
}

TEST(Safetensors, writing_refuses_what_could_not_be_read) {
  const auto path = test_folder() / "m.safetensors";
  const auto write = [&](std::vector<Tensor> tensors) { write_safetensors(path, tensors); };

  EXPECT_THROW(write({{"a", {2}, {1}}}), std::invalid_argument);
  EXPECT_THROW(write({{"a", {-1}, {}}}), std::invalid_argument);
  EXPECT_THROW(write({{"a", {1}, {1}}, {"a", {1}, {2}}}), std::invalid_argument);
  EXPECT_THROW(write({{"__metadata__", {1}, {1}}}), std::invalid_argument);
  EXPECT_EQ(refusal([&] { write({{"a\xff", {1}, {1}}}); }), in_file(path, "the tensor name 'a?' is not UTF-8"));
  EXPECT_EQ(refusal([&] {
              write_safetensors(path, {}, {{"k\xff", "v"}});
            }),
            in_file(path, "the metadata key 'k?' is not UTF-8"));
  EXPECT_EQ(refusal([&] {
              write_safetensors(path, {}, {{"k", "\xff"}});
            }),
            in_file(path, "the metadata value '?' is not UTF-8"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace plateau::safetensors_test
