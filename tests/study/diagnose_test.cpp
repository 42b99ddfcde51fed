// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whole diagnoses of rows of which it is known what keeps the accuracy where it is.
#include "plateau/study/diagnose.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <numeric>

#include "plateau/core/error.hpp"
#include "plateau/model/forwarding_trainer.hpp"
#include "support/cases.hpp"
#include "support/datasets.hpp"

namespace plateau::test::diagnose_test {
namespace {

using Ids = std::vector<std::int32_t>;
using Rule = std::function<std::int32_t(const float* x, Index row)>;

// Uniform features in [-1, 1), labelled by the rule.
Dataset made(Index rows, Index features, const Rule& rule, std::uint64_t seed) {
  std::vector<float> x;
  for (const double value : random_values(rows * features, -1, 1, seed)) x.push_back(static_cast<float>(value));
  Ids labels;
  for (Index row = 0; row < rows; ++row) labels.push_back(rule(&x[at(row * features)], row));
  return labelled(features, x, labels);
}
Split made(Index train, Index test, Index features, const Rule& rule) {
  return {.train = made(train, features, rule, 1), .test = made(test, features, rule, 2)};
}
std::int32_t by_a_plane(const float* x, Index) { return x[0] + x[1] > 0; }
std::int32_t by_a_ball(const float* x, Index) { return x[0] * x[0] + x[1] * x[1] > 0.64f; }
Rule coin_flips(std::uint64_t seed) {
  return [labels = random_labels(1000, 2, seed)](const float*, Index row) { return labels[at(row)]; };
}

DiagnoseConfiguration quick(std::vector<Index> widths, double rate = 0.01, Index epochs = 60) {
  DiagnoseConfiguration configuration{.depth = Depth::quick, .seed = 5};
  configuration.run = {
      .architecture = {std::move(widths)}, .optimizer = AdamParameters{.learning_rate = rate}, .epochs = epochs};
  return configuration;
}
Diagnosis diagnosed(const Split& split, const DiagnoseConfiguration& configuration, const Split* second = nullptr) {
  CpuTrainer trainer({.workers = 2});
  return *diagnose(split, second, configuration, trainer);
}
void expect_verdict(const Diagnosis& diagnosis, VerdictCode code) {
  EXPECT_STREQ(to_string(diagnosis.verdict.code), to_string(code)) << diagnosis.verdict.sentence;
}

TEST(Diagnose, finds_a_learning_rate_that_is_too_small) {
  Split split = made(150, 200, 2, by_a_plane);
  split.train.labels[40] = 1 - split.train.labels[40];
  split.dealt.emplace();
  for (std::int32_t row = 0; row < 150; ++row) split.dealt->train.push_back(2 * row);
  std::vector<std::string> blocks;
  CpuTrainer trainer({.workers = 2});
  Index trainings = 0;
  const Diagnosis diagnosis =
      *diagnose(split, nullptr, quick({2, 8, 2}, 1e-5), trainer, [&](std::string_view block, double share, Index done) {
        if (blocks.empty() || blocks.back() != block) blocks.emplace_back(block);
        EXPECT_TRUE(0 <= share && share <= 1);
        EXPECT_GE(done, trainings);
        trainings = done;
      });
  expect_verdict(diagnosis, VerdictCode::optimisation);
  EXPECT_EQ(diagnosis.verdict.grade, EvidenceGrade::proved);
  EXPECT_GT(diagnosis.evidence.optimised->gain.interval.low, 0.1);
  EXPECT_EQ(diagnosis.causes[0].code, VerdictCode::optimisation);
  EXPECT_EQ(diagnosis.evidence.train_rows, 150);
  EXPECT_EQ(diagnosis.evidence.test_rows, 200);
  EXPECT_GT(diagnosis.trainings, trainings);
  // The training, the best of each kind, and class weights where one class is said for all; the best of all is one of
  // these, and judged once.
  const DiagnosisEvidence& e = diagnosis.evidence;
  EXPECT_TRUE(e.reference->what == e.optimised->what || e.reference->what == e.regularised->what ||
              e.reference->what == e.larger->what)
      << e.reference->what;
  EXPECT_EQ(diagnosis.test_looks,
            4 + e.balance.has_value() + static_cast<Index>(e.families.size() + e.curve->points.size()) + 3);
  for (const char* block : {"optimisation", "capacity", "learning curve", "signal", "shift"})
    EXPECT_EQ(std::ranges::count(blocks, block), 1) << block;
  for (const LayerEvidence& layer : diagnosis.evidence.user->layers) EXPECT_TRUE(layer.moved && !layer.frozen);

  // The rows whose labels are in doubt, by their places in the file they were dealt from.
  ASSERT_FALSE(diagnosis.suspects.empty());
  ASSERT_EQ(diagnosis.suspects.size(), diagnosis.evidence.noise->suspects.size());
  EXPECT_EQ(diagnosis.suspects[0].row, 2 * diagnosis.evidence.noise->suspects[0].row);
  for (const Suspect& suspect : diagnosis.suspects) {
    EXPECT_NE(suspect.given, suspect.label);
    EXPECT_GT(suspect.probability, suspect.label_probability);
  }
  EXPECT_TRUE(std::ranges::any_of(diagnosis.suspects, [&](const Suspect& suspect) {
    return suspect.row == 80 && suspect.label == split.train.labels[40];
  }));
}

// The test rows come in threes that lie in one place, and are right together: they tell as much as a third of them.
TEST(Diagnose, finds_a_network_that_cannot_bend_by_groups_of_test_rows) {
  Split split = made(200, 300, 2, by_a_ball);
  for (std::int32_t row = 0; row < 300; ++row) {
    for (Index f = 0; f < 2; ++f) split.test.values.view().data[2 * row + f] = split.test.x().row(row / 3 * 3)[f];
    split.test.labels[at(row)] = by_a_ball(split.test.x().row(row), row);
    split.test.groups.push_back(row / 3);
    if (row < 200) split.train.groups.push_back(row / 4);
  }
  const Diagnosis diagnosis = diagnosed(split, quick({2, 2}, 0.03, 100));
  expect_verdict(diagnosis, VerdictCode::capacity);
  const DiagnosisEvidence& e = diagnosis.evidence;
  EXPECT_GT(e.larger->gain.interval.low, 0.1);
  EXPECT_FALSE(e.from_scratch || e.second_data || e.with_leaked);
  EXPECT_LT(e.user->effective_rows, 105);
  EXPECT_GT(e.user->effective_rows, 90);
  EXPECT_NEAR(e.user->test_interval.high - e.user->test_interval.low, 2 * 1.96 * std::sqrt(0.25 / 100), 0.02);
  // Errors of rows would be smaller by the square root of 3.
  EXPECT_GT(e.larger->gain.standard_error, 0.028);
  EXPECT_GT(e.families[0].gain.standard_error, 0.020);
  EXPECT_GT(e.over_majority->standard_error, 0.042);
}

// A network that holds half of its rows out is not too small for that: nothing it is compared with has more of them.
TEST(Diagnose, puts_held_out_rows_down_to_nothing_else) {
  const Rule noisy = [flips = random_values(400, 0, 1, 11)](const float* x, Index row) {
    return by_a_plane(x, row) ^ static_cast<std::int32_t>(flips[at(row)] < 0.2);
  };
  DiagnoseConfiguration configuration = quick({8, 2}, 0.03, 100);
  configuration.run.patience = 10;
  configuration.validation = 0.75;
  const Diagnosis diagnosis = diagnosed(made(160, 400, 8, noisy), configuration);
  const DiagnosisEvidence& e = diagnosis.evidence;
  ASSERT_TRUE(e.with_held_out.has_value());
  EXPECT_GT(e.with_held_out->gain.value, 0.02);
  EXPECT_LT(e.larger->over_user.value, e.with_held_out->gain.value);
  EXPECT_NE(diagnosis.verdict.code, VerdictCode::capacity) << diagnosis.verdict.sentence;
}

// Given weights see the first feature only, and with them a frozen layer, whatever is above it.
TEST(Diagnose, finds_a_layer_that_should_not_be_frozen) {
  DiagnoseConfiguration configuration = quick({2, 4, 2}, 0.03, 60);
  configuration.run.frozen = 0b01;
  configuration.run.initial = FlatParameters(22, 0.1f);
  const float weights[] = {1, 0, -1, 0, 2, 0, -2, 0};
  std::ranges::copy(weights, configuration.run.initial->begin());
  for (std::size_t i : {12u, 13u, 18u, 19u}) (*configuration.run.initial)[i] = -0.1f;  // so that units differ above
  const Diagnosis diagnosis = diagnosed(made(150, 200, 2, by_a_plane), configuration);
  expect_verdict(diagnosis, VerdictCode::frozen_weights);
  EXPECT_EQ(exit_code_of(diagnosis.verdict), 4);
  EXPECT_TRUE(diagnosis.evidence.unfrozen->taken);
  EXPECT_TRUE(diagnosis.evidence.from_scratch.has_value());
  EXPECT_FALSE(diagnosis.evidence.user->layers[0].moved);
}

// Never trains for more than a few epochs, so that neighbours are ahead of its networks.
class HastyTrainer final : public ForwardingTrainer {
 public:
  using ForwardingTrainer::ForwardingTrainer;
  std::vector<RunResult> train_fleet(const TrainingData& data, const std::vector<plateau::Run>& runs,
                                     const FleetObserver& observer) override {
    std::vector<plateau::Run> hasty = runs;
    for (plateau::Run& run : hasty) {
      longest = std::max(longest, run.epochs);
      run.epochs = std::min<Index>(run.epochs, 2);
    }
    return ForwardingTrainer::train_fleet(data, hasty, observer);
  }
  Index longest = 0;
};

// Before neighbours are said to be better, networks are given ten times the steps.
TEST(Diagnose, trains_longer_where_neighbours_are_ahead) {
  const Split split = made(200, 300, 2, by_a_ball);
  CpuTrainer cpu({.workers = 2});
  HastyTrainer trainer(cpu);
  const Diagnosis diagnosis = *diagnose(split, nullptr, quick({2, 4, 2}, 0.001, 2), trainer);
  EXPECT_GT(trainer.longest, 700);
  EXPECT_GT(diagnosis.evidence.most_steps, 9000);
  EXPECT_GT(diagnosis.evidence.families[0].gain.interval.low, 0);
}

// Where nearly all rows are of one class, accuracy says little of the others.
TEST(Diagnose, tries_class_weights_where_a_class_is_rare) {
  const Rule rare = [](const float* x, Index) { return x[0] > 0.9f; };
  CpuTrainer cpu({.workers = 2});
  HastyTrainer trainer(cpu);
  const Split split = made(200, 300, 2, rare);
  const Diagnosis diagnosis = *diagnose(split, nullptr, quick({2, 8, 2}, 0.3), trainer);
  ASSERT_GT(diagnosis.evidence.user->majority_share, kRareShare);
  ASSERT_TRUE(diagnosis.evidence.balance.has_value());
  EXPECT_TRUE(std::ranges::any_of(diagnosis.verdict.evidence, [](const std::string& line) {
    return line.find("with balanced class weights") != std::string::npos;
  }));
  // Not where the training has them.
  DiagnoseConfiguration weighted = quick({2, 8, 2}, 0.3);
  weighted.run.class_weights = {.balanced = true};
  EXPECT_FALSE(diagnose(split, nullptr, weighted, trainer)->evidence.balance.has_value());
}

TEST(Diagnose, judges_nothing_by_the_one_class_that_a_leak_leaves) {
  Split split = made(60, 40, 2, by_a_plane);
  Index next = 0;
  for (Index row = 0; row < 40; ++row) {
    if (split.test.labels[at(row)] == 0) continue;
    while (split.train.labels[at(next)] == 0) ++next;  // one of the training rows in its place
    std::copy_n(split.train.values.view().data + 2 * next++, 2, split.test.values.view().data + 2 * row);
  }
  const Diagnosis diagnosis = diagnosed(split, quick({2, 4, 2}));
  expect_verdict(diagnosis, VerdictCode::leak);
  EXPECT_TRUE(diagnosis.evidence.with_leaked.has_value());
  EXPECT_FALSE(diagnosis.evidence.user.has_value());
}

TEST(Diagnose, denies_a_signal_in_coin_flips) {
  const Split split{.train = made(240, 2, coin_flips(3), 1), .test = made(400, 2, coin_flips(4), 2)};
  const Diagnosis diagnosis = diagnosed(split, quick({2, 8, 2}));
  expect_verdict(diagnosis, VerdictCode::no_signal);
  EXPECT_GT(diagnosis.evidence.signal->p, kSignalLevel);
  EXPECT_TRUE(diagnosis.suspects.empty());  // no label contradicts what is not there
}

TEST(Diagnose, trains_nothing_where_counting_tells) {
  Split split = made(40, 40, 2, by_a_plane);
  std::ranges::fill(split.test.labels, 1);
  const Diagnosis one_class = diagnosed(split, quick({2, 4, 2}));
  expect_verdict(one_class, VerdictCode::single_class);
  EXPECT_EQ(one_class.trainings, 0);
  EXPECT_EQ(one_class.test_looks, 0);

  split = made(40, 40, 2, by_a_plane);
  for (Dataset* part : {&split.train, &split.test}) std::ranges::fill(part->values.view(), 3.0f);
  const Diagnosis constant = diagnosed(split, quick({2, 4, 2}));
  expect_verdict(constant, VerdictCode::no_signal);
  EXPECT_EQ(constant.verdict.grade, EvidenceGrade::proved);
  EXPECT_EQ(constant.trainings, 0);
}

TEST(Diagnose, finds_that_other_features_of_the_same_rows_say_more) {
  const Split second = made(200, 300, 2, by_a_plane);
  Split split{.train = take_rows(second.train, {nullptr, 0}), .test = take_rows(second.test, {nullptr, 0})};
  for (auto [blurred, clear, seed] : {std::tuple{&split.train, &second.train, 7}, {&split.test, &second.test, 8}}) {
    std::vector<float> x;
    const std::vector<double> blur = random_values(2 * clear->rows(), -1, 1, static_cast<std::uint64_t>(seed));
    for (Index i = 0; i < 2 * clear->rows(); ++i)
      x.push_back(clear->values.view().data[i] + 1.5f * static_cast<float>(blur[at(i)]));
    *blurred = labelled(2, x, clear->labels);
  }
  const Diagnosis diagnosis = diagnosed(split, quick({2, 8, 2}, 0.03), &second);
  expect_verdict(diagnosis, VerdictCode::embedding_limited);
  EXPECT_GT(diagnosis.evidence.second_data->gain.interval.low, 0.1);
}

std::vector<double> numbers_of(const Diagnosis& diagnosis) {
  const DiagnosisEvidence& e = diagnosis.evidence;
  std::vector<double> numbers{e.user->setting.test_accuracy,
                              e.user->gradient_ratio,
                              e.signal->statistic,
                              e.signal->p,
                              e.curve->at_twice_interval.low,
                              e.shift->auc.value,
                              e.noise->confident_disagreement,
                              static_cast<double>(diagnosis.trainings)};
  for (const Effect& effect : diagnosis.effects) numbers.push_back(effect.gain.value);
  numbers.insert(numbers.end(), e.signal->null.begin(), e.signal->null.end());
  return numbers;
}

TEST(Diagnose, ends_without_a_result_where_the_user_wants_to) {
  const Split split = made(60, 60, 2, by_a_plane);
  for (const char* const last : {"", "the training as it is", "optimisation"}) {
    std::atomic<bool> stop{*last == '\0'};
    CpuTrainer trainer({.workers = 2, .stop = &stop});
    EXPECT_FALSE(diagnose(split, nullptr, quick({2, 4, 2}), trainer,
                          [&](std::string_view block, double, Index) {
                            if (block == last) stop = true;
                          })
                     .has_value())
        << last;
  }
}

TEST(Diagnose, refuses_what_cannot_be_diagnosed) {
  CpuTrainer trainer({});
  const auto refused = [&](const Split& split, const Split* second, const char* part) {
    try {
      diagnose(split, second, quick({2, 4, 2}), trainer);
      ADD_FAILURE() << part;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refused(made(9, 20, 2, by_a_plane), nullptr, "9 rows are too few");
  refused(made(20, 1, 2, by_a_plane), nullptr, "1 row is too few");
  const Split split = made(20, 20, 2, by_a_plane);
  const Split longer = made(21, 20, 2, by_a_plane);
  refused(split, &longer, "has 21 training rows");
  Split relabelled = made(20, 20, 2, by_a_plane);
  relabelled.test.labels[7] = 1 - relabelled.test.labels[7];
  refused(split, &relabelled, "other labels for its test rows");
  Split grouped = made(20, 20, 2, by_a_plane);
  grouped.train.groups.assign(20, 0);
  refused(grouped, nullptr, "all of one group");
  DiagnoseConfiguration nothing_is_worth_it = quick({2, 4, 2});
  nothing_is_worth_it.delta = 0;
  EXPECT_THROW(diagnose(split, nullptr, nothing_is_worth_it, trainer), std::invalid_argument);
}

// ---- Rows that everybody knows
// ---------------------------------------------------------------------------------------

Split flowers() {
  const Dataset all = read_dataset(std::string(PLATEAU_TEST_DATA) + "/iris.csv");
  return deal_rows(all, 0.4, 1);
}

TEST(Diagnose, finds_that_the_test_rows_of_irises_have_other_names) {
  Split split = flowers();
  for (std::int32_t& label : split.test.labels) label = (label + 1) % 3;
  const Diagnosis diagnosis = diagnosed(split, quick({4, 8, 3}, 0.03));
  expect_verdict(diagnosis, VerdictCode::label_map);
  EXPECT_EQ(diagnosis.evidence.label_map->best, (Ids{1, 2, 0}));
  EXPECT_EQ(exit_code_of(diagnosis.verdict), 4);
}

TEST(Diagnose, judges_irises_without_those_that_were_trained_on) {
  Split split = flowers();
  const auto copy = [&](Index row) {
    std::copy_n(split.train.x().row(row), 4, split.test.values.view().data + 4 * row);
    split.test.labels[at(row)] = split.train.labels[at(row)];
  };
  for (Index row = 0; row < 30; ++row) copy(row);
  DiagnoseConfiguration configuration = quick({4, 8, 3}, 0.03);
  const std::vector<double> weights = random_values(configuration.run.architecture.parameters(), -1, 1, 3);
  configuration.run.initial.emplace(weights.begin(), weights.end());
  configuration.run.frozen = 2;
  const Diagnosis diagnosis = diagnosed(split, configuration);
  expect_verdict(diagnosis, VerdictCode::leak);
  EXPECT_EQ(exit_code_of(diagnosis.verdict), 4);
  EXPECT_LE(diagnosis.evidence.test_rows, 30);
  EXPECT_GE(diagnosis.evidence.test_rows, 25);  // some were twins from the beginning
  EXPECT_EQ(diagnosis.evidence.with_leaked->what, "the user's");
  ASSERT_TRUE(diagnosis.evidence.user.has_value());

  // What else is seen stands beside it: a layer that never moves, and trainings from drawn weights.
  const std::vector<LayerEvidence>& layers = diagnosis.evidence.user->layers;
  EXPECT_TRUE(layers[0].moved && !layers[0].frozen && !layers[1].moved && layers[1].frozen);
  ASSERT_TRUE(diagnosis.evidence.from_scratch.has_value());
  EXPECT_NE(diagnosis.evidence.from_scratch->seed_deviation, diagnosis.evidence.user->setting.seed_deviation);

  // Where hardly a row is left, what was counted stands alone.
  for (Index row = 30; row < 55; ++row) copy(row);
  const Diagnosis counted = diagnosed(split, quick({4, 8, 3}, 0.03));
  expect_verdict(counted, VerdictCode::leak);
  EXPECT_FALSE(counted.evidence.user.has_value());
  EXPECT_TRUE(counted.evidence.with_leaked.has_value());
}

// Of clean flowers 60 test rows do not say whether anything is left to gain.
TEST(Diagnose, of_irises_as_they_are_claims_nothing_false_and_the_same_whatever_the_threads) {
  const Split split = flowers();
  DiagnoseConfiguration configuration = quick({4, 16, 3}, 0.03, 100);
  configuration.run.patience = 20;  // holds rows out
  CpuTrainer one({.workers = 1});
  const Diagnosis first = *diagnose(split, nullptr, configuration, one), second = diagnosed(split, configuration);
  EXPECT_EQ(numbers_of(first), numbers_of(second));
  EXPECT_EQ(first.verdict.sentence, second.verdict.sentence);

  const VerdictCode code = first.verdict.code;
  EXPECT_TRUE(code == VerdictCode::inconclusive || code == VerdictCode::solved || code == VerdictCode::ceiling)
      << to_string(code) << ": " << first.verdict.sentence;
  EXPECT_GT(first.evidence.user->setting.test_accuracy, 0.9);
}

}  // namespace
}  // namespace plateau::test::diagnose_test
