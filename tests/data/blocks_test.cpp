// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// read_blocks() against read_dataset(): the same bits and the same refusals, whatever the blocks.
#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>
#include <vector>

#include "files.hpp"
#include "gzip.hpp"
#include "plateau/data/dataset.hpp"

namespace plateau::blocks_test {
namespace {

using namespace testing_files;

constexpr Index kAll = std::numeric_limits<Index>::max();

std::vector<std::uint32_t> bits_of(const Dataset& data) {
  std::vector<std::uint32_t> bits;
  for (const float value : data.values.view()) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

// All blocks beside each other.
struct Blocks {
  std::vector<Index> rows;
  std::vector<std::uint32_t> bits;
  std::vector<std::int32_t> groups;
};

Blocks blocks_of(const std::string& files, Index rows_per_block, ReadOptions options = {}) {
  options.labelled = false;
  Blocks all;
  std::vector<std::string> names;
  read_blocks(files, options, rows_per_block, [&](Dataset&& block) {
    if (all.rows.empty()) names = block.feature_names;
    EXPECT_EQ(block.source, files);
    EXPECT_EQ(block.feature_names, names);
    EXPECT_TRUE(block.labels.empty() && block.classes.names.empty());
    all.rows.push_back(block.rows());
    const std::vector<std::uint32_t> bits = bits_of(block);
    all.bits.insert(all.bits.end(), bits.begin(), bits.end());
    all.groups.insert(all.groups.end(), block.groups.begin(), block.groups.end());
  });
  return all;
}

// Whether the blocks of `files` have the bits of the whole, or are refused in the same words. Returns these.
std::string expect_the_whole(const std::string& files, const ReadOptions& options = {},
                             const std::vector<Index>& sizes = {1, 2, 7, kAll}) {
  ReadOptions unlabelled = options;
  unlabelled.labelled = false;
  Dataset whole;
  const std::string refused = refusal([&] { whole = read_dataset(files, unlabelled); });
  for (const Index rows_per_block : sizes) {
    SCOPED_TRACE(files + " by " + std::to_string(rows_per_block));
    Blocks blocks;
    EXPECT_EQ(refusal([&] { blocks = blocks_of(files, rows_per_block, options); }), refused);
    if (!refused.empty()) continue;
    EXPECT_EQ(blocks.bits, bits_of(whole));
    EXPECT_EQ(blocks.groups, whole.groups);
    Index rows = 0;
    for (const Index of_block : blocks.rows) {
      EXPECT_EQ(of_block, std::min(rows_per_block, whole.rows() - rows));
      rows += of_block;
    }
    EXPECT_EQ(rows, whole.rows());
  }
  return refused;
}

std::string npy(const std::string& dtype, const std::string& shape, const std::string& data) {
  const std::string dict = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\x00", 8) + bytes_of<std::uint16_t>({static_cast<std::uint16_t>(dict.size())}) +
         dict + data;
}

std::string safetensors(const std::string& dtype, const std::string& shape, const std::string& data) {
  const std::string size = std::to_string(data.size() + 3);
  const std::string header = "{\"y\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"x\":{\"dtype\":\"" +
                             dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[3," + size + "]}}";
  return bytes_of<std::uint64_t>({header.size()}) + header + "abc" + data;
}

// Bytes 1, 2, 3, ... as images of 1 x 2.
std::string idx(int rows) {
  std::string bytes("\0\0\x08\3\0\0\0\0\0\0\0\1\0\0\0\2", 16);
  bytes[7] = static_cast<char>(rows);
  for (int k = 1; k <= 2 * rows; ++k) bytes += static_cast<char>(k);
  return bytes;
}

std::string put_text(const std::string& name, const std::string& bytes) { return put(name, bytes).string(); }

TEST(Blocks, have_the_bits_of_the_whole_in_every_format) {
  const std::string text =
      "a,\"b\nc\",g\n.1,2,x\n-3e-5,\"4\",y\n5,6,\"x\"\n7,8.25,z\n\"9\",10,\"y\nz\"\n11,12,x\n13,14,x\n15,16,y\n";
  const std::string floats = bytes_of<float>({1, -0.0f, 3.5f, 1e-42f, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  const std::string doubles = bytes_of<double>({0.1, -0.2, 1e-300, 3, 4, 5, 6, 7, 8, 9});
  const std::string bf16 = bytes_of<std::uint16_t>({0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x8000});
  const std::string archives = PLATEAU_TEST_DATA "/numpy/";
  for (const std::string& files :
       {put_text("x.npy", npy("<f4", "(8, 2)", floats)), put_text("d.npy", npy("<f8", "(5, 2)", doubles)),
        put_text("f.npy", npy("<f4", "(16, 1)", floats)),
        put_text("x.safetensors", safetensors("F32", "[8,2]", floats)),
        put_text("h.safetensors", safetensors("BF16", "[3,2]", bf16)), put_text("i.idx", idx(8)),
        put_text("i.idx.gz", gzipped(idx(7))), archives + "savez.npz", archives + "savez_compressed.npz"})
    EXPECT_EQ(expect_the_whole(files), "");
  for (const std::string& files : {put_text("t.csv", text), put_text("t.csv.gz", gzipped(text))})
    for (const ReadOptions& options : {ReadOptions{.drop = {"g"}}, ReadOptions{.group = "g"}})
      EXPECT_EQ(expect_the_whole(files, options), "");
  EXPECT_EQ(expect_the_whole(put_text("n.tsv", "1\t2\n3\t4\n5\t6")), "");
}

TEST(Blocks, of_more_than_a_buffer_have_the_bits_of_the_whole) {
  std::string text = "a,b\n", doubles;
  for (int i = 0; text.size() < 1'300'000; ++i)
    text += std::to_string(i) + ".25," + (i % 3 == 0 ? "\"-1e-3\"\r\n" : "7\n");
  for (int i = 0; i < 20'000; ++i) doubles += bytes_of<double>({0.1 * i});

  EXPECT_EQ(expect_the_whole(put_text("t.csv", text), {}, {1000}), "");
  EXPECT_EQ(expect_the_whole(put_text("t.csv.gz", gzipped(text)), {}, {100'000}), "");
  EXPECT_EQ(expect_the_whole(put_text("x.npy", npy("<f8", "(10000, 2)", doubles)), {}, {999, 5000}), "");
}

TEST(Blocks, are_refused_by_the_row_and_line_of_the_file) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::pair<std::string, std::string> cases[] = {
      {put_text("nan.npy", npy("<f4", "(5, 1)", bytes_of<float>({1, 2, 3, nan, 5}))),
       "row 3, column 0 holds nan; features are finite"},
      {put_text("wide.npy", npy("<f8", "(3, 2)", bytes_of<double>({1, 2, 3, 4, 5, 1e300}))),
       "row 2, column 1 holds 1e+300, beyond the range of a 32-bit float"},
      {put_text("inf.safetensors", safetensors("F16", "[3,1]", bytes_of<std::uint16_t>({0, 0, 0x7c00}))),
       "row 2, column 0 holds inf; features are finite"},
      {put_text("none.npy", npy("<f4", "(0, 2)", "")), "the array has no rows"},
      {put_text("narrow.npy", npy("<f4", "(2, 0)", "")), "the array has no columns"},
      {put_text("short.npy", npy("<f4", "(3, 1)", "12345678")), "the file ends after 8 of 12 bytes of data"},
      {put_text("short.idx.gz", gzipped(idx(5).substr(0, 24))), "the file ends after 8 of 10 bytes of data"},
      {put_text("long.idx.gz", gzipped(idx(5) + "a")), "more follows the 10 bytes of data"},
      {put_text("text.csv", "a,b\n1,2\n3,\"4\"\n5,six\n"), "line 4: column 'b' holds 'six', which is no number"},
      {put_text("fields.csv", "a,b\n\"1\n\",2\n3,4\n5\n"), "line 2: column 'a' holds"},
      {put_text("less.csv", "a,b\n1,2\n3,4\n5\n"), "line 4: the row has 1 field, the first line has 2"},
      {put_text("gap.csv", "a,b\n1,2\n\n3,4\n"), "line 3: the line is empty"},
      {put_text("header.csv", "a,b\n"), "the file has a header and no rows"},
      {put_text("cut.csv.gz", gzipped("a,b\n1,2\n3,4\n").substr(0, 25)),
       "the file ends in the middle of its gzip data"},
      {"missing.csv", "No such file or directory"},
      {"rows.parquet", "is no file of rows that is read"},
      {"x.npy:y.npy:z.npy", ""}};
  for (const auto& [files, what] : cases) EXPECT_NE(expect_the_whole(files).find(what), std::string::npos) << what;

  const std::string array = put_text("x.npy", npy("<f4", "(1, 1)", "1234"));
  EXPECT_NE(expect_the_whole(array, {.drop = {"a"}}).find("only a table (.csv) has such columns"), std::string::npos);
  EXPECT_NE(expect_the_whole(put_text("t.csv", "a,b\n1,2\n"), {.drop = {"z"}}).find("there is no column 'z'"),
            std::string::npos);
}

TEST(Blocks, of_a_damaged_file_are_refused_or_read_as_the_whole_is) {
  const std::pair<std::string, std::string> files[] = {
      {"t.csv", "a,\"b\"\r\n1,-2.5e3\n\"4\",+.5\n5,6\r\n"},
      {"t.csv.gz", gzipped("a,b\n1,2\n3,4\n5,6\n")},
      {"i.idx.gz", gzipped(idx(3))},
      {"x.npy", npy("<f4", "(3, 1)", bytes_of<float>({1, 2, 3}))},
      {"e.safetensors", safetensors("BF16", "[3,1]", "abcdef")},
      {"a.npz", get(std::filesystem::path(PLATEAU_TEST_DATA) / "numpy" / "savez_compressed.npz")}};
  for (const auto& [name, bytes] : files) {
    for (std::size_t length = 0; length < bytes.size(); ++length)
      expect_the_whole(put_text(name, bytes.substr(0, length)), {}, {2});
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] ^= 1;
      expect_the_whole(put_text(name, damaged), {}, {2});
    }
  }
}

TEST(Blocks, leave_labels_out_unread) {
  const Blocks blocks = blocks_of(put_text("t.csv", "y,a\n,1\n\xff,2\n,3\n"), 2, {.target = "y"});
  EXPECT_EQ(blocks.rows, (std::vector<Index>{2, 1}));
  EXPECT_EQ(blocks.bits, (std::vector<std::uint32_t>{0x3f800000, 0x40000000, 0x40400000}));

  const std::string x = put_text("x.npy", npy("<f4", "(1, 1)", bytes_of<float>({1})));
  const std::string e = put_text("e.safetensors", safetensors("F32", "[1,1]", bytes_of<float>({1})));
  const std::string images = put_text("i.idx", idx(1));
  for (const std::string& features : {x, e, images})
    EXPECT_EQ(blocks_of(features + ":missing.npy", 2).bits, blocks_of(features, 2).bits);
}

TEST(Blocks, take_the_memory_of_one) {
  std::string text = "a\n";
  for (int i = 0; i < 5000; ++i) text += "1\n";
  const std::string file = put_text("t.csv.gz", gzipped(text));
  const Index thousand_rows = 1000 * Index{sizeof(float)};

  EXPECT_NE(refusal([&] { read_dataset(file, {.labelled = false, .most_bytes = thousand_rows}); }), "");
  EXPECT_EQ(blocks_of(file, 1000, {.most_bytes = thousand_rows}).rows, (std::vector<Index>(5, 1000)));
  EXPECT_EQ(refusal([&] { blocks_of(file, 1001, {.most_bytes = thousand_rows}); }),
            file + ": line 2: the rows take more than 4000 bytes of memory");
}

TEST(Blocks, end_where_their_receiver_throws_and_tell_their_progress) {
  for (const std::string& file :
       {put_text("t.csv", "a\n1\n2\n3\n"), put_text("x.npy", npy("<f4", "(3, 1)", bytes_of<float>({1, 2, 3})))}) {
    std::vector<double> shares;
    int blocks = 0;
    const ReadOptions options{.labelled = false, .progress = [&](double share) { shares.push_back(share); }};
    const auto take = [&](Dataset&&) {
      if (++blocks == 2) throw std::runtime_error("enough");
    };
    EXPECT_THROW(read_blocks(file, options, 1, take), std::runtime_error);
    EXPECT_EQ(blocks, 2);

    shares.clear();
    read_blocks(file, options, 1, [](Dataset&&) {});
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_EQ(shares.back(), 1);

    EXPECT_THROW(read_blocks(file, options, 0, take), std::invalid_argument);
    EXPECT_THROW(read_blocks(file, {}, 1, take), std::invalid_argument);
  }
}

}  // namespace
}  // namespace plateau::blocks_test
