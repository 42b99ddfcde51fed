// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "json_parts.hpp"

#include <chrono>
#include <cmath>
#include <ctime>

namespace plateau {
namespace {

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

const char* header_name(Header header) {
  switch (header) {
    case Header::detect:
      return "auto";
    case Header::present:
      return "present";
    case Header::absent:
      return "absent";
  }
  return "";
}

}  // namespace

Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json json_interval(Interval interval) { return Json::array({json_number(interval.low), json_number(interval.high)}); }

Json json_estimate(const Estimate& estimate) {
  return {{"value", json_number(estimate.value)}, {"interval_95", json_interval(estimate.interval)}};
}

Json reading_json(const ReadOptions& reading) {
  return {{"target", or_null(reading.target)},
          {"drop", reading.drop},
          {"group", or_null(reading.group)},
          {"header", header_name(reading.header)}};
}

Json versions_json(const Environment& environment) {
  const Build& build = environment.build;
  Json json{{"plateau", environment.version},
            {"commit", build.commit.empty() ? Json(nullptr) : Json(build.commit)},
            {"dirty", build.dirty},
            {"compiler", environment.compiler},
            {"matrix_products", environment.matrix_library}};
  if (environment.gpu) json["cuda_toolkit"] = environment.gpu->toolkit;
  return json;
}

Json gpu_json(const Environment& environment) {
  return {{"name", environment.device_name},
          {"compute_capability", environment.gpu->compute_capability},
          {"multiprocessors", environment.gpu->multiprocessors}};
}

Json measured_json(const Environment& environment, Json seconds) {
  Json measured{{"finished_at", utc_now()}, {"device_name", environment.device_name}};
  if (environment.gpu)
    measured["cuda_driver"] = environment.gpu->driver;
  else
    measured["threads"] = environment.workers;
  measured["seconds"] = std::move(seconds);
  return measured;
}

std::string text_of(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace plateau
