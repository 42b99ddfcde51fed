// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The devices every test body runs on.
#pragma once

#include <gtest/gtest.h>

#include "plateau/model/cpu_backend.hpp"
#include "plateau/model/gpu_backend.hpp"

namespace plateau::test {

// The double instance: what the others are measured against.
inline const CpuBackend<double> kOracle;
// The float instance on the CPU: its error is the yardstick of the budgets.
inline const CpuBackend<float> kTwin;

// The GPU this test program was linked with: an emulated one (tests/simt), or a real one in gpu_tests.
inline const GpuBackend& gpu_backend() {
  static const GpuBackend backend;
  return backend;
}

// Everything that computes in float. A device is added by two lines here.
template <class F>
void for_each_float_backend(F f) {
  {
    SCOPED_TRACE("cpu, float");
    f(kTwin);
  }
  SCOPED_TRACE("gpu");
  f(gpu_backend());
}

// The float backends and the oracle itself.
template <class F>
void for_each_backend(F f) {
  for_each_float_backend(f);
  SCOPED_TRACE("cpu, double");
  f(kOracle);
}

// The number type of a backend that a generic lambda was handed.
template <class Backend>
using RealOf = typename Backend::Real;

}  // namespace plateau::test
