// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/makers.hpp"

#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/validation/making.hpp"
#include "bench/validation/parameters.hpp"

namespace plateau::validation {
namespace {

constexpr Index kOneOfTwo = 20;  // problems of each of two makers of a cause

struct Maker {
  const char* name;
  Kind kind;
  Index sets;  // of which rates are reported
  void (*make)(Making&);
  bool truths = true;  // whether there is time to look for true values
};
// A maker's place is part of its problems' seeds: new ones come at the end.
constexpr Maker kMakers[] = {{"single-class", Kind::cause, 30, single_class},
                             {"no-signal", Kind::cause, 30, no_signal},
                             {"majority", Kind::cause, kOneOfTwo, majority},
                             {"label-map", Kind::cause, 30, label_map},
                             {"leak", Kind::cause, 30, leak},
                             {"shift", Kind::cause, kOneOfTwo, shift},
                             {"optimisation", Kind::cause, 32, optimisation},
                             {"capacity", Kind::cause, kOneOfTwo, capacity},
                             {"overfit", Kind::cause, 30, overfit},
                             {"data-limited", Kind::cause, 30, data_limited},
                             {"ceiling", Kind::cause, 30, ceiling},
                             {"label-noise", Kind::cause, 30, label_noise},
                             {"embedding-limited", Kind::cause, 30, embedding_limited},
                             {"family-limited", Kind::cause, 30, family_limited, false},
                             {"solved", Kind::cause, 30, solved},
                             {"two-causes", Kind::two_causes, 30, two_causes},
                             {"healthy", Kind::healthy, 24, healthy},
                             {"underpowered", Kind::underpowered, 100, underpowered},
                             {"warm-start", Kind::cause, 30, warm_start},
                             {"stale-evaluation", Kind::cause, 30, stale_evaluation},
                             {"frozen-weights", Kind::cause, kOneOfTwo, frozen_weights},
                             {"forgetting", Kind::cause, 30, forgetting},
                             {"healthy-rounds", Kind::healthy, 30, healthy_rounds},
                             {"majority-rarer", Kind::cause, kOneOfTwo, rarer_class},
                             {"shift-of-classes", Kind::cause, kOneOfTwo, prior_shift},
                             {"capacity-above-linear", Kind::cause, kOneOfTwo, capacity_above_linear},
                             {"frozen-weights-given", Kind::cause, kOneOfTwo, frozen_training},
                             {"healthy-groups", Kind::healthy, 24, healthy_groups},
                             {"healthy-early-stopping", Kind::healthy, 24, healthy_early_stopping},
                             {"healthy-imbalance", Kind::healthy, 24, healthy_imbalance},
                             {"healthy-frozen", Kind::healthy, 24, healthy_frozen}};

const Maker& maker_of(const std::string& name) {
  const auto found = std::ranges::find_if(kMakers, [&name](const Maker& maker) { return name == maker.name; });
  if (found == std::end(kMakers)) throw std::invalid_argument("there is no maker " + name);
  return *found;
}

}  // namespace

const std::vector<std::string>& maker_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Maker& maker : kMakers) all.emplace_back(maker.name);
    return all;
  }();
  return names;
}

Index sets_of(const std::string& maker) { return maker_of(maker).sets; }

bool has_truths(const std::string& maker, Index number, Index every) {
  return maker_of(maker).truths && every > 0 && number % every == number / every % every;
}

Specification specification_of(Part part, const std::string& name, Index number) {
  expects(0 <= number && number < Index{1} << 40, "specification_of: 0 <= number < 2^40");
  const Maker& maker = maker_of(name);
  Making making(part, name, number, static_cast<std::uint64_t>(&maker - kMakers));
  making.spec.kind = maker.kind;
  maker.make(making);
  return std::move(making.spec);
}

std::uint32_t checksum(Part part) {
  std::string text;
  for (const std::string& maker : maker_names()) {
    for (Index number = 0; number < kHashedSets; ++number) {
      const Specification s = specification_of(part, maker, number);
      text += parameters(s).dump() + " " + to_string(s.kind);
      for (const VerdictCode code : s.expected) text += std::string(" ") + to_string(code);
      text += "\n";
    }
    text += std::to_string(checksum(Problem(specification_of(part, maker, 0)))) + "\n";
  }
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace plateau::validation
