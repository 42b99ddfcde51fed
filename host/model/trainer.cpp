// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/trainer.hpp"

#include "plateau/model/work_crew.hpp"

namespace plateau {
namespace {

DatasetStatistics describe(HostMatrix<const float> x, HostSpan<const std::int32_t> label, Index classes) {
  DatasetStatistics found{.class_rows = std::vector<Index>(static_cast<std::size_t>(classes)),
                          .features = std::vector<FeatureStatistics>(static_cast<std::size_t>(x.cols))};
  cpu::dataset_statistics<float>(x, label, {found.class_rows.data(), classes}, {found.features.data(), x.cols});
  return found;
}

}  // namespace

RunResult CpuTrainer::train(const Run& run, const TrainingData& data) {
  return train_on_cpu<float>(run, data, options_);
}

std::vector<RunResult> CpuTrainer::train_fleet(const TrainingData& data, const std::vector<Run>& runs,
                                               const FleetObserver& observer) {
  return train_fleet_on_cpu(data, runs, options_, observer);
}

void CpuTrainer::for_each(Index count, const std::function<void(Index, Trainer&)>& body) {
  WorkCrew(options_.workers).run(count, [&](Index i, int) {
    CpuTrainer alone({.workers = 1, .stop = options_.stop});
    body(i, alone);
  });
}

Trainer::SplitStatistics CpuTrainer::statistics(const TrainingData& data, Index classes) {
  return {describe(data.train_x, data.train_label, classes), describe(data.test_x, data.test_label, classes)};
}

bool CpuTrainer::stop_requested() const { return options_.stop && options_.stop->load(std::memory_order_relaxed); }

}  // namespace plateau
