// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/checkpoint.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "data/files.hpp"
#include "plateau/data/model_file.hpp"
#include "plateau/model/trainer.hpp"
#include "support/results.hpp"
#include "support/rows.hpp"
#include "support/run_features.hpp"

namespace plateau::test::checkpoint_test {
namespace {

using namespace testing_files;

const Rows& rows() {
  static const Rows made = learnable_rows(53, 37, 5, 3);
  return made;
}
const std::vector<std::int32_t> kList{52, 0, 7, 7, 31, 30, 29, 1, 2, 3, 40, 41, 42, 43, 5};

std::filesystem::path checkpoint_path() { return test_folder() / kCheckpointFile; }

RunResult trained(plateau::Run run, Index pause) {
  run.pause = pause;
  return CpuTrainer({.workers = 1}).train(run, rows().views());
}

plateau::Run every_feature() {
  std::vector<NamedRun> runs = runs_of_every_feature({5, 9, 3}, 53, kList);
  const auto everything = [](const NamedRun& named) { return named.name == "everything, batches"; };
  plateau::Run run = std::find_if(runs.begin(), runs.end(), everything)->run;
  run.epochs = 7;
  run.outputs.state = true;
  run.outputs.predictions.clear();
  run.outputs.dead_units = run.outputs.scale = false;
  return run;
}

Checkpoint checkpoint_of(const plateau::Run& run, Index epochs) {
  return {.architecture = run.architecture,
          .options = {"train", "--hidden", "", "--train", "a b.csv"},
          .train_checksum = 0xffffffffu,
          .test_checksum = 1,
          .device = "cpu",
          .computed_by = "plateau 0, a test",
          .so_far = trained(run, epochs)};
}

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.architecture.widths, b.architecture.widths);
  EXPECT_EQ(a.options, b.options);
  EXPECT_EQ(a.train_checksum, b.train_checksum);
  EXPECT_EQ(a.test_checksum, b.test_checksum);
  EXPECT_EQ(a.device, b.device);
  EXPECT_EQ(a.computed_by, b.computed_by);
  expect_equal_bits(a.so_far, b.so_far);
  for (const auto& [x, y] :
       {std::pair{&a.so_far.plan, &b.so_far.plan}, {&a.so_far.state->plan, &b.so_far.state->plan}}) {
    EXPECT_EQ(x->fused, y->fused);
    EXPECT_EQ(x->layers, y->layers);
    EXPECT_EQ(x->autotuned, y->autotuned);
  }
}

// The refusal of a checkpoint that was altered as a file of tensors.
std::string refusal_of(const std::function<void(TypedTensorFile&)>& alter) {
  write_checkpoint(checkpoint_path(), checkpoint_of(every_feature(), 2));
  TypedTensorFile file = read_typed_tensor_file(checkpoint_path());
  alter(file);
  std::vector<TensorView> views;
  for (const TypedTensor& tensor : file.tensors)
    std::visit(
        [&](const auto& values) {
          views.push_back({tensor.name, tensor.shape, std::span(values)});
        },
        tensor.values);
  write_typed_tensors(checkpoint_path(), views, file.metadata);
  const std::string sentence = refusal([] { read_checkpoint(checkpoint_path()); });
  const std::string start = in_file(checkpoint_path(), "");
  return sentence.starts_with(start) ? sentence.substr(start.size()) : "not refused by name: " + sentence;
}

TypedTensor& tensor(TypedTensorFile& file, const std::string& name) {
  return *std::find_if(file.tensors.begin(), file.tensors.end(), [&](const TypedTensor& t) { return t.name == name; });
}

// A refusal of a description of which one entry is another.
std::string description_refusal(const nlohmann::json::json_pointer& at, const nlohmann::json& value) {
  return refusal_of([&](TypedTensorFile& file) {
    std::string& text = file.metadata.at("plateau.checkpoint");
    nlohmann::json description = nlohmann::json::parse(text);
    description[at] = value;
    text = description.dump();
  });
}

TEST(Checkpoint, comes_back_to_the_bit) {
  Checkpoint want = checkpoint_of(every_feature(), 3);
  ASSERT_TRUE(want.so_far.state && !want.so_far.layers.empty());
  ASSERT_TRUE(std::isnan(want.so_far.history[0].test_churn));
  write_checkpoint(checkpoint_path(), want);
  expect_equal(read_checkpoint(checkpoint_path()), want);

  // What no run on this device leaves.
  const auto numbered_nan = std::bit_cast<double>(std::bit_cast<std::uint64_t>(std::nan("")) | 5);
  want.so_far.history[1].train_loss = numbered_nan;
  want.so_far.history[2].test_loss = -std::numeric_limits<double>::infinity();
  want.so_far.state->best_loss = std::numeric_limits<double>::denorm_min();
  want.so_far.state->parameters[0] = want.so_far.parameters[0] = std::numeric_limits<float>::infinity();
  want.so_far.state->step = (std::int64_t{1} << 62) + 1;
  want.so_far.state->predicted[0] = -1;
  for (ExecutionPlan* const plan : {&want.so_far.plan, &want.so_far.state->plan}) {
    *plan = epilogues_everywhere(want.architecture);
    plan->autotuned = true;
  }
  write_checkpoint(checkpoint_path(), want);
  const Checkpoint got = read_checkpoint(checkpoint_path());
  expect_equal(got, want);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(got.so_far.history[1].train_loss), std::bit_cast<std::uint64_t>(numbered_nan));

  for (ExecutionPlan* const plan : {&want.so_far.plan, &want.so_far.state->plan}) *plan = {.fused = kFusedVariants[4]};
  want.so_far.layers.clear();
  want.so_far.test_correct = {};
  write_checkpoint(checkpoint_path(), want);
  expect_equal(read_checkpoint(checkpoint_path()), want);
}

TEST(Checkpoint, a_training_goes_on_from_it_as_if_it_had_never_paused) {
  for (const char* const name :
       {"everything, batches", "plain, batches", "dropout, SGD, full batch", "first layer frozen, full batch"})
    for (NamedRun& named : runs_of_every_feature({5, 9, 3}, 53, kList)) {
      if (named.name != name) continue;
      SCOPED_TRACE(name);
      plateau::Run& run = named.run;
      run.epochs = 5;
      if (run.patience > 0) run.patience = run.epochs;
      run.outputs.state = true;
      const RunResult whole = trained(run, 0);
      std::vector<Index> written;
      CpuTrainer({.workers = 1}).train(run, rows().views(), {.every = 2, .take = [&](RunResult so_far) {
                                                               written.push_back(so_far.state->epoch);
                                                               write_checkpoint(checkpoint_path(),
                                                                                {.architecture = run.architecture,
                                                                                 .so_far = std::move(so_far)});
                                                             }});
      EXPECT_EQ(written, (std::vector<Index>{2, 4}));
      const Checkpoint checkpoint = read_checkpoint(checkpoint_path());
      run.resume = checkpoint.so_far.state;
      expect_equal_bits(joined(checkpoint.so_far, trained(run, 0)), whole);
    }
}

TEST(Checkpoint, is_a_model_for_readers_of_models) {
  const Checkpoint checkpoint = checkpoint_of(every_feature(), 2);
  ModelFile want{.classes = {"cat", "dog, \"big\"", "\xc3\xa9"},
                 .features = {"a", "b", "c", "d", "e"},
                 .scale_mean = {1, 2, 3, 4, 0.1f},
                 .scale_factor = {1, 1, 1, 1, 1e-7f}};
  write_checkpoint(checkpoint_path(), checkpoint, want);
  const ModelFile model = read_model_file(checkpoint_path());
  EXPECT_EQ(model.stack.widths, checkpoint.architecture.widths);
  EXPECT_EQ(model.stack.parameters, checkpoint.so_far.parameters);
  EXPECT_EQ(model.classes, want.classes);
  EXPECT_EQ(model.features, want.features);
  EXPECT_EQ(model.scale_mean, want.scale_mean);
  EXPECT_EQ(model.scale_factor, want.scale_factor);
  want.classes.pop_back();
  EXPECT_THROW(write_checkpoint(checkpoint_path(), checkpoint, want), std::invalid_argument);
}

TEST(Checkpoint, cut_anywhere_is_refused) {
  write_checkpoint(checkpoint_path(), checkpoint_of(every_feature(), 2));
  const std::string bytes = get(checkpoint_path());
  for (std::size_t length = 0; length < bytes.size(); length += length < 5000 ? 61 : 409) {
    const auto path = put("cut", bytes.substr(0, length));
    EXPECT_TRUE(refusal([&] { read_checkpoint(path); }).starts_with(in_file(path, ""))) << length;
  }
}

TEST(Checkpoint, of_another_version_or_none_is_refused) {
  EXPECT_EQ(description_refusal("/schema_version"_json_pointer, 2),
            "a checkpoint of version 2, and this program reads version 1");
  EXPECT_EQ(description_refusal("/schema"_json_pointer, "plateau-run"),
            "the metadata plateau.checkpoint describe no checkpoint");
  for (const char* const text : {"", "{", "[]", "3"})
    EXPECT_EQ(refusal_of([&](TypedTensorFile& file) { file.metadata["plateau.checkpoint"] = text; }),
              "the metadata plateau.checkpoint describe no checkpoint");
  EXPECT_EQ(refusal_of([&](TypedTensorFile& file) { file.metadata["plateau.checkpoint"] += std::string(1, '\0'); }),
            "the metadata plateau.checkpoint describe no checkpoint");
  EXPECT_EQ(refusal_of([](TypedTensorFile& file) { file.metadata.clear(); }),
            "no checkpoint, for it has no metadata plateau.checkpoint");
}

TEST(Checkpoint, a_number_that_no_run_has_is_refused) {
  const auto no_run_has = [](const char* key) {
    return std::string("the metadata plateau.checkpoint have a ") + key + " that no run has";
  };
  const std::pair<const char*, nlohmann::json> cases[] = {
      {"epoch", 0},
      {"epoch", 1'000'001},
      {"epoch", -1},
      {"epoch", 1.5},
      {"epoch", "2"},
      {"step", 1},
      {"step", std::uint64_t{1} << 63},
      {"best_epochs", 3},
      {"architecture", {5}},
      {"architecture", {5, 0, 3}},
      {"architecture", {5, 1 << 17, 3}},
      {"architecture", {5, "9", 3}},
      {"architecture", nullptr},
      {"train_checksum", std::uint64_t{1} << 32},
      {"options", {"train", 3}},
      {"options", "train"},
      {"device", 3},
  };
  for (const auto& [key, value] : cases)
    EXPECT_EQ(description_refusal(nlohmann::json::json_pointer(std::string("/") + key), value), no_run_has(key))
        << value;
  EXPECT_EQ(description_refusal("/plan/fused"_json_pointer, {1, 2, 3}), no_run_has("plan"));
  EXPECT_EQ(description_refusal("/plan/fused"_json_pointer, {1, 2}), no_run_has("plan"));
  EXPECT_EQ(description_refusal("/plan/autotuned"_json_pointer, 1), no_run_has("autotuned"));
  EXPECT_EQ(description_refusal("/plan/epilogues"_json_pointer, 1), no_run_has("epilogues"));
  EXPECT_EQ(description_refusal("/plan"_json_pointer, 1), "the metadata plateau.checkpoint have no autotuned");
  EXPECT_EQ(description_refusal("/plan/epilogues"_json_pointer, R"([{"activation":true}])"_json),
            "the metadata plateau.checkpoint have no input_grad");
}

TEST(Checkpoint, tensors_that_do_not_fit_are_refused_by_name) {
  EXPECT_EQ(refusal_of([](auto& file) { tensor(file, "plateau.second_moment.fc2.bias").name = "plateau.else"; }),
            "tensor 'plateau.second_moment.fc2.bias' is missing");
  EXPECT_EQ(refusal_of([](auto& file) {
              file.tensors.push_back({"plateau.else", {}, std::vector<float>{1}});
            }),
            "1 of its tensors are not those of a checkpoint");
  EXPECT_EQ(refusal_of([](auto& file) {
              tensor(file, "fc1.weight").shape = {5, 9};
            }),
            "tensor 'fc1.weight' has shape [5, 9], and [9, 5] fits the run");
  EXPECT_EQ(refusal_of([](auto& file) {
              tensor(file, "plateau.history.test_loss").values = std::vector<std::int32_t>{1, 2};
            }),
            "tensor 'plateau.history.test_loss' has another dtype than a checkpoint's");
  EXPECT_EQ(refusal_of([](auto& file) {
              tensor(file, "plateau.history.test_loss") = {"plateau.history.test_loss", {1}, std::vector<double>{1}};
            }),
            "tensor 'plateau.history.test_loss' has shape [1], and [2] fits the run");
  EXPECT_EQ(refusal_of([](auto& file) {
              tensor(file, "plateau.test_correct") = {"plateau.test_correct", {2, 1}, std::vector<std::uint32_t>{1, 2}};
            }),
            "tensor 'plateau.test_correct' has shape [2, 1], and [2, 2] fits the run");
  for (const std::int32_t none : {3, -2})
    EXPECT_EQ(refusal_of([&](auto& file) {
                std::get<std::vector<std::int32_t>>(tensor(file, "plateau.predicted").values)[3] = none;
              }),
              "tensor 'plateau.predicted' holds class " + std::to_string(none) +
                  ", and the network 5-9-3 has classes 0 to 2");
  EXPECT_EQ(refusal_of([](auto& file) {
              tensor(file, "plateau.predicted").shape = {37, 1};
            }),
            "tensor 'plateau.predicted' is no list of classes");
  for (const double none : {-0.5, 1.5, std::nan("")})
    EXPECT_EQ(refusal_of([&](auto& file) {
                std::get<std::vector<double>>(tensor(file, "plateau.history.test_accuracy").values)[1] = none;
              }),
              "the history of epoch 1 holds an accuracy outside 0 to 1");
}

TEST(Checkpoint, writing_refuses_what_could_not_be_read) {
  const auto throws = [](const std::function<void(Checkpoint&)>& spoil) {
    Checkpoint checkpoint = checkpoint_of(every_feature(), 2);
    spoil(checkpoint);
    EXPECT_THROW(write_checkpoint(checkpoint_path(), checkpoint), std::invalid_argument);
  };
  throws([](Checkpoint& c) { c.so_far.state.reset(); });
  throws([](Checkpoint& c) { c.so_far.first_epoch = 1; });
  throws([](Checkpoint& c) { c.so_far.history.pop_back(); });
  throws([](Checkpoint& c) { c.so_far.layers.pop_back(); });
  throws([](Checkpoint& c) { c.so_far.state->first_moment.pop_back(); });
  throws([](Checkpoint& c) { c.so_far.state->predicted.pop_back(); });
  Checkpoint checkpoint = checkpoint_of(every_feature(), 2);
  checkpoint.options.push_back("\xff");
  EXPECT_EQ(refusal([&] { write_checkpoint(checkpoint_path(), checkpoint); }),
            in_file(checkpoint_path(), "an option of the command is not UTF-8"));
  EXPECT_FALSE(std::filesystem::exists(checkpoint_path()));
}

TEST(ComputedBy, tells_environments_apart_that_give_other_bits) {
  Environment environment = cpu_environment(2);
  const std::string on_cpu = computed_by(environment);
  environment.workers = 7;
  environment.device_name = "another processor";
  EXPECT_EQ(computed_by(environment), on_cpu);
  environment.build.commit = "abc";
  EXPECT_NE(computed_by(environment), on_cpu);
  environment.gpu = GpuEnvironment{"9.0", 132, "13.0", "13.0"};
  const std::string on_gpu = computed_by(environment);
  environment.gpu->driver = "14.0";
  EXPECT_EQ(computed_by(environment), on_gpu);
  environment.gpu->multiprocessors = 114;
  EXPECT_NE(computed_by(environment), on_gpu);
}

}  // namespace
}  // namespace plateau::test::checkpoint_test
