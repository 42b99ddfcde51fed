// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// One line on a terminal, written over and over while something takes its time.
#pragma once

#include <unistd.h>

#include <chrono>
#include <string>

namespace plateau::app {

class ProgressLine {
 public:
  // `wanted`, and only where stderr is a terminal.
  explicit ProgressLine(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) == 1) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool is_shown() const { return shown_; }
  // text(seconds since the line was made), a few times a second.
  template <class Text>
  void show(Text text) {
    const Clock::time_point now = Clock::now();
    if (!shown_ || now - last_ < kBetween) return;
    last_ = now;
    write(text(std::chrono::duration<double>(now - start_).count()));
  }
  void clear() {
    if (shown_) write("");
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kBetween{200};

  static void write(const std::string& text);  // over what is there

  bool shown_;
  Clock::time_point start_ = Clock::now(), last_;
};

}  // namespace plateau::app
