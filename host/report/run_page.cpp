// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/run_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "page_parts.hpp"
#include "plateau/core/contract.hpp"
#include "plateau/core/error.hpp"
#include "plateau/data/output_file.hpp"
#include "plateau/report/begun.hpp"
#include "plateau/report/checkpoint.hpp"
#include "run_documents.hpp"

namespace plateau {
namespace {

namespace fs = std::filesystem;

Page page_of(const RunDocument& document, const fs::path& directory) {
  const std::string schema = document.content.at("schema");
  if (schema == "plateau-run") return page_of_run(document.content, directory);
  if (schema == "plateau-sweep") return page_of_sweep(document.content);
  if (schema == "plateau-rounds") return page_of_rounds(document.content);
  if (schema == "plateau-diagnosis") return page_of_diagnosis(document.content, directory);
  if (schema == "plateau-remedies") return page_of_remedies(document.content);
  return page_of_forensics(document.content);
}

// Of what was cut short; none where nothing is left of such.
std::optional<Page> page_of_what_is_left(const fs::path& directory) {
  try {
    if (fs::exists(directory / kCheckpointFile)) return page_of_checkpoint(directory);
    if (fs::exists(directory / "rounds.csv")) return page_of_rounds_so_far(directory);
    if (fs::exists(directory / kBegunFile)) return page_of_begun(directory);
  } catch (const Json::exception& error) {
    throw damaged(directory / kBegunFile, error);
  }
  return std::nullopt;
}

// Of all pages. A file of another name is none of an earlier page, and whoever wrote it keeps it.
constexpr std::array<std::string_view, 18> kChartNames{
    "accuracy",    "loss",   "churn", "confusion",      "controls", "error-budget", "gains", "steps",   "ladder",
    "differences", "signal", "sweep", "learning-curve", "settings", "sweep-runs",   "sets",  "classes", "remedies"};

// A chart that an earlier call wrote stays where the page has the very same one; any other would pass for one of this
// page. A user's own drawing stays whatever it is called, for it does not begin as a chart of Plateau does; and so does
// a link, which is the user's too.
void remove_earlier_charts(const fs::path& directory, const Page& page) {
  std::vector<std::pair<std::string_view, std::string>> now;
  for (const PageSection& section : page.sections)
    for (const PageChart& chart : section.charts) now.emplace_back(chart.name, standalone(chart.svg));
  for (const std::string_view name : kChartNames) {
    const fs::path file = directory / fmt::format("{}.svg", name);
    std::error_code fault;
    if (!fs::is_regular_file(fs::symlink_status(file, fault))) continue;
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!is_standalone(text) || std::ranges::find(now, std::pair(name, text)) != now.end()) continue;
    if (!fs::remove(file, fault) && fault)
      throw InputError(
          fmt::format("{}: is of an earlier report, and cannot be removed: {}", file.string(), fault.message()));
  }
}

}  // namespace

Page read_page(const fs::path& directory) {
  if (!fs::is_directory(directory)) throw InputError(directory.string() + ": is no folder");
  if (const std::optional<RunDocument> document = read_run_document(directory)) {
    try {
      return page_of(*document, directory);
    } catch (const Json::exception& error) {
      throw damaged(document->file, error);
    } catch (const std::logic_error&) {  // lists that go together are not of one length, or are empty
      throw InputError(document->file.string() + ": is damaged: its parts do not fit together");
    }
  }
  if (const std::optional<Page> page = page_of_what_is_left(directory)) return *page;
  if (fs::exists(directory / "compare.json"))
    throw InputError(directory.string() + ": holds a comparison, whose page plateau compare writes itself");
  expects_something_in(directory);
  throw InputError(directory.string() +
                   ": holds no run: none of run.json, sweep.json, rounds.json, diagnosis.json, remedies.json, "
                   "forensics.json, begun.json, a checkpoint or rounds.csv");
}

std::vector<fs::path> write_page(const fs::path& directory, const Page& page, bool charts) {
  std::vector<fs::path> written;
  const auto write = [&](const std::string& name, const std::string& text) {
    written.push_back(directory / name);
    write_file(written.back(), text);
  };
  write("report.html", html(page));
  write("report.md", markdown(page));
  for (const PageSection& section : page.sections)
    for (const PageChart& chart : section.charts) {
      expects(std::ranges::find(kChartNames, chart.name) != kChartNames.end(), "write_page: a chart of a known name");
      if (charts) write(chart.name + ".svg", standalone(chart.svg));
    }
  remove_earlier_charts(directory, page);
  return written;
}

}  // namespace plateau
