// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/round_files.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "files.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/predictions.hpp"

namespace plateau::round_files_test {
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

TEST(RoundLog, of_keras_without_validation_has_no_test_accuracy) {
  const auto refused = [](const std::string& header) {
    try {
      log_of(header + "\n0,0.4,0.95,0.9\n1,0.57,0.93,0.8\n");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_TRUE(refused("epoch,accuracy,loss,lr")
                  .ends_with("'accuracy' beside 'loss' may be the accuracy of the training rows, as Keras logs it; if "
                             "it is that of test rows, "
                             "name it test_accuracy"));
  for (const char* header : {"epoch,accuracy,loss,eval_loss", "round,accuracy,loss,lr", "epoch,accuracy,train_loss,lr",
                             "epoch,accuracy,loss,train_accuracy", "epoch,test_accuracy,loss,lr"})
    EXPECT_EQ(refused(header), "") << header;
}

TEST(RoundLog, writes_test_losses_to_a_decimal) {
  EXPECT_EQ(log_of("round,test_loss,acc\n1,0.25,0.5\n2,0.237264,0.5\n").test_loss_decimals, 6);
  EXPECT_EQ(log_of("round,test_loss,acc\n1,2.50e-01,0.5\n2,12.5e+01,0.5\n").test_loss_decimals, 3);
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
  EXPECT_EQ(after("1,0.5,1\n1,0.5,1\n"), "line 3: round 1 is there twice; rounds stand in their order");
  EXPECT_EQ(after("2,0.5,1\n1.5,0.5,1\n"), "line 3: round 1.5 follows round 2; rounds stand in their order");
  EXPECT_EQ(after("1,nan,1\n"), "line 2: column 'test_accuracy' holds 'nan', which is no finite number");
  EXPECT_EQ(after("1,good,1\n"), "line 2: column 'test_accuracy' holds 'good', which is no finite number");
  EXPECT_EQ(after("1,,1\n"), "there is no round with a test accuracy; at least two are needed to see a change");
  EXPECT_EQ(after("1,0.5,low\n"), "line 2: column 'train_loss' holds 'low', which is no number");
  EXPECT_EQ(after("1,-0.5,1\n"),
            "line 2: column 'test_accuracy' holds '-0.5'; an accuracy lies in [0, 1], or in percent in [0, 100]");
  EXPECT_EQ(after("1,101,1\n").substr(0, 43), "line 2: column 'test_accuracy' holds '101';");
  EXPECT_EQ(after("one,0.5,1\n2,0.5,1\n"), "line 2: column 'round' holds 'one'; rounds have numbers, from 0 or 1 on");
  EXPECT_EQ(after("-1,0.5,1\n2,0.5,1\n"), "line 2: column 'round' holds '-1'; rounds have numbers, from 0 or 1 on");
  EXPECT_EQ(after("1,0.5,1\n"), "there is one round with a test accuracy; at least two are needed to see a change");
  EXPECT_EQ(after(""), "there is no round with a test accuracy; at least two are needed to see a change");
  EXPECT_EQ(after("1,0.5\n"), "line 2: the row has 2 fields, the first line has 3");
  EXPECT_EQ(log_refusal("round,loss\n1,0.5\n"),
            "there is no column of test accuracies, named test_accuracy, val_accuracy, eval_accuracy, accuracy or "
            "acc; its columns are 'round', 'loss'");
  EXPECT_EQ(log_refusal("acc,ACC\n1,0.5\n"), "line 1: two columns are named 'acc'");
  EXPECT_EQ(log_refusal("epoch,accuracy,val_top_5_accuracy\n1,0.5,0.6\n2,0.6,0.6\n"),
            "'val_top_5_accuracy' looks like the test accuracy beside 'accuracy'; name the one that is meant "
            "test_accuracy");
}

// Evaluated every so many steps, as Hugging Face's trainer logs it: lines of the training between those of evaluations,
// the mean of all losses in the last one.
TEST(RoundLog, of_steps_takes_figures_from_the_lines_between) {
  const RoundLog log = log_of(
      ",loss,epoch,step,eval_loss,eval_accuracy,train_loss\n"
      "0,0.9,0.5,500,,,\n1,,0.5,500,0.8,0.61,\n2,0.7,1.0,1000,,,\n3,0.6,1.3,1300,,,\n4,,1.3,1300,NaN,0.655,\n"
      "5,,1.4,1400,,,0.75\n");
  ASSERT_EQ(log.rounds.size(), 2u);
  EXPECT_EQ(log.number_column, "step");
  EXPECT_EQ(log.rounds[0].number, 500);
  EXPECT_EQ(log.rounds[1].number, 1300);
  EXPECT_EQ(log.rounds[0].train_loss, 0.9);
  EXPECT_EQ(log.rounds[1].train_loss, 0.6);
  EXPECT_EQ(log.rounds[0].test_loss, 0.8);
  EXPECT_TRUE(std::isnan(*log.rounds[1].test_loss));
  EXPECT_EQ(log.not_evaluated, 4);
  // A line of the round that was evaluated before it, as Lightning has them.
  const RoundLog lightning =
      log_of("epoch,step,val_acc,train_loss_epoch\n0,49,0.5,\n0,49,,1.5\n1,99,0.75,\n1,99,,1.25\n");
  EXPECT_EQ(lightning.rounds[0].train_loss, 1.5);
  EXPECT_EQ(lightning.rounds[1].train_loss, 1.25);
}

TEST(RoundLog, has_numbers_that_increase) {
  const auto numbers = [](const std::string& text) {
    std::vector<double> all;
    for (const LoggedRound& round : log_of(text).rounds) all.push_back(round.number);
    return all;
  };
  EXPECT_EQ(numbers("epoch,acc\n0.5,0.5\n1,0.5\n1.5,0.5\n"), (std::vector<double>{0.5, 1, 1.5}));
  EXPECT_EQ(numbers("Epoch,Test Accuracy\n10,0.5\n20,0.5\n25,0.5\n"), (std::vector<double>{10, 20, 25}));
  EXPECT_EQ(numbers("step,epoch,acc\n7,1,0.5\n7,2,0.5\n"), (std::vector<double>{1, 2}));  // steps of an epoch
  EXPECT_EQ(numbers("date,acc\n2024-01-01,0.5\n2024-01-02,0.5\n"), (std::vector<double>{1, 2}));
  EXPECT_EQ(round_name(0.5), "0.5");
  EXPECT_EQ(round_name(100000), "100000");
}

TEST(RoundLog, of_a_training_that_diverged_has_its_losses) {
  const RoundLog log = log_of("round,acc,loss\n1,0.5,1\n2,0.5,inf\n3,0.5,nan\n4,0.5,NA\n");
  EXPECT_TRUE(std::isinf(*log.rounds[1].train_loss));
  EXPECT_TRUE(std::isnan(*log.rounds[2].train_loss));
  EXPECT_FALSE(log.rounds[3].train_loss);
}

// ---- Which file is of which round ----

RoundLog numbered_log(const std::vector<double>& numbers) {
  RoundLog log{.source = "r.csv"};
  for (const double number : numbers) log.rounds.push_back({.number = number});
  return log;
}
// The names of a new folder's files in the order of the rounds, "|" and those passed over; or the refusal without the
// folder.
std::string order_of(const Texts& names, const std::vector<double>& rounds, const std::string& ending = ".csv") {
  static int folders = 0;
  const std::string folder_name = "folder" + std::to_string(++folders);
  const auto folder = test_folder() / folder_name;
  for (const std::string& name : names) {
    std::filesystem::create_directories((folder / name).parent_path());
    if (name.ends_with('/'))
      std::filesystem::create_directories(folder / name);
    else
      put(folder_name + "/" + name, "x");
  }
  std::string text;
  try {
    const RoundFiles files = files_of_rounds(folder, {ending}, numbered_log(rounds));
    for (const auto& file : files.files) text += file.lexically_relative(folder).string() + " ";
    text += "|";
    for (const std::string& name : files.passed_over) text += " " + name;
  } catch (const InputError& error) {
    text = error.what();
    EXPECT_EQ(text.find(folder.string() + ": "), 0u) << text;
    text = text.substr(std::min(text.size(), folder.string().size() + 2));
  }
  return text;
}

TEST(FilesOfRounds, come_in_the_order_of_their_rounds) {
  EXPECT_EQ(
      order_of({"run7_round_10.csv", "run7_round_2.csv", "run7_round_9.CSV", "notes.txt", ".round_3.csv"}, {1, 2, 3}),
      "run7_round_2.csv run7_round_9.CSV run7_round_10.csv |");
  // By the log's numbers, not by the loss behind them.
  EXPECT_EQ(order_of({"model-01-0.31.csv", "model-02-0.29.csv", "model-03-0.30.csv"}, {1, 2, 3}),
            "model-01-0.31.csv model-02-0.29.csv model-03-0.30.csv |");
  EXPECT_EQ(order_of({"model-01-3.csv", "model-02-1.csv"}, {1, 2}), "model-01-3.csv model-02-1.csv |");
  // By equal steps where the log has other numbers.
  EXPECT_EQ(order_of({"w-500-7.csv", "w-1000-3.csv", "w-1500-4.csv"}, {1, 2, 3}),
            "w-500-7.csv w-1000-3.csv w-1500-4.csv |");
  EXPECT_EQ(order_of({"w-500.csv", "w-1000.csv", "w-1200.csv"}, {1, 2, 3}), "w-500.csv w-1000.csv w-1200.csv |");
  EXPECT_EQ(order_of({"v1.2.csv", "v1.10.csv"}, {2, 10}), "v1.2.csv v1.10.csv |");
}

TEST(FilesOfRounds, pass_over_what_is_of_no_round) {
  EXPECT_EQ(order_of({"round_1.csv", "round_2.csv", "README.csv", "round_0.csv", ".DS_Store", "sub_7.csv/"}, {1, 2}),
            "round_1.csv round_2.csv | README.csv round_0.csv sub_7.csv");
  // A folder of each round, as Hugging Face's trainer has them.
  EXPECT_EQ(order_of({"checkpoint-500/model.csv", "checkpoint-1000/model.csv", "runs/a.txt", "last.csv"}, {500, 1000}),
            "checkpoint-500/model.csv checkpoint-1000/model.csv | last.csv");
}

TEST(FilesOfRounds, are_refused_where_their_order_is_not_known) {
  EXPECT_EQ(order_of({"notes.txt"}, {1, 2}), "there is no file that ends in .csv");
  EXPECT_EQ(order_of({"notes.csv"}, {1, 2}), "there is no file that ends in .csv and has a number in its name");
  EXPECT_EQ(order_of({"round_1.csv"}, {1, 2}),
            "there is 1 file with a number in the name and 2 rounds in r.csv; one file per round is needed");
  EXPECT_EQ(order_of({"a02.csv", "b2.csv"}, {1, 2}),
            "no number in the names 'a02.csv', 'b2.csv' tells the order of the 2 rounds in r.csv; name the files "
            "round_1, round_2 and so on");
  EXPECT_EQ(order_of({"a-10-4.csv", "a-20-3.csv"}, {1, 2}),
            "more than one number in the names 'a-10-4.csv', 'a-20-3.csv' could be that of the round, and they say "
            "different orders; leave one number in each name");
  EXPECT_NE(order_of({"model-0.31.csv", "model-0.29.csv"}, {1, 2}).find("no number in the names"), std::string::npos);
  EXPECT_NE(refusal([] { files_of_rounds(test_folder() / "nowhere", {".csv"}, numbered_log({1, 2})); }), "");
}

TEST(RoundWeights, are_floats_of_any_width_and_no_counts) {
  const auto file = put("w.safetensors", "");
  const auto write = [&](const std::string& header, const std::string& data) {
    const std::uint64_t length = header.size();
    put("w.safetensors", std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data);
  };
  write(
      R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},)"
      R"("c":{"dtype":"F64","shape":[1],"data_offsets":[4,12]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[12,20]},)"
      R"("mask":{"dtype":"BOOL","shape":[1],"data_offsets":[20,21]},)"
      R"("bn.running_mean":{"dtype":"F32","shape":[1],"data_offsets":[21,25]},)"
      R"("optimizer.exp_avg.a":{"dtype":"F32","shape":[1],"data_offsets":[33,37]},)"
      R"("model_ema.a":{"dtype":"F32","shape":[1],"data_offsets":[37,41]},)"
      R"("momentum_buffer":{"dtype":"F32","shape":[1],"data_offsets":[41,45]},)"
      R"("bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[25,33]}})",
      std::string("\x00\x3e", 2) + std::string("\xc0\x3f", 2) + std::string("\0\0\0\0\0\0\xf8\x3f", 8) +
          std::string(33, '\0'));
  const std::vector<Tensor> weights = read_round_weights(file);
  ASSERT_EQ(weights.size(), 3u);
  for (std::size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(weights[t].name, std::string(1, static_cast<char>('a' + t)));
    EXPECT_EQ(weights[t].values, std::vector<float>{1.5f});
  }
  write(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", "x");
  EXPECT_EQ(refusal([&] { read_round_weights(file); }),
            in_file(file, "tensor 'a' has dtype 'F8_E4M3'; weights are read of F16, BF16, F32 and F64"));
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

TEST(RoundPredictions, are_the_likeliest_column) {
  const auto column = [](const std::string& text) {
    const RoundPredictions given = read_round_predictions({put("1.csv", text)}, nullptr);
    return given.column + ":" + given.classes.names[static_cast<std::size_t>(given.predicted[0][0])];
  };
  EXPECT_EQ(column("id,label,prediction\n1,cat,dog\n2,dog,cat\n"), "prediction:dog");
  EXPECT_EQ(column("class,Y_Pred\ncat,dog\n"), "Y_Pred:dog");
  EXPECT_EQ(column("id,label\n1,cat\n"), "label:cat");
  EXPECT_EQ(column("cat\ndog\n"), ":cat");
  EXPECT_EQ(refusal([&] { column("pred,y_pred\ncat,dog\n"); }),
            in_file(test_folder() / "1.csv",
                    "columns 'pred' and 'y_pred' could both be the predictions; leave one of "
                    "them, or give the other a name of its own"));
  EXPECT_NE(refusal([&] { column("label,class\ncat,dog\n"); }).find("could both be"), std::string::npos);
  const auto first = put("1.csv", "pred\ncat\n"), second = put("2.csv", "label\ncat\n");
  EXPECT_EQ(
      refusal([&] {
        read_round_predictions({first, second}, nullptr);
      }),
      in_file(second, "its predictions are column 'label', and those of " + first.string() + " are column 'pred'"));
}

// As Hugging Face's pipelines call classes without names.
TEST(RoundPredictions, of_labels_with_a_number_are_ids) {
  const auto file = put("1.csv", "pred\nLABEL_1\nLABEL_0\n");
  const Dataset animals = labels({"cat", "dog"}, false, {1, 0}), digits = labels({"0", "1"}, true, {1, 0}),
                named = labels({"LABEL_0", "LABEL_1"}, false, {1, 0});
  for (const Dataset* truth : {&animals, &digits, &named}) {
    const RoundPredictions given = read_round_predictions({file}, truth);
    EXPECT_EQ(given.predicted[0], (Ids{1, 0}));
    EXPECT_EQ(given.classes.names, truth->classes.names);
    EXPECT_EQ(given.by_id, truth == &animals);
  }
}

TEST(RoundPredictions, with_saturated_or_rounded_probabilities_have_no_telling_outputs) {
  const auto tells = [](const std::string& probabilities) {
    return !read_round_predictions({put("1.csv", "class,p(0),p(1)\n0," + probabilities + "\n")}, nullptr)
                .outputs.empty();
  };
  EXPECT_TRUE(tells("0.71234,0.28766"));
  EXPECT_TRUE(tells("0.99999994,3.2e-12"));
  EXPECT_FALSE(tells("1.000000,0.000000"));
  EXPECT_FALSE(tells("0.999998,0.000002"));
  EXPECT_FALSE(tells("0.7123,0.2877"));
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
            "there are predictions of 3 rows, and 2 rows in t.csv; a header is prediction, predicted, pred, "
            "y_pred, class or label");
  EXPECT_EQ(refused(put("1.csv", "a,b\ncat,1\ndog,1\n")),
            "the predictions are a column named prediction, predicted, pred, y_pred, class or label; the first line "
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
}  // namespace plateau::round_files_test
