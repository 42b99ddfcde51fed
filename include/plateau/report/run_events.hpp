// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A run directory for TensorBoard (event_file.hpp): what it has by epoch or round as scalars, its hyper-parameters, and
// its summary as text.
#pragma once

#include <filesystem>
#include <vector>

namespace plateau {

// Writes an event file into `folder`, which becomes a run of the TensorBoard that looks at the folder above, and for
// each run of a sweep one into a folder in it ("setting-0-seed-3"), whose hyper-parameters are its setting and seed;
// returns their paths. All that the run directory says counts as of the time at which the run ended (1970 where a run
// was cut short and nobody knows), so the same directory gives the same bytes. Throws InputError as read_page() does
// (run_page.hpp), and where there is such a file already.
std::vector<std::filesystem::path> write_events(const std::filesystem::path& directory,
                                                const std::filesystem::path& folder);

}  // namespace plateau
