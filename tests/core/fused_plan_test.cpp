// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/fused_plan.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace plateau::fused_plan_test {
namespace {

using Widths = std::vector<Index>;

// What a block may have on the oldest GPU that is served, on desktop ones, and on data-centre ones since 2022.
constexpr std::size_t kSmall = 64 << 10, kMedium = 99 << 10, kLarge = 227 << 10;

const Widths kNetworks[] = {{2, 2},
                            {3, 1, 2},
                            {1, 7, 3, 10},
                            {2, 32, 2},
                            {5, 33, 4},
                            {2, 64, 64, 2},
                            {9, 100, 12, 10},
                            {2, 128, 128, 2},
                            {6, 16, 8, 24, 10, 4},
                            {128, 128, 2},
                            {20, 128, 128, 7, 3},
                            {2, 128, 128, 128, 2},
                            {200, 10, 2}};

TEST(FusedPlan, pieces_of_shared_memory_do_not_overlap_and_fit) {
  for (const Widths& widths : kNetworks)
    for (const std::size_t shared : {kSmall, kMedium, kLarge}) {
      const auto plan = fused_plan(widths, shared);
      if (!plan) continue;
      EXPECT_LE(plan->shared_bytes(), shared);
      int at = 0;
      for (int l = 0; l < plan->layers; ++l) {
        const FusedLayer& layer = plan->layer[l];
        EXPECT_EQ(layer.weight, at);
        EXPECT_GE(layer.weight_stride, 4 * layer.in4);
        EXPECT_EQ(layer.weight_stride % 8, 4) << "an odd number of vectors";
        EXPECT_GE(layer.bias, layer.weight + layer.weight_stride * 4 * layer.out4);
        at = layer.bias + 4 * layer.out4;
      }
      EXPECT_EQ(plan->x, at);
      EXPECT_EQ(plan->scratch, at);
      at += kFusedRows * plan->x_stride;
      for (int l = 0; l < plan->layers; ++l) {
        EXPECT_EQ(plan->layer[l].output, at);
        EXPECT_GE(plan->layer[l].output_stride, 4 * plan->layer[l].out4);
        EXPECT_EQ(plan->layer[l].output_stride % 8, 4);
        at += kFusedRows * plan->layer[l].output_stride;
      }
      EXPECT_GE(plan->shared_floats, at);
      EXPECT_GE(plan->shared_floats, plan->scratch + 16 * plan->variant.threads);
    }
}

TEST(FusedPlan, every_gradient_has_registers_and_moments_of_its_own) {
  for (const Widths& widths : kNetworks) {
    const auto plan = fused_plan(widths, kLarge);
    if (!plan) continue;
    int groups = 0, tiles = 0, moments = 0;
    for (int l = 0; l < plan->layers; ++l) {
      const FusedLayer& layer = plan->layer[l];
      int& used = layer.grouped ? groups : tiles;
      EXPECT_EQ(layer.first_slot, used);
      used += layer.slots;
      const int side = layer.grouped ? 2 : 1;
      EXPECT_GE(side * layer.rows4, layer.out4);
      EXPECT_GE(side * layer.columns4, layer.in4);
      const int lane_rows = 32 / layer.lane_columns;
      const int warps =
          (layer.rows4 + lane_rows - 1) / lane_rows * ((layer.columns4 + layer.lane_columns - 1) / layer.lane_columns);
      EXPECT_LE(warps * 32 * layer.parts, layer.slots * plan->variant.threads);
      EXPECT_LE(layer.out, layer.bias_width);
      EXPECT_LE(layer.bias_width * layer.bias_parts, plan->variant.threads);
      EXPECT_EQ(layer.moment, moments);
      moments = layer.bias_moment + plan->variant.threads;
      EXPECT_EQ(layer.bias_moment, layer.moment + layer.slots * side * side * 16 * plan->variant.threads);
    }
    EXPECT_LE(groups, plan->variant.groups);
    EXPECT_LE(tiles, plan->variant.tiles);
    EXPECT_EQ(plan->moments, moments);
  }
}

TEST(FusedPlan, numbers_parameters_as_a_model_file_does) {
  const auto plan = fused_plan({3, 5, 2}, kLarge);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->layer[0].flat_weight, 0);
  EXPECT_EQ(plan->layer[0].flat_bias, 15);
  EXPECT_EQ(plan->layer[1].flat_weight, 20);
  EXPECT_EQ(plan->layer[1].flat_bias, 30);
  EXPECT_EQ(plan->parameters, 32);
}

TEST(FusedPlan, small_networks_take_small_blocks) {
  EXPECT_EQ(fused_plan({2, 32, 32, 2}, kSmall)->variant, (FusedVariant{64, 0, 4}));
  EXPECT_EQ(fused_plan({2, 64, 64, 2}, kSmall)->variant, (FusedVariant{128, 0, 4}));
  EXPECT_EQ(fused_plan({2, 128, 128, 2}, kLarge)->variant, (FusedVariant{256, 1, 2}));
  EXPECT_EQ(fused_plan({2, 128, 128, 128, 2}, kLarge)->variant, (FusedVariant{256, 2, 2}));
}

TEST(FusedPlan, leaves_what_is_too_large_to_another_engine) {
  EXPECT_FALSE(fused_plan({2, 128, 128, 2}, kSmall));
  EXPECT_FALSE(fused_plan({2, 128, 128, 2}, kMedium));
  EXPECT_FALSE(fused_plan({784, 4096, 4096, 10}, kLarge));
  EXPECT_FALSE(fused_plan({2, 8, 8, 8, 8, 8, 2}, kLarge));  // five hidden layers
  EXPECT_FALSE(fused_plan({Index{1} << 40, 2}, kLarge));
  EXPECT_THROW(fused_plan({2}, kLarge), std::invalid_argument);
  EXPECT_THROW(fused_plan({2, 0, 2}, kLarge), std::invalid_argument);
}

// The device decides whether there is a plan, never which.
TEST(FusedPlan, is_the_same_on_every_device_that_has_one) {
  int plans = 0, fewer = 0;
  for (const Widths& widths : kNetworks) {
    const auto large = fused_plan(widths, kLarge);
    for (const std::size_t shared : {kSmall, kMedium}) {
      const auto plan = fused_plan(widths, shared);
      plans += plan.has_value();
      fewer += !plan && large;
      if (!plan) continue;
      ASSERT_TRUE(large);
      EXPECT_EQ(plan->variant, large->variant);
      EXPECT_EQ(plan->shared_floats, large->shared_floats);
      EXPECT_EQ(plan->moments, large->moments);
    }
  }
  EXPECT_GE(plans, 15);
  EXPECT_GE(fewer, 4);
}

// Whatever kernel: single tiles and groups, copies, ragged widths.
TEST(FusedPlan, every_parameter_has_a_moment_of_its_own) {
  for (const std::vector<Index>& widths : std::vector<std::vector<Index>>{{2, 3},
                                                                          {5, 9, 7, 3},
                                                                          {2, 64, 64, 2},
                                                                          {2, 64, 64, 64, 64, 2},
                                                                          {2, 100, 100, 2},
                                                                          {20, 128, 128, 7, 3},
                                                                          {2, 128, 128, 128, 2}}) {
    const FusedPlan plan = *fused_plan(widths, kLarge);
    const std::vector<std::int32_t> places = fused_moment_places(plan);
    ASSERT_EQ(static_cast<int>(places.size()), plan.parameters);
    for (const std::int32_t place : places) EXPECT_TRUE(0 <= place && place < plan.moments) << place;
    EXPECT_EQ(std::set<std::int32_t>(places.begin(), places.end()).size(), places.size());
  }
}

}  // namespace
}  // namespace plateau::fused_plan_test
