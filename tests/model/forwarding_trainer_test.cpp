// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/forwarding_trainer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/datasets.hpp"

namespace plateau::test::forwarding_trainer_test {
namespace {

// Says what it was asked, and answers something that can be told.
class AskedTrainer final : public Trainer {
 public:
  std::string asked;

  using Trainer::train;
  RunResult train(const plateau::Run& run, const TrainingData&, const Checkpoints&, const RunObserver&) override {
    asked += "train " + std::to_string(run.epochs) + "\n";
    return {.outcome = RunOutcome::stopped_early};
  }
  std::vector<RunResult> train_fleet(const TrainingData&, const std::vector<plateau::Run>& runs,
                                     const FleetObserver& observer) override {
    asked += "fleet of " + std::to_string(runs.size()) + (observer ? ", watched\n" : "\n");
    return std::vector<RunResult>(runs.size());
  }
  void for_each(Index count, const std::function<void(Index, Trainer&)>& body) override {
    asked += "for each of " + std::to_string(count) + "\n";
    body(count - 1, *this);
  }
  SplitStatistics statistics(const TrainingData&, Index classes) override {
    asked += "statistics\n";
    return {.train = {.class_rows = {classes}, .features = {}}, .test = {}};
  }
  Predictions predict(const TrainedNetwork&, HostMatrix<const float>) override {
    asked += "predict\n";
    return {.predicted = {7}, .probability = {}};
  }
  Neighbours neighbours(HostMatrix<const float>, HostMatrix<const float>, Index k,
                        HostSpan<const std::int32_t>) override {
    asked += std::to_string(k) + " neighbours\n";
    return {};
  }
  bool stop_requested() const override { return true; }
};

TEST(ForwardingTrainer, hands_every_call_on_and_its_answer_back) {
  AskedTrainer inner;
  ForwardingTrainer outer(inner);
  const Dataset rows = labelled(1, {1, 2}, {0, 1});
  const TrainingData data{rows.x(), rows.label(), rows.x(), rows.label()};
  EXPECT_EQ(outer.train({.epochs = 3}, data, {}, {}).outcome, RunOutcome::stopped_early);
  EXPECT_EQ(outer.train_fleet(data, {{}, {}}, [](const FleetProgress&) {}).size(), 2u);
  Index body = 0;
  outer.for_each(5, [&](Index i, Trainer&) { body = i; });
  EXPECT_EQ(body, 4);
  EXPECT_EQ(outer.statistics(data, 9).train.class_rows, std::vector<Index>{9});
  EXPECT_EQ(outer.predict({}, rows.x()).predicted, std::vector<std::int32_t>{7});
  outer.neighbours(rows.x(), rows.x(), 15, {});
  EXPECT_TRUE(outer.stop_requested());
  EXPECT_EQ(inner.asked, "train 3\nfleet of 2, watched\nfor each of 5\nstatistics\npredict\n15 neighbours\n");
}

}  // namespace
}  // namespace plateau::test::forwarding_trainer_test
