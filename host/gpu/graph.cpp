// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/gpu/graph.hpp"

#include <cuda_runtime_api.h>

#include "plateau/gpu/error.hpp"

namespace plateau::gpu {
namespace {

struct DestroyGraph {
  void operator()(CUgraph_st* graph) const { cudaGraphDestroy(graph); }
};

}  // namespace

void Graph::replay(const Stream& stream) const { check_cuda(cudaGraphLaunch(executable_.get(), stream.handle())); }

void Graph::Destroy::operator()(CUgraphExec_st* graph) const { cudaGraphExecDestroy(graph); }

Graph capture(const Stream& stream, const std::function<void()>& enqueue) {
  // Thread-local: only this thread is kept from calls that would spoil the capture.
  check_cuda(cudaStreamBeginCapture(stream.handle(), cudaStreamCaptureModeThreadLocal));
  cudaGraph_t captured = nullptr;
  try {
    enqueue();
  } catch (...) {
    cudaStreamEndCapture(stream.handle(), &captured);  // gives the stream back
    if (captured != nullptr) cudaGraphDestroy(captured);
    cudaGetLastError();
    throw;
  }
  check_cuda(cudaStreamEndCapture(stream.handle(), &captured));
  const std::unique_ptr<CUgraph_st, DestroyGraph> recorded(captured);

  Graph graph;
  std::size_t nodes = 0;
  check_cuda(cudaGraphGetNodes(captured, nullptr, &nodes));
  graph.nodes_ = static_cast<Index>(nodes);
  cudaGraphExec_t executable = nullptr;
  check_cuda(cudaGraphInstantiate(&executable, captured, 0));
  graph.executable_.reset(executable);
  return graph;
}

}  // namespace plateau::gpu
