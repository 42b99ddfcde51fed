// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which sources this program was built from, found when it was built: the folder it runs in may hold others.
#pragma once

#include <string>

namespace plateau {

struct Build {
  std::string commit;  // 40 hex digits; empty where it is not known: sources without their git repository, or no git
  bool dirty = false;  // files that git knows differed from the commit
};

Build this_build();

}  // namespace plateau
