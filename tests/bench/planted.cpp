// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A benchmark program with sound cases and with some that must fail, on the CPU and on the emulated GPU.
#include <chrono>
#include <limits>
#include <stdexcept>
#include <thread>

#include "bench/support/cpu_device.hpp"
#include "bench/support/gpu_device.hpp"
#include "bench/support/operation_case.hpp"
#include "bench/training/cases.hpp"
#include "plateau/gpu/error.hpp"

namespace plateau::bench {
namespace {

constexpr Index kSize = 1000;

template <class Device>
Operation<Device> scaling(Material<Device>& make, float spoiled) {
  const auto parameter = make.random(kSize), grad = make.random(kSize), velocity = make.random(kSize);
  make.backend().template copy_in<float, float>({&spoiled, 1}, grad.subspan(kSize / 2, 1));
  make.backend().finish();
  return {.cost = {.flops = 1e3, .bytes_read = 3e3, .bytes_written = 1e3},
          .run = [=, state = make.state(),
                  &backend = make.backend()] { backend.sgd({}, state, grad, parameter, velocity); },
          .outputs = {parameter}};
}

// Right at first, and not any more after some runs.
template <class Device>
Operation<Device> spoiled_later(Material<Device>& make) {
  Operation<Device> operation = scaling(make, 1);
  const auto output = make.random(kSize);
  operation.outputs.push_back(output);
  operation.run = [=, &backend = make.backend(), run = operation.run, runs = 0]() mutable {
    run();
    if (++runs < 4) return;  // the first, two to warm up, and the timed one
    const float nan = std::numeric_limits<float>::quiet_NaN();
    backend.template copy_in<float, float>({&nan, 1}, output.subspan(0, 1));
    backend.finish();
  };
  return operation;
}

// Trains nothing: a millisecond per epoch, and what it leaves behind is planted; but a fleet's first model, which is
// trained alone to warm up, is sound.
class PlantedTrainer final : public Trainer {
 public:
  PlantedTrainer(double test_loss, RunOutcome outcome) : test_loss_(test_loss), outcome_(outcome) {}

  using Trainer::train;
  RunResult train(const Run& run, const TrainingData&, const Checkpoints&, const RunObserver&) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(run.epochs));
    const bool sound = run.seed == 0;
    const EpochRecord epoch{.test_loss = sound ? 0 : test_loss_};
    return {.outcome = sound ? RunOutcome::finished : outcome_,
            .history = std::vector<EpochRecord>(static_cast<std::size_t>(run.epochs), epoch),
            .recorded_launches = 123};
  }
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                     const FleetObserver&) override {
    std::vector<RunResult> results;
    for (const Run& run : runs) results.push_back(train(run, data));
    return results;
  }
  void for_each(Index, const std::function<void(Index, Trainer&)>&) override {}
  SplitStatistics statistics(const TrainingData&, Index) override { return {}; }
  Predictions predict(const TrainedNetwork&, HostMatrix<const float>) override { return {}; }
  Neighbours neighbours(HostMatrix<const float>, HostMatrix<const float>, Index,
                        HostSpan<const std::int32_t>) override {
    return {};
  }
  bool stop_requested() const override { return false; }

 private:
  double test_loss_;
  RunOutcome outcome_;
};

Trained planted_training(const std::string& name, double test_loss, RunOutcome outcome) {
  return {.name = name,
          .tiny = true,
          .fleets = true,
          .make_trainer = [=] { return std::make_unique<PlantedTrainer>(test_loss, outcome); },
          .products_us = [](const Architecture&, Index) { return 500.0; }};
}

template <class Device>
void add_cases(Effort effort) {
  const auto cases = std::make_shared<OperationCases<Device>>(effort);
  const auto add = [&](const std::string& name, auto make) {
    const OperationCase<Device> described{name, Cache::cold, make};
    add_case(name, [=](benchmark::State& state) { return cases->measure(state, described); });
  };
  add("sound", [](auto& make) { return scaling(make, 1); });
  add("nan", [](auto& make) { return scaling(make, std::numeric_limits<float>::quiet_NaN()); });
  add("nan_later", [](auto& make) { return spoiled_later(make); });
  add("infinity", [](auto& make) { return scaling(make, std::numeric_limits<float>::infinity()); });
  add("nan_figure", [](auto& make) {
    auto operation = scaling(make, 1);
    operation.figure = [] { return std::numeric_limits<double>::quiet_NaN(); };
    return operation;
  });
  add("refused", [](auto& make) {
    auto operation = scaling(make, 1);
    operation.run = [] { throw gpu::UnsupportedProduct("no such product", CallSite::current()); };
    return operation;
  });
  add_case("throws", [](benchmark::State&) -> double { throw std::runtime_error("on purpose"); });
  add_case("no_time", [](benchmark::State&) { return std::numeric_limits<double>::quiet_NaN(); });
  add_trainings(effort, {},
                {planted_training("sound", 0.5, RunOutcome::finished),
                 planted_training("nan", std::numeric_limits<double>::quiet_NaN(), RunOutcome::finished),
                 planted_training("diverged", 0.5, RunOutcome::diverged)});
}

}  // namespace
}  // namespace plateau::bench

int main(int argc, char** argv) {
  using namespace plateau::bench;
  return run({.name = "planted",
              .summary = "for tests",
              .repetitions = 2,
              .add_cpu_cases = add_cases<CpuDevice>,
              .add_gpu_cases = add_cases<GpuDevice>},
             argc, argv);
}
