#include "mixture.hpp"

#include "matches.hpp"

#include <cstring>

namespace search_strategies {

namespace {

// log(sum of weight[i] exp(log[i])), of terms of any size.
class LogSum {
 public:
  void add(double weight, double log) {
    if (log > most_) {
      sum_ *= std::exp(most_ - log);
      most_ = log;
    }
    // What is 1e-30 of the largest is not worth its exponential.
    if (log > most_ - 70) sum_ += weight * std::exp(log - most_);
  }
  double log() const { return sum_ > 0 ? most_ + std::log(sum_) : most_; }

 private:
  double most_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
};

}  // namespace

Mixture::Mixture(std::vector<Observed> block, std::vector<double> weights, Width rule)
    : block_(std::move(block)), weights_(std::move(weights)) {
  for (double weight : weights_) {
    total_ += weight;
    size_ += weight > 0;
  }
  const auto m = static_cast<double>(size_);
  log_match_ = std::log(m + 2);
  for (const Observed& observed : block_) {
    if (observed.parameter->categorical()) {
      numerics_.emplace_back();
      log_others_ -= std::log(m + 1 + static_cast<double>(observed.parameter->choices));
    } else {
      numerics_.push_back(numeric(observed, rule));
    }
  }
}

Mixture::Numeric Mixture::numeric(const Observed& observed, Width rule) const {
  const Axis& axis = *observed.axis;
  Numeric result;
  result.prior = axis.prior();
  std::vector<double> places;
  for (std::uint32_t trial : *observed.ascending)
    if (weights_[trial] > 0) places.push_back(axis.place(observed.values[trial]));
  const std::vector<double> sigmas = axis.widths(places, rule, block_.size());
  result.of.resize(weights_.size());
  std::size_t i = 0;
  for (std::uint32_t trial : *observed.ascending) {
    if (!(weights_[trial] > 0)) continue;
    const bool known = !result.kernels.empty() && result.kernels.back().mu == places[i] &&
                       result.kernels.back().sigma == sigmas[i];
    if (!known) {
      result.kernels.push_back(axis.kernel(places[i], sigmas[i]));
      result.weights.push_back(0.0);
    }
    result.of[trial] = static_cast<std::uint32_t>(result.kernels.size() - 1);
    result.weights.back() += weights_[trial];
    ++i;
  }
  return result;
}

std::vector<double> Mixture::log_density(const Candidates& points) const {
  bool narrow = true;
  for (const Observed& observed : block_) narrow &= observed.codes != nullptr;
  const bool alone = block_.size() == 1 && !block_[0].parameter->categorical();
  std::vector<double> result;
  if (narrow) result = by_matches(points);
  for (std::size_t i = 0; i < points.count(); ++i) {
    if (!narrow) result.push_back(alone ? by_kernels(points[i]) : by_trials(points[i]));
    LogSum sum;
    sum.add(1.0, result[i] + log_others_);
    sum.add(1.0, log_prior(points[i]));
    result[i] = sum.log() - std::log(total_);
  }
  return result;
}

double Mixture::log_prior(const double* point) const {
  double log = 0;
  for (std::size_t d = 0; d < block_.size(); ++d) {
    const Observed& observed = block_[d];
    log += observed.parameter->categorical()
               ? -std::log(static_cast<double>(observed.parameter->choices))
               : observed.axis->log_density(numerics_[d].prior, observed.axis->cell(point[d]));
  }
  return log;
}

std::vector<double> Mixture::by_matches(const Candidates& points) const {
  const std::size_t width = block_.size();
  std::vector<const std::uint8_t*> columns;
  for (const Observed& observed : block_) columns.push_back(observed.codes);
  const std::vector<std::uint8_t> codes(points.values.begin(), points.values.end());
  // A trial that shares `slack` choices less than another adds nothing that a double could hold.
  const auto slack = static_cast<std::size_t>(
      std::ceil(std::log(1e17 * static_cast<double>(weights_.size() + 1)) / log_match_));
  std::vector<std::size_t> most(points.count(), 0);
  // Per point and number of shared choices: the sum of the weights.
  std::vector<double> sums(points.count() * (width + 1), 0.0);
  Matches matches;
  for (std::size_t begin = 0; begin < weights_.size(); begin += kLanes) {
    const std::size_t end = std::min(kLanes, weights_.size() - begin);
    const double* weights = weights_.data() + begin;
    for (std::size_t i = 0; i < points.count(); ++i) {
      const std::size_t least = most[i] > slack ? most[i] - slack : 0;
      count_matches(columns.data(), codes.data() + i * width, width, begin, least, matches);
      double* sum = sums.data() + i * (width + 1);
      for (std::size_t first = 0; first < end; first += sizeof(std::uint64_t)) {
        std::uint64_t any = 0;
        std::memcpy(&any, matches.enough + first, sizeof any);
        if (any == 0) continue;
        const std::size_t last = std::min(end, first + sizeof any);
        for (std::size_t k = first; k < last; ++k) {
          if (!matches.enough[k] || !(weights[k] > 0)) continue;
          sum[matches.counts[k]] += weights[k];
          most[i] = std::max<std::size_t>(most[i], matches.counts[k]);
        }
      }
    }
  }
  std::vector<double> logs;
  for (std::size_t i = 0; i < points.count(); ++i) {
    LogSum all;
    for (std::size_t h = width + 1; h-- > 0;) {
      const double sum = sums[i * (width + 1) + h];
      if (sum > 0) all.add(sum, static_cast<double>(h) * log_match_);
    }
    logs.push_back(all.log());
  }
  return logs;
}

double Mixture::by_kernels(const double* point) const {
  const Numeric& numeric = numerics_[0];
  const Axis::Cell cell = block_[0].axis->cell(point[0]);
  double sum = 0;
  for (std::size_t k = 0; k < numeric.kernels.size(); ++k)
    sum += numeric.weights[k] * block_[0].axis->density(numeric.kernels[k], cell);
  return std::log(sum);
}

double Mixture::by_trials(const double* point) const {
  std::vector<double> logs(weights_.size(), 0.0), kernel_logs;
  for (std::size_t d = 0; d < block_.size(); ++d) {
    const Observed& observed = block_[d];
    if (!observed.parameter->categorical()) {
      const Numeric& numeric = numerics_[d];
      const Axis::Cell cell = observed.axis->cell(point[d]);
      kernel_logs.clear();
      for (const Kernel& kernel : numeric.kernels)
        kernel_logs.push_back(observed.axis->log_density(kernel, cell));
      for (std::size_t i = 0; i < logs.size(); ++i)
        if (weights_[i] > 0) logs[i] += kernel_logs[numeric.of[i]];
    } else if (observed.codes != nullptr) {
      const auto code = static_cast<std::uint8_t>(point[d]);
      for (std::size_t i = 0; i < logs.size(); ++i)
        logs[i] += observed.codes[i] == code ? log_match_ : 0.0;
    } else {
      for (std::size_t i = 0; i < logs.size(); ++i)
        logs[i] += observed.values[i] == point[d] ? log_match_ : 0.0;
    }
  }
  LogSum sum;
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (weights_[i] > 0) sum.add(weights_[i], logs[i]);
  return sum.log();
}

std::size_t Mixture::pick(double uniform) const {
  double target = uniform * total_;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    target -= weights_[i];
    if (target < 0) return i;
  }
  return weights_.size();
}

double Mixture::draw(std::size_t kernel, std::size_t d, double uniform) const {
  const Observed& observed = block_[d];
  const bool prior = kernel == weights_.size();
  if (!observed.parameter->categorical()) {
    const Numeric& numeric = numerics_[d];
    return observed.axis->draw(prior ? numeric.prior : numeric.kernels[numeric.of[kernel]],
                               uniform);
  }
  if (prior) return uniform_value(*observed.parameter, uniform);
  const double own = observed.codes != nullptr ? observed.codes[kernel] : observed.values[kernel];
  // The choice of the trial has one share more than the others, and m+1 of its own.
  const auto m = static_cast<double>(size_);
  const auto choices = static_cast<double>(observed.parameter->choices);
  const double share = uniform * (m + 1 + choices);
  return share < choices ? uniform_value(*observed.parameter, share / choices) : own;
}

}  // namespace search_strategies
