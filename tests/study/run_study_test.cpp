// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/run_study.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "plateau/core/error.hpp"
#include "support/datasets.hpp"

namespace plateau::run_study_test {
namespace {

Dataset rows(Index columns, std::vector<std::int32_t> labels) {
  Dataset data{.columns = columns, .values = HostBuffer<float>(columns * static_cast<Index>(labels.size()), 0.5f)};
  data.labels = std::move(labels);
  return data;
}

std::string refusal(const std::optional<std::vector<Index>>& hidden, const Split& split,
                    const std::optional<LinearStack>& initial) {
  try {
    fitting_architecture(hidden, split, initial,
                         {.train = "a.npy:b.npy", .test = "c.npy:d.npy", .initial = "m.safetensors"});
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

TEST(FittingArchitecture, has_an_output_for_a_class_without_rows) {
  Split split{rows(3, {0, 1}), rows(3, {0})};
  split.train.classes.names = {"cat", "dog", "newt"};
  EXPECT_EQ(fitting_architecture(std::vector<Index>{}, split, {}, {}).classes(), 3);
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
  EXPECT_TRUE(study.test_predictions.empty());
}

// Two classes that a training tells apart, more slowly than it is given epochs for.
Split two_clouds() {
  Split split{rows(1, std::vector<std::int32_t>(40)), rows(1, std::vector<std::int32_t>(40))};
  for (Dataset* part : {&split.train, &split.test})
    for (std::size_t i = 0; i < 40; ++i) {
      part->labels[i] = static_cast<std::int32_t>(i % 2);
      part->values.view().data[i] =
          static_cast<float>((i * 7 + (part == &split.test ? 3 : 0)) % 13) / 6 - 1 + (i % 2 == 1 ? 0.4f : -0.4f);
    }
  return split;
}

double right_share(const RunStudy& study) {
  EXPECT_EQ(study.test_predictions.size(), study.test_labels.size());
  double right = 0;
  for (std::size_t i = 0; i < study.test_labels.size(); ++i)
    right += study.test_predictions[i] == study.test_labels[i] ? 1 : 0;
  return right / static_cast<double>(study.test_labels.size());
}

TEST(RunStudy, predicts_the_test_rows_by_the_parameters_that_are_kept) {
  const Split split = two_clouds();
  CpuTrainer trainer({.workers = 1});
  plateau::Run run{.architecture = {{1, 8, 2}}, .optimizer = AdamParameters{.learning_rate = 0.3}, .epochs = 12};
  const RunStudy last = study_run(run, split, trainer);
  EXPECT_EQ(last.test_labels, split.test.labels);
  EXPECT_EQ(right_share(last), last.result.history.back().test_accuracy);
  EXPECT_TRUE(last.result.predictions.empty());

  // A run that stops early keeps its best epoch; the one that is only judged keeps its last.
  bool differ = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    run.seed = seed;
    const ValidationRows held_out(split.train, 0.3, seed);
    held_out.hold_out_of(run);
    run.patience = 0;
    const RunStudy judged = study_run(run, split, trainer);
    EXPECT_EQ(right_share(judged), judged.result.history.back().test_accuracy);
    run.patience = 3;
    const RunStudy stopped = study_run(run, split, trainer);
    const Index kept = *stopped.kept_epoch();
    EXPECT_EQ(right_share(stopped), stopped.result.history[static_cast<std::size_t>(kept)].test_accuracy);
    differ |= right_share(stopped) != stopped.result.history.back().test_accuracy;
    run.pause = 2;
    const RunStudy interrupted = study_run(run, split, trainer);
    EXPECT_EQ(interrupted.result.outcome, RunOutcome::interrupted);
    EXPECT_EQ(right_share(interrupted),
              interrupted.result.history[static_cast<std::size_t>(*interrupted.kept_epoch())].test_accuracy);
    run.pause = 0;
  }
  EXPECT_TRUE(differ);
}

TEST(RunStudy, counts_the_classes_that_rows_are_given) {
  RunStudy study{.run = {.architecture = {{1, 2}}}};
  EXPECT_TRUE(study.confusion().empty());
  study.test_labels = {0, 0, 0, 1, 1};
  study.test_predictions = {0, 1, 1, 1, -1};
  EXPECT_EQ(study.confusion(), (std::vector<Index>{1, 2, 0, 1}));
  study.run.architecture = {{1, 101}};
  EXPECT_TRUE(study.confusion().empty());
}

TEST(RunStudy, tells_test_rows_apart_by_their_checksum) {
  static constexpr std::int32_t kEveryRow[] = {0, 1, 2};
  const auto checksum_of = [](const Dataset& test, std::optional<std::uint32_t> read = {}) {
    return test_rows_checksum({.train = {}, .test = take_rows(test, {kEveryRow, test.rows()}), .read_checksum = read});
  };
  const Dataset test = rows(2, {0, 1, 1});
  const std::uint32_t of_test = checksum_of(test);
  EXPECT_EQ(checksum_of(rows(2, {0, 1, 1})), of_test);
  EXPECT_NE(checksum_of(rows(2, {0, 1})), of_test);
  EXPECT_NE(checksum_of(rows(2, {0, 1, 0})), of_test);
  const std::int32_t turned[] = {2, 1, 0};
  EXPECT_NE(checksum_of(take_rows(test, {turned, 3})), of_test);
  Dataset other = rows(2, {0, 1, 1}), grouped = rows(2, {0, 1, 1});
  other.values.view().data[5] += 0x1p-20f;
  EXPECT_NE(checksum_of(other), of_test);
  grouped.groups = {0, 0, 1};
  EXPECT_EQ(checksum_of(grouped), of_test);  // which rows belong together is no part of them
  EXPECT_EQ(checksum_of(test, 7u), 7u);      // rows that were scaled are known by what they were
}

TEST(RunStudy, of_a_run_that_went_on_is_of_the_whole) {
  const Split split{rows(2, {0, 1, 0, 1}), rows(2, {0, 1})};
  plateau::Run run{.architecture = {{2, 4, 2}}, .epochs = 5, .outputs = {.state = true}};
  CpuTrainer trainer({.workers = 1});
  const RunStudy whole = study_run(run, split, trainer);
  run.pause = 2;
  const RunResult before = study_run(run, split, trainer).result;
  run.pause = 0;
  run.resume = before.state;
  const RunStudy study = study_run(run, split, trainer, {}, &before);
  EXPECT_EQ(study.result.first_epoch, 0);
  ASSERT_EQ(study.result.history.size(), 5u);
  EXPECT_EQ(study.result.history[0].train_loss, whole.result.history[0].train_loss);
  EXPECT_EQ(study.result.history[4].train_loss, whole.result.history[4].train_loss);
  EXPECT_EQ(study.plateau->level, whole.plateau->level);
  EXPECT_EQ(study.test_predictions, whole.test_predictions);
  EXPECT_EQ(study.best->epoch, whole.best->epoch);
}

std::vector<Index> rows_of(const RowSelection& selection) {
  std::vector<Index> found;
  for (Index k = 0; k < selection.count(); ++k) found.push_back(selection(k));
  std::ranges::sort(found);
  return found;
}

TEST(ValidationRows, are_a_random_part_and_the_run_trains_on_the_others) {
  const Dataset data = rows(1, std::vector<std::int32_t>(10, 1));
  plateau::Run run, other;
  const ValidationRows held_out(data, 0.3, 7), by_another_seed(data, 0.3, 8), none(data, 0, 7);
  held_out.hold_out_of(run);
  EXPECT_EQ(held_out.count(), 3);
  std::vector<Index> all = rows_of(*run.validation);
  EXPECT_EQ(all.size(), 3u);
  std::ranges::copy(rows_of(*run.rows), std::back_inserter(all));
  std::ranges::sort(all);
  EXPECT_EQ(all, (std::vector<Index>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  by_another_seed.hold_out_of(other);
  EXPECT_NE(rows_of(*other.validation), rows_of(*run.validation));
  none.hold_out_of(other);
  EXPECT_EQ(none.count(), 0);
  EXPECT_FALSE(other.rows.has_value());
  EXPECT_FALSE(other.validation.has_value());
  for (const double share : {-0.1, 0.04, 0.96, 1.0, std::nan("")})
    EXPECT_THROW(ValidationRows(data, share, 7), InputError) << share;
}

TEST(ValidationRows, of_grouped_rows_are_whole_groups) {
  Dataset data = rows(1, {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
  data.groups = {0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2};
  plateau::Run run;
  const ValidationRows held_out(data, 0.3, 7);
  held_out.hold_out_of(run);
  const std::vector<Index> validation = rows_of(*run.validation), trained_on = rows_of(*run.rows);
  EXPECT_EQ(validation.size(), 4u);
  EXPECT_EQ(trained_on.size(), 8u);
  for (const Index row : validation)
    for (const Index other : trained_on)
      EXPECT_NE(data.groups[static_cast<std::size_t>(row)], data.groups[static_cast<std::size_t>(other)]);
}

TEST(ModelOf, a_run_that_stops_early_has_the_best_parameters_else_the_last) {
  RunStudy study{.run = {.architecture = {{1, 2}}, .patience = 3}, .scale = {{.mean = 5, .factor = 2}}};
  study.schema.classes.names = {"cat", "dog"};
  study.schema.feature_names = {"age"};
  study.result.history.resize(4);
  study.result.parameters = {1, 2, 3, 4};
  study.result.best_parameters = {5, 6, 7, 8};
  study.result.best_epoch = 1;
  EXPECT_EQ(study.kept_epoch(), 1);
  EXPECT_EQ(model_of(study).stack.parameters, study.result.best_parameters);
  EXPECT_EQ(model_of(study).classes, study.schema.classes.names);
  EXPECT_EQ(model_of(study).features, study.schema.feature_names);
  EXPECT_EQ(model_of(study).scale_mean, std::vector<float>{5});  // its rows came scaled
  study.result.scale = {{.mean = 0.5f, .factor = 4}};            // it scaled them itself
  EXPECT_EQ(model_of(study).scale_factor, std::vector<float>{4});
  study.run.patience = 0;
  EXPECT_EQ(study.kept_epoch(), 3);
  EXPECT_EQ(model_of(study).stack.parameters, study.result.parameters);
  study.schema.classes = numbered_classes(2);
  EXPECT_TRUE(model_of(study).classes.empty());
  study.schema.classes = {.names = {"cat"}, .numbered = false};  // the network has two outputs all the same
  EXPECT_EQ(model_of(study).classes, (std::vector<std::string>{"cat", "not cat"}));
}

TEST(ModelFiles, say_what_they_were_trained_for) {
  ModelFile model{.stack = {{2, 3}, FlatParameters(9, 0.5f)},
                  .classes = {},
                  .features = {"a", "b"},
                  .scale_mean = {1, 2},
                  .scale_factor = {3, 4}};
  EXPECT_EQ(schema_of(model, "m").columns, 2);
  EXPECT_EQ(schema_of(model, "m").feature_names, model.features);
  EXPECT_TRUE(schema_of(model, "m").classes.numbered);
  EXPECT_EQ(schema_of(model, "m").classes.classes(), 3);
  model.classes = {"x", "y", "z"};
  EXPECT_FALSE(schema_of(model, "m").classes.numbered);
  EXPECT_EQ(schema_of(model, "m").classes.names, model.classes);
  const TrainedNetwork network = network_of(model, "m");
  EXPECT_EQ(network.architecture.widths, (std::vector<Index>{2, 3}));
  EXPECT_EQ(network.scale[1].mean, 2);
  EXPECT_EQ(network.scale[1].factor, 4);
}

TEST(ModelFiles, that_are_no_classifiers_or_too_large_are_refused_by_their_name) {
  const auto refused = [](std::vector<Index> widths) -> std::string {
    try {
      network_of({.stack = {std::move(widths), {}}}, "m.safetensors");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refused({2, 8, 1}),
            "m.safetensors: the network 2-8-1 has one output; a classifier has one for every class");
  EXPECT_EQ(refused({2, kMaxClasses + 1}), "m.safetensors: the network has 1025 classes; 1024 are the most");
  EXPECT_EQ(refused({kMaxWidth + 1, 2}),
            "m.safetensors: the network 65537-2 has a layer of width 65537; 65536 is the most");
}

// Feature and group are the number of the row.
Dataset numbered_rows(Index rows, Index columns = 1) {
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  for (Index row = 0; row < rows; ++row) {
    x.insert(x.end(), static_cast<std::size_t>(columns), static_cast<float>(row));
    labels.push_back(static_cast<std::int32_t>(row % 2));
  }
  Dataset data = test::labelled(columns, x, labels);
  for (std::int32_t row = 0; row < rows; ++row) data.groups.push_back(row);
  return data;
}
Dataset other_features(Index rows, Index columns = 2) {
  Dataset data = numbered_rows(rows, columns);
  data.source = "others";
  data.labels.clear();
  data.groups.clear();
  return data;
}

TEST(DealRows, says_which_rows_of_the_file_these_are) {
  const Split split = deal_rows(numbered_rows(20), 0.3, 4);
  ASSERT_EQ(split.test.rows(), 6);
  ASSERT_EQ(split.train.rows(), 14);
  for (const auto& [part, rows] : {std::pair{&split.train, &split.dealt->train}, {&split.test, &split.dealt->test}})
    for (Index i = 0; i < part->rows(); ++i)
      EXPECT_EQ(part->x().row(i)[0], static_cast<float>((*rows)[static_cast<std::size_t>(i)]));
}

TEST(WithFeatures, takes_the_rows_that_were_dealt) {
  const Split split = deal_rows(numbered_rows(20), 0.3, 4);
  const Split second = with_features(split, other_features(20), {}, {});
  EXPECT_EQ(second.train.columns, 2);
  for (const auto& [part, first] : {std::pair{&second.train, &split.train}, {&second.test, &split.test}}) {
    EXPECT_EQ(part->labels, first->labels);
    EXPECT_EQ(part->groups, first->groups);
    EXPECT_EQ(part->classes.names, first->classes.names);
    for (Index i = 0; i < part->rows(); ++i) EXPECT_EQ(part->x().row(i)[1], first->x().row(i)[0]);
  }
}

TEST(WithFeatures, takes_two_files_as_they_are) {
  const Split split{.train = numbered_rows(9), .test = numbered_rows(4)};
  const Split second = with_features(split, other_features(9), other_features(4), {});
  EXPECT_EQ(second.train.labels, split.train.labels);
  EXPECT_EQ(second.test.labels, split.test.labels);
  EXPECT_EQ(second.test.x().row(3)[1], 3);
  EXPECT_THROW(with_features(split, other_features(9), {}, {}), std::invalid_argument);
}

TEST(WithFeatures, refuses_other_rows) {
  const Split split{.train = numbered_rows(9), .test = numbered_rows(4)};
  const Split dealt = deal_rows(numbered_rows(20), 0.3, 4);
  const auto refused = [](const Split& of, const Dataset& features, std::optional<Dataset> of_test, const char* part,
                          const ReadOptions& reading = {}) {
    try {
      with_features(of, features, of_test, reading);
      ADD_FAILURE() << part;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refused(split, other_features(8), other_features(4), "others has 8 rows and rows has 9");
  refused(split, other_features(9), other_features(5), "others has 5 rows and rows has 4");
  refused(split, other_features(9), other_features(4, 3), "others has 2 features and others has 3");
  refused(dealt, other_features(14), {}, "others has 14 rows and rows has 20");
  Dataset labelled_otherwise = numbered_rows(20, 2);
  const std::int32_t moved = dealt.dealt->test[2];
  labelled_otherwise.labels[static_cast<std::size_t>(moved)] ^= 1;
  refused(dealt, labelled_otherwise, {}, ("row " + std::to_string(moved) + " holds class").c_str());
  Dataset with_target = other_features(20);
  with_target.feature_names = {"length", "kind"};
  refused(dealt, with_target, {}, "column 'kind' is no feature", {.target = "kind"});
  refused(dealt, with_target, {}, "column 'length' is no feature", {.group = "length"});
}

}  // namespace
}  // namespace plateau::run_study_test
