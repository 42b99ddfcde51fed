// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/gather_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "plateau/core/permutation.hpp"
#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::gather_batch_test {
namespace {

struct GatherCase {
  BatchSelection selection;
  Index batch = 0;
  Index rows = 0, features = 1;
  std::int32_t epoch = 0;
  RunStatus status = RunStatus::running;
  Index padding = 0;
};

template <class Real>
struct GatherOutputs {
  std::vector<Real> x;
  std::vector<std::int32_t> label;
};

// Feature j of row r is 16 r + j and its label is r, so a batch tells where it comes from.
template <class Backend>
GatherOutputs<RealOf<Backend>> run(const Backend& backend, const GatherCase& in) {
  using Real = RealOf<Backend>;
  std::vector<double> values;
  std::vector<std::int32_t> rows(at(in.rows));
  std::iota(rows.begin(), rows.end(), 0);
  for (Index r = 0; r < in.rows; ++r)
    for (Index j = 0; j < in.features; ++j) values.push_back(static_cast<double>(16 * r + j));
  const Guarded<Backend, TrainingState> state(backend, {1, 1},
                                              std::vector<TrainingState>{{.epoch = in.epoch, .status = in.status}});
  const Guarded<Backend, Real> x(backend, {in.rows, in.features, in.padding}, values);
  const Guarded<Backend, std::int32_t> label(backend, {1, in.rows}, rows);
  Guarded<Backend, Real> batch_x(backend, {in.batch, in.features, 2 * in.padding});
  Guarded<Backend, std::int32_t> batch_label(backend, {1, in.batch});
  backend.gather_batch(in.selection, state.span(), x.matrix(), label.span(), batch_x.matrix(), batch_label.span());
  return {batch_x.download(), batch_label.download()};
}

// The rows of a whole epoch, batch after batch, the last one shorter.
template <class Backend>
std::vector<std::int32_t> epoch_rows(const Backend& backend, GatherCase in) {
  const Index batch = in.batch;
  std::vector<std::int32_t> rows;
  for (Index first = 0; first < in.rows; first += batch) {
    in.selection.first_row = first;
    in.batch = std::min(batch, in.rows - first);
    const auto got = run(backend, in);
    for (Index r = 0; r < in.batch; ++r)
      for (Index j = 0; j < in.features; ++j)
        EXPECT_EQ(static_cast<double>(got.x[at(r * in.features + j)]), static_cast<double>(16 * got.label[at(r)] + j));
    rows.insert(rows.end(), got.label.begin(), got.label.end());
  }
  return rows;
}

TEST(GatherBatch, as_stored_copies_the_rows_in_their_order) {
  const GatherCase in{.selection = {RowOrder::as_stored, 1, 3}, .batch = 2, .rows = 6, .features = 2, .epoch = 9};

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    EXPECT_EQ(as_double(got.x), (std::vector<double>{48, 49, 64, 65}));
    EXPECT_EQ(got.label, (std::vector<std::int32_t>{3, 4}));
  });
}

TEST(GatherBatch, shuffled_follows_the_keyed_permutation_of_seed_and_epoch) {
  const GatherCase in{
      .selection = {RowOrder::shuffled_each_epoch, kSeed, 40}, .batch = 33, .rows = 100, .features = 3, .epoch = 7};
  const KeyedPermutation order({kSeed, StreamId::shuffle, 7}, 100);

  for_each_backend([&](const auto& backend) {
    const auto got = run(backend, in);

    for (Index r = 0; r < in.batch; ++r) EXPECT_EQ(got.label[at(r)], order(40 + r)) << "batch row " << r;
  });
}

TEST(GatherBatch, covers_every_row_once_an_epoch) {
  for_each_backend([](const auto& backend) {
    for (const RowOrder order : {RowOrder::as_stored, RowOrder::shuffled_each_epoch})
      for (const Index rows : {1, 2, 31, 32, 33, 129})
        for (const Index batch : {1, 7, 32, 200}) {
          std::vector<std::int32_t> seen =
              epoch_rows(backend, {.selection = {order, kSeed, 0}, .batch = batch, .rows = rows, .features = 2});
          std::vector<std::int32_t> all(at(rows));
          std::iota(all.begin(), all.end(), 0);

          if (order == RowOrder::shuffled_each_epoch) std::sort(seen.begin(), seen.end());

          ASSERT_EQ(seen, all) << rows << " rows in batches of " << batch;
        }
  });
}

TEST(GatherBatch, shuffles_anew_every_epoch_and_by_seed_but_not_by_batch_size) {
  for_each_backend([](const auto& backend) {
    const GatherCase in{.selection = {RowOrder::shuffled_each_epoch, 1, 0}, .batch = 50, .rows = 50};
    GatherCase next_epoch = in, other_seed = in, small_batches = in;
    next_epoch.epoch = 1;
    other_seed.selection.seed = 2;
    small_batches.batch = 7;

    EXPECT_EQ(epoch_rows(backend, in), epoch_rows(backend, in));
    EXPECT_EQ(epoch_rows(backend, in), epoch_rows(backend, small_batches));
    EXPECT_NE(epoch_rows(backend, in), epoch_rows(backend, next_epoch));
    EXPECT_NE(epoch_rows(backend, in), epoch_rows(backend, other_seed));
  });
}

TEST(GatherBatch, copies_every_width_from_padded_rows_to_padded_rows) {
  for_each_backend([](const auto& backend) {
    for (const Index features : kStraddlingSizes)
      for (const Index padding : {0, 3}) {
        const GatherCase in{
            .selection = {RowOrder::as_stored, 0, 1}, .batch = 3, .rows = 5, .features = features, .padding = padding};
        const auto got = run(backend, in);
        for (Index r = 0; r < 3; ++r)
          for (Index j = 0; j < features; ++j)
            ASSERT_EQ(static_cast<double>(got.x[at(r * features + j)]), static_cast<double>(16 * (1 + r) + j));
      }
  });
}

TEST(GatherBatch, copies_values_without_changing_a_bit) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    using Real = RealOf<Backend>;
    const std::vector<Real> values{poison<Real>(), Real(-0.0), std::numeric_limits<Real>::denorm_min(),
                                   std::numeric_limits<Real>::infinity()};
    const Guarded<Backend, TrainingState> state(backend, {1, 1}, std::vector<TrainingState>{{}});
    const Guarded<Backend, Real> x(backend, {1, 4}, values);
    const Guarded<Backend, std::int32_t> label(backend, {1, 1}, std::vector<std::int32_t>{-7});
    Guarded<Backend, Real> batch_x(backend, {1, 4});
    Guarded<Backend, std::int32_t> batch_label(backend, {1, 1});

    backend.gather_batch({}, state.span(), x.matrix(), label.span(), batch_x.matrix(), batch_label.span());

    EXPECT_EQ(fingerprint(batch_x.download()), fingerprint(values));
    EXPECT_EQ(batch_label.download()[0], -7);
  });
}

// Where a GPU's thread takes more than one: a grid has 2^20 of them at the most.
TEST(GatherBatch, copies_more_rows_than_a_grid_has_threads) {
  const Index rows = (Index{1} << 20) + 300;

  const auto got =
      run(gpu_backend(), {.selection = {RowOrder::as_stored, 0, 0}, .batch = rows, .rows = rows, .features = 1});

  for (Index r = 0; r < rows; ++r) {
    ASSERT_EQ(got.label[at(r)], r);
    ASSERT_EQ(got.x[at(r)], static_cast<float>(16 * r));
  }
}

TEST(GatherBatch, of_no_rows_does_nothing) {
  for_each_backend([](const auto& backend) {
    EXPECT_TRUE(run(backend, {.selection = {}, .batch = 0, .rows = 0}).label.empty());
    EXPECT_TRUE(
        run(backend, {.selection = {RowOrder::shuffled_each_epoch, 1, 5}, .batch = 0, .rows = 5}).label.empty());
  });
}

TEST(GatherBatch, refuses_rows_outside_the_dataset_and_other_shapes) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Index first_row, blocks;
      Shape x, label, batch_x, batch_label;
    };
    for (const Wrong& wrong :
         {Wrong{-1, 1, {5, 2}, {1, 5}, {3, 2}, {1, 3}}, Wrong{3, 1, {5, 2}, {1, 5}, {3, 2}, {1, 3}},
          Wrong{0, 1, {5, 2}, {1, 5}, {6, 2}, {1, 6}}, Wrong{0, 1, {5, 2}, {1, 4}, {3, 2}, {1, 3}},
          Wrong{0, 1, {5, 2}, {1, 5}, {3, 3}, {1, 3}}, Wrong{0, 1, {5, 2}, {1, 5}, {3, 2}, {1, 2}},
          Wrong{0, 0, {5, 2}, {1, 5}, {3, 2}, {1, 3}}}) {
      const Guarded<Backend, TrainingState> state(backend, {1, wrong.blocks},
                                                  std::vector<TrainingState>(at(wrong.blocks)));
      const Guarded<Backend, RealOf<Backend>> x(backend, wrong.x);
      const Guarded<Backend, std::int32_t> label(backend, wrong.label);
      Guarded<Backend, RealOf<Backend>> batch_x(backend, wrong.batch_x);
      Guarded<Backend, std::int32_t> batch_label(backend, wrong.batch_label);

      EXPECT_THROW(backend.gather_batch({.first_row = wrong.first_row}, state.span(), x.matrix(), label.span(),
                                        batch_x.matrix(), batch_label.span()),
                   std::invalid_argument);
      EXPECT_TRUE(batch_x.untouched() && batch_label.untouched());
    }
  });
}

// ---- gather_rows ----------------------------------------------------------------------------------------------------

// Feature j of row r is 16 r + j, and its label is r.
template <class Backend>
GatherOutputs<RealOf<Backend>> taken(const Backend& backend, const RowSelection& rows, Index features, Index padding) {
  using Real = RealOf<Backend>;
  std::vector<double> values;
  std::vector<std::int32_t> numbers(at(rows.dataset_rows()));
  std::iota(numbers.begin(), numbers.end(), 0);
  for (const std::int32_t r : numbers)
    for (Index j = 0; j < features; ++j) values.push_back(static_cast<double>(16 * r + j));
  const Guarded<Backend, Real> x(backend, {rows.dataset_rows(), features, padding}, values);
  const Guarded<Backend, std::int32_t> label(backend, {1, rows.dataset_rows()}, numbers);
  const std::vector<std::int32_t> list(rows.list().begin(), rows.list().end());
  const Guarded<Backend, std::int32_t> own_list(backend, {1, rows.list().size}, list);
  Guarded<Backend, Real> taken_x(backend, {rows.count(), features, 2 * padding});
  Guarded<Backend, std::int32_t> taken_label(backend, {1, rows.count()});
  backend.gather_rows(list.empty() ? rows : rows.with_list(own_list.span().data), x.matrix(), label.span(),
                      taken_x.matrix(), taken_label.span());
  return {taken_x.download(), taken_label.download()};
}

TEST(GatherRows, takes_the_rows_of_every_kind_of_selection) {
  const std::vector<std::int32_t> list{9, 0, 9, 40, 3};
  for_each_backend([&](const auto& backend) {
    for (const RowSelection& rows :
         {RowSelection::all(41), RowSelection::part(3, 41, 20), RowSelection::fold(3, 41, 4, 1),
          RowSelection::outside_fold(3, 41, 4, 1), RowSelection::listed({list.data(), 5}, 41)})
      for (const Index features : {1, 3, 33, 300})
        for (const Index padding : {0, 3}) {
          const auto got = taken(backend, rows, features, padding);
          for (Index k = 0; k < rows.count(); ++k) {
            ASSERT_EQ(got.label[at(k)], rows(k));
            for (Index j = 0; j < features; ++j)
              ASSERT_EQ(static_cast<double>(got.x[at(k * features + j)]), static_cast<double>(16 * rows(k) + j));
          }
        }
  });
}

TEST(GatherRows, copies_more_rows_than_a_grid_has_threads) {
  const RowSelection all = RowSelection::all((Index{1} << 20) + 300);
  const auto got = taken(gpu_backend(), all, 1, 0);
  for (Index r = 0; r < all.count(); ++r) ASSERT_EQ(got.label[at(r)], r);
}

TEST(GatherRows, refuses_other_shapes) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    struct Wrong {
      Shape x, label, taken_x, taken_label;
    };
    for (const Wrong& wrong : {Wrong{{6, 2}, {1, 6}, {3, 2}, {1, 3}}, Wrong{{5, 2}, {1, 4}, {3, 2}, {1, 3}},
                               Wrong{{5, 2}, {1, 5}, {4, 2}, {1, 3}}, Wrong{{5, 2}, {1, 5}, {3, 1}, {1, 3}},
                               Wrong{{5, 2}, {1, 5}, {3, 2}, {1, 4}}}) {
      const Guarded<Backend, RealOf<Backend>> x(backend, wrong.x);
      const Guarded<Backend, std::int32_t> label(backend, wrong.label);
      Guarded<Backend, RealOf<Backend>> taken_x(backend, wrong.taken_x);
      Guarded<Backend, std::int32_t> taken_label(backend, wrong.taken_label);

      EXPECT_THROW(backend.gather_rows(RowSelection::part(1, 5, 3), x.matrix(), label.span(), taken_x.matrix(),
                                       taken_label.span()),
                   std::invalid_argument);
      EXPECT_TRUE(taken_x.untouched() && taken_label.untouched());
    }
  });
}

TEST(GatherRowsCost, is_that_of_a_batch) {
  static_assert(gather_rows_cost(3, 5).bytes_read == gather_batch_cost(3, 5).bytes_read);
  static_assert(gather_rows_cost(3, 5).bytes_written == 72);
}

TEST(GatherBatchCost, reads_and_writes_every_row_and_label_once) {
  static_assert(gather_batch_cost(3, 5).flops == 0);
  static_assert(gather_batch_cost(3, 5).bytes_read == 4 * (15 + 3));
  static_assert(gather_batch_cost(3, 5).bytes_written == 4 * (15 + 3));
}

}  // namespace
}  // namespace plateau::test::gather_batch_test
