// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/data/model_file.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "files.hpp"
#include "plateau/data/safetensors.hpp"

namespace plateau::model_file_test {
namespace {

using namespace testing_files;

// From 2 features over 3 to 2 classes.
ModelFile model() {
  ModelFile model;
  model.stack = {{2, 3, 2}, std::vector<float>(3 * 2 + 3 + 2 * 3 + 2, 0.5f)};
  return model;
}

ModelFile described_model() {
  ModelFile described = model();
  described.classes = {"cat", "dog"};
  described.features = {"age", "sex"};
  described.scale_mean = {0.5f, -1.25f};
  described.scale_factor = {1, 3e-7f};
  return described;
}

std::filesystem::path model_path() { return test_folder() / "m.safetensors"; }

ModelFile written_and_read(const ModelFile& model) {
  write_model_file(model_path(), model);
  return read_model_file(model_path());
}

// What a model file with this metadata is refused with.
std::string metadata_refusal(const Metadata& metadata) {
  write_linear_stack(model_path(), model().stack);
  write_safetensors(model_path(), read_safetensors(model_path()), metadata);
  const std::string sentence = refusal([&] { read_model_file(model_path()); });
  const std::string start = model_path().string() + ": the metadata ";
  if (sentence.find(start) != 0) return sentence;
  return sentence.substr(start.size());
}

TEST(ModelFile, comes_back_as_it_was_written) {
  const ModelFile want = described_model();

  const ModelFile got = written_and_read(want);

  EXPECT_EQ(got.stack.widths, want.stack.widths);
  EXPECT_EQ(got.stack.parameters, want.stack.parameters);
  EXPECT_EQ(got.classes, want.classes);
  EXPECT_EQ(got.features, want.features);
  EXPECT_EQ(got.scale_mean, want.scale_mean);
  EXPECT_EQ(got.scale_factor, want.scale_factor);
}

TEST(ModelFile, other_readers_see_the_weights_and_the_documented_keys) {
  write_model_file(model_path(), described_model());

  EXPECT_EQ(read_linear_stack(model_path()).parameters, model().stack.parameters);
  const TensorFile file = read_tensor_file(model_path());
  EXPECT_EQ(file.tensors[0].name, "fc1.weight");
  EXPECT_EQ(file.metadata, (Metadata{{"plateau.classes", "[\"cat\",\"dog\"]"},
                                     {"plateau.features", "[\"age\",\"sex\"]"},
                                     {"plateau.scale_mean", "[0.5,-1.25]"},
                                     {"plateau.scale_factor", "[1.0,3e-07]"}}));
}

TEST(ModelFile, what_lies_beside_it_is_passed_over_by_readers_of_models) {
  const std::vector<double> numbers{NAN, 2};
  BesideModel beside{.tensors = {{"plateau.fc1.weight", {2}, std::span(numbers)}}, .metadata = {{"plateau.more", "x"}}};
  write_model_file(model_path(), described_model(), beside);

  const ModelFile got = read_model_file(model_path());
  EXPECT_EQ(got.stack.parameters, model().stack.parameters);
  EXPECT_EQ(got.classes, described_model().classes);
  EXPECT_EQ(read_linear_stack(model_path()).widths, model().stack.widths);
  const TypedTensorFile all = read_typed_tensor_file(model_path());
  ASSERT_EQ(all.tensors.size(), 5u);
  EXPECT_EQ(std::get<std::vector<double>>(all.tensors[4].values).at(1), 2);
  EXPECT_EQ(all.metadata.at("plateau.more"), "x");

  beside.tensors[0].name = "fc3.weight";
  EXPECT_THROW(write_model_file(model_path(), model(), beside), std::invalid_argument);
  beside.tensors.clear();
  for (const char* const key : {"more", "plateau.classes"}) {
    beside.metadata = {{key, "[]"}};
    EXPECT_THROW(write_model_file(model_path(), described_model(), beside), std::invalid_argument);
  }
}

TEST(ModelFile, without_lists_is_the_file_of_its_stack) {
  const auto stack_path = test_folder() / "stack.safetensors";
  write_linear_stack(stack_path, model().stack);

  write_model_file(model_path(), model());

  EXPECT_EQ(get(model_path()), get(stack_path));
}

TEST(ModelFile, foreign_files_have_empty_lists) {
  const ModelFile plain = read_model_file(parity_case("adam_l2_6_24_2") / "init.safetensors");
  EXPECT_EQ(plain.stack.widths, (std::vector<Index>{6, 24, 2}));
  EXPECT_TRUE(plain.classes.empty() && plain.features.empty() && plain.scale_mean.empty());

  EXPECT_EQ(metadata_refusal({{"format", "pt"}, {"classes", "[1"}}), "");
}

TEST(ModelFile, names_may_hold_any_character) {
  ModelFile named = model();
  named.classes = {"\"quoted\", \\ and \n", std::string("\xc3\xa9\0", 3)};
  named.features = {"", ""};

  const ModelFile got = written_and_read(named);

  EXPECT_EQ(got.classes, named.classes);
  EXPECT_EQ(got.features, named.features);
}

TEST(ModelFile, every_finite_float_keeps_its_bits) {
  std::mt19937 random(1);
  std::vector<float> numbers{0,
                             -0.0f,
                             1,
                             -1,
                             16777216,
                             1e10f,
                             -3e15f,
                             1e-45f,
                             std::numeric_limits<float>::max(),
                             std::numeric_limits<float>::min(),
                             0.1f,
                             8.5899346e9f};
  while (numbers.size() < 4000) {
    const float number = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(number)) numbers.push_back(number);
  }
  const auto count = static_cast<Index>(numbers.size());
  ModelFile scaled;
  scaled.stack = {{count, 1}, std::vector<float>(numbers.size() + 1)};
  scaled.scale_mean = numbers;
  scaled.scale_factor = {numbers.rbegin(), numbers.rend()};

  const ModelFile got = written_and_read(scaled);

  EXPECT_EQ(std::memcmp(got.scale_mean.data(), numbers.data(), numbers.size() * sizeof(float)), 0);
  EXPECT_EQ(std::memcmp(got.scale_factor.data(), scaled.scale_factor.data(), numbers.size() * sizeof(float)), 0);
}

TEST(ModelFile, integers_of_other_writers_are_floats_too) {
  EXPECT_EQ(metadata_refusal({{"plateau.scale_mean", "[1, -2]"}, {"plateau.scale_factor", " [ 3 , 4E0 ] "}}), "");
  EXPECT_EQ(read_model_file(model_path()).scale_mean, (std::vector<float>{1, -2}));
}

TEST(ModelFile, lists_that_are_no_json_lists_are_refused) {
  for (const std::string text :
       {"", "cat", "\"cat\"", "{}", "{\"a\":\"b\"}", "[\"cat\",\"dog\"", "[\"cat\",\"dog\"] x", "[\"cat\",1]",
        "[\"cat\",null]", "[\"cat\",true]", "[\"cat\",[\"dog\"]]", "[\"cat\",{\"dog\":1}]", "[[\"cat\",\"dog\"]]",
        "[\"cat\",\"dog\"][]", "[\"cat\",\"dog\",]"})
    for (const char* key : {"plateau.classes", "plateau.features"})
      EXPECT_EQ(metadata_refusal({{key, text}}), std::string(key) + " are no JSON list of strings") << text;
  for (const std::string text :
       {"", "1", "[1,\"2\"]", "[1,null]", "[1,1e39]", "[1,1e400]", "[1,nan]", "[1,[2]]", "[1,2"})
    EXPECT_EQ(metadata_refusal({{"plateau.scale_mean", text}}), "plateau.scale_mean are no JSON list of floats")
        << text;
  EXPECT_EQ(metadata_refusal({{"plateau.classes", std::string("[\"cat\",\"dog\"]\0", 14)}}),
            "plateau.classes are no JSON list of strings");
  EXPECT_EQ(metadata_refusal({{"plateau.classes", std::string(100'000, '[')}}),
            "plateau.classes are no JSON list of strings");
}

TEST(ModelFile, lists_fit_the_layers) {
  EXPECT_EQ(metadata_refusal({{"plateau.classes", "[\"cat\"]"}}),
            "plateau.classes have 1 items, and the model has 2 outputs");
  EXPECT_EQ(metadata_refusal({{"plateau.features", "[\"a\",\"b\",\"c\"]"}}),
            "plateau.features have 3 items, and the model has 2 inputs");
  EXPECT_EQ(metadata_refusal({{"plateau.scale_mean", "[]"}, {"plateau.scale_factor", "[1,1]"}}),
            "plateau.scale_mean have 0 items, and the model has 2 inputs");
  EXPECT_EQ(metadata_refusal({{"plateau.classes", "[\"cat\",\"cat\"]"}}), "plateau.classes name 'cat' twice");
  for (const char* key : {"plateau.scale_mean", "plateau.scale_factor"})
    EXPECT_EQ(metadata_refusal({{key, "[1,1]"}}),
              in_file(model_path(), "of the metadata plateau.scale_mean and plateau.scale_factor one is missing"));
}

TEST(ModelFile, writing_refuses_what_could_not_be_read) {
  const auto write = [](auto change) {
    ModelFile changed = described_model();
    change(changed);
    write_model_file(model_path(), changed);
  };
  EXPECT_THROW(write([](ModelFile& m) { m.classes.pop_back(); }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.classes[1] = "cat"; }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.features.push_back("c"); }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.scale_mean.clear(); }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.scale_factor.clear(); }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.scale_mean.pop_back(); }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.scale_factor[0] = NAN; }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.scale_mean[1] = INFINITY; }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.stack.parameters.pop_back(); }), std::invalid_argument);
  EXPECT_THROW(write([](ModelFile& m) { m.stack.widths.clear(); }), std::invalid_argument);
  EXPECT_EQ(refusal([&] { write([](ModelFile& m) { m.classes[0] = "caf\xe9"; }); }),
            in_file(model_path(), "a name of plateau.classes is not UTF-8"));
  EXPECT_EQ(refusal([&] { write([](ModelFile& m) { m.features[1] = "\xff"; }); }),
            in_file(model_path(), "a name of plateau.features is not UTF-8"));
  EXPECT_FALSE(std::filesystem::exists(model_path()));
}

}  // namespace
}  // namespace plateau::model_file_test
