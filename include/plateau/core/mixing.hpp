// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Mixed batches (mixup: Zhang, Cisse, Dauphin and Lopez-Paz 2018): at every step the rows of the batch are dealt to
// each other as partners, and one share, from a symmetric Beta distribution, is taken of every row.
//
//   partner of row r at step t   pi_t(r), a keyed permutation of the batch
//   share of the row itself      lambda_t ~ Beta(alpha, alpha)
//
// The share is drawn in double by whatever the device has for pow and cos: its last bits may differ between devices.
#pragma once

#include <cmath>

#include "plateau/core/permutation.hpp"
#include "plateau/core/schedule.hpp"

namespace plateau {

inline constexpr double kLeastMixing = 0.05, kMostMixing = 100;  // of alpha: below, powers of uniforms would vanish

// The partners of a batch of `rows` rows at any step: of_instance(step, rows of the batch).
inline KeyedPermutation mixing_partners(std::uint64_t seed, Index rows) {
  return KeyedPermutation({seed, StreamId::mixing}, rows);
}

// 1 - lambda, the partner's share. kLeastMixing <= alpha <= kMostMixing.
PLATEAU_HD inline double mixing_share(std::uint64_t seed, std::int64_t step, double alpha) {
  const RandomStream stream{seed, StreamId::mixing_share, static_cast<std::uint32_t>(step)};
  const auto open = [](std::uint32_t word) { return static_cast<double>((word >> 8) + 1) * 0x1p-24; };  // in (0, 1]
  for (std::uint64_t attempt = 0;; ++attempt) {
    const PhiloxCounter random = draw(stream, attempt);
    const double u = open(random.word[0]), v = open(random.word[1]);
    if (alpha > 0.5) {  // Ulrich 1984
      const double radius = sqrt(1 - pow(u, 2 / (2 * alpha - 1)));
      return (1 + radius * cos_pi(2 * v)) / 2;
    }
    const double x = pow(u, 1 / alpha), y = pow(v, 1 / alpha);  // Joehnk 1964
    if (x + y <= 1) return x / (x + y);
  }
}

}  // namespace plateau
