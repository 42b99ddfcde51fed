// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/report/comparison_report.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>

#include "data/files.hpp"
#include "plateau/core/error.hpp"
#include "plateau/report/charts.hpp"
#include "support/documented_keys.hpp"
#include "support/run_folders.hpp"

namespace plateau::comparison_report_test {
namespace {

namespace fs = std::filesystem;
using test::change_run;
using test::plant;
using testing_files::get;
using testing_files::refusal;
using testing_files::test_folder;
using Json = nlohmann::json;

std::string all_notes(const Comparison& comparison) {
  std::string text;
  for (const std::string& note : comparison_notes(comparison)) text += note + "\n";
  return text;
}

Comparison of_four() {
  return compare_directories({plant("first", {.right = 20}), plant("wide", {.right = 32, .hidden = 64}),
                              plant("other", {.right = 30, .checksum = 78}),
                              plant("cut", {.right = 21, .asked = 9, .outcome = RunOutcome::interrupted})});
}

TEST(ComparisonReport, tells_a_person_what_differs_and_by_how_much) {
  const std::string text = comparison_summary(of_four());
  EXPECT_NE(text.find("\n4 runs, 40 test rows; differences to first (50.0 % [35.2, 64.8]) in points\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("run  test %  differs"), std::string::npos) << text;
  const auto line = [&](const std::string& name) {
    const std::size_t at = text.find(name);
    return text.substr(at, text.find('\n', at) - at);
  };
  for (const char* const part : {"80.0", "+30.0", "same", " 12 ", " 0 "})
    EXPECT_NE(line("wide").find(part), std::string::npos) << part << line("wide");
  EXPECT_NE(line("other ").find("other"), std::string::npos);
  EXPECT_NE(text.find("cut (unfinished)"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  run  settings\n"
                      "first  network 1-4-2, epochs 3\n"
                      " wide  network 1-64-2, epochs 3\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("wide, cut were tested on the same rows as first."), std::string::npos) << text;
  EXPECT_NE(text.find("cut was not finished: interrupted after 3 of 9 epochs."), std::string::npos) << text;
}

// The lines of the tables, which are those above the notes.
std::vector<std::string> table_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.find("\nNote "); at = text.find('\n', at) + 1)
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  return lines;
}

TEST(ComparisonReport, has_tables_that_fit_a_terminal_however_many_settings_and_letters) {
  const std::string begin = "experiment-of-november-with-the-wide-network-and-its-many-options";
  std::vector<fs::path> folders;
  for (std::uint64_t seed = 1; seed <= 12; ++seed)
    for (const Index hidden : {4, 64}) {
      folders.push_back(plant(fmt::format("{}-{}-{}", begin, hidden, seed),
                              {.right = hidden == 4 ? 21 : 35, .seed = seed, .hidden = hidden}));
      change_run(folders.back(), [&](auto& json) {
        json["configuration"]["init"] = fmt::format("models/of-a-folder-with-a-long-name/{}/model.safetensors", hidden);
        for (const char* const key : {"dropout", "jitter", "mixup", "validation"})
          json["configuration"][key] = 0.015625 * static_cast<double>(hidden);
      });
    }
  const Comparison comparison = compare_directories(folders);
  ASSERT_EQ(comparison.found.groups.size(), 2u);
  const std::string text = comparison_summary(comparison);
  for (const std::string& line : table_lines(text))
    EXPECT_LE(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }), 80) << line;
  EXPECT_NE(text.find("\nexperimen…ons-64-12    87.5"), std::string::npos) << text;          // cut in the middle
  EXPECT_NE(text.find("\n      1     12    52.5        0.0\n"), std::string::npos) << text;  // so many seeds
  for (const char* const value :
       {"init models/of-a-folder-w…64/model.safetensors", "init models/of-a-folder-w…/4/model.safetensors"})
    EXPECT_NE(text.find(value), std::string::npos) << text;
}

TEST(ComparisonReport, shortens_names_by_no_more_than_leaves_them_different) {
  const std::string much(40, 'a');
  const std::string text = comparison_summary(
      compare_directories({plant(much + "1" + much), plant(much + "2" + much), plant(much + "3" + much)}));
  for (const char* const run : {"1", "2", "3"})
    EXPECT_NE(text.find(fmt::format("a{}a", run), text.find("run  test %")), std::string::npos) << text;
}

TEST(ComparisonPage, keeps_in_its_legends_what_tells_long_names_apart) {
  const std::string begin(60, 'a');
  const Comparison comparison = compare_directories({plant(begin + "1" + std::string(40, 'b')), plant(begin + "2"),
                                                     plant(begin + "-seed-3"), plant(begin + "-seed-4")});
  const Page page = comparison_page(comparison, cpu_environment(1));
  const auto texts = [&](const std::string& chart) {
    std::vector<std::string> drawn;
    for (std::size_t at = chart.find("<text"); at != std::string::npos; at = chart.find("<text", at + 1)) {
      const std::string element = chart.substr(at, chart.find("</text>", at) - at);
      drawn.push_back(element.substr(element.rfind('>') + 1));
    }
    return drawn;
  };
  for (const auto& [section, runs] : {std::pair<std::size_t, std::size_t>{0, 4}, {1, 3}}) {
    std::set<std::string> names;
    const std::vector<std::string> drawn = texts(page.sections[section].charts.front().svg);
    for (std::size_t i = 0; i + 1 < drawn.size(); ++i)  // a name may go on in the next line
      if (drawn[i].find("…") != std::string::npos) names.insert(drawn[i] + drawn[i + 1]);
    EXPECT_EQ(names.size(), runs) << fmt::format("{}", fmt::join(names, "\n"));
  }
}

TEST(ComparisonPage, names_the_run_of_every_curve_however_many_settings_there_are) {
  std::vector<fs::path> folders;
  for (Index r = 1; r <= 10; ++r) folders.push_back(plant(fmt::format("r{}", r), {.hidden = 3 + r}));
  const Page page = comparison_page(compare_directories(folders), cpu_environment(1));
  for (const PageChart& chart : page.sections[0].charts) {
    for (Index r = 1; r <= 10; ++r)
      EXPECT_NE(chart.svg.find(fmt::format("<title>r{}: ", r)), std::string::npos) << chart.svg;
    EXPECT_NE(chart.svg.find(">other runs</text>"), std::string::npos);
    for (const char* const words : {" r1: ", " at epoch ", " The last values of all lie from "})
      EXPECT_LT(chart.svg.find(words), chart.svg.find("</desc>")) << words;
    // That of the first run, which has a colour of its own, covers the others.
    EXPECT_GT(chart.svg.find("<title>r1: "), chart.svg.rfind("<title>r10: "));
    EXPECT_EQ(chart.svg.find("<title>other runs: "), std::string::npos);
    EXPECT_EQ(chart.svg.find("(%): "), std::string::npos);
  }
}

TEST(ComparisonReport, says_what_its_intervals_are_about) {
  const Comparison four = of_four();
  const std::string notes = all_notes(four);
  EXPECT_NE(notes.find("says nothing of the luck of a training"), std::string::npos);
  EXPECT_NE(notes.find("by Holm over 2 differences"), std::string::npos) << notes;
  EXPECT_NE(
      notes.find("other was tested on other rows than first (or on another order of them, or on other columns where "
                 "only a table could tell that from other rows), so what stands there is the difference of two "
                 "independent shares"),
      std::string::npos)
      << notes;
  EXPECT_EQ(notes.find("not known"), std::string::npos);

  fs::remove(test_folder() / "wide" / "test_predictions.npy");
  const std::string unknown = all_notes(compare_directories({test_folder() / "first", test_folder() / "wide"}));
  EXPECT_NE(unknown.find("Whether wide was tested on the rows of first"), std::string::npos) << unknown;
  const std::string equal = all_notes(compare_directories({test_folder() / "first", plant("again", {.right = 20})}));
  EXPECT_NE(equal.find("again gives every test row the class that first gives it."), std::string::npos) << equal;
  change_run(test_folder() / "first", [](auto& json) { json["configuration"]["group"] = "patient"; });
  EXPECT_NE(all_notes(compare_directories({test_folder() / "first", test_folder() / "other"})).find("have groups"),
            std::string::npos);
  const std::string none = all_notes(
      compare_directories({plant("none", {.epochs = 0, .outcome = RunOutcome::interrupted}), test_folder() / "other"}));
  EXPECT_NE(none.find("none has no complete epoch, so nothing is compared with it."), std::string::npos) << none;
}

TEST(ComparisonReport, compares_settings_over_their_seeds) {
  std::vector<fs::path> folders;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const auto right = static_cast<Index>(seed);
    folders.push_back(plant("a" + std::to_string(seed), {.right = 20 + right, .seed = seed}));
    folders.push_back(plant("b" + std::to_string(seed), {.right = 33 + right, .seed = seed, .hidden = 64}));
  }
  const Comparison comparison = compare_directories(folders);
  const std::string text = comparison_summary(comparison);
  EXPECT_NE(text.find("network 1-64-2  0, 1, 2    85.0        2.5    +32.5"), std::string::npos) << text;
  const Page page = comparison_page(comparison, cpu_environment(1));
  EXPECT_NE(page.made_by.find(", 1 thread; "), std::string::npos) << page.made_by;
  // Of one setting beside the first there is nothing to adjust p for; of five runs there is.
  EXPECT_EQ(page.sections[2].tables.front().caption,
            "Settings of at least two seeds; differences to the first in points");
  EXPECT_EQ(all_notes(comparison).find("by Holm over the settings"), std::string::npos);
  EXPECT_EQ(page.sections[1].tables.front().caption, "Every run; differences to a0 in points, p by Holm");
  // The chart has the decimals of the table.
  EXPECT_NE(page.sections[2].charts.front().svg.find(page.sections[2].tables.front().lines[1][2]), std::string::npos)
      << page.sections[2].charts.front().svg;
  folders.push_back(plant("c0", {.right = 20, .seed = 0, .hidden = 65}));
  folders.push_back(plant("c1", {.right = 21, .seed = 1, .hidden = 65}));
  EXPECT_NE(all_notes(compare_directories(folders)).find("by Holm over the settings"), std::string::npos);
  EXPECT_EQ(page.sections[2].heading, "Settings, over their seeds");
  EXPECT_EQ(page.sections[2].tables.front().lines[1][0], "network 1-64-2");
  const Json json = Json::parse(comparison_json(comparison, cpu_environment(1)));
  EXPECT_EQ(json["groups"][1]["runs"], Json({"b0", "b1", "b2"}));
  EXPECT_NEAR(json["groups"][1]["over_first"]["value"].get<double>(), 0.325, 1e-12);
  EXPECT_EQ(json["groups"][1]["over_first"]["by_seed"], true);
  EXPECT_TRUE(json["groups"][0]["over_first"].is_null());
}

TEST(ComparisonReport, says_why_an_interval_of_two_seeds_is_as_wide_as_it_is) {
  const auto of_seeds = [](std::uint64_t seeds) {
    std::vector<fs::path> folders;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      const std::string name = std::to_string(seed) + " of " + std::to_string(seeds);
      folders.push_back(plant("a" + name, {.right = 20, .seed = seed}));
      folders.push_back(plant("b" + name, {.right = seed % 2 == 0 ? 20 : 26, .seed = seed, .hidden = 64}));
    }
    return compare_directories(folders);
  };
  const Comparison two = of_seeds(2), five = of_seeds(5);
  EXPECT_NE(all_notes(two).find("says next to nothing"), std::string::npos);
  EXPECT_EQ(all_notes(five).find("says next to nothing"), std::string::npos);
  const auto forest = [](const Comparison& of) {
    return comparison_page(of, cpu_environment(1)).sections.at(2).charts.at(0).svg;
  };
  EXPECT_NE(forest(two).find("too few seeds"), std::string::npos);
  EXPECT_EQ(forest(five).find("too few seeds"), std::string::npos);
}

TEST(ComparisonReport, as_json_has_what_the_text_has_under_documented_keys) {
  const Comparison comparison = of_four();
  const Json json = Json::parse(comparison_json(comparison, cpu_environment(1)));
  EXPECT_EQ(json["schema"], "plateau-comparison");
  EXPECT_EQ(json["schema_version"], kComparisonJsonVersion);
  EXPECT_EQ(json["differing"], Json({"network", "epochs"}));
  ASSERT_EQ(json["runs"].size(), 4u);
  const Json& wide = json["runs"][1];
  EXPECT_EQ(wide["name"], "wide");
  EXPECT_EQ(wide["settings"]["network"], "1-64-2");
  EXPECT_EQ(wide["test_accuracy"]["value"], 0.8);
  EXPECT_EQ(wide["over_first"]["rows"], "same");
  EXPECT_NEAR(wide["over_first"]["value"].get<double>(), 0.3, 1e-12);
  EXPECT_EQ(wide["over_first"]["only_first"], 0);
  EXPECT_EQ(wide["over_first"]["only_this"], 12);
  EXPECT_NEAR(wide["over_first"]["mcnemar_p"].get<double>(), std::pow(2.0, -11), 1e-12);
  EXPECT_NEAR(wide["over_first"]["adjusted_p"].get<double>(), std::pow(2.0, -10), 1e-12);
  EXPECT_TRUE(json["runs"][0]["over_first"].is_null());
  EXPECT_EQ(json["runs"][2]["over_first"]["rows"], "other");
  EXPECT_FALSE(json["runs"][2]["over_first"].contains("mcnemar_p"));
  EXPECT_EQ(json["runs"][3]["complete"], false);
  EXPECT_EQ(json["notes"].size(), comparison_notes(comparison).size());
  Json without_settings = json;
  for (Json& run : without_settings["runs"]) run["settings"].clear();
  test::expect_documented(without_settings, test::page_from("compare.md", "## compare.json"), {"versions", "measured"});
}

// Runs of a width and seed; those of 16 units are right of `right` of the 40 rows.
Comparison of_widths(int right, std::uint32_t train_of_second, std::uint32_t test_of_second = 77) {
  std::vector<fs::path> folders;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const std::string name = std::to_string(seed) + "-" + std::to_string(right) + "-" + std::to_string(train_of_second);
    const std::uint32_t rows = seed == 2 ? train_of_second : 66, test = seed == 2 ? test_of_second : 77;
    folders.push_back(
        plant("w4-" + name, {.right = 20, .seed = seed, .hidden = 4, .checksum = test, .train_checksum = rows}));
    folders.push_back(
        plant("w16-" + name, {.right = right, .seed = seed, .hidden = 16, .checksum = test, .train_checksum = rows}));
  }
  return compare_directories(folders);
}

TEST(ComparisonReport, takes_runs_on_other_training_rows_for_another_setting) {
  EXPECT_EQ(of_widths(36, 66).found.groups.size(), 2u);
  const Comparison comparison = of_widths(36, 65);
  EXPECT_TRUE(comparison.found.groups.empty());
  EXPECT_EQ(std::ranges::count(comparison.found.differing, "train rows"), 1);
}

TEST(ComparisonReport, begins_with_what_is_shown) {
  const auto sentence = [](const Comparison& comparison) {
    return comparison_page(comparison, cpu_environment(1)).sentence;
  };
  const std::string of_settings = sentence(of_widths(38, 66));
  EXPECT_EQ(of_settings.find("Shown to be above network 1-4-2 over its seeds in test accuracy is network 1-16-2: +45.0 "
                             "points [+"),
            0u)
      << of_settings;
  EXPECT_EQ(of_settings.find("Of "), std::string::npos) << of_settings;  // there is one other
  EXPECT_EQ(sentence(of_widths(21, 66)),
            "No setting is shown to differ from network 1-4-2 over its seeds in test accuracy.");
  // One on the same rows, and two on others, whose intervals are not adjusted for their number.
  const std::string of_runs = sentence(of_widths(37, 66, 78));
  EXPECT_EQ(of_runs.find("Shown to be above w4-1-37-66 in test accuracy is w16-1-37-66: +42.5 points [+"), 0u)
      << of_runs;
  EXPECT_TRUE(of_runs.ends_with("]. 2 further runs of other or unknown test rows.")) << of_runs;

  // The farthest above is named wherever it stands, and what lies below only where nothing lies above.
  const std::vector<fs::path> four{plant("first", {.right = 20}), plant("low", {.right = 2}),
                                   plant("high", {.right = 36}), plant("higher", {.right = 39})};
  const std::string above = sentence(compare_directories(four));
  EXPECT_EQ(above.find("Farthest above first in test accuracy is higher: +47.5 points [+"), 0u) << above;
  EXPECT_TRUE(above.ends_with("]. Of 3 other runs, 2 are above and 1 is below.")) << above;
  const std::string of_each = sentence(compare_directories({four[0], four[1], four[2], plant("near", {.right = 21})}));
  EXPECT_TRUE(of_each.ends_with("]. Of 3 other runs, 1 is above, 1 is below, and 1 is not shown to differ."))
      << of_each;
  const std::string below = sentence(compare_directories({four[3], four[1], four[0]}));
  EXPECT_EQ(below.find("Farthest below higher in test accuracy is low: -92.5 points [-"), 0u) << below;
  EXPECT_NE(
      comparison_summary(compare_directories(four)).find("\nResult       Farthest above first in test accuracy is"),
      std::string::npos);
}

TEST(ComparisonReport, is_a_folder_that_is_never_overwritten) {
  const Comparison comparison = of_four();
  const fs::path out = test_folder() / "compared";
  prepare_comparison_directory(out);
  write_comparison_directory(out, comparison, cpu_environment(1), true);
  for (const char* const file :
       {"report.html", "report.md", "compare.json", "accuracy.svg", "loss.svg", "differences.svg"})
    EXPECT_TRUE(fs::exists(out / file)) << file;
  EXPECT_EQ(std::distance(fs::directory_iterator(out), {}), 6);
  EXPECT_NE(refusal([&] { prepare_comparison_directory(out); }).find("already holds a comparison"), std::string::npos);
  EXPECT_NE(refusal([&] { write_comparison_directory(out, comparison, cpu_environment(1), false); }), "");
  EXPECT_NE(refusal([&] { prepare_run_directory(out); }).find("already holds a comparison"), std::string::npos);
  EXPECT_NE(refusal([&] { prepare_comparison_directory(test_folder() / "first"); }).find("already holds a run"),
            std::string::npos);
}

TEST(ComparisonReport, escapes_names_everywhere) {
  const std::string folder = "<script>\"a\"\n\xE2\x80\xAE|b";  // with a line end and a mark that turns the direction
  const Comparison comparison =
      compare_directories({plant(folder, {.right = 20, .train = "<script>alert(1)</script>\n\xE2\x80\xAE.csv"}),
                           plant("b", {.right = 30, .train_checksum = 65})});
  const std::string text = comparison_summary(comparison);
  const Page page = comparison_page(comparison, cpu_environment(1));
  std::string drawn;
  for (const PageSection& section : page.sections)
    for (const PageChart& chart : section.charts) drawn += standalone(chart.svg);
  const std::string charts = drawn, out = html(page), summary = markdown(page),
                    json = comparison_json(comparison, cpu_environment(1));
  for (const std::string* written : {&text, &out, &summary, &charts})
    EXPECT_EQ(written->find("\xE2\x80\xAE"), std::string::npos) << *written;
  for (const std::string* written : {&out, &charts}) EXPECT_EQ(written->find("<script"), std::string::npos) << *written;
  for (std::size_t at = summary.find("<script"); at != std::string::npos; at = summary.find("<script", at + 1))
    EXPECT_EQ(summary[at - 1], '\\') << summary;
  EXPECT_NE(summary.find("\\<script\\>"), std::string::npos);
  EXPECT_NE(out.find("&lt;script&gt;alert(1)"), std::string::npos);
  EXPECT_NE(text.find("\\u{202E}"), std::string::npos) << text;
  EXPECT_EQ(Json::parse(json)["runs"][0]["name"], folder);
  // One line per run: a name does not break the table.
  EXPECT_NE(text.find("\\u{202E}|b"), std::string::npos) << text;
}

// A hundred long histories, in one of which a single epoch stands out.
TEST(ComparisonReport, of_a_hundred_runs_of_ten_thousand_epochs_is_small_and_keeps_what_stands_out) {
  constexpr Index kRuns = 100, kEpochs = 10'000;
  std::vector<fs::path> folders;
  for (Index r = 0; r < kRuns; ++r) {
    const fs::path folder =
        plant(fmt::format("run{}", r),
              {.right = 20 + r % 15, .seed = static_cast<std::uint64_t>(r % 10), .hidden = 1 + r / 10});
    std::string csv = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,gradient_norm\n";
    for (Index e = 0; e < kEpochs; ++e) {
      const double level = 0.5 + 0.002 * static_cast<double>((e * 7919 + r * 104729) % 97);
      csv += fmt::format("{},{},{},0.5,{},1\n", e, 1 / (1 + 0.01 * static_cast<double>(e)) + 0.001 * level, level,
                         r == 63 && e == 7'654 ? 0.999 : level);
    }
    write_file(folder / "history.csv", csv);
    change_run(folder, [](auto& json) { json["result"]["kept_epoch"] = kEpochs - 1; });
    folders.push_back(folder);
  }
  const auto start = std::chrono::steady_clock::now();
  const Comparison comparison = compare_directories(folders);
  const fs::path out = test_folder() / "compared";
  prepare_comparison_directory(out);
  write_comparison_directory(out, comparison, cpu_environment(1), false);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::string page = get(out / "report.html");
  RecordProperty("seconds", std::to_string(seconds));
  RecordProperty("bytes", std::to_string(page.size()));
  std::printf("written in %.1f s, %.2f MB\n", seconds, static_cast<double>(page.size()) * 1e-6);
  EXPECT_LE(page.size(), 3'000'000u);
  EXPECT_LE(seconds, 30.0);  // some seconds on a machine that does nothing else
  EXPECT_NE(page.find("10000 points, thinned to first, lowest, highest and last of every"), std::string::npos);
  // The axis goes from 50 to 100 %: the one epoch is the only point in the drawing above the others' 69.2 %.
  const std::size_t accuracy = page.find("Test accuracy by epoch");
  const std::string drawing = page.substr(accuracy, page.find("</svg>", accuracy) - accuracy);
  double highest = 1e9;
  std::size_t at_highest = 0;
  std::vector<double> ys;
  for (std::size_t at = drawing.find("d=\"M"); at != std::string::npos; at = drawing.find("d=\"M", at + 1)) {
    const std::size_t end = drawing.find('"', at + 3);
    const std::string path = drawing.substr(at + 3, end - at - 3);
    const std::string classes = drawing.substr(end + 2, drawing.find('>', end) - end);
    if (classes.find(" line") == std::string::npos) continue;  // a mark
    for (std::size_t i = 0; i < path.size(); ++i)
      if (path[i] == 'M' || path[i] == 'L') {
        double x = 0, y = 0;
        if (std::sscanf(path.c_str() + i + 1, "%lf %lf", &x, &y) == 2) ys.push_back(y);
      }
  }
  ASSERT_GE(ys.size(), 10'000u);
  for (const double y : ys) highest = std::min(highest, y);
  for (const double y : ys) at_highest += y == highest;
  std::ranges::sort(ys);
  EXPECT_LE(at_highest, 2u);
  EXPECT_GE(ys[4] - ys[0], 50.0) << "units of the drawing between the one epoch and all others";
}

}  // namespace
}  // namespace plateau::comparison_report_test
