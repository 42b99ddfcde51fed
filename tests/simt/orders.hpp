// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Tests under every order in which the emulated GPU can run what nothing orders.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "simt/engine.hpp"

namespace plateau::simt {

// Puts the options back.
class KeptOptions {
 public:
  KeptOptions() = default;
  KeptOptions(const KeptOptions&) = delete;
  KeptOptions& operator=(const KeptOptions&) = delete;
  ~KeptOptions() { options() = before_; }

 private:
  Options before_ = options();
};

template <class Body>
void for_each_order(const Body& body) {
  const KeptOptions kept;
  for (const Options& chosen : {Options{Order::ascending, 1}, Options{Order::descending, 1}, Options{Order::random, 1},
                                Options{Order::random, 2}, Options{Order::random, 3}}) {
    SCOPED_TRACE("order " + std::to_string(static_cast<int>(chosen.order)) + ", seed " + std::to_string(chosen.seed));
    options() = chosen;
    body();
  }
}

}  // namespace plateau::simt
