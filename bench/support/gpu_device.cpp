// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/support/gpu_device.hpp"

#include <memory>

#include "bench/support/empty_launch.hpp"
#include "plateau/gpu/device.hpp"
#include "plateau/gpu/graph.hpp"

namespace plateau::bench {
namespace {

Index flush_bytes() {
  const gpu::Inventory found = gpu::inventory();
  expects(!found.devices.empty(), "GpuDevice: there is a GPU");
  return 2 * found.devices.front().l2_cache_bytes;
}

}  // namespace

GpuDevice::GpuDevice(Precision precision) : backend_(precision), larger_than_the_cache_(flush_bytes()) {}

double GpuDevice::cold_us(const Work& run, Index runs) {
  const gpu::Stream& stream = backend_.stream();
  const auto marks = static_cast<std::size_t>(2 * runs);
  while (marks_.size() < marks) marks_.emplace_back();
  for (std::size_t i = 0; i < marks; i += 2) {
    gpu::fill_bytes(stream, larger_than_the_cache_.view(), ++flushed_with_);
    marks_[i].record(stream);
    run();
    marks_[i + 1].record(stream);
  }
  backend_.finish();
  double total_us = 0;
  for (std::size_t i = 0; i < marks; i += 2) total_us += gpu::elapsed_us(marks_[i], marks_[i + 1]);
  return total_us / static_cast<double>(runs);
}

double GpuDevice::warm_us(const Work& run, Index runs) {
  const gpu::Stream& stream = backend_.stream();
  while (marks_.size() < 2) marks_.emplace_back();
  run();
  marks_[0].record(stream);
  for (Index i = 0; i < runs; ++i) run();
  marks_[1].record(stream);
  backend_.finish();
  return gpu::elapsed_us(marks_[0], marks_[1]) / static_cast<double>(runs);
}

Work GpuDevice::record(const Work& run, Index runs) const {
  const auto graph = std::make_shared<gpu::Graph>(gpu::capture(backend_.stream(), [&] {
    for (Index i = 0; i < runs; ++i) run();
  }));
  return [graph, &stream = backend_.stream()] { graph->replay(stream); };
}

Copier<Space::device> GpuDevice::copier(Index bytes) const {
  auto from = std::make_shared<gpu::DeviceBuffer<unsigned char>>(bytes);
  auto to = std::make_shared<gpu::DeviceBuffer<unsigned char>>(bytes);
  gpu::fill_bytes(backend_.stream(), from->view(), 1);
  gpu::fill_bytes(backend_.stream(), to->view(), 2);
  return {.run =
              [from, to, &stream = backend_.stream()] {
                gpu::copy_within(stream, DeviceSpan<const unsigned char>(from->view()), to->view());
              },
          .from = from->view(),
          .to = to->view()};
}

void GpuDevice::launch_nothing() const { empty_launch(backend_.stream()); }

}  // namespace plateau::bench
