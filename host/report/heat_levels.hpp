// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The steps of colour that a heat map has, from the lowest value to the highest: classes h0, h1, ..., each with the
// class of the text that can be read on it, on-h0, on-h1, ...
#pragma once

namespace plateau::drawing {

inline constexpr int kHeatLevels = 17;

}  // namespace plateau::drawing
