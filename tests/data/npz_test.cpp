// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/npz.hpp"

#include <zip.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "files.hpp"
#include "plateau/data/dataset.hpp"

namespace plateau::npz_test {
namespace {

using namespace testing_files;

// ---- Archives of chosen bytes ----

std::uint32_t crc32_of(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
  }
  return ~crc;
}

struct Entry {
  std::string name, data;
  std::uint16_t method = 0, flags = 0;
  std::optional<std::uint32_t> claimed_bytes = std::nullopt, claimed_compressed = std::nullopt;
};

// The entries as they are stored, with the sizes that they claim.
std::string zip_of(const std::vector<Entry>& entries) {
  std::string bytes, directory;
  for (const Entry& e : entries) {
    const auto offset = static_cast<std::uint32_t>(bytes.size());
    const auto size = static_cast<std::uint32_t>(e.data.size());
    const std::string common = bytes_of<std::uint16_t>({20, e.flags, e.method, 0, 0x21}) +
                               bytes_of<std::uint32_t>({crc32_of(e.data), e.claimed_compressed.value_or(size),
                                                        e.claimed_bytes.value_or(size)}) +
                               bytes_of<std::uint16_t>({static_cast<std::uint16_t>(e.name.size()), 0});
    bytes += "PK\x03\x04" + common + e.name + e.data;
    directory += "PK\x01\x02" + bytes_of<std::uint16_t>({20}) + common + bytes_of<std::uint16_t>({0, 0, 0}) +
                 bytes_of<std::uint32_t>({0, offset}) + e.name;
  }
  const auto count = static_cast<std::uint16_t>(entries.size());
  return bytes + directory + "PK\x05\x06" + bytes_of<std::uint16_t>({0, 0, count, count}) +
         bytes_of<std::uint32_t>(
             {static_cast<std::uint32_t>(directory.size()), static_cast<std::uint32_t>(bytes.size())}) +
         bytes_of<std::uint16_t>({0});
}

// The same entries, deflated.
std::string deflated_zip_of(const std::vector<Entry>& entries) {
  const auto path = test_folder() / "deflated.npz";
  int error = 0;
  zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  for (const Entry& e : entries) {
    zip_source_t* const source = zip_source_buffer(archive, e.data.data(), e.data.size(), 0);
    const auto at = zip_file_add(archive, e.name.c_str(), source, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(at), ZIP_CM_DEFLATE, 9);
  }
  EXPECT_EQ(zip_close(archive), 0);
  return get(path);
}

// With other uncompressed sizes of the first entry, in both of its headers.
std::string claiming(std::string bytes, std::uint32_t size) {
  const std::size_t local = bytes.find("PK\x03\x04"), central = bytes.find("PK\x01\x02");
  std::memcpy(&bytes[local + 22], &size, 4);
  std::memcpy(&bytes[central + 24], &size, 4);
  return bytes;
}

std::string npy(const std::string& dtype, const std::string& shape, const std::string& data) {
  const std::string dict = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\x00", 8) + bytes_of<std::uint16_t>({static_cast<std::uint16_t>(dict.size())}) +
         dict + data;
}

const std::string kX = npy("<f4", "(2, 3)", bytes_of<float>({1, 2, 3, 4, 5, 6}));
const std::string kY = npy("<i8", "(2,)", bytes_of<std::int64_t>({1, 0}));
const std::vector<Entry> kPair{{"X.npy", kX}, {"y.npy", kY}};

FeaturesAndLabels read(const std::string& bytes, const NpzNames& names = {}) {
  return read_npz(put("a.npz", bytes), names);
}

std::string npz_refusal(const std::string& bytes, const NpzNames& names = {}) {
  const std::string sentence = refusal([&] { read(bytes, names); });
  const std::string file = (test_folder() / "a.npz").string();
  EXPECT_EQ(sentence.find(file), 0u) << sentence;
  return sentence.substr(std::min(sentence.size(), file.size()));
}

void expect_pair(const FeaturesAndLabels& rows) {
  EXPECT_EQ(rows.features.rows, 2);
  EXPECT_EQ(rows.features.cols, 3);
  for (Index k = 0; k < 6; ++k) EXPECT_EQ(rows.features.values.view()[k], float(k + 1));
  EXPECT_EQ(rows.labels, (std::vector<std::int32_t>{1, 0}));
}

// ---- What is read ----

TEST(Npz, stored_and_deflated_arrays_are_read) {
  expect_pair(read(zip_of(kPair)));
  expect_pair(read(deflated_zip_of(kPair)));
}

TEST(Npz, archives_that_numpy_wrote_are_read) {
  for (const char* name : {"savez.npz", "savez_compressed.npz"})
    expect_pair(read_npz(std::filesystem::path(PLATEAU_TEST_DATA) / "numpy" / name));
}

TEST(Npz, more_than_one_buffer_is_inflated_in_place) {
  std::vector<float> values(500'000);
  std::iota(values.begin(), values.end(), 0.0f);
  const std::string x(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  const std::string y(100'000, '\1');

  const FeaturesAndLabels rows =
      read(deflated_zip_of({{"X.npy", npy("<f4", "(100000, 5)", x)}, {"y.npy", npy("|u1", "(100000,)", y)}}));

  EXPECT_TRUE(std::equal(values.begin(), values.end(), rows.features.values.view().begin()));
}

TEST(Npz, usual_names_come_before_others) {
  const std::string other_x = npy("<f4", "(2, 3)", bytes_of<float>({0, 0, 0, 0, 0, 0}));
  const std::string other_y = npy("<i4", "(2,)", bytes_of<std::int32_t>({7, 7}));
  expect_pair(read(zip_of({{"a.npy", other_x}, {"b.npy", other_y}, {"labels.npy", kY}, {"features.npy", kX}})));
  expect_pair(read(zip_of({{"x.npy", other_x}, {"labels.npy", other_y}, {"y.npy", kY}, {"X.npy", kX}})));
}

TEST(Npz, a_name_chooses_an_array_with_or_without_its_ending) {
  const std::string other = npy("<f4", "(1, 1)", bytes_of<float>({0}));
  const std::string bytes = zip_of({{"X.npy", other}, {"y.npy", other}, {"train.npy", kX}, {"folder/ids.npy", kY}});
  expect_pair(read(bytes, {"train", "folder/ids"}));
  expect_pair(read(bytes, {"train.npy", "folder/ids.npy"}));
}

TEST(Npz, without_usual_names_the_one_array_of_its_kind_is_taken) {
  expect_pair(read(zip_of({{"arr_0.npy", kX},
                           {"arr_1.npy", kY},
                           {"weights.npy", npy("<f4", "(2,)", bytes_of<float>({1, 1}))},
                           {"names.npy", npy("<U1", "(2,)", "ab")},
                           {"objects.npy", npy("|O", "(2, 2)", "pickle")},
                           {"readme.txt", "not an array"}})));
}

TEST(Npz, features_are_read_without_labels) {
  const std::string bytes = zip_of({{"X.npy", kX}, {"other.npy", kX}});
  const Dataset data = read_dataset(put("a.npz", bytes).string(), {.labelled = false});
  EXPECT_EQ(data.rows(), 2);
  EXPECT_EQ(data.x().row(1)[2], 6.0f);
  const auto path = put("a.npz", zip_of({{"X.npy", npy("<f4", "(1, 1)", bytes_of<float>({NAN}))}}));
  EXPECT_EQ(refusal([&] { read_dataset(path.string(), {.labelled = false}); }),
            in_file(path, "member 'X.npy': row 0, column 0 holds nan; features are finite"));
  std::string damaged = bytes;
  damaged[damaged.find(kX) + kX.size() - 3] ^= 1;
  EXPECT_NE(refusal([&] { read_dataset(put("a.npz", damaged).string(), {.labelled = false}); }), "");
}

// ---- Which arrays are refused ----

TEST(Npz, arrays_that_cannot_be_told_apart_are_listed) {
  EXPECT_EQ(npz_refusal(zip_of({{"a.npy", kX}, {"b.npy", kX}, {"y.npy", kY}, {"c.txt", ""}})),
            ": several arrays are 2-D features ('<f4', '<f8') and none is named X: 'a' '<f4' (2, 3), 'b' '<f4' (2, 3), "
            "'y' '<i8' (2,), 'c.txt' no NPY array of numbers");
  EXPECT_EQ(npz_refusal(zip_of({{"X.npy", kX}, {"b.npy", kX}})),
            ": no array is 1-D labels (integers) and none is named y: 'X' '<f4' (2, 3), 'b' '<f4' (2, 3)");
}

TEST(Npz, a_name_that_is_not_there_is_refused_with_those_that_are) {
  EXPECT_EQ(npz_refusal(zip_of(kPair), {"Z", ""}), ": there is no array 'Z'; its arrays are 'X', 'y'");

  std::vector<Entry> many;
  for (char name = 'a'; name <= 'm'; ++name) many.push_back({std::string(1, name), ""});
  EXPECT_EQ(npz_refusal(zip_of(many), {"Z", ""}),
            ": there is no array 'Z'; its arrays are 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ...");
}

TEST(Npz, what_no_npy_file_could_hold_names_the_member) {
  EXPECT_EQ(npz_refusal(zip_of({{"X.npy", kY}, {"y.npy", kY}})),
            ": member 'X.npy': dtype '<i8' is not read; features are '<f4' or '<f8', as x.astype('<f4') makes them");
  EXPECT_EQ(npz_refusal(zip_of({{"X.npy", kX}, {"y.npy", npy("<i8", "(2,)", bytes_of<std::int64_t>({0, -1}))}})),
            ": member 'y.npy': row 1 holds label -1; labels are 0, 1, 2, ...");
  EXPECT_EQ(npz_refusal(zip_of({{"X.npy", "text"}, {"y.npy", kY}})),
            ": member 'X.npy': the member ends after 4 of 8 bytes of the NPY preamble");
}

TEST(Npz, rows_are_finite_and_labelled) {
  const std::string file = (test_folder() / "a.npz").string();
  EXPECT_EQ(npz_refusal(zip_of({{"X.npy", npy("<f4", "(1, 2)", bytes_of<float>({1, NAN}))},
                                {"y.npy", npy("<i4", "(1,)", bytes_of<std::int32_t>({0}))}})),
            ": member 'X.npy': row 0, column 1 holds nan; features are finite");
  EXPECT_EQ(npz_refusal(zip_of({{"X.npy", kX}, {"y.npy", npy("<i4", "(1,)", bytes_of<std::int32_t>({0}))}})),
            ": member 'X.npy' has 2 rows, but " + file + ": member 'y.npy' has 1 labels");
  EXPECT_EQ(npz_refusal(zip_of({{"X.npy", kX}, {"y.npy", npy("<i4", "(2,)", bytes_of<std::int32_t>({0, 1024}))}})),
            ": member 'y.npy': row 1 holds label 1024; labels are 0 to 1023");
}

// ---- Which archives are refused ----

TEST(Npz, what_is_no_archive_is_refused) {
  const std::string words = ": not an NPZ archive that can be read: ";
  EXPECT_EQ(npz_refusal("1.0,2.0\n").find(words), 0u);
  EXPECT_EQ(npz_refusal(kX).find(words), 0u);
  EXPECT_NE(npz_refusal(""), "");
  EXPECT_EQ(npz_refusal(zip_of({})), ": the archive has no members");
  const auto missing = test_folder() / "missing.npz";
  EXPECT_EQ(refusal([&] { read_npz(missing); }), in_file(missing, "No such file or directory"));
  EXPECT_EQ(refusal([&] { read_npz(test_folder()); }), in_file(test_folder(), "not a regular file"));
}

TEST(Npz, members_that_cannot_be_read_are_refused_by_name_wherever_they_are) {
  const auto with = [](const Entry& entry) { return npz_refusal(zip_of({kPair[0], kPair[1], entry})); };
  EXPECT_EQ(with({"X.npy", kX}), ": two members have the name 'X.npy'");
  EXPECT_EQ(with({"X", kX}), ": two members have the name 'X'");
  EXPECT_EQ(with({.name = "z.npy", .data = kX, .flags = 1}), ": member 'z.npy' is encrypted");
  EXPECT_EQ(with({.name = "z.npy", .data = kX, .method = 12}),
            ": member 'z.npy' is compressed by method 12; stored and deflated members are read");
}

TEST(Npz, sizes_that_no_zip_file_has_are_refused) {
  const auto with = [](const Entry& entry) { return npz_refusal(zip_of({kPair[0], kPair[1], entry})); };
  const auto bytes = static_cast<std::uint32_t>(kX.size());
  const std::string shown = std::to_string(bytes);
  EXPECT_EQ(
      with({.name = "z", .data = kX, .claimed_bytes = bytes + 1}),
      ": member 'z' claims " + std::to_string(bytes + 1) + " bytes, which " + shown + " compressed ones cannot hold");
  // A bomb: more than DEFLATE can hold in so few bytes.
  EXPECT_EQ(with({.name = "z", .data = kX, .method = 8, .claimed_bytes = 4'000'000'000u}),
            ": member 'z' claims 4000000000 bytes, which " + shown + " compressed ones cannot hold");
  EXPECT_EQ(with({.name = "z", .data = kX, .claimed_bytes = 5'000u, .claimed_compressed = 5'000u})
                .find(": member 'z' claims 5000 compressed bytes, and the file has "),
            0u);
  // Members that are the same bytes of the file: each is possible, all are not.
  std::vector<Entry> many;
  for (int k = 0; k < 20; ++k)
    many.push_back({.name = std::to_string(k), .data = "", .method = 8, .claimed_bytes = 9, .claimed_compressed = 900});
  EXPECT_NE(npz_refusal(zip_of(many)).find("they overlap at "), std::string::npos);
}

TEST(Npz, a_member_has_exactly_the_bytes_of_its_array) {
  const auto archive = [](const std::string& x) { return npz_refusal(zip_of({{"X.npy", x}, {"y.npy", kY}})); };
  EXPECT_EQ(archive(kX.substr(0, kX.size() - 4)), ": member 'X.npy': the member ends after 20 of 24 bytes of data");
  EXPECT_EQ(archive(kX + "more"),
            ": member 'X.npy': 4 bytes too many follow the 24 bytes of data that shape (2, 3) of "
            "'<f4' takes");
  EXPECT_EQ(archive(npy("<f4", "(1000000000, 1000000000)", "1234")),
            ": member 'X.npy': the member ends after 4 of 4000000000000000000 bytes of data");
}

TEST(Npz, a_deflated_member_has_exactly_the_bytes_that_the_archive_announces) {
  const auto bytes = static_cast<std::uint32_t>(kX.size());
  // A megabyte of zeros follows an array of 24 bytes: nothing of it is inflated.
  EXPECT_EQ(npz_refusal(claiming(deflated_zip_of({{"X.npy", kX + std::string(1 << 20, '\0')}, {"y.npy", kY}}), bytes)),
            ": member 'X.npy': its data go on behind the bytes that the archive announces");
  EXPECT_EQ(npz_refusal(claiming(deflated_zip_of({{"X.npy", kX.substr(0, bytes - 4)}, {"y.npy", kY}}), bytes))
                .find(": member 'X.npy': "),
            0u);
}

TEST(Npz, a_wrong_checksum_is_refused) {
  std::string bytes = zip_of(kPair);
  bytes[bytes.find(kX) + kX.size() - 3] ^= 1;
  EXPECT_EQ(npz_refusal(bytes), ": member 'X.npy': it cannot be read: CRC error");
  bytes = zip_of(kPair);
  bytes[bytes.find(kY) + kY.size() - 8] ^= 1;
  EXPECT_EQ(npz_refusal(bytes), ": member 'y.npy': it cannot be read: CRC error");
}

TEST(Npz, a_cut_archive_is_refused) {
  for (const std::string& bytes : {zip_of(kPair), deflated_zip_of(kPair)})
    for (std::size_t length = 0; length < bytes.size(); length += 3)
      EXPECT_NE(npz_refusal(bytes.substr(0, length)), "");
}

TEST(Npz, an_archive_with_one_bit_over_is_read_or_refused) {
  int read_anyway = 0, refused = 0;
  for (const std::string& whole : {zip_of(kPair), deflated_zip_of(kPair)})
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << at % 8);
      const std::string sentence = refusal([&] { expect_pair(read(bytes)); });
      ++(sentence.empty() ? read_anyway : refused);
    }
  EXPECT_GT(read_anyway, 30);  // dates, versions, attributes
  EXPECT_GT(refused, 300);
}

}  // namespace
}  // namespace plateau::npz_test
