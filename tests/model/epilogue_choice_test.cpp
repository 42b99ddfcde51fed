// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The choice of epilogues by times that are planted.
#include "plateau/model/epilogue_choice.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "plateau/gpu/error.hpp"

namespace plateau::test::epilogue_choice_test {
namespace {

const Architecture kNet{{784, 64, 32, 10}};

// 100 us with kernels everywhere, and what each epilogue takes away. An input gradient has the index of its own layer.
struct PlantedTimes {
  double activation[2] = {0, 0};
  double input_grad[3] = {0, 0, 0};
  double weight_grad = 0;

  double operator()(const ExecutionPlan& plan) const {
    double us = 100;
    for (Index i = 0; i < 2; ++i)
      if (plan.layer(i).activation == Fusion::epilogue) us -= activation[i];
    for (Index i = 1; i < 3; ++i)
      if (plan.layer(i).input_grad == Fusion::epilogue) us -= input_grad[i];
    if (plan.layer(2).weight_grad == Fusion::epilogue) us -= weight_grad;
    return us;
  }
};

std::vector<LayerPlan> kernels() { return std::vector<LayerPlan>(3); }

TEST(EpilogueChoice, takes_what_gains_three_per_cent_and_leaves_what_gains_one) {
  std::vector<LayerPlan> want = kernels();
  EXPECT_EQ(choose_epilogues(kNet, PlantedTimes{.activation = {1, 1}, .weight_grad = 1}).layers, want);
  want[0].activation = Fusion::epilogue;
  EXPECT_EQ(choose_epilogues(kNet, PlantedTimes{.activation = {3, 1}, .weight_grad = 1}).layers, want);
  want[2].weight_grad = Fusion::epilogue;
  EXPECT_EQ(choose_epilogues(kNet, PlantedTimes{.activation = {3, 1}, .weight_grad = 3}).layers, want);
}

TEST(EpilogueChoice, leaves_what_is_slower) {
  const PlantedTimes slower{.activation = {-5, -5}, .input_grad = {0, -5, -5}, .weight_grad = -5};
  EXPECT_EQ(choose_epilogues(kNet, slower).layers, kernels());
}

TEST(EpilogueChoice, takes_everything_where_everything_gains) {
  const PlantedTimes quicker{.activation = {9, 9}, .input_grad = {0, 9, 9}, .weight_grad = 9};
  EXPECT_EQ(choose_epilogues(kNet, quicker).layers, epilogues_everywhere(kNet).layers);
}

TEST(EpilogueChoice, takes_an_activation_with_its_input_gradient_where_both_gain_more_than_the_one) {
  std::vector<LayerPlan> want = kernels();
  want[0].activation = Fusion::epilogue;
  EXPECT_EQ(choose_epilogues(kNet, PlantedTimes{.activation = {10}, .input_grad = {0, 1}}).layers, want)
      << "one per cent more is too little";
  want[1].input_grad = Fusion::epilogue;
  EXPECT_EQ(choose_epilogues(kNet, PlantedTimes{.activation = {10}, .input_grad = {0, 10}}).layers, want);
  EXPECT_EQ(choose_epilogues(kNet, PlantedTimes{.activation = {-5}, .input_grad = {0, 20}}).layers, want)
      << "alone it loses";
}

TEST(EpilogueChoice, keeps_the_kernels_where_the_library_has_no_such_product) {
  const auto without_masks = [](const ExecutionPlan& plan) {
    for (Index i = 1; i < 3; ++i)
      if (plan.layer(i).input_grad == Fusion::epilogue)
        throw gpu::UnsupportedProduct("no such product", CallSite::current());
    return PlantedTimes{.activation = {-5, 30}, .input_grad = {0, 50, 50}, .weight_grad = 20}(plan);
  };
  std::vector<LayerPlan> want = kernels();
  want[1].activation = want[2].weight_grad = Fusion::epilogue;
  EXPECT_EQ(choose_epilogues(kNet, without_masks).layers, want);
  EXPECT_THROW(choose_epilogues(kNet,
                                [](const ExecutionPlan&) -> double {
                                  throw gpu::UnsupportedProduct("no product at all", CallSite::current());
                                }),
               gpu::UnsupportedProduct);
}

TEST(EpilogueChoice, takes_nothing_by_a_time_that_is_none) {
  const auto broken = [](const ExecutionPlan& plan) {
    return plan.layers == kernels() ? 100 : std::numeric_limits<double>::quiet_NaN();
  };
  EXPECT_EQ(choose_epilogues(kNet, broken).layers, kernels());
}

TEST(EpilogueChoice, tries_only_plans_a_training_can_follow_and_says_that_it_measured) {
  for (const Architecture& net : {kNet, Architecture{{4, 3}}, Architecture{{4, 5, 3}}}) {
    Index tried = 0;
    const ExecutionPlan chosen = choose_epilogues(net, [&](const ExecutionPlan& plan) {
      EXPECT_NO_THROW(expects_plan(plan, net));
      return 100.0 / static_cast<double>(++tried);  // always quicker
    });
    EXPECT_EQ(tried, 1 + 2 * (net.layers() - 1) + 1);
    EXPECT_EQ(chosen.layers, epilogues_everywhere(net).layers);
    EXPECT_TRUE(chosen.autotuned);
  }
}

}  // namespace
}  // namespace plateau::test::epilogue_choice_test
