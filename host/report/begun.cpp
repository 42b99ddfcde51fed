// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/begun.hpp"

#include <system_error>
#include <utility>

#include "json_parts.hpp"
#include "plateau/data/output_file.hpp"

namespace plateau {

BegunFile::BegunFile(std::filesystem::path folder, Begun begun, Environment environment)
    : folder_(std::move(folder)), begun_(std::move(begun)), environment_(std::move(environment)), begun_at_(utc_now()) {
  write();
}

void BegunFile::reached(std::string_view what, Index trainings) {
  const bool is_due = std::chrono::steady_clock::now() - written_ >= std::chrono::seconds(kSecondsBetween);
  if (what == what_ && !is_due) return;
  what_ = what;
  trainings_ = trainings;
  write();
}

void BegunFile::write() {
  if (folder_.empty()) return;
  Json json;
  json["schema"] = "plateau-begun";
  json["schema_version"] = kBegunJsonVersion;
  json["command"] = begun_.command;
  json["options"] = begun_.options;
  json["versions"] = versions_json(environment_);
  json["plan"] = device_json(environment_);
  json["data"] = {{"train_rows", or_null(begun_.train_rows)}, {"test_rows", or_null(begun_.test_rows)}};
  json["epochs"] = or_null(begun_.epochs);
  json["measured"] = {{"begun_at", begun_at_}};
  add_machine(json["measured"], environment_);
  json["measured"]["reached"] = or_null(what_);
  json["measured"]["trainings"] = trainings_;
  write_file(folder_ / kBegunFile, text_of(json));
  written_ = std::chrono::steady_clock::now();
}

void remove_begun(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::remove(folder / kBegunFile, ignored)) return;
  for (const char* const page : {"report.html", "report.md"}) std::filesystem::remove(folder / page, ignored);
}

}  // namespace plateau
