// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <limits>
#include <new>
#include <system_error>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "plateau/core/error.hpp"
#include "plateau/gpu/error.hpp"
#include "plateau/model/gpu_trainer.hpp"
#include "plateau/model/work_crew.hpp"
#include "plateau/report/markup.hpp"
#include "plateau/report/run_events.hpp"
#include "plateau/report/run_page.hpp"

namespace plateau::app {
namespace {

// The one thing that Ctrl-C does: a training looks at it between epochs and ends in good order.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may write it");

extern "C" void request_stop(int) { stop_requested.store(true, std::memory_order_relaxed); }

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Whether both names mean one file, that is there or would be.
bool is_same_file(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return false;
  std::error_code error;
  if (std::filesystem::equivalent(one, other, error)) return true;
  const std::filesystem::path a = std::filesystem::weakly_canonical(std::filesystem::absolute(one), error);
  return !error && a == std::filesystem::weakly_canonical(std::filesystem::absolute(other), error) && !error;
}

}  // namespace

void add_device_options(CLI::App& command, CommonOptions& options) {
  command.add_option("--device", options.device, "auto (the GPU if there is one), cuda or cpu")
      ->check(CLI::IsMember({"auto", "cuda", "cpu"}))
      ->capture_default_str();
  command.add_option("--precision", options.precision, "of matrix products: fp32, or tf32 on a GPU")
      ->check(CLI::IsMember({"fp32", "tf32"}))
      ->capture_default_str();
}

void add_format_option(CLI::App& command, CommonOptions& options) {
  command.add_option("--format", options.format, "text, or json alone on stdout")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

void add_output_options(CLI::App& command, CommonOptions& options) {
  add_format_option(command, options);
  command.add_flag("--quiet", options.quiet, "the summary only: no epoch lines, no progress");
}

void add_report_options(CLI::App& command, CommonOptions& options) {
  command.add_flag("--report", options.report.wanted, "make report.html and report.md in the folder of --out as well");
  command.add_option("--charts", options.report.charts, "with --report: svg writes every chart as a file too")
      ->check(CLI::IsMember({"svg"}));
  command.add_option("--tensorboard", options.report.events, "folder for an event file that TensorBoard shows");
}

int reported(const CommonOptions& options, const std::function<int()>& run) {
  if (options.report.wanted && options.out.empty())
    throw InputError("--report: it is made of the folder of a run; name that by --out");
  if (!options.report.events.empty() && options.out.empty())
    throw InputError("--tensorboard: it is made of the folder of a run; name that by --out");
  if (!options.report.wanted && !options.report.charts.empty())
    throw InputError("--charts: they belong to a report; ask for it by --report");
  const auto write_report = [&options] {
    if (options.report.wanted) write_page(options.out, read_page(options.out), !options.report.charts.empty());
    if (!options.report.events.empty()) write_events(options.out, options.report.events);
  };
  try {
    const int exit_code = run();
    write_report();
    return exit_code;
  } catch (const Interrupted&) {
    if (!options.out.empty() && std::filesystem::exists(std::filesystem::path(options.out) / kBegunFile))
      write_report();
    throw;
  }
}

BegunFile begin(const CommonOptions& options, Begun what, const Environment& environment) {
  const CLI::App& command = *options.command;
  const CLI::App* const program = command.get_parent();
  what.command = program == nullptr ? command.get_name() : program->get_name() + " " + command.get_name();
  what.options = given_options(command);
  return {options.out, std::move(what), environment};
}

int exit_code_after(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::finished:
    case RunOutcome::stopped_early:
      return 0;
    case RunOutcome::diverged:
      return kExitFailed;
    case RunOutcome::interrupted:
      return kExitInterrupted;
  }
  return kExitFailed;
}

void add_common_options(CLI::App& command, CommonOptions& options) {
  options.command = &command;
  add_device_options(command, options);
  command.add_option("--engine", options.engine, "auto, layered or fused")
      ->check(CLI::IsMember({"auto", "layered", "fused"}))
      ->capture_default_str();
  command.add_flag("--autotune", options.autotune,
                   "measure on the GPU which products run faster with epilogues, and keep the choice with the run");
  command.add_option("--seed", options.seed, "seed of data, initial weights and shuffles")
      ->check(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->capture_default_str();
  command.add_option("--out", options.out, "folder for run.json, history.csv and model.safetensors");
  add_output_options(command, options);
  add_report_options(command, options);
}

Device choose_device(const CommonOptions& options) {
  // Who asks for the CPU does not wait for CUDA to start.
  const gpu::Inventory found = options.device == "cpu" ? gpu::Inventory{} : gpu::inventory();
  const DeviceChoice choice = device_choice(options.device, found);
  const bool on_gpu = choice.kind == DeviceKind::gpu;
  const Precision precision = options.precision == "tf32" ? Precision::tf32 : Precision::fp32;
  if (precision == Precision::tf32 && !on_gpu) throw InputError("--precision tf32: the CPU computes in fp32 only");
  if (options.autotune && !on_gpu) throw InputError("--autotune: only a GPU has something to choose");
  const bool fused = options.engine == "fused";
  if (fused && !on_gpu) throw InputError("--engine fused: it is a GPU's; the CPU has the layered engine only");
  if (fused && precision == Precision::tf32)
    throw InputError("--engine fused: it multiplies in fp32 only, not in tf32");
  if (fused && options.autotune) throw InputError("--engine fused: it has no products to tune; leave out --autotune");
  const int workers = options.workers > 0 ? options.workers : available_workers();
  Device device{.environment =
                    on_gpu ? gpu_environment(found, gpu_matrix_library(), precision) : cpu_environment(workers)};
  if (options.device == "auto")
    fmt::print(stderr, "device: {}, {} ({})\n", device.environment.device, device.environment.device_name, choice.why);
  if (on_gpu)
    device.trainer = make_gpu_trainer({.stop = &stop_requested,
                                       .precision = precision,
                                       .epilogues = options.autotune ? Epilogues::measured : Epilogues::none,
                                       .engine = fused                         ? Engine::fused
                                                 : options.engine == "layered" ? Engine::layered
                                                                               : Engine::automatic});
  else
    device.trainer = std::make_unique<CpuTrainer>(CpuOptions{.workers = workers, .stop = &stop_requested});
  return device;
}

void expects_no_interrupt() {
  if (stop_requested.load(std::memory_order_relaxed)) throw Interrupted();
}

void print_now(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void say_on_stderr(std::string_view program, std::string_view sentence) {
  fmt::print(stderr, "{}: {}\n", program, visible(sentence));
}

std::string for_stdout(const std::string& text) { return isatty(STDOUT_FILENO) == 1 ? visible(text) : text; }

std::vector<OutputName> outputs_in(const std::string& folder, const std::vector<std::string>& names) {
  std::vector<OutputName> outputs;
  if (folder.empty()) return outputs;
  for (const std::string& name : names) outputs.push_back({"--out", fmt::format("{}/{}", folder, name)});
  return outputs;
}

void expects_apart(const std::vector<OutputName>& written, const std::vector<std::string>& read) {
  const auto refuse = [](const OutputName& output, const std::string& what) {
    throw InputError(fmt::format("{} {}: {}; name another one", output.option, output.file, what));
  };
  for (auto output = written.begin(); output != written.end(); ++output) {
    if (output->file.empty()) continue;
    for (const std::string& files : read) {
      const std::size_t colon = files.find(':');
      for (const std::string& file :
           {files, files.substr(0, colon), files.substr(std::min(colon, files.size() - 1) + 1)})
        if (is_same_file(output->file, file)) refuse(*output, "that is a file which is read");
    }
    for (auto other = written.begin(); other != output; ++other)
      if (is_same_file(output->file, other->file)) refuse(*output, fmt::format("{} writes it too", other->option));
  }
}

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  const auto check = [low, high](const std::string& text) -> std::string {
    const auto value = parse_number<std::uint64_t>(text);
    if (value && low <= *value && *value <= high) return "";
    return fmt::format("'{}' is not a whole number from {} to {}", text, low, high);
  };
  return {check, "", "whole_number"};
}

std::vector<Index> parse_hidden(const std::string& text) {
  std::vector<Index> widths;
  if (text.empty()) return widths;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = std::string_view(text).substr(begin, end - begin);
    const std::optional<Index> width = parse_number<Index>(item);
    if (!width || *width < 1 || *width > kMaxWidth)
      throw InputError(fmt::format("--hidden {}: '{}' is not a layer width from 1 to {}", text, item, kMaxWidth));
    widths.push_back(*width);
    begin = end + 1;
  }
  if (static_cast<Index>(widths.size()) >= kMaxLayers)
    throw InputError(fmt::format("--hidden: {} hidden layers; {} are the most", widths.size(), kMaxLayers - 1));
  return widths;
}

double checked(const char* option, double value, Least least) {
  // Devices compute in float.
  const bool is_zero = static_cast<float>(value) == 0;
  if (value > 0 && (is_zero || value > std::numeric_limits<float>::max()))
    throw InputError(fmt::format("{} {}: that is too {} for a float", option, value, is_zero ? "small" : "large"));
  if (!std::isfinite(value) || value < 0 || (value == 0 && least == Least::above_zero))
    throw InputError(
        fmt::format("{} {}: expected a number {} zero", option, value, least == Least::zero ? "of at least" : "above"));
  return value;
}

std::vector<double> parse_numbers(const char* option, const std::string& text, Least least) {
  std::vector<double> numbers;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = std::string_view(text).substr(begin, end - begin);
    const std::optional<double> number = parse_number<double>(item);
    if (!number) throw InputError(fmt::format("{} {}: '{}' is not a number", option, text, item));
    if (std::ranges::count(numbers, checked(option, *number, least)) > 0)
      throw InputError(fmt::format("{} {}: {} is there twice", option, text, *number));
    numbers.push_back(*number);
    begin = end + 1;
  }
  return numbers;
}

OptimizerDefaults optimizer_defaults(std::string_view optimizer) {
  return {.learning_rate = optimizer == "sgd" ? 0.01 : 0.001, .weight_decay = optimizer == "adamw" ? 0.01 : 0};
}

Index parse_batch(const std::string& text) {
  if (text == "full") return 0;
  const std::optional<Index> rows = parse_number<Index>(text);
  if (!rows || *rows < 1) throw InputError(fmt::format("--batch {}: neither 'full' nor a number of rows from 1", text));
  return *rows;
}

std::vector<std::string> given_options(const CLI::App& command, const std::vector<std::string>& except) {
  std::vector<std::string> given;
  for (const CLI::Option* const option : command.get_options()) {
    const std::string name = option->get_name();
    if (std::ranges::count(except, name) > 0) continue;
    const bool is_flag = option->get_items_expected_max() == 0;
    for (const std::string& value : option->results()) {
      if (option->nonpositional()) given.push_back(name);
      if (!is_flag) given.push_back(value);
    }
  }
  return given;
}

int run_program(CLI::App& app, int argc, char** argv, const std::function<int()>& action) {
#ifdef __GLIBC__
  // Blocks of a megabyte and more are given back when they are freed. Among the small results of a thousand trainings
  // they would leave holes that nothing fits, in gigabytes.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    say_on_stderr(app.get_name(), error.what());
    return kExitBadInput;
  }
  std::signal(SIGINT, request_stop);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error like any other, after files are written
  try {
    const int code = action();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    say_on_stderr(app.get_name(), fmt::format("standard output cannot be written: {}", std::strerror(errno)));
  } catch (const Interrupted&) {
    say_on_stderr(app.get_name(), "interrupted; no result is written");
    return kExitInterrupted;
  } catch (const std::system_error& error) {
    say_on_stderr(app.get_name(), fmt::format("standard output cannot be written: {}", error.code().message()));
  } catch (const InputError& error) {
    say_on_stderr(app.get_name(), error.what());
    return kExitBadInput;
  } catch (const gpu::GpuError& error) {
    say_on_stderr(app.get_name(), fmt::format("the GPU failed: {}", error.what()));
  } catch (const std::bad_alloc&) {
    say_on_stderr(app.get_name(), "out of memory");
  } catch (const std::exception& error) {
    say_on_stderr(app.get_name(), fmt::format("internal error: {}", error.what()));
  }
  return kExitFailed;
}

}  // namespace plateau::app
