// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// A matrix of features in a file, read front to back: all of it at once, or some rows at a time. Every format has its
// own, whose header is judged when it is opened, as the public header of the format says.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "plateau/data/npy.hpp"

namespace plateau {

class FeatureRows {
 public:
  virtual ~FeatureRows() = default;
  FeatureRows(const FeatureRows&) = delete;
  FeatureRows& operator=(const FeatureRows&) = delete;

  const std::string& name() const { return name_; }  // begins a sentence about the matrix
  Index rows() const { return rows_; }
  Index rows_read() const { return rows_read_; }

  // The next rows: `most`, or those that are left. With the last of them what the format says of its end has been seen.
  NpyMatrix next(Index most) {
    const Index rows = std::min(most, rows_ - rows_read_);
    NpyMatrix block{.rows = rows, .cols = cols_, .values = HostBuffer<float>(rows * cols_)};
    read(rows_read_ * cols_, rows * cols_, block.values.view().data);
    rows_read_ += rows;
    if (rows_read_ == rows_) expects_end();
    return block;
  }
  NpyMatrix all() { return next(rows_); }

 protected:
  FeatureRows(std::string name, Index rows, Index cols) : name_(std::move(name)), rows_(rows), cols_(cols) {}
  Index cols() const { return cols_; }

 private:
  // `count` values, which follow those that were read before; `first` is the place of the first of them, row-major.
  virtual void read(Index first, Index count, float* to) = 0;
  virtual void expects_end() = 0;

  std::string name_;
  Index rows_, cols_;
  Index rows_read_ = 0;
};

// Where labels may be named beside the features, they are left out.
std::unique_ptr<FeatureRows> open_npy_features(const std::filesystem::path& path);
std::unique_ptr<FeatureRows> open_npz_features(const std::filesystem::path& path);
std::unique_ptr<FeatureRows> open_embeddings_features(const std::string& files);
std::unique_ptr<FeatureRows> open_idx_images(const std::string& files);

}  // namespace plateau
