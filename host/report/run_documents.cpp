// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "run_documents.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>

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
constexpr std::array kKinds{Kind{"run.json", "plateau-run", kRunJsonVersion},
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

InputError damaged(const std::filesystem::path& file, const Json::exception& error) {
  const std::string what = error.what();
  return InputError(fmt::format("{}: is damaged: {}", file.string(), what.substr(what.find("] ") + 2)));
}

}  // namespace plateau
