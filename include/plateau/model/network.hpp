// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The forward and backward schedule of a multilayer perceptron, written once over a backend.
#pragma once

#include <vector>

#include "plateau/model/architecture.hpp"
#include "plateau/model/execution_plan.hpp"
#include "plateau/ops/bias_activation.hpp"
#include "plateau/ops/dense_epilogue.hpp"
#include "plateau/ops/dropout.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

// The distance between the rows of matrices that are allocated for a training, whose rows a backend wants aligned: ten
// classes lie twelve floats apart on a GPU.
template <class Backend>
constexpr Index row_stride(Index width) {
  return round_up(width, Backend::kRowAlignment);
}

// What a pass over at most `rows` rows needs besides the parameters: one buffer per layer output, allocated once, and
// where it trains the masks that a plan with epilogues may ask for.
template <class Backend>
class Workspace {
 public:
  using Real = typename Backend::Real;

  Workspace(const Backend& backend, const Architecture& architecture, Index rows, const ExecutionPlan& plan = {})
      : rows_(rows),
        loss_(backend.template allocate<Real>(rows, 0)),
        predicted_(backend.template allocate<std::int32_t>(rows, 0)) {
    for (Index layer = 0; layer < architecture.layers(); ++layer) {
      const Index width = architecture.fan_out(layer);
      output_.push_back(backend.template allocate<Real>(rows * row_stride<Backend>(width), 0));
      const bool masked = plan.layer(layer).activation == Fusion::epilogue;
      mask_.push_back(backend.template allocate<std::uint32_t>(masked ? rows * mask_stride(width) : 0, 0));
    }
  }

  Index rows() const { return rows_; }
  // A layer's output [rows, width]: activations of a hidden layer, logits of the last.
  typename Backend::template Matrix<Real> output(Index layer, Index rows, Index width) {
    expects(rows <= rows_, "workspace: no more rows than it was made for");
    return as_matrix(output_[static_cast<std::size_t>(layer)].view(), rows, width, row_stride<Backend>(width));
  }
  // Which elements of a hidden layer's output are positive, where its activation is an epilogue.
  typename Backend::template Matrix<std::uint32_t> mask(Index layer, Index rows, Index width) {
    expects(mask_[static_cast<std::size_t>(layer)].size() >= rows * mask_stride(width),
            "workspace: the layer has a mask");
    return as_matrix(mask_[static_cast<std::size_t>(layer)].view(), rows, mask_words(width), mask_stride(width));
  }
  typename Backend::template Span<Real> loss(Index rows) { return loss_.view().subspan(0, rows); }
  typename Backend::template Span<std::int32_t> predicted(Index rows) { return predicted_.view().subspan(0, rows); }

 private:
  Index rows_;
  std::vector<typename Backend::template Buffer<Real>> output_;
  std::vector<typename Backend::template Buffer<std::uint32_t>> mask_;
  typename Backend::template Buffer<Real> loss_;
  typename Backend::template Buffer<std::int32_t> predicted_;
};

// What the backward pass needs in addition: room for the gradient at a hidden layer's output, twice, because one is
// read while the next is written.
template <class Backend>
class GradientWorkspace {
 public:
  using Real = typename Backend::Real;

  GradientWorkspace(const Backend& backend, const Architecture& architecture, Index rows)
      : room_{backend.template allocate<Real>(rows * row_stride<Backend>(architecture.widest()), 0),
              backend.template allocate<Real>(rows * row_stride<Backend>(architecture.widest()), 0)} {}

  typename Backend::template Matrix<Real> at(Index layer, Index rows, Index width) {
    return as_matrix(room_[layer % 2].view(), rows, width, row_stride<Backend>(width));
  }

 private:
  typename Backend::template Buffer<Real> room_[2];
};

// What a training step does beyond the plain network: units that are dropped, labels that are mixed, classes that weigh
// more than others. By default nothing.
template <class Backend>
struct StepTerms {
  float dropout = 0;  // share of hidden units; excludes activations and input gradients as epilogues
  std::uint64_t seed = 0;
  typename Backend::template Span<const TrainingState> state;        // whose step the masks are those of
  typename Backend::template Span<const std::int32_t> second_label;  // of mixed rows
  typename Backend::template Span<const float> class_weight;

  bool weighs() const { return !second_label.empty() || !class_weight.empty(); }
};

// x [B, features] -> logits [B, classes] in the last layer's output of the workspace.
template <class Backend>
void forward(const Backend& backend, const ParameterLayout& layout,
             typename Backend::template Span<const typename Backend::Real> parameters,
             typename Backend::template Matrix<const typename Backend::Real> x, Workspace<Backend>& work,
             const ExecutionPlan& plan = {}, const StepTerms<Backend>& terms = {}) {
  const Architecture& net = layout.architecture();
  auto input = x;
  for (Index layer = 0; layer < net.layers(); ++layer) {
    const auto output = work.output(layer, x.rows, net.fan_out(layer));
    if (plan.layer(layer).activation == Fusion::epilogue) {
      backend.dense_forward_relu(input, layout.weight(parameters, layer), layout.bias(parameters, layer), output,
                                 work.mask(layer, x.rows, net.fan_out(layer)));
    } else {
      backend.dense_forward(input, layout.weight(parameters, layer), output);
      const bool last = layer + 1 == net.layers();
      backend.bias_activation(last ? Activation::identity : Activation::relu, layout.bias(parameters, layer), output);
      if (!last && terms.dropout > 0) backend.dropout({terms.dropout, terms.seed, layer}, terms.state, output);
    }
    input = output;
  }
}

// Losses and predictions of the rows whose logits forward() left in the workspace, which stay as they are.
template <class Backend>
void evaluate_rows(const Backend& backend, const ParameterLayout& layout, Index rows,
                   typename Backend::template Span<const std::int32_t> label,
                   typename Backend::template Span<typename Backend::Real> loss,
                   typename Backend::template Span<std::int32_t> predicted, Workspace<Backend>& work) {
  const Architecture& net = layout.architecture();
  backend.softmax_xent(work.output(net.layers() - 1, rows, net.classes()), label, loss, predicted, {});
}

// The gradient of the mean loss of these rows, into the flat `gradient`; losses and predictions go to the workspace.
// Expects forward() of the same rows by the same plan and terms just before; its logits become their own gradient.
template <class Backend>
void backward(const Backend& backend, const ParameterLayout& layout,
              typename Backend::template Span<const typename Backend::Real> parameters,
              typename Backend::template Matrix<const typename Backend::Real> x,
              typename Backend::template Span<const std::int32_t> label, Workspace<Backend>& work,
              GradientWorkspace<Backend>& gradients, typename Backend::template Span<typename Backend::Real> gradient,
              const ExecutionPlan& plan = {}, const StepTerms<Backend>& terms = {}) {
  const Architecture& net = layout.architecture();
  const Index last = net.layers() - 1;
  auto grad_z = work.output(last, x.rows, net.classes());
  if (terms.weighs())
    backend.weighted_softmax_xent(grad_z, label, terms.second_label, terms.class_weight, terms.state, work.loss(x.rows),
                                  work.predicted(x.rows), grad_z);
  else
    backend.softmax_xent(grad_z, label, work.loss(x.rows), work.predicted(x.rows), grad_z);
  const auto weight_gradient = [&](Index layer, auto input) {
    if (plan.layer(layer).weight_grad == Fusion::epilogue)
      backend.dense_weight_grad_bias(grad_z, input, layout.weight(gradient, layer), layout.bias(gradient, layer));
    else
      backend.dense_weight_grad(grad_z, input, layout.weight(gradient, layer));
  };
  if (plan.layer(last).weight_grad == Fusion::kernel) backend.bias_grad(grad_z, layout.bias(gradient, last));

  for (Index layer = last; layer > 0; --layer) {
    const Index width = net.fan_in(layer);
    const auto a = work.output(layer - 1, x.rows, width);
    weight_gradient(layer, a);
    const auto grad_a = gradients.at(layer, x.rows, width);
    const auto weight = layout.weight(parameters, layer);
    const auto grad_bias = layout.bias(gradient, layer - 1);
    if (plan.layer(layer).input_grad == Fusion::epilogue) {
      backend.dense_input_grad_relu(grad_z, weight, work.mask(layer - 1, x.rows, width), grad_a, grad_bias);
    } else {
      backend.dense_input_grad(grad_z, weight, grad_a);
      if (terms.dropout > 0) backend.dropout({terms.dropout, terms.seed, layer - 1}, terms.state, grad_a);
      backend.relu_backward(a, grad_a, grad_bias);
    }
    grad_z = grad_a;
  }
  weight_gradient(0, x);
}

}  // namespace plateau
