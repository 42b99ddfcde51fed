// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// How far a launch of the fused engine is, by what its blocks tell of their runs (ops/fused_training.hpp).
#pragma once

#include <algorithm>

#include "plateau/core/contract.hpp"
#include "plateau/ops/fused_training.hpp"

namespace plateau {

class FusedWatch {
 public:
  struct Run {
    Index first_epoch = 0, end_epoch = 1;  // those that are trained, the last not included
    double cost = 0;
  };
  struct Seen {
    Index finished = 0;  // runs
    double work = 0;     // done, in the unit of the costs
  };

  // The runs of a launch, which are taken in their order, `blocks` at a time, and where each one's progress lies. The
  // views must outlive the watch. Throws std::invalid_argument where they are not of the same runs.
  FusedWatch(HostSpan<const Run> runs, HostSpan<const volatile gpu::FusedProgress> told, Index blocks)
      : runs_(runs), told_(told), blocks_(blocks) {
    expects(told.size == runs.size && blocks >= 1, "FusedWatch: the progress of every run");
  }

  // Nothing steps back from one look to the next: no term of the sum does, and they are added in the same order.
  Seen look() {
    Seen seen = ended_;
    Index others = 0;  // that have not ended: behind as many as there are blocks none has begun
    for (Index k = first_; k < runs_.size && others < blocks_; ++k) {
      const double share = share_of(k);
      seen.work += share * runs_[k].cost;
      (share == 1 ? seen.finished : others) += 1;
      if (others > 0) continue;
      ended_ = seen;
      first_ = k + 1;
    }
    return seen;
  }

 private:
  // Of its epochs, those of another launch not among them. A run that has told nothing has 0.
  double share_of(Index k) const {
    const Run& run = runs_[k];
    const Index done = std::max<Index>(told_[k].epochs - run.first_epoch, 0);
    return static_cast<double>(done) / static_cast<double>(run.end_epoch - run.first_epoch);
  }

  HostSpan<const Run> runs_;
  HostSpan<const volatile gpu::FusedProgress> told_;
  Index blocks_;
  Index first_ = 0;  // those before it have ended,
  Seen ended_;       // and these are they
};

}  // namespace plateau
