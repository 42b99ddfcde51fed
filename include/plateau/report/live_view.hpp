// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a person sees while something trains: a bar, the curves so far, the speed and the time left, as lines of text
// that fit the terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plateau/model/run.hpp"
#include "plateau/model/training.hpp"
#include "plateau/report/live_screen.hpp"

namespace plateau {

// A curve of any length in bounded memory: the mean of each `stride()` values one after the other. Where there would be
// more than kPoints means, two neighbours become one and the stride doubles. The first and the last value are kept as
// they are.
class CurveReservoir {
 public:
  static constexpr std::size_t kPoints = 256;

  void add(double value);

  std::size_t count() const { return count_; }  // values
  std::size_t stride() const { return stride_; }
  double first() const { return first_; }  // 0 where there is none
  double last() const { return last_; }
  std::size_t points() const { return points_.size(); }
  // At most so many figures for the whole curve, each the mean of the values of its part; not finite where one of them
  // is not. One for each point where there are no more of them than that.
  std::vector<double> cells(std::size_t most) const;

 private:
  struct Point {
    double mean = 0;
    std::size_t values = 0;
  };
  static Point joined(const Point& a, const Point& b);

  std::vector<Point> points_;  // all but the last of stride_ values
  std::size_t count_ = 0, stride_ = 1;
  double first_ = 0, last_ = 0;
};

// A bar and what is told beside it.
struct LiveBar {
  std::string title = {};   // before it, as in "controls"
  double share = 0;         // done, in [0, 1]
  std::string text = {};    // as in "12 of 36 runs"
  bool may_be_cut = false;  // the text, where it does not fit: not one whose figures would become others
  std::optional<double> seconds_left = {};
  std::string_view left_of = {};  // what they are left of, where that is not all: "of it"
};
// "controls [======>             ] 34 %, 12 of 36 runs, about 2 min 10 s left". Where there is little room it is given
// to the time left first (below 60 columns without "about"), then to the text, then to the title, and last to a long
// bar. Below 20 columns the share alone. Never wider than kind.width().
std::string bar_line(const LiveBar& bar, const TerminalKind& kind);

// What is left after so many seconds in which `share` was done, once there is something to tell it from.
std::optional<double> seconds_left(double share, double seconds);

// The bars of a fleet, and of a file that is read, after so many seconds.
LiveBar fleet_bar(const FleetProgress& progress, double seconds, std::string title = {});
LiveBar reading_bar(const std::string& file, double share, double seconds);

// Those of a study that goes from block to block of its trainings. Bar and time left are of the block that trains, told
// from its speed since it was first seen: how much comes after it is not known.
class BlockBars {
 public:
  // After `trainings` of the blocks before it, and so many seconds in all.
  LiveBar bar(std::string_view block, double share, Index trainings, double seconds);

 private:
  Index trainings_ = -1;
  double share_ = 0, seconds_ = 0;  // when the block was first seen
};

// A run of `rows` training rows that goes to `epochs`, and began (where it was resumed) after `first_epoch`. Where it
// is one of several, bar and time left are of all: of the `passes_before` and `passes_after` its own as well, each a
// row in an epoch.
struct ProgressOf {
  Index rows = 0, epochs = 0, first_epoch = 0;
  double passes_before = 0, passes_after = 0;
};

// All that the view of one training is made of.
struct LiveFrame {
  std::string title = {};
  double share = 0;                // done, in [0, 1]
  Index epoch = 0, epochs = 0;     // done, and in all
  CurveReservoir train_loss = {};  // of the epochs so far that were told of
  CurveReservoir test_accuracy = {};
  double rows_per_second = 0;  // 0: not known
  double seconds = 0;          // gone
  std::optional<double> seconds_left = {};
};
// What an engine tells of the epochs so far. A figure that is NaN is none; one that is infinite counts.
void add_progress(LiveFrame& frame, const RunProgress& progress, const ProgressOf& run);
// And what follows from the seconds since the training, or the first of several, began.
void set_time(LiveFrame& frame, const ProgressOf& run, double seconds);

// The view:
//
//   [=====>              ] 24 %, epoch 120 of 500, about 8 s left
//   train loss    0.1234 ▇▆▄▃▂▁▁▁ (0.1234 to 0.7012)
//   test accuracy 0.9512 ▁▃▅▆▇▇▇▇ (0.3100 to 0.9512)
//   1.2e+06 rows/s, 3 s so far; a column is the mean of its epochs
//
// with the figures of the last epoch, and curves over all epochs so far, between the least and the largest of their
// columns; a column with a value that is not finite is "!". Without Unicode the curves are made of ". : - = + * #".
// At most kind.rows - 1 lines, and at least one; none wider than kind.width(). Below 20 columns, and where the terminal
// cannot move its cursor, the bar's line alone. Control sequences are those of colours, where the terminal has them.
std::vector<std::string> live_lines(const LiveFrame& frame, const TerminalKind& kind);

}  // namespace plateau
