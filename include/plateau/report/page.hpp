// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A report as plain parts, and the two ways to write it: a page that needs nothing but itself, and a summary for a pull
// request.
//
// Texts are as they came, names out of files included: whoever writes the page escapes them (markup.hpp).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plateau {

struct PageChart {
  std::string name;  // of its file, "accuracy"
  std::string svg;   // charts.hpp
};

struct PageTable {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> lines;  // each as long as the head
  std::size_t names = 1;                        // so many columns hold names; the others numbers, to the right
  bool ends_in_words = false;                   // the last column holds sentences
};

struct PageSection {
  std::string heading;
  std::vector<std::string> paragraphs;
  std::vector<PageChart> charts;
  std::vector<std::string> points;  // a list
  std::vector<PageTable> tables;
};

struct Page {
  std::string title;  // "plateau diagnose: iris.csv"

  // What most people read. A study without a verdict has a summary only.
  std::string verdict, grade;                              // "optimisation", "proved"; empty: none
  std::string sentence;                                    // what was found
  std::vector<std::string> to_do;                          // what follows from it
  std::string unfinished;                                  // why the run is not complete; empty: it is
  std::vector<std::pair<std::string, std::string>> facts;  // "test accuracy", "0.951 [0.921, 0.970]"

  std::vector<PageSection> sections;
  std::vector<std::string> not_tested;
  std::string made_by;  // versions, device, date: what the numbers depend on
};

// One HTML document in UTF-8 with everything inside: no link, script or font from anywhere. Readable from 360 pixels
// on, in light and dark, and on paper.
std::string html(const Page& page);

// GitHub-flavoured Markdown: verdict, facts and tables; charts are named, not drawn.
std::string markdown(const Page& page);

}  // namespace plateau
