// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "plateau/study/model_search.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plateau/core/contract.hpp"

namespace plateau {
namespace {

constexpr Index kKept = 3;  // of so many settings one goes on to the next rung

std::vector<Index> rungs_from(Index settings, Index folds) {
  std::vector<Index> rungs{settings};
  while (static_cast<Index>(rungs.size()) < folds) rungs.push_back((rungs.back() + kKept - 1) / kKept);
  return rungs;
}

struct Contender {
  Setting setting;
  std::vector<RunResult> by_fold;
  FoldScore score;
};

}  // namespace

std::vector<Index> search_rungs(Index budget, Index folds) {
  expects(folds >= 1, "search_rungs: at least one fold");
  std::vector<Index> rungs;
  // One setting more takes at least one training more, so no more than `budget` need to be tried.
  Index low = 0, high = budget;
  while (low < high) {
    const Index settings = low + (high - low + 1) / 2;
    const std::vector<Index> tried = rungs_from(settings, folds);
    if (std::accumulate(tried.begin(), tried.end(), Index{0}) <= budget) {
      low = settings;
      rungs = tried;
    } else {
      high = settings - 1;
    }
  }
  return rungs;
}

std::optional<SearchResult> search_settings(Laboratory& laboratory, std::string_view block, const TrainingData& data,
                                            const Run& user, const Battery& battery, const Folds& folds, Index budget,
                                            std::uint64_t seed) {
  const std::vector<Index> rungs = search_rungs(budget, folds.count());
  if (rungs.empty()) return {};
  SearchResult result{.settings = rungs.front()};
  std::vector<Contender> contenders;
  for (Index number = 0; number < rungs.front(); ++number)
    contenders.push_back({random_setting(user, data.train_x.rows, battery, seed, number), {}, {}});
  for (std::size_t rung = 0; rung < rungs.size(); ++rung) {
    if (static_cast<Index>(contenders.size()) > rungs[rung])
      contenders.erase(contenders.begin() + rungs[rung], contenders.end());
    std::vector<Setting> settings;
    settings.reserve(contenders.size());
    for (const Contender& contender : contenders) settings.push_back(contender.setting);
    std::vector<RunResult> results =
        train_outside_fold(laboratory, block, data, settings, folds, static_cast<Index>(rung), seed);
    result.trainings += static_cast<Index>(results.size());
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      contenders[i].by_fold.push_back(std::move(results[i]));
      contenders[i].score = fold_score(contenders[i].setting.run, contenders[i].by_fold);
    }
    std::erase_if(contenders, [](const Contender& c) { return !std::isfinite(c.score.validation_loss); });
    if (contenders.empty()) return {};
    std::ranges::stable_sort(contenders, {}, [](const Contender& c) { return c.score.best_loss; });
  }
  result.best = stopped_at_best(contenders.front().setting, contenders.front().score);
  return result;
}

}  // namespace plateau
