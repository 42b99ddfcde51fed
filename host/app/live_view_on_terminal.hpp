// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Lines on the terminal of stderr, drawn in place while something takes its time.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "plateau/report/live_view.hpp"

namespace plateau::app {

class LiveView {
 public:
  // `wanted`, and only where stderr is a terminal. Draws nothing yet.
  explicit LiveView(bool wanted);
  ~LiveView() { clear(); }
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  bool is_shown() const { return shown_; }
  // bar(seconds since the view was made, or restarted) -> LiveBar, asked at most kFramesPerSecond times a second.
  template <class Bar>
  void show_bar(Bar bar) {
    if (is_due()) draw({bar_line(bar(seconds()), kind_)});
  }
  // The frame of a training, whose times are set here.
  void show(LiveFrame& frame, const ProgressOf& run) {
    if (!is_due()) return;
    set_time(frame, run, seconds());
    draw(live_lines(frame, kind_));
  }
  // Leaves nothing of it on the terminal: before anything else is printed there.
  void clear();
  // Clears, and counts the seconds from here on, for what is shown next.
  void restart();

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kFramesPerSecond = 5;

  bool is_due();  // and then asks the terminal for its size
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void draw(const std::vector<std::string>& lines);

  bool shown_;
  TerminalKind kind_;
  LiveScreen screen_;
  Clock::time_point start_ = Clock::now(), last_;
};

}  // namespace plateau::app
