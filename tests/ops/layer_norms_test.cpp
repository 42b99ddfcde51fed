// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/layer_norms.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::layer_norms_test {
namespace {

struct Layer {
  std::vector<double> grad, before, after;
};

constexpr LayerRecord kUnwritten{-1, -2, -3};

struct Place {
  Index layer = 0, epochs = 1, layers = 1;
};

// The records after those of one layer were taken, all of which were unwritten before.
template <class Backend>
std::vector<LayerRecord> records_after(const Backend& backend, const Layer& in, TrainingState control, Place place) {
  using Real = RealOf<Backend>;
  const Shape shape{1, static_cast<Index>(in.grad.size())};
  const Guarded<Backend, Real> grad(backend, shape, in.grad), before(backend, shape, in.before),
      after(backend, shape, in.after);
  const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{control});
  Guarded<Backend, LayerRecord> records(backend, {place.epochs, place.layers, 3},
                                        std::vector<LayerRecord>(at(place.epochs * place.layers), kUnwritten));
  backend.layer_norms(place.layer, grad.span(), before.span(), after.span(), state.span(), records.matrix());
  return records.download();
}

template <class Backend>
LayerRecord norms(const Backend& backend, const Layer& in) {
  return records_after(backend, in, {}, {})[0];
}

bool operator==(const LayerRecord& a, const LayerRecord& b) {
  return a.gradient_norm == b.gradient_norm && a.update_norm == b.update_norm && a.weight_norm == b.weight_norm;
}

// Every span on its own, and scaled so that sums are rounded and another order shows.
Layer random_layer(Index size) {
  Layer layer{random_values(size, -1, 1, kSeed), random_values(size, -2, 2, kSeed + 1),
              random_values(size, -2, 2, kSeed + 2)};
  for (std::vector<double>* values : {&layer.grad, &layer.before, &layer.after})
    for (std::size_t k = 0; k < values->size(); ++k)
      (*values)[k] = std::ldexp((*values)[k], -static_cast<int>(k * 7 % 23));
  return layer;
}

TEST(LayerNorms, reproduces_norms_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    EXPECT_TRUE(norms(backend, {{3, -4}, {5, 12}, {6, 12}}) == (LayerRecord{5, 1, 13}));
    EXPECT_TRUE(norms(backend, {{-2}, {-7}, {-10}}) == (LayerRecord{2, 3, 7}));
    EXPECT_TRUE(norms(backend, {{0, 0, 0}, {2, 1, 2}, {2, 1, 2}}) == (LayerRecord{0, 0, 3}));
    EXPECT_TRUE(norms(backend, {}) == (LayerRecord{0, 0, 0}));
  });
}

TEST(LayerNorms, counts_every_element_once) {
  for_each_backend([](const auto& backend) {
    for (const Index size : {1, 2, 3, 4, 5, 15, 16, 17, 33, 129, 2047, 2048, 2049, 4099, 8193}) {
      const Layer layer{dyadic_values(size, kSeed), dyadic_values(size, kSeed + 1), dyadic_values(size, kSeed + 2)};
      double gradient = 0, update = 0, weight = 0;  // exact, in every order
      for (std::size_t k = 0; k < layer.grad.size(); ++k) {
        gradient += layer.grad[k] * layer.grad[k];
        update += (layer.after[k] - layer.before[k]) * (layer.after[k] - layer.before[k]);
        weight += layer.before[k] * layer.before[k];
      }

      EXPECT_TRUE(norms(backend, layer) == (LayerRecord{std::sqrt(gradient), std::sqrt(update), std::sqrt(weight)}))
          << size << " parameters";
    }
  });
}

TEST(LayerNorms, sees_an_element_at_every_place) {
  for_each_backend([](const auto& backend) {
    for (std::size_t place = 0; place < 70; ++place) {
      const std::vector<double> zeros(70);
      std::vector<double> one(70);
      one[place] = -3;

      EXPECT_TRUE(norms(backend, {one, zeros, zeros}) == (LayerRecord{3, 0, 0})) << "place " << place;
      EXPECT_TRUE(norms(backend, {zeros, zeros, one}) == (LayerRecord{0, 3, 0})) << "place " << place;
      EXPECT_TRUE(norms(backend, {zeros, one, one}) == (LayerRecord{0, 0, 3})) << "place " << place;
    }
  });
}

TEST(LayerNorms, forms_differences_and_sums_in_double) {
  for_each_backend([](const auto& backend) {
    // The difference of two floats that needs 48 bits.
    EXPECT_EQ(norms(backend, {{0}, {-0x1p-24}, {0x1p23}}).update_norm, 0x1p23 + 0x1p-24);
    for (const double extreme : {0x1p100, 0x1p-120})  // in float one square overflows, the other underflows
      for (std::size_t place = 0; place < 20; ++place) {
        const std::vector<double> zeros(20);
        std::vector<double> one(20);
        one[place] = extreme;
        EXPECT_TRUE(norms(backend, {one, zeros, one}) == (LayerRecord{extreme, extreme, 0})) << "place " << place;
        EXPECT_TRUE(norms(backend, {zeros, one, zeros}) == (LayerRecord{0, extreme, extreme})) << "place " << place;
      }
    std::vector<double> ones(1001, 1);
    ones[0] = 0x1p13;  // 2^26 + 1000: in float the ones would vanish
    const double root = std::sqrt(0x1p26 + 1000);
    EXPECT_TRUE(norms(backend, {ones, ones, std::vector<double>(1001)}) == (LayerRecord{root, root, root}));
  });
}

TEST(LayerNorms, float_backends_agree_with_the_double_oracle) {
  for (const Index size : {1, 31, 33, 1000, 17'154}) {
    const Layer layer = random_layer(size);
    const LayerRecord want = norms(kOracle, layer);

    // Elements are exact in float, the rest is in double: only the order of the additions may differ.
    for_each_float_backend([&](const auto& backend) {
      const LayerRecord got = norms(backend, layer);
      EXPECT_LE(std::abs(got.gradient_norm / want.gradient_norm - 1), 64 * kEps64);
      EXPECT_LE(std::abs(got.update_norm / want.update_norm - 1), 64 * kEps64);
      EXPECT_LE(std::abs(got.weight_norm / want.weight_norm - 1), 64 * kEps64);
    });
  }
}

// A GPU reads four elements at a time where all spans begin at a multiple of 16 bytes.
TEST(LayerNorms, gives_equal_bits_wherever_the_spans_begin) {
  std::vector<Index> sizes(20);
  std::iota(sizes.begin(), sizes.end(), 1);
  sizes.insert(sizes.end(), {1003, 4099});
  struct Offsets {
    Index grad, before, after;
  };
  for (const Index size : sizes) {
    const Layer layer = random_layer(size);
    for_each_backend([&](const auto& backend) {
      using Backend = std::remove_cvref_t<decltype(backend)>;
      const LayerRecord want = norms(backend, layer);
      const auto moved = [&](const std::vector<double>& values, Index by) {
        std::vector<double> all(at(by), 100.0);
        all.insert(all.end(), values.begin(), values.end());
        return Guarded<Backend, RealOf<Backend>>(backend, {1, by + size}, all);
      };
      for (const Offsets& by : {Offsets{1, 0, 0}, Offsets{0, 1, 0}, Offsets{0, 0, 1}, Offsets{2, 2, 2},
                                Offsets{4, 8, 4}, Offsets{3, 3, 3}}) {
        const auto grad = moved(layer.grad, by.grad), before = moved(layer.before, by.before),
                   after = moved(layer.after, by.after);
        const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{}});
        Guarded<Backend, LayerRecord> records(backend, {1, 1});
        backend.layer_norms(0, std::as_const(grad).span().subspan(by.grad, size),
                            std::as_const(before).span().subspan(by.before, size),
                            std::as_const(after).span().subspan(by.after, size), state.span(), records.matrix());

        EXPECT_TRUE(records.download()[0] == want) << size << " parameters behind " << by.grad << ", " << by.before;
      }
    });
  }
}

TEST(LayerNorms, records_the_layer_and_the_epoch_and_nothing_else) {
  for_each_backend([](const auto& backend) {
    for (const Index epoch : {0, 1, 2})
      for (const Index layer : {0, 1}) {
        const auto got =
            records_after(backend, {{3, 4}, {0, 1}, {2, 1}}, {.step = 7, .epoch = static_cast<std::int32_t>(epoch)},
                          {.layer = layer, .epochs = 3, .layers = 2});

        for (Index k = 0; k < 6; ++k)
          EXPECT_TRUE(got[at(k)] == (k == 2 * epoch + layer ? LayerRecord{5, 2, 1} : kUnwritten))
              << "record " << k << " after layer " << layer << " in epoch " << epoch;
      }
  });
}

TEST(LayerNorms, does_nothing_once_the_run_has_stopped) {
  for_each_backend([](const auto& backend) {
    for (const RunStatus status : {RunStatus::diverged, RunStatus::interrupted, RunStatus::stopped_early})
      EXPECT_TRUE(records_after(backend, {{1}, {2}, {3}}, {.status = status}, {})[0] == kUnwritten);
  });
}

TEST(LayerNorms, keeps_nan_visible_and_where_it_is) {
  for_each_backend([](const auto& backend) {
    for (const std::size_t place : {0u, 16u, 19u})
      for (const double bad : {kNaN, kInfinity}) {
        const std::vector<double> ones(20, 1);
        std::vector<double> broken = ones;
        broken[place] = bad;

        const LayerRecord in_grad = norms(backend, {broken, ones, ones}),
                          in_before = norms(backend, {ones, broken, ones}),
                          in_after = norms(backend, {ones, ones, broken});
        const auto is_bad = [&](double norm) { return std::isnan(bad) ? std::isnan(norm) : norm == kInfinity; };
        EXPECT_TRUE(is_bad(in_grad.gradient_norm) && in_grad.update_norm == 0);
        EXPECT_TRUE(is_bad(in_before.weight_norm) && is_bad(in_before.update_norm));
        EXPECT_TRUE(is_bad(in_after.update_norm));
        EXPECT_EQ(in_before.gradient_norm, in_after.weight_norm);
        EXPECT_EQ(in_after.weight_norm, std::sqrt(20.0));
      }
  });
}

TEST(LayerNorms, refuses_spans_and_records_that_do_not_match) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index layer, grad, before, after, states;
    };
    for (const Wrong& wrong : {Wrong{0, 3, 3, 3, 0}, Wrong{0, 3, 3, 3, 2}, Wrong{0, 2, 3, 3, 1}, Wrong{0, 3, 2, 3, 1},
                               Wrong{0, 3, 3, 4, 1}, Wrong{-1, 3, 3, 3, 1}, Wrong{2, 3, 3, 3, 1}}) {
      const Guarded<Backend, RealOf<Backend>> grad(backend, {1, wrong.grad}), before(backend, {1, wrong.before}),
          after(backend, {1, wrong.after});
      const Guarded<Backend, TrainingState> state(backend, {1, wrong.states},
                                                  std::vector<TrainingState>(at(wrong.states)));
      Guarded<Backend, LayerRecord> records(backend, {2, 2});

      EXPECT_THROW(
          backend.layer_norms(wrong.layer, grad.span(), before.span(), after.span(), state.span(), records.matrix()),
          std::invalid_argument);
      EXPECT_TRUE(records.untouched());
    }
  });
}

// Where the epoch is known to the host; a device may not look.
TEST(LayerNorms, twin_refuses_an_epoch_beyond_the_records) {
  EXPECT_THROW(records_after(kTwin, {{1}, {1}, {1}}, {.epoch = 2}, {.epochs = 2}), std::invalid_argument);
}

TEST(LayerNorms, gpu_leaves_the_records_alone_in_an_epoch_beyond_them) {
  for (const std::int32_t epoch : {2, 3, 1000})
    for (const LayerRecord& record : records_after(gpu_backend(), {{1}, {1}, {1}}, {.epoch = epoch}, {.epochs = 2}))
      EXPECT_TRUE(record == kUnwritten) << "epoch " << epoch;
}

TEST(LayerNormsCost, reads_every_span_once) {
  static_assert(layer_norms_cost(10).flops == 70);
  static_assert(layer_norms_cost(10).bytes_read == 120);
  static_assert(layer_norms_cost(10).bytes_written == sizeof(LayerRecord));
}

}  // namespace
}  // namespace plateau::test::layer_norms_test
