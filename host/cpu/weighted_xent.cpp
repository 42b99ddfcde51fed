// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/weighted_xent.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "softmax_row.hpp"

namespace plateau {
void cpu::balanced_class_weights(HostSpan<const std::int32_t> label, HostSpan<float> weight) {
  expects_balanced_class_weights<Space::host>(label, weight);
  std::vector<Index> class_rows(static_cast<std::size_t>(weight.size));
  for (const std::int32_t y : label)
    if (0 <= y && y < weight.size) ++class_rows[static_cast<std::size_t>(y)];

  for (Index c = 0; c < weight.size; ++c) {
    const Index rows = class_rows[static_cast<std::size_t>(c)];
    const double share = static_cast<double>(label.size) / static_cast<double>(weight.size * rows);
    weight[c] = rows == 0 ? 0 : static_cast<float>(share);
  }
}

void cpu::batch_weight(HostSpan<const float> weight, HostSpan<const std::int32_t> label,
                       HostSpan<TrainingState> state) {
  expects_batch_weight<Space::host>(weight, state);
  if (state[0].status != RunStatus::running) return;
  double sum = 0;
  for (const std::int32_t y : label) {
    const bool known = 0 <= y && y < weight.size;
    sum += known ? static_cast<double>(weight[y]) : std::numeric_limits<double>::quiet_NaN();
  }
  state[0].batch_weight = sum;
}

template <std::floating_point Real>
void cpu::weighted_softmax_xent(HostMatrix<const Real> z, HostSpan<const std::int32_t> label,
                                HostSpan<const std::int32_t> second_label, HostSpan<const float> weight,
                                HostSpan<const TrainingState> state, HostSpan<Real> loss,
                                HostSpan<std::int32_t> predicted, HostMatrix<Real> grad_z) {
  expects_weighted_softmax_xent<Real, Space::host>(z, label, second_label, weight, state, loss, predicted, grad_z);
  if (state[0].status != RunStatus::running) return;
  constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();
  const auto batch = static_cast<double>(z.rows), batch_weight = weight.empty() ? batch : state[0].batch_weight;
  const auto scale = static_cast<Real>(batch / batch_weight), grad_scale = static_cast<Real>(1 / batch_weight);
  const auto share = static_cast<Real>(second_label.empty() ? 0 : state[0].second_share);
  const auto known = [&](Index y) { return 0 <= y && y < z.cols; };
  const auto weight_of = [&](Index y) {
    return !known(y) ? kNaN : weight.empty() ? Real(1) : static_cast<Real>(weight[y]);
  };

  for (Index i = 0; i < z.rows; ++i) {
    const Real* z_i = z.row(i);
    const auto [of_row, row_max, sum] = softmax_row(z_i, z.cols);
    predicted.data[i] = of_row;
    const Real log_sum = std::log(sum) + row_max;

    const Index first = label.data[i], second = second_label.empty() ? first : Index{second_label.data[i]};
    const Real a = (1 - share) * weight_of(first), b = share * weight_of(second);
    const auto term = [&](Real factor, Index y) {
      return factor == 0 ? Real(0) : known(y) ? factor * (log_sum - z_i[y]) : kNaN;
    };
    loss.data[i] = scale * (term(a, first) + term(b, second));

    if (grad_z.empty()) continue;
    Real* grad_i = grad_z.row(i);
    for (Index j = 0; j < z.cols; ++j) {
      const Real target = (j == first ? a : 0) + (j == second ? b : 0);
      grad_i[j] = ((a + b) * (std::exp(z_i[j] - row_max) / sum) - target) * grad_scale;
    }
  }
}

template void cpu::weighted_softmax_xent<float>(HostMatrix<const float>, HostSpan<const std::int32_t>,
                                                HostSpan<const std::int32_t>, HostSpan<const float>,
                                                HostSpan<const TrainingState>, HostSpan<float>, HostSpan<std::int32_t>,
                                                HostMatrix<float>);
template void cpu::weighted_softmax_xent<double>(HostMatrix<const double>, HostSpan<const std::int32_t>,
                                                 HostSpan<const std::int32_t>, HostSpan<const float>,
                                                 HostSpan<const TrainingState>, HostSpan<double>,
                                                 HostSpan<std::int32_t>, HostMatrix<double>);
}  // namespace plateau
