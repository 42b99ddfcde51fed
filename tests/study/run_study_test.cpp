// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/run_study.hpp"

#include <gtest/gtest.h>

#include "plateau/core/error.hpp"

namespace plateau {
namespace {

Dataset rows(Index columns, std::vector<std::int32_t> labels) {
  Dataset data{.columns = columns, .values = HostBuffer<float>(columns * static_cast<Index>(labels.size()), 0.5f)};
  data.labels = std::move(labels);
  return data;
}

std::string refusal(const std::optional<std::vector<Index>>& hidden, const Split& split,
                    const std::optional<LinearStack>& initial) {
  try {
    fitting_architecture(hidden, split, initial, {"a.npy:b.npy", "c.npy:d.npy", "m.safetensors"});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(FittingArchitecture, has_the_datas_features_and_a_class_for_every_label) {
  const Split split{rows(3, {0, 1, 1}), rows(3, {0, 4})};
  EXPECT_EQ(fitting_architecture(std::vector<Index>{16, 8}, split, {}, {}).widths, (std::vector<Index>{3, 16, 8, 5}));
  EXPECT_EQ(fitting_architecture(std::vector<Index>{}, {rows(2, {0}), rows(2, {0})}, {}, {}).widths,
            (std::vector<Index>{2, 2}));
}

TEST(FittingArchitecture, is_the_initial_models) {
  const Split split{rows(3, {0, 1}), rows(3, {0})};
  const LinearStack initial{.widths = {3, 7, 4}, .parameters = {}};
  EXPECT_EQ(fitting_architecture({}, split, initial, {}).widths, initial.widths);
  EXPECT_EQ(fitting_architecture(std::vector<Index>{7}, split, initial, {}).widths, initial.widths);
}

TEST(FittingArchitecture, names_what_does_not_fit) {
  const Split split{rows(3, {0, 1, 5}), rows(3, {0})};
  EXPECT_NE(refusal(std::vector<Index>{8}, {rows(3, {0}), rows(4, {0})}, {})
                .find("a.npy:b.npy has 3 features and c.npy:d.npy has 4"),
            std::string::npos);
  EXPECT_NE(refusal({}, split, LinearStack{{2, 7, 6}, {}}).find("m.safetensors has 2 inputs"), std::string::npos);
  EXPECT_NE(refusal({}, split, LinearStack{{3, 7, 5}, {}}).find("a.npy:b.npy: row 2 holds label 5"), std::string::npos);
  EXPECT_NE(refusal(std::vector<Index>{8}, split, LinearStack{{3, 7, 6}, {}})
                .find("m.safetensors is a network 3-7-6, which the hidden widths 8"),
            std::string::npos);
  EXPECT_NE(refusal(std::vector<Index>{}, split, LinearStack{{3, 7, 6}, {}}), "");
  EXPECT_NE(refusal(std::vector<Index>(70, 2), split, {}).find("71 layers"), std::string::npos);
  EXPECT_NE(refusal(std::vector<Index>{65536, 65536}, split, {}).find("bytes with gradient and moments"),
            std::string::npos);
  EXPECT_NE(refusal(std::vector<Index>{kMaxWidth + 1}, split, {}).find("width 65537"), std::string::npos);
}

TEST(BestEpoch, is_the_earliest_of_the_best) {
  const BestEpoch best = best_epoch({{.test_accuracy = 0.1}, {.test_accuracy = 0.7}, {.test_accuracy = 0.7}});
  EXPECT_EQ(best.epoch, 1);
  EXPECT_EQ(best.test_accuracy, 0.7);
  EXPECT_THROW(best_epoch({}), std::invalid_argument);
}

TEST(RunStudy, holds_what_its_rows_look_like) {
  const Split split{rows(2, {2, 0, 2}), rows(2, {1})};
  CpuTrainer trainer({.workers = 1});
  const RunStudy study = study_run({.architecture = {{2, 4}}}, split, trainer);
  EXPECT_EQ(study.statistics.train.class_rows, (std::vector<Index>{1, 0, 2, 0}));
  EXPECT_EQ(study.statistics.test.class_rows, (std::vector<Index>{0, 1, 0, 0}));
  ASSERT_EQ(study.statistics.train.features.size(), 2u);
  EXPECT_EQ(study.statistics.train.features[1].mean, 0.5);
  EXPECT_EQ(study.statistics.train.features[1].spread, 0);
  EXPECT_EQ(row_count(study.statistics.train), 3);
}

TEST(Views, keep_what_the_rows_were_drawn_from) {
  Split split{rows(2, {0}), rows(2, {1})};
  EXPECT_FALSE(views(split).drawn.has_value());
  split.drawn = DrawnSplit{.train = {.seed = 3}, .test = {.seed = 3, .first_row = 7}};
  ASSERT_TRUE(views(split).drawn.has_value());
  EXPECT_EQ(views(split).drawn->test.first_row, 7);
}

TEST(RunStudy, of_a_diverged_run_without_an_epoch_has_no_level) {
  const Split split{rows(2, {0, 1, 0, 1}), rows(2, {0, 1})};
  const plateau::Run diverging{.architecture = {{2, 4, 2}},
                               .optimizer = SgdParameters{.learning_rate = 1},
                               .epochs = 3,
                               .initial = FlatParameters(22, 3e38f)};
  CpuTrainer trainer({.workers = 1});
  const RunStudy study = study_run(diverging, split, trainer);
  EXPECT_EQ(study.result.outcome, RunOutcome::diverged);
  EXPECT_TRUE(study.result.history.empty());
  EXPECT_FALSE(study.plateau.has_value());
  EXPECT_FALSE(study.best.has_value());
}

}  // namespace
}  // namespace plateau
