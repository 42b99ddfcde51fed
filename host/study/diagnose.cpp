// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/diagnose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "diagnosis_study.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/integrity.hpp"

namespace plateau {
namespace {

Index classes_present(const std::vector<Index>& class_rows) {
  return std::ranges::count_if(class_rows, [](Index rows) { return rows > 0; });
}

// The split without the test rows that the training rows hold as well.
Split without(const Split& split, const std::vector<std::int32_t>& left_out) {
  std::vector<std::int32_t> kept;
  for (std::int32_t row = 0; row < static_cast<std::int32_t>(split.test.rows()); ++row)
    if (!std::ranges::binary_search(left_out, row)) kept.push_back(row);
  std::vector<std::int32_t> all(static_cast<std::size_t>(split.train.rows()));
  std::iota(all.begin(), all.end(), 0);
  const auto taken = [](const Dataset& data, const std::vector<std::int32_t>& rows) {
    return take_rows(data, {rows.data(), static_cast<Index>(rows.size())});
  };
  return {.train = taken(split.train, all), .test = taken(split.test, kept)};
}

bool is_of_one_class(const Dataset& data) {
  return std::ranges::adjacent_find(data.labels, std::ranges::not_equal_to()) == data.labels.end();
}

void expects_same_rows(const Split& split, const Split& second) {
  const auto same = [](const Dataset& a, const Dataset& b, const char* part) {
    if (a.rows() != b.rows())
      throw InputError(fmt::format("{} has {} {} rows and {} has {}; the second features must be of the same rows",
                                   b.source, b.rows(), part, a.source, a.rows()));
    if (a.labels != b.labels)
      throw InputError(
          fmt::format("{} has other labels for its {} rows than {}; the second features must be of the "
                      "same rows",
                      b.source, part, a.source));
  };
  same(split.train, second.train, "training");
  same(split.test, second.test, "test");
}

}  // namespace

std::optional<Diagnosis> diagnose(const Split& split, const Split* second, const DiagnoseConfiguration& configuration,
                                  Trainer& trainer, const Laboratory::Observer& observer) {
  expects(configuration.delta > 0, "diagnose: a gain that is worth acting on is above 0");
  expects_enough_rows(split.train, split.test, "diagnose anything");
  if (second != nullptr) expects_same_rows(split, *second);
  Folds::possible(split.train, battery_of(configuration.depth).folds);  // refused before anything is trained

  const auto start = std::chrono::steady_clock::now();
  Laboratory laboratory(trainer, observer);
  DiagnosisEvidence evidence{.delta = configuration.delta,
                             .train_rows = split.train.rows(),
                             .test_rows = split.test.rows(),
                             .classes = configuration.run.architecture.classes(),
                             .features = split.train.features(),
                             .class_names = split.train.classes.names};
  Index test_looks = 0;
  const auto train = [&](const Split& rows, const Split* second_rows) {
    evidence.test_rows = rows.test.rows();
    DiagnosisStudy study(rows, second_rows, configuration, laboratory, evidence);
    study.train();
    test_looks += study.test_looks();
  };
  try {
    std::optional<Integrity> integrity = study_integrity(
        split.train, split.test, trainer, {.seed = seed_of(configuration.seed, DiagnosisPart::neighbours)});
    if (!integrity) return {};
    evidence.integrity = std::move(*integrity);
    const ClassFindings& classes = evidence.integrity.of_classes;
    const bool varies = static_cast<Index>(evidence.integrity.of_features.constant.size()) < evidence.features;
    if (classes_present(classes.train_rows) > 1 && classes_present(classes.test_rows) > 1 && varies) {
      const std::vector<std::int32_t>& leaked = evidence.integrity.leak.rows;
      if (!evidence.integrity.leak.present) {
        train(split, second);
      } else {
        DiagnosisStudy with_leaked(split, nullptr, configuration, laboratory, evidence);
        evidence.with_leaked = with_leaked.judge_user();
        test_looks += with_leaked.test_looks();
        const Split rows = without(split, leaked);
        if (rows.test.rows() >= kFewestRows && !is_of_one_class(rows.test)) {
          std::optional<Split> second_rows;
          if (second != nullptr) second_rows = without(*second, leaked);
          train(rows, second_rows ? &*second_rows : nullptr);
        }
      }
    }
  } catch (const Laboratory::Stopped&) {
    return {};
  }
  DiagnosisDecision decision = decide_diagnosis(evidence);
  std::vector<Suspect> suspects;
  if (evidence.noise && decision.verdict.code != VerdictCode::no_signal)  // then nothing contradicts a label
    for (const SuspectRow& suspect : evidence.noise->suspects) {
      const auto at = static_cast<std::size_t>(suspect.row);
      suspects.push_back({split.dealt ? Index{split.dealt->train[at]} : Index{suspect.row}, split.train.labels[at],
                          suspect.given, suspect.probability, suspect.label_probability});
    }
  return Diagnosis{.configuration = configuration,
                   .schema = schema_of(split.train),
                   .scaled_by_initial = !split.scale.empty(),
                   .evidence = std::move(evidence),
                   .verdict = std::move(decision.verdict),
                   .causes = std::move(decision.causes),
                   .effects = std::move(decision.effects),
                   .budget = decision.budget,
                   .suspects = std::move(suspects),
                   .trainings = laboratory.trainings(),
                   .test_looks = test_looks,
                   .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
}

}  // namespace plateau
