// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/core/schedule.hpp"

#include <gtest/gtest.h>

namespace plateau::schedule_test {
namespace {

TEST(Schedule, constant_takes_nothing_off) {
  for (const int epoch : {0, 1, 99}) EXPECT_EQ(rate_reduction(Schedule::constant, epoch, 100), 0);
}

// torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10) with lr = 1, its closed form.
TEST(Schedule, cosine_falls_as_pytorchs) {
  const double rate[] = {1.0, 0.9755282581475768,  0.9045084971874737, 0.7938926261462366,  0.6545084971874737,
                         0.5, 0.34549150281252633, 0.2061073738537635, 0.09549150281252633, 0.024471741852423234};
  for (int epoch = 0; epoch < 10; ++epoch)
    EXPECT_NEAR(1 - rate_reduction(Schedule::cosine, epoch, 10), rate[epoch], 1e-15) << epoch;
  EXPECT_EQ(rate_reduction(Schedule::cosine, 0, 1), 0);
}

}  // namespace
}  // namespace plateau::schedule_test
