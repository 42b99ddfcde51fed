// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_events.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

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
constexpr std::array<std::pair<const char*, const char*>, 7> kEpochTags{{{"train_loss", "loss/train"},
                                                                         {"test_loss", "loss/test"},
                                                                         {"validation_loss", "loss/validation"},
                                                                         {"train_accuracy", "accuracy/train"},
                                                                         {"test_accuracy", "accuracy/test"},
                                                                         {"validation_accuracy", "accuracy/validation"},
                                                                         {"gradient_norm", "gradient/norm"}}};

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

}  // namespace

std::vector<std::filesystem::path> write_events(const std::filesystem::path& directory,
                                                const std::filesystem::path& folder) {
  const Page page = read_page(directory);
  const std::optional<RunDocument> document = read_run_document(directory);
  const double seconds = document ? seconds_of(document->content) : 0;
  const Json content = document ? document->content : Json();
  const bool is_sweep = document && content.at("schema") == "plateau-sweep";
  Events events(folder, seconds);
  if (!document) add_what_is_left(events, directory);
  if (content.contains("configuration") && !is_sweep)
    events.session(hyper_parameters(content.at("configuration")), status_of(content));
  if (document && content.at("schema") == "plateau-run")
    add_epochs(events, read_columns(directory / "history.csv", kHistoryColumns));
  if (content.contains("rounds")) add_rounds(events, content.at("rounds"), content.value("base", Json()));
  events.text("summary", markdown(page));
  std::vector<std::filesystem::path> written{events.commit()};
  if (is_sweep)
    for (const Json& setting : content.at("settings"))
      for (const Json& run : setting.at("runs"))
        written.push_back(write_sweep_run(content.at("configuration"), setting, run, seconds, folder));
  return written;
}

}  // namespace plateau
