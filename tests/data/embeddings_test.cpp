// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/embeddings.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "files.hpp"
#include "plateau/data/dataset.hpp"
#include "plateau/data/safetensors.hpp"

namespace plateau::embeddings_test {
namespace {

using namespace testing_files;

struct Stored {
  std::string name, dtype, shape, data;
};

// A file of these tensors, in this order.
std::filesystem::path put_tensors(const std::vector<Stored>& tensors) {
  std::string header = "{", data;
  for (const Stored& t : tensors) {
    header += (header.size() > 1 ? ",\"" : "\"") + t.name + "\":{\"dtype\":\"" + t.dtype + "\",\"shape\":" + t.shape +
              ",\"data_offsets\":[" + std::to_string(data.size()) + "," + std::to_string(data.size() + t.data.size()) +
              "]}";
    data += t.data;
  }
  header += "}";
  return put("emb.safetensors", bytes_of<std::uint64_t>({header.size()}) + header + data);
}

const Stored kX{"x", "F32", "[2,3]", bytes_of<float>({1, 2, 3, 4, 5, 6})};
const Stored kY{"y", "I64", "[2]", bytes_of<std::int64_t>({1, 0})};

FeaturesAndLabels read(const std::vector<Stored>& tensors, const EmbeddingNames& names = {}) {
  return read_embeddings(put_tensors(tensors).string(), names);
}

std::string embeddings_refusal(const std::vector<Stored>& tensors, const EmbeddingNames& names = {}) {
  const std::string file = put_tensors(tensors).string();
  const std::string sentence = refusal([&] { read_embeddings(file, names); });
  EXPECT_EQ(sentence.find(file), 0u) << sentence;
  return sentence.substr(std::min(sentence.size(), file.size()));
}

void expect_rows(const FeaturesAndLabels& rows) {
  EXPECT_EQ(rows.features.rows, 2);
  EXPECT_EQ(rows.features.cols, 3);
  for (Index k = 0; k < 6; ++k) EXPECT_EQ(rows.features.values.view()[k], float(k + 1));
  EXPECT_EQ(rows.labels, (std::vector<std::int32_t>{1, 0}));
}

// ---- What is read ----

TEST(Embeddings, features_of_every_dtype_are_read_exactly) {
  expect_rows(read({kX, kY}));
  expect_rows(
      read({{"x", "F16", "[2,3]", bytes_of<std::uint16_t>({0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600})}, kY}));
  expect_rows(
      read({{"x", "BF16", "[2,3]", bytes_of<std::uint16_t>({0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0})}, kY}));
}

TEST(Embeddings, a_file_that_the_formats_own_library_wrote_is_read) {
  const auto path = std::filesystem::path(PLATEAU_TEST_DATA) / "numpy" / "embeddings.safetensors";
  expect_rows(read_embeddings(path.string()));
}

TEST(Embeddings, labels_of_every_integer_dtype_are_read) {
  const std::pair<const char*, std::string> cases[] = {
      {"I64", bytes_of<std::int64_t>({1, 0})},  {"I32", bytes_of<std::int32_t>({1, 0})},
      {"I16", bytes_of<std::int16_t>({1, 0})},  {"I8", bytes_of<std::int8_t>({1, 0})},
      {"U64", bytes_of<std::uint64_t>({1, 0})}, {"U32", bytes_of<std::uint32_t>({1, 0})},
      {"U16", bytes_of<std::uint16_t>({1, 0})}, {"U8", bytes_of<std::uint8_t>({1, 0})}};
  for (const auto& [dtype, data] : cases) expect_rows(read({kX, {"y", dtype, "[2]", data}}));
}

TEST(Embeddings, the_order_of_the_data_does_not_matter) { expect_rows(read({kY, kX})); }

TEST(Embeddings, other_tensors_are_passed_over) {
  expect_rows(read({{"ids", "F64", "[2]", std::string(16, 'a')},
                    kY,
                    {"mask", "BOOL", "[2,3]", std::string(6, '\1')},
                    {"quantised", "F8_E4M3", "[2,2]", std::string(4, 'a')},
                    kX,
                    {"scale", "F32", "[]", std::string(4, 'a')}}));
}

TEST(Embeddings, a_second_file_may_hold_the_labels) {
  const std::vector<std::int32_t> labels{1, 0};
  const auto y = test_folder() / "y.npy";
  write_npy_labels(y, {labels.data(), 2});

  expect_rows(read_embeddings(put_tensors({kX}).string() + ":" + y.string()));
  expect_rows(
      read_embeddings(put_tensors({kX, {"y", "I64", "[2]", std::string(16, 'a')}}).string() + ":" + y.string()));
}

TEST(Embeddings, names_choose_among_several_tensors) {
  const std::vector<Stored> all{{"train", "F32", "[1,1]", std::string(4, '\0')}, kX, kY, {"z", "U8", "[1]", "a"}};
  expect_rows(read(all, {"x", "y"}));
}

TEST(Embeddings, more_values_than_one_buffer_keep_their_places) {
  std::string data;
  for (int k = 0; k < 20'000; ++k) data += bytes_of<std::uint16_t>({static_cast<std::uint16_t>(k % 0x7f80)});

  const FeaturesAndLabels rows =
      read({{"x", "BF16", "[20000,1]", data}, {"y", "U8", "[20000]", std::string(20'000, '\0')}});

  for (Index k = 0; k < 20'000; ++k)
    ASSERT_EQ(rows.features.values.view()[k], std::bit_cast<float>(static_cast<std::uint32_t>(k % 0x7f80) << 16));
}

TEST(Embeddings, features_are_read_without_labels) {
  const Dataset data = read_dataset(put_tensors({kX}).string(), {.labelled = false});
  EXPECT_EQ(data.rows(), 2);
  EXPECT_EQ(data.x().row(1)[2], 6.0f);

  const auto path = put_tensors({{"x", "F32", "[1,1]", bytes_of<float>({NAN})}});
  EXPECT_EQ(refusal([&] { read_dataset(path.string(), {.labelled = false}); }),
            in_file(path, "tensor 'x': row 0, column 0 holds nan; features are finite"));
}

// ---- What is refused ----

TEST(Embeddings, an_argument_of_another_form_is_told_the_form) {
  for (const std::string files : {"", ":", ":y.npy", "x.safetensors:", "a:b:c"})
    EXPECT_EQ(refusal([&] { read_embeddings(files); }),
              "'" + files + "' names no embeddings; the form is emb.safetensors or emb.safetensors:y.npy");
}

TEST(Embeddings, tensors_that_cannot_be_told_apart_are_listed) {
  EXPECT_EQ(embeddings_refusal({kX, {"z", "F16", "[1,1]", "ab"}, kY}),
            ": more than one tensor can be the features, which are 2-D of F32, F16 or BF16; the file holds 'x' F32 "
            "[2, 3], 'z' F16 [1, 1], 'y' I64 [2]");
  EXPECT_EQ(embeddings_refusal({kX}),
            ": no tensor can be the labels, which are 1-D of integers; the file holds 'x' F32 [2, 3]");
  EXPECT_EQ(
      embeddings_refusal({{"x", "F64", "[1,1]", std::string(8, '\0')}, kY}),
      ": no tensor can be the features, which are 2-D of F32, F16 or BF16; the file holds 'x' F64 [1, 1], 'y' I64 "
      "[2]");
  EXPECT_EQ(embeddings_refusal({}),
            ": no tensor can be the features, which are 2-D of F32, F16 or BF16; the file holds none");
}

TEST(Embeddings, a_named_tensor_is_there_and_can_be_used) {
  EXPECT_EQ(embeddings_refusal({kX, kY}, {"z", ""}), ": there is no tensor 'z'");
  EXPECT_EQ(embeddings_refusal({kX, kY}, {"y", ""}),
            ": tensor 'y' I64 [2] cannot be the features, which are 2-D of F32, F16 or BF16");
  EXPECT_EQ(embeddings_refusal({kX, kY}, {"", "x"}),
            ": tensor 'x' F32 [2, 3] cannot be the labels, which are 1-D of integers");
}

TEST(Embeddings, features_are_finite_and_rows_labelled) {
  const std::string file = (test_folder() / "emb.safetensors").string();
  EXPECT_EQ(embeddings_refusal({{"x", "F16", "[2,1]", bytes_of<std::uint16_t>({0x3c00, 0x7c00})}, kY}),
            ": tensor 'x': row 1, column 0 holds inf; features are finite");
  EXPECT_EQ(
      embeddings_refusal({{"x", "BF16", "[1,2]", bytes_of<std::uint16_t>({0xffc0, 0})}, {"y", "U8", "[1]", "\1"}}),
      ": tensor 'x': row 0, column 0 holds nan; features are finite");
  EXPECT_EQ(embeddings_refusal({kX, {"y", "U8", "[1]", "\1"}}),
            ": tensor 'x' has 2 rows, but " + file + ": tensor 'y' has 1 labels");
  EXPECT_EQ(embeddings_refusal({kX, {"y", "I16", "[2]", bytes_of<std::int16_t>({0, -3})}}),
            ": row 1 holds label -3; labels are 0, 1, 2, ...");
  EXPECT_EQ(embeddings_refusal({kX, {"y", "U16", "[2]", bytes_of<std::uint16_t>({1024, 0})}}),
            ": tensor 'y': row 0 holds label 1024; labels are 0 to 1023");
}

TEST(Embeddings, arrays_without_elements_are_refused_whatever_their_order) {
  const Stored no_rows{"x", "F32", "[0,3]", ""}, no_labels{"y", "I64", "[0]", ""};
  EXPECT_EQ(embeddings_refusal({no_rows, no_labels}), ": tensor 'x': the array has no rows");
  EXPECT_EQ(embeddings_refusal({no_labels, no_rows}), ": tensor 'x': the array has no rows");
  EXPECT_EQ(embeddings_refusal({{"x", "F32", "[2,0]", ""}, kY}), ": tensor 'x': the array has no columns");
  EXPECT_NE(embeddings_refusal({no_labels, kX}), "");
}

TEST(Embeddings, dtypes_of_no_known_size_are_refused) {
  for (const std::string dtype : {"F4", "f32", "", "C64"})
    EXPECT_EQ(embeddings_refusal({kX, kY, {"z", dtype, "[1]", "abcd"}}),
              ": tensor 'z' has the unknown dtype '" + dtype + "'");
}

TEST(Embeddings, every_dtype_takes_the_bytes_of_its_items) {
  const std::pair<const char*, std::size_t> sizes[] = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"I64", 8}, {"I32", 4},
      {"I16", 2}, {"I8", 1},  {"U64", 8}, {"U32", 4},  {"U16", 2},     {"U8", 1},      {"BOOL", 1}};
  for (const auto& [dtype, bytes] : sizes) {
    expect_rows(read({kX, {"z", dtype, "[3,1,1]", std::string(3 * bytes, 'a')}, kY}));
    EXPECT_EQ(embeddings_refusal({kX, {"z", dtype, "[3,1,1]", std::string(3 * bytes + 1, 'a')}, kY}),
              ": tensor 'z' of shape [3, 1, 1] does not take the " + std::to_string(3 * bytes + 1) +
                  " bytes of its data_offsets [24, " + std::to_string(24 + 3 * bytes + 1) + "]");
  }
}

}  // namespace
}  // namespace plateau::embeddings_test
