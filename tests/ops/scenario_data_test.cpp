// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/scenario_data.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "plateau/core/random.hpp"
#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/guarded.hpp"

namespace plateau::test::scenario_data_test {
namespace {

using Labels = std::vector<std::int32_t>;

template <class Real>
struct Table {
  std::vector<Real> x;
  Labels label;
};

template <class Backend>
Table<RealOf<Backend>> run(const Backend& backend, const ScenarioRows& rows, Index count, Index padding = 0) {
  Guarded<Backend, RealOf<Backend>> x(backend, {count, scenario_features(rows.kind), padding});
  Guarded<Backend, std::int32_t> label(backend, {1, count});
  backend.scenario_data(rows, x.matrix(), label.span());
  return {x.download(), label.download()};
}

template <class Real>
Labels rule(ScenarioKind kind, const std::vector<Real>& x) {
  const Index rows = static_cast<Index>(x.size()) / scenario_features(kind);
  const CpuBackend<Real> backend;
  const Guarded<CpuBackend<Real>, Real> features(backend, {rows, scenario_features(kind)}, x);
  Labels label(at(rows));
  cpu::scenario_rule<Real>(kind, features.matrix(), {label.data(), rows});
  return label;
}

constexpr ScenarioKind kKinds[] = {ScenarioKind::overfit, ScenarioKind::underfit, ScenarioKind::ceiling};
constexpr LabelReading kReadings[] = {LabelReading::described, LabelReading::published};

double share_of_ones(const Labels& label) {
  double ones = 0;
  for (const std::int32_t l : label) ones += l;
  return ones / static_cast<double>(label.size());
}

// Five standard deviations of a share of n independent rows that each count with probability p.
double binomial_bound(double p, Index n) { return 5 * std::sqrt(p * (1 - p) / static_cast<double>(n)); }

PhiloxCounter random_words(StreamId id, Index row) { return draw({kSeed, id}, static_cast<std::uint64_t>(row)); }

constexpr Index kMany = 100'000;

TEST(ScenarioData, features_are_the_stream_scaled_and_rounded_once) {
  for_each_backend([](const auto& backend) {
    for (const ScenarioKind kind : kKinds) {
      const double range = kind == ScenarioKind::overfit ? 1 : 10;
      const auto got = run(backend, {.kind = kind, .seed = kSeed, .first_row = 50}, 100);
      for (std::size_t k = 0; k < got.x.size(); ++k) {
        const Index element = 50 * scenario_features(kind) + static_cast<Index>(k);
        const double u = static_cast<double>(uniform(random_words(StreamId::features, element).word[0]));
        ASSERT_EQ(static_cast<double>(got.x[k]), static_cast<double>(static_cast<float>(range * u))) << "element " << k;
      }
    }
  });
}

TEST(ScenarioData, features_are_in_range_and_uniform) {
  for_each_float_backend([](const auto& backend) {
    for (const ScenarioKind kind : kKinds) {
      const double range = kind == ScenarioKind::overfit ? 1 : 10;
      const Table<float> got = run(backend, {.kind = kind, .seed = kSeed}, kMany);
      const Index columns = scenario_features(kind);
      std::vector<double> mean(at(columns));
      for (std::size_t k = 0; k < got.x.size(); ++k) {
        const double u = static_cast<double>(got.x[k]) / range;
        ASSERT_TRUE(0 <= u && u < 1) << "element " << k;
        mean[k % at(columns)] += u / kMany;
      }
      for (const double m : mean) EXPECT_LE(std::abs(m - 0.5), 5 * std::sqrt(1.0 / 12 / kMany));
    }
  });
}

TEST(ScenarioData, underfit_described_tells_whether_the_row_lies_outside_of_the_ball) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {.kind = ScenarioKind::underfit, .seed = kSeed}, 10'000);
    for (std::size_t r = 0; r < got.label.size(); ++r) {
      const auto x = static_cast<double>(got.x[3 * r]), y = static_cast<double>(got.x[3 * r + 1]),
                 z = static_cast<double>(got.x[3 * r + 2]);
      const double beyond = x * x + y * y + z * z - 100;
      if (std::abs(beyond) < 1e-4) continue;  // so near, rounding decides
      ASSERT_EQ(got.label[r], beyond > 0) << "row " << r;
    }
  });
}

TEST(ScenarioData, ceiling_described_flips_the_side_of_the_disc) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {.kind = ScenarioKind::ceiling, .seed = kSeed}, 10'000);
    for (std::size_t r = 0; r < got.label.size(); ++r) {
      const double dx = static_cast<double>(got.x[2 * r]) - 5, dy = static_cast<double>(got.x[2 * r + 1]) - 5;
      const double beyond = dx * dx + dy * dy - 50 / std::numbers::pi;
      const double u = static_cast<double>(uniform(random_words(StreamId::label_noise, static_cast<Index>(r)).word[0]));
      if (std::abs(beyond) < 1e-4) continue;  // so near, rounding decides
      ASSERT_EQ(got.label[r], (beyond > 0) != (u < 0.2)) << "row " << r;
    }
  });
}

TEST(ScenarioData, overfit_flips_a_fair_coin_in_both_readings) {
  for_each_backend([](const auto& backend) {
    const auto described = run(backend, {ScenarioKind::overfit, LabelReading::described, kSeed}, 1000);
    const auto published = run(backend, {ScenarioKind::overfit, LabelReading::published, kSeed}, 1000);

    EXPECT_EQ(described.label, published.label);
    EXPECT_EQ(described.x, published.x);
    for (Index r = 0; r < 1000; ++r)
      ASSERT_EQ(described.label[at(r)], random_words(StreamId::labels, r).word[0] >= 0x80000000u) << "row " << r;
  });
}

TEST(ScenarioData, underfit_published_has_one_class_only) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, {ScenarioKind::underfit, LabelReading::published, kSeed}, 10'000).label, Labels(10'000, 0));
  });
}

TEST(ScenarioData, ceiling_published_picks_one_of_two_coins) {
  for_each_backend([](const auto& backend) {
    const auto got = run(backend, {ScenarioKind::ceiling, LabelReading::published, kSeed}, 10'000);
    for (Index r = 0; r < 10'000; ++r) {
      const PhiloxCounter coins = random_words(StreamId::labels, r);
      const bool first = static_cast<double>(uniform(random_words(StreamId::label_noise, r).word[0])) < 0.2;
      const bool want = first ? coins.word[0] >> 31 == 1 : coins.word[1] >> 31 == 0;
      ASSERT_EQ(got.label[at(r)], want) << "row " << r;
    }
  });
}

TEST(ScenarioData, labels_occur_as_often_as_geometry_and_coins_say) {
  for_each_float_backend([](const auto& backend) {
    const auto ones = [&](ScenarioKind kind, LabelReading reading) {
      return share_of_ones(run(backend, {kind, reading, kSeed}, kMany).label);
    };
    const double outside_ball = 1 - std::numbers::pi / 6;

    EXPECT_LE(std::abs(ones(ScenarioKind::overfit, LabelReading::described) - 0.5), binomial_bound(0.5, kMany));
    EXPECT_LE(std::abs(ones(ScenarioKind::underfit, LabelReading::described) - outside_ball),
              binomial_bound(outside_ball, kMany));
    EXPECT_LE(std::abs(ones(ScenarioKind::ceiling, LabelReading::described) - 0.5), binomial_bound(0.5, kMany));
    EXPECT_LE(std::abs(ones(ScenarioKind::ceiling, LabelReading::published) - 0.5), binomial_bound(0.5, kMany));
  });
}

TEST(ScenarioData, ceiling_labels_disagree_with_the_rule_as_often_as_they_should) {
  for_each_float_backend([](const auto& backend) {
    const auto disagreement = [&](LabelReading reading) {
      const Table<float> got = run(backend, {ScenarioKind::ceiling, reading, kSeed}, kMany);
      const Labels exact = rule(ScenarioKind::ceiling, got.x);
      double differ = 0;
      for (std::size_t r = 0; r < exact.size(); ++r) differ += exact[r] != got.label[r];
      return differ / kMany;
    };

    EXPECT_LE(std::abs(disagreement(LabelReading::described) - 0.2), binomial_bound(0.2, kMany));
    EXPECT_LE(std::abs(disagreement(LabelReading::published) - 0.5), binomial_bound(0.5, kMany));
  });
}

TEST(ScenarioData, coins_do_not_follow_the_features) {
  for_each_float_backend([](const auto& backend) {
    for (const ScenarioKind kind : {ScenarioKind::overfit, ScenarioKind::ceiling}) {
      const float half = kind == ScenarioKind::overfit ? 0.5f : 5.0f;
      const Table<float> got = run(backend, {kind, LabelReading::published, kSeed}, kMany);
      for (std::size_t column : {0u, 1u}) {
        double agree = 0;
        for (std::size_t r = 0; r < got.label.size(); ++r) agree += (got.x[2 * r + column] > half) == got.label[r];
        EXPECT_LE(std::abs(agree / kMany - 0.5), binomial_bound(0.5, kMany)) << "column " << column;
      }
    }
  });
}

TEST(ScenarioData, any_part_of_the_table_can_be_drawn_on_its_own) {
  for_each_backend([](const auto& backend) {
    for (const ScenarioKind kind : kKinds)
      for (const LabelReading reading : kReadings) {
        const Index columns = scenario_features(kind);
        const auto whole = run(backend, {kind, reading, kSeed}, 300);
        for (const Index first : {0, 1, 37, 171}) {
          const auto part = run(backend, {kind, reading, kSeed, first}, 129, 3);

          EXPECT_EQ(part.x,
                    (decltype(part.x){whole.x.begin() + first * columns, whole.x.begin() + (first + 129) * columns}));
          EXPECT_EQ(part.label, (Labels{whole.label.begin() + first, whole.label.begin() + first + 129}));
        }
      }
  });
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(ScenarioData, draws_more_rows_than_a_grid_has_threads) {
  const Index threads = Index{1} << 20;
  const Table<float> got = run(gpu_backend(), {.seed = kSeed}, threads + 300);
  const Table<float> end = run(kTwin, {.seed = kSeed, .first_row = threads - 300}, 600);

  EXPECT_EQ((std::vector<float>{got.x.end() - 1200, got.x.end()}), end.x);
  EXPECT_EQ((Labels{got.label.end() - 600, got.label.end()}), end.label);
}

TEST(ScenarioData, differs_by_seed_and_beyond_32_bits_of_rows) {
  for_each_backend([](const auto& backend) {
    for (const ScenarioKind kind : kKinds) {
      const auto x = [&](std::uint64_t seed, Index first_row) {
        return run(backend, {kind, LabelReading::described, seed, first_row}, 20).x;
      };
      EXPECT_NE(x(1, 0), x(2, 0));
      EXPECT_NE(x(1, 0), x(std::uint64_t{1} << 32 | 1, 0));
      EXPECT_NE(x(1, 0), x(1, Index{1} << 32));
    }
  });
}

TEST(ScenarioData, every_backend_draws_the_same_bits) {
  for (const ScenarioKind kind : kKinds)
    for (const LabelReading reading : kReadings) {
      const Table<double> want = run(kOracle, {kind, reading, kSeed}, 10'000);

      for_each_float_backend([&](const auto& backend) {
        const Table<float> got = run(backend, {kind, reading, kSeed}, 10'000);

        EXPECT_EQ(std::vector<double>(got.x.begin(), got.x.end()), want.x);
        EXPECT_EQ(got.label, want.label);
      });
    }
}

TEST(ScenarioData, never_changes) {
  struct Pinned {
    ScenarioKind kind;
    LabelReading reading;
    std::vector<double> first_features;
    Labels first_labels;
    std::uint64_t features, labels;  // fingerprints of 1000 rows, features as doubles
  };
  const std::vector<double> unit{0x1.499b8p-7, 0x1.07fc88p-3, 0x1.b3cap-3},
      ten{0x1.9c026p-4, 0x1.49fbaap+0, 0x1.105e4p+1};
  const Pinned all[] = {
      {ScenarioKind::overfit,
       LabelReading::described,
       unit,
       {0, 1, 1, 0, 0, 1, 0, 0},
       0xD58C321BADD32511,
       0x45A6B82956C8A0C5},
      {ScenarioKind::overfit,
       LabelReading::published,
       unit,
       {0, 1, 1, 0, 0, 1, 0, 0},
       0xD58C321BADD32511,
       0x45A6B82956C8A0C5},
      {ScenarioKind::underfit,
       LabelReading::described,
       ten,
       {0, 1, 0, 0, 0, 1, 1, 1},
       0x594A728C8587FB92,
       0x25F2B9C50F31FC74},
      {ScenarioKind::underfit,
       LabelReading::published,
       ten,
       {0, 0, 0, 0, 0, 0, 0, 0},
       0x594A728C8587FB92,
       0x94EB5AA73E186BA5},
      {ScenarioKind::ceiling,
       LabelReading::described,
       ten,
       {0, 1, 1, 0, 1, 0, 1, 1},
       0xC5552937C5B1A9FB,
       0x07AC74D686D209F5},
      {ScenarioKind::ceiling,
       LabelReading::published,
       ten,
       {0, 0, 1, 0, 0, 1, 0, 0},
       0xC5552937C5B1A9FB,
       0xF71379D019C11434},
  };
  for (const Pinned& pinned : all)
    for_each_backend([&](const auto& backend) {
      SCOPED_TRACE(::testing::Message() << "row " << &pinned - all);
      const auto got = run(backend, {pinned.kind, pinned.reading, 42}, 1000);
      const std::vector<double> x = as_double(got.x);

      EXPECT_EQ((std::vector<double>{x.begin(), x.begin() + 3}), pinned.first_features);
      EXPECT_EQ((Labels{got.label.begin(), got.label.begin() + 8}), pinned.first_labels);
      EXPECT_EQ(fingerprint(x), pinned.features);
      EXPECT_EQ(fingerprint(got.label), pinned.labels);
    });
}

TEST(ScenarioRule, says_1_strictly_outside) {
  EXPECT_EQ(rule<double>(ScenarioKind::underfit, {10, 0, 0, 6, 8, 0.0625, 0, 0, 0, 9.9375, 9.9375, 9.9375}),
            (Labels{0, 1, 0, 1}));
  // Radius 3.98942...
  EXPECT_EQ(rule<double>(ScenarioKind::ceiling, {5, 5, 5 + 3.989, 5, 5 + 3.99, 5, 5, 5 - 3.989, 5, 5 - 3.99, 1, 1}),
            (Labels{0, 0, 1, 0, 1, 1}));
  EXPECT_EQ(rule<float>(ScenarioKind::underfit, {10, 0, 0, 6, 8, 0.0625f}), (Labels{0, 1}));
}

TEST(ScenarioRule, is_what_underfit_described_is_labelled_by) {
  const Table<float> got = run(kTwin, {.kind = ScenarioKind::underfit, .seed = kSeed}, 5000);

  EXPECT_EQ(rule(ScenarioKind::underfit, got.x), got.label);
}

TEST(ScenarioRule, refuses_overfit_and_other_shapes) {
  Labels label(4);
  std::vector<float> x(12);
  const HostMatrix<const float> two{x.data(), 4, 2, 2}, three{x.data(), 4, 3, 3};

  EXPECT_THROW(cpu::scenario_rule<float>(ScenarioKind::overfit, two, {label.data(), 4}), std::invalid_argument);
  EXPECT_THROW(cpu::scenario_rule<float>(ScenarioKind::underfit, two, {label.data(), 4}), std::invalid_argument);
  EXPECT_THROW(cpu::scenario_rule<float>(ScenarioKind::ceiling, three, {label.data(), 4}), std::invalid_argument);
  EXPECT_THROW(cpu::scenario_rule<float>(ScenarioKind::ceiling, two, {label.data(), 3}), std::invalid_argument);
}

TEST(ScenarioData, of_no_rows_does_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, {}, 0).label.empty()); });
}

TEST(ScenarioData, refuses_other_shapes_and_negative_rows) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      ScenarioRows rows;
      Shape x, label;
    };
    for (const Wrong& wrong : {Wrong{{.first_row = -1}, {4, 2}, {1, 4}}, Wrong{{}, {4, 3}, {1, 4}},
                               Wrong{{.kind = ScenarioKind::underfit}, {4, 2}, {1, 4}}, Wrong{{}, {4, 2}, {1, 3}}}) {
      Guarded<Backend, RealOf<Backend>> x(backend, wrong.x);
      Guarded<Backend, std::int32_t> label(backend, wrong.label);

      EXPECT_THROW(backend.scenario_data(wrong.rows, x.matrix(), label.span()), std::invalid_argument);
      EXPECT_TRUE(x.untouched() && label.untouched());
    }
  });
}

TEST(ScenarioDataCost, writes_features_and_labels_once) {
  static_assert(scenario_data_cost(ScenarioKind::underfit, 10).bytes_written == 4 * 30 + 4 * 10);
  static_assert(scenario_data_cost(ScenarioKind::ceiling, 10).bytes_written == 4 * 20 + 4 * 10);
  static_assert(scenario_features(ScenarioKind::overfit) == 2 && scenario_features(ScenarioKind::underfit) == 3);
}

}  // namespace
}  // namespace plateau::test::scenario_data_test
