// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A libcuda.so.1 as on a machine whose NVIDIA driver finds no GPU: it has a version, and refuses all else with
// CUDA_ERROR_NO_DEVICE. The CUDA runtime asks it for every entry point by name.
#include <string_view>

namespace {

constexpr int kSuccess = 0, kNoDevice = 100, kVersion = 13000;

int refuse() { return kNoDevice; }

}  // namespace

extern "C" {

int cuInit(unsigned) { return kNoDevice; }

int cuDriverGetVersion(int* version) {
  *version = kVersion;
  return kSuccess;
}

int cuGetProcAddress_v2(const char* name, void** function, int, unsigned long long, int* status) {
  const std::string_view asked(name);
  if (asked == "cuDriverGetVersion")
    *function = reinterpret_cast<void*>(&cuDriverGetVersion);
  else if (asked == "cuGetProcAddress")
    *function = reinterpret_cast<void*>(&cuGetProcAddress_v2);
  else
    *function = reinterpret_cast<void*>(&refuse);
  if (status != nullptr) *status = 0;  // found
  return kSuccess;
}

int cuGetProcAddress(const char* name, void** function, int version, unsigned long long flags) {
  return cuGetProcAddress_v2(name, function, version, flags, nullptr);
}
}
