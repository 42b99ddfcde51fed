// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/idx.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "files.hpp"
#include "gzip.hpp"
#include "plateau/data/dataset.hpp"

namespace plateau::idx_test {
namespace {

using namespace testing_files;

// The bytes of big-endian values.
template <class T>
std::string big_endian(std::initializer_list<T> values) {
  std::string bytes;
  for (const T value : values) {
    const std::string little = bytes_of<T>({value});
    bytes.append(little.rbegin(), little.rend());
  }
  return bytes;
}

std::string idx(int type, std::initializer_list<std::int32_t> sizes, const std::string& data) {
  return std::string(2, '\0') + static_cast<char>(type) + static_cast<char>(sizes.size()) + big_endian(sizes) + data;
}

const std::string kImages = idx(0x08, {2, 3, 1}, std::string("\x00\x01\x02\x80\xfe\xff", 6));
const std::string kLabels = idx(0x08, {2}, std::string("\x07\x00", 2));

FeaturesAndLabels read(const std::string& images, const std::string& labels = kLabels) {
  return read_idx(put("images", images).string() + ":" + put("labels", labels).string());
}

std::vector<float> values_of(const FeaturesAndLabels& rows) {
  const HostSpan<const float> all = rows.features.values.view();
  return {all.begin(), all.end()};
}

// The sentence, without the file at fault, which is the images or the labels.
std::string idx_refusal(const std::string& images, const std::string& labels = kLabels) {
  const std::string sentence = refusal([&] { read(images, labels); });
  for (const char* name : {"images", "labels"}) {
    const std::string start = (test_folder() / name).string() + ": ";
    if (sentence.find(start) == 0) return sentence.substr(start.size());
  }
  return sentence;
}

std::string labels_refusal(const std::string& labels) { return idx_refusal(kImages, labels); }

// ---- What is read ----

TEST(Idx, bytes_are_taken_as_0_to_255_and_rows_are_flat) {
  const FeaturesAndLabels rows = read(kImages);

  EXPECT_EQ(rows.features.rows, 2);
  EXPECT_EQ(rows.features.cols, 3);
  EXPECT_EQ(values_of(rows), (std::vector<float>{0, 1, 2, 128, 254, 255}));
  EXPECT_EQ(rows.labels, (std::vector<std::int32_t>{7, 0}));
}

TEST(Idx, images_of_every_type_are_read) {
  EXPECT_EQ(values_of(read(idx(0x09, {2, 2}, big_endian<std::int8_t>({-128, -1, 0, 127})))),
            (std::vector<float>{-128, -1, 0, 127}));
  EXPECT_EQ(values_of(read(idx(0x0B, {2, 1}, big_endian<std::int16_t>({-32768, 258})))),
            (std::vector<float>{-32768, 258}));
  EXPECT_EQ(values_of(read(idx(0x0C, {2, 1}, big_endian<std::int32_t>({-2147483647 - 1, 16777217})))),
            (std::vector<float>{-2147483648.0f, 16777216.0f}));  // the nearest float
  EXPECT_EQ(values_of(read(idx(0x0D, {2, 1}, big_endian<float>({0.1f, -3e-40f})))),
            (std::vector<float>{0.1f, -3e-40f}));
  EXPECT_EQ(values_of(read(idx(0x0E, {2, 1}, big_endian<double>({1.0 / 3, 1e-300})))),
            (std::vector<float>{1.0f / 3, 0.0f}));
}

TEST(Idx, labels_of_every_integer_type_are_read) {
  const std::vector<std::int32_t> want{7, 0};
  EXPECT_EQ(read(kImages, idx(0x09, {2}, big_endian<std::int8_t>({7, 0}))).labels, want);
  EXPECT_EQ(read(kImages, idx(0x0B, {2}, big_endian<std::int16_t>({7, 0}))).labels, want);
  EXPECT_EQ(read(kImages, idx(0x0C, {2}, big_endian<std::int32_t>({7, 0}))).labels, want);
}

TEST(Idx, gzip_files_are_read) {
  const FeaturesAndLabels rows = read(gzipped(kImages), gzipped(kLabels));

  EXPECT_EQ(values_of(rows), (std::vector<float>{0, 1, 2, 128, 254, 255}));
  EXPECT_EQ(rows.labels, (std::vector<std::int32_t>{7, 0}));
}

TEST(Idx, more_values_than_one_buffer_keep_their_places) {
  std::string data;
  for (int k = 0; k < 30'000; ++k) data += big_endian<std::int16_t>({static_cast<std::int16_t>(k)});

  const FeaturesAndLabels rows =
      read(gzipped(idx(0x0B, {10'000, 3}, data)), idx(0x08, {10'000}, std::string(10'000, '\0')));

  for (Index k = 0; k < 30'000; ++k) ASSERT_EQ(rows.features.values.view()[k], float(k));
}

TEST(Idx, images_are_read_without_labels) {
  const Dataset images = read_dataset(put("images.idx", kImages).string(), {.labelled = false});
  EXPECT_EQ(images.rows(), 2);
  EXPECT_EQ(images.x().row(1)[2], 255.0f);

  const auto path = put("images.idx", idx(0x0D, {1, 1}, big_endian<float>({NAN})));
  EXPECT_EQ(refusal([&] { read_dataset(path.string(), {.labelled = false}); }),
            in_file(path, "row 0, column 0 holds nan; features are finite"));
}

// ---- What is refused ----

TEST(Idx, an_argument_that_is_no_pair_is_told_the_form) {
  for (const std::string files : {"", "x", ":", "x:", ":y", "x:y:z"})
    EXPECT_EQ(refusal([&] { read_idx(files); }),
              "'" + files + "' is not a pair of IDX files; the form is images:labels");
}

TEST(Idx, what_is_no_idx_file_is_refused) {
  EXPECT_EQ(idx_refusal(""), "the file ends after 0 of 4 bytes of the IDX magic number");
  EXPECT_EQ(idx_refusal("1.0,2.0"), "not an IDX file, it does not begin with two zero bytes");
  EXPECT_EQ(idx_refusal(std::string("\x03\x08\0\0", 4)), "not an IDX file, it does not begin with two zero bytes");
  EXPECT_EQ(idx_refusal(kImages.substr(0, 9)), "the file ends after 1 of 4 bytes of the IDX header");
  const auto missing = test_folder() / "missing";
  EXPECT_EQ(refusal([&] { read_idx(missing.string() + ":" + missing.string()); }),
            in_file(missing, "No such file or directory"));
}

TEST(Idx, types_that_are_not_read_are_named) {
  EXPECT_EQ(idx_refusal(idx(0x0A, {2, 1}, "ab")),
            "type 0A of IDX is not read; images are of type 08, 09, 0B, 0C, 0D or 0E");
  EXPECT_EQ(idx_refusal(idx(0xF0, {2, 1}, "ab")),
            "type F0 of IDX is not read; images are of type 08, 09, 0B, 0C, 0D or 0E");
  for (const int type : {0x0D, 0x0E})
    EXPECT_EQ(labels_refusal(idx(type, {1}, "12345678")),
              "type 0" + std::string(1, type == 0x0D ? 'D' : 'E') +
                  " of IDX is not read; labels are of type 08, 09, 0B or 0C");
}

TEST(Idx, a_wrong_number_of_dimensions_is_refused) {
  EXPECT_EQ(idx_refusal(kLabels), "images have 2 dimensions or more, this array has 1");
  EXPECT_EQ(idx_refusal(idx(0x08, {}, "a")), "images have 2 dimensions or more, this array has 0");
  EXPECT_EQ(idx_refusal(std::string("\0\0\x08\x41", 4) + std::string(4 * 65, '\0')),
            "it has 65 dimensions, more than are read");
  EXPECT_EQ(labels_refusal(kImages), "labels have 1 dimension, this array has 3");
}

TEST(Idx, data_are_exactly_as_many_as_the_sizes_take) {
  EXPECT_EQ(idx_refusal(kImages.substr(0, kImages.size() - 1)), "the file ends after 5 of 6 bytes of data");
  EXPECT_EQ(idx_refusal(kImages + "xy"), "2 bytes too many follow the 6 bytes of data that the sizes [2, 3, 1] take");
  EXPECT_EQ(idx_refusal(gzipped(kImages.substr(0, kImages.size() - 1))), "the file ends after 5 of 6 bytes of data");
  EXPECT_EQ(idx_refusal(gzipped(kImages + "x")), "more follows the 6 bytes of data that the sizes [2, 3, 1] take");
  EXPECT_EQ(labels_refusal(kLabels + "x"), "1 bytes too many follow the 2 bytes of data that the sizes [2] take");
}

TEST(Idx, absurd_sizes_are_refused_before_memory_is_taken) {
  const std::int32_t most = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(idx_refusal(idx(0x08, {most, most}, "1234")), "the file ends after 4 of 4611686014132420609 bytes of data");
  EXPECT_EQ(idx_refusal(idx(0x0E, {most, most}, "1234")),
            "the sizes [2147483647, 2147483647] are larger than any file");
  EXPECT_EQ(idx_refusal(idx(0x08, {0, most, most, most}, "")),
            "the sizes [0, 2147483647, 2147483647, 2147483647] are larger than any file");
  EXPECT_EQ(idx_refusal(idx(0x08, {-2, 3}, "1234")), "its dimension 0 has the negative size -2");
  const std::string bomb = gzipped(idx(0x08, {most, most}, "1234"));
  EXPECT_EQ(idx_refusal(bomb), "the sizes [2147483647, 2147483647] take 4611686014132420609 bytes, which " +
                                   std::to_string(bomb.size()) + " bytes of gzip cannot hold");
}

TEST(Idx, damaged_gzip_files_are_refused) {
  const std::string whole = gzipped(kImages);
  for (std::size_t length = 0; length < whole.size(); ++length) EXPECT_NE(idx_refusal(whole.substr(0, length)), "");
  std::string wrong_checksum = whole;
  wrong_checksum[whole.size() - 8] ^= 1;
  EXPECT_NE(idx_refusal(wrong_checksum).find("gzip data are damaged"), std::string::npos);
}

TEST(Idx, a_double_beyond_float_names_its_row_and_column) {
  EXPECT_EQ(idx_refusal(idx(0x0E, {2, 2}, big_endian<double>({1, 2, 3, -1e300}))),
            "row 1, column 1 holds -1e+300, beyond the range of a 32-bit float");
}

TEST(Idx, rows_are_finite_and_labelled) {
  EXPECT_EQ(idx_refusal(idx(0x0D, {2, 1}, big_endian<float>({1, NAN}))),
            "row 1, column 0 holds nan; features are finite");
  EXPECT_EQ(idx_refusal(idx(0x0E, {2, 1}, big_endian<double>({-INFINITY, 0}))),
            "row 0, column 0 holds -inf; features are finite");
  EXPECT_EQ(labels_refusal(idx(0x09, {2}, big_endian<std::int8_t>({0, -1}))),
            "row 1 holds label -1; labels are 0, 1, 2, ...");
  EXPECT_EQ(labels_refusal(idx(0x0B, {2}, big_endian<std::int16_t>({1024, 0}))),
            "row 0 holds label 1024; labels are 0 to 1023");
  EXPECT_EQ(labels_refusal(idx(0x08, {3}, "\1\1\1")), (test_folder() / "images").string() + " has 2 rows, but " +
                                                          (test_folder() / "labels").string() + " has 3 labels");
  EXPECT_EQ(idx_refusal(idx(0x08, {0, 3}, ""), idx(0x08, {0}, "")), "the array has no rows");
  EXPECT_EQ(idx_refusal(idx(0x08, {2, 0}, "")), "the array has no columns");
}

}  // namespace
}  // namespace plateau::idx_test
