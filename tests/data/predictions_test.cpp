// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/predictions.hpp"

#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "files.hpp"
#include "plateau/data/csv.hpp"
#include "plateau/data/npy.hpp"

namespace plateau::predictions_test {
namespace {

using namespace testing_files;

using Texts = std::vector<std::string>;

struct Rows {
  std::vector<std::int32_t> predicted;
  std::vector<float> probability;  // [rows, classes]

  void add_to(PredictionWriter& writer, Index first, Index rows) const {
    const Index classes = static_cast<Index>(probability.size() / predicted.size());
    writer.add({predicted.data() + first, rows}, {probability.data() + first * classes, rows, classes, classes});
  }
};

const Rows kRows{{1, 0, 1}, {0.25f, 0.75f, 1.0f, 0.0f, 1.0f / 3, 1e-38f}};

// What is written of kRows in blocks of two rows and one.
std::string written(const std::string& name, const Texts& classes, PredictionColumns columns) {
  const auto path = test_folder() / name;
  {
    const auto writer = write_predictions(path, classes, columns);
    kRows.add_to(*writer, 0, 2);
    kRows.add_to(*writer, 2, 1);
    EXPECT_FALSE(std::filesystem::exists(path));
    writer->commit();
  }
  const std::string bytes = get(path);
  std::filesystem::remove(path);
  return bytes;
}

TEST(Predictions, a_table_has_a_class_and_the_probabilities_of_a_row_in_every_line) {
  EXPECT_EQ(written("p.csv", {"cat", "dog"}, PredictionColumns::class_and_probabilities),
            "class,p(cat),p(dog)\ndog,0.25,0.75\ncat,1,0\ndog,0.33333334,1e-38\n");
  EXPECT_EQ(written("P.CSV", {"cat", "dog"}, PredictionColumns::class_alone), "class\ndog\ncat\ndog\n");
}

TEST(Predictions, names_are_quoted_where_they_have_to_be) {
  const Texts names{"a,b", "say \"x\"", "two\nlines", "a;b;c", "\ttab", " space", "space ", "", "p(x)", "caf\xc3\xa9"};
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < names.size(); ++i) ids.push_back(static_cast<std::int32_t>(i));
  const std::vector<float> probability(names.size() * names.size(), 0.5f);
  std::string text;
  const auto writer = write_prediction_text(names, PredictionColumns::class_and_probabilities,
                                            [&](std::string_view piece) { text += piece; });

  Rows{ids, probability}.add_to(*writer, 0, static_cast<Index>(ids.size()));

  EXPECT_EQ(text.substr(0, 65), "class,\"p(a,b)\",\"p(say \"\"x\"\")\",\"p(two\nlines)\",\"p(a;b;c)\",\"p(\ttab)\"");
  EXPECT_NE(text.find("\n\"a,b\",0.5,"), std::string::npos);
  EXPECT_NE(text.find("\n\"\",0.5,"), std::string::npos);
  EXPECT_NE(text.find("\np(x),0.5,"), std::string::npos);
  // Read again, all but the empty name, which is no class there.
  const auto again = put("p.csv", text.erase(text.find("\n\"\",") + 1, text.find("\np(x)") - text.find("\n\"\",")));
  const Dataset data = read_csv(again, {.target = "class"});
  EXPECT_EQ(data.feature_names[0], "p(a,b)");
  EXPECT_EQ(data.feature_names[4], "p(\ttab)");
  Texts read;
  for (const std::int32_t id : data.labels) read.push_back(data.classes.names[static_cast<std::size_t>(id)]);
  Texts expected = names;
  expected.erase(expected.begin() + 7);
  EXPECT_EQ(read, expected);
}

TEST(Predictions, an_array_has_the_probabilities_or_the_ids_of_all_blocks) {
  const auto x = put("x.npy", written("p.npy", {"cat", "dog"}, PredictionColumns::class_and_probabilities));
  const auto y = put("y.npy", written("p.npy", {"cat", "dog"}, PredictionColumns::class_alone));

  const NpyMatrix probability = read_npy_features(x);
  EXPECT_EQ(probability.rows, 3);
  EXPECT_EQ(probability.cols, 2);
  EXPECT_EQ(std::vector<float>(probability.view().data, probability.view().data + 6), kRows.probability);
  EXPECT_EQ(read_npy_labels(y), kRows.predicted);
  // The bytes are those of an array whose rows were known before.
  write_npy_labels(test_folder() / "whole.npy", {kRows.predicted.data(), 3});
  EXPECT_EQ(get(y), get(test_folder() / "whole.npy"));
}

TEST(Predictions, many_rows_are_written_in_pieces_and_read_back_as_the_same_floats) {
  Rows rows;
  std::string text;
  std::size_t longest = 0;
  for (int i = 0; i < 20'000; ++i) {
    rows.predicted.push_back(i % 2);
    const float share = 1.0f / static_cast<float>(i + 1);
    rows.probability.insert(rows.probability.end(), {1 - share, share});
  }
  const auto writer =
      write_prediction_text({"0", "1"}, PredictionColumns::class_and_probabilities, [&](std::string_view piece) {
        text += piece;
        longest = std::max(longest, piece.size());
      });

  rows.add_to(*writer, 0, 20'000);

  EXPECT_LT(longest, 100'000u);
  const Dataset data = read_csv(put("p.csv", text), {.target = "class"});
  EXPECT_EQ(data.labels, rows.predicted);
  EXPECT_EQ(std::vector<float>(data.values.view().begin(), data.values.view().end()), rows.probability);
}

TEST(Predictions, what_is_not_committed_leaves_no_trace) {
  for (const char* name : {"p.csv", "p.npy"}) {
    const auto path = put(name, "old");
    { kRows.add_to(*write_predictions(path, {"a", "b"}, PredictionColumns::class_and_probabilities), 0, 3); }
    EXPECT_EQ(get(path), "old");
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(test_folder()), {}), 2);
}

TEST(Predictions, other_endings_and_places_that_cannot_be_written_are_refused) {
  const auto refused = [](const std::filesystem::path& path) {
    return refusal([&] { write_predictions(path, {"a"}, PredictionColumns::class_alone); });
  };
  const auto text = test_folder() / "p.txt", nowhere = test_folder() / "nowhere" / "p.npy";
  EXPECT_EQ(refused(text), in_file(text, "predictions are written to a .csv or an .npy file"));
  EXPECT_EQ(refused(nowhere), in_file(nowhere, "cannot be written: No such file or directory"));
}

TEST(Predictions, ids_and_shapes_that_do_not_fit_are_a_callers_mistake) {
  for (const char* name : {"p.csv", "p.npy"}) {
    const auto writer = write_predictions(test_folder() / name, {"a", "b"}, PredictionColumns::class_and_probabilities);
    for (const std::int32_t id : {-1, 2})
      EXPECT_THROW(Rows({{id}, {0.5f, 0.5f}}).add_to(*writer, 0, 1), std::invalid_argument);
    EXPECT_THROW(Rows({{0}, {1.0f}}).add_to(*writer, 0, 1), std::invalid_argument);
    EXPECT_THROW(writer->add({kRows.predicted.data(), 3}, {}), std::invalid_argument);
  }
}

}  // namespace
}  // namespace plateau::predictions_test
