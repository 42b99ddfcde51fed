// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Runs a program as a user would, and keeps what it printed.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace plateau::test {

struct ProgramResult {
  int exit_code = -1;  // 128 + the signal's number where one ended it
  std::string out;
  std::string err;
};

inline std::string file_content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Waits until it holds, and half a minute at most: a machine may be busy.
inline void wait_until(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

// Whether a file that another program writes has these lines by now.
inline bool has_lines(const std::filesystem::path& path, std::ptrdiff_t lines) {
  const std::string content = file_content(path);
  return std::count(content.begin(), content.end(), '\n') >= lines;
}

// Standard input is empty; the output goes through files in `folder`. With `moment`, sends the signal once it returns.
inline ProgramResult run_program(const std::vector<std::string>& command, const std::filesystem::path& folder,
                                 const std::function<void()>& moment, int signal) {
  const std::string out = (folder / "stdout.txt").string(), err = (folder / "stderr.txt").string();
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  const pid_t child = fork();
  if (child == 0) {
    const auto redirect = [](const char* file, int flags, int descriptor) {
      const int opened = open(file, flags, 0600);
      if (opened < 0 || dup2(opened, descriptor) < 0) _exit(126);
    };
    redirect("/dev/null", O_RDONLY, 0);
    redirect(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 2);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  if (moment) {
    moment();
    kill(child, signal);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), file_content(out), file_content(err)};
}

// With `interrupt_after`, sends SIGINT then.
inline ProgramResult run_program(const std::vector<std::string>& command, const std::filesystem::path& folder,
                                 std::chrono::milliseconds interrupt_after = {}) {
  if (interrupt_after.count() == 0) return run_program(command, folder, {}, 0);
  return run_program(
      command, folder, [=] { std::this_thread::sleep_for(interrupt_after); }, SIGINT);
}

}  // namespace plateau::test
