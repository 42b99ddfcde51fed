// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/real.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/validation/parameters.hpp"
#include "plateau/core/label_treatment.hpp"
#include "plateau/data/split.hpp"

namespace plateau::validation {
namespace {

using Code = VerdictCode;

constexpr double kTestShare = 1.0 / 3;

// A problem that is being made: with its rows, and nothing wrong yet.
struct RealMaking {
  Specification spec;
  Split split;

  bool is_iris() const { return spec.rows == "iris"; }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(spec.number); }
};

void treat(Dataset& data, const LabelTreatment& treatment, Index classes) {
  const TreatedLabels treated(treatment, data.rows(), classes);
  std::vector<std::int32_t> labels;
  for (Index row = 0; row < data.rows(); ++row) labels.push_back(treated(data.labels.data(), nullptr, nullptr, row));
  data.labels = std::move(labels);
}

Index classes_of(const RealMaking& m) { return m.spec.run.architecture.classes(); }

// What 50 test rows of iris cannot show is not expected of them.
void expect(RealMaking& m, std::vector<Code> codes, std::vector<Code> of_iris_too = {}) {
  m.spec.expected = std::move(codes);
  if (m.is_iris()) m.spec.expected.insert(m.spec.expected.end(), of_iris_too.begin(), of_iris_too.end());
}

// The nearest neighbours of a digit do better than networks of this size on so few rows, and more rows help either:
// that may be named beside what is built in.
void allow_neighbours(RealMaking& m) {
  if (!m.is_iris()) m.spec.expected.insert(m.spec.expected.end(), {Code::mixed, Code::family_limited});
}

void clean(RealMaking& m) {
  m.spec.kind = Kind::healthy;
  m.spec.fault = "none";
  expect(m, {Code::solved, Code::ceiling, Code::inconclusive, Code::small_test, Code::data_limited});
  allow_neighbours(m);
}

void no_signal(RealMaking& m) {
  treat(m.split.train, {.permuted = true, .permutation_seed = m.seed()}, classes_of(m));
  treat(m.split.test, {.permuted = true, .permutation_seed = m.seed() + 1}, classes_of(m));
  m.spec.fault = "labels are dealt out at random";
  expect(m, {Code::no_signal}, {Code::inconclusive, Code::small_test});
}

void label_noise(RealMaking& m) {
  treat(m.split.train, {.flip_rate = 0.2f, .flip_seed = m.seed()}, classes_of(m));
  treat(m.split.test, {.flip_rate = 0.2f, .flip_seed = m.seed() + (std::uint64_t{1} << 32)}, classes_of(m));
  m.spec.fault = "a fifth of the labels are flipped";
  // A network of 64 units learns a thousand flipped digits by heart, which is then a cause of its own.
  expect(m, {Code::label_noise, Code::ceiling, Code::overfit}, {Code::inconclusive, Code::small_test});
  allow_neighbours(m);
}

void data_limited(RealMaking& m) {
  std::vector<std::int32_t> rows;
  for (std::int32_t row = 0; row < m.split.train.rows() / 8; ++row) rows.push_back(row * 8);
  m.split.train = take_rows(m.split.train, {rows.data(), static_cast<Index>(rows.size())});
  m.spec.run.batch = std::max<Index>(8, m.split.train.rows() / 10);
  m.spec.fault = "an eighth of the training rows";
  expect(m, {Code::data_limited}, {Code::inconclusive, Code::small_test});
  allow_neighbours(m);
}

void capacity(RealMaking& m) {
  Architecture& net = m.spec.run.architecture;
  net.widths = {net.features(), 2, net.classes()};
  m.spec.fault = "two hidden units";
  // Three kinds of iris lie along a line, for which two units are enough.
  if (m.is_iris())
    m.spec.expected = {Code::solved, Code::ceiling, Code::inconclusive, Code::small_test, Code::data_limited};
  else
    m.spec.expected = {Code::capacity};
}

void large_rate(RealMaking& m) {
  std::get<AdamParameters>(m.spec.run.optimizer).learning_rate *= 300;
  m.spec.fault = "the learning rate is 300 times too large";
  expect(m, {Code::optimisation}, {Code::inconclusive, Code::small_test, Code::solved, Code::ceiling});
  allow_neighbours(m);  // standardised digits stand such steps: they cost two points
}

void small_rate(RealMaking& m) {
  std::get<AdamParameters>(m.spec.run.optimizer).learning_rate /= 3000;
  m.spec.fault = "the learning rate is 3000 times too small";
  expect(m, {Code::optimisation});
}

// Every feature of the test rows is moved by one and a half of its spreads, to a side that a coin chooses.
void shift(RealMaking& m) {
  const Dataset& train = m.split.train;
  Dataset& test = m.split.test;
  for (Index j = 0; j < train.columns; ++j) {
    double sum = 0, squares = 0;
    for (Index i = 0; i < train.rows(); ++i) {
      const double x = static_cast<double>(train.x().row(i)[j]);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / static_cast<double>(train.rows());
    const double spread = std::sqrt(std::max(0.0, squares / static_cast<double>(train.rows()) - mean * mean));
    const double side = coin(draw({m.seed(), StreamId::features}, static_cast<std::uint64_t>(j)).word[0]) == 1 ? 1 : -1;
    for (Index i = 0; i < test.rows(); ++i)
      test.values.view()[i * test.columns + j] += static_cast<float>(1.5 * side * spread);
  }
  m.spec.fault = "the features of the test rows have drifted";
  expect(m, {Code::shift}, {Code::inconclusive, Code::small_test});
}

void leak(RealMaking& m) {
  Dataset& test = m.split.test;
  const Index copies = test.rows() / 5;
  for (Index i = 0; i < copies; ++i) {
    std::copy_n(m.split.train.x().row(i), test.columns, test.values.view().data + i * test.columns);
    test.labels[static_cast<std::size_t>(i)] = m.split.train.labels[static_cast<std::size_t>(i)];
  }
  m.spec.fault = "a fifth of the test rows are training rows";
  expect(m, {Code::leak});
}

void label_map(RealMaking& m) {
  for (std::int32_t& label : m.split.test.labels)
    label = static_cast<std::int32_t>((label + 1) % static_cast<std::int32_t>(classes_of(m)));
  m.spec.fault = "all classes have other names in the test rows";
  expect(m, {Code::label_map});
}

struct Fault {
  const char* name;
  void (*make)(RealMaking&);
};
constexpr Fault kFaults[] = {
    {"clean", clean},       {"no-signal", no_signal},   {"label-noise", label_noise}, {"data-limited", data_limited},
    {"capacity", capacity}, {"large-rate", large_rate}, {"small-rate", small_rate},   {"shift", shift},
    {"leak", leak},         {"label-map", label_map}};

Split split_of(const Dataset& all, Index number) {
  const RowSplit rows =
      split_rows(all.label(), all.classes.classes(), {}, kTestShare, static_cast<std::uint64_t>(number));
  return {take_rows(all, {rows.train.data(), static_cast<Index>(rows.train.size())}),
          take_rows(all, {rows.test.data(), static_cast<Index>(rows.test.size())})};
}

}  // namespace

const std::vector<std::string>& real_maker_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const char* rows : {"iris", "digits"})
      for (const Fault& fault : kFaults) all.push_back(std::string(rows) + "-" + fault.name);
    return all;
  }();
  return names;
}

Problem real_problem(const std::filesystem::path& folder, const std::string& maker, Index number) {
  expects(0 <= number, "real_problem: number >= 0");
  const bool iris = maker.starts_with("iris-");
  for (const Fault& fault : kFaults) {
    if (maker != std::string(iris ? "iris-" : "digits-") + fault.name) continue;
    RealMaking making;
    Specification& s = making.spec;
    s.part = Part::real;
    s.maker = maker;
    s.number = number;
    s.rows = iris ? "iris" : "digits";
    making.split = split_of(read_dataset((folder / (iris ? "iris.csv" : "digits.csv.gz")).string()), number);
    s.run.architecture = iris ? Architecture{{4, 16, 3}} : Architecture{{64, 64, 10}};
    s.run.optimizer = AdamParameters{.learning_rate = iris ? 0.01 : 0.003};
    s.run.epochs = 40;
    s.run.batch = iris ? 20 : 100;
    s.run.standardise = true;
    fault.make(making);
    s.train_rows = making.split.train.rows();
    s.test_rows = making.split.test.rows();
    return Problem(std::move(making.spec), std::move(making.split));
  }
  throw std::invalid_argument("real_problem: there is no maker " + maker);
}

std::uint32_t real_checksum(const std::filesystem::path& folder) {
  std::string text;
  for (const std::string& maker : real_maker_names()) {
    const Problem problem = real_problem(folder, maker, 0);
    text += parameters(problem.specification()).dump() + " " + std::to_string(checksum(problem)) + "\n";
  }
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace plateau::validation
