// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What is said around the findings of forensics: of rounds without one, what to do, what was measured, what was not.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "forensics_parts.hpp"
#include "points.hpp"

namespace plateau::forensic {

std::string open_sentence(const Evidence& e) {
  if (rises(e)) return fmt::format("The test accuracy still rises, {}, so this is no plateau yet", rise(e));
  if (falls(e)) return fmt::format("The test accuracy falls, {}; why it does, these files do not say", rise(e));
  if (plateau_is_shown(e))
    return fmt::format("The test accuracy stands still to within {}, {}; why it does, these files do not say",
                       delta_words(e), rise(e));
  if (e.slope)
    return fmt::format("That the test accuracy stands still to within {} is not shown: it changes by {}",
                       delta_words(e), rise(e));
  return fmt::format("{} rounds are too few to say whether the test accuracy stands still", e.rounds.size());
}

// The cheapest thing that would tell more.
std::string next_measurement(const Evidence& e) {
  if (rises(e))
    return partly_frozen_words(e)
               ? "Train more rounds; and give the optimizer the layers that never moved, if they were "
                 "not meant to be frozen."
               : "Train more rounds.";
  if (!e.slope) return "Train more rounds, and log them.";
  const auto equal = equal_accuracies(e);
  if (e.test_rows == 0 && equal && !test_loss_moved(e, *equal))
    return fmt::format(
        "Say by --test-rows how many test rows there are: that takes no training, and tells whether equal "
        "accuracies in {} may be chance.",
        named(e, *equal));
  if (!predictions_are_known(e))
    return std::string("Save the class that every test row is given, of every round, and add them by --predictions") +
           (labels_are_known(e) ? "" : ", and the labels by --data") +
           ": that takes no training, and tells rows that change from an evaluation that does not.";
  if (!labels_are_known(e)) return "Name the labels of the test rows by --data: that takes no training.";
  if (!weights_are_known(e))
    return "Save the weights of every round and add them by --checkpoints; then let plateau diagnose change one thing "
           "at a time on the training rows.";
  return "Let plateau diagnose change one thing at a time on the training rows.";
}

namespace {

Index rows_needed(const Evidence& e) {
  const double share = std::max(e.spread->disagreeing_share, 1 / static_cast<double>(e.test_rows));
  return rows_to_detect(share, e.delta);
}

std::string guess_words(const Evidence& e) {
  const ClassGuess& guess = *e.guess;
  if (!guess.is_shown)
    return fmt::format(
        "which class a prediction stands for is a guess: taken in the order of the labels' names, the log "
        "is right in {} of {} rounds",
        guess.agreeing, e.rounds.size());
  std::string map;
  for (std::size_t c = 0; c < guess.map.size() && c < kListed; ++c)
    map += fmt::format("{}'{}' for '{}'", c == 0 ? "" : ", ", guess.given[c],
                       e.classes[static_cast<std::size_t>(guess.map[c])]);
  if (guess.map.size() > kListed) map += fmt::format(" and {} more", guess.map.size() - kListed);
  return fmt::format(
      "which class a prediction stands for is shown by the log: with {} it is right in {} of {} rounds, "
      "to a row",
      map.empty() ? "classes in the order of the labels' names" : map, guess.agreeing, e.rounds.size());
}

}  // namespace

std::string advice_for(const Evidence& e, const Cause& found) {
  switch (found.code) {
    case VerdictCode::single_class:
      return "Draw test rows of every class, as the training rows have them, and evaluate the rounds again.";
    case VerdictCode::stale_evaluation:
      return "Load the weights of each round where it is evaluated, and see that the predictions change; evaluate one "
             "saved round by hand.";
    case VerdictCode::frozen_weights:
      return still_rounds(e)
                 ? "Look at what is saved and what is optimised: the parameters that the optimizer was given must be "
                   "those of the network that is saved."
                 : "If these layers were not meant to be frozen, give their parameters to the optimizer; if they were, "
                   "train them in one round as a control.";
    case VerdictCode::optimisation:
      return "Lower the learning rate, or clip gradients, and go on from the weights of the last round before that.";
    case VerdictCode::label_map:
      return "Use one map from classes to ids in training and evaluation, keep it in a file, and evaluate again; "
             "nothing has to be trained for that.";
    case VerdictCode::evaluation_mismatch:
      if (e.batch_of_mean)
        return "Weigh each batch by its rows, or count right rows and divide by all of them, and log the rounds again; "
               "nothing has to be trained for that.";
      return "Find out which rows, labels and weights the logged accuracy is from before anything else is concluded.";
    case VerdictCode::majority:
      return "Look at the inputs' scale, the learning rate and the balance of the training rows; judge by balanced "
             "accuracy until several classes are given.";
    case VerdictCode::forgetting:
      return "Mix rows of earlier rounds into each round (10 to 50 %), and train once on all rows together as a "
             "control.";
    case VerdictCode::solved:
      return "Stop, or look for harder test rows.";
    case VerdictCode::small_test:
      return fmt::format("Bring about {} test rows to see {}{}.", rows_needed(e), delta_words(e),
                         e.spread->paired ? ", or compare log-loss, which every row moves"
                                          : "; predictions of every round (--predictions, --data) compare the same "
                                            "rows and need fewer");
    default:
      return next_measurement(e);
  }
}

std::vector<std::string> measurements(const Evidence& e) {
  std::vector<std::string> lines;
  if (e.slope)
    lines.push_back(
        fmt::format("the test accuracy changes by {}; that it stands still to within {} is {} "
                    "(two one-sided tests{}, p = {:.2g})",
                    rise(e), delta_words(e), plateau_is_shown(e) ? "shown" : "not shown",
                    e.slope->by_rows ? " over test rows" : " around the line", e.slope->tost_p));
  if (predictions_are_known(e)) {
    Index least = e.test_rows, most = 0;
    for (std::size_t r = 1; r < e.rounds.size(); ++r) {
      least = std::min(least, *e.rounds[r].changed);
      most = std::max(most, *e.rounds[r].changed);
    }
    lines.push_back(
        fmt::format("from round to round {} to {} of {} test rows are given another class", least, most, e.test_rows));
    const Index none = e.rounds.back().without_class;
    if (none > 0)
      lines.push_back(fmt::format("the outputs of {} of {} test rows in round {} are no numbers, and count as wrong",
                                  none, e.test_rows, number(e, e.rounds.size() - 1)));
  }
  for (std::string& line : unmoved(e)) lines.push_back(std::move(line));
  if (e.guess) lines.push_back(guess_words(e));
  if (e.replay && e.replay->taken)
    lines.push_back(
        fmt::format("predictions are those of the saved networks, layers with ReLU between them: in {} of {} "
                    "rounds their accuracy is the logged one, to a row",
                    e.replay->agreeing, e.rounds.size()));
  else if (e.replay)
    lines.push_back(fmt::format(
        "the saved networks, taken as layers with ReLU between them, do not have the logged "
        "accuracies on these rows (closest in round {}: {:.4f}, logged {:.4f}; the same in {} of {} rounds); "
        "nothing is concluded from that",
        number(e, e.replay->closest), e.replay->accuracy, e.rounds[e.replay->closest].test_accuracy, e.replay->agreeing,
        e.rounds.size()));
  if (labels_are_known(e) && predictions_are_known(e)) {
    double most = 0;
    for (const ForensicsRound& round : e.rounds)
      most = std::max(most, std::abs(*round.recomputed - round.test_accuracy));
    lines.push_back(
        fmt::format("logged accuracies and those of the predictions differ by {:.2f} points at most", in_points(most)));
  }
  const auto keeps_place = [&](std::size_t c) {
    return e.label_map->map[c] == static_cast<Index>(c) || e.rounds.back().predicted_class_rows[c] == 0;
  };
  bool keeps_all = e.label_map.has_value();
  for (std::size_t c = 0; keeps_all && c < e.label_map->map.size(); ++c) keeps_all = keeps_place(c);
  if (keeps_all)
    lines.push_back("no exchange of classes makes the accuracy of the last round larger");
  else if (e.label_map)
    lines.push_back(
        fmt::format("another map of classes would change the accuracy of the last round by {}, judged on "
                    "rows that it was not chosen on{}",
                    points(e.label_map->gain),
                    shown_positive(e.label_map->gain) && !e.label_map->recall.is_exchange()
                        ? "; classes that are right by their own names would lose by it, so it is no exchange of names"
                        : ""));
  if (weights_are_known(e))
    lines.push_back(fmt::format("the weights of a layer change by up to {} in a round",
                                percent(most_changed(e, {0, e.rounds.size() - 1}))));
  if (const auto words = partly_frozen_words(e); words && rises(e)) lines.push_back("l" + *words);
  const ForensicsRound& last = e.rounds.back();
  if (last.train_accuracy)
    lines.push_back(fmt::format(
        "in the last round the train accuracy is {:.4f}, {:+.1f} points over the test accuracy{}", *last.train_accuracy,
        in_points(*last.train_accuracy - last.test_accuracy),
        last.interval
            ? fmt::format(" of {:.4f} [{:.4f}, {:.4f}]", last.test_accuracy, last.interval->low, last.interval->high)
            : ""));
  return lines;
}

std::vector<std::string> not_tested(const Evidence& e) {
  std::vector<std::string> lines;
  if (e.test_rows == 0) lines.push_back("what chance makes of the test rows: their number is not known (--test-rows)");
  if (!predictions_are_known(e))
    lines.push_back("whether predictions change from round to round, and which: there are none (--predictions)");
  if (!e.not_replayed.empty()) lines.push_back("what the saved networks say of the test rows: " + e.not_replayed);
  if (!labels_are_known(e))
    lines.push_back(
        "the share of the commonest class, exchanged classes, forgetting, and whether the log is right: labels of the "
        "test rows are not known (--data)");
  if (!weights_are_known(e))
    lines.push_back("whether weights move, and in which layers: there are none (--checkpoints)");
  const auto has_loss = [](const ForensicsRound& round) { return round.train_loss.has_value(); };
  if (std::count_if(e.rounds.begin(), e.rounds.end(), has_loss) < 2)
    lines.push_back(
        "whether the training went on where the test accuracy stands still: no two rounds have a train_loss");
  lines.push_back(
      "what another learning rate, network or regularisation, or more rows, would gain: nothing was trained (plateau "
      "diagnose)");
  return lines;
}

}  // namespace plateau::forensic
