// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/compared_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "page_parts.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/report/begun.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/run_directory.hpp"
#include "plateau/study/comparisons.hpp"
#include "run_documents.hpp"

namespace plateau {
namespace {

namespace fs = std::filesystem;
using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kNone = "none";
constexpr const char* kTrainRows = "train rows";

std::string setting_name(std::string key) {
  if (key == "architecture") return "network";
  std::ranges::replace(key, '_', ' ');
  return key;
}

std::string setting_value(const Json& value, const char* between) {
  if (value.is_null() || (value.is_array() && value.empty())) return kNone;
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string list;
  for (const Json& item : value) list += (list.empty() ? "" : between) + setting_value(item, between);
  return list;
}

void add_settings(Settings& settings, const Json& configuration) {
  for (const auto& [key, value] : configuration.items()) {
    if (key == "seed" || key == "controls" || key == "repeat") continue;  // of no effect on the run itself
    if (key == "optimizer" && value.is_object()) {
      for (const auto& [part, of_it] : value.items())
        settings.emplace_back(part == "name" ? "optimizer" : setting_name(part), setting_value(of_it, ", "));
    } else {
      settings.emplace_back(setting_name(key), setting_value(value, key == "architecture" ? "-" : ", "));
    }
  }
}

// What decides the last bits beside the configuration.
void add_execution(Settings& settings, const Json& document) {
  if (const auto plan = document.find("plan"); plan != document.end()) {
    for (const char* const key : {"device", "engine", "precision"})
      if (plan->contains(key)) settings.emplace_back(key, setting_value(plan->at(key), ", "));
    if (plan->contains("gpu")) settings.emplace_back("gpu", setting_value(plan->at("gpu").at("name"), ", "));
  }
  const Json& versions = document.at("versions");
  std::string version = versions.at("plateau").get<std::string>();
  if (versions.value("commit", Json()).is_string())
    version += fmt::format(" ({}{})", versions.at("commit").get<std::string>().substr(0, 7),
                           versions.value("dirty", Json()) == true ? ", changed" : "");
  settings.emplace_back("version", version);
}

Index test_rows_of(const Json& data) {
  if (data.contains("test")) return data.at("test").at("rows").get<Index>();
  const auto rows = data.at("test_class_rows").get<std::vector<Index>>();  // of version 1
  return std::accumulate(rows.begin(), rows.end(), Index{0});
}

RunCurves read_curves(const fs::path& csv) {
  Columns columns = read_columns(csv, {"epoch", "train_loss", "test_accuracy"});
  return {std::move(columns["epoch"]), std::move(columns["test_accuracy"]), std::move(columns["train_loss"])};
}

// What the test rows are and are given, where both files are there.
void read_test_rows(ReadRun& read, const Json& result) {
  const fs::path labels = read.directory / kTestLabelsFile, predictions = read.directory / kTestPredictionsFile;
  if (!fs::exists(labels) || !fs::exists(predictions)) return;
  ComparedRun& run = read.run;
  run.labels = read_npy_labels(labels);
  run.predictions = read_npy_given_classes(predictions);
  for (const auto& [file, values] : {std::pair{&labels, &run.labels}, {&predictions, &run.predictions}})
    if (static_cast<Index>(values->size()) != run.test_rows)
      throw InputError(fmt::format("{}: is damaged: it has {} rows, and run.json has {} test rows", file->string(),
                                   values->size(), run.test_rows));
  if (run.labels.empty()) return;
  const auto counts = result.value("confusion", Json::array()).get<std::vector<Index>>();
  const auto classes = static_cast<Index>(std::llround(std::sqrt(static_cast<double>(counts.size()))));
  const auto is_beyond = [&](std::int32_t id) { return id >= classes; };
  const HostSpan<const std::int32_t> label{run.labels.data(), run.test_rows};
  if (!counts.empty() &&
      (std::ranges::any_of(run.labels, is_beyond) || std::ranges::any_of(run.predictions, is_beyond) ||
       confusion(run.predictions, label, classes) != counts))
    throw InputError(predictions.string() +
                     ": is damaged: it and test_labels.npy do not give the confusion that run.json has");
  Index right = 0;
  for (std::size_t row = 0; row < run.labels.size(); ++row) right += run.labels[row] == run.predictions[row];
  run.test_accuracy = static_cast<double>(right) / static_cast<double>(run.test_rows);
}

void read_result(ReadRun& read, const Json& result) {
  if (read.curves.epoch.empty()) return;
  const auto last = static_cast<Index>(read.curves.epoch.size()) - 1;
  const Json kept = result.value("kept_epoch", Json());
  const Index epoch = kept.is_number_integer() ? kept.get<Index>() : last;
  if (epoch < 0 || epoch > last)
    throw InputError(fmt::format("{}: is damaged: it has {} epochs, and epoch {} is kept",
                                 (read.directory / "history.csv").string(), last + 1, epoch));
  const double accuracy = read.curves.test_accuracy[static_cast<std::size_t>(epoch)];
  if (!(0 <= accuracy && accuracy <= 1))
    throw InputError(fmt::format("{}: is damaged: the test accuracy of epoch {} is no share",
                                 (read.directory / "history.csv").string(), epoch));
  if (read.run.test_rows >= 1) read.run.test_accuracy = accuracy;
}

void read_document(ReadRun& read, const Json& document) {
  const Json& configuration = document.at("configuration");
  const Json& result = document.at("result");
  const Json& data = document.at("data");
  read.schema_version = document.at("schema_version").get<int>();
  add_settings(read.run.settings, configuration);
  add_execution(read.run.settings, document);
  read.run.seed = configuration.at("seed").get<std::uint64_t>();
  read.outcome = result.at("outcome").get<std::string>();
  read.run.complete = read.outcome == "finished" || read.outcome == "stopped_early";
  read.epochs = result.at("epochs").get<Index>();
  read.epochs_asked = configuration.at("epochs").get<Index>();
  read.has_groups = configuration.contains("group") && !configuration.at("group").is_null();
  read.run.test_rows = test_rows_of(data);
  if (data.contains("train_checksum"))
    read.run.settings.emplace_back(kTrainRows, fmt::format("{} ({:08x})", data.at("train").at("rows").get<Index>(),
                                                           data.at("train_checksum").get<std::uint32_t>()));
  if (const Json text = data.value("test_text_checksum", Json()); !text.is_null())
    read.run.test_text_checksum = text.get<std::uint32_t>();
  if (data.contains("test_checksum")) read.run.test_checksum = data.at("test_checksum").get<std::uint32_t>();
  read.curves = read_curves(read.directory / "history.csv");
  read_result(read, result);
  read_test_rows(read, result);
}

void read_left_checkpoint(ReadRun& read) {
  const Checkpoint checkpoint = read_checkpoint(read.directory / kCheckpointFile);
  const std::vector<EpochRecord>& history = checkpoint.so_far.history;
  read.outcome = "unfinished";
  read.epochs = static_cast<Index>(history.size());
  read.run.complete = false;
  read.run.settings.emplace_back("network", to_string(checkpoint.architecture));
  read.run.settings.emplace_back("device", checkpoint.device);
  for (std::size_t epoch = 0; epoch < history.size(); ++epoch) {
    read.curves.epoch.push_back(static_cast<double>(epoch));
    read.curves.test_accuracy.push_back(history[epoch].test_accuracy);
    read.curves.train_loss.push_back(history[epoch].train_loss);
  }
  read.run.test_rows = static_cast<Index>(checkpoint.so_far.state->predicted.size());
  if (!history.empty() && read.run.test_rows >= 1) read.run.test_accuracy = history.back().test_accuracy;
}

// What a folder holds that is no run, for the sentence that says so; empty where it holds nothing known.
std::string other_kind(const fs::path& directory) {
  for (const auto& [file, what] : {std::pair{"sweep.json", "a sweep"},
                                   {"rounds.json", "a fine-tuning"},
                                   {"rounds.csv", "a fine-tuning that was cut short"},
                                   {"diagnosis.json", "a diagnosis"},
                                   {"remedies.json", "a study of remedies"},
                                   {"forensics.json", "a result of forensics"},
                                   {"compare.json", "a comparison"}})
    if (fs::exists(directory / file)) return what;
  return {};
}

ReadRun read_run(const fs::path& directory) {
  ReadRun read{.directory = directory};
  if (!fs::is_directory(directory)) throw InputError(directory.string() + ": is no folder");
  const bool has_document = fs::exists(directory / "run.json");
  if (const auto document = has_document ? read_run_document(directory) : std::nullopt) {
    try {
      read_document(read, document->content);
    } catch (const Json::exception& error) {
      throw damaged(document->file, error);
    }
    return read;
  }
  if (const std::string what = other_kind(directory); !what.empty())
    throw InputError(fmt::format("{}: holds {}; what is compared are the runs that train and scenario leave",
                                 directory.string(), what));
  if (!fs::exists(directory / kCheckpointFile)) {
    if (fs::exists(directory / kBegunFile))
      throw InputError(directory.string() + ": holds a run that was begun, and no result of it yet");
    expects_something_in(directory);
    throw InputError(directory.string() + ": holds no run: neither run.json nor a checkpoint");
  }
  read_left_checkpoint(read);
  return read;
}

// Spelt differently, or by a link, they are the same folders still.
void expects_different(const std::vector<fs::path>& directories) {
  for (auto again = directories.begin(); again != directories.end(); ++again)
    for (auto before = directories.begin(); before != again; ++before)
      if (std::error_code none; fs::equivalent(*before, *again, none))
        throw InputError(*before == *again
                             ? again->string() + ": is named twice; a run is compared with other runs"
                             : fmt::format("{}: is the same folder as {}; a run is compared with other runs",
                                           again->string(), before->string()));
}

// "/a/b" -> {"a", "b"}, whatever the way to it is written. What is before a ".." may be a link, so that has to be
// followed.
std::vector<std::string> parts_of(const fs::path& directory) {
  std::error_code none;
  const fs::path way = std::ranges::count(directory, fs::path("..")) == 0 ? fs::absolute(directory).lexically_normal()
                                                                          : fs::weakly_canonical(directory, none);
  std::vector<std::string> parts;
  for (const fs::path& part : way)
    if (!part.empty() && part != part.root_directory()) parts.push_back(part.string());
  return parts;
}

std::string last_parts(const std::vector<std::string>& parts, std::size_t count) {
  const std::size_t first = parts.size() - std::min(count, parts.size());
  return fmt::format("{}", fmt::join(parts.begin() + static_cast<std::ptrdiff_t>(first), parts.end(), "/"));
}

// Where both runs name a file for it, by the name of the first one.
void call_alike(const char* data, const ComparedRun& first, ComparedRun& run) {
  const std::string path = value_of(first, data);
  const auto own = std::ranges::find(run.settings, data, &std::pair<std::string, std::string>::first);
  if (own != run.settings.end() && own->second != kNone && !path.empty() && path != kNone) own->second = path;
}

// Equal data is called what the first run with it calls it, for one path can be written in many ways.
void call_equal_data_alike(std::vector<ReadRun>& runs) {
  for (auto read = runs.begin(); read != runs.end(); ++read) {
    ComparedRun& run = read->run;
    const std::string train_rows = value_of(run, kTrainRows);
    const auto with_train = std::find_if(
        runs.begin(), read, [&](const ReadRun& before) { return value_of(before.run, kTrainRows) == train_rows; });
    if (!train_rows.empty()) call_alike("train", with_train->run, run);
    const auto with_test = std::find_if(runs.begin(), read, [&](const ReadRun& before) {
      return before.run.test_checksum == run.test_checksum && before.run.test_rows == run.test_rows;
    });
    if (run.test_checksum) call_alike("test", with_test->run, run);
  }
}

}  // namespace

std::vector<std::string> distinct_names(const std::vector<fs::path>& directories) {
  std::vector<std::vector<std::string>> parts;
  std::ranges::transform(directories, std::back_inserter(parts), parts_of);
  std::vector<std::string> names;
  for (const std::vector<std::string>& own : parts) {
    const auto is_shared = [&](std::size_t count) {
      return std::ranges::any_of(
          parts, [&](const auto& other) { return other != own && last_parts(other, count) == last_parts(own, count); });
    };
    std::size_t count = 1;
    while (count < own.size() && is_shared(count)) ++count;
    names.push_back(own.empty() ? "/" : last_parts(own, count));
  }
  return names;
}

std::vector<ReadRun> read_compared_runs(const std::vector<fs::path>& directories) {
  expects_different(directories);
  const std::vector<std::string> names = distinct_names(directories);
  std::vector<ReadRun> runs;
  for (std::size_t place = 0; place < directories.size(); ++place) {
    runs.push_back(read_run(directories[place]));
    runs.back().run.name = names[place];
  }
  call_equal_data_alike(runs);
  return runs;
}

}  // namespace plateau
