// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/model/network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/backends.hpp"
#include "support/cases.hpp"
#include "support/compare.hpp"

namespace plateau::test::network_test {
namespace {

// Everything one forward and backward pass needs, on a CPU backend, around given parameters.
template <class Real>
struct Pass {
  CpuBackend<Real> backend;
  ParameterLayout layout;
  HostBuffer<Real> parameters, gradient, x;
  HostBuffer<std::int32_t> label;
  Index rows;
  Workspace<CpuBackend<Real>> work;
  GradientWorkspace<CpuBackend<Real>> gradient_work;

  ExecutionPlan plan;

  Pass(const Architecture& net, Index rows_in, const ExecutionPlan& plan_in = {})
      : layout(net),
        parameters(layout.size(), 0),
        gradient(layout.size(), 0),
        x(rows_in * net.features(), 0),
        label(rows_in, 0),
        rows(rows_in),
        work(backend, net, rows_in, plan_in),
        gradient_work(backend, net, rows_in),
        plan(plan_in) {
    for (std::size_t t = 0; t < layout.tensors().size(); ++t) {
      const auto& tensor = layout.tensors()[t];
      const auto values = random_values(tensor.size, -0.8f, 0.8f, kSeed + t);
      for (Index i = 0; i < tensor.size; ++i) parameters.view()[tensor.offset + i] = static_cast<Real>(values[at(i)]);
    }
    const auto values = random_values(x.size(), -1.0f, 1.0f, kSeed + 100);
    for (Index i = 0; i < x.size(); ++i) x.view()[i] = static_cast<Real>(values[at(i)]);
    const auto labels = random_labels(rows, net.classes(), kSeed);
    std::copy(labels.begin(), labels.end(), label.view().begin());
  }

  HostMatrix<const Real> features() const { return as_matrix(x.view(), rows, layout.architecture().features()); }

  double mean_loss() {
    forward(backend, layout, parameters.view(), features(), work);
    evaluate_rows(backend, layout, rows, label.view(), work.loss(rows), work.predicted(rows), work);
    double sum = 0;
    for (const Real loss : work.loss(rows)) sum += static_cast<double>(loss);
    return sum / static_cast<double>(rows);
  }

  std::vector<Real> gradient_values() {
    forward(backend, layout, parameters.view(), features(), work, plan);
    backward(backend, layout, parameters.view(), features(), label.view(), work, gradient_work, gradient.view(), plan);
    return {gradient.view().begin(), gradient.view().end()};
  }
};

const Architecture kNetworks[] = {{{3, 2}}, {{2, 5, 3}}, {{4, 7, 6, 2}}, {{3, 9, 4, 8, 5}}};

TEST(Network, gradient_agrees_with_central_differences) {
  for (const Architecture& net : kNetworks) {
    Pass<double> pass(net, 11);
    const std::vector<double> gradient = pass.gradient_values();

    // A step of 1e-6 leaves about 1e-10 of rounding and truncation; a ReLU whose kink lies inside the step would show
    // as a difference of the order of the gradient itself, and these seeds have none.
    std::vector<double> numeric(gradient.size(), 0);
    for (const auto& tensor : pass.layout.tensors())
      for (Index i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
        double& p = pass.parameters.view()[i];
        const double at_rest = p, step = 1e-6;
        p = at_rest + step;
        const double above = pass.mean_loss();
        p = at_rest - step;
        const double below = pass.mean_loss();
        p = at_rest;
        numeric[at(i)] = (above - below) / (2 * step);
      }
    EXPECT_LE(relative_error(gradient, numeric), 1e-8) << to_string(net);
  }
}

TEST(Network, float_gradient_is_close_to_the_double_one) {
  for (const Architecture& net : kNetworks) {
    const auto want = Pass<double>(net, 33).gradient_values();
    const auto got = Pass<float>(net, 33).gradient_values();
    EXPECT_LE(relative_error(got, want), 32 * kEps32) << to_string(net);
  }
}

// Every plan computes the same; in double they agree to rounding.
TEST(Network, gradient_does_not_depend_on_the_plan) {
  for (const Architecture& net : kNetworks) {
    const std::vector<double> want = Pass<double>(net, 33).gradient_values();
    const ExecutionPlan everywhere = epilogues_everywhere(net);
    EXPECT_LE(relative_error(Pass<double>(net, 33, everywhere).gradient_values(), want), 32 * kEps64) << to_string(net);
    ExecutionPlan activations = everywhere;  // masks that nobody reads
    for (LayerPlan& layer : activations.layers) layer.input_grad = layer.weight_grad = Fusion::kernel;
    EXPECT_LE(relative_error(Pass<double>(net, 33, activations).gradient_values(), want), 32 * kEps64)
        << to_string(net);
  }
}

TEST(Network, a_workspace_without_masks_refuses_a_plan_that_needs_them) {
  Pass<double> pass({{2, 3, 2}}, 8);
  pass.plan = epilogues_everywhere(pass.layout.architecture());
  EXPECT_THROW(pass.gradient_values(), std::invalid_argument);
}

TEST(ExecutionPlan, has_a_place_for_every_epilogue_that_it_gives) {
  const Architecture net{{3, 8, 4, 2}};
  EXPECT_NO_THROW(expects_plan({}, net));
  EXPECT_NO_THROW(expects_plan(epilogues_everywhere(net), net));
  EXPECT_NO_THROW(expects_plan(epilogues_everywhere({{3, 2}}), {{3, 2}}));
  const auto refused = [&](const auto& change) {
    ExecutionPlan plan = epilogues_everywhere(net);
    change(plan.layers);
    EXPECT_THROW(expects_plan(plan, net), std::invalid_argument);
  };
  refused([](auto& layers) { layers.pop_back(); });
  refused([](auto& layers) { layers[2].activation = Fusion::epilogue; });
  refused([](auto& layers) { layers[0].input_grad = Fusion::epilogue; });
  refused([](auto& layers) { layers[1].activation = Fusion::kernel; });  // whose mask the layer above would read
  refused([](auto& layers) { layers[1].weight_grad = Fusion::epilogue; });
}

TEST(Network, gradient_of_the_gaps_between_tensors_is_zero) {
  Pass<float> pass({{3, 5, 2}}, 8);
  std::vector<float> gradient = pass.gradient_values();
  for (const auto& tensor : pass.layout.tensors()) std::fill_n(gradient.begin() + tensor.offset, tensor.size, 0.0f);
  EXPECT_EQ(gradient, std::vector<float>(gradient.size(), 0.0f));
}

TEST(Network, workspace_serves_fewer_rows_but_not_more) {
  Pass<double> pass({{2, 3, 2}}, 8);
  EXPECT_NO_THROW(
      forward(pass.backend, pass.layout, pass.parameters.view(), pass.features().row_range(2, 5), pass.work));
  Workspace<CpuBackend<double>> small(pass.backend, pass.layout.architecture(), 7);
  EXPECT_THROW(forward(pass.backend, pass.layout, pass.parameters.view(), pass.features(), small),
               std::invalid_argument);
}

}  // namespace
}  // namespace plateau::test::network_test
