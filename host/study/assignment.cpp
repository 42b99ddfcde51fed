// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/assignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr Index kNone = -1;

// Rows are assigned one after another, each by a shortest path of changes to those before it. A path costs what the
// sum of weights loses; row and column potentials keep what a single change costs from being negative.
class Assignment {
 public:
  Assignment(const std::vector<Index>& weight, Index n)
      : weight_(weight), n_(n), row_potential_(size(n)), column_potential_(size(n)), row_of_(size(n), kNone) {}

  void assign(Index row) {
    std::vector<Index> distance(size(n_), std::numeric_limits<Index>::max()), from(size(n_), kNone);
    std::vector<bool> done(size(n_), false);
    std::vector<Index> path;  // columns, in the order in which they were reached
    Index last = kNone, reached = 0;
    for (Index tried = row; tried != kNone; tried = row_of_[size(last)]) {
      Index next = kNone;
      for (Index c = 0; c < n_; ++c) {
        if (done[size(c)]) continue;
        const Index through = reached + cost(tried, c) - row_potential_[size(tried)] - column_potential_[size(c)];
        if (through < distance[size(c)]) {
          distance[size(c)] = through;
          from[size(c)] = last;
        }
        if (next == kNone || distance[size(c)] < distance[size(next)]) next = c;
      }
      last = next;
      reached = distance[size(last)];
      done[size(last)] = true;
      path.push_back(last);
    }
    row_potential_[size(row)] += reached;
    for (const Index c : path) {
      const Index slack = reached - distance[size(c)];
      column_potential_[size(c)] -= slack;
      if (row_of_[size(c)] != kNone) row_potential_[size(row_of_[size(c)])] += slack;
    }
    for (; from[size(last)] != kNone; last = from[size(last)]) row_of_[size(last)] = row_of_[size(from[size(last)])];
    row_of_[size(last)] = row;
  }

  std::vector<Index> columns() const {
    std::vector<Index> column(size(n_));
    for (Index c = 0; c < n_; ++c) column[size(row_of_[size(c)])] = c;
    return column;
  }

 private:
  static std::size_t size(Index n) { return static_cast<std::size_t>(n); }
  // A weight counts more than all n numbers that are kept.
  Index cost(Index row, Index column) const { return -(weight_[size(row * n_ + column)] * (n_ + 1) + (row == column)); }

  const std::vector<Index>& weight_;
  Index n_;
  std::vector<Index> row_potential_, column_potential_, row_of_;  // row_of_: of each column
};

}  // namespace

std::vector<Index> best_assignment(const std::vector<Index>& weight, Index n) {
  expects(n >= 1 && static_cast<Index>(weight.size()) == n * n, "best_assignment: a square of weights");
  expects(std::all_of(weight.begin(), weight.end(), [](Index w) { return 0 <= w && w < Index{1} << 31; }),
          "best_assignment: weights in [0, 2^31)");
  Assignment assignment(weight, n);
  for (Index row = 0; row < n; ++row) assignment.assign(row);
  return assignment.columns();
}

bool RecallChange::is_exchange() const { return lost <= kExchangeLoses * gained; }

RecallChange recall_change(const std::vector<std::int32_t>& given, const std::vector<std::int32_t>& label,
                           const std::vector<Index>& map) {
  expects(given.size() == label.size(), "recall_change: a label for every row");
  std::vector<double> rows(map.size()), more_right(map.size());  // of the class; under the map
  for (std::size_t row = 0; row < label.size(); ++row) {
    const auto c = static_cast<std::size_t>(label[row]);
    ++rows.at(c);
    if (given[row] < 0) continue;
    more_right[c] += map.at(static_cast<std::size_t>(given[row])) == label[row];
    more_right[c] -= given[row] == label[row];
  }
  RecallChange change;
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] == 0) continue;
    (more_right[c] > 0 ? change.gained : change.lost) += std::abs(more_right[c]) / rows[c];
  }
  return change;
}

}  // namespace plateau
