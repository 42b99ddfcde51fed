// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Of a command that was begun, and of which no result is left.
#include <fmt/format.h>

#include <algorithm>

#include "page_parts.hpp"
#include "plateau/report/begun.hpp"
#include "run_documents.hpp"
#include "text.hpp"

namespace plateau {
namespace {

// As a shell reads it as one word.
std::string shell_word(const std::string& text) {
  const auto is_plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.,:=+@%/").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// "Its last block was capacity ladder, after 210 trainings. "; empty where that is not known.
std::string reached_of(const Json& measured) {
  const Json& what = measured.at("reached");
  const Index trainings = measured.at("trainings").get<Index>();
  if (!what.is_string()) return trainings > 0 ? counted(trainings, "training") + " had ended. " : "";
  return "Its last block was " + what.get<std::string>() +
         (trainings > 0 ? ", after " + counted(trainings, "training") : "") + ". ";
}

}  // namespace

std::string command_line(const std::string& command, const std::vector<std::string>& options) {
  std::string line = command;
  for (const std::string& option : options) line += " " + shell_word(option);
  return line;
}

std::string command_line(const Json& begun) {
  return command_line(begun.at("command").get<std::string>(), begun.at("options").get<std::vector<std::string>>());
}

void add_rows_and_epochs(Page& page, const Json& begun) {
  const Json& data = begun.at("data");
  for (const auto& [key, name] : {std::pair{"train_rows", "training rows"}, {"test_rows", "test rows"}})
    if (data.at(key).is_number()) page.facts.emplace_back(name, std::to_string(data.at(key).get<Index>()));
  if (begun.at("epochs").is_number())
    page.facts.emplace_back("epochs asked for", std::to_string(begun.at("epochs").get<Index>()));
}

void add_begun(Page& page, const std::filesystem::path& directory, const std::function<void(Page&, const Json&)>& add) {
  Page with_begun = page;
  try {
    const std::optional<Json> begun = read_begun(directory);
    if (!begun) return;
    add(with_begun, *begun);
  } catch (const InputError&) {
    return;
  } catch (const Json::exception&) {
    return;
  }
  page = std::move(with_begun);
}

Page page_of_begun(const std::filesystem::path& directory) {
  const Json begun = read_begun(directory).value();
  const std::string command = begun.at("command").get<std::string>();
  Page page{.title = command + ", unfinished"};
  page.unfinished = fmt::format("This run was not finished: it was begun at {}, and there is no result of it yet.",
                                begun.at("measured").at("begun_at").get<std::string>());
  page.sentence = reached_of(begun.at("measured")) + "Nothing that was measured is left.";
  page.to_do.emplace_back("Where it goes on still, wait: its result takes the place of this page's.");
  page.to_do.push_back("Where it was ended, give the command again; it begins anew: " + command_line(begun));
  if (command == "plateau train")
    page.to_do.emplace_back("With --checkpoint-every N a training leaves checkpoints, from which it goes on.");
  add_rows_and_epochs(page, begun);
  page.made_by = made_by(begun);
  return page;
}

}  // namespace plateau
