// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Recorded work: what a function enqueues, captured once and replayed as one launch.
#pragma once

#include <functional>
#include <memory>

#include "plateau/core/view.hpp"
#include "plateau/gpu/stream.hpp"

struct CUgraphExec_st;

namespace plateau::gpu {

class Graph {
 public:
  // Enqueues everything that was captured.
  void replay(const Stream& stream) const;
  Index nodes() const { return nodes_; }

 private:
  friend Graph capture(const Stream& stream, const std::function<void()>& enqueue);
  struct Destroy {
    void operator()(CUgraphExec_st* graph) const;
  };
  std::unique_ptr<CUgraphExec_st, Destroy> executable_;
  Index nodes_ = 0;
};

// Records what `enqueue` puts into the stream; nothing of it runs. A function that does more than enqueue (allocates,
// waits) throws GpuError. Nor should it copy pageable memory, which CUDA would read or write at every replay; the
// emulated GPU refuses that. Whatever `enqueue` throws is passed on, and the stream is usable again.
Graph capture(const Stream& stream, const std::function<void()>& enqueue);

}  // namespace plateau::gpu
