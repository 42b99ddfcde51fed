// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Asks the terminal what it is, and hands it each frame in one write, so that none is seen half drawn.
#include "live_view_on_terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace plateau::app {
namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

TerminalKind terminal_of_stderr() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) size = {};
  return terminal_kind({.term = variable("TERM"),
                        .no_color = variable("NO_COLOR"),
                        .lc_all = variable("LC_ALL"),
                        .lc_ctype = variable("LC_CTYPE"),
                        .lang = variable("LANG")},
                       size.ws_col, size.ws_row);
}

// What the terminal does not take is no reason to end a training.
void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDERR_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

LiveView::LiveView(bool wanted) : shown_(wanted && isatty(STDERR_FILENO) == 1) {}

bool LiveView::is_due() {
  if (!shown_) return false;
  const Clock::time_point now = Clock::now();
  if (now - last_ < std::chrono::milliseconds(1000 / kFramesPerSecond)) return false;
  last_ = now;
  kind_ = terminal_of_stderr();
  return true;
}

void LiveView::draw(const std::vector<std::string>& lines) { write_all(screen_.redraw(lines, kind_)); }

void LiveView::clear() {
  if (shown_) write_all(screen_.erase(terminal_of_stderr()));
}

void LiveView::restart() {
  clear();
  start_ = Clock::now();
}

}  // namespace plateau::app
