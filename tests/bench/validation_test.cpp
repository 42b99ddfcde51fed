// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The problems whose cause is known, how they are diagnosed and kept; and a few of them, diagnosed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "bench/validation/claims.hpp"
#include "bench/validation/figures.hpp"
#include "bench/validation/makers.hpp"
#include "bench/validation/parameters.hpp"
#include "bench/validation/real.hpp"
#include "bench/validation/replay.hpp"
#include "bench/validation/result_file.hpp"
#include "bench/validation/rounds_trial.hpp"
#include "bench/validation/trial.hpp"
#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "support/program.hpp"

namespace plateau::validation {
namespace {

constexpr Index kSample = 20'000;

Rule rule_of(RuleKind kind, Index features, Index classes) {
  return {.kind = kind,
          .features = features,
          .classes = classes,
          .separation = 1.2,
          .cells = 6,
          .stray = 0.2,
          .bend = 0.4,
          .seed = 5};
}
const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = [] {
    std::vector<Rule> made{rule_of(RuleKind::hyperplane, 2, 2), rule_of(RuleKind::hyperplane, 7, 5),
                           rule_of(RuleKind::ball, 3, 2),       rule_of(RuleKind::ball, 5, 3),
                           rule_of(RuleKind::parity, 4, 2),     rule_of(RuleKind::mixture, 3, 2),
                           rule_of(RuleKind::mixture, 6, 10),   rule_of(RuleKind::patchwork, 2, 2),
                           rule_of(RuleKind::wave, 3, 2),       rule_of(RuleKind::stair, 4, 2)};
    made[4].directions = 3;
    return made;
  }();
  return all;
}

std::string named(const Rule& rule) {
  return std::string(to_string(rule.kind)) + " of " + std::to_string(rule.features) + " features and " +
         std::to_string(rule.classes) + " classes";
}

// Four standard errors of a share seen on `rows` rows.
double four_errors(double share, Index rows) {
  return 4 * std::sqrt(std::max(share * (1 - share), 1e-4) / static_cast<double>(rows));
}

double share_right(const Population& population, const Dataset& rows) {
  Index right = 0;
  for (Index i = 0; i < rows.rows(); ++i) right += population.best_class(rows.x().row(i)) == rows.label()[i];
  return static_cast<double>(right) / static_cast<double>(rows.rows());
}

TEST(Population, has_as_many_rows_of_every_class) {
  for (const Rule& rule : rules()) {
    SCOPED_TRACE(named(rule));
    const Dataset data = Population(rule).rows(Table::train, kSample);
    std::vector<double> share(static_cast<std::size_t>(rule.classes));
    for (const std::int32_t label : data.labels) share[static_cast<std::size_t>(label)] += 1.0 / kSample;
    const double equal = 1 / static_cast<double>(rule.classes);
    // The cells of a patchwork are few, and their classes are drawn.
    const double tolerance = rule.kind == RuleKind::patchwork ? 0.2 : four_errors(equal, kSample);
    for (const double of_class : share) EXPECT_LE(std::abs(of_class - equal), tolerance);
  }
  Rule rare = rule_of(RuleKind::mixture, 2, 2);
  rare.first_share = 0.9;
  const Dataset data = Population(rare).rows(Table::train, kSample);
  const auto first = static_cast<double>(std::ranges::count(data.labels, 0)) / kSample;
  EXPECT_LE(std::abs(first - 0.9), four_errors(0.9, kSample));
}

TEST(Population, flips_the_share_of_the_labels_that_is_asked_for) {
  for (Rule rule : rules()) {
    if (rule.kind == RuleKind::mixture) continue;  // its best classifier errs without flips
    SCOPED_TRACE(named(rule));
    const Population clean(rule);
    rule.flips = 0.2;
    const Population flipped(rule);
    EXPECT_EQ(share_right(clean, clean.rows(Table::test, 2000)), 1);
    EXPECT_LE(std::abs(share_right(flipped, flipped.rows(Table::test, kSample)) - 0.8), four_errors(0.8, kSample));
    EXPECT_DOUBLE_EQ(flipped.bayes_accuracy(), 0.8);
  }
}

TEST(Population, its_bayes_accuracy_is_what_the_best_classifier_has) {
  std::vector<std::pair<Rule, double>> cases;
  for (const Index classes : {2, 5, 10}) cases.push_back({rule_of(RuleKind::mixture, 4, classes), 0});
  cases.push_back({cases[0].first, 1.5});
  cases.push_back({cases[1].first, 0.7});
  cases.push_back({rule_of(RuleKind::hyperplane, 6, 2), 0.8});
  Rule rare = rule_of(RuleKind::mixture, 3, 2);
  rare.first_share = 0.8;
  cases.push_back({rare, 0});
  Rule flipped = cases[1].first;
  flipped.flips = 0.3;
  cases.push_back({flipped, 0});
  for (const auto& [rule, noise] : cases) {
    const Population population(rule);
    const double bayes = population.bayes_accuracy(noise);
    const double seen = share_right(population, population.rows(Table::test, 4 * kSample, {.noise = noise}));
    EXPECT_LE(std::abs(seen - bayes), four_errors(bayes, 4 * kSample)) << named(rule) << ", noise " << noise;
  }
  // Closed forms: Phi(1.2), and 1 - acos(1 / sqrt(1 + 0.8^2)) / pi.
  EXPECT_NEAR(Population(rule_of(RuleKind::mixture, 4, 2)).bayes_accuracy(), 0.884930329778292, 1e-12);
  EXPECT_NEAR(Population(rule_of(RuleKind::hyperplane, 6, 2)).bayes_accuracy(0.8), 0.785223287477445, 1e-12);
  EXPECT_THROW(Population(rule_of(RuleKind::ball, 3, 2)).bayes_accuracy(0.5), std::invalid_argument);
}

TEST(Population, a_row_does_not_depend_on_how_many_there_are_nor_a_table_on_another) {
  for (const Rule& rule : rules()) {
    SCOPED_TRACE(named(rule));
    const Population population(rule);
    for (const View& view : {View{}, View{.noise = 0.5, .badly_scaled = true}, View{.signal = false}}) {
      Dataset few = population.rows(Table::train, 40, view);
      const Dataset many = population.rows(Table::train, 100, view);
      std::vector<std::int32_t> first(40);
      for (std::int32_t i = 0; i < 40; ++i) first[static_cast<std::size_t>(i)] = i;
      EXPECT_EQ(plateau::checksum(few), plateau::checksum(take_rows(many, {first.data(), 40})));
      EXPECT_NE(plateau::checksum(few), plateau::checksum(population.rows(Table::test, 40, view)));
      Rule other = rule;
      ++other.seed;
      EXPECT_NE(plateau::checksum(few), plateau::checksum(Population(other).rows(Table::train, 40, view)));
    }
  }
}

TEST(Population, without_signal_the_rule_says_nothing_about_the_labels) {
  for (const Rule& rule : rules()) {
    if (rule.kind == RuleKind::patchwork) continue;  // its classes are not quite as frequent
    const Population population(rule);
    const double chance = 1 / static_cast<double>(rule.classes);
    const double seen = share_right(population, population.rows(Table::test, kSample, {.signal = false}));
    EXPECT_LE(std::abs(seen - chance), four_errors(chance, kSample)) << named(rule);
  }
}

TEST(Population, refuses_rules_that_are_none) {
  EXPECT_THROW(Population(rule_of(RuleKind::hyperplane, 1, 5)), std::invalid_argument);
  EXPECT_THROW(Population(rule_of(RuleKind::parity, 4, 3)), std::invalid_argument);
  EXPECT_THROW(Population(rule_of(RuleKind::patchwork, 3, 2)), std::invalid_argument);
  Rule rule = rule_of(RuleKind::mixture, 4, 5);
  rule.first_share = 0.5;
  EXPECT_THROW(Population{rule}, std::invalid_argument);
}

TEST(Population, points_of_a_group_lie_around_one_of_its_own) {
  for (const RuleKind kind : {RuleKind::hyperplane, RuleKind::ball}) {
    Rule rule = rule_of(kind, 3, 2);
    rule.flips = 0.15;
    rule.group_rows = 10;
    rule.group_share = 0.3;
    const Population population(rule);
    const Dataset data = population.rows(Table::train, 2 * kSample);
    EXPECT_EQ(data.groups.front(), 0);
    EXPECT_EQ(data.groups.back(), 2 * kSample / 10 - 1);
    double within = 0, over_all = 0, right = 0, of_groups = 0;
    for (Index first = 0; first < data.rows(); first += 10) {
      Index right_here = 0;
      for (Index i = first; i < first + 10; ++i) {
        over_all += static_cast<double>(data.x().row(i)[0]) * static_cast<double>(data.x().row(i)[0]);
        within += static_cast<double>(data.x().row(i)[0]) * static_cast<double>(data.x().row(first + (i + 1) % 10)[0]);
        right_here += population.best_class(data.x().row(i)) == data.label()[i];
      }
      right += static_cast<double>(right_here);
      of_groups += (static_cast<double>(right_here) / 10 - 0.85) * (static_cast<double>(right_here) / 10 - 0.85);
    }
    const auto rows = static_cast<double>(data.rows());
    EXPECT_LE(std::abs(over_all / rows - 1), 0.05);
    EXPECT_LE(std::abs(within / rows - 0.3), 0.05);
    EXPECT_LE(std::abs(right / rows - 0.85), 0.01);
    // Rates that are uniform in [0, 0.3] add 0.3^2 / 12 to what ten rows on their own have.
    EXPECT_LE(std::abs(of_groups / (rows / 10) - (0.0075 + (0.1275 - 0.0075) / 10)), 0.002);
  }
  Rule rule = rule_of(RuleKind::mixture, 2, 2);
  rule.group_rows = 10;
  EXPECT_THROW(Population{rule}, std::invalid_argument);
}

TEST(Population, a_view_may_have_other_shares_of_the_same_classes) {
  const Population population(rule_of(RuleKind::mixture, 2, 2));
  const Dataset data = population.rows(Table::test, kSample, {.first_share = 0.3});
  double first = 0, mean = 0;
  for (Index i = 0; i < kSample; ++i) {
    first += data.label()[i] == 0;
    const double length = std::hypot(static_cast<double>(data.x().row(i)[0]), static_cast<double>(data.x().row(i)[1]));
    mean += length * length;
  }
  EXPECT_LE(std::abs(first / kSample - 0.3), four_errors(0.3, kSample));
  EXPECT_LE(std::abs(mean / kSample - (2 + 1.2 * 1.2)), 0.1);  // means as far from their centre
  EXPECT_THROW(Population(rule_of(RuleKind::ball, 2, 2)).rows(Table::test, 5, {.first_share = 0.3}),
               std::invalid_argument);
}

// Rates are published of these very problems: whoever changes one changes what was measured.
TEST(Makers, the_parts_are_those_that_were_reported) {
  std::ifstream pinned(PLATEAU_VALIDATION_CHECKSUMS);
  std::string part, digits;
  for (const Part of : {Part::tuning, Part::frozen}) {
    ASSERT_TRUE(pinned >> part >> digits);
    EXPECT_EQ(part, to_string(of));
    EXPECT_EQ(std::stoul(digits, nullptr, 16), checksum(of)) << "bench_validation --checksums";
  }
}

TEST(Makers, the_parts_share_no_seed_and_no_combination) {
  using Problems = std::tuple<std::string, Index, Index, Index, Index>;
  std::set<std::uint64_t> seeds;
  std::size_t problems = 0;
  constexpr Index kNumbers = 24;
  for (const std::string& maker : maker_names()) {
    std::set<std::pair<Problems, Index>> combinations[2];
    std::set<Problems> tuning_rules;
    Index known = 0;
    for (const Part part : {Part::tuning, Part::frozen})
      for (Index number = 0; number < kNumbers; ++number, ++problems) {
        const Specification s = specification_of(part, maker, number);
        seeds.insert(s.rule.seed);
        const Problems rule{to_string(s.rule.kind), s.rule.directions, s.rule.features, s.rule.classes,
                            s.rule.kind == RuleKind::patchwork ? s.rule.cells : 0};
        combinations[part == Part::frozen].insert({rule, s.train_rows});
        if (part == Part::tuning) tuning_rules.insert(rule);
        known += part == Part::frozen && tuning_rules.contains(rule);
      }
    for (const auto& combination : combinations[0])
      EXPECT_FALSE(combinations[1].contains(combination)) << maker << ": " << std::get<0>(combination.first);
    // Most are of rules that the tuning part has not in so many features and classes, whatever their rows.
    EXPECT_LE(known, kNumbers / 2) << maker;
  }
  EXPECT_EQ(seeds.size(), problems);
}

TEST(Makers, have_enough_problems_of_every_kind) {
  std::map<std::string, Index> sets;
  for (const std::string& maker : maker_names()) {
    const Specification s = specification_of(Part::frozen, maker, 0);
    sets[s.kind == Kind::cause ? to_string(s.expected.front()) : to_string(s.kind)] += sets_of(maker);
  }
  EXPECT_EQ(sets.size(), 22u);  // 19 causes
  EXPECT_GE(sets["healthy"], 100);
  EXPECT_GE(sets["underpowered"], 100);
  for (const auto& [kind, count] : sets) EXPECT_GE(count, 30) << kind;
  EXPECT_THROW(sets_of("bad-luck"), std::invalid_argument);

  Index intervals = 0;
  for (const std::string& maker : maker_names()) {
    const Specification s = specification_of(Part::frozen, maker, 0);
    if (s.rounds || !Problem(s).has_fresh_rows() || maker == "family-limited") continue;
    std::set<Index> of_four, of_three;
    for (Index number = 0; number < sets_of(maker); ++number) {
      if (!has_truths(maker, number, kTruthsEvery)) continue;
      intervals += 4;  // of accuracy, the reference, neighbours and the learning curve at least
      of_four.insert(number % 4);
      of_three.insert(number % 3);
    }
    EXPECT_EQ(of_four.size(), 4u) << maker;
    EXPECT_EQ(of_three.size(), 3u) << maker;
  }
  EXPECT_GE(intervals, 500);
  EXPECT_FALSE(has_truths("ceiling", 0, 0));
  EXPECT_FALSE(has_truths("family-limited", 0, kTruthsEvery));
}

TEST(Makers, every_problem_is_one_that_can_be_trained) {
  for (const Part part : {Part::tuning, Part::frozen})
    for (const std::string& maker : maker_names())
      for (Index number = 0; number < 12; ++number) {
        const Specification s = specification_of(part, maker, number);
        SCOPED_TRACE(s.id());
        EXPECT_FALSE(s.expected.empty());
        EXPECT_FALSE(s.fault.empty());
        if (number >= 4) continue;
        const Problem problem(s);
        EXPECT_EQ(problem.split().train.rows(), s.train_rows);
        EXPECT_EQ(problem.split().test.rows(), s.test_rows);
        plateau::Run run = problem.specification().run;
        const ValidationRows held_out(problem.split().train, s.validation, 1);
        if (run.patience > 0) held_out.hold_out_of(run);
        EXPECT_NO_THROW(expects_run(run, views(problem.split())));
        if (s.remedy) {
          EXPECT_NO_THROW(expects_run(*s.remedy, views(problem.split())));
        }
        if (problem.second() != nullptr) {
          EXPECT_EQ(problem.second()->train.labels, problem.split().train.labels);
        }
      }
  EXPECT_THROW(specification_of(Part::frozen, "bad-luck", 0), std::invalid_argument);
}

TEST(Problems, hold_the_faults_that_their_specification_names) {
  Specification s = specification_of(Part::tuning, "label-map", 0);
  const Problem mapped(s);
  s.test_map.clear();
  const Problem plain(s);
  for (Index i = 0; i < s.test_rows; ++i) EXPECT_NE(mapped.split().test.label()[i], plain.split().test.label()[i]);
  EXPECT_EQ(plateau::checksum(mapped.split().train), plateau::checksum(plain.split().train));

  const Problem one_class(specification_of(Part::tuning, "single-class", 0));
  EXPECT_EQ(std::set<std::int32_t>(one_class.split().test.labels.begin(), one_class.split().test.labels.end()).size(),
            1u);
  EXPECT_FALSE(one_class.has_fresh_rows());

  const Problem leaking(specification_of(Part::tuning, "leak", 0));
  const Split& split = leaking.split();
  std::set<std::vector<float>> train;
  for (Index i = 0; i < split.train.rows(); ++i)
    train.insert({split.train.x().row(i), split.train.x().row(i) + split.train.columns});
  Index same = 0;
  for (Index i = 0; i < split.test.rows(); ++i)
    same += train.contains({split.test.x().row(i), split.test.x().row(i) + split.test.columns}) ? 1 : 0;
  const double copied = leaking.specification().copied * static_cast<double>(split.test.rows());
  EXPECT_LE(std::abs(static_cast<double>(same) - copied / 2), 1);  // the others are blurred
}

TEST(Problems, have_more_rows_of_their_kind) {
  const Problem problem(specification_of(Part::tuning, "embedding-limited", 0));
  const Index rows = problem.specification().train_rows;
  const Split more = problem.more_train_rows(2 * rows);
  EXPECT_EQ(more.train.rows(), 2 * rows);
  EXPECT_TRUE(
      std::equal(problem.split().train.labels.begin(), problem.split().train.labels.end(), more.train.labels.begin()));
  EXPECT_EQ(plateau::checksum(more.test), plateau::checksum(problem.split().test));
  const Dataset first = problem.other_train_rows(1), second = problem.other_train_rows(2);
  EXPECT_EQ(first.rows(), rows);
  std::set<std::vector<float>> points;  // of all three
  for (const Dataset* table : {&problem.split().train, &first, &second})
    for (Index row = 0; row < rows; ++row) {
      const float* const x = table->x().row(row);
      points.insert({x, x + table->columns});
    }
  EXPECT_EQ(points.size(), static_cast<std::size_t>(3 * rows));
  EXPECT_THROW(problem.other_train_rows(0), std::invalid_argument);
  const Split fresh = problem.fresh_rows(500);
  EXPECT_EQ(plateau::checksum(fresh.train), plateau::checksum(problem.split().train));
  EXPECT_EQ(fresh.test.labels, problem.second_fresh_rows(500)->test.labels);
}

TEST(RealProblems, are_iris_and_digits_with_and_without_faults) {
  for (const std::string& maker : real_maker_names()) {
    SCOPED_TRACE(maker);
    const Problem problem = real_problem(PLATEAU_TEST_DATA, maker, 0);
    const bool iris = maker.starts_with("iris");
    EXPECT_EQ(problem.split().test.rows(), iris ? 50 : 599);
    const Index train_rows = iris ? 100 : 1198;
    EXPECT_EQ(problem.split().train.rows(), maker.ends_with("data-limited") ? train_rows / 8 : train_rows);
    EXPECT_FALSE(problem.specification().expected.empty());
    EXPECT_NO_THROW(expects_run(problem.specification().run, views(problem.split())));
    EXPECT_FALSE(problem.has_fresh_rows());
  }
  const Problem clean = real_problem(PLATEAU_TEST_DATA, "digits-clean", 0);
  const Problem noisy = real_problem(PLATEAU_TEST_DATA, "digits-label-noise", 0);
  double flipped = 0;
  for (std::size_t i = 0; i < 599; ++i) flipped += clean.split().test.labels[i] != noisy.split().test.labels[i];
  EXPECT_LE(std::abs(flipped / 599 - 0.2), four_errors(0.2, 599));
  EXPECT_THROW(real_problem("/nowhere", "iris-clean", 0), InputError);
  EXPECT_NE(plateau::checksum(real_problem(PLATEAU_TEST_DATA, "iris-clean", 1).split().train),
            plateau::checksum(real_problem(PLATEAU_TEST_DATA, "iris-clean", 0).split().train));
}

// A small problem, and a study of it: judges two settings, one of which stops early by rows that are held out.
struct SmallStudy {
  Problem problem = [] {
    Specification s = specification_of(Part::tuning, "overfit", 0);
    s.test_rows = 60;
    s.run.epochs = 5;
    s.run.architecture.widths = {s.rule.features, 8, 2};
    return Problem(s);
  }();
  Split fresh = problem.fresh_rows(700);
  ValidationRows held_out{problem.split().train, 0.3, 4};

  std::vector<Judged> judge(Trainer& trainer, const Split& split, std::uint64_t seed = 9) const {
    std::vector<Setting> settings{{"own", problem.specification().run}, {"early", problem.specification().run}};
    settings[1].run.patience = 2;
    Laboratory laboratory(trainer);
    return judge_settings(laboratory, "", views(split), settings, held_out, 3, seed);
  }
};

TEST(OnceJudging, says_of_all_rows_what_a_training_that_judges_every_epoch_says_in_the_end) {
  const SmallStudy study;
  CpuTrainer cpu({.workers = 2});
  OnceJudgingTrainer once(cpu);
  const std::vector<Judged> wanted = study.judge(cpu, study.fresh), got = study.judge(once, study.fresh);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(got[i].predicted, wanted[i].predicted);
    EXPECT_EQ(got[i].right.row_accuracy(), wanted[i].right.row_accuracy());
  }
}

TEST(Replay, makes_the_same_choices_and_judges_other_networks) {
  const SmallStudy study;
  CpuTrainer cpu({.workers = 2});
  RecordingTrainer recording(cpu);
  recording.replayed_on(study.problem.split().test.x(), study.fresh.test.x());
  const Folds folds(study.problem.split().train, 3, 1);
  const auto score = [&](Trainer& trainer, const Split& split) {
    Laboratory laboratory(trainer);
    return score_settings(laboratory, "", views(split), {{"own", study.problem.specification().run}}, folds, 5)[0];
  };
  const double loss = score(recording, study.problem.split()).validation_loss;
  study.judge(recording, study.problem.split());

  ReplayingTrainer replay(recording, cpu, 1000);
  EXPECT_EQ(score(replay, study.fresh).validation_loss, loss);
  EXPECT_EQ(replay.trainings(), 0);
  const std::vector<Judged> got = study.judge(replay, study.fresh), others = study.judge(cpu, study.fresh, 1009);
  EXPECT_EQ(replay.trainings(), 6);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].predicted, others[i].predicted);
  EXPECT_NE(got[0].predicted, study.judge(cpu, study.fresh)[0].predicted);
  EXPECT_EQ(recording.first_of_curve(), nullptr);  // early stopping is none
}

TEST(Replay, knows_nothing_of_other_rows_of_probabilities_and_of_curves) {
  const Problem problem(specification_of(Part::tuning, "underpowered", 0));
  CpuTrainer cpu({.workers = 1});
  RecordingTrainer recording(cpu);
  const Split fresh = problem.fresh_rows(80);
  recording.replayed_on(problem.split().test.x(), fresh.test.x());
  plateau::Run run = problem.specification().run, with_probabilities = run, of_curve = run;
  run.outputs.predictions = {{}};
  with_probabilities.outputs.predictions = {{.probabilities = true}};
  const Folds folds(problem.split().train, 2, 1);
  of_curve.rows = folds.outside(0);
  of_curve.validation = folds.inside(0);
  of_curve.outputs.predictions = {{.at = ParametersAt::best}};
  recording.train_fleet(views(problem.split()), {run, with_probabilities, of_curve});
  EXPECT_NE(recording.first_of_curve(), nullptr);
  ReplayingTrainer replay(recording, cpu, 7);
  const auto results = replay.train_fleet(views(fresh), {run, with_probabilities, of_curve});
  EXPECT_EQ(results[0].outcome, RunOutcome::finished);
  EXPECT_EQ(results[0].predictions[0].predicted.size(), 80u);
  EXPECT_EQ(results[1].outcome, RunOutcome::interrupted);
  EXPECT_EQ(results[2].outcome, RunOutcome::interrupted);
  const Split others = problem.fresh_rows(80);
  EXPECT_EQ(replay.train_fleet(views(others), {run})[0].outcome, RunOutcome::interrupted);
}

SettingEvidence setting(const char* what, double accuracy) {
  return {.what = what, .trainings = 4, .test_accuracy = accuracy, .seed_deviation = 0.02};
}

TEST(Figures, compare_what_the_diagnosis_has_compared) {
  DiagnosisEvidence evidence;
  evidence.user = UserEvidence{.setting = setting("own", 0.7)};
  evidence.optimised = StepEvidence{setting("lr", 0.8), {}, true};
  evidence.regularised = StepEvidence{setting("decay", 0.79), {}, false};
  evidence.larger = StepEvidence{setting("wide", 0.9), {}, true};
  evidence.reference = setting("wide", 0.9);
  evidence.families = {{.name = "15 nearest neighbours", .test_accuracy = 0.8}};
  std::map<std::string, std::string> over;
  for (const Figure& figure : figures_of(evidence)) over[figure.name] = figure.over;
  const std::map<std::string, std::string> wanted{
      {"accuracy", ""},      {"optimisation", "user"},       {"overfit", "optimisation"}, {"capacity", "optimisation"},
      {"reference", "user"}, {"family-limited", "reference"}};
  EXPECT_EQ(over, wanted);

  const JudgedSettings own = settings_of(evidence);
  DiagnosisEvidence other = evidence;
  other.larger->test_accuracy = 0.95;
  const Figure capacity{"capacity", {}, "capacity", "optimisation"};
  const auto value = value_by(capacity, own, settings_of(other));
  ASSERT_TRUE(value);
  EXPECT_NEAR(value->value, 0.15, 1e-12);
  EXPECT_NEAR(value->standard_error, std::sqrt(2) * 0.02 / 2, 1e-12);
  EXPECT_NEAR(value_by({"accuracy", {}, "user", ""}, own, settings_of(other))->value, 0.7, 1e-12);
  other.larger->what = "wider";
  EXPECT_FALSE(value_by(capacity, own, settings_of(other)));
  other.larger = StepEvidence{setting("wide", 0.95), {}, true};
  other.larger->diverged = 1;
  EXPECT_FALSE(value_by(capacity, own, settings_of(other)));
  other.larger.reset();
  EXPECT_FALSE(value_by(capacity, own, settings_of(other)));
}

Index held(const Specification& s, const Audit& audit) {
  Index count = 0;
  for (const Claim& claim : claims_of(s, audit)) count += claim.holds() ? 1 : -100;
  return count;
}

TEST(Claims, hold_of_what_a_maker_means_and_of_nothing_else) {
  const auto of = [](const char* maker) { return specification_of(Part::tuning, maker, 0); };
  const Audit low{.user_train = 0.7,
                  .user = 0.7,
                  .ladder = 0.9,
                  .ladder_at_twice = 0.9,
                  .unshifted = 0.8,
                  .neighbours = 0.93,
                  .longest = 0.85,
                  .majority = 0.7,
                  .bayes = 0.95};
  const auto with = [](Audit audit, auto change) {
    change(audit);
    return audit;
  };
  EXPECT_EQ(held(of("capacity"), with(low, [](Audit& a) { a.remedied = 0.9; })), 1);
  EXPECT_LT(held(of("capacity"), with(low, [](Audit& a) { a.remedied = 0.72; })), 0);
  EXPECT_LT(held(of("capacity"), with(low, [](Audit& a) { a.remedied = std::nan(""); })), 0);
  EXPECT_LT(held(of("capacity-above-linear"), low), 0);  // a line alone must come near
  EXPECT_EQ(held(of("capacity-above-linear"), with(low, [](Audit& a) { a.user = 0.87, a.remedied = 0.97; })), 2);
  EXPECT_EQ(held(of("family-limited"), low), 1);
  EXPECT_LT(held(of("family-limited"), with(low, [](Audit& a) { a.longest = 0.91; })), 0);
  EXPECT_EQ(held(of("shift-of-classes"), low), 1);
  EXPECT_LT(held(of("shift-of-classes"), with(low, [](Audit& a) { a.unshifted = 0.71; })), 0);
  EXPECT_LT(held(of("majority-rarer"), low), 0);
  EXPECT_LT(held(of("data-limited"), low), 0);
  EXPECT_EQ(held(of("data-limited"), with(low, [](Audit& a) { a.ladder_at_twice = 0.93; })), 1);
  EXPECT_LT(held(of("frozen-weights-given"), with(low, [](Audit& a) { a.remedied = 0.7; })), 0);
  for (const char* healthy : {"healthy", "healthy-groups", "healthy-early-stopping", "healthy-frozen"})
    EXPECT_LT(held(of(healthy), low), 0) << healthy;
  const Audit well = with(low, [](Audit& a) { a.user = 0.9; });
  for (const char* healthy : {"healthy", "healthy-groups", "healthy-early-stopping", "healthy-imbalance"})
    EXPECT_GE(held(of(healthy), well), 1) << healthy;
  EXPECT_LT(held(of("healthy-imbalance"), with(well, [](Audit& a) { a.majority = 0.9; })), 0);
  EXPECT_TRUE(claims_of(of("underpowered"), low).empty());
}

TEST(GivenWeights, of_a_first_layer_that_keeps_every_feature) {
  const FlatParameters given = kept_features({{2, 4, 3, 2}}, 5);
  const float x[] = {0.5f, -2};
  float unit[4];
  for (std::size_t u = 0; u < 4; ++u)
    unit[u] = std::max(0.0f, given[2 * u] * x[0] + given[2 * u + 1] * x[1] + given[8 + u]);
  EXPECT_EQ(unit[0] - unit[1], x[0]);
  EXPECT_EQ(unit[2] - unit[3], x[1]);
  EXPECT_THROW(kept_features({{2, 5, 2}}, 5), std::invalid_argument);
  const Problem healthy(specification_of(Part::tuning, "healthy-frozen", 0));
  EXPECT_EQ(healthy.specification().run.initial, healthy.specification().remedy->initial);
  EXPECT_EQ(healthy.specification().run.frozen, 1u);
}

std::vector<double> accuracies(const ForensicsRecord& record) {
  std::vector<double> found;
  for (const LoggedRound& round : record.log.rounds) found.push_back(round.test_accuracy);
  return found;
}

TEST(Rounds, leave_what_a_program_with_the_fault_would_leave) {
  CpuTrainer cpu({.workers = 2});
  const auto record_of = [&cpu](const Specification& s) { return *record_rounds(Problem(s), cpu); };

  Specification s = specification_of(Part::tuning, "stale-evaluation", 0);
  const auto from = static_cast<std::size_t>(*s.rounds->stale_from);
  const ForensicsRecord stale = record_of(s);
  s.rounds->stale_from.reset();
  const ForensicsRecord sound = record_of(s);
  for (std::size_t round = 0; round < stale.log.rounds.size(); ++round) {
    EXPECT_EQ(stale.log.rounds[round].train_loss, sound.log.rounds[round].train_loss);
    EXPECT_EQ(stale.weights.rounds()[round].hash, sound.weights.rounds()[round].hash);
    EXPECT_EQ(stale.predictions->predicted[round], sound.predictions->predicted[std::min(round, from - 1)]);
  }
  EXPECT_NE(accuracies(stale), accuracies(sound));

  s = specification_of(Part::tuning, "frozen-weights", 0);
  const ForensicsRecord frozen = record_of(s);
  EXPECT_EQ(frozen.weights.rounds()[1].hash, frozen.weights.rounds()[0].hash);
  s = specification_of(Part::tuning, "frozen-weights", 1);
  const ForensicsRecord first = record_of(s);
  EXPECT_EQ(first.weights.layers(), (std::vector<std::string>{"fc1", "fc2"}));
  EXPECT_EQ(first.weights.rounds()[2].layer_change[0], 0);
  EXPECT_GT(first.weights.rounds()[2].layer_change[1], 0);

  // Right on the half of the classes that it has just seen, and on hardly anything else.
  const ForensicsRecord halves = record_of(specification_of(Part::tuning, "forgetting", 0));
  for (std::size_t round = 0; round < 2; ++round) {
    double other = 0;
    for (const std::int32_t given : halves.predictions->predicted[round]) other += (given < 2) != (round == 0);
    EXPECT_LE(other / 600, 0.1);
  }
  EXPECT_THROW(record_rounds(Problem(specification_of(Part::tuning, "capacity", 0)), cpu), std::invalid_argument);
}

TEST(Rounds, have_the_verdict_of_their_fault) {
  CpuTrainer cpu({.workers = 2});
  for (const char* maker : {"stale-evaluation", "frozen-weights", "forgetting", "healthy-rounds"}) {
    const Problem problem(specification_of(Part::tuning, maker, 1));
    const Verdict verdict = try_rounds(problem, cpu)->decision.verdict;
    EXPECT_TRUE(std::ranges::count(problem.specification().expected, verdict.code) > 0)
        << maker << ": " << verdict.sentence;
  }
}

TEST(PartlyDeadWeights, leave_that_share_of_the_units_at_zero) {
  const Problem problem(specification_of(Part::tuning, "warm-start", 0));
  plateau::Run run = problem.specification().run;
  run.epochs = 1;
  run.outputs.dead_units = true;
  CpuTrainer cpu({.workers = 1});
  EXPECT_EQ(cpu.train(run, views(problem.split())).dead_units, std::vector<Index>{30});  // of 32
}

class ResultFiles : public testing::Test {
 protected:
  std::filesystem::path path_ = testing_files::test_folder() / "lines.jsonl";
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string refusal() const {
    try {
      ResultFile file(path_);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(ResultFiles, keep_every_whole_line_and_drop_what_was_torn_off) {
  {
    ResultFile file(path_);
    EXPECT_TRUE(file.lines().empty());
    file.add({{"id", "a"}});
    EXPECT_EQ(test::file_content(path_), "{\"id\":\"a\"}\n");
  }
  std::ofstream(path_, std::ios::app) << "{\"id\":\"b\"}\n{\"id\":\"c\", \"ver";
  ResultFile file(path_);
  ASSERT_EQ(file.lines().size(), 2u);
  EXPECT_EQ(file.lines()[1]["id"], "b");
  file.add({{"id", "d"}});
  EXPECT_EQ(test::file_content(path_), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"d\"}\n");
}

TEST_F(ResultFiles, refuse_what_is_none_and_a_second_writer) {
  write("{\"id\":\"a\"}\nno JSON\n");
  EXPECT_EQ(refusal(), path_.string() + ": line 2 is no JSON object");
  EXPECT_EQ(test::file_content(path_), "{\"id\":\"a\"}\nno JSON\n");
  write("");
  ResultFile file(path_);
  EXPECT_EQ(refusal(), path_.string() + ": another process adds to it");
  path_ /= "below";
  EXPECT_EQ(refusal(), path_.string() + ": Not a directory");
}

class ValidationProgram : public testing::Test {
 protected:
  std::filesystem::path out_ = testing_files::test_folder() / "out.jsonl";
  test::ProgramResult run(std::vector<std::string> options) const {
    std::vector<std::string> command{PLATEAU_BENCH_VALIDATION, "--out", out_.string(), "--device", "cpu"};
    command.insert(command.end(), options.begin(), options.end());
    return test::run_program(command, testing_files::test_folder());
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> found;
    std::istringstream lines(test::file_content(out_));
    for (std::string line; std::getline(lines, line);) found.push_back(nlohmann::json::parse(line)["id"]);
    return found;
  }
};

TEST_F(ValidationProgram, goes_on_where_it_ended_and_shards_share_the_problems) {
  const std::vector<std::string> what{"--part", "tuning", "--cause", "single-class"};
  const auto with = [&what](std::vector<std::string> more) {
    more.insert(more.begin(), what.begin(), what.end());
    return more;
  };
  ASSERT_EQ(run(with({"--sets", "2"})).exit_code, 0);
  const std::string before = test::file_content(out_);
  std::ofstream(out_, std::ios::app) << "{\"id\":\"tuning/sing";
  ASSERT_EQ(run(with({"--sets", "5", "--shard", "1/2"})).exit_code, 0);
  EXPECT_TRUE(test::file_content(out_).starts_with(before));
  const auto id = [](int number) { return "tuning/single-class/" + std::to_string(number); };
  EXPECT_EQ(ids(), (std::vector<std::string>{id(0), id(1), id(2), id(4)}));
  ASSERT_EQ(run(with({"--sets", "5", "--shard", "2/2"})).exit_code, 0);
  EXPECT_EQ(ids(), (std::vector<std::string>{id(0), id(1), id(2), id(4), id(3)}));
  const auto line = nlohmann::json::parse(before.substr(0, before.find('\n')));
  EXPECT_EQ(line["verdict"]["code"], "single-class");
  EXPECT_EQ(line["expected"], nlohmann::json({"single-class"}));
}

TEST_F(ValidationProgram, diagnoses_rows_that_were_measured) {
  const test::ProgramResult result = run({"--part", "real", "--cause", "iris-label-map"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(ids(), (std::vector<std::string>{"real/iris-label-map/0"}));
  const auto line = nlohmann::json::parse(test::file_content(out_));
  EXPECT_EQ(line["verdict"]["code"], "label-map");
  EXPECT_TRUE(line["intervals"].empty());  // the truth about them is not known
}

TEST_F(ValidationProgram, refuses_a_file_of_other_work_and_options_that_are_none) {
  ASSERT_EQ(run({"--part", "tuning", "--cause", "single-class", "--sets", "1"}).exit_code, 0);
  const auto refused = [&](const std::vector<std::string>& options, const std::string& words) {
    const test::ProgramResult result = run(options);
    EXPECT_EQ(result.exit_code, 2) << words;
    EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
  };
  refused({"--part", "frozen", "--cause", "single-class", "--sets", "1"}, "line 1 has a part with the checksum ");
  refused({"--part", "tuning", "--depth", "standard"}, "line 1 has the depth quick, and this would add standard");
  refused({"--part", "tuning", "--audit"}, "line 1 has the kind diagnosis, and this would add an audit");
  refused({"--cause", "luck"}, "--cause luck: expected all, or one of single-class, ");
  for (const char* shard : {"0/2", "3/2", "1", "1/2x", "-1/2"})
    refused({"--shard", shard}, "--shard " + std::string(shard) + ": expected I/K");
}

TEST_F(ValidationProgram, lists_what_there_is_without_doing_it) {
  const test::ProgramResult result = run({"--list"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("healthy-groups           healthy       ceiling, label-noise"), std::string::npos)
      << result.out;
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(ValidationProgram, ends_after_an_interrupt_with_whole_lines_only) {
  const test::ProgramResult result = test::run_program(
      {PLATEAU_BENCH_VALIDATION, "--out", out_.string(), "--device", "cpu", "--part", "tuning", "--sets", "50"},
      testing_files::test_folder(), [&] { test::wait_until([&] { return test::has_lines(out_, 1); }); }, SIGINT);
  EXPECT_EQ(result.exit_code, 130) << result.err;
  const std::string text = test::file_content(out_);
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(ids().front(), "tuning/single-class/0");
}

// One set of each main cause, smaller than those that are reported. Which it is was chosen once, and every other was as
// good: the rates of many are in docs/validation.md.
class Verdicts : public testing::TestWithParam<std::pair<const char*, Index>> {};

TEST_P(Verdicts, name_the_cause_that_was_built_in) {
  const auto& [maker, number] = GetParam();
  const Problem problem(specification_of(Part::tuning, maker, number));
  CpuTrainer trainer({.workers = 2});
  const auto trial = try_problem(problem, Depth::quick, {}, trainer);
  ASSERT_TRUE(trial && trial->diagnosis);
  const Verdict& verdict = trial->diagnosis->verdict;
  EXPECT_TRUE(std::ranges::count(problem.specification().expected, verdict.code) > 0)
      << to_string(verdict.code) << ": " << verdict.sentence;
}

INSTANTIATE_TEST_SUITE_P(Tuning, Verdicts,
                         testing::Values(std::pair{"no-signal", 0}, std::pair{"shift", 0}, std::pair{"capacity", 1},
                                         std::pair{"optimisation", 1}, std::pair{"data-limited", 0},
                                         std::pair{"ceiling", 0}, std::pair{"underpowered", 0}),
                         [](const auto& test) {
                           std::string name = test.param.first;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// Fresh rows judge what a diagnosis said.
TEST(Trial, finds_what_the_figures_should_have_been) {
  Specification s = specification_of(Part::tuning, "capacity", 0);
  s.train_rows = 300;
  s.test_rows = 200;
  const Problem problem(s);
  CpuTrainer trainer({.workers = 2});
  const auto trial = try_problem(
      problem, Depth::quick, TruthPlan{.rows = 4000, .trainings = 2, .curve_draws = 2, .curve_repeats = 1}, trainer);
  ASSERT_TRUE(trial && trial->diagnosis);
  std::set<std::string> names;
  for (const JudgedInterval& interval : trial->intervals) {
    names.insert(interval.name);
    EXPECT_LE(interval.low, interval.value);
    EXPECT_LE(interval.value, interval.high);
    EXPECT_LE(interval.truth_error, 0.05) << interval.name;
    // The truth has its own seeds and rows, and lies near what 200 rows have seen.
    EXPECT_LE(std::abs(interval.truth - interval.value), 0.15) << interval.name;
    EXPECT_NE(interval.truth, interval.value) << interval.name;
  }
  for (const char* name : {"capacity", "data-limited", "reference", "accuracy"})
    EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_TRUE(trial->untold.empty());
  ASSERT_TRUE(trial->twice.has_value());
  EXPECT_LE(std::abs(trial->twice->truth), 0.1);
  EXPECT_GT(trial->truth_trainings, 0);
}

}  // namespace
}  // namespace plateau::validation
