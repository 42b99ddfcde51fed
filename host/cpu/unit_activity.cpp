// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/ops/unit_activity.hpp"

namespace plateau {
template <std::floating_point Real>
void cpu::unit_activity(HostMatrix<const Real> a, HostSpan<std::int32_t> active) {
  expects_unit_activity<Real, Space::host>(a, active);
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j)
      if (a.row(i)[j] > 0) active[j] = 1;
}

template void cpu::unit_activity<float>(HostMatrix<const float>, HostSpan<std::int32_t>);
template void cpu::unit_activity<double>(HostMatrix<const double>, HostSpan<std::int32_t>);
}  // namespace plateau
