// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Trajectories that PyTorch computed (tests/data/torch-parity): the same data, initial weights and configuration must
// give its losses at every epoch. Bound: 2e-6 + 20 x |its float32 - its float64|, accuracy within one row.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "plateau/data/dataset.hpp"
#include "plateau/data/linear_stack.hpp"
#include "plateau/model/fused_fleet.hpp"
#include "plateau/model/gpu_trainer.hpp"

namespace plateau::torch_parity_test {
namespace {

struct ParityCase {
  std::string name;
  Optimizer optimizer;
  Index batch;
  Index epochs;
};

// As in each folder's case.json.
const ParityCase kCases[] = {
    {"adam_linear_3_2", AdamParameters{.learning_rate = 0.01}, 0, 200},
    {"adam_memorization_2_128_128_2", AdamParameters{.learning_rate = 0.01}, 0, 60},
    {"adam_l2_6_24_2", AdamParameters{.learning_rate = 0.005, .weight_decay = 0.01}, 50, 20},
    {"adamw_8_32_32_4",
     AdamParameters{.learning_rate = 0.003, .weight_decay = 0.05, .decay_kind = WeightDecay::decoupled}, 64, 20},
    {"sgd_momentum_5_16_3", SgdParameters{.learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.001}, 32, 20},
};

std::filesystem::path case_folder(const ParityCase& parity) {
  return std::filesystem::path(PLATEAU_TEST_DATA) / "torch-parity" / parity.name;
}

struct Expected {
  double train_loss_64, test_loss_64, test_accuracy_64, train_loss_32, test_loss_32, test_accuracy_32;
};

std::vector<Expected> read_expected(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  std::vector<Expected> rows;
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    Expected e{};
    double epoch = 0;
    char comma = 0;
    fields >> epoch >> comma >> e.train_loss_64 >> comma >> e.test_loss_64 >> comma >> e.test_accuracy_64 >> comma >>
        e.train_loss_32 >> comma >> e.test_loss_32 >> comma >> e.test_accuracy_32;
    EXPECT_FALSE(fields.fail()) << line;
    rows.push_back(e);
  }
  return rows;
}

// The rows of a case, and the run that PyTorch trained on them; both as long as this object.
struct LoadedCase {
  explicit LoadedCase(const ParityCase& parity)
      : folder(case_folder(parity)), train(rows("train")), test(rows("test")) {
    LinearStack initial = read_linear_stack(folder / "init.safetensors");
    run = {.architecture = {initial.widths},
           .optimizer = parity.optimizer,
           .epochs = parity.epochs,
           .batch = parity.batch,
           .order = RowOrder::as_stored,
           .initial = std::move(initial.parameters)};
  }
  Dataset rows(const std::string& part) const {
    return read_npy_pair((folder / (part + "_x.npy")).string() + ":" + (folder / (part + "_y.npy")).string());
  }
  TrainingData data() const { return {train.x(), train.label(), test.x(), test.label()}; }

  std::filesystem::path folder;
  Dataset train, test;
  plateau::Run run;
};

template <class Real>
RunResult train_case(const ParityCase& parity) {
  const LoadedCase loaded(parity);
  return train_on_cpu<Real>(loaded.run, loaded.data(), {.workers = 2});
}

// The worst loss seen, as a share of the bound.
double worst_share(const ParityCase& parity, const RunResult& result, double fixed, double times_float_error) {
  const auto want = read_expected(case_folder(parity) / "expected.csv");
  EXPECT_GE(static_cast<Index>(want.size()), parity.epochs);
  EXPECT_EQ(static_cast<Index>(result.history.size()), parity.epochs);
  double worst = 0;
  const double row = 1.0 / static_cast<double>(result.test_correct.rows());
  for (std::size_t e = 0; e < std::min(want.size(), result.history.size()); ++e) {
    const auto check = [&](const char* what, double got, double float64, double float32) {
      const double bound = fixed + times_float_error * std::abs(float32 - float64);
      EXPECT_LE(std::abs(got - float64), bound) << parity.name << ", " << what << " loss of epoch " << e;
      worst = std::max(worst, std::abs(got - float64) / bound);
    };
    check("train", result.history[e].train_loss, want[e].train_loss_64, want[e].train_loss_32);
    check("test", result.history[e].test_loss, want[e].test_loss_64, want[e].test_loss_32);
    EXPECT_LE(std::abs(result.history[e].test_accuracy - want[e].test_accuracy_64), 1.0001 * row)
        << parity.name << ", accuracy of epoch " << e;
  }
  return worst;
}

TEST(TorchParity, float32_follows_pytorch_at_every_epoch) {
  for (const ParityCase& parity : kCases) {
    const double worst = worst_share(parity, train_case<float>(parity), 2e-6, 20);
    RecordProperty(parity.name, std::to_string(worst));
    std::printf("%-32s at most %.3f of the bound\n", parity.name.c_str(), worst);
  }
}

// On the GPU this program is linked with. PLATEAU_PARITY_EPOCHS ends each case after as many epochs, where threads are
// emulated and watched.
void expect_parity_on_the_gpu(const char* engine,
                              const std::function<RunResult(const Run& run, const TrainingData& data)>& train) {
  const char* limit = std::getenv("PLATEAU_PARITY_EPOCHS");
  for (ParityCase parity : kCases) {
    if (limit != nullptr) parity.epochs = std::min<Index>(parity.epochs, std::max(1, std::atoi(limit)));
    const LoadedCase loaded(parity);
    const double worst = worst_share(parity, train(loaded.run, loaded.data()), 2e-6, 20);
    testing::Test::RecordProperty(std::string(engine) + "_" + parity.name, std::to_string(worst));
    std::printf("%-32s at most %.3f of the bound on the GPU, %s, %d epochs\n", parity.name.c_str(), worst, engine,
                static_cast<int>(parity.epochs));
  }
}

TEST(TorchParity, the_layered_engine_follows_pytorch_at_every_epoch) {
  const auto trainer = make_gpu_trainer({});
  expect_parity_on_the_gpu("layered",
                           [&](const auto& run, const TrainingData& data) { return trainer->train(run, data); });
}

TEST(TorchParity, the_fused_engine_follows_pytorch_at_every_epoch) {
  expect_parity_on_the_gpu("fused",
                           [](const auto& run, const TrainingData& data) { return train_fused(data, {{run}}, {})[0]; });
}

// The files hold twelve digits of a float64 run, and a double training drifts from it by rounding only.
TEST(TorchParity, float64_agrees_with_pytorch_to_the_digits_of_the_file) {
  for (const ParityCase& parity : kCases) worst_share(parity, train_case<double>(parity), 1e-9, 0);
}

// The final weights come from the float64 run, rounded to float.
TEST(TorchParity, float64_ends_with_pytorchs_weights) {
  for (const ParityCase& parity : kCases) {
    const RunResult result = train_case<double>(parity);
    const LinearStack want = read_linear_stack(case_folder(parity) / "final.safetensors");
    ASSERT_EQ(result.parameters.size(), want.parameters.size());
    for (std::size_t i = 0; i < want.parameters.size(); ++i)
      ASSERT_LE(std::abs(result.parameters[i] - want.parameters[i]), 2e-7f * (1 + std::abs(want.parameters[i])))
          << parity.name << ", parameter " << i;
  }
}

}  // namespace
}  // namespace plateau::torch_parity_test
