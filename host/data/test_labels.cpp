// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "class_map.hpp"
#include "file_ending.hpp"
#include "plateau/core/utf8.hpp"
#include "plateau/data/csv.hpp"
#include "plateau/data/npy.hpp"
#include "plateau/data/round_files.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "refusals.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

using Fields = std::vector<std::string>;

// The place of the target, of a table whose first line this is; whether it is named there.
std::pair<std::size_t, bool> target_place(const std::filesystem::path& path, const Fields& first,
                                          const ReadOptions& options) {
  if (options.target.empty()) return {first.size() - 1, false};
  if (options.header != Header::absent)
    if (const auto named = std::find(first.begin(), first.end(), options.target); named != first.end())
      return {named - first.begin(), true};
  const std::string& place = options.target;
  std::size_t column = 0;
  const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), column);
  if (error != std::errc() || end != place.data() + place.size() || column >= first.size())
    refuse(path, "there is no column " + in_quotes(place) + "; the first line has " + some_in_quotes(first));
  return {column, false};
}

Dataset read_label_column(const std::filesystem::path& path, const ReadOptions& options) {
  std::vector<std::string> names;  // by first occurrence
  std::unordered_map<std::string, std::int32_t> number;
  std::vector<std::int32_t> rows;
  std::optional<std::pair<std::size_t, bool>> target;
  std::optional<std::string> first;  // that may be a header's
  read_csv_text(path, [&](Index line, const Fields& fields) {
    const bool is_first = !target;
    if (is_first) {
      target = target_place(path, fields, options);
      if (target->second || options.header == Header::present) return;
    }
    const std::string& text = fields[target->first];
    if (is_first && options.header == Header::detect) {
      first = text;
      return;
    }
    if (text.empty()) refuse_line(path, line, "the target has no class");
    if (!is_utf8(text)) refuse_line(path, line, in_quotes(text) + " is not UTF-8; save the text as UTF-8");
    const auto [at, is_new] = number.emplace(text, static_cast<std::int32_t>(names.size()));
    if (is_new) {
      names.push_back(text);
      if (static_cast<Index>(names.size()) > kMaxClasses)
        refuse_line(path, line, "the target has more than " + std::to_string(kMaxClasses) + " different values");
    }
    rows.push_back(at->second);
  });
  if (first && number.contains(*first)) rows.insert(rows.begin(), number[*first]);
  if (rows.empty()) refuse(path, "there are no labels");
  Dataset data{.source = path.string()};
  std::vector<std::int32_t> id_of;
  std::tie(data.classes, id_of) = class_map(names);
  for (const std::int32_t row : rows) data.labels.push_back(id_of[static_cast<std::size_t>(row)]);
  return data;
}

}  // namespace

Dataset read_test_labels(const std::string& files, const ReadOptions& options) {
  const auto is = [&](std::string_view ending) { return has_ending(files, ending); };
  std::string_view plain = files;
  if (is(".gz")) plain.remove_suffix(3);
  for (const std::string_view ending : {".csv", ".tsv", ".txt"})
    if (has_ending(plain, ending)) return read_label_column(files, options);
  if (is(".npy") && files.find(':') == std::string::npos) {
    Dataset data{.source = files};
    data.labels = read_npy_labels(files);
    if (data.labels.empty()) refuse(files, "there are no labels");
    const std::int32_t most = *std::max_element(data.labels.begin(), data.labels.end());
    if (most >= kMaxClasses)
      refuse(files, "it holds " + std::to_string(most) + "; class ids lie below " + std::to_string(kMaxClasses));
    data.classes = numbered_classes(Index{most} + 1);
    return data;
  }
  return read_dataset(files, options);
}

}  // namespace plateau
