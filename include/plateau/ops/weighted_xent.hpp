// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Softmax cross-entropy with class weights, and with the mixed labels of mixup (Zhang et al. 2018), which softmax_xent
// does not have. Where there are weights, batch_weight comes before it; balanced weights are formed once per training.
//
//   balanced_class_weights  weight_c = N / (C * rows of class c), 0 for a class without rows: every class then weighs
//                           as much as any other (scikit-learn's "balanced")
//   batch_weight            state.batch_weight = W = sum_i weight[label_i]
//   weighted_softmax_xent   y_i = label_i    v_i = second_label_i    s = state.second_share, without second labels 0
//                           a_i = (1 - s) * weight[y_i]    b_i = s * weight[v_i]    without weights all 1 and W = B
//     loss_i      = B / W * (a_i * CE(z_i, y_i) + b_i * CE(z_i, v_i))      CE(z, y) = log(sum_j exp(z_j)) - z_y
//     predicted_i = the smallest j with z_ij = max_j z_ij; -1 where a logit of the row is NaN
//     grad_z_ij   = ((a_i + b_i) * softmax(z_i)_j - a_i * [j == y_i] - b_i * [j == v_i]) / W
//
// The mean of the losses over the batch is then PyTorch's CrossEntropyLoss(weight), which divides the weighted sum by
// W, and without weights mixup's (1 - s) * CE(first) + s * CE(second). With both, the second labels are the batch's own
// in another order, and so have the same W.
//
//   shapes    z, grad_z [B, C], 1 <= C <= kMaxClasses    label [B] or, of a training, [N]    second_label [B] or empty
//             loss, predicted [B]    weight [C], and empty in weighted_softmax_xent where all are 1    N < 2^32
//   aliasing  grad_z may be exactly z; any other overlap is undefined. An empty grad_z is not computed.
//   zero      a term whose factor a_i or b_i is 0 is left out, however large its CE; a batch that weighs nothing has no
//             mean: NaN
//   labels    one outside [0, C) counts for no class, but in N; makes W NaN; and gives its row, be it the first or the
//             second label, a loss and a gradient of NaN. Never a stray access
//   sums      counts are integers and weights are formed in double: the same bits on every device. W is summed in
//             double, in a fixed order
//   state     batch_weight and weighted_softmax_xent do nothing once the run has stopped
#pragma once

#include <concepts>
#include <limits>

#include "plateau/core/contract.hpp"
#include "plateau/core/cost.hpp"
#include "plateau/core/view.hpp"
#include "plateau/ops/softmax_xent.hpp"
#include "plateau/ops/training_state.hpp"

namespace plateau {

constexpr Cost balanced_class_weights_cost(Index rows, Index classes) {
  return {.flops = 2.0 * double(classes), .bytes_read = 4.0 * double(rows), .bytes_written = 4.0 * double(classes)};
}
constexpr Cost batch_weight_cost(Index batch, Index classes) {
  return {.flops = double(batch), .bytes_read = 4.0 * double(batch) + 4.0 * double(classes), .bytes_written = 8};
}
// With weights and second labels.
constexpr Cost weighted_softmax_xent_cost(Index batch, Index classes) {
  return softmax_xent_cost(batch, classes) +
         Cost{.flops = 0, .bytes_read = 4.0 * double(batch) + 4.0 * double(classes), .bytes_written = 0};
}

template <Space S>
void expects_balanced_class_weights(SpanView<const std::int32_t, S> label, SpanView<float, S> weight) {
  expects(1 <= weight.size && weight.size <= kMaxClasses, "balanced_class_weights: 1 <= classes <= kMaxClasses");
  expects(label.size <= std::numeric_limits<std::uint32_t>::max(), "balanced_class_weights: fewer than 2^32 rows");
}
template <Space S>
void expects_batch_weight(SpanView<const float, S> weight, SpanView<const TrainingState, S> state) {
  expects_training_state(state);
  expects(1 <= weight.size && weight.size <= kMaxClasses, "batch_weight: 1 <= classes <= kMaxClasses");
}
template <class Real, Space S>
void expects_weighted_softmax_xent(MatrixView<const Real, S> z, SpanView<const std::int32_t, S> label,
                                   SpanView<const std::int32_t, S> second_label, SpanView<const float, S> weight,
                                   SpanView<const TrainingState, S> state, SpanView<Real, S> loss,
                                   SpanView<std::int32_t, S> predicted, MatrixView<Real, S> grad_z) {
  expects_training_state(state);
  expects_softmax_xent<Real, S>(z, label, loss, predicted, grad_z);
  expects(second_label.empty() || second_label.size == z.rows,
          "weighted_softmax_xent: a second label per row, or none at all");
  expects(weight.empty() || weight.size == z.cols, "weighted_softmax_xent: a weight per class, or none at all");
}

namespace cpu {

void balanced_class_weights(HostSpan<const std::int32_t> label, HostSpan<float> weight);
void batch_weight(HostSpan<const float> weight, HostSpan<const std::int32_t> label, HostSpan<TrainingState> state);
template <std::floating_point Real>
void weighted_softmax_xent(HostMatrix<const Real> z, HostSpan<const std::int32_t> label,
                           HostSpan<const std::int32_t> second_label, HostSpan<const float> weight,
                           HostSpan<const TrainingState> state, HostSpan<Real> loss, HostSpan<std::int32_t> predicted,
                           HostMatrix<Real> grad_z);

}  // namespace cpu

namespace gpu {

class Stream;
void balanced_class_weights(const Stream& stream, DeviceSpan<const std::int32_t> label, DeviceSpan<float> weight);
void batch_weight(const Stream& stream, DeviceSpan<const float> weight, DeviceSpan<const std::int32_t> label,
                  DeviceSpan<TrainingState> state);
void weighted_softmax_xent(const Stream& stream, DeviceMatrix<const float> z, DeviceSpan<const std::int32_t> label,
                           DeviceSpan<const std::int32_t> second_label, DeviceSpan<const float> weight,
                           DeviceSpan<const TrainingState> state, DeviceSpan<float> loss,
                           DeviceSpan<std::int32_t> predicted, DeviceMatrix<float> grad_z);

}  // namespace gpu
}  // namespace plateau
