// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// `plateau predict`, run as a user runs it, against Trainer::predict on the whole matrix.
#include <gtest/gtest.h>

#include <algorithm>

#include "data/files.hpp"
#include "plateau/data/dataset.hpp"
#include "plateau/data/model_file.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/predictions.hpp"
#include "plateau/model/trainer.hpp"
#include "support/program.hpp"

namespace plateau::test {
namespace {

namespace fs = std::filesystem;
using testing_files::put;

// A network 2-3-2 between two classes whose names take quotes, with a scale.
ModelFile cats() {
  return {.stack = {{2, 3, 2}, {1, -0.1f, -1, 0.2f, 0.5f, 0, 0, 0, 0.1f, 1, -1, 0, -1, 1, 0.1f, 0.1f, -0.1f}},
          .classes = {"cat, \"old\"", "dog"},
          .features = {"width", "height"},
          .scale_mean = {1, -1},
          .scale_factor = {0.5f, 2}};
}

Predictions expected_of(const ModelFile& model, HostMatrix<const float> x) {
  TrainedNetwork network{{model.stack.widths}, model.stack.parameters};
  for (std::size_t j = 0; j < model.scale_mean.size(); ++j)
    network.scale.push_back({model.scale_mean[j], model.scale_factor[j]});
  return CpuTrainer({}).predict(network, x);
}

class Predict : public testing::Test {
 protected:
  const fs::path folder = testing_files::test_folder();
  const fs::path output = folder / "output";  // of the program itself
  fs::path model = folder / "cats.safetensors";

  void SetUp() override {
    fs::create_directories(output);
    write_model_file(model, cats());
  }

  ProgramResult run(std::vector<std::string> arguments, std::chrono::milliseconds interrupt_after = {}) const {
    arguments.insert(arguments.begin(), {std::string(PLATEAU_PROGRAMS) + "/plateau", "predict"});
    return run_program(arguments, output, interrupt_after);
  }
  ProgramResult predict(const std::string& data, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--model", model.string(), "--data", data, "--device", "cpu"});
    return run(std::move(more));
  }

  // Exit code 2, nothing on stdout or in a file, and one sentence.
  void expect_refused(const std::string& data, const std::vector<std::string>& more,
                      const std::string& sentence) const {
    const ProgramResult result = predict(data, more);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.err, "plateau: " + sentence + "\n");
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(fs::exists(folder / "p.csv"));
  }
};

TEST_F(Predict, every_format_in_and_out_has_the_bits_of_the_whole_matrix) {
  std::string text = "height,id,width\n";
  std::vector<float> x;
  for (int i = 0; i < 500; ++i) {
    text += std::to_string(i % 7) + ".5," + std::to_string(i) + "," + std::to_string(i) + "e-2\n";
    x.insert(x.end(), {std::stof(std::to_string(i) + "e-2"), static_cast<float>(i % 7) + 0.5f});
  }
  const HostMatrix<const float> rows{x.data(), 500, 2, 2};
  write_npy_features(folder / "x.npy", rows);
  const std::string table = put("t.csv", text).string(), array = (folder / "x.npy").string();
  const Predictions expected = expected_of(cats(), rows);
  std::string csv;
  const auto writer = write_prediction_text(cats().classes, PredictionColumns::class_and_probabilities,
                                            [&](std::string_view piece) { csv += piece; });
  writer->add({expected.predicted.data(), 500}, {expected.probability.data(), 500, 2, 2});
  const auto cat = std::count(expected.predicted.begin(), expected.predicted.end(), 0);
  ASSERT_TRUE(0 < cat && cat < 500);

  EXPECT_EQ(predict(table, {"--drop", "id"}).out, csv);
  EXPECT_EQ(predict(table, {"--target", "id", "--out", "-"}).out, csv);
  EXPECT_EQ(predict(array).out, csv);
  EXPECT_EQ(predict(array + ":not_looked_at.npy").out, csv);

  const std::string out = (folder / "p.csv").string(), probabilities = (folder / "p.npy").string(),
                    ids = (folder / "ids.npy").string();
  const ProgramResult written = predict(array, {"--out", out});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  EXPECT_EQ(written.out, "500 rows predicted into " + out + "\n");
  EXPECT_EQ(file_content(out), csv);
  EXPECT_EQ(predict(table, {"--drop", "id", "--out", probabilities, "--quiet"}).out, "");
  const NpyMatrix read = read_npy_features(probabilities);
  EXPECT_EQ(std::vector<float>(read.values.view().begin(), read.values.view().end()), expected.probability);
  EXPECT_EQ(predict(array, {"--out", ids, "--no-probabilities"}).exit_code, 0);
  EXPECT_EQ(read_npy_labels(ids), expected.predicted);
  EXPECT_EQ(predict(array, {"--no-probabilities"}).out.substr(0, 6), "class\n");
}

// More rows than a block takes.
TEST_F(Predict, blocks_follow_each_other) {
  const Index count = 140'000;
  std::vector<float> x;
  for (Index i = 0; i < 2 * count; ++i) x.push_back(static_cast<float>(i % 1009) * 0.01f);
  const HostMatrix<const float> rows{x.data(), count, 2, 2};
  const fs::path file = folder / "x.npy", out = folder / "p.npy";
  write_npy_features(file, rows);

  EXPECT_EQ(predict(file.string(), {"--out", out.string()}).exit_code, 0);

  const NpyMatrix read = read_npy_features(out);
  EXPECT_EQ(std::vector<float>(read.values.view().begin(), read.values.view().end()),
            expected_of(cats(), rows).probability);
  x[2 * 135'000] = x[2 * 135'000 + 1] = 3e38f;
  write_npy_features(file, rows);
  fs::remove(out);
  expect_refused(
      file.string(), {"--out", out.string()},
      file.string() + ": row 135000 is predicted nothing finite; its features are too large for " + model.string());
  EXPECT_FALSE(fs::exists(out));
}

TEST_F(Predict, a_gpu_predicts_the_same_classes) {
  const std::string table = put("t.csv", "0,1\n0,2\n5,-1\n3,0.5\n0,6\n").string();
  const ProgramResult gpu = run_program({PLATEAU_EMULATED_PROGRAM, "predict", "--model", model.string(), "--data",
                                         table, "--device", "cuda", "--no-probabilities"},
                                        output);
  EXPECT_EQ(gpu.exit_code, 0) << gpu.err;
  EXPECT_EQ(gpu.out, predict(table, {"--no-probabilities"}).out);
  EXPECT_NE(gpu.out.find("dog\n"), std::string::npos);
  EXPECT_NE(gpu.out.find("cat"), std::string::npos);
}

TEST_F(Predict, a_model_without_names_has_numbered_classes_and_takes_columns_by_place) {
  ModelFile plain{.stack = cats().stack};
  write_model_file(model, plain);
  const ProgramResult result = predict(put("t.csv", "1,2\n").string());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.substr(0, result.out.find('\n')), "class,p(0),p(1)");
}

TEST_F(Predict, what_does_not_fit_the_model_is_refused_by_its_name_and_leaves_no_file) {
  const std::string out = (folder / "p.csv").string(), m = model.string();
  const auto refused = [&](const std::string& text, const std::string& sentence) {
    const std::string file = put("t.csv", text).string();
    expect_refused(file, {"--out", out}, file + sentence);
  };
  refused("width,depth\n1,2\n", " has no column 'height', which is a feature of " + m);
  refused("width,height,id\n1,2,3\n",
          " has a column 'id', which is no feature of " + m + "; --drop 'id' leaves it out");
  refused("1,2,3\n", " has 3 features and " + m + " has 2");
  refused("width,height\n1,2\n3,cat\n",
          ": line 3: column 'height' holds 'cat', which is no number; --drop 'height' leaves the column out");
  refused("width,height\n1,2\n3e38,3e38\n", ": row 1 is predicted nothing finite; its features are too large for " + m);
  const std::string table = put("t.csv", "width,height\n1,2\n").string(), missing = (folder / "missing").string();
  expect_refused(missing + ".csv", {"--out", out}, missing + ".csv: No such file or directory");
  expect_refused(table, {"--out", missing + ".txt"},
                 missing + ".txt: predictions are written to a .csv or an .npy file");
  expect_refused(table, {"--out", table}, "--out " + table + ": that is a file which is read; name another one");
  expect_refused(table, {"--drop", "depth"}, table + ": there is no column 'depth'; its columns are 'width', 'height'");
  EXPECT_EQ(file_content(table), "width,height\n1,2\n");

  expect_refused(
      put("t.csv", "width,height\n1,cat\n").string(), {},
      table + ": line 2: column 'height' holds 'cat', which is no number; --drop 'height' leaves the column out");

  write_model_file(model, {.stack = {{2, 1}, {1, 1, 0}}});
  expect_refused(table, {}, m + ": the network 2-1 has one output; a classifier has one for every class");
  fs::remove(model);
  expect_refused(table, {}, m + ": No such file or directory");
  put("cats.safetensors", "cat");
  expect_refused(table, {}, m + ": the file ends after 3 of 8 bytes of the header's length");
}

TEST_F(Predict, ctrl_c_leaves_no_file) {
  const Index width = 1024;  // takes long for every row, so that the file can be small
  ModelFile wide{.stack = {{2, width, width, 2}, {}}};
  wide.stack.parameters.assign(static_cast<std::size_t>(2 * width + width + width * width + width + 2 * width + 2),
                               0.01f);
  write_model_file(model, wide);
  const Index rows = 500'000;
  write_npy_features(folder / "x.npy", as_matrix(HostBuffer<float>(2 * rows, 1.0f).view(), rows, 2));
  const std::string out = (folder / "p.csv").string();
  const ProgramResult result =
      run({"--model", model.string(), "--data", (folder / "x.npy").string(), "--out", out, "--device", "cpu"},
          std::chrono::milliseconds(300));
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(result.err.find("plateau: interrupted after "), 0u) << result.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 3);  // the model, the rows, and the folder of the output

  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), 0);
  write_npy_labels(folder / "y.npy", {labels.data(), rows});
  const ProgramResult evaluated =
      run_program({std::string(PLATEAU_PROGRAMS) + "/plateau", "evaluate", "--model", model.string(), "--data",
                   (folder / "x.npy").string() + ":" + (folder / "y.npy").string(), "--device", "cpu"},
                  output, std::chrono::milliseconds(300));
  EXPECT_EQ(evaluated.exit_code, 130);
  EXPECT_EQ(evaluated.out, "");
  EXPECT_EQ(evaluated.err, "plateau: interrupted; no result is written\n");
}

}  // namespace
}  // namespace plateau::test
