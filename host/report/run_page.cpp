// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_page.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>

#include "page_parts.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/checkpoint.hpp"
#include "plateau/report/diagnosis_report.hpp"
#include "plateau/report/forensics_report.hpp"
#include "plateau/report/remedies_report.hpp"
#include "plateau/report/rounds_report.hpp"
#include "plateau/report/run_json.hpp"

namespace plateau {
namespace {

namespace fs = std::filesystem;

struct Kind {
  const char* file;
  const char* schema;
  int version;  // the newest
  Page (*page)(const Json&, const fs::path&);
};
template <Page (*page)(const Json&)>
Page alone(const Json& document, const fs::path&) {
  return page(document);
}
constexpr std::array kKinds{
    Kind{"run.json", "plateau-run", kRunJsonVersion, page_of_run},
    Kind{"sweep.json", "plateau-sweep", kSweepJsonVersion, alone<page_of_sweep>},
    Kind{"rounds.json", "plateau-rounds", kRoundsJsonVersion, alone<page_of_rounds>},
    Kind{"diagnosis.json", "plateau-diagnosis", kDiagnosisJsonVersion, page_of_diagnosis},
    Kind{"remedies.json", "plateau-remedies", kRemediesJsonVersion, alone<page_of_remedies>},
    Kind{"forensics.json", "plateau-forensics", kForensicsJsonVersion, alone<page_of_forensics>}};

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw InputError(file.string() + ": cannot be read");
  return text.str();
}

Json read_document(const fs::path& file, const Kind& kind) {
  Json document = Json::parse(content(file), nullptr, false);
  if (document.is_discarded() || !document.is_object())
    throw InputError(file.string() + ": is damaged: it is not the JSON that Plateau writes");
  if (document.value("schema", "") != kind.schema)
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

}  // namespace

Page read_page(const fs::path& directory) {
  if (!fs::is_directory(directory)) throw InputError(directory.string() + ": is no folder");
  for (const Kind& kind : kKinds) {
    const fs::path file = directory / kind.file;
    if (!fs::exists(file)) continue;
    const Json document = read_document(file, kind);
    try {
      return kind.page(document, directory);
    } catch (const Json::exception& error) {  // a key that is missing, or holds something else
      const std::string what = error.what();
      throw InputError(fmt::format("{}: is damaged: {}", file.string(), what.substr(what.find("] ") + 2)));
    }
  }
  if (fs::exists(directory / kCheckpointFile)) return page_of_checkpoint(directory);
  if (fs::exists(directory / "rounds.csv")) return page_of_rounds_so_far(directory);
  throw InputError(directory.string() +
                   ": holds no run: none of run.json, sweep.json, rounds.json, diagnosis.json, remedies.json, "
                   "forensics.json, a checkpoint or rounds.csv");
}

std::vector<fs::path> write_page(const fs::path& directory, const Page& page, bool charts) {
  std::vector<fs::path> written;
  const auto write = [&](const std::string& name, const std::string& text) {
    written.push_back(directory / name);
    write_file(written.back(), text);
  };
  write("report.html", html(page));
  write("report.md", markdown(page));
  if (charts)
    for (const PageSection& section : page.sections)
      for (const PageChart& chart : section.charts) write(chart.name + ".svg", standalone(chart.svg));
  return written;
}

}  // namespace plateau
