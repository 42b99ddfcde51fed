// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Streams and events: where work is queued, and marks in the queue. Move-only owners. There is no default stream, so
// no work waits for work it does not know.
#pragma once

#include <memory>

struct CUstream_st;
struct CUevent_st;

namespace plateau::gpu {

class Event;

class Stream {
 public:
  Stream();  // throws GpuError where there is no device

  // Blocks until all queued work has run. Throws GpuError for whatever of it failed.
  void synchronise() const;
  // Work queued here from now on runs after the event.
  void wait(const Event& event) const;

  CUstream_st* handle() const { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(CUstream_st* stream) const;
  };
  std::unique_ptr<CUstream_st, Destroy> handle_;
};

class Event {
 public:
  Event();

  void record(const Stream& stream);
  // Whether everything that was queued before the mark has run. Does not wait.
  bool passed() const;

  CUevent_st* handle() const { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(CUevent_st* event) const;
  };
  std::unique_ptr<CUevent_st, Destroy> handle_;
};

// Device time between two recorded marks that have passed, in microseconds.
double elapsed_us(const Event& from, const Event& to);

}  // namespace plateau::gpu
