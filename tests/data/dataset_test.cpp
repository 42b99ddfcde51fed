// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/dataset.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "files.hpp"
#include "plateau/data/npy.hpp"

namespace plateau {
namespace {

using namespace testing_files;

struct Pair {
  std::filesystem::path x, y;
  std::string files() const { return x.string() + ":" + y.string(); }
};

Pair written(Index rows, Index cols, std::vector<float> values, std::vector<std::int32_t> labels) {
  const Pair pair{test_folder() / "x.npy", test_folder() / "y.npy"};
  write_npy_features(pair.x, {values.data(), rows, cols, cols});
  write_npy_labels(pair.y, {labels.data(), static_cast<Index>(labels.size())});
  return pair;
}

std::string pair_refusal(const std::string& files) {
  return refusal([&] { read_npy_pair(files); });
}

TEST(Dataset, a_pair_is_read_into_rows_and_labels) {
  const Dataset data = read_npy_pair(written(2, 3, {1, 2, 3, 4, 5, 6}, {1, 0}).files());

  EXPECT_EQ(data.rows(), 2);
  EXPECT_EQ(data.features(), 3);
  EXPECT_EQ(data.x().rows, 2);
  EXPECT_EQ(data.x().cols, 3);
  EXPECT_EQ(data.x().row(1)[2], 6);
  EXPECT_EQ(data.label().size, 2);
  EXPECT_EQ(data.label()[0], 1);
}

TEST(Dataset, a_pair_that_numpy_wrote_is_read) {
  const auto folder = parity_case("adam_l2_6_24_2");

  const Dataset data = read_npy_pair((folder / "test_x.npy").string() + ":" + (folder / "test_y.npy").string());

  EXPECT_EQ(data.rows(), 100);
  EXPECT_EQ(data.features(), 6);
}

TEST(Dataset, an_argument_that_is_no_pair_is_told_the_form) {
  for (const std::string files : {"", "x.npy", ":", "x.npy:", ":y.npy", "x.npy:y.npy:z.npy", "::"})
    EXPECT_EQ(pair_refusal(files), "'" + files + "' is not a pair of NPY files; the form is X.npy:y.npy");
}

TEST(Dataset, both_files_and_counts_are_named_where_they_differ) {
  const Pair pair = written(2, 1, {1, 2}, {0, 1, 0});

  EXPECT_EQ(pair_refusal(pair.files()), pair.x.string() + " has 2 rows, but " + pair.y.string() + " has 3 labels");
}

TEST(Dataset, a_pair_without_rows_or_without_columns_is_refused) {
  const Pair no_rows = written(0, 3, {}, {});
  EXPECT_EQ(pair_refusal(no_rows.files()), in_file(no_rows.x, "the array has no rows"));

  const Pair no_columns = written(2, 0, {}, {0, 1});
  EXPECT_EQ(pair_refusal(no_columns.files()), in_file(no_columns.x, "the array has no columns"));
}

TEST(Dataset, a_feature_that_is_not_finite_names_its_row_and_column) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::pair<float, const char*> cases[] = {{nan, "nan"}, {-nan, "nan"}, {INFINITY, "inf"}, {-INFINITY, "-inf"}};
  for (const auto& [value, shown] : cases) {
    const Pair pair = written(2, 3, {1, 2, 3, 4, value, 6}, {0, 1});

    EXPECT_EQ(pair_refusal(pair.files()),
              in_file(pair.x, std::string("row 1, column 1 holds ") + shown + "; features are finite"));
  }
}

TEST(Dataset, labels_beyond_the_most_classes_name_their_row) {
  EXPECT_EQ(read_npy_pair(written(2, 1, {1, 2}, {0, 1023}).files()).label()[1], 1023);

  const Pair pair = written(2, 1, {1, 2}, {0, 1024});
  EXPECT_EQ(pair_refusal(pair.files()), in_file(pair.y, "row 1 holds label 1024; labels are 0 to 1023"));
}

TEST(Dataset, a_negative_label_names_its_row) {
  const Pair pair = written(2, 1, {1, 2}, {0, -1});

  EXPECT_EQ(pair_refusal(pair.files()), in_file(pair.y, "row 1 holds label -1; labels are 0, 1, 2, ..."));
}

}  // namespace
}  // namespace plateau
