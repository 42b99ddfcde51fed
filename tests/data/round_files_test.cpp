// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/round_files.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "files.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/predictions.hpp"

namespace plateau {
namespace {

using namespace testing_files;

using Texts = std::vector<std::string>;
using Ids = std::vector<std::int32_t>;

RoundLog log_of(const std::string& text) { return read_round_log(put("rounds.csv", text)); }
std::string log_refusal(const std::string& text) {
  const std::string sentence = refusal([&] { log_of(text); }), file = (test_folder() / "rounds.csv").string() + ": ";
  EXPECT_EQ(sentence.find(file), 0u) << sentence;
  return sentence.empty() ? "" : sentence.substr(file.size());
}

TEST(RoundLog, has_its_columns_by_name) {
  const RoundLog log = log_of("note,Train_Loss,test_accuracy,round\nfirst,1.5,0.62,3\n,,0.6350,4\n");
  ASSERT_EQ(log.rounds.size(), 2u);
  EXPECT_EQ(log.rounds[0].number, 3);
  EXPECT_EQ(log.rounds[0].test_accuracy, 0.62);
  EXPECT_EQ(log.rounds[0].train_loss, 1.5);
  EXPECT_FALSE(log.rounds[0].train_accuracy);
  EXPECT_FALSE(log.rounds[1].train_loss);
  EXPECT_EQ(log.decimals, 4);
  EXPECT_FALSE(log.in_percent);
  EXPECT_EQ(log.accuracy_column, "test_accuracy");
}

TEST(RoundLog, of_keras_is_told_from_train_figures) {
  const RoundLog log = log_of("epoch,accuracy,loss,val_accuracy,val_loss\n0,0.9,0.3,0.7,0.8\n1,0.95,0.2,0.71,0.9\n");
  EXPECT_EQ(log.accuracy_column, "val_accuracy");
  for (const std::string name : {"val_acc", "test_acc", "valid_acc", "valid_accuracy", "eval_accuracy"})
    EXPECT_EQ(log_of("epoch,acc," + name + "\n0,0.9,0.7\n1,0.95,0.71\n").accuracy_column, name);
  EXPECT_EQ(log.rounds[0].number, 0);
  EXPECT_EQ(log.rounds[1].test_accuracy, 0.71);
  EXPECT_EQ(log.rounds[1].train_accuracy, 0.95);
  EXPECT_EQ(log.rounds[1].train_loss, 0.2);
  EXPECT_EQ(log.rounds[1].test_loss, 0.9);
}

TEST(RoundLog, without_numbers_counts_its_lines) {
  const RoundLog log = log_of("acc\n0.5\n0.75\n");
  EXPECT_EQ(log.rounds[0].number, 1);
  EXPECT_EQ(log.rounds[1].number, 2);
  EXPECT_EQ(log.rounds[1].test_accuracy, 0.75);
}

TEST(RoundLog, in_percent_becomes_shares) {
  const RoundLog log = log_of("round,test_accuracy,train_accuracy\n1,0,20\n2,81.25,100\n");
  EXPECT_TRUE(log.in_percent);
  EXPECT_EQ(log.decimals, 4);
  EXPECT_EQ(log.rounds[0].test_accuracy, 0);
  EXPECT_EQ(log.rounds[1].test_accuracy, 0.8125);
  EXPECT_EQ(log.rounds[1].train_accuracy, 1);
  EXPECT_EQ(log_refusal("round,test_accuracy\n1,0.93\n2,93.5\n"),
            "line 3: column 'test_accuracy' holds '93.5', and in line 2 column 'test_accuracy' holds '0.93'; "
            "accuracies are all shares up to 1 or all percentages");
  EXPECT_NE(log_refusal("round,acc,train_accuracy\n1,0.93,93\n2,0.94,94\n").find("all shares up to 1 or all"),
            std::string::npos);
}

TEST(RoundLog, is_refused_by_line_and_column) {
  const std::string header = "round,test_accuracy,train_loss\n";
  const auto after = [&](const std::string& lines) { return log_refusal(header + lines); };
  EXPECT_EQ(after("1,0.5,1\n1,0.5,1\n"),
            "line 3: round 1 is there twice; rounds stand in their order, none is left out");
  EXPECT_EQ(after("1,0.5,1\n3,0.5,1\n"),
            "line 3: round 3 follows round 1; rounds stand in their order, none is left out");
  EXPECT_EQ(after("2,0.5,1\n1,0.5,1\n").substr(0, 31), "line 3: round 1 follows round 2");
  EXPECT_EQ(after("1,nan,1\n"), "line 2: column 'test_accuracy' holds 'nan', which is no finite number");
  EXPECT_EQ(after("1,good,1\n"), "line 2: column 'test_accuracy' holds 'good', which is no finite number");
  EXPECT_EQ(after("1,,1\n"), "line 2: column 'test_accuracy' has no value");
  EXPECT_EQ(after("1,0.5,inf\n"), "line 2: column 'train_loss' holds 'inf', which is no finite number");
  EXPECT_EQ(after("1,-0.5,1\n"),
            "line 2: column 'test_accuracy' holds '-0.5'; an accuracy lies in [0, 1], or in percent in [0, 100]");
  EXPECT_EQ(after("1,101,1\n").substr(0, 43), "line 2: column 'test_accuracy' holds '101';");
  EXPECT_EQ(after("one,0.5,1\n"), "line 2: column 'round' holds 'one'; rounds have whole numbers, from 0 or 1 on");
  EXPECT_EQ(after("1,0.5,1\n"), "there is one round; at least two are needed to see a change");
  EXPECT_EQ(after(""), "there is no round; at least two are needed to see a change");
  EXPECT_EQ(after("1,0.5\n"), "line 2: the row has 2 fields, the first line has 3");
  EXPECT_EQ(log_refusal("round,loss\n1,0.5\n"),
            "there is no column of test accuracies, named test_accuracy, val_accuracy, eval_accuracy, accuracy or "
            "acc; its columns are 'round', 'loss'");
  EXPECT_EQ(log_refusal("acc,ACC\n1,0.5\n"), "line 1: two columns are named 'acc'");
  EXPECT_EQ(log_refusal("epoch,accuracy,val_top_5_accuracy\n1,0.5,0.6\n2,0.6,0.6\n"),
            "'val_top_5_accuracy' looks like the test accuracy beside 'accuracy'; name the one that is meant "
            "test_accuracy");
}

TEST(FilesByNumber, come_in_the_order_of_numbers) {
  for (const char* name : {"run7_round_10.csv", "run7_round_2.csv", "run7_round_9.CSV", "notes.txt", ".round_3.csv"})
    put(name, "x");
  Texts names;
  for (const auto& file : files_by_number(test_folder(), {".csv", ".npy"})) names.push_back(file.filename().string());
  EXPECT_EQ(names, (Texts{"run7_round_2.csv", "run7_round_9.CSV", "run7_round_10.csv"}));

  const auto refused = [](const std::filesystem::path& folder, const std::string& ending) {
    return refusal([&] { files_by_number(folder, {ending}); });
  };
  EXPECT_EQ(refused(test_folder(), ".npy"), in_file(test_folder(), "there is no file that ends in .npy"));
  EXPECT_EQ(
      refused(test_folder(), ".txt"),
      in_file(test_folder() / "notes.txt", "the name has no number that could be that of a round, as in round_2.txt"));
  put("a02.csv", "x");
  EXPECT_EQ(
      refused(test_folder(), ".csv"),
      in_file(test_folder(),
              "'a02.csv' and 'run7_round_2.csv' have both the number 2, so the order of the rounds is not known"));
  EXPECT_NE(refused(test_folder() / "nowhere", ".csv"), "");
}

TEST(TestLabels, are_read_whatever_else_a_table_holds) {
  const auto ids_and_names = [](const std::string& text, const ReadOptions& options = {}) {
    const Dataset data = read_test_labels(put("t.csv", text).string(), options);
    EXPECT_EQ(data.rows(), static_cast<Index>(data.labels.size()));
    return std::pair(data.labels, data.classes.names);
  };
  const std::pair expected(Ids{1, 0, 1}, Texts{"cat", "dog"});
  EXPECT_EQ(ids_and_names("text,label\nhello,dog\n\"it, too\",cat\n,dog\n"), expected);
  EXPECT_EQ(ids_and_names("label;text\ndog;a\ncat;b\ndog;\n", {.target = "label"}), expected);
  EXPECT_EQ(ids_and_names("dog,a\ncat,b\ndog,c\n", {.target = "0"}), expected);
  EXPECT_EQ(ids_and_names("dog\ncat\ndog\n"), expected);
  EXPECT_EQ(ids_and_names("dog\ncat\n", {.header = Header::absent}), std::pair(Ids({1, 0}), Texts{"cat", "dog"}));
  EXPECT_EQ(ids_and_names("dog\ndog\ncat\n", {.header = Header::present}), std::pair(Ids({1, 0}), Texts{"cat", "dog"}));
  EXPECT_EQ(ids_and_names("y\n10\n9.0\n10\n"), std::pair(Ids({1, 0, 1}), Texts{"9", "10"}));

  const Ids ids{2, 0};
  write_npy_labels(test_folder() / "y.npy", {ids.data(), 2});
  const Dataset numbers = read_test_labels((test_folder() / "y.npy").string());
  EXPECT_EQ(numbers.labels, ids);
  EXPECT_EQ(numbers.classes.names, (Texts{"0", "1", "2"}));
  EXPECT_TRUE(numbers.classes.numbered);
}

TEST(TestLabels, are_refused_by_line) {
  const auto refused = [](const std::string& text, const ReadOptions& options = {}) {
    const auto path = put("t.csv", text);
    const std::string sentence = refusal([&] { read_test_labels(path.string(), options); });
    EXPECT_EQ(sentence.find(path.string() + ": "), 0u) << sentence;
    return sentence.empty() ? "" : sentence.substr(path.string().size() + 2);
  };
  EXPECT_EQ(refused("a,b\n1,\n"), "line 2: the target has no class");
  EXPECT_EQ(refused("a,b\n"), "there are no labels");
  EXPECT_EQ(refused("a,b\n1,2\n", {.target = "kind"}), "there is no column 'kind'; the first line has 'a', 'b'");
  EXPECT_EQ(refused("a,b\n1,2\n", {.target = "2"}), "there is no column '2'; the first line has 'a', 'b'");
  EXPECT_NE(refusal([&] { read_test_labels("t.parquet"); }), "");
}

Dataset labels(const Texts& names, bool numbered, const Ids& ids) {
  Dataset data{.source = "t.csv", .columns = 1, .values = HostBuffer<float>(static_cast<Index>(ids.size()))};
  data.labels = ids;
  data.classes = {.names = names, .numbered = numbered};
  return data;
}

TEST(RoundPredictions, of_plateau_predict_are_read_with_their_outputs) {
  const Texts names{"cat", "a, \"b\""};
  const auto file = [&](const std::string& name, float sure, float of_first = 0.712345f) {
    const Ids predicted{0, 1};
    const std::vector<float> probability{of_first, 1 - of_first, 1 - sure, sure};
    auto writer = write_predictions(test_folder() / name, names, PredictionColumns::class_and_probabilities);
    writer->add({predicted.data(), 2}, {probability.data(), 2, 2, 2});
    writer->commit();
    return test_folder() / name;
  };
  const RoundPredictions given =
      read_round_predictions({file("1.csv", 0.75f), file("2.csv", 0.875f), file("3.csv", 0.75f)}, nullptr);
  EXPECT_EQ(given.classes.names, names);
  EXPECT_EQ(given.predicted, (std::vector<Ids>(3, Ids{0, 1})));
  ASSERT_EQ(given.outputs.size(), 3u);
  EXPECT_NE(given.outputs[0], given.outputs[1]);
  EXPECT_EQ(given.outputs[0], given.outputs[2]);
  // What is saturated or rounded would not show that the network moved.
  EXPECT_TRUE(read_round_predictions({file("1.csv", 1, 1), file("2.csv", 1, 1)}, nullptr).outputs.empty());
  EXPECT_TRUE(read_round_predictions({put("1.csv", "class,p(0),p(1)\n0,0.75,0.25\n")}, nullptr).outputs.empty());
  const std::vector<float> saturated{1, 0, 0, 1, 0.5f, 0.25f};
  write_npy_features(test_folder() / "1.npy", {saturated.data(), 3, 2, 2});
  EXPECT_TRUE(read_round_predictions({test_folder() / "1.npy"}, nullptr).outputs.empty());
}

TEST(RoundPredictions, are_classes_by_name) {
  const Dataset truth = labels({"cat", "dog"}, false, {0, 1, 1});
  const auto one = put("1.csv", "dog\ncat\ncat\n");
  const auto two = put("2.csv", "row,Prediction\n0,dog\n1,\"fox\"\n2,cat\n");
  const RoundPredictions given = read_round_predictions({one, two}, &truth);
  EXPECT_EQ(given.classes.names, (Texts{"cat", "dog", "fox"}));
  EXPECT_EQ(given.predicted, (std::vector<Ids>{{1, 0, 0}, {1, 2, 0}}));
  EXPECT_TRUE(given.outputs.empty());
  EXPECT_FALSE(given.by_id);
  EXPECT_EQ(read_round_predictions({one}, nullptr).classes.names, (Texts{"dog", "cat"}));
}

TEST(RoundPredictions, are_numbers_by_name_or_by_id) {
  const auto numbers = put("1.csv", "class\n0\n1.0\n+1\n");
  const Dataset animals = labels({"cat", "dog"}, false, {0, 1, 1}), digits = labels({"0", "1"}, true, {0, 1, 1}),
                years = labels({"1", "5"}, false, {0, 1, 1});
  const RoundPredictions by_id = read_round_predictions({numbers}, &animals);
  EXPECT_TRUE(by_id.by_id);
  EXPECT_EQ(by_id.predicted, (std::vector<Ids>{{0, 1, 1}}));
  EXPECT_EQ(by_id.classes.names, (Texts{"cat", "dog"}));
  EXPECT_FALSE(read_round_predictions({numbers}, &digits).by_id);
  EXPECT_EQ(read_round_predictions({put("2.csv", "5\n1\n5\n")}, &years).predicted, (std::vector<Ids>{{1, 0, 1}}));
  EXPECT_EQ(read_round_predictions({put("2.csv", "1\n1\n1\n")}, &years).predicted, (std::vector<Ids>{{0, 0, 0}}));
  EXPECT_EQ(read_round_predictions({put("3.csv", "0\n2\n0\n")}, &animals).classes.names,
            (Texts{"cat", "dog", "0", "2"}));
  const Ids ids{1, 0, 1};
  write_npy_labels(test_folder() / "4.npy", {ids.data(), 3});
  EXPECT_EQ(read_round_predictions({test_folder() / "4.npy"}, &animals).predicted, (std::vector<Ids>{ids}));
}

TEST(RoundPredictions, are_the_largest_outputs) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> first{0.1f, 0.9f, 2, -1, nan, 1}, moved{0.1f, 0.8f, 2, -1, nan, 1};
  const auto file = [](const std::string& name, const std::vector<float>& outputs) {
    write_npy_features(test_folder() / name, {outputs.data(), 3, 2, 2});
    return test_folder() / name;
  };
  const RoundPredictions given =
      read_round_predictions({file("1.npy", first), file("2.npy", moved), file("3.npy", first)}, nullptr);
  EXPECT_EQ(given.predicted, (std::vector<Ids>{{1, 0, -1}, {1, 0, -1}, {1, 0, -1}}));
  ASSERT_EQ(given.outputs.size(), 3u);
  EXPECT_NE(given.outputs[0], given.outputs[1]);
  EXPECT_EQ(given.outputs[0], given.outputs[2]);
  EXPECT_TRUE(read_round_predictions({test_folder() / "1.npy", put("4.csv", "0\n1\n0\n")}, nullptr).outputs.empty());

  const Dataset animals = labels({"cat", "dog", "fox"}, false, {0, 1, 2});
  EXPECT_EQ(refusal([&] { read_round_predictions({test_folder() / "1.npy"}, &animals); }),
            in_file(test_folder() / "1.npy",
                    "it has outputs of 2 classes, and t.csv has 3 with names; which are which is not known"));
}

TEST(RoundPredictions, are_refused_by_file) {
  const Dataset animals = labels({"cat", "dog"}, false, {0, 1});
  const auto refused = [&](const std::filesystem::path& file) {
    const std::string sentence = refusal([&] { read_round_predictions({file}, &animals); });
    EXPECT_EQ(sentence.find(file.string() + ": "), 0u) << sentence;
    return sentence.empty() ? "" : sentence.substr(file.string().size() + 2);
  };
  EXPECT_EQ(refused(put("1.csv", "guess\ncat\ndog\n")),
            "there are predictions of 3 rows, and 2 rows in t.csv; a header is class, prediction, predicted, pred, "
            "y_pred or label");
  EXPECT_EQ(refused(put("1.csv", "a,b\ncat,1\ndog,1\n")),
            "the predictions are a column named class, prediction, predicted, pred, y_pred or label; the first line "
            "has 'a', 'b'");
  EXPECT_EQ(refused(put("1.csv", "row,class\n1,\n2,dog\n")), "line 2: the row has no class");
  EXPECT_EQ(refused(put("1.csv", "class\n")), "there are no predictions");
  EXPECT_EQ(refused(put("1.csv", "\xff\ncat\n")), "line 1: '?' is not UTF-8; save the text as UTF-8");
  const std::vector<float> one{1, 2};
  write_npy_features(test_folder() / "1.npy", {one.data(), 2, 1, 1});
  EXPECT_NE(refused(test_folder() / "1.npy").find("the array has 1 column;"), std::string::npos);
  EXPECT_NE(refused(put("2.npy", "no array")).find("not an NPY file"), std::string::npos);
}

}  // namespace
}  // namespace plateau
