// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
#include "bench/validation/population.hpp"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "plateau/core/normal.hpp"
#include "plateau/core/random.hpp"

namespace plateau::validation {
namespace {

// Instances of the streams beyond those of the tables.
constexpr std::uint32_t kOfTheRule = 1000, kOfNoise = 2000, kOfOtherPoints = 3000, kOfGroups = 4000;

RandomStream stream(const Rule& rule, StreamId id, std::uint32_t instance) { return {rule.seed, id, instance}; }

double normal_at(RandomStream of, Index element) {
  const PhiloxCounter random = draw(of, static_cast<std::uint64_t>(element));
  return static_cast<double>(normal(random.word[0], random.word[1]));
}

double uniform_at(RandomStream of, Index element) {
  return static_cast<double>(uniform(draw(of, static_cast<std::uint64_t>(element)).word[0]));
}

// Gram and Schmidt's, on normal vectors; in an order of operations that is the same everywhere.
std::vector<double> orthonormal(const Rule& rule, Index directions) {
  std::vector<double> found(static_cast<std::size_t>(directions * rule.features));
  for (Index q = 0; q < directions; ++q) {
    double* const v = found.data() + q * rule.features;
    for (Index j = 0; j < rule.features; ++j)
      v[j] = normal_at(stream(rule, StreamId::labels, kOfTheRule), q * rule.features + j);
    for (int pass = 0; pass < 2; ++pass)  // again, for what rounding left
      for (Index p = 0; p < q; ++p) {
        const double* const u = found.data() + p * rule.features;
        double product = 0;
        for (Index j = 0; j < rule.features; ++j) product += u[j] * v[j];
        for (Index j = 0; j < rule.features; ++j) v[j] -= product * u[j];
      }
    double square = 0;
    for (Index j = 0; j < rule.features; ++j) square += v[j] * v[j];
    const double length = std::sqrt(square);
    for (Index j = 0; j < rule.features; ++j) v[j] /= length;
  }
  return found;
}

// Through float, so that another machine's last bit of a cosine or a quantile is no other rule.
double rounded(double x) { return static_cast<double>(static_cast<float>(x)); }

double phi(double z) { return boost::math::cdf(boost::math::normal(), z); }

// Share of right answers where the truth is given with probability `share`, and then flipped among K classes.
double after_flips(double share, double flips, Index classes) {
  return share * (1 - flips) + (1 - share) * flips / static_cast<double>(classes - 1);
}

// Along the first direction, of a mixture whose first class lies around r, and its second around -r: where a point is
// as likely of either.
double border_of_two(double first_share, double r) { return std::log((1 - first_share) / first_share) / (2 * r); }

Index directions_needed(const Rule& rule) {
  switch (rule.kind) {
    case RuleKind::hyperplane:
    case RuleKind::mixture:
      return rule.classes == 2 ? 1 : 2;
    case RuleKind::ball:
    case RuleKind::parity:
      return rule.directions;
    case RuleKind::wave:
    case RuleKind::stair:
      return 2;
    case RuleKind::patchwork:
      return 0;
  }
  return 0;
}

}  // namespace

const char* to_string(RuleKind kind) {
  switch (kind) {
    case RuleKind::hyperplane:
      return "hyperplane";
    case RuleKind::ball:
      return "ball";
    case RuleKind::parity:
      return "parity";
    case RuleKind::mixture:
      return "mixture";
    case RuleKind::patchwork:
      return "patchwork";
    case RuleKind::wave:
      return "wave";
    case RuleKind::stair:
      return "stair";
  }
  return "";
}

Population::Population(const Rule& rule) : rule_(rule) {
  expects(rule.features >= 1 && rule.classes >= 2, "Population: features >= 1, classes >= 2");
  expects(rule.kind != RuleKind::patchwork || (rule.features == 2 && rule.classes == 2 && rule.cells >= 2),
          "Population: a patchwork has two features, two classes and at least two cells a side");
  expects(rule.classes == 2 ||
              (rule.kind != RuleKind::parity && rule.kind != RuleKind::wave && rule.kind != RuleKind::stair),
          "Population: a parity, a wave and a stair have two classes");
  expects(rule.first_share == 0 ||
              (rule.kind == RuleKind::mixture && rule.classes == 2 && 0 < rule.first_share && rule.first_share < 1),
          "Population: a mixture of two has a share, in (0, 1)");
  expects(0 <= rule.flips && rule.flips < 1, "Population: 0 <= flips < 1");
  expects(
      rule.group_rows == 0 || (rule.kind != RuleKind::mixture && rule.kind != RuleKind::patchwork && rule.margin == 0 &&
                               0 <= rule.group_share && rule.group_share < 1 && 2 * rule.flips < 1),
      "Population: groups have a share of the variance in [0, 1), and are not of every rule");
  const Index directions = directions_needed(rule);
  expects(directions <= rule.features, "Population: no more directions than features");
  directions_ = orthonormal(rule, directions);
  for (Index k = 0; k < rule.classes; ++k) {
    const double turn = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(rule.classes);
    cosine_.push_back(rounded(std::cos(turn)));
    sine_.push_back(rule.classes == 2 ? 0 : rounded(std::sin(turn)));
  }
  if (rule.kind == RuleKind::ball) {
    const boost::math::chi_squared squared_distance(static_cast<double>(directions));
    for (Index k = 1; k < rule.classes; ++k)
      shells_.push_back(
          rounded(boost::math::quantile(squared_distance, static_cast<double>(k) / static_cast<double>(rule.classes))));
  }
}

double Population::along(Index direction, const double* x) const {
  const double* const v = directions_.data() + direction * rule_.features;
  double sum = 0;
  for (Index j = 0; j < rule_.features; ++j) sum += v[j] * x[j];
  return sum;
}

std::int32_t Population::class_by_direction(const double* x) const {
  const double a = along(0, x), b = rule_.classes == 2 ? 0 : along(1, x);
  std::int32_t best = 0;
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < cosine_.size(); ++k) {
    const double score = cosine_[k] * a + sine_[k] * b;
    if (score > most) best = static_cast<std::int32_t>(k), most = score;
  }
  return best;
}

std::int32_t Population::best_class(const float* x) const {
  const std::vector<double> point(x, x + rule_.features);
  if (rule_.kind != RuleKind::mixture) return class_of(point.data());
  if (rule_.first_share == 0) return class_by_direction(point.data());
  return along(0, point.data()) > border_of_two(rule_.first_share, rule_.separation) ? 0 : 1;
}

std::int32_t Population::class_of(const double* x) const {
  switch (rule_.kind) {
    case RuleKind::hyperplane:
      return class_by_direction(x);
    case RuleKind::ball: {
      double square = 0;
      for (Index q = 0; q < rule_.directions; ++q) {
        const double distance = along(q, x);
        square += distance * distance;
      }
      std::int32_t shell = 0;
      for (const double border : shells_)
        if (square > border) ++shell;
      return shell;
    }
    case RuleKind::parity: {
      std::int32_t sides = 0;
      for (Index q = 0; q < rule_.directions; ++q) sides += along(q, x) < 0 ? 1 : 0;
      return sides % 2;
    }
    case RuleKind::wave: {
      const double b = along(1, x);
      return along(0, x) > rule_.bend * (b * b * b - 3 * b) ? 0 : 1;
    }
    case RuleKind::stair: {
      constexpr double kLinearPart = 0.7978845608028654;  // sqrt(2 / pi), of the sign of a normal number
      const double b = along(1, x);
      return along(0, x) > rule_.bend * ((b < 0 ? -1 : 1) - kLinearPart * b) ? 0 : 1;
    }
    case RuleKind::patchwork: {
      const auto cell = [&](double at) { return static_cast<Index>(at * static_cast<double>(rule_.cells)); };
      const std::int32_t side = x[0] < 0.5 ? 0 : 1;
      const Index number = cell(x[0]) * rule_.cells + cell(x[1]);
      return uniform_at(stream(rule_, StreamId::labels, kOfTheRule), number) < rule_.stray ? 1 - side : side;
    }
    case RuleKind::mixture:
      break;  // its classes come before its points
  }
  return 0;
}

std::int32_t Population::mixture_class(std::uint32_t instance, Index row, double first_share) const {
  const double u = uniform_at(stream(rule_, StreamId::labels, instance), row);
  if (first_share > 0) return u < first_share ? 0 : 1;
  return static_cast<std::int32_t>(u * static_cast<double>(rule_.classes));
}

// Towards the class of that number.
void Population::move(double* x, std::int32_t label, double by) const {
  const double a = by * cosine_[static_cast<std::size_t>(label)], b = by * sine_[static_cast<std::size_t>(label)];
  const double* const u = directions_.data();
  for (Index j = 0; j < rule_.features; ++j) x[j] += a * u[j];
  if (rule_.classes == 2) return;
  for (Index j = 0; j < rule_.features; ++j) x[j] += b * u[rule_.features + j];
}

Dataset Population::rows(Table table, Index count, const View& view) const {
  const auto instance = static_cast<std::uint32_t>(table);
  const RandomStream of_features = stream(rule_, StreamId::features, instance);
  const RandomStream of_noise = stream(rule_, StreamId::features, instance + kOfNoise);
  const RandomStream of_other_points = stream(rule_, StreamId::features, instance + kOfOtherPoints);
  const RandomStream of_flips = stream(rule_, StreamId::label_noise, instance);
  const Index d = rule_.features;

  std::vector<double> factor(static_cast<std::size_t>(d), 1.0), offset(static_cast<std::size_t>(d), 0.0);
  if (view.badly_scaled)
    for (Index j = 0; j < d; ++j) {
      const PhiloxCounter random = draw(stream(rule_, StreamId::features, kOfTheRule), static_cast<std::uint64_t>(j));
      factor[static_cast<std::size_t>(j)] = static_cast<double>(1u << (random.word[0] % 14));
      offset[static_cast<std::size_t>(j)] = 16 * static_cast<double>(uniform(random.word[1])) - 8;
    }

  Dataset data{.source = "validation", .columns = d, .values = HostBuffer<float>(count * d)};
  data.classes = numbered_classes(rule_.classes);
  data.labels.resize(static_cast<std::size_t>(count));
  const auto coordinate = [&](RandomStream of, Index element) {
    return rule_.kind == RuleKind::patchwork ? uniform_at(of, element) : normal_at(of, element);
  };
  expects(view.first_share == 0 || (rule_.kind == RuleKind::mixture && rule_.classes == 2),
          "Population: a mixture of two has a share");
  const double first_share = view.first_share > 0 ? view.first_share : rule_.first_share;
  const RandomStream of_group_points = stream(rule_, StreamId::features, instance + kOfGroups);
  const RandomStream of_group_flips = stream(rule_, StreamId::label_noise, instance + kOfGroups);
  const double of_group = std::sqrt(rule_.group_share), of_row = std::sqrt(1 - rule_.group_share);
  std::vector<double> x(static_cast<std::size_t>(d)), other(x.size());
  for (Index i = 0; i < count; ++i) {
    for (Index j = 0; j < d; ++j) x[static_cast<std::size_t>(j)] = coordinate(of_features, i * d + j);
    double flips = rule_.flips;
    if (rule_.group_rows > 0) {
      const Index group = i / rule_.group_rows;
      data.groups.push_back(static_cast<std::int32_t>(group));
      for (Index j = 0; j < d; ++j) {
        double& at = x[static_cast<std::size_t>(j)];
        at = of_row * at + of_group * normal_at(of_group_points, group * d + j);
      }
      flips *= 2 * uniform_at(of_group_flips, group);
    }
    std::int32_t label = 0;
    if (rule_.kind == RuleKind::mixture) {
      label = mixture_class(instance, i, first_share);
      move(x.data(), label, rule_.separation);
    } else {
      label = class_of(x.data());
    }
    if (rule_.margin > 0) move(x.data(), label, rule_.margin);
    // Without signal the label is that of another point, which is not shown.
    if (!view.signal && rule_.kind == RuleKind::mixture)
      label = mixture_class(instance + kOfOtherPoints, i, first_share);
    if (!view.signal && rule_.kind != RuleKind::mixture) {
      for (Index j = 0; j < d; ++j) other[static_cast<std::size_t>(j)] = coordinate(of_other_points, i * d + j);
      label = class_of(other.data());
    }
    const PhiloxCounter flip = draw(of_flips, static_cast<std::uint64_t>(i));
    if (static_cast<double>(uniform(flip.word[0])) < flips) {
      const auto classes = static_cast<std::uint32_t>(rule_.classes);
      const auto step = static_cast<std::uint32_t>(std::uint64_t{flip.word[1]} * (classes - 1) >> 32);
      label = static_cast<std::int32_t>((static_cast<std::uint32_t>(label) + 1 + step) % classes);
    }
    if (view.drift != 0 && !directions_.empty())
      for (Index j = 0; j < d; ++j)
        x[static_cast<std::size_t>(j)] += view.drift * directions_[static_cast<std::size_t>(j)];
    for (Index j = 0; j < d; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const double noisy = view.noise > 0 ? x[at] + view.noise * normal_at(of_noise, i * d + j) : x[at];
      data.values.view()[i * d + j] = static_cast<float>(factor[at] * (noisy + offset[at]));
    }
    data.labels[static_cast<std::size_t>(i)] = label;
  }
  return data;
}

double Population::bayes_accuracy(double noise) const {
  const double spread = std::sqrt(1 + noise * noise);
  double share = 1;
  if (rule_.kind == RuleKind::mixture) {
    const double r = rule_.separation / spread;
    if (rule_.classes == 2 && rule_.first_share > 0) {
      const double p = rule_.first_share, border = border_of_two(p, r);
      share = p * phi(r - border) + (1 - p) * phi(border + r);
    } else if (rule_.classes == 2) {
      share = phi(r);
    } else {
      // A point is put right where it lies in the wedge of its own mean, at (r, 0), of half a class' angle either way.
      const double slope = std::tan(std::numbers::pi / static_cast<double>(rule_.classes));
      const auto density = [&](double x) {
        return std::exp(-(x - r) * (x - r) / 2) / std::sqrt(2 * std::numbers::pi) * (2 * phi(slope * x) - 1);
      };
      share = boost::math::quadrature::gauss_kronrod<double, 61>::integrate(density, 0.0, r + 12, 10, 1e-10);
    }
  } else if (noise > 0) {
    expects(rule_.kind == RuleKind::hyperplane && rule_.classes == 2 && rule_.margin == 0,
            "Population: the Bayes accuracy of this rule under noise is not known");
    // The sides agree of two normal numbers with the correlation 1 / spread.
    share = 1 - std::acos(1 / spread) / std::numbers::pi;
  }
  return after_flips(share, rule_.flips, rule_.classes);
}

}  // namespace plateau::validation
