// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/byte_stream.hpp"

#include <sys/stat.h>

#include "files.hpp"
#include "gzip.hpp"

namespace plateau::byte_stream_test {
namespace {

using namespace testing_files;

// The whole stream, by reads of so many bytes; all but the last one are full.
std::string content(const std::filesystem::path& path, std::size_t at_once = 1000) {
  ByteStream stream(path);
  std::string all, block(at_once, '\0');
  for (;;) {
    const auto bytes = static_cast<std::size_t>(stream.read(block));
    all += block.substr(0, bytes);
    if (bytes < at_once) break;
  }
  EXPECT_EQ(stream.read(block), 0);
  EXPECT_EQ(stream.bytes_read_on_disk(), stream.bytes_on_disk());
  return all;
}

// Long enough for several blocks of input, and not compressible to nothing.
std::string numbers(int count) {
  std::string text;
  std::uint32_t state = 1;
  for (int i = 0; i < count; ++i) text += std::to_string(state = state * 1664525 + 1013904223) + ",";
  return text;
}

TEST(ByteStream, a_plain_file_is_its_bytes) {
  const std::string bytes = numbers(1000) + std::string("\0\n\r\xff", 4);
  const auto path = put("plain", bytes);

  EXPECT_EQ(content(path), bytes);
  EXPECT_FALSE(ByteStream(path).is_gzip());
}

TEST(ByteStream, a_gzip_file_is_what_it_holds_whatever_its_name) {
  const std::string bytes = numbers(100'000);
  const auto path = put("plain.csv", gzipped(bytes));
  ASSERT_GT(std::filesystem::file_size(path), 200'000u);

  for (const std::size_t at_once : {std::size_t{1} << 20, std::size_t{65536}, std::size_t{999}})
    EXPECT_EQ(content(path, at_once), bytes);
  EXPECT_TRUE(ByteStream(path).is_gzip());
}

TEST(ByteStream, members_in_a_row_are_one_stream) {
  EXPECT_EQ(content(put("many.gz", gzipped("ab") + gzipped("") + gzipped("cd")), 1), "abcd");
}

TEST(ByteStream, nothing_may_be_in_a_file_or_in_a_member) {
  EXPECT_EQ(content(put("empty", "")), "");
  EXPECT_EQ(content(put("empty.gz", gzipped(""))), "");
  EXPECT_EQ(content(put("one", "\x1f")), "\x1f");
}

TEST(ByteStream, a_gzip_file_cut_anywhere_is_refused) {
  const std::string whole = gzipped("1,2,3\n4,5,6\n");
  for (std::size_t length = 2; length < whole.size(); ++length) {
    const auto path = put("cut.gz", whole.substr(0, length));
    EXPECT_EQ(refusal([&] { content(path); }), in_file(path, "the file ends in the middle of its gzip data")) << length;
  }
  const auto path = put("cut.gz", whole + whole.substr(0, 12));
  EXPECT_EQ(refusal([&] { content(path); }), in_file(path, "the file ends in the middle of its gzip data"));
}

TEST(ByteStream, damaged_gzip_data_are_refused_with_their_place) {
  std::string whole = gzipped("1,2,3\n");
  const auto with_byte = [&](const char* name, std::size_t at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    return put(name, bytes);
  };
  const auto crc = with_byte("crc.gz", whole.size() - 8), length = with_byte("length.gz", whole.size() - 4);
  EXPECT_EQ(refusal([&] { content(crc); }),
            in_file(crc, "the gzip data are damaged before byte " + std::to_string(whole.size() - 4) +
                             ": incorrect data check"));
  EXPECT_EQ(refusal([&] { content(length); }),
            in_file(length, "the gzip data are damaged before byte " + std::to_string(whole.size()) +
                                ": incorrect length check"));
  const auto followed = put("followed.gz", whole + "no member");
  EXPECT_EQ(refusal([&] { content(followed); }),
            in_file(followed, "the gzip data are damaged before byte " + std::to_string(whole.size() + 2) +
                                  ": incorrect header check"));
}

TEST(ByteStream, every_bit_that_is_over_in_a_gzip_file_is_refused_or_changes_no_byte) {
  const std::string bytes = "1,2,3\n4,5,6\n", whole = gzipped(bytes);
  for (std::size_t at = 2; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole, read = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      const auto path = put("damaged.gz", damaged);
      refusal([&] { read = content(path); });
      EXPECT_EQ(read, bytes) << at << "." << bit;
    }
}

TEST(ByteStream, a_reader_takes_no_more_of_a_bomb_than_it_asks_for) {
  const auto path = put("bomb.gz", gzipped(std::string(20'000'000, '0')));
  ASSERT_LT(std::filesystem::file_size(path), 200'000u);
  ByteStream stream(path);
  std::string block(1000, '\0');

  EXPECT_EQ(stream.read(block), 1000);

  EXPECT_EQ(block, std::string(1000, '0'));
}

TEST(ByteStream, what_is_no_regular_file_is_refused) {
  const auto pipe = test_folder() / "pipe", nothing = test_folder() / "nothing";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);

  EXPECT_EQ(refusal([&] { ByteStream stream(nothing); }), in_file(nothing, "No such file or directory"));
  EXPECT_EQ(refusal([&] { ByteStream stream(pipe); }), in_file(pipe, "not a regular file"));
  EXPECT_EQ(refusal([&] { ByteStream stream(test_folder()); }), in_file(test_folder(), "not a regular file"));
}

}  // namespace
}  // namespace plateau::byte_stream_test
