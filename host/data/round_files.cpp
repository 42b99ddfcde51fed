// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which file of a folder belongs to which round. Names hold other numbers than that of the round: a run's, a loss.
#include "plateau/data/round_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <system_error>

#include "file_ending.hpp"
#include "letters.hpp"
#include "refusals.hpp"
#include "wording.hpp"

namespace plateau {
namespace {

using Path = std::filesystem::path;
using Endings = std::vector<std::string>;

struct NumberInName {
  std::optional<std::uint64_t> value;  // nothing for one too large
  bool in_decimal = false;             // before or behind the point of a decimal fraction
};

struct Candidate {
  std::string name;
  Path file;
  std::vector<NumberInName> numbers;
};

std::vector<NumberInName> numbers_in(std::string_view text) {
  std::vector<NumberInName> numbers;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at])) continue;
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    const bool behind_point = at >= 2 && text[at - 1] == '.' && is_digit(text[at - 2]);
    const bool before_point = end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1]);
    NumberInName number{.in_decimal = behind_point || before_point};
    std::uint64_t value = 0;
    if (std::from_chars(text.data() + at, text.data() + end, value).ec == std::errc()) number.value = value;
    numbers.push_back(number);
    at = end;
  }
  return numbers;
}

// The length of the ending that a name has; nothing where it has none, or is hidden.
std::optional<std::size_t> ending_of(const std::string& name, const Endings& endings) {
  if (name.starts_with('.')) return std::nullopt;
  for (const std::string& ending : endings)
    if (has_ending(name, ending)) return ending.size();
  return std::nullopt;
}

std::vector<Path> sorted_entries(const Path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) refuse(folder, error ? error.message() : "this is no folder");
  std::vector<Path> entries;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) entries.push_back(entry.path());
  if (error) refuse(folder, error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

struct Found {
  std::vector<Candidate> candidates;
  std::vector<std::string> passed_over;
  bool any = false;  // with such an ending

  void add(const std::string& name, std::size_t ending, const Path& file) {
    any = true;
    Candidate candidate{name, file, numbers_in(std::string_view(name).substr(0, name.size() - ending))};
    if (candidate.numbers.empty())
      passed_over.push_back(name);
    else
      candidates.push_back(std::move(candidate));
  }
};

Found candidates_in(const Path& folder, const Endings& endings) {
  Found found;
  for (const Path& entry : sorted_entries(folder)) {
    const std::string name = entry.filename().string();
    const auto ending = ending_of(name, endings);
    std::error_code ignored;
    if (!std::filesystem::is_directory(entry, ignored)) {
      if (ending) found.add(name, *ending, entry);
      continue;
    }
    if (name.starts_with('.')) continue;
    std::vector<Path> inside;
    for (const Path& file : sorted_entries(entry))
      if (ending_of(file.filename().string(), endings) && !std::filesystem::is_directory(file, ignored))
        inside.push_back(file);
    if (inside.size() == 1)
      found.add(name, 0, inside.front());
    else if (ending || !inside.empty())
      found.passed_over.push_back(name);
  }
  return found;
}

// A place of numbers in names, counted from the left or from the right.
struct Place {
  bool from_right = false;
  std::size_t at = 0;

  const NumberInName* in(const Candidate& candidate) const {
    const auto& numbers = candidate.numbers;
    if (at >= numbers.size()) return nullptr;
    return &numbers[from_right ? numbers.size() - 1 - at : at];
  }
};

using Order = std::vector<std::size_t>;  // of candidates

// Nothing where a name has no such number, it repeats one, or it is part of a decimal.
std::optional<std::map<std::uint64_t, std::size_t>> distinct_numbers(const std::vector<Candidate>& candidates,
                                                                     Place place) {
  std::map<std::uint64_t, std::size_t> by_number;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const NumberInName* const number = place.in(candidates[i]);
    if (number == nullptr || !number->value || number->in_decimal || !by_number.emplace(*number->value, i).second)
      return std::nullopt;
  }
  return by_number;
}

std::optional<Order> order_by_log(const std::vector<Candidate>& candidates, Place place, const RoundLog& log,
                                  bool decimals) {
  std::map<double, Order> by_number;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (const NumberInName* const number = place.in(candidates[i]); number && number->value)
      if (decimals || !number->in_decimal) by_number[static_cast<double>(*number->value)].push_back(i);
  Order order;
  for (const LoggedRound& round : log.rounds) {
    const auto found = by_number.find(round.number);
    if (found == by_number.end() || found->second.size() != 1) return std::nullopt;
    order.push_back(found->second.front());
  }
  return order;
}

std::optional<Order> order_by_size(const std::vector<Candidate>& candidates, Place place, const RoundLog& log,
                                   bool equal_steps) {
  const auto numbers = distinct_numbers(candidates, place);
  if (!numbers || numbers->size() != log.rounds.size()) return std::nullopt;
  Order order;
  for (auto at = numbers->begin(); at != numbers->end(); ++at) {
    const auto second = std::next(numbers->begin());
    if (equal_steps && at != numbers->begin() && second != numbers->end() &&
        at->first - std::prev(at)->first != second->first - numbers->begin()->first)
      return std::nullopt;
    order.push_back(at->second);
  }
  return order;
}

std::string names_of(const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  names.reserve(candidates.size());
  for (const Candidate& candidate : candidates) names.push_back(candidate.name);
  return some_in_quotes(names);
}

Order order_of(const Path& folder, const std::vector<Candidate>& candidates, const RoundLog& log) {
  std::size_t most = 0;
  for (const Candidate& candidate : candidates) most = std::max(most, candidate.numbers.size());
  using Fits = std::function<std::optional<Order>(Place)>;
  // The surest first; what is sure leaves no room for what is less so.
  const std::array<Fits, 4> rules{[&](Place place) { return order_by_log(candidates, place, log, false); },
                                  [&](Place place) { return order_by_size(candidates, place, log, true); },
                                  [&](Place place) { return order_by_size(candidates, place, log, false); },
                                  [&](Place place) { return order_by_log(candidates, place, log, true); }};
  for (const Fits& fits : rules) {
    std::set<Order> orders;
    for (const bool from_right : {false, true})
      for (std::size_t at = 0; at < most; ++at)
        if (const auto order = fits({from_right, at})) orders.insert(*order);
    if (orders.size() > 1)
      refuse(folder, "more than one number in the names " + names_of(candidates) +
                         " could be that of the round, and they say different orders; leave one number in each name");
    if (!orders.empty()) return *orders.begin();
  }
  const std::string rounds = std::to_string(log.rounds.size()) + " rounds in " + log.source;
  if (candidates.size() != log.rounds.size())
    refuse(folder, "there " + std::string(candidates.size() == 1 ? "is" : "are") + " " +
                       std::to_string(candidates.size()) + (candidates.size() == 1 ? " file" : " files") +
                       " with a number in the name and " + rounds + "; one file per round is needed");
  refuse(folder, "no number in the names " + names_of(candidates) + " tells the order of the " + rounds +
                     "; name the files round_1, round_2 and so on");
}

}  // namespace

RoundFiles files_of_rounds(const Path& folder, const Endings& endings, const RoundLog& log) {
  Found found = candidates_in(folder, endings);
  if (found.candidates.empty()) {
    std::string all;
    for (const std::string& ending : endings) all += (all.empty() ? "" : " or ") + ending;
    refuse(folder, "there is no file that ends in " + all + (found.any ? " and has a number in its name" : ""));
  }
  RoundFiles result{.files = {}, .passed_over = std::move(found.passed_over)};
  std::vector<bool> used(found.candidates.size(), false);
  for (const std::size_t i : order_of(folder, found.candidates, log)) {
    result.files.push_back(found.candidates[i].file);
    used[i] = true;
  }
  for (std::size_t i = 0; i < used.size(); ++i)
    if (!used[i]) result.passed_over.push_back(found.candidates[i].name);
  std::sort(result.passed_over.begin(), result.passed_over.end());
  return result;
}

}  // namespace plateau
