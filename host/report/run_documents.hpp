// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Which JSON document a run directory has, read and checked.
#pragma once

#include <filesystem>
#include <optional>

#include "json_parts.hpp"
#include "plateau/core/error.hpp"

namespace plateau {

struct RunDocument {
  std::filesystem::path file;
  Json content;  // of a schema and version that this program reads
};

// None where the folder has no such document, or that of a run which was interrupted and has gone on since: then its
// checkpoint holds more. Throws InputError, naming the file, where it is damaged, of another schema or of a newer
// version; a run.json also where a seed, checksum, number of rows or epochs, share or outcome in it is none.
std::optional<RunDocument> read_run_document(const std::filesystem::path& directory);

// begun.json (begun.hpp), checked likewise; none where there is none.
std::optional<Json> read_begun(const std::filesystem::path& directory);

// Throws InputError where nothing lies in the folder, but for hidden files: those that a process which was killed while
// it wrote has left under their temporary names.
void expects_something_in(const std::filesystem::path& directory);

// What to throw where a key of the document is missing, or holds something else.
InputError damaged(const std::filesystem::path& file, const Json::exception& error);

}  // namespace plateau
