// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "diagnosis_words.hpp"

#include <fmt/format.h>

#include "diagnosis_effects.hpp"
#include "points.hpp"

namespace plateau {
namespace {

std::string twice_words(const Effect& effect) { return points(*effect.twice); }

// A step's gain over what stands before it, and over the user's training where that is another one.
std::string step_points(const Effect& effect) {
  std::string gain = points(effect.gain);
  if (!effect.over_user) return gain;
  const std::string over_user = points(*effect.over_user);
  return gain == over_user ? gain : gain + " over the step before it, " + over_user + " over the user's training";
}

std::vector<std::int32_t> moved_classes(const LabelMapEvidence& map) {
  std::vector<std::int32_t> moved;
  for (std::size_t c = 0; c < map.best.size(); ++c)
    if (map.best[c] != static_cast<std::int32_t>(c)) moved.push_back(static_cast<std::int32_t>(c));
  return moved;
}

// What was counted, where there is anything to tell.
std::vector<std::string> integrity_lines(const DiagnosisEvidence& e) {
  std::vector<std::string> lines;
  const Integrity& integrity = e.integrity;
  std::string names;
  for (const std::int32_t c : integrity.of_classes.without_training)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(e, c));
  if (!names.empty()) lines.emplace_back("classes without training rows: " + names);
  if (const std::size_t constant = integrity.of_features.constant.size(); constant > 0)
    lines.push_back(fmt::format("{} constant in the training rows and say{} nothing",
                                constant == 1 ? "1 feature is" : fmt::format("{} features are", constant),
                                constant == 1 ? "s" : ""));
  std::size_t repeated = 0;
  for (const std::vector<Index>& group : integrity.of_features.equal) repeated += group.size() - 1;
  if (repeated > 0)
    lines.push_back(fmt::format("{} in every training row", repeated == 1
                                                                ? "1 feature repeats another"
                                                                : fmt::format("{} features repeat others", repeated)));
  const TwinTest& twins = integrity.leak.identical;
  if (twins.test_twins > 0 && !integrity.leak.present)
    lines.push_back(
        fmt::format("{} of {} test rows have a twin among the training rows, as {} of {} training rows have "
                    "among the others: no leak by that, but an accuracy that is partly memory",
                    twins.test_twins, twins.test_rows, twins.train_twins, twins.train_rows));
  if (const DuplicateFindings& found = integrity.train_duplicates; found.conflicting_rows > 0)
    lines.push_back(
        fmt::format("{} training rows are identical to one of another class; no classifier is right on more "
                    "than {:.3f} of the training rows",
                    found.conflicting_rows, found.ceiling));
  return lines;
}

}  // namespace

std::string name_of(const DiagnosisEvidence& e, Index c) {
  return c < static_cast<Index>(e.class_names.size()) ? e.class_names[static_cast<std::size_t>(c)]
                                                      : fmt::format("{}", c);
}

std::string accuracy_of(const UserEvidence& user) {
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", user.setting.test_accuracy, user.test_interval.low,
                     user.test_interval.high);
}

std::string describe(const Effect& effect, const DiagnosisEvidence& e) {
  switch (effect.code) {
    case VerdictCode::optimisation:
      return fmt::format("the same network, otherwise optimised ({}): {}", effect.what, step_points(effect));
    case VerdictCode::overfit:
      return fmt::format(
          "held back from its training rows ({}): {}; before, it is right on {:.3f} of them and {:.3f} "
          "of the test rows",
          effect.what, step_points(effect), before_regularised(e).train_accuracy, before_regularised(e).test_accuracy);
    case VerdictCode::capacity:
      return fmt::format("a larger network ({}): {}; the smaller one is right on {:.3f} of its training rows",
                         effect.what, step_points(effect), before_larger(e).train_accuracy);
    case VerdictCode::frozen_weights:
      return fmt::format("trained with no layer frozen: {}", points(effect.gain));
    case VerdictCode::warm_start:
      return fmt::format("trained from drawn weights in place of the given ones: {}", step_points(effect));
    case VerdictCode::data_limited:
      if (!effect.twice) return fmt::format("{}: {}", effect.what, points(effect.gain));
      return fmt::format("{}: {}; twice the training rows there are would add {}", effect.what, points(effect.gain),
                         twice_words(effect));
    case VerdictCode::shift:
      return fmt::format(
          "{}: {}; a network tells test rows from training rows with an area under the curve of {:.2f} "
          "[{:.2f}, {:.2f}]",
          effect.what, points(effect.gain), e.shift->auc.value, e.shift->auc.interval.low, e.shift->auc.interval.high);
    case VerdictCode::embedding_limited:
      return fmt::format("the second features in place of the first ({}): {}", effect.what, points(effect.gain));
    case VerdictCode::family_limited:
      return fmt::format("{} in place of the best network: {}", effect.what, points(effect.gain));
    default:
      return effect.what;
  }
}

std::string sentence_of(const Effect& effect, const DiagnosisEvidence& e) {
  const std::string gain = points(effect.gain);
  switch (effect.code) {
    case VerdictCode::optimisation:
      return fmt::format(
          "{}: the same one, {}, gains {} in {} trainings",
          all_diverged(*e.user) ? "Every training of the network diverges" : "The network is not optimised well",
          effect.what, gain, e.optimised->trainings);
    case VerdictCode::overfit:
      return fmt::format(
          "The network memorises its training rows ({:.3f} right, {:.3f} of the test rows): with {} it "
          "gains {}",
          before_regularised(e).train_accuracy, before_regularised(e).test_accuracy, effect.what, gain);
    case VerdictCode::capacity:
      return fmt::format("The network is too small: {}, gains {}", effect.what, gain);
    case VerdictCode::frozen_weights:
      return fmt::format("{} of {} layers are frozen and hold the training back: with none frozen it gains {}",
                         frozen_layers(*e.user), e.user->layers.size(), gain);
    case VerdictCode::warm_start:
      return fmt::format("The given weights hold the training back: from drawn ones it gains {}", gain);
    case VerdictCode::data_limited:
      if (!effect.twice)
        return fmt::format("The rows that are held out to stop early by are missed: {}, it gains {}", effect.what,
                           gain);
      return fmt::format(
          "More training rows would help: going from {} to {} of them gained {}, and twice the {} there are would add "
          "about {}",
          e.curve->from_rows, e.curve->to_rows, gain, e.train_rows, twice_words(effect));
    case VerdictCode::shift:
      return fmt::format(
          "The test rows are not like the training rows: on training rows that were held out the same "
          "networks are {:.1f} points [{:.1f}, {:.1f}] better",
          in_points(effect.gain.value), in_points(effect.gain.interval.low), in_points(effect.gain.interval.high));
    case VerdictCode::embedding_limited:
      return fmt::format("The features set the limit: on the second ones the best network gains {}", gain);
    case VerdictCode::family_limited:
      return fmt::format(
          "Networks trained by up to {} steps are not the best way to classify these rows: {} gain {} over the best of "
          "them",
          e.most_steps, effect.what, gain);
    default:
      return "";
  }
}

std::string map_words(const DiagnosisEvidence& e) {
  const LabelMapEvidence& map = *e.label_map;
  std::string list;
  for (const std::int32_t c : moved_classes(map))
    list += fmt::format("{}{} as {}", list.empty() ? "" : ", ", name_of(e, c),
                        name_of(e, map.best[static_cast<std::size_t>(c)]));
  return fmt::format(
      "read with exchanged classes ({}) the predictions gain {} on test rows that had no part in "
      "choosing the exchange",
      list, points(map.gain));
}

std::string noise_words(const NoiseEvidence& noise) {
  return fmt::format(
      "networks that were not trained on a row contradict its label for {:.1f} % of the training rows, "
      "and for {:.1f} % [{:.1f}, {:.1f}] of the half that they are surest of: wrong labels look so, and "
      "so do features that are missing",
      100 * noise.disagreement, 100 * noise.confident_disagreement, 100 * noise.confident_interval.low,
      100 * noise.confident_interval.high);
}

std::string one_class_words(const UserEvidence& user) {
  return fmt::format(
      "{:.1f} % of the test rows are given one class, and the accuracy of {:.3f} is that of always "
      "saying the commonest class ({:.3f})",
      100 * user.setting.most_predicted, user.setting.test_accuracy, user.majority_share);
}

std::vector<std::string> evidence_lines(const DiagnosisEvidence& e, const std::vector<Effect>& effects) {
  std::vector<std::string> lines = integrity_lines(e);
  if (e.user)
    lines.push_back(
        fmt::format("the user's training, {} seeds: test {}, train {:.3f}, deviation over seeds {:.1f} "
                    "points; always saying the commonest class scores {:.3f}",
                    e.user->setting.trainings, accuracy_of(*e.user), e.user->setting.train_accuracy,
                    in_points(e.user->setting.seed_deviation), e.user->majority_share));
  if (e.user && e.user->setting.diverged > 0)
    lines.push_back(fmt::format("{} of the {} trainings diverged: their loss is no number any more",
                                e.user->setting.diverged, e.user->setting.trainings));
  if (e.user && frozen_layers(*e.user) > 0)
    lines.push_back(
        fmt::format("{} of {} layers are frozen and never change", frozen_layers(*e.user), e.user->layers.size()));
  if (e.signal)
    lines.push_back(fmt::format("labels as they are against {} permutations: skill {:.3f}, p = {:.2g}",
                                e.signal->permutations, e.signal->statistic, e.signal->p));
  if (e.over_majority)
    lines.push_back(
        fmt::format("the best network over always saying the commonest class: {}", points(*e.over_majority)));
  if (e.balance)
    lines.push_back(fmt::format(
        "balanced accuracy, the mean over classes: {:.3f}; {}with balanced class weights {:.3f}, {}",
        e.user->setting.balanced_accuracy,
        e.balance->optimised ? fmt::format("better optimised {:.3f}; and ", *e.balance->optimised) : "",
        e.balance->balanced_accuracy, points(e.balance->optimised ? e.balance->of_weights : e.balance->gain)));
  for (const Effect& effect : effects)
    lines.push_back(fmt::format("{} ({}{}{})", describe(effect, e), to_string(effect.state),
                                effect.against.empty() ? "" : ": ", effect.against));
  return lines;
}

std::vector<std::string> not_tested(const DiagnosisEvidence& e) {
  std::vector<std::string> lines;
  if (!e.second_data) lines.emplace_back("other features of the same rows (--second-data)");
  lines.emplace_back("what made the features: another backbone, augmentation of raw inputs, more columns");
  if (!e.user) lines.emplace_back("whatever takes trainings: optimisation, networks of other sizes, more rows, shift");
  if (e.user && !e.signal)
    lines.emplace_back("whether the labels depend on the features at all: they cannot be permuted here");
  if (e.user && !e.shift) lines.emplace_back("whether test rows are like training rows: too few of them");
  lines.emplace_back("decision trees and boosting; of other ways to classify only nearest neighbours");
  return lines;
}

}  // namespace plateau
