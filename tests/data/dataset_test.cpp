// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "files.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/safetensors.hpp"

namespace plateau::dataset_test {
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

using Texts = std::vector<std::string>;
using Labels = std::vector<std::int32_t>;

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
  EXPECT_TRUE(data.classes.numbered);
  EXPECT_EQ(data.classes.names, (Texts{"0", "1"}));
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

// ---- Files by their endings ----

TEST(ReadDataset, the_ending_says_how_a_file_is_read) {
  const Pair pair = written(2, 1, {1, 2}, {0, 1});
  EXPECT_EQ(read_dataset(pair.files()).rows(), 2);
  EXPECT_EQ(read_dataset(pair.files()).source, pair.files());
  for (const char* name : {"t.csv", "t.tsv", "T.TXT", "t.csv.gz", "a:b.csv"})
    EXPECT_EQ(read_dataset(put(name, "a,b,y\n1,2,0\n").string()).feature_names, (Texts{"a", "b"})) << name;

  EXPECT_EQ(refusal([&] { read_dataset("rows.parquet"); }),
            "'rows.parquet' is no file of rows that is read: tables .csv, .tsv and .txt, each also as .gz, pairs "
            "X.npy:y.npy, .npz archives, .safetensors with an optional :y.npy, and pairs of IDX files "
            "images-ubyte:labels-ubyte are");
  EXPECT_EQ(refusal([&] { read_dataset(pair.x.string()); }),
            "'" + pair.x.string() + "' is not a pair of NPY files; the form is X.npy:y.npy");
}

// Two rows of two columns in every format, with and without their labels.
TEST(ReadDataset, arrays_become_the_same_rows_whatever_holds_them) {
  const Pair pair = written(2, 2, {1, 2, 3, 4}, {2, 0});
  const std::vector<Tensor> tensors{{.name = "x", .shape = {2, 2}, .values = {1, 2, 3, 4}}};
  const auto embeddings = test_folder() / "e.safetensors";
  write_safetensors(embeddings, tensors);
  const auto images =
      put("i-idx3-ubyte", std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02\x01\x02\x03\x04", 20));
  const auto marks = put("l-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x02\x02\0", 10));
  const std::vector<std::string> labelled{pair.files(), embeddings.string() + ":" + pair.y.string(),
                                          images.string() + ":" + marks.string()};
  for (const std::string& files : labelled) {
    SCOPED_TRACE(files);
    for (const bool with_labels : {true, false}) {  // which are read wherever they are named
      const Dataset data = read_dataset(files, {.labelled = with_labels});
      EXPECT_EQ(data.source, files);
      EXPECT_EQ(data.columns, 2);
      EXPECT_EQ(std::vector<float>(data.x().data, data.x().data + 4), (std::vector<float>{1, 2, 3, 4}));
      EXPECT_EQ(data.labels, (std::vector<std::int32_t>{2, 0}));
      EXPECT_EQ(data.classes.classes(), 3);
    }
    EXPECT_EQ(refusal([&] { read_dataset(files, {.drop = {"a"}}); }),
              files + ": column 'a' is named, and only a table (.csv) has such columns");
  }
  for (const auto& file : {pair.x, embeddings, images}) {
    const Dataset data = read_dataset(file.string(), {.labelled = false});
    EXPECT_EQ(data.rows(), 2);
    EXPECT_FALSE(data.is_labelled());
  }
  const std::string archive = PLATEAU_TEST_DATA "/numpy/savez.npz";
  EXPECT_TRUE(read_dataset(archive).is_labelled());
  EXPECT_FALSE(read_dataset(archive, {.labelled = false}).is_labelled());
  EXPECT_NE(refusal([&] { read_dataset(archive, {.target = "nowhere"}); }).find("nowhere"), std::string::npos);
}

TEST(ReadDataset, options_reach_the_table) {
  const Dataset data = read_dataset(put("t.csv", "k,a,b\nu,1,2\nv,3,4\n").string(), {.target = "k", .drop = {"b"}});

  EXPECT_EQ(data.feature_names, Texts{"a"});
  EXPECT_EQ(data.classes.names, (Texts{"u", "v"}));
}

TEST(ReadDataset, features_alone_are_read_to_predict) {
  const Pair pair = written(2, 3, {1, 2, 3, 4, 5, 6}, {0, 1});

  const Dataset data = read_dataset(pair.x.string(), {.labelled = false});

  EXPECT_EQ(data.rows(), 2);
  EXPECT_EQ(data.columns, 3);
  EXPECT_FALSE(data.is_labelled());
  EXPECT_TRUE(read_dataset(pair.files(), {.labelled = false}).is_labelled());
  const Pair bad = written(1, 2, {1, NAN}, {0});
  EXPECT_EQ(refusal([&] { read_dataset(bad.x.string(), {.labelled = false}); }),
            in_file(bad.x, "row 0, column 1 holds nan; features are finite"));
}

TEST(ReadDataset, columns_of_a_file_that_has_none_by_name_are_refused) {
  const std::string files = written(1, 1, {1}, {0}).files();
  for (const ReadOptions& options : {ReadOptions{.target = "y"}, ReadOptions{.drop = {"y"}}, ReadOptions{.group = "y"}})
    EXPECT_EQ(refusal([&] { read_dataset(files, options); }),
              files + ": column 'y' is named, and only a table (.csv) has such columns");
}

// ---- Two files of the same meaning ----

Dataset table(const std::string& text, const std::string& name = "t.csv") {
  return read_dataset(put(name, text).string());
}

std::vector<float> values_of(const Dataset& data) {
  const HostSpan<const float> all = data.values.view();
  return {all.begin(), all.end()};
}

// What reconciling is refused with, and that the data are as they were.
std::string reconcile_refusal(Dataset& data, const Dataset& training) {
  const Labels labels = data.labels;
  const Texts names = data.feature_names;
  const std::vector<float> values = values_of(data);
  const std::string sentence = refusal([&] { reconcile(data, schema_of(training)); });
  EXPECT_EQ(data.labels, labels);
  EXPECT_EQ(data.feature_names, names);
  EXPECT_EQ(values_of(data), values);
  return sentence;
}

TEST(Reconcile, classes_meet_by_name) {
  const Dataset training = table("a,y\n1,cat\n1,dog\n1,eel\n");
  Dataset test = table("a,y\n1,eel\n1,dog\n1,eel\n");
  ASSERT_EQ(test.labels, (Labels{1, 0, 1}));

  reconcile(test, schema_of(training));

  EXPECT_EQ(test.labels, (Labels{2, 1, 2}));
  EXPECT_EQ(test.classes.names, training.classes.names);
}

TEST(Reconcile, a_class_that_training_does_not_have_names_its_row) {
  const Dataset training = table("a,y\n1,cat\n1,dog\n", "train.csv");
  Dataset test = table("a,y\n1,dog\n1,ant\n", "test.csv");

  EXPECT_EQ(reconcile_refusal(test, training), test.source + ": row 1 holds class 'ant', which " + training.source +
                                                   " does not have; its classes are 'cat', 'dog'");
}

TEST(Reconcile, numbered_classes_keep_their_ids_and_the_larger_number_counts) {
  const Dataset training = read_npy_pair(written(3, 1, {1, 2, 3}, {0, 2, 1}).files());
  Dataset fewer = read_npy_pair(written(1, 1, {1}, {1}).files());
  Dataset more = read_npy_pair(written(2, 1, {1, 2}, {4, 0}).files());
  Dataset some = table("y,0\n1,4\n1,2\n");  // not numbered by themselves
  ASSERT_FALSE(some.classes.numbered);

  reconcile(fewer, schema_of(training));
  reconcile(more, schema_of(training));
  reconcile(some, schema_of(training));

  EXPECT_EQ(fewer.labels, Labels{1});
  EXPECT_EQ(fewer.classes.names, (Texts{"0", "1", "2"}));
  EXPECT_EQ(more.labels, (Labels{4, 0}));
  EXPECT_EQ(more.classes.names, (Texts{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(some.labels, (Labels{4, 2}));
  EXPECT_TRUE(some.classes.numbered);
}

TEST(Reconcile, numbers_are_no_names_and_names_no_numbers) {
  const Dataset numbers = read_npy_pair(written(2, 1, {1, 2}, {0, 1}).files()), names = table("1,cat\n1,dog\n");
  Dataset test = table("1,cat\n1,0\n");
  EXPECT_NE(reconcile_refusal(test, numbers).find("row 0 holds class 'cat'"), std::string::npos);
  test = read_npy_pair(written(2, 1, {1, 2}, {0, 1}).files());
  EXPECT_NE(reconcile_refusal(test, names).find("row 0 holds class '0'"), std::string::npos);
  // Numbers with a gap are names: an id beyond them would be a class of its own.
  const Dataset gap = table("1,1\n1,3\n");
  test = table("1,3\n1,2\n");
  EXPECT_NE(reconcile_refusal(test, gap).find("row 1 holds class '2'"), std::string::npos);
}

TEST(Reconcile, columns_meet_by_name) {
  const Dataset training = table("a,b,c,y\n1,2,3,u\n");
  Dataset test = table("c,a,b,y\n3,1,2,u\n6,4,5,u\n");

  reconcile(test, schema_of(training));

  EXPECT_EQ(values_of(test), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(test.feature_names, training.feature_names);
}

TEST(Reconcile, columns_without_names_meet_by_place) {
  const Dataset named = table("a,b,y\n1,2,0\n"), bare = table("5,6,0\n");
  Dataset test = table("5,6,0\n");
  reconcile(test, schema_of(named));
  EXPECT_EQ(values_of(test), (std::vector<float>{5, 6}));
  test = table("b,a,y\n1,2,0\n");
  reconcile(test, schema_of(bare));
  EXPECT_EQ(values_of(test), (std::vector<float>{1, 2}));
}

TEST(Reconcile, columns_that_do_not_meet_are_refused) {
  const Dataset training = table("a,b,y\n1,2,0\n", "train.csv");
  Dataset test = table("a,c,y\n1,2,0\n", "test.csv");
  EXPECT_EQ(reconcile_refusal(test, training),
            test.source + " has no column 'b', which is a feature of " + training.source);
  test = table("c,b,a,y\n1,2,3,0\n", "test.csv");
  EXPECT_EQ(reconcile_refusal(test, training), test.source + " has a column 'c', which is no feature of " +
                                                   training.source + "; --drop 'c' leaves it out");
  test = table("1,2,3,0\n", "test.csv");
  EXPECT_EQ(reconcile_refusal(test, training), test.source + " has 3 features and " + training.source + " has 2");
}

TEST(Reconcile, rows_without_labels_get_the_classes) {
  const Dataset training = table("a,b,y\n1,2,u\n1,2,v\n");
  Dataset rows = read_dataset(put("rows.csv", "b,a\n2,1\n").string(), {.labelled = false});

  reconcile(rows, schema_of(training));

  EXPECT_EQ(values_of(rows), (std::vector<float>{1, 2}));
  EXPECT_FALSE(rows.is_labelled());
  EXPECT_EQ(rows.classes.names, (Texts{"u", "v"}));
}

// ---- Some of the rows ----

TEST(ScaleFeatures, scales_every_column_to_the_bit) {
  Dataset data = table("1,0.1,a\n-3,1e30,b\n");
  scale_features(data, {{.mean = 2, .factor = 0.5f}, {.mean = 0.3f, .factor = 1.0f / 3}});
  EXPECT_EQ(values_of(data), (std::vector<float>{-0.5f, (0.1f - 0.3f) * (1.0f / 3), -2.5f, 1e30f * (1.0f / 3)}));
  EXPECT_THROW(scale_features(data, {{}}), std::invalid_argument);
}

TEST(Checksum, is_of_shape_values_labels_and_groups) {
  const std::uint32_t whole = checksum(table("1,2,0\n3,4,1\n"));
  EXPECT_EQ(checksum(table("1,2,no\n3,4,yes\n", "other.csv")), whole);
  EXPECT_NE(checksum(table("1,2,1\n3,4,0\n")), whole);
  EXPECT_NE(checksum(table("1,2,0\n3,5,1\n")), whole);
  EXPECT_NE(checksum(table("1,2,3,4,0\n")), checksum(table("1,2,0\n3,4,0\n")));
  EXPECT_NE(checksum(table("0,0\n")), checksum(table("-0.0,0\n")));
  // As another program counts it: python3 -c 'import zlib, struct; print(zlib.crc32(struct.pack("<qq2fi", 1, 2, 1, 2,
  // 0)))'
  EXPECT_EQ(checksum(table("1,2,0\n")), 74818099u);
  EXPECT_NE(checksum(Dataset{}), 0u);
  EXPECT_EQ(checksum_without_groups(table("1,2,0\n")), 74818099u);
  const auto of_groups = [](const char* text) {
    return checksum(read_dataset(put("g.csv", text).string(), {.group = "g"}));
  };
  EXPECT_EQ(of_groups("a,g,y\n1,p,u\n2,q,v\n3,p,u\n"), of_groups("a,g,y\n1,r,u\n2,s,v\n3,r,u\n"));
  EXPECT_NE(of_groups("a,g,y\n1,p,u\n2,q,v\n3,p,u\n"), of_groups("a,g,y\n1,p,u\n2,q,v\n3,q,u\n"));
}

TEST(TextChecksum, is_of_the_rows_of_a_table_whatever_is_read_of_them) {
  const auto of = [](const std::string& text, const std::vector<std::string>& drop = {},
                     const std::vector<std::int32_t>& rows = {0, 1}) {
    const Dataset data = read_dataset(put("t.csv", text).string(), {.drop = drop, .row_checksums = true});
    return text_checksum(take_rows(data, {rows.data(), static_cast<Index>(rows.size())}));
  };
  const std::string text = "a,b,y\n1,2,u\n3,4,v\n";
  const std::uint32_t whole = of(text).value();
  // As another program counts it: python3 -c 'import zlib, struct; print(zlib.crc32(struct.pack("<q2I", 2,
  // zlib.crc32(b"1,2,u"), zlib.crc32(b"3,4,v"))))'
  EXPECT_EQ(whole, 2100483016u);
  EXPECT_EQ(of(text, {"a"}), whole);
  EXPECT_EQ(of("a,b,y\r\n1,2,u\r\n3,4,v"), whole);
  EXPECT_EQ(of("a,b,y\n5,6,u\n1,2,u\n3,4,v\n", {"b"}, {1, 2}), whole);  // drawn from a larger table
  EXPECT_NE(of(text, {}, {1, 0}), whole);
  EXPECT_NE(of(text, {}, {0}), whole);
  EXPECT_NE(of("a,b,y\n1,2,u\n3,5,v\n", {"b"}), whole);
  EXPECT_FALSE(text_checksum(table("1,2,u\n")).has_value());  // it was not asked for
}

TEST(TakeRows, takes_all_that_is_known_of_a_row) {
  const Dataset data = read_dataset(put("t.csv", "a,g,b,y\n1,p,2,u\n3,q,4,v\n5,p,6,u\n").string(), {.group = "g"});
  const Labels rows{2, 1, 2};

  const Dataset taken = take_rows(data, {rows.data(), 3});

  EXPECT_EQ(taken.rows(), 3);
  EXPECT_EQ(values_of(taken), (std::vector<float>{5, 6, 3, 4, 5, 6}));
  EXPECT_EQ(taken.labels, (Labels{0, 1, 0}));
  EXPECT_EQ(taken.groups, (Labels{0, 1, 0}));
  EXPECT_EQ(taken.classes.names, data.classes.names);
  EXPECT_EQ(taken.feature_names, data.feature_names);
  EXPECT_EQ(taken.source, data.source);
}

TEST(TakeRows, a_row_that_is_not_there_throws) {
  const Dataset data = table("1,0\n2,1\n");
  for (const std::int32_t row : {-1, 2}) EXPECT_THROW(take_rows(data, {&row, 1}), std::invalid_argument);
  EXPECT_EQ(take_rows(data, {}).rows(), 0);
}

}  // namespace
}  // namespace plateau::dataset_test
