// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "page_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>

#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/study/statistics.hpp"
#include "text.hpp"

namespace plateau {
namespace {

// Of the line, which must outlive them.
std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

std::optional<double> as_number(std::string_view cell) {
  if (cell.empty()) return kNaN;
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

}  // namespace

Columns read_columns(const std::filesystem::path& csv, const std::vector<const char*>& needed) {
  std::ifstream in(csv);
  std::string line;
  if (!std::getline(in, line)) throw InputError(csv.string() + ": cannot be read, or is empty");
  const std::string head = line;
  const std::vector<std::string_view> names = cells_of(head);
  Columns columns;
  std::vector<std::vector<double>*> in_order;
  in_order.reserve(names.size());
  for (const std::string_view name : names) in_order.push_back(&columns[std::string(name)]);
  for (const char* const name : needed)
    if (!columns.contains(name))
      throw InputError(fmt::format("{}: is damaged: there is no column '{}'", csv.string(), name));
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    const std::vector<std::string_view> cells = cells_of(line);
    if (cells.size() != names.size())
      throw InputError(fmt::format("{}: line {} has {} cells, and the first has {}", csv.string(), number, cells.size(),
                                   names.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::optional<double> value = as_number(cells[i]);
      if (!value)
        throw InputError(fmt::format("{}: line {}, column '{}' is no number", csv.string(), number, names[i]));
      in_order[i]->push_back(*value);
    }
  }
  return columns;
}

std::vector<SuspectLine> read_suspects(const std::filesystem::path& csv) {
  std::ifstream in(csv, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto damaged = [&](const char* what) {
    return InputError(fmt::format("{}: is damaged: a line {}", csv.string(), what));
  };
  constexpr std::size_t kCells = 5, kCellsBefore = 2;
  const std::size_t head = std::min(text.find('\n'), text.size());
  const auto cells_of_head =
      static_cast<std::size_t>(std::count(text.begin(), text.begin() + std::ptrdiff_t(head), ','));
  const std::size_t expected = cells_of_head + 1;
  if (!text.empty() && expected != kCells && expected != kCellsBefore) throw damaged("is not the head of suspects");
  std::vector<SuspectLine> suspects;
  for (std::size_t at = head + 1; at < text.size(); ++at) {
    std::vector<std::string> cells(1);
    for (bool quoted = false; at < text.size() && (quoted || text[at] != '\n'); ++at) {
      const char c = text[at];
      if (quoted && text.compare(at, 2, "\"\"") == 0)
        cells.back() += text[at++];  // two quotes in it stand for one
      else if (c == '"')
        quoted = !quoted;
      else if (c == ',' && !quoted)
        cells.emplace_back();
      else
        cells.back() += c;
    }
    if (at == text.size() || cells.size() != expected) throw damaged("is not as the first says");
    cells.resize(kCells);
    suspects.push_back({cells[0], cells[1], cells[2], cells[3], cells[4]});
  }
  return suspects;
}

double rounded(double value, int decimals) {
  const double unit = std::pow(10.0, decimals);
  return std::round(value * unit) / unit;
}
double number(const Json& json) { return json.is_null() ? kNaN : json.get<double>(); }
std::vector<double> numbers(const Json& values) {
  std::vector<double> of;
  for (const Json& value : values.get_ref<const Json::array_t&>()) of.push_back(number(value));
  return of;
}

std::string in_percent(double share) { return std::isfinite(share) ? fmt::format("{:.1f} %", 100 * share) : "-"; }
std::string in_percent(double share, const Json& interval) {
  if (interval.is_null()) return in_percent(share);
  return fmt::format("{} [{:.1f}, {:.1f}]", in_percent(share), 100 * number(interval.at(0)),
                     100 * number(interval.at(1)));
}
std::string share_of_rows(double share, double rows) {
  if (!(rows >= 1 && share >= 0 && share <= 1)) return in_percent(share);
  const Interval interval = wilson_interval(share, static_cast<Index>(rows));
  return in_percent(share, Json::array({interval.low, interval.high}));
}
std::string points_text(double points) {
  if (!std::isfinite(points)) return "-";
  const double shown = rounded(points, 1);
  return shown == 0 ? "0.0" : fmt::format("{:+.1f}", shown);
}
std::string interval_text(double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high)) return "-";
  return fmt::format("[{}, {}]", points_text(low), points_text(high));
}
std::string points_text(double points, double low, double high) {
  return fmt::format("{} {}", points_text(points), interval_text(low, high));
}
std::string difference_text(const Json& difference) {
  if (!difference.is_object()) return "-";
  const Json& interval = difference.at("interval_95");
  return points_text(100 * number(difference.at("value")), 100 * number(interval.at(0)), 100 * number(interval.at(1)));
}
std::string significant(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "-"; }

std::string made_by(const Json& document) {
  const Json& versions = document.at("versions");
  const Json& measured = document.at("measured");
  std::string text = "plateau " + versions.at("plateau").get<std::string>();
  if (versions.at("commit").is_string()) {
    text += ", commit " + versions.at("commit").get<std::string>().substr(0, 12);
    if (versions.at("dirty") == true) text += " with changes";
  }
  text += "; " + measured.value("device_name", "device unknown");
  if (measured.contains("threads") && measured.at("threads").is_number_integer())
    text += ", " + counted(measured.at("threads").get<Index>(), "thread");
  const std::string begun = measured.contains("begun_at") ? "begun " + measured.value("begun_at", "") : "time unknown";
  return text + "; " + measured.value("finished_at", begun);
}

std::string name_of_data(const Json& configuration) {
  for (const char* const key : {"train", "data"})
    if (const auto found = configuration.find(key); found != configuration.end() && found->is_string())
      return std::filesystem::path(found->get<std::string>()).filename().string();
  return {};
}

void add_verdict(Page& page, const Json& document) {
  const auto verdict = document.find("verdict");
  if (verdict == document.end() || verdict->is_null()) return;
  page.verdict = verdict->at("code").get<std::string>();
  page.grade = verdict->at("grade").get<std::string>();
  page.sentence = verdict->at("sentence").get<std::string>() + ".";
  if (const auto not_tested = verdict->find("not_tested"); not_tested != verdict->end())
    page.not_tested = not_tested->get<std::vector<std::string>>();
}

std::string mean_of_trainings(Index trainings) {
  return trainings > 1 ? fmt::format(" (mean of {} trainings)", trainings) : "";
}

PageChart accuracy_chart(const AccuracyCurves& curves) {
  for (const auto& [name, values] : curves.shares)
    expects(values.size() == curves.at.size(), "accuracy_chart: a value for every epoch");
  LineChart chart{.title = "Accuracy by " + curves.unit + mean_of_trainings(curves.trainings),
                  .x = {.label = curves.unit},
                  .y = {.label = "accuracy (%)"}};
  chart.levels = curves.levels;
  for (Level& level : chart.levels) level.y = rounded(level.y, 1);
  for (std::size_t s = 0; s < curves.shares.size(); ++s) {
    Series series{.name = curves.shares[s].first, .colour = static_cast<int>(s)};
    if (curves.dots) series.style = LineStyle::line_and_dots;
    if (s > 0) series.style = LineStyle::dashed;
    for (std::size_t i = 0; i < curves.at.size(); ++i)
      series.points.push_back({curves.at[i], 100 * curves.shares[s].second[i]});
    chart.series.push_back(std::move(series));
  }
  if (curves.test_rows && *curves.test_rows >= 1) {
    Band band{.name = fmt::format("95 % interval of {:.0f} test rows (Wilson)", *curves.test_rows), .colour = 0};
    for (std::size_t i = 0; i < curves.at.size(); ++i) {
      const double share = curves.shares.front().second[i];
      if (!(share >= 0 && share <= 1)) continue;
      const Interval interval = wilson_interval(share, static_cast<Index>(*curves.test_rows));
      band.points.push_back({curves.at[i], 100 * interval.low, 100 * interval.high});
    }
    chart.bands.push_back(std::move(band));
  }
  chart.bands.insert(chart.bands.end(), curves.bands.begin(), curves.bands.end());
  const std::vector<double>& test = curves.shares.front().second;
  chart.description = test.empty()
                          ? "No " + curves.unit + " was completed."
                          : fmt::format("The {} accuracy goes from {} to {} over {}.", curves.shares.front().first,
                                        in_percent(test.front()), in_percent(test.back()),
                                        curves.span.empty() ? counted(std::ssize(test), curves.unit) : curves.span);
  return {"accuracy", svg(chart)};
}

std::string course_of(const std::string& name, const std::vector<ChartPoint>& points, const std::string& unit) {
  std::vector<ChartPoint> known = points;
  std::erase_if(known, [](const ChartPoint& p) { return !std::isfinite(p.y); });
  if (known.empty()) return {};
  const auto words = [&](const ChartPoint& p) { return fmt::format("{} at {} {:g}", significant(p.y), unit, p.x); };
  if (known.size() == 1) return fmt::format(" {}: {}.", name, words(known.front()));
  const auto [lowest, highest] = std::ranges::minmax_element(known, {}, &ChartPoint::y);
  return fmt::format(" {}: {}, {}, lowest {}, highest {}.", name, words(known.front()), words(known.back()),
                     words(*lowest), words(*highest));
}

PageChart churn_chart(const std::vector<double>& epochs, const std::vector<double>& shares, const std::string& title) {
  LineChart chart{
      .title = title,
      .description = "An accuracy that stands still can hide predictions that change, or a network that is dead.",
      .x = {.label = "epoch"},
      .y = {.label = "share of the test rows (%)", .low = 0}};
  expects(shares.size() == epochs.size(), "churn_chart: a value for every epoch");
  Series series{.name = "changed since the epoch before"};
  for (std::size_t i = 0; i < shares.size(); ++i) series.points.push_back({epochs[i], 100 * shares[i]});
  chart.description += course_of(series.name, series.points, "epoch");
  chart.series.push_back(std::move(series));
  return {"churn", svg(chart)};
}

PageChart learning_curve_chart(const Json& curve, std::optional<double> user_accuracy) {
  LineChart chart{.title = "Accuracy by training rows",
                  .x = {.label = "training rows (log scale)", .logarithmic = true},
                  .y = {.label = "accuracy on held-out rows (%)"}};
  Series measured{.name = "measured", .style = LineStyle::line_and_dots, .colour = 0};
  Band band{.name = "95 % interval over trainings", .colour = 0};
  for (const Json& point : curve.at("points")) {
    const double rows = number(point.at("rows"));
    measured.points.push_back({rows, 100 * number(point.at("test_accuracy"))});
    const Json& interval = point.at("interval_over_trainings_95");
    const double low = number(interval.at(0)), high = number(interval.at(1));
    if (std::isfinite(low) && std::isfinite(high))
      band.points.push_back({rows, std::max(0.0, 100 * low), std::min(100.0, 100 * high)});
  }
  const Json& twice = curve.at("at_twice");
  if (!measured.points.empty()) {
    const ChartPoint last = measured.points.back();
    const double gain = 100 * number(twice.at("value"));
    chart.series.push_back({.name = "predicted for twice the rows",
                            .points = {last, {2 * last.x, last.y + gain}},
                            .style = LineStyle::dashed,
                            .colour = 1});
    const Json& interval = twice.at("interval_95");
    chart.bands.push_back({.name = "95 % interval of the prediction",
                           .points = {{last.x, last.y, last.y},
                                      {2 * last.x, std::max(0.0, last.y + 100 * number(interval.at(0))),
                                       std::min(100.0, last.y + 100 * number(interval.at(1)))}},
                           .colour = 1});
    chart.description = fmt::format("Twice the rows would change the accuracy by {} points.",
                                    points_text(gain, 100 * number(interval.at(0)), 100 * number(interval.at(1))));
  }
  chart.bands.push_back(std::move(band));
  chart.series.push_back(std::move(measured));
  if (user_accuracy)
    chart.levels.push_back({"the training as it is, on the test rows", rounded(100 * *user_accuracy, 1)});
  return {"learning-curve", svg(chart)};
}

std::vector<std::string> class_names(const Json& names, std::size_t count) {
  if (names.is_array()) return names.get<std::vector<std::string>>();
  std::vector<std::string> numbered;
  for (std::size_t c = 0; c < count; ++c) numbered.push_back(fmt::format("class {}", c));
  return numbered;
}

namespace {

// How many of a confusion matrix are right, and its largest cell beside the diagonal.
std::string errors_of(const std::vector<Index>& counts, const std::vector<std::string>& called) {
  const std::size_t classes = called.size();
  Index all = 0, right = 0;
  std::size_t largest = 1;  // of two classes and more the first cell beside the diagonal
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    if (i / classes == i % classes)
      right += counts[i];
    else if (counts[i] > counts[largest])
      largest = i;
  }
  if (right == all) return fmt::format("{} of {} rows are given their class.", right, all);
  const auto line = counts.begin() + static_cast<std::ptrdiff_t>(largest / classes * classes);
  return fmt::format("{} of {} rows are given their class; the commonest error: {} of {} rows of {} are given {}.",
                     right, all, counts[largest],
                     std::accumulate(line, line + static_cast<std::ptrdiff_t>(classes), Index{0}),
                     called[largest / classes], called[largest % classes]);
}

}  // namespace

std::optional<PageChart> confusion_chart(const Json& counts, const Json& names, Index votes) {
  const std::vector<Index> all = counts.get<std::vector<Index>>();
  const auto classes = static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(all.size()))));
  if (all.empty() || all.size() != classes * classes) return std::nullopt;
  std::vector<std::string> called = class_names(names, classes);
  called.resize(classes, "-");  // a network has two outputs where its rows have one class
  const std::string by = votes > 1 ? fmt::format(" by the vote of {} trainings", votes) : "";
  HeatMap chart{.title = "Classes that test rows are given" + by,
                .description = errors_of(all, called) +
                               fmt::format(" Rows: the class they have; columns: the class they are given{}.", by),
                .rows_label = "class",
                .columns_label = "given class",
                .rows = called,
                .columns = called,
                .value_label = "share of the class (%)",
                .low = 0,
                .high = 100};
  for (auto line = all.begin(); line != all.end(); line += static_cast<std::ptrdiff_t>(classes)) {
    const auto end = line + static_cast<std::ptrdiff_t>(classes);
    const auto rows = static_cast<double>(std::accumulate(line, end, Index{0}));
    std::vector<double> shares;
    std::vector<std::string> texts;
    for (auto count = line; count != end; ++count) {
      shares.push_back(rows > 0 ? 100 * static_cast<double>(*count) / rows : kNaN);
      texts.push_back(std::to_string(*count));
    }
    chart.values.push_back(std::move(shares));
    chart.texts.push_back(std::move(texts));
  }
  return PageChart{"confusion", svg(chart)};
}

std::string advice_of(const std::string& code) {
  static const std::map<std::string, std::string> advice{
      {"data-limited", "Label more rows of the same kind; the learning curve says what they would bring."},
      {"ceiling", "Stop tuning: bring other features, or labels with fewer errors."},
      {"leak", "Take the copies out of the test rows and measure again."},
      {"label-map", "Mend the map from outputs to classes and measure again."},
      {"single-class", "Bring rows of another class: nothing can be learned or measured so."},
      {"no-signal", "Look for features that have to do with the labels, or for rows out of order."},
      {"majority", "Judge by balanced accuracy, and weight the classes if the rare one matters."},
      {"shift", "Train on rows like those it is to work on, or test on rows like those it was trained on."},
      {"frozen-weights", "Train the layers that are frozen."},
      {"warm-start", "Train from drawn weights."},
      {"embedding-limited", "Use the second features."},
      {"family-limited", "Try another kind of model: neighbours do better than every network here."},
      {"small-test", "Bring more test rows: what is to be seen is smaller than their noise."}};
  const auto found = advice.find(code);
  return found == advice.end() ? std::string() : found->second;
}

std::string advice_on_divergence(const Json& configuration) {
  const bool unscaled = configuration.value("scale", "standard") == std::string("none");
  return std::string("Against a loss that is no longer finite: a smaller learning rate") +
         (unscaled ? ", and features on one scale (--scale standard)." : ".");
}

PageSection evidence_section(const Json& verdict) {
  return {.heading = "Evidence", .points = verdict.at("evidence").get<std::vector<std::string>>()};
}

}  // namespace plateau
