// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/unit_activity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"
#include "support/guarded.hpp"

namespace plateau::test::unit_activity_test {
namespace {

using Marks = std::vector<std::int32_t>;

template <class Backend>
Marks run(const Backend& backend, const Shape& shape, const std::vector<double>& values, const Marks& before) {
  const Guarded<Backend, RealOf<Backend>> a(backend, shape, values);
  Guarded<Backend, std::int32_t> active(backend, {1, static_cast<Index>(before.size())}, before);
  backend.unit_activity(a.matrix(), active.span());
  return active.download();
}

// From no unit active.
template <class Backend>
Marks run(const Backend& backend, const Shape& shape, const std::vector<double>& values) {
  return run(backend, shape, values, Marks(at(shape.cols)));
}

TEST(UnitActivity, marks_units_solved_by_hand) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, {3, 4}, {0, 1, 0, -1, 0, 0, 0.5, -2, 0, 3, 0, -3}), (Marks{0, 1, 1, 0}));
  });
}

// Units are active in few rows, in the last one or in none.
TEST(UnitActivity, marks_a_unit_where_any_row_is_positive_for_every_shape_and_padding) {
  for_each_backend([](const auto& backend) {
    for (const Index batch : {1, 31, 33, 160})
      for (const Index units : kStraddlingSizes)
        for (const Index padding : {0, 3}) {
          std::vector<double> a = random_values(batch * units, -1, 0.02f, kSeed + static_cast<std::uint64_t>(units));
          Marks want(at(units));
          for (Index k = 0; k < batch * units; ++k) want[at(k % units)] |= a[at(k)] > 0;

          ASSERT_EQ(run(backend, {batch, units, padding}, a), want) << batch << " x " << units;
        }
  });
}

TEST(UnitActivity, sees_a_positive_element_at_every_place) {
  for_each_backend([](const auto& backend) {
    constexpr Index kRows = 67, kUnits = 65;  // two rows and more for a warp of a GPU, two blocks of columns and more
    for (Index row = 0; row < kRows; ++row) {
      const Index unit = row * 7 % kUnits;
      std::vector<double> a(at(kRows * kUnits));
      a[at(row * kUnits + unit)] = 0x1p-149;  // the smallest there is
      Marks want(at(kUnits));
      want[at(unit)] = 1;

      ASSERT_EQ(run(backend, {kRows, kUnits}, a), want) << "row " << row << ", unit " << unit;
    }
  });
}

TEST(UnitActivity, leaves_every_other_mark_as_it_is) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, {2, 5}, {0, 1, 0, 2, -1, 0, 0, -1, 3, 0}, {0, 0, 1, 7, 7}), (Marks{0, 1, 1, 1, 7}));
    EXPECT_EQ(run(backend, {0, 3}, {}, {0, 1, 7}), (Marks{0, 1, 7}));
  });
}

TEST(UnitActivity, of_tiles_adds_up_to_that_of_all_rows) {
  constexpr Index kRows = 100, kUnits = 40;
  const std::vector<double> a = random_values(kRows * kUnits, -1, 0.02f, kSeed);

  for_each_backend([&](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    const Guarded<Backend, RealOf<Backend>> rows(backend, {kRows, kUnits}, a);
    Guarded<Backend, std::int32_t> active(backend, {1, kUnits}, Marks(at(kUnits)));
    for (Index first = 0; first < kRows; first += 30)
      backend.unit_activity(rows.matrix().row_range(first, std::min(Index{30}, kRows - first)), active.span());

    const Marks want = run(backend, {kRows, kUnits}, a);
    EXPECT_EQ(active.download(), want);
    EXPECT_NE(want, Marks(at(kUnits), 0));
    EXPECT_NE(want, Marks(at(kUnits), 1));
  });
}

TEST(UnitActivity, nan_and_zeros_of_either_sign_are_not_positive_and_infinity_is) {
  for_each_backend([](const auto& backend) {
    EXPECT_EQ(run(backend, {2, 6}, {kNaN, kInfinity, -kInfinity, 0.0, -0.0, kNaN, kNaN, 0, 0, -0.0, 0.0, 1}),
              (Marks{0, 1, 0, 0, 0, 1}));
  });
}

TEST(UnitActivity, looks_at_nothing_beside_its_part_of_a_wider_matrix) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index cols : {1, 3, 8})
      for (const Index first : {1, 2, 3}) {
        std::vector<double> values(36, 1);
        for (Index i = 0; i < 3; ++i)
          for (Index j = 0; j < cols; ++j) values[at(12 * i + first + j)] = -1;
        const Guarded<Backend, RealOf<Backend>> wide(backend, {3, 12}, values);
        Guarded<Backend, std::int32_t> active(backend, {1, cols}, Marks(at(cols)));
        auto a = wide.matrix();
        a.data += first;
        a.cols = cols;

        backend.unit_activity(a, active.span());

        EXPECT_EQ(active.download(), Marks(at(cols))) << cols << " columns from " << first;
      }
  });
}

TEST(UnitActivity, over_no_units_writes_nothing) {
  for_each_backend([](const auto& backend) { EXPECT_TRUE(run(backend, {4, 0}, {}).empty()); });
}

TEST(UnitActivity, refuses_marks_of_another_number_of_units) {
  for_each_backend([](const auto& backend) {
    using Backend = std::remove_cvref_t<decltype(backend)>;
    for (const Index count : {0, 2, 4}) {
      const Guarded<Backend, RealOf<Backend>> a(backend, {2, 3}, std::vector<double>(6, 1));
      Guarded<Backend, std::int32_t> active(backend, {1, count});

      EXPECT_THROW(backend.unit_activity(a.matrix(), active.span()), std::invalid_argument);
      EXPECT_TRUE(active.untouched());
    }
  });
}

TEST(UnitActivityCost, reads_every_activation_once) {
  static_assert(unit_activity_cost(3, 5).flops == 15);
  static_assert(unit_activity_cost(3, 5).bytes_read == 4 * 15);
  static_assert(unit_activity_cost(3, 5).bytes_written == 4 * 5);
}

}  // namespace
}  // namespace plateau::test::unit_activity_test
