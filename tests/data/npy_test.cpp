// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/npy.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "files.hpp"

namespace plateau::npy_test {
namespace {

using namespace testing_files;

std::string with_header(const std::string& dict, const std::string& data, char major = 1) {
  std::string length = bytes_of<std::uint16_t>({static_cast<std::uint16_t>(dict.size())});
  if (major > 1) length += bytes_of<std::uint16_t>({0});
  return std::string("\x93NUMPY") + major + '\0' + length + dict + data;
}

std::string npy(const std::string& dtype, const std::string& shape, const std::string& data,
                const std::string& order = "False") {
  return with_header("{'descr': '" + dtype + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n", data);
}

std::vector<float> values_of(const NpyMatrix& matrix) {
  const HostSpan<const float> all = matrix.values.view();
  return {all.begin(), all.end()};
}

using Labels = std::vector<std::int32_t>;

std::string features_refusal(const std::filesystem::path& path) {
  return refusal([&] { read_npy_features(path); });
}
std::string labels_refusal(const std::filesystem::path& path) {
  return refusal([&] { read_npy_labels(path); });
}

const std::string kTwoByThree = bytes_of<float>({1, 2, 3, 4, 5, 6});

// ---- What is read ----

TEST(Npy, given_classes_come_back_and_minus_one_is_none) {
  const auto path = test_folder() / "given.npy";
  const Labels given{2, -1, 0};
  write_npy_labels(path, {given.data(), 3});
  EXPECT_EQ(read_npy_given_classes(path), given);
  EXPECT_NE(labels_refusal(path), "");

  const auto refused = [&](const std::string& content) {
    put("given.npy", content);
    return refusal([&] { read_npy_given_classes(path); });
  };
  EXPECT_NE(refused(npy("<i4", "(1,)", bytes_of<std::int32_t>({-2}))).find("row 0 holds -2, which is no class"),
            std::string::npos);
  EXPECT_NE(refused(npy("<i8", "(1,)", bytes_of<std::int64_t>({1}))).find("this one is '<i8' (1,)"), std::string::npos);
  EXPECT_NE(refused(npy("<i4", "(1, 1)", bytes_of<std::int32_t>({1}))).find("this one is '<i4' (1, 1)"),
            std::string::npos);
  EXPECT_NE(refused(npy("<i4", "(2,)", bytes_of<std::int32_t>({1}))), "");
}

TEST(Npy, features_come_back_as_they_were_written) {
  const auto path = test_folder() / "x.npy";
  const std::vector<float> values{0.1f, -2, 3e-40f, 4, 5, std::numeric_limits<float>::max()};

  write_npy_features(path, {values.data(), 3, 2, 2});

  const NpyMatrix back = read_npy_features(path);
  EXPECT_EQ(back.rows, 3);
  EXPECT_EQ(back.cols, 2);
  EXPECT_EQ(values_of(back), values);
  EXPECT_EQ(back.view().row(1)[0], values[2]);
}

TEST(Npy, the_gaps_of_a_strided_view_are_not_written) {
  const auto path = test_folder() / "x.npy";
  const std::vector<float> values{1, 2, -1, 3, 4, -1};

  write_npy_features(path, {values.data(), 2, 2, 3});

  EXPECT_EQ(values_of(read_npy_features(path)), (std::vector<float>{1, 2, 3, 4}));
}

TEST(Npy, labels_come_back_as_they_were_written) {
  const auto path = test_folder() / "y.npy";
  const Labels labels{0, 7, std::numeric_limits<std::int32_t>::max()};

  write_npy_labels(path, {labels.data(), 3});

  EXPECT_EQ(read_npy_labels(path), labels);
}

TEST(Npy, arrays_without_elements_are_legal) {
  const auto x = test_folder() / "x.npy", y = test_folder() / "y.npy";

  write_npy_features(x, {nullptr, 0, 5, 5});
  write_npy_labels(y, {});

  EXPECT_EQ(read_npy_features(x).rows, 0);
  EXPECT_EQ(read_npy_features(x).cols, 5);
  EXPECT_TRUE(read_npy_labels(y).empty());
}

TEST(Npy, files_that_numpy_wrote_are_read_and_written_back_byte_by_byte) {
  const auto path = parity_case("adam_l2_6_24_2") / "train_x.npy", copy = test_folder() / "x.npy";
  const NpyMatrix x = read_npy_features(path);
  const Labels y = read_npy_labels(parity_case("adam_l2_6_24_2") / "train_y.npy");
  EXPECT_EQ(x.rows, 257);
  EXPECT_EQ(x.cols, 6);
  EXPECT_EQ(y.size(), 257u);
  for (const std::int32_t label : y) EXPECT_TRUE(label == 0 || label == 1);

  write_npy_features(copy, x.view());

  EXPECT_EQ(get(copy), get(path));
}

TEST(Npy, data_begin_at_a_multiple_of_64_bytes) {
  const auto path = test_folder() / "x.npy";
  for (Index rows = 1; rows < 2'000'000; rows *= 10) {
    const std::vector<float> values(static_cast<std::size_t>(rows));
    write_npy_features(path, {values.data(), rows, 1, 1});
    EXPECT_EQ((std::filesystem::file_size(path) - 4 * values.size()) % 64, 0u);
  }
}

TEST(Npy, all_versions_of_the_format_are_read) {
  const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
  for (const char major : {'\x01', '\x02', '\x03'})
    EXPECT_EQ(values_of(read_npy_features(put("x.npy", with_header(dict, kTwoByThree, major)))),
              (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, keys_quotes_commas_and_spaces_may_vary) {
  for (const char* dict : {"{'shape':(2,3),'descr':'<f4','fortran_order':False}",
                           "{\"fortran_order\": False, \"shape\": (2, 3,), 'descr': \"<f4\"}",
                           " {\n'descr' :\t'<f4' , 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } \r\n"})
    EXPECT_EQ(read_npy_features(put("x.npy", with_header(dict, kTwoByThree))).cols, 3) << dict;
}

TEST(Npy, doubles_are_rounded_to_the_nearest_float) {
  const double third = 1.0 / 3, tie = 1 + 0x1p-24, below_overflow = 0x1.fffffefp127;

  const NpyMatrix x = read_npy_features(
      put("x.npy", npy("<f8", "(1, 5)", bytes_of<double>({third, tie, below_overflow, 1e-300, -INFINITY}))));

  EXPECT_EQ(values_of(x), (std::vector<float>{1.0f / 3, 1.0f, std::numeric_limits<float>::max(), 0.0f, -INFINITY}));
}

TEST(Npy, a_double_beyond_float_names_its_row_and_column) {
  const auto path = put("x.npy", npy("<f8", "(2, 2)", bytes_of<double>({1, 2, 3, -1e300})));

  EXPECT_EQ(features_refusal(path), in_file(path, "row 1, column 1 holds -1e+300, beyond the range of a 32-bit float"));
}

TEST(Npy, more_doubles_than_one_buffer_holds_keep_their_places) {
  const Index count = 20'000;
  std::string data;
  for (Index i = 0; i < count; ++i) data += bytes_of<double>({double(i)});

  const NpyMatrix x = read_npy_features(put("x.npy", npy("<f8", "(10000, 2)", data)));

  for (Index i = 0; i < count; ++i) ASSERT_EQ(x.values.view()[i], float(i));
}

TEST(Npy, one_column_is_the_same_in_fortran_order) {
  const auto path = put("x.npy", npy("<f4", "(3, 1)", bytes_of<float>({1, 2, 3}), "True"));

  EXPECT_EQ(values_of(read_npy_features(path)), (std::vector<float>{1, 2, 3}));
}

template <class Stored>
void expect_labels_read(const std::string& dtype) {
  const auto largest = static_cast<Stored>(std::min<std::uint64_t>(std::numeric_limits<Stored>::max(), 0x7fffffffu));
  EXPECT_EQ(read_npy_labels(put("y.npy", npy(dtype, "(3,)", bytes_of<Stored>({0, 5, largest})))),
            (Labels{0, 5, static_cast<std::int32_t>(largest)}))
      << dtype;
}

TEST(Npy, labels_of_every_integer_type_are_read) {
  expect_labels_read<std::int8_t>("|i1");
  expect_labels_read<std::int16_t>("<i2");
  expect_labels_read<std::int32_t>("<i4");
  expect_labels_read<std::int64_t>("<i8");
  expect_labels_read<std::uint8_t>("|u1");
  expect_labels_read<std::uint16_t>("<u2");
  expect_labels_read<std::uint32_t>("<u4");
  expect_labels_read<std::uint64_t>("<u8");
}

// ---- What is refused ----

TEST(Npy, a_file_that_is_not_there_or_is_no_regular_file_is_refused) {
  const auto missing = test_folder() / "missing.npy", pipe = test_folder() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);

  EXPECT_EQ(features_refusal(missing), in_file(missing, "No such file or directory"));
  EXPECT_EQ(labels_refusal(test_folder()), in_file(test_folder(), "not a regular file"));
  EXPECT_EQ(features_refusal(pipe), in_file(pipe, "not a regular file"));
}

TEST(Npy, labels_outside_int32_or_below_zero_name_their_row) {
  const auto path = test_folder() / "y.npy";
  const auto sentence = [&](const std::string& dtype, const std::string& data) {
    return labels_refusal(put("y.npy", npy(dtype, "(3,)", data)));
  };

  EXPECT_EQ(sentence("<i8", bytes_of<std::int64_t>({0, 1, -1})),
            in_file(path, "row 2 holds label -1; labels are 0, 1, 2, ..."));
  EXPECT_EQ(sentence("|i1", bytes_of<std::int8_t>({0, -128, 0})),
            in_file(path, "row 1 holds label -128; labels are 0, 1, 2, ..."));
  EXPECT_EQ(sentence("<i8", bytes_of<std::int64_t>({0, std::int64_t{1} << 32, 0})),
            in_file(path, "row 1 holds label 4294967296; labels are below 2147483648"));
  EXPECT_EQ(sentence("<u4", bytes_of<std::uint32_t>({0x80000000u, 0, 0})),
            in_file(path, "row 0 holds label 2147483648; labels are below 2147483648"));
  EXPECT_EQ(sentence("<u8", bytes_of<std::uint64_t>({0, 0, ~std::uint64_t{0}})),
            in_file(path, "row 2 holds label 18446744073709551615; labels are below 2147483648"));
}

TEST(Npy, dtypes_that_are_not_read_are_named) {
  const auto path = test_folder() / "a.npy";
  const std::string features = "; features are '<f4' or '<f8', as x.astype('<f4') makes them";
  const std::string labels = "; labels are integers, as y.astype('<i4') makes them";

  for (const char* dtype : {"<c8", "|b1", "<U3", "|S2", "<f2", "<i4", "|u1", "=f4", "f4", "<f16", "<M8[ns]", "|V4", ""})
    EXPECT_EQ(features_refusal(put("a.npy", npy(dtype, "(1, 1)", "1234"))),
              in_file(path, "dtype '" + std::string(dtype) + "' is not read" + features));
  for (const char* dtype : {"<f4", "<f8", "|b1", "<U1", "|i4", "i8", "<i3"})
    EXPECT_EQ(labels_refusal(put("a.npy", npy(dtype, "(1,)", "1234"))),
              in_file(path, "dtype '" + std::string(dtype) + "' is not read" + labels));
  EXPECT_EQ(features_refusal(put("a.npy", npy(">f4", "(1, 1)", "1234"))),
            in_file(path, "dtype '>f4' is big-endian" + features));
  EXPECT_EQ(labels_refusal(put("a.npy", npy(">i4", "(1,)", "1234"))),
            in_file(path, "dtype '>i4' is big-endian" + labels));
  EXPECT_EQ(features_refusal(put("a.npy", npy("|O", "(1, 1)", "1234"))),
            in_file(path, "dtype '|O' holds pickled Python objects" + features));
  EXPECT_EQ(features_refusal(put("a.npy", npy("<f4\x01\xff", "(1, 1)", "1234"))),
            in_file(path, "dtype '<f4\?\?' is not read" + features));
}

TEST(Npy, records_are_refused) {
  const auto path =
      put("a.npy", with_header("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234"));

  EXPECT_EQ(labels_refusal(path),
            in_file(path, "the array holds records of several fields; an array of plain numbers is needed"));
}

TEST(Npy, a_wrong_number_of_dimensions_names_the_shape_and_the_remedy) {
  const auto path = test_folder() / "a.npy";

  EXPECT_EQ(features_refusal(put("a.npy", npy("<f4", "(2,)", "12345678"))),
            in_file(path,
                    "features are a 2-D array [rows, columns], this one is 1-D with shape (2,); save it as "
                    "x.reshape(-1, 1) for one column"));
  EXPECT_EQ(features_refusal(put("a.npy", npy("<f4", "(1, 2, 1)", "12345678"))),
            in_file(path,
                    "features are a 2-D array [rows, columns], this one is 3-D with shape (1, 2, 1); save it as "
                    "x.reshape(len(x), -1)"));
  EXPECT_EQ(labels_refusal(put("a.npy", npy("<i4", "(2, 1)", "12345678"))),
            in_file(path, "labels are a 1-D array, this one is 2-D with shape (2, 1); save it as y.reshape(-1)"));
  EXPECT_EQ(labels_refusal(put("a.npy", npy("<i4", "()", "1234"))),
            in_file(path, "labels are a 1-D array, this one is 0-D with shape (); save it as y.reshape(-1)"));
}

TEST(Npy, fortran_order_of_several_columns_is_refused) {
  const auto path = put("x.npy", npy("<f4", "(2, 3)", kTwoByThree, "True"));

  EXPECT_EQ(features_refusal(path),
            in_file(path, "the array lies in Fortran order; save it as numpy.ascontiguousarray(x)"));
}

TEST(Npy, data_are_exactly_as_many_as_the_shape_takes) {
  const auto path = test_folder() / "x.npy";

  EXPECT_EQ(features_refusal(put("x.npy", npy("<f4", "(2, 3)", kTwoByThree.substr(0, 20)))),
            in_file(path, "the file ends after 20 of 24 bytes of data"));
  EXPECT_EQ(features_refusal(put("x.npy", npy("<f4", "(2, 3)", kTwoByThree + "x"))),
            in_file(path, "1 bytes too many follow the 24 bytes of data that shape (2, 3) of '<f4' takes"));
  EXPECT_EQ(features_refusal(put("x.npy", npy("<f8", "(0, 3)", "x"))),
            in_file(path, "1 bytes too many follow the 0 bytes of data that shape (0, 3) of '<f8' takes"));
}

TEST(Npy, absurd_shapes_are_refused_before_memory_is_taken) {
  const auto path = test_folder() / "a.npy";

  EXPECT_EQ(features_refusal(put("a.npy", npy("<f4", "(1000000000, 1000000000)", "1234"))),
            in_file(path, "the file ends after 4 of 4000000000000000000 bytes of data"));
  EXPECT_EQ(features_refusal(put("a.npy", npy("<f4", "(4294967296, 4294967297)", "1234"))),  // 4 bytes mod 2^64
            in_file(path, "shape (4294967296, 4294967297) of '<f4' is larger than any file"));
  EXPECT_EQ(features_refusal(put("a.npy", npy("<f8", "(2305843009213693952, 1)", ""))),
            in_file(path, "shape (2305843009213693952, 1) of '<f8' is larger than any file"));
  EXPECT_EQ(labels_refusal(put("a.npy", npy("<i8", "(9223372036854775807,)", "12345678"))),
            in_file(path, "shape (9223372036854775807,) of '<i8' is larger than any file"));
  EXPECT_EQ(features_refusal(put("a.npy", npy("<f4", "(9223372036854775808, 1)", "1234"))),
            in_file(path, "the NPY header has a size beyond 63 bits at its character 70"));
}

TEST(Npy, what_is_no_npy_file_is_refused) {
  const auto path = test_folder() / "a.npy";
  std::string version = npy("<f4", "(2, 3)", kTwoByThree);

  EXPECT_EQ(features_refusal(put("a.npy", "")), in_file(path, "the file ends after 0 of 8 bytes of the NPY preamble"));
  EXPECT_EQ(features_refusal(put("a.npy", "1.0,2.0,3.0\n")),
            in_file(path, "not an NPY file, it does not begin with \\x93NUMPY"));
  version[6] = 4;
  EXPECT_EQ(features_refusal(put("a.npy", version)),
            in_file(path, "NPY format version 4.0 is unknown; 1.0, 2.0 and 3.0 are read"));
  version[6] = 1;
  version[7] = 1;
  EXPECT_EQ(features_refusal(put("a.npy", version)),
            in_file(path, "NPY format version 1.1 is unknown; 1.0, 2.0 and 3.0 are read"));
}

TEST(Npy, the_length_of_the_header_is_bounded) {
  const auto path = test_folder() / "a.npy";
  const std::string preamble("\x93NUMPY\x02\x00", 8);

  EXPECT_EQ(features_refusal(put("a.npy", preamble + bytes_of<std::uint32_t>({0xffffffffu}) + "{}")),
            in_file(path, "the NPY header claims 4294967295 bytes, more than the 65536 that are read"));
  EXPECT_EQ(features_refusal(put("a.npy", preamble + bytes_of<std::uint32_t>({100}) + "{}")),
            in_file(path, "the file ends after 2 of 100 bytes of the NPY header"));
}

TEST(Npy, a_header_that_is_not_the_literal_is_refused_at_its_place) {
  const auto path = test_folder() / "a.npy";
  const std::pair<const char*, const char*> cases[] = {
      {"", "no '{' at its character 0"},
      {"{}", "no key 'descr' at its character 2"},
      {"{'descr': '<f4', 'shape': (2, 3)}", "no key 'fortran_order' at its character 33"},
      {"{'descr': '<f4', 'fortran_order': False}", "no key 'shape' at its character 40"},
      {"{'descr': '<f4', 'descr': '<f4'}", "an unexpected or repeated key 'descr' at its character 25"},
      {"{'fortran_order': False, 'fortran_order': False}",
       "an unexpected or repeated key 'fortran_order' at its character 41"},
      {"{'shape': (1,), 'shape': (1,)}", "an unexpected or repeated key 'shape' at its character 24"},
      {"{'order': 'C'}", "an unexpected or repeated key 'order' at its character 9"},
      {"{'descr' '<f4'}", "no ':' at its character 9"},
      {"{'descr': '<f4' 'shape': (1,)}", "no '}' at its character 16"},
      {"{,}", "no quoted string at its character 1"},
      {"{'descr': <f4}", "no quoted string at its character 10"},
      {"{'descr': '<f4}", "an unfinished string at its character 10"},
      {"{'descr': '\\x3cf4'}", "an escape or a line end in a string at its character 10"},
      {"{'fortran_order': 0}", "neither True nor False at its character 18"},
      {"{'fortran_order': false}", "neither True nor False at its character 18"},
      {"{'shape': [2, 3]}", "no '(' at its character 10"},
      {"{'shape': (6)}", "a number in parentheses for a shape at its character 13"},
      {"{'shape': (,)}", "no size in its shape at its character 11"},
      {"{'shape': (2,,3)}", "no size in its shape at its character 13"},
      {"{'shape': (2 3)}", "no ',' at its character 13"},
      {"{'shape': (-2, 3)}", "no size in its shape at its character 11"},
      {"{'shape': (02, 3)}", "no size in its shape at its character 13"},
      {"{'shape': (2L, 3)}", "no ',' at its character 12"},
      {"{'shape': (2.0, 3)}", "no ',' at its character 12"},
      {"{'shape': (1_0, 3)}", "no ',' at its character 12"},
      {"{'shape': (2, 3", "no ',' at its character 15"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} ;",
       "something after the closing brace at its character 58"},
  };
  for (const auto& [dict, what] : cases)
    EXPECT_EQ(features_refusal(put("a.npy", with_header(dict, kTwoByThree))),
              in_file(path, std::string("the NPY header has ") + what))
        << dict;
}

TEST(Npy, a_nul_does_not_end_the_header) {
  const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}";

  EXPECT_NE(features_refusal(put("a.npy", with_header(dict + std::string(7, '\0'), kTwoByThree))), "");
}

TEST(Npy, too_many_dimensions_are_refused) {
  std::string shape = "(";
  for (int k = 0; k < 65; ++k) shape += "1,";

  EXPECT_NE(features_refusal(put("a.npy", npy("<f4", shape + ")", "1234"))).find("too many dimensions"),
            std::string::npos);
}

}  // namespace
}  // namespace plateau::npy_test
