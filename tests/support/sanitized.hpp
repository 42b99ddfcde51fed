// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Whether this is built under the address or the thread sanitizer: there some tests take fewer cases of a kind, for
// each takes ten times as long, and what a sanitizer finds is the same in all of them.
#pragma once

namespace plateau::test {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace plateau::test
