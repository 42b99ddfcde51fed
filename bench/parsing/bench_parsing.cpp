// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How quickly tables are read, by one thread, from files that the system has in memory: megabytes (10^6) of text per
// second, and the most memory that was taken meanwhile beside that of the matrix.
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "bench/support/program.hpp"
#include "plateau/core/random.hpp"
#include "plateau/data/csv.hpp"

namespace plateau::bench {
namespace {

enum class Packing { plain, gzip };

// A table of random numbers in [0, 1) under a header, and three classes.
struct Table {
  Index columns = 0;
  int digits = 0;
  bool quoted = false;
  Packing packing = Packing::plain;
};

std::string name_of(const Table& table) {
  return "csv/columns:" + std::to_string(table.columns) + "/digits:" + std::to_string(table.digits) +
         (table.quoted ? "/quoted" : "") + (table.packing == Packing::gzip ? "/gzip" : "");
}

// A file that is gone with this.
class TableFile {
 public:
  TableFile(const Table& table, std::size_t text_bytes)
      : path_(std::filesystem::temp_directory_path() / ("plateau-bench-" + std::to_string(::getpid()) + ".csv")) {
    std::string text;
    for (Index j = 0; j < table.columns; ++j) text += "f" + std::to_string(j) + ",";
    text += "class\n";
    // Rows repeat after a while: what repeats is longer than a cache, and is not made for minutes.
    const std::string rows = some_rows(table, std::min<std::size_t>(text_bytes, 30'000'000));
    while (text.size() < text_bytes) {
      text += rows;
      text_bytes_ = text.size();
    }
    if (table.packing == Packing::plain) {
      std::ofstream(path_, std::ios::binary) << text;
    } else {
      const gzFile file = gzopen(path_.c_str(), "wb1");
      if (file == nullptr) throw std::runtime_error("no temporary file can be written");
      for (std::size_t at = 0; at < text.size(); at += 1 << 20)
        gzwrite(file, text.data() + at, static_cast<unsigned>(std::min<std::size_t>(1 << 20, text.size() - at)));
      gzclose(file);
    }
  }
  ~TableFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TableFile(const TableFile&) = delete;
  TableFile& operator=(const TableFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  double text_bytes() const { return static_cast<double>(text_bytes_); }

 private:
  static std::string some_rows(const Table& table, std::size_t bytes) {
    std::string rows;
    const std::string quote = table.quoted ? "\"" : "";
    for (std::uint64_t i = 0; rows.size() < bytes;) {
      for (Index j = 0; j < table.columns; ++j, ++i) {
        const PhiloxCounter random = draw({1, StreamId::features}, i);
        const std::string digits =
            std::to_string(1'000'000'000'000'000'000 + (std::uint64_t{random.word[0]} << 25) * 7);
        rows += quote + "0." + digits.substr(digits.size() - static_cast<std::size_t>(table.digits)) + quote + ",";
      }
      rows += std::string("class ") + "abc"[i % 3] + "\n";
    }
    return rows;
  }

  std::filesystem::path path_;
  std::size_t text_bytes_ = 0;
};

// Of this process, in bytes: "VmRSS", and "VmHWM", the most since it was reset.
double memory_bytes(const std::string& kind) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == kind + ":") {
      double kilobytes = 0;
      status >> kilobytes;
      return 1024 * kilobytes;
    }
  return 0;
}
void reset_most_memory() { std::ofstream("/proc/self/clear_refs") << 5; }

void add_parsing_cases(Effort effort) {
  const std::size_t bytes = effort == Effort::smoke ? 100'000 : 300'000'000;
  struct Present {  // the file of the present case only
    std::string name;
    std::unique_ptr<TableFile> file;
  };
  const auto present = std::make_shared<Present>();
  for (const Table& table : {Table{20, 6}, Table{20, 16}, Table{2, 6}, Table{1000, 6}, Table{20, 6, true},
                             Table{20, 6, false, Packing::gzip}}) {
    add_case(name_of(table), [=, name = name_of(table)](benchmark::State& state) {
      if (present->name != name) {
        present->file.reset();
        present->file = std::make_unique<TableFile>(table, bytes);
        present->name = name;
      }
      const TableFile& file = *present->file;
      reset_most_memory();
      const double before_bytes = memory_bytes("VmRSS");
      const std::clock_t cpu_start = std::clock();
      const auto start = std::chrono::steady_clock::now();
      const Dataset data = read_csv(file.path());
      const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
      const double cpu_us = 1e6 * static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
      if (data.columns != table.columns || data.classes.classes() != 3)
        throw std::runtime_error("another table was read");
      const double matrix_bytes = 4.0 * static_cast<double>(data.values.size());
      state.counters["text_bytes"] = file.text_bytes();
      state.counters["matrix_bytes"] = matrix_bytes;
      state.counters["mb_per_s"] = file.text_bytes() / us;
      state.counters["mb_per_cpu_s"] = file.text_bytes() / cpu_us;  // whatever else the machine does
      state.counters["memory_of_matrix"] = (memory_bytes("VmHWM") - before_bytes) / matrix_bytes;
      return us;
    });
  }
}

}  // namespace
}  // namespace plateau::bench

int main(int argc, char** argv) {
  using namespace plateau::bench;
  return run({.name = "bench_parsing",
              .summary = "times the reading of tables",
              .repetitions = 5,
              .add_cpu_cases = add_parsing_cases},
             argc, argv);
}
