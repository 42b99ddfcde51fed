// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/evaluation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "json_parts.hpp"
#include "text.hpp"

namespace plateau {
namespace {

constexpr std::size_t kClassesTabled = 20;    // more would fill the screen; the JSON has all
constexpr std::size_t kConfusionTabled = 12;  // columns of the matrix
constexpr std::size_t kMistakesListed = 5;
constexpr std::size_t kNameWidth = 24;

std::string name_of(const ModelEvaluation& evaluation, std::size_t id) {
  return id < evaluation.classes.names.size() ? one_line(evaluation.classes.names[id]) : fmt::format("{}", id);
}

std::string share(double value) { return std::isfinite(value) ? fmt::format("{:.4f}", value) : "-"; }
std::string range(Interval interval) {
  return std::isfinite(interval.low) ? fmt::format("{:.3f} to {:.3f}", interval.low, interval.high) : "-";
}

void class_table(std::string& out, const ModelEvaluation& evaluation) {
  const std::vector<ClassEvaluation>& classes = evaluation.figures.classes;
  const std::size_t shown = std::min(classes.size(), kClassesTabled);
  Cells lines{{"class", "rows", "recall", "95 % interval", "precision", "95 % interval", "predicted"}};
  for (std::size_t id = 0; id < shown; ++id) {
    const ClassEvaluation& of = classes[id];
    lines.push_back({shortened(name_of(evaluation, id), kNameWidth), fmt::format("{}", of.rows), share(of.recall),
                     range(of.recall_interval), share(of.precision), range(of.precision_interval),
                     fmt::format("{}", of.predicted)});
  }
  table(out, lines);
  if (shown < classes.size()) out += fmt::format("and {} more classes\n", classes.size() - shown);
  out += '\n';
}

void confusion_table(std::string& out, const ModelEvaluation& evaluation) {
  const auto classes = evaluation.figures.classes.size();
  if (classes > kConfusionTabled) return;
  const auto& counts = evaluation.figures.confusion;
  paragraph(out, "Confusion", "rows of each class (downwards) by what they are given (by class id, to the right)");
  Cells lines(1, {""});
  for (std::size_t id = 0; id < classes; ++id) lines.front().push_back(fmt::format("{}", id));
  for (std::size_t is = 0; is < classes; ++is) {
    const std::string name = evaluation.classes.numbered ? "" : " " + shortened(name_of(evaluation, is), kNameWidth);
    lines.push_back({fmt::format("{}{}", is, name)});
    for (std::size_t given = 0; given < classes; ++given)
      lines.back().push_back(fmt::format("{}", counts[is * classes + given]));
  }
  table(out, lines);
  out += '\n';
}

// "12 rows of cat are given dog": the commonest mistakes.
std::vector<std::string> mistakes(const ModelEvaluation& evaluation) {
  const auto classes = evaluation.figures.classes.size();
  const auto& counts = evaluation.figures.confusion;
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < counts.size(); ++place)
    if (place / classes != place % classes && counts[place] > 0) places.push_back(place);
  std::ranges::stable_sort(places, [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  places.resize(std::min(places.size(), kMistakesListed));
  std::vector<std::string> lines;
  lines.reserve(places.size());
  for (const std::size_t place : places)
    lines.push_back(fmt::format("{} of class {} given {}", counted(counts[place], "row"),
                                name_of(evaluation, place / classes), name_of(evaluation, place % classes)));
  return lines;
}

// Whether the accuracy is told apart from what always to say the commonest class would get.
std::string majority_sentence(const Evaluation& figures) {
  std::string always = fmt::format("always saying the commonest class would score {:.4f}", figures.majority_share);
  if (figures.interval.low > figures.majority_share) return always;
  return always + (figures.interval.high < figures.majority_share
                       ? ": the model does worse"
                       : ", which lies in the interval: that the model does better is not shown");
}

}  // namespace

std::string evaluation_summary(const ModelEvaluation& evaluation, const EvaluatedFiles& files,
                               const Environment& environment) {
  const Evaluation& figures = evaluation.figures;
  std::string out;
  heading(out, fmt::format("{}, {}, on {}, {}", one_line(files.model), to_string(evaluation.network),
                           one_line(files.data), counted(figures.rows, "row")));
  paragraph(out, "Accuracy",
            fmt::format("{:.4f}, {} of {} (95 % interval {}); {}", figures.accuracy, figures.right, figures.rows,
                        range(figures.interval), majority_sentence(figures)));
  paragraph(out, "Balanced",
            fmt::format("{:.4f}, mean recall of the classes that have rows", figures.balanced_accuracy));
  paragraph(
      out, "Log-loss",
      std::isfinite(figures.log_loss) ? fmt::format("{:.4f}", figures.log_loss) : "none: an output is not finite");
  paragraph(
      out, "Calibration",
      figures.without_class == figures.rows
          ? "none: no row is given a class"
          : fmt::format("expected error {:.4f} over {} bins: how far shares of right rows lie from the probabilities",
                        figures.calibration_error, kCalibrationBins));
  if (figures.without_class > 0)
    paragraph(out, "Note",
              fmt::format("{} without a class, for an output is not finite", counted(figures.without_class, "row")));
  class_table(out, evaluation);
  confusion_table(out, evaluation);
  list(out, "Mistakes", mistakes(evaluation));
  paragraph(out, "Measured", measured_on(environment));
  return out;
}

std::string evaluation_json(const ModelEvaluation& evaluation, const EvaluatedFiles& files,
                            const Environment& environment) {
  const Evaluation& figures = evaluation.figures;
  const auto classes = figures.classes.size();
  Json json;
  json["schema"] = "plateau-evaluation";
  json["schema_version"] = kEvaluationJsonVersion;
  json["command"] = "evaluate";
  json["configuration"] = {{"model", files.model}, {"data", files.data}};
  json["configuration"].update(reading_json(files.reading));
  json["versions"] = versions_json(environment);
  json["plan"] = {{"device", environment.device}, {"engine", "layered"}, {"precision", environment.precision}};
  if (environment.gpu) json["plan"]["gpu"] = gpu_json(environment);
  json["architecture"] = evaluation.network.widths;
  json["result"] = {{"rows", figures.rows},
                    {"right", figures.right},
                    {"without_class", figures.without_class},
                    {"accuracy", figures.accuracy},
                    {"interval_95", json_interval(figures.interval)},
                    {"balanced_accuracy", figures.balanced_accuracy},
                    {"majority_share", figures.majority_share},
                    {"log_loss", json_number(figures.log_loss)},
                    {"calibration_error", json_number(figures.calibration_error)}};
  json["classes"] = Json::array();
  for (std::size_t id = 0; id < classes; ++id) {
    const ClassEvaluation& of = figures.classes[id];
    const auto first = figures.confusion.begin() + static_cast<std::ptrdiff_t>(id * classes);
    json["classes"].push_back({{"id", id},
                               {"name", evaluation.classes.numbered || id >= evaluation.classes.names.size()
                                            ? Json(nullptr)
                                            : Json(evaluation.classes.names[id])},
                               {"rows", of.rows},
                               {"predicted", of.predicted},
                               {"right", of.right},
                               {"recall", json_number(of.recall)},
                               {"recall_interval_95", json_interval(of.recall_interval)},
                               {"precision", json_number(of.precision)},
                               {"precision_interval_95", json_interval(of.precision_interval)},
                               {"given", std::vector<Index>(first, first + static_cast<std::ptrdiff_t>(classes))}});
  }
  json["calibration"] = Json::array();
  for (const CalibrationBin& bin : figures.calibration)
    json["calibration"].push_back({{"low", bin.low},
                                   {"high", bin.high},
                                   {"rows", bin.rows},
                                   {"confidence", bin.confidence},
                                   {"accuracy", bin.accuracy}});
  json["measured"] = measured_json(environment, Json::object());
  return text_of(json);
}

}  // namespace plateau
