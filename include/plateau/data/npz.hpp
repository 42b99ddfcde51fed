// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// NumPy's .npz archives (numpy.savez and numpy.savez_compressed): a zip file (PKWARE's APPNOTE.TXT) whose members are
// .npy arrays (npy.hpp), stored or deflated.
//
// Before anything is decompressed the archive is refused where two members have the same name, a member is encrypted
// or compressed in another way, or the sizes of its members are no zip file's: compressed to more bytes than the file
// has, or inflated by more than DEFLATE can. An array is refused before memory is taken for it unless its header
// announces exactly the bytes that the archive announces for the member, and what is decompressed ends there. What the
// checksum of a member that is read does not fit is refused as well. Each is an InputError that names the member.
#pragma once

#include <string>

#include "plateau/data/npy.hpp"

namespace plateau {

// The names of the arrays, as keywords of numpy.savez. An empty one: features are the first of X, x, features,
// embeddings and data that is there, labels the first of y, Y, labels, label and targets; where one of the two is not
// there under such a name, the one array that has its dtype and its number of dimensions.
struct NpzNames {
  std::string features;
  std::string labels;
};

// Features as read_npy_features() takes them, labels as read_npy_labels() does.
FeaturesAndLabels read_npz(const std::filesystem::path& path, const NpzNames& names = {});

}  // namespace plateau
