// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// What a user can mend: a file, a row, a column, an option. `what()` is one sentence that names the culprit and ends
// without a full stop; programs print it on stderr and exit with 2.
#pragma once

#include <stdexcept>

namespace plateau {

class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace plateau
