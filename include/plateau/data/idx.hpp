// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// IDX files, the format of MNIST and its relatives (http://yann.lecun.com/exdb/mnist, "FILE FORMATS"), as they are or
// as gzip files (byte_stream.hpp).
//
//   2 bytes    zero
//   1 byte     type: 08 unsigned byte, 09 signed byte, 0B 16-bit and 0C 32-bit integer, 0D float, 0E double
//   1 byte     number of dimensions
//   4 bytes    for each dimension its size, a signed integer
//   the data, row-major; all numbers are big-endian
//
// A file is refused before memory is taken for its data unless exactly the bytes that its sizes take follow them; of a
// gzip file, whose end is not known before it is reached, unless it can hold them. Whatever is refused is an InputError
// that names the file, and the row and column at fault.
#pragma once

#include <string>

#include "plateau/data/npy.hpp"

namespace plateau {

// `files` is "images:labels", as train-images-idx3-ubyte.gz:train-labels-idx1-ubyte.gz.
//
//   images    2 dimensions or more: the first counts the rows, all others together the columns. Of any type: numbers
//             are taken as they are (bytes as 0 to 255), 32-bit integers and doubles rounded to the nearest float; a
//             finite double beyond the range of float is refused
//   labels    1 dimension, of an integer type, every value in [0, kMaxClasses)
FeaturesAndLabels read_idx(const std::string& files);

}  // namespace plateau
