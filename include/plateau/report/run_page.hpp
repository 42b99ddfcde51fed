// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// The report of a run directory (run_directory.hpp): what its files say, as a page.
#pragma once

#include <filesystem>
#include <vector>

#include "plateau/report/page.hpp"

namespace plateau {

// Reads whichever of run.json, sweep.json, rounds.json, diagnosis.json, remedies.json and forensics.json is there, and
// the tables beside it. Of a run that was cut short, its checkpoint or its rounds so far; the page says so. Throws
// InputError, naming the file, where the folder holds none of these, where one is damaged, or was written by a newer
// Plateau.
Page read_page(const std::filesystem::path& directory);

// Writes report.html and report.md into the folder, and with `charts` each chart as an .svg file; replaces those of an
// earlier call, and removes the charts of it that are none of this page's. Returns the paths that were written,
// report.html first. Throws InputError where they cannot be written, or removed.
std::vector<std::filesystem::path> write_page(const std::filesystem::path& directory, const Page& page, bool charts);

}  // namespace plateau
