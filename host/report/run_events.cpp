// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_events.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "page_parts.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/event_file.hpp"
#include "plateau/report/run_page.hpp"
#include "run_documents.hpp"

namespace plateau {
namespace {

// Seconds since 1970 of "2026-11-29T13:23:43Z"; 0 where that is not known.
double seconds_of(const Json& document) {
  const auto measured = document.find("measured");
  if (measured == document.end()) return 0;
  const std::string text = measured->value("finished_at", "");
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%dZ", &year, &month, &day, &hour, &minute, &second) != 6) return 0;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return 0;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86400 + hour * 3600.0 + minute * 60.0 + second;
}

class Events {
 public:
  Events(const std::filesystem::path& folder, double seconds) : writer_(folder, seconds), seconds_(seconds) {}

  void scalars(const std::string& tag, const std::vector<double>& steps, const std::vector<double>& values) {
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (!std::isnan(values[i])) writer_.write_scalar({tag, std::llround(steps[i]), seconds_, values[i]});
  }
  void text(const std::string& tag, const std::string& markdown) { writer_.write_text({tag, 0, seconds_, markdown}); }
  void session(const std::map<std::string, HyperParameter>& parameters, SessionStatus status) {
    writer_.write_session_start({seconds_, parameters});
    writer_.write_session_end({seconds_, status});
  }
  std::filesystem::path commit() {
    writer_.commit();
    return writer_.path();
  }

 private:
  EventWriter writer_;
  double seconds_;
};

std::map<std::string, HyperParameter> hyper_parameters(const Json& configuration) {
  std::map<std::string, HyperParameter> parameters;
  const auto add = [&](const std::string& name, const Json& value) {
    if (value.is_boolean())
      parameters[name] = value.get<bool>();
    else if (value.is_number())
      parameters[name] = value.get<double>();
    else if (value.is_string())
      parameters[name] = value.get<std::string>();
  };
  for (const auto& [name, value] : configuration.items()) add(name, value);
  if (const auto widths = configuration.find("architecture"); widths != configuration.end() && widths->is_array())
    parameters["architecture"] = fmt::format("{}", fmt::join(widths->get<std::vector<Index>>(), "-"));
  if (const auto optimizer = configuration.find("optimizer");
      optimizer != configuration.end() && optimizer->is_object())
    for (const auto& [name, value] : optimizer->items()) add(name == "name" ? "optimizer" : name, value);
  return parameters;
}

SessionStatus status_of(const Json& document) {
  const std::string outcome =
      document.contains("result") ? document.at("result").value("outcome", "") : document.value("outcome", "finished");
  if (outcome == "diverged") return SessionStatus::failure;
  return outcome == "interrupted" ? SessionStatus::unknown : SessionStatus::success;
}

// Columns of history.csv, and what each is called here.
constexpr std::array<std::pair<const char*, const char*>, 8> kEpochTags{{{"train_loss", "loss/train"},
                                                                         {"test_loss", "loss/test"},
                                                                         {"validation_loss", "loss/validation"},
                                                                         {"train_accuracy", "accuracy/train"},
                                                                         {"test_accuracy", "accuracy/test"},
                                                                         {"validation_accuracy", "accuracy/validation"},
                                                                         {"gradient_norm", "gradient/norm"},
                                                                         {"test_churn", "changed/share"}}};

void add_epochs(Events& events, const Columns& history) {
  for (const auto& [column, tag] : kEpochTags)
    if (history.contains(column)) events.scalars(tag, history.at("epoch"), history.at(column));
}

// What a round has, in rounds.json, rounds.csv and forensics.json, and what each is called here.
constexpr std::array<std::pair<const char*, const char*>, 6> kRoundTags{
    {{"train_loss", "loss/train"},
     {"test_loss", "loss/test"},
     {"train_accuracy", "accuracy/train"},
     {"test_accuracy", "accuracy/test"},
     {"changed_share_since_before", "changed/share"},
     {"changed_share", "changed/share"}}};

// Of rounds that are objects in an array; the number of a round is its key `round`, or else its place, from 1. Round 0
// is the `base` of a fine-tuning, before any training; null where there is none.
void add_rounds(Events& events, const Json& rounds, const Json& base) {
  for (const auto& [key, tag] : kRoundTags) {
    std::vector<double> steps, values;
    if (base.contains(key)) {
      steps.push_back(0);
      values.push_back(number(base.at(key).at("value")));
    }
    for (std::size_t r = 0; r < rounds.size(); ++r) {
      const auto found = rounds[r].find(key);
      if (found == rounds[r].end()) continue;
      const Json& value = found->is_object() ? found->at("value") : *found;
      if (!value.is_number()) continue;
      const double step = rounds[r].contains("round") ? number(rounds[r].at("round")) : static_cast<double>(r + 1);
      if (!steps.empty() && std::llround(step) <= std::llround(steps.back())) continue;  // fractions of an epoch
      steps.push_back(step);
      values.push_back(value.get<double>());
    }
    events.scalars(tag, steps, values);
  }
}

// By the rows of its parts, and what is predicted for twice the rows; of a diagnosis, and of a study of remedies.
void add_learning_curve(Events& events, const Json& curve) {
  std::vector<double> rows, accuracies;
  for (const Json& point : curve.at("points")) {
    rows.push_back(number(point.at("rows")));
    accuracies.push_back(number(point.at("test_accuracy")));
  }
  events.scalars("learning_curve/test_accuracy", rows, accuracies);
  if (!rows.empty())
    events.scalars("learning_curve/predicted_test_accuracy", {2 * rows.back()},
                   {accuracies.back() + number(curve.at("at_twice").at("value"))});
}

double mean_of(const Json& values) {
  const std::vector<double> all = numbers(values);
  return all.empty() ? kNaN : std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
}

// Weights and biases of a network like "64-32-10"; none where the text is another.
std::optional<double> parameters_of(const std::string& network) {
  std::vector<double> widths;
  for (const char *at = network.data(), *const end = at + network.size(); at != end;) {
    Index width = 0;
    const auto [behind, fault] = std::from_chars(at, end, width);
    if (fault != std::errc() || width < 1 || (behind != end && *behind != '-')) return std::nullopt;
    widths.push_back(static_cast<double>(width));
    at = behind == end ? end : behind + 1;
  }
  double parameters = 0;
  for (std::size_t layer = 1; layer < widths.size(); ++layer) parameters += (widths[layer - 1] + 1) * widths[layer];
  return parameters;
}

// The ladder has a step per network, its number of parameters; what has no step is written at 0.
void add_diagnosis(Events& events, const Json& document) {
  const Json& evidence = document.at("evidence");
  for (const char* const setting : {"user", "reference"})
    if (const Json& of = evidence.at(setting); !of.is_null())
      events.scalars(std::string("accuracy/") + setting, {0}, {number(of.at("test_accuracy"))});
  if (const Json& curve = evidence.at("learning_curve"); !curve.is_null()) add_learning_curve(events, curve);
  if (document.at("schema_version") < 2) return;  // it had neither epochs nor a ladder
  if (const Json& user = evidence.at("user"); !user.is_null()) {
    const Json& epochs = user.at("epochs");
    const std::vector<double> at = numbers(epochs.at("epoch"));
    for (const auto& [key, tag] : {std::pair{"test_accuracy", "accuracy/test"},
                                   {"train_accuracy", "accuracy/train"},
                                   {"changed_share", "changed/share"}})
      events.scalars(tag, at, numbers(epochs.at(key)));
  }
  for (const Json& rung : evidence.at("ladder"))
    if (const auto parameters = parameters_of(rung.at("architecture").get<std::string>())) {
      events.scalars("ladder/held_out_accuracy", {*parameters}, {mean_of(rung.at("validation_accuracies"))});
      events.scalars("ladder/train_accuracy", {*parameters}, {mean_of(rung.at("train_accuracies"))});
    }
}

// What has been measured of a run that was cut short.
void add_what_is_left(Events& events, const std::filesystem::path& directory) {
  if (std::filesystem::exists(directory / kCheckpointFile)) {
    add_epochs(events, history_of(read_checkpoint(directory / kCheckpointFile)));
  } else if (std::filesystem::exists(directory / "rounds.csv")) {
    const Columns columns = read_columns(directory / "rounds.csv", {"round", "test_accuracy"});
    for (const auto& [column, tag] : kRoundTags)
      if (columns.contains(column)) events.scalars(tag, columns.at("round"), columns.at(column));
  }
}

// A run of a sweep, whose setting and seed are its hyper-parameters: the figures that it is judged by.
std::filesystem::path write_sweep_run(Json configuration, const Json& setting, const Json& run, double seconds,
                                      const std::filesystem::path& folder) {
  for (const char* const list : {"hidden", "seeds"}) configuration.erase(list);
  for (const char* const own : {"architecture", "learning_rate", "weight_decay", "dropout"})
    configuration[own] = setting.at(own);
  configuration["seed"] = run.at("seed");
  Events events(folder / fmt::format("setting-{}-seed-{}", setting.at("setting").get<Index>(),
                                     run.at("seed").get<std::uint64_t>()),
                seconds);
  events.session(hyper_parameters(configuration), status_of(run));
  if (!run.at("epoch").is_null())
    for (const auto& [figure, tag] : kEpochTags)
      if (run.contains(figure)) events.scalars(tag, {number(run.at("epoch"))}, {number(run.at(figure))});
  return events.commit();
}

std::vector<std::filesystem::path> write_document(Events& events, const Json& content, const Page& page,
                                                  const std::filesystem::path& directory,
                                                  const std::filesystem::path& folder) {
  const std::string schema = content.at("schema");
  const bool is_sweep = schema == "plateau-sweep";
  if (content.contains("configuration") && !is_sweep)
    events.session(hyper_parameters(content.at("configuration")), status_of(content));
  if (schema == "plateau-run") add_epochs(events, read_columns(directory / "history.csv", kHistoryColumns));
  if (schema == "plateau-diagnosis") add_diagnosis(events, content);
  if (content.contains("learning_curve") && !content.at("learning_curve").is_null())
    add_learning_curve(events, content.at("learning_curve"));
  if (content.contains("rounds")) add_rounds(events, content.at("rounds"), content.value("base", Json()));
  events.text("summary", markdown(page));
  std::vector<std::filesystem::path> written{events.commit()};
  if (is_sweep)
    for (const Json& setting : content.at("settings"))
      for (const Json& run : setting.at("runs"))
        written.push_back(write_sweep_run(content.at("configuration"), setting, run, seconds_of(content), folder));
  return written;
}

}  // namespace

std::vector<std::filesystem::path> write_events(const std::filesystem::path& directory,
                                                const std::filesystem::path& folder) {
  const Page page = read_page(directory);
  const std::optional<RunDocument> document = read_run_document(directory);
  Events events(folder, document ? seconds_of(document->content) : 0);
  if (!document) {
    add_what_is_left(events, directory);
    events.text("summary", markdown(page));
    return {events.commit()};
  }
  try {
    return write_document(events, document->content, page, directory, folder);
  } catch (const Json::exception& error) {
    throw damaged(document->file, error);
  }
}

}  // namespace plateau
