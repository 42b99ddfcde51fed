// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/forensics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plateau/core/error.hpp"
#include "plateau/core/random.hpp"

namespace plateau::forensics_test {
namespace {

using Ids = std::vector<std::int32_t>;

// Predictions of every round, with the log that belongs to them.
ForensicsRecord record_of(const Ids& labels, const std::vector<Ids>& predicted, Index classes = 2) {
  ForensicsRecord record{.labels = labels, .classes = numbered_classes(classes)};
  record.log.decimals = 4;
  for (std::size_t r = 0; r < predicted.size(); ++r) {
    double right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[r][i] == labels[i];
    record.log.rounds.push_back({.number = static_cast<double>(r) + 1,
                                 .test_accuracy = std::round(1e4 * right / static_cast<double>(labels.size())) / 1e4,
                                 .train_loss = 2 / static_cast<double>(r + 2)});
  }
  record.predictions = RoundPredictions{.classes = numbered_classes(classes), .predicted = predicted};
  return record;
}

TEST(Forensics, counts_what_changed) {
  const ForensicsEvidence e = measure_rounds(record_of({0, 0, 1, 1}, {{0, 1, 1, 0}, {0, 0, 1, 0}, {-1, 0, 1, 0}}));
  EXPECT_EQ(e.test_rows, 4);
  EXPECT_EQ(e.test_class_rows, (std::vector<Index>{2, 2}));
  ASSERT_EQ(e.rounds.size(), 3u);
  EXPECT_FALSE(e.rounds[0].changed);
  EXPECT_EQ(e.rounds[1].changed, 1);
  EXPECT_EQ(e.rounds[1].recomputed, 0.75);
  EXPECT_EQ(e.rounds[1].over_before->gained, 1);
  EXPECT_EQ(e.rounds[2].over_before->lost, 1);
  EXPECT_EQ(e.rounds[2].without_class, 1);
  EXPECT_EQ(e.rounds[2].predicted_class_rows, (std::vector<Index>{2, 1}));
  EXPECT_EQ(e.rounds[0].class_right, (std::vector<Index>{1, 1}));
  EXPECT_EQ(e.rounds[2].class_right, (std::vector<Index>{1, 1}));
  EXPECT_EQ(e.rounds[1].class_right, (std::vector<Index>{2, 1}));
  EXPECT_NEAR(e.rounds[2].interval->low, wilson_interval(0.5, 4).low, 1e-12);
  EXPECT_EQ(e.trade->earlier, 1u);
  EXPECT_EQ(e.trade->classes[0].rows, 2);
  EXPECT_EQ(e.trade->classes[0].lost, 1);
}

TEST(Forensics, of_a_log_alone_lays_a_line_through_its_last_half) {
  ForensicsRecord record;
  record.log.decimals = 3;
  for (const double accuracy : {0.2, 0.5, 0.6, 0.65, 0.700, 0.702, 0.703, 0.705})
    record.log.rounds.push_back({.number = static_cast<double>(record.log.rounds.size()), .test_accuracy = accuracy});
  const ForensicsEvidence e = measure_rounds(record);
  ASSERT_TRUE(e.slope);
  EXPECT_EQ(e.slope->first, 4u);
  // scipy.stats.linregress([0, 1, 2, 3], the last four): slope 0.0016, stderr 0.000141421; 3 times both over the half,
  // t(2) = 4.302653.
  EXPECT_NEAR(e.slope->change.value, 0.0048, 1e-12);
  EXPECT_NEAR(e.slope->change.interval.high, 0.0048 + 4.302653 * 3 * 0.0001414213562, 1e-8);
  EXPECT_NEAR(e.slope->tost_p, tost_p(0.0048, 3 * 0.0001414213562, 2, 0.01), 1e-9);
  EXPECT_FALSE(e.spread);  // the number of test rows is not known
  // Accuracies in steps of 0.01 spread by step^2 / 12 within one, whatever is seen around the line.
  record.log.decimals = 2;
  EXPECT_NEAR(measure_rounds(record).slope->change.interval.high, 0.0048 + 4.302653 * 3 * std::sqrt(1e-4 / 12 / 5),
              1e-8);
  record.test_rows = 500;
  const ForensicsEvidence with_rows = measure_rounds(record);
  EXPECT_EQ(with_rows.spread->first, 3u);  // 0.6 is further below than two lots of 500 rows would be by chance
  EXPECT_FALSE(with_rows.spread->paired);
}

TEST(Forensics, of_two_rounds_has_no_tail) {
  ForensicsRecord record;
  record.test_rows = 200;
  for (const double accuracy : {0.7, 0.7})
    record.log.rounds.push_back({.number = static_cast<double>(record.log.rounds.size()), .test_accuracy = accuracy});
  EXPECT_FALSE(measure_rounds(record).spread);
  record.log.rounds.push_back({.number = 2, .test_accuracy = 0.7});
  EXPECT_TRUE(measure_rounds(record).spread);
}

// Few rows and fewer decimals leave everything open, but no more than there is.
TEST(Forensics, of_three_rows_no_change_is_above_100_points) {
  ForensicsRecord record;
  record.test_rows = 3;
  for (const double accuracy : {1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0})
    record.log.rounds.push_back({.number = static_cast<double>(record.log.rounds.size()), .test_accuracy = accuracy});
  const ForensicsEvidence e = measure_rounds(record);
  EXPECT_EQ(e.slope->change.interval.low, -1);
  EXPECT_EQ(e.slope->change.interval.high, 1);
  ASSERT_TRUE(e.spread);
  EXPECT_EQ(e.spread->detectable, 1);
}

TEST(Forensics, lines_go_by_the_numbers_of_rounds) {
  ForensicsRecord record;
  record.log.decimals = 9;
  for (const double number : {1, 2, 3, 4, 10, 20, 25, 40})
    record.log.rounds.push_back({.number = number, .test_accuracy = 0.5 + 0.001 * number});
  const ForensicsEvidence e = measure_rounds(record);
  EXPECT_NEAR(e.slope->change.value, 0.03, 1e-12);
  EXPECT_NEAR(e.slope->change.interval.high, 0.03, 1e-7);
}

TEST(Forensics, spread_is_paired_where_predictions_are_known) {
  // Two rows of 200 change sides in the second round, and come back.
  Ids labels(200, 0), first(200, 0), second(200, 0);
  for (std::size_t i = 0; i < 200; ++i) labels[i] = first[i] = second[i] = static_cast<std::int32_t>(i % 2);
  first[0] = 1;
  second[1] = second[2] = 0;
  second[2] = 1;
  const ForensicsEvidence e = measure_rounds(record_of(labels, {first, second, first, first}));
  ASSERT_TRUE(e.spread);
  EXPECT_TRUE(e.spread->paired);
  EXPECT_EQ(e.spread->first, 0u);
  EXPECT_NEAR(e.spread->range, 0.005, 1e-12);
  EXPECT_NEAR(e.spread->disagreeing_share, 3.0 / 200, 1e-12);
  EXPECT_NEAR(e.spread->detectable, 2.8015852 * std::sqrt(3 + 1 - 1.0 / 201) / 200, 1e-6);
}

TEST(Forensics, lines_over_rows_that_never_change_keep_an_error) {
  const Ids labels{0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  const ForensicsEvidence e = measure_rounds(record_of(labels, std::vector<Ids>(6, labels)));
  ASSERT_TRUE(e.slope);
  EXPECT_TRUE(e.slope->by_rows);
  EXPECT_EQ(e.slope->first, 3u);
  EXPECT_EQ(e.slope->change.value, 0);
  EXPECT_NEAR(e.slope->change.interval.high, student_factor(9, 0.95) / 10, 1e-12);
}

TEST(Forensics, a_map_of_classes_is_judged_on_rows_that_did_not_choose_it) {
  // Exchanged on every second row only, beginning with the first.
  const Ids labels{0, 0, 1, 1, 0, 0, 1, 1, 0, 0}, predicted{1, 0, 0, 1, 1, 0, 0, 1, 1, 0};
  const ForensicsEvidence e = measure_rounds(record_of(labels, {predicted, predicted}));
  EXPECT_EQ(e.label_map->map, (std::vector<Index>{1, 0}));
  EXPECT_EQ(e.label_map->accuracy, 0);
  EXPECT_EQ(e.label_map->gain.value, -1);
  EXPECT_EQ(e.label_map->majority_share, 0.6);
}

// Of six classes the last round has trained on 3, 4 and 5 only: their rows it is right of 11 times in 20, and of those
// of a forgotten class it gives 19 in 20 the same one of these. Reading the one for the other makes more rows right,
// and is no exchange of names.
TEST(Forensics, forgotten_classes_are_no_exchanged_ones) {
  Ids labels, before, after, exchanged;
  for (std::int32_t i = 0; i < 1200; ++i) {
    const std::int32_t c = i / 2 % 6, slip = i / 12 % 20;  // the same of the rows that choose and of those that judge
    labels.push_back(c);
    before.push_back(slip < (c < 3 ? 17 : 8) ? c : (c + 1) % 6);
    after.push_back(c < 3 ? (slip < 19 ? 5 - c : 3) : (slip < 11 ? c : 3 + (c + 1) % 3));
    exchanged.push_back(slip < 17 ? 5 - c : c);
  }
  const ForensicsEvidence e = measure_rounds(record_of(labels, {before, before, after}, 6));
  ASSERT_TRUE(e.label_map);
  EXPECT_GT(e.label_map->gain.value, kMappedGain);  // the map does better
  EXPECT_GT(e.label_map->gain.interval.low, 0);
  EXPECT_NEAR(e.label_map->recall.gained, 3 * 0.95, 0.1);  // and the classes that were trained on have nothing by it
  EXPECT_NEAR(e.label_map->recall.lost, 3 * 0.55, 0.1);
  const ForensicsDecision decision = explain_forensics(e);
  EXPECT_EQ(decision.verdict.code, VerdictCode::forgetting);
  EXPECT_EQ(std::ranges::count(decision.findings, VerdictCode::label_map, &Cause::code), 0);
  EXPECT_EQ(
      std::ranges::count_if(decision.verdict.evidence,
                            [](const std::string& line) { return line.ends_with("so it is no exchange of names"); }),
      1);
  // The same rounds with names that are exchanged: every class has its own rows under the map.
  const ForensicsEvidence other = measure_rounds(record_of(labels, {exchanged, exchanged, exchanged}, 6));
  EXPECT_EQ(other.label_map->map, (std::vector<Index>{5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(other.label_map->recall.lost, 0);
  EXPECT_EQ(explain_forensics(other).verdict.code, VerdictCode::label_map);
  EXPECT_EQ(explain_forensics(other).verdict.grade, EvidenceGrade::proved);
}

// Classes that are counted from 1 in one place and from 0 in the other: the last one is never given, and one that is
// given has no rows.
TEST(Forensics, exchanged_classes_may_be_given_to_no_row) {
  Ids labels, predicted;
  for (std::int32_t i = 0; i < 600; ++i) {
    const std::int32_t c = i / 2 % 4;
    labels.push_back(1 + c);
    predicted.push_back(i / 8 % 10 < 8 ? c : (c + 1) % 4);
  }
  const ForensicsDecision decision = explain_forensics(measure_rounds(record_of(labels, {predicted, predicted}, 5)));
  EXPECT_EQ(decision.verdict.code, VerdictCode::label_map);
  EXPECT_EQ(decision.verdict.grade, EvidenceGrade::proved);
}

TEST(Forensics, classes_are_corrected_for_all_classes_and_earlier_rounds) {
  Ids labels(40, 0), before(40, 0), after(40, 0);
  for (std::size_t i = 0; i < 40; ++i) labels[i] = before[i] = after[i] = static_cast<std::int32_t>(i % 2);
  for (std::size_t i = 0; i < 12; i += 2) after[i] = 1;  // six rows of class 0: p = 2 / 2^6
  const ForensicsEvidence e = measure_rounds(record_of(labels, {before, before, after}));
  EXPECT_EQ(e.trade->classes[0].lost, 6);
  EXPECT_DOUBLE_EQ(e.trade->classes[0].adjusted_p, 4 * 2.0 / 64);
  EXPECT_EQ(e.trade->classes[1].adjusted_p, 1);
}

Tensor tensor(const std::string& name, std::vector<float> values) {
  const auto size = static_cast<Index>(values.size());
  return {name, {size}, std::move(values)};
}

TEST(WeightHistory, measures_every_layer) {
  WeightHistory history;
  history.add("1", {tensor("body.fc2.weight", {3, 4}), tensor("body.fc1.weight", {0}), tensor("head", {1})});
  history.add("2", {tensor("head", {1}), tensor("body.fc2.weight", {3, 4.5f}), tensor("body.fc1.weight", {1})});
  history.add("3", {tensor("body.fc2.weight", {3, 4.5f}), tensor("body.fc1.weight", {1}), tensor("head", {1})});
  EXPECT_EQ(history.layers(), (std::vector<std::string>{"body.fc2", "body.fc1", "head"}));
  ASSERT_EQ(history.rounds().size(), 3u);
  EXPECT_TRUE(history.rounds()[0].layer_change.empty());
  EXPECT_NEAR(history.rounds()[1].layer_change[0], 0.1, 1e-12);
  EXPECT_TRUE(std::isinf(history.rounds()[1].layer_change[1]));
  EXPECT_EQ(history.rounds()[1].layer_change[2], 0);
  EXPECT_EQ(history.rounds()[1].hash, history.rounds()[2].hash);
  EXPECT_NE(history.rounds()[0].hash, history.rounds()[1].hash);

  const auto refused = [&](std::vector<Tensor> tensors) {
    try {
      history.add("4", std::move(tensors));
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused({tensor("head", {1})}), "4: its tensors are not those of 3, by name and shape");
  EXPECT_THROW(WeightHistory().add("1", {}), InputError);
}

TEST(WeightHistory, of_a_training_that_diverged_is_kept) {
  WeightHistory history;
  history.add("1", {tensor("head", {1})});
  history.add("2", {tensor("head", {std::nanf("")})});
  EXPECT_TRUE(history.rounds()[0].is_finite);
  EXPECT_FALSE(history.rounds()[1].is_finite);
  EXPECT_TRUE(std::isnan(history.rounds()[1].layer_change[0]));
}

// ---- Networks that predict themselves ----

// 100 rows x = 0 to 99, of class "high" from 50 on, and networks that say so from another x on.
Dataset heights() {
  Dataset data{.source = "t.csv", .columns = 1, .values = HostBuffer<float>(100)};
  for (Index x = 0; x < 100; ++x) {
    data.values.view()[x] = static_cast<float>(x);
    data.labels.push_back(x >= 50);
  }
  data.classes = {.names = {"low", "high"}};
  data.feature_names = {"x"};
  return data;
}
ModelFile says_high_above(float x) { return {.stack = {.widths = {1, 2}, .parameters = {-1, 1, x, -x}}}; }

ForensicsRecord replayed(const std::vector<float>& above, const std::vector<double>& logged,
                         const std::vector<std::string>& classes = {}) {
  CpuTrainer trainer({.workers = 1});
  NetworkReplay replay(heights(), trainer, 64);
  ForensicsRecord record{.labels = heights().labels, .classes = heights().classes};
  record.log.decimals = 2;
  for (std::size_t r = 0; r < above.size(); ++r) {
    ModelFile model = says_high_above(above[r]);
    model.classes = classes;
    replay.add(std::to_string(r), model);
    record.log.rounds.push_back({.number = static_cast<double>(r) + 1, .test_accuracy = logged[r]});
  }
  record.networks = replay.take();
  record.networks_by_plateau = replay.by_plateau();
  return record;
}
const std::vector<float> kAbove{20.5f, 30.5f, 40.5f,
                                45.5f};                    // of which 0.71, 0.81, 0.91 and 0.96 of the rows are right
const std::vector<std::string> kByPlateau{"low", "high"};  // classes that only files of Plateau name

std::string code_of(const ForensicsEvidence& e) {
  const Verdict verdict = explain_forensics(e).verdict;
  return std::string(to_string(verdict.code)) + " " + to_string(verdict.grade);
}

TEST(NetworkReplay, tells_what_the_log_is_about) {
  const auto evidence = [](const std::vector<double>& logged) {
    return measure_rounds(replayed(kAbove, logged, kByPlateau));
  };
  const ForensicsEvidence sound = evidence({0.71, 0.81, 0.91, 0.96});
  EXPECT_TRUE(sound.replay->taken);
  EXPECT_TRUE(sound.replay->by_plateau);
  EXPECT_EQ(sound.replay->agreeing, 4);
  EXPECT_FALSE(sound.replay->logged_as);
  EXPECT_EQ(sound.rounds[3].recomputed, 0.96);
  EXPECT_EQ(sound.rounds[3].changed, 5);
  EXPECT_EQ(code_of(sound), "inconclusive unresolved");

  const ForensicsEvidence stale = evidence({0.71, 0.71, 0.71, 0.71});
  EXPECT_EQ(stale.replay->logged_as, std::size_t{0});
  EXPECT_EQ(code_of(stale), "stale-evaluation proved");
  EXPECT_EQ(explain_forensics(stale).verdict.sentence,
            "In 3 of 4 rounds the logged accuracy is that of the weights of round 1, not of their own: in round 4, "
            "0.7100 was logged and the saved network has 0.9600");

  const ForensicsEvidence other = evidence({0.71, 0.6, 0.91, 0.5});
  EXPECT_FALSE(other.replay->logged_as);
  EXPECT_EQ(code_of(other), "evaluation-mismatch proved");

  const ForensicsEvidence foreign = evidence({0.55, 0.6, 0.62, 0.64});  // these are other networks' accuracies
  EXPECT_FALSE(foreign.replay->taken);
  EXPECT_EQ(foreign.replay->closest, 0u);
  EXPECT_FALSE(foreign.rounds[1].changed);
  EXPECT_FALSE(foreign.rounds[1].recomputed);
  EXPECT_EQ(code_of(foreign), "small-test supported");
}

// Any network whose shapes are those of linear layers is computed with ReLU between them: one of GELU has the logged
// accuracy in a round or two by chance.
TEST(NetworkReplay, of_unknown_activations_accuses_little) {
  const auto evidence = [](const std::vector<double>& logged) { return measure_rounds(replayed(kAbove, logged)); };
  EXPECT_FALSE(evidence({0.71, 0.71, 0.71, 0.71}).replay->taken);
  EXPECT_FALSE(evidence({0.71, 0.6, 0.91, 0.5}).replay->taken);  // two of four
  EXPECT_EQ(code_of(evidence({0.71, 0.6, 0.91, 0.5})), "inconclusive unresolved");
  EXPECT_FALSE(measure_rounds(replayed({20.5f, 20.5f, 20.5f}, {0.71, 0.71, 0.8})).replay->taken);  // one accuracy

  const ForensicsEvidence other = evidence({0.71, 0.81, 0.91, 0.5});
  EXPECT_TRUE(other.replay->taken);
  EXPECT_FALSE(other.replay->by_plateau);
  EXPECT_EQ(code_of(other), "evaluation-mismatch supported");
  EXPECT_TRUE(explain_forensics(other).verdict.sentence.ends_with(", or another activation than ReLU"));
  const ForensicsEvidence stale = evidence({0.71, 0.81, 0.91, 0.91});
  EXPECT_EQ(code_of(stale), "stale-evaluation supported");
  EXPECT_TRUE(explain_forensics(stale).verdict.sentence.ends_with("; or it has another activation than ReLU"));
}

// The weights move and the saved networks say so, but the predictions do not.
TEST(NetworkReplay, shows_that_given_predictions_are_stale) {
  ForensicsRecord record = replayed(kAbove, {0.71, 0.71, 0.71, 0.71}, kByPlateau);
  record.predictions = record.networks;
  for (Ids& predicted : record.predictions->predicted) predicted = record.predictions->predicted[0];
  const ForensicsEvidence e = measure_rounds(record);
  EXPECT_FALSE(e.replay);
  EXPECT_EQ(e.rounds[1].network_changed, 10);
  EXPECT_EQ(code_of(e), "stale-evaluation proved");
  EXPECT_EQ(explain_forensics(e).verdict.sentence,
            "None of the 100 test rows is given another class in rounds 1 to 4, while the saved networks give 25 of "
            "them another class from round to round: these rounds were not evaluated with weights of their own");
  record.networks_by_plateau = false;
  EXPECT_FALSE(measure_rounds(record).rounds[1].network_changed);
  record.networks_by_plateau = true;
  for (Ids& predicted : record.predictions->predicted)
    std::rotate(predicted.begin(), predicted.begin() + 9, predicted.end());
  EXPECT_FALSE(measure_rounds(record).rounds[1].network_changed);  // these are no network's
}

TEST(NetworkReplay, agreement_at_the_majority_share_shows_nothing) {
  // Always "high" and always "low" are right for half of the rows, whatever rows these are.
  EXPECT_FALSE(measure_rounds(replayed({-1, 200}, {0.5, 0.5}, kByPlateau)).replay->taken);
}

TEST(NetworkReplay, has_classes_by_name_or_by_place) {
  const ForensicsRecord by_place = replayed({45.5f}, {0.96});
  EXPECT_TRUE(by_place.networks->by_id);
  EXPECT_EQ(by_place.networks->predicted[0][99], 1);
  const ForensicsRecord by_name = replayed({45.5f}, {0.96}, {"high", "far"});
  EXPECT_FALSE(by_name.networks->by_id);
  EXPECT_EQ(by_name.networks->classes.names, (std::vector<std::string>{"low", "high", "far"}));
  EXPECT_EQ(by_name.networks->predicted[0][0], 1);
  EXPECT_EQ(by_name.networks->predicted[0][99], 2);

  CpuTrainer trainer({.workers = 1});
  NetworkReplay replay(heights(), trainer, 64);
  const ModelFile three{.stack = {.widths = {1, 3}, .parameters = {0, 0, 0, 0, 0, 0}}},
      wide{.stack = {.widths = {2, 2}, .parameters = {0, 0, 0, 0, 0, 0}}};
  EXPECT_THROW(replay.add("m", three), InputError);
  EXPECT_THROW(replay.add("m", wide), InputError);
}

// ---- Classes that no name tells ----

// The rounds that record_of() has, of ids whose names come in another order than the labels'.
ForensicsRecord by_id(const Ids& labels, std::vector<Ids> predicted, std::size_t turned, std::int32_t classes = 3) {
  ForensicsRecord record = record_of(labels, predicted, classes);
  for (std::size_t r = 0; r < turned; ++r)
    for (std::int32_t& id : record.predictions->predicted[r]) id = (id + 1) % classes;
  record.classes = record.predictions->classes = {.names = {"a", "b", "c"}};
  record.predictions->by_id = true;
  return record;
}

TEST(Forensics, takes_ids_for_the_classes_that_make_the_log_right) {
  Ids labels;
  for (int i = 0; i < 300; ++i) labels.push_back(i * i % 7 % 3);
  std::vector<Ids> predicted(5, labels);
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t i = 0; i < 300; i += 5 + r) predicted[r][i] = (labels[i] + 1) % 3;

  const ForensicsEvidence in_order = measure_rounds(by_id(labels, predicted, 0));
  EXPECT_TRUE(in_order.guess->is_shown);
  EXPECT_TRUE(in_order.guess->map.empty());

  const ForensicsEvidence turned = measure_rounds(by_id(labels, predicted, 5));
  EXPECT_TRUE(turned.guess->is_shown);
  EXPECT_EQ(turned.guess->map, (std::vector<Index>{2, 0, 1}));
  EXPECT_EQ(turned.guess->agreeing, 5);
  EXPECT_NEAR(*turned.rounds[4].recomputed, turned.rounds[4].test_accuracy, 1e-4);
  const ForensicsDecision decision = explain_forensics(turned);
  EXPECT_NE(decision.verdict.code, VerdictCode::evaluation_mismatch);
  EXPECT_NE(decision.verdict.code, VerdictCode::label_map);
  EXPECT_TRUE(std::any_of(decision.verdict.evidence.begin(), decision.verdict.evidence.end(), [](const auto& line) {
    return line.find("with '0' for 'c', '1' for 'a', '2' for 'b' it is right in 5 of 5 rounds") != std::string::npos;
  }));

  // Names that no label has are no better known.
  ForensicsRecord foreign = by_id(labels, predicted, 5);
  foreign.predictions->by_id = false;
  foreign.predictions->classes.names = {"a", "b", "c", "x", "y", "z"};
  for (Ids& round : foreign.predictions->predicted)
    for (std::int32_t& id : round) id += 3;
  const ForensicsEvidence named = measure_rounds(foreign);
  EXPECT_EQ(named.guess->given, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(named.guess->map, (std::vector<Index>{2, 0, 1}));
  EXPECT_EQ(named.classes.size(), 3u);
}

TEST(Forensics, proves_nothing_by_classes_that_are_guessed) {
  Ids labels;
  for (int i = 0; i < 300; ++i) labels.push_back(i * i % 7 % 3);
  std::vector<Ids> predicted(4, labels);
  for (std::size_t i = 0; i < 300; i += 6) predicted[3][i] = (labels[i] + 1) % 3;
  ForensicsRecord record = by_id(labels, predicted, 4);
  for (LoggedRound& round : record.log.rounds) round.test_accuracy -= 0.1;  // right under no map
  const ForensicsEvidence e = measure_rounds(record);
  EXPECT_FALSE(e.guess->is_shown);
  for (const Cause& cause : explain_forensics(e).findings)
    if (cause.code == VerdictCode::evaluation_mismatch || cause.code == VerdictCode::label_map) {
      EXPECT_EQ(to_string(cause.grade), std::string("supported"));
      EXPECT_NE(cause.evidence.find("Which class a prediction stands for is a guess"), std::string::npos);
    }
  EXPECT_NE(explain_forensics(e).verdict.code, VerdictCode::inconclusive);
  record.predictions->by_id = false;
  EXPECT_EQ(to_string(explain_forensics(measure_rounds(record)).verdict.grade), std::string("proved"));
}

TEST(Forensics, knows_a_mean_over_batches_that_weighs_a_small_last_one_as_any) {
  Ids labels;
  for (int i = 0; i < 100; ++i) labels.push_back(i % 2);
  std::vector<Ids> predicted(3, labels);  // wrong in the last two rows and the first 16, 17 and 18
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t i = 0; i < 18 + r; ++i) predicted[r][(98 + i) % 100] ^= 1;
  ForensicsRecord record = record_of(labels, predicted);
  EXPECT_FALSE(measure_rounds(record).batch_of_mean);
  for (std::size_t r = 0; r < 3; ++r)  // of batches of 32, 32, 32 and 4 rows
    record.log.rounds[r].test_accuracy =
        std::round(1e4 * ((32 - 16 - static_cast<double>(r)) / 32 + 2 + 0.5) / 4) / 1e4;
  const ForensicsEvidence e = measure_rounds(record);
  EXPECT_EQ(e.batch_of_mean, 32);
  EXPECT_EQ(to_string(explain_forensics(e).verdict.code), std::string("evaluation-mismatch"));
  record.log.rounds[1].test_accuracy += 0.01;
  EXPECT_FALSE(measure_rounds(record).batch_of_mean);
}

// ---- Rounds that were made up, with and without a fault ----

double uniform_at(std::uint64_t seed, std::uint32_t instance, std::size_t element) {
  return uniform(draw({seed, StreamId::features, instance}, element).word[0]);
}

// Rounds of a classifier that is right on four of five rows and changes its mind about a few in every round.
std::vector<Ids> healthy_predictions(std::uint64_t seed, const Ids& labels, std::int32_t classes, std::size_t rounds) {
  std::vector<Ids> predicted(rounds, labels);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double difficulty = uniform_at(seed, 0, i);
    for (std::size_t r = 0; r < rounds; ++r)
      if (difficulty + 0.1 * (uniform_at(seed, 1 + static_cast<std::uint32_t>(r), i) - 0.5) > 0.8)
        predicted[r][i] = (labels[i] + 1 + static_cast<std::int32_t>(i) % (classes - 1)) % classes;
  }
  return predicted;
}
Ids dealt_labels(std::size_t rows, std::int32_t classes) {
  Ids labels;
  for (std::size_t i = 0; i < rows; ++i)
    labels.push_back(static_cast<std::int32_t>(draw({1, StreamId::labels}, i).word[0] % 1000) % classes);
  return labels;
}

TEST(Forensics, finds_no_fault_where_none_is) {
  int decided = 0, plateaus = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Ids labels = dealt_labels(seed % 2 == 0 ? 400 : 3000, 4);
    const ForensicsEvidence e = measure_rounds(record_of(labels, healthy_predictions(seed, labels, 4, 10), 4));
    for (const Cause& cause : explain_forensics(e).findings) {
      EXPECT_EQ(to_string(cause.code), std::string("small-test")) << cause.evidence;
      ++decided;
    }
    plateaus += e.slope->tost_p <= 0.05;
  }
  EXPECT_LE(decided, 30);
  EXPECT_GE(plateaus, 25);  // those of 3000 rows stand still, and can show it
}

// ---- Logs alone ----

// A Poisson variate, by inversion of its distribution.
int poisson(double mean, double uniform) {
  int value = 0;
  for (double p = std::exp(-mean), sum = p; sum < uniform && value < 1000; sum += p) p *= mean / ++value;
  return value;
}

ForensicsRecord log_of(const std::vector<Index>& right, Index rows, bool with_rows = true) {
  ForensicsRecord record{.test_rows = with_rows ? rows : 0};
  record.log.decimals = 4;
  for (std::size_t r = 0; r < right.size(); ++r) {
    const double share = static_cast<double>(right[r]) / static_cast<double>(rows);
    record.log.rounds.push_back({.number = static_cast<double>(r) + 1,
                                 .test_accuracy = std::round(1e4 * share) / 1e4,
                                 .train_loss = 2 / static_cast<double>(r + 2)});
  }
  return record;
}

// A share of the rows changes sides in every round, on average.
ForensicsRecord churning(std::uint64_t seed, Index rows, double churn, std::size_t rounds, bool with_rows = true) {
  std::vector<Index> right(rounds, rows * 4 / 5);
  const double half = churn * static_cast<double>(rows) / 2;
  for (std::size_t r = 1; r < rounds; ++r)
    right[r] = right[r - 1] + poisson(half, uniform_at(seed, 1, r)) - poisson(half, uniform_at(seed, 2, r));
  return log_of(right, rows, with_rows);
}

// Twice that share lies so near to a border that each of its rows falls to either side in every round.
ForensicsRecord undecided(std::uint64_t seed, Index rows, double churn, std::size_t rounds) {
  std::vector<Index> right(rounds, rows * 4 / 5);
  for (std::size_t r = 0; r < rounds; ++r)
    for (int i = 0; i < static_cast<int>(2 * churn * static_cast<double>(rows)); ++i)
      right[r] += uniform_at(seed, static_cast<std::uint32_t>(i), r) < 0.5;
  return log_of(right, rows);
}

bool is_stale(const ForensicsRecord& record) {
  const auto findings = explain_forensics(measure_rounds(record)).findings;
  return std::any_of(findings.begin(), findings.end(),
                     [](const Cause& cause) { return cause.code == VerdictCode::stale_evaluation; });
}

TEST(Forensics, of_a_log_that_hardly_moves_is_not_called_stale) {
  for (const double churn : {0.001, 0.002, 0.01})
    for (const Index rows : {200, 500, 1000, 2000, 10000})
      for (const std::size_t rounds : {6u, 10u, 20u, 50u}) {
        int stale = 0;
        for (std::uint64_t seed = 0; seed < 60; ++seed)
          stale += is_stale(churning(seed, rows, churn, rounds, seed % 2));
        EXPECT_LE(stale, 3) << churn << " of " << rows << " rows, " << rounds << " rounds";
      }
}

TEST(Forensics, of_logs_whose_rows_come_and_go_few_are_called_stale) {
  int stale = 0, logs = 0;
  for (const double churn : {0.0005, 0.001, 0.002})
    for (const Index rows : {1000, 2000, 4000})
      for (std::uint64_t seed = 0; seed < 60; ++seed, ++logs) stale += is_stale(undecided(seed, rows, churn, 10));
  EXPECT_LE(stale, logs / 20);
}

TEST(Forensics, of_a_log_that_stops_among_rounds_that_move_is_called_stale) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    ForensicsRecord record = churning(seed, 2000, 0.03, 20);
    for (std::size_t r = 8; r < 14; ++r) record.log.rounds[r].test_accuracy = record.log.rounds[7].test_accuracy;
    found += is_stale(record);
  }
  EXPECT_GE(found, 27);
}

// Accuracies that repeat by chance are no sign of anything: as rounds are taken for stale at 5 %, few of 60 may be.
TEST(Forensics, of_a_log_alone_seldom_takes_chance_for_a_fault) {
  for (const std::size_t rows : {50u, 400u}) {
    int stale = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      const Ids labels = dealt_labels(rows, 4);
      ForensicsRecord record = record_of(labels, healthy_predictions(seed, labels, 4, 10), 4);
      record.predictions.reset();
      record.labels.clear();
      record.test_rows = static_cast<Index>(rows);
      for (const Cause& cause : explain_forensics(measure_rounds(record)).findings)
        stale += cause.code == VerdictCode::stale_evaluation;
    }
    EXPECT_LE(stale, 60 * 0.05 + 4 * std::sqrt(60 * 0.05 * 0.95)) << rows << " rows";
  }
}

TEST(Forensics, finds_the_fault_that_was_planted) {
  const auto code = [](const ForensicsRecord& record) {
    return std::string(to_string(explain_forensics(measure_rounds(record)).verdict.code));
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Ids labels = dealt_labels(400, 4);
    const std::vector<Ids> sound = healthy_predictions(seed, labels, 4, 8);

    std::vector<Ids> turned = sound;
    for (Ids& round : turned)
      for (std::int32_t& id : round) id = (id + 1) % 4;
    EXPECT_EQ(code(record_of(labels, turned, 4)), "label-map");

    ForensicsRecord stale = record_of(labels, std::vector<Ids>(8, sound[0]), 4);
    for (std::size_t r = 0; r < 8; ++r) stale.log.rounds[r].train_accuracy = 0.7 + 0.03 * static_cast<double>(r);
    EXPECT_EQ(code(stale), "stale-evaluation");

    ForensicsRecord other = record_of(labels, sound, 4);
    std::rotate(other.labels.begin(), other.labels.begin() + 1, other.labels.end());
    EXPECT_EQ(code(other), "evaluation-mismatch");

    EXPECT_EQ(code(record_of(labels, std::vector<Ids>(8, Ids(400, 2)), 4)), "majority");

    // In later rounds class 0 is taken for class 1, and what was wrong of class 2 is right.
    std::vector<Ids> forgetful = sound;
    for (std::size_t r = 4; r < 8; ++r)
      for (std::size_t i = 0; i < labels.size(); ++i)
        forgetful[r][i] = labels[i] == 0 && i % 4 == 0 ? 1 : labels[i] == 2 ? 2 : forgetful[r][i];
    EXPECT_EQ(code(record_of(labels, forgetful, 4)), "forgetting");
  }
}

TEST(Forensics, refuses_parts_that_do_not_fit) {
  ForensicsRecord record = record_of({0, 1, 1}, {{0, 1, 1}, {0, 1, 0}});
  EXPECT_NO_THROW(measure_rounds(record));
  record.labels.push_back(0);
  EXPECT_THROW(measure_rounds(record), std::invalid_argument);
  record.labels.pop_back();
  record.weights.add("1", {tensor("w", {1})});
  EXPECT_THROW(measure_rounds(record), std::invalid_argument);
  record.weights.add("2", {tensor("w", {1})});
  EXPECT_NO_THROW(measure_rounds(record));
  record.log.rounds.pop_back();
  EXPECT_THROW(measure_rounds(record), std::invalid_argument);
}

}  // namespace
}  // namespace plateau::forensics_test
