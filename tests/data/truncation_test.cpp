// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Damaged files: cut at every length, and with single bits turned over. A cut file is refused; a bit that is over is
// refused or makes another legal file, and no reader ever fails in another way. Run under the sanitizers.
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "files.hpp"
#include "plateau/data/dataset.hpp"
#include "plateau/data/embeddings.hpp"
#include "plateau/data/idx.hpp"
#include "plateau/data/linear_stack.hpp"
#include "plateau/data/model_file.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/safetensors.hpp"

namespace plateau::truncation_test {
namespace {

using namespace testing_files;

constexpr std::size_t kDataStride = 7;  // of the bytes after the header every seventh is damaged

struct Format {
  std::string bytes;
  std::size_t header_bytes;
  std::function<void(const std::filesystem::path&)> read;
};

Format features() {
  const std::vector<float> values{1, -2, 3.5f, 4, 1e-40f, 6};
  const auto path = test_folder() / "whole";
  write_npy_features(path, {values.data(), 2, 3, 3});
  return {get(path), 128, [](const auto& file) { read_npy_features(file); }};
}

Format labels() {
  const std::vector<std::int32_t> values{0, 1, 2, 1, 0};
  const auto path = test_folder() / "whole";
  write_npy_labels(path, {values.data(), 5});
  return {get(path), 128, [](const auto& file) { read_npy_labels(file); }};
}

Format rows() {  // the features, read as half of a pair
  const auto y = test_folder() / "y.npy";
  const std::vector<std::int32_t> values{0, 1};
  write_npy_labels(y, {values.data(), 2});
  return {features().bytes, 128, [y](const auto& file) { read_npy_pair(file.string() + ":" + y.string()); }};
}

Format model(std::function<void(const std::filesystem::path&)> read) {
  const auto path = test_folder() / "whole";
  write_linear_stack(path, {{2, 3, 2}, std::vector<float>(3 * 2 + 3 + 2 * 3 + 2, 0.5f)});
  const std::string bytes = get(path);
  return {bytes, bytes.size() - 17 * sizeof(float), std::move(read)};
}

Format described_model() {
  const auto path = test_folder() / "whole";
  write_model_file(path, {{{1, 2}, {1, 2, 3, 4}}, {"cat", "dog"}, {"age"}, {0.5f}, {2}});
  const std::string bytes = get(path);
  return {bytes, bytes.size() - 4 * sizeof(float), [](const auto& file) { read_model_file(file); }};
}

Format typed_tensors() {
  const auto path = test_folder() / "whole";
  const std::vector<double> history{0.5, NAN};
  const std::vector<std::uint32_t> words{7};
  write_model_file(
      path, {{{1, 2}, {1, 2, 3, 4}}, {}, {}, {}, {}},
      {.tensors = {{"plateau.h", {2}, std::span(history)}, {"plateau.w", {}, std::span(words)}}, .metadata = {}});
  const std::string bytes = get(path);
  return {bytes, bytes.size() - 36, [](const auto& file) { read_typed_tensor_file(file); }};
}

Format embeddings() {
  const std::string header =
      "{\"x\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[2,10]},"
      "\"y\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}";
  return {bytes_of<std::uint64_t>({header.size()}) + header + std::string(10, '\1'), 8 + header.size(),
          [](const auto& file) { read_embeddings(file.string()); }};
}

Format images() {
  const auto y = put("labels", std::string("\0\0\x08\1\0\0\0\2\1\0", 10));
  return {std::string("\0\0\x08\2\0\0\0\2\0\0\0\3", 12) + "pixels", 12,
          [y](const auto& file) { read_idx(file.string() + ":" + y.string()); }};
}

std::vector<Format> formats() {
  return {described_model(),
          typed_tensors(),
          embeddings(),
          images(),
          features(),
          labels(),
          rows(),
          model([](const auto& file) { read_safetensors(file); }),
          model([](const auto& file) { read_linear_stack(file); })};
}

TEST(DamagedFiles, are_whole_to_begin_with) {
  for (const Format& format : formats()) EXPECT_EQ(refusal([&] { format.read(put("file", format.bytes)); }), "");
}

TEST(DamagedFiles, cut_at_any_length_are_refused) {
  for (const Format& format : formats())
    for (std::size_t length = 0; length < format.bytes.size(); ++length) {
      const auto path = put("file", format.bytes.substr(0, length));
      EXPECT_EQ(refusal([&] { format.read(path); }).find(path.string() + ": "), 0u) << length;
    }
}

TEST(DamagedFiles, with_one_bit_over_are_read_or_refused) {
  int read = 0, refused = 0;
  for (const Format& format : formats())
    for (std::size_t at = 0; at < format.bytes.size(); at += at < format.header_bytes ? 1 : kDataStride)
      for (int bit = 0; bit < 8; ++bit) {
        std::string bytes = format.bytes;
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
        ++(refusal([&] { format.read(put("file", bytes)); }).empty() ? read : refused);
      }
  EXPECT_GT(read, 100);  // data bits, names
  EXPECT_GT(refused, 1000);
}

TEST(DamagedFiles, with_bytes_behind_their_end_are_refused) {
  for (const Format& format : formats())
    for (const std::size_t extra : {std::size_t{1}, std::size_t{4}, std::size_t{1000}})
      EXPECT_NE(refusal([&] { format.read(put("file", format.bytes + std::string(extra, '\0'))); }), "");
}

}  // namespace
}  // namespace plateau::truncation_test
