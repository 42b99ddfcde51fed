// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "run_documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <limits>
#include <string_view>
#include <system_error>

#include "plateau/report/begun.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/diagnosis_report.hpp"
#include "plateau/report/forensics_report.hpp"
#include "plateau/report/remedies_report.hpp"
#include "plateau/report/rounds_report.hpp"
#include "plateau/report/run_json.hpp"

namespace plateau {
namespace {

struct Kind {
  const char* file;
  const char* schema;
  int version;  // the newest
};
constexpr const char* kRunSchema = "plateau-run";
constexpr std::array kKinds{Kind{"run.json", kRunSchema, kRunJsonVersion},
                            Kind{"sweep.json", "plateau-sweep", kSweepJsonVersion},
                            Kind{"rounds.json", "plateau-rounds", kRoundsJsonVersion},
                            Kind{"diagnosis.json", "plateau-diagnosis", kDiagnosisJsonVersion},
                            Kind{"remedies.json", "plateau-remedies", kRemediesJsonVersion},
                            Kind{"forensics.json", "plateau-forensics", kForensicsJsonVersion}};

std::string content_of(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file)) throw InputError(file.string() + ": cannot be read: it is a folder");
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) throw InputError(file.string() + ": cannot be read");
  return text;
}

// What Plateau writes under a key of run.json, where it writes it. That a key is there is up to those who need it.
enum class Holds { seed, checksum, count, counts, share, outcome };
struct Written {
  const char* key;
  Holds holds;
};
constexpr std::array kRunKeys{Written{"/configuration/seed", Holds::seed},
                              Written{"/configuration/epochs", Holds::count},
                              Written{"/configuration/architecture", Holds::counts},
                              Written{"/data/train/rows", Holds::count},
                              Written{"/data/train/class_rows", Holds::counts},
                              Written{"/data/train_class_rows", Holds::counts},  // of version 1
                              Written{"/data/train_checksum", Holds::checksum},
                              Written{"/data/test/rows", Holds::count},
                              Written{"/data/test/class_rows", Holds::counts},
                              Written{"/data/test_class_rows", Holds::counts},
                              Written{"/data/test_checksum", Holds::checksum},
                              Written{"/data/test_text_checksum", Holds::checksum},
                              Written{"/data/validation_rows", Holds::count},
                              Written{"/result/outcome", Holds::outcome},
                              Written{"/result/epochs", Holds::count},
                              Written{"/result/train_accuracy", Holds::share},
                              Written{"/result/test_accuracy", Holds::share},
                              Written{"/result/validation_accuracy", Holds::share},
                              Written{"/result/level/test_accuracy", Holds::share},
                              Written{"/result/level/plateau_since_epoch", Holds::count},
                              Written{"/result/best_epoch/epoch", Holds::count},
                              Written{"/result/best_epoch/test_accuracy", Holds::share},
                              Written{"/result/best_validation_epoch", Holds::count},
                              Written{"/result/kept_epoch", Holds::count},
                              Written{"/result/confusion", Holds::counts}};

bool is_whole(const Json& value, std::uint64_t most) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= most;
}
bool is_count(const Json& value) { return is_whole(value, std::numeric_limits<Index>::max()); }

// What is wrong with it as the end of a sentence; null where nothing is.
const char* fault(const Json& value, Holds holds) {
  switch (holds) {
    case Holds::seed:
      return value.is_number_unsigned() ? nullptr : "no seed, a whole number from 0 to 18446744073709551615";
    case Holds::checksum:
      return value.is_null() || is_whole(value, std::numeric_limits<std::uint32_t>::max())
                 ? nullptr
                 : "no CRC-32, a whole number of 32 bits";
    case Holds::count:
      return value.is_null() || is_count(value) ? nullptr : "no whole number from 0";
    case Holds::counts:
      return value.is_array() && std::ranges::all_of(value, is_count) ? nullptr : "no list of whole numbers from 0";
    case Holds::share:
      return value.is_null() || (value.is_number() && 0 <= value.get<double>() && value.get<double>() <= 1)
                 ? nullptr
                 : "no share from 0 to 1";
    case Holds::outcome:
      for (const RunOutcome outcome :
           {RunOutcome::finished, RunOutcome::stopped_early, RunOutcome::diverged, RunOutcome::interrupted})
        if (value == to_string(outcome)) return nullptr;
      return "no outcome that a run can have";
  }
  return nullptr;
}

void expects_run(const std::filesystem::path& file, const Json& document) {
  for (const char* const section : {"configuration", "data", "result", "versions"})
    if (document.contains(section) && !document.at(section).is_object())
      throw InputError(fmt::format("{}: is damaged: {} is no JSON object", file.string(), section));
  for (const auto& [key, holds] : kRunKeys) {
    const Json::json_pointer place(key);
    if (!document.contains(place)) continue;
    if (const char* const wrong = fault(document.at(place), holds))
      throw InputError(fmt::format("{}: is damaged: {} under {} is {}", file.string(), place.back(),
                                   place.parent_pointer().back(), wrong));
  }
}

Json checked(const std::filesystem::path& file, const Kind& kind) {
  Json document = Json::parse(content_of(file), nullptr, false);
  if (document.is_discarded() || !document.is_object())
    throw InputError(file.string() + ": is damaged: it is not the JSON that Plateau writes");
  if (document.value("schema", Json()) != kind.schema)
    throw InputError(
        fmt::format("{}: is no {} document, for its \"schema\" does not say so", file.string(), kind.schema));
  const Json version = document.value("schema_version", Json());
  if (!version.is_number_integer() || version < 1)
    throw InputError(file.string() + ": is damaged: its \"schema_version\" is no version");
  if (version > kind.version)
    throw InputError(fmt::format("{}: was written by a newer Plateau ({} version {}; this one reads up to {})",
                                 file.string(), kind.schema, version.get<std::int64_t>(), kind.version));
  if (std::string_view(kind.schema) == kRunSchema) expects_run(file, document);
  return document;
}

// Whether a run that was interrupted has been resumed and cut short: what it wrote then is in its checkpoint alone. One
// that cannot be read says nothing.
bool has_gone_on(const Json& document, const std::filesystem::path& directory) {
  const Json result = document.value("result", Json());
  if (!result.is_object() || result.value("outcome", Json()) != "interrupted") return false;
  const Json epochs = result.value("epochs", Json());
  if (!epochs.is_number_integer() || !std::filesystem::exists(directory / kCheckpointFile)) return false;
  try {
    return std::ssize(read_checkpoint(directory / kCheckpointFile).so_far.history) > epochs.get<std::int64_t>();
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

std::optional<RunDocument> read_run_document(const std::filesystem::path& directory) {
  for (const Kind& kind : kKinds)
    if (const std::filesystem::path file = directory / kind.file; std::filesystem::exists(file)) {
      RunDocument document{file, checked(file, kind)};
      if (has_gone_on(document.content, directory)) return std::nullopt;
      return document;
    }
  return std::nullopt;
}

std::optional<Json> read_begun(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kBegunFile;
  if (!std::filesystem::exists(file)) return std::nullopt;
  return checked(file, {kBegunFile, "plateau-begun", kBegunJsonVersion});
}

void expects_something_in(const std::filesystem::path& directory) {
  const auto is_hidden = [](const std::filesystem::directory_entry& entry) {
    return entry.path().filename().string().starts_with('.');
  };
  std::error_code unreadable;
  const std::filesystem::directory_iterator entries(directory, unreadable);
  if (!unreadable && std::ranges::all_of(entries, is_hidden))
    throw InputError(directory.string() + ": holds nothing: a command that trains leaves word of what it began there");
}

InputError damaged(const std::filesystem::path& file, const Json::exception& error) {
  // Of a key that is missing the library says which one; of another kind of value only what it tried to do with it.
  const std::string what = error.what();
  const bool is_missing = dynamic_cast<const Json::out_of_range*>(&error) != nullptr;
  return InputError(
      fmt::format("{}: is damaged: {}", file.string(),
                  is_missing ? what.substr(what.find("] ") + 2) : "a value in it is none that Plateau writes there"));
}

}  // namespace plateau
