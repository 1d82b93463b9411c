// TPE (univariate) as a cache of what it was told: trials in number order go in, the densities l
// and g of a parameter and suggestions come out. For categorical parameters it keeps sums, so that
// a suggestion costs the same after a million trials. Knows nothing of the plugin interface and
// draws no random numbers.
#pragma once

#include "kernels.hpp"
#include "split.hpp"

#include <deque>
#include <utility>

namespace search_strategies {

struct TpeOptions {
  std::uint64_t startup_trials = 10;
  std::uint64_t candidates = 24;
  bool optuna_compat = false;  // the numeric densities of Optuna 3.1, defect included
};

// A parameter's values over all observations, and, for a categorical one, running sums over the
// bad set: how many have choice c (N_c) and the sum of their places in it (J_c), from which the
// ramp weights of a choice follow.
class Column {
 public:
  explicit Column(const Parameter& parameter)
      : choices_(parameter.categorical() ? parameter.choices : 0),
        counts_(choices_, 0),
        places_(choices_, 0) {}

  double value(Observation o) const { return values_[o]; }
  void append(double value) {
    values_.push_back(value);
    member_.push_back(0);
  }

  // Enters or leaves the bad set.
  void enter(Observation o) { move(o, true); }
  void leave(Observation o) { move(o, false); }

  // How many of the bad set have the parameter.
  std::size_t size() const { return size_; }
  // Sum of their ramp weights per choice.
  std::vector<double> ramp_sums() const {
    const std::size_t m = size_;
    std::vector<double> sums(choices_);
    const double first = m == 0 ? 0 : 1.0 / static_cast<double>(m);
    const double slope = m > 26 ? (1.0 - first) / static_cast<double>(m - 26) : 0;
    for (std::size_t c = 0; c < choices_; ++c)
      sums[c] = m <= 25 ? static_cast<double>(counts_[c])
                        : first * static_cast<double>(counts_[c]) +
                              slope * static_cast<double>(places_[c]);
    if (m <= 25) return sums;
    // The last 25 weigh 1 instead of what the ramp would give them.
    std::size_t place = m;
    for (std::size_t o = values_.size(); o-- > 0 && place > m - 25;) {
      if (o % kBlock == kBlock - 1 && empty_block(o / kBlock)) {
        o -= kBlock - 1;
        continue;
      }
      if (!member_[o]) continue;
      --place;
      sums[static_cast<std::size_t>(values_[o])] +=
          1.0 - (first + slope * static_cast<double>(place));
    }
    return sums;
  }

 private:
  static constexpr std::size_t kBlock = 256;
  using Block = std::vector<std::uint32_t>;  // members per choice, of 256 observations

  bool empty_block(std::size_t block) const {
    return block >= blocks_.size() || std::all_of(blocks_[block].begin(), blocks_[block].end(),
                                                  [](std::uint32_t n) { return n == 0; });
  }

  void move(Observation o, bool in) {
    if (choices_ == 0 || is_absent(values_[o])) return;
    while (blocks_.size() <= o / kBlock) blocks_.emplace_back(choices_, 0);
    // Members after `o` shift by one place.
    std::vector<std::uint64_t> after(choices_, 0);
    std::uint64_t all_after = 0;
    const std::size_t end = std::min(values_.size(), (o / kBlock + 1) * kBlock);
    for (std::size_t i = o + 1; i < end; ++i)
      if (member_[i]) ++after[static_cast<std::size_t>(values_[i])];
    for (std::size_t b = o / kBlock + 1; b < blocks_.size(); ++b)
      for (std::size_t c = 0; c < choices_; ++c) after[c] += blocks_[b][c];
    for (std::uint64_t n : after) all_after += n;

    const auto choice = static_cast<std::size_t>(values_[o]);
    Block& own = blocks_[o / kBlock];
    member_[o] = in;
    if (in) {
      for (std::size_t c = 0; c < choices_; ++c) places_[c] += after[c];
      places_[choice] += size_ - all_after;
      ++counts_[choice], ++own[choice], ++size_;
    } else {
      --counts_[choice], --own[choice], --size_;
      for (std::size_t c = 0; c < choices_; ++c) places_[c] -= after[c];
      places_[choice] -= size_ - all_after;
    }
  }

  std::size_t choices_;
  std::vector<double> values_;                  // per observation; NaN: absent
  std::vector<char> member_;                    // of the bad set, where the parameter is present
  std::vector<std::uint64_t> counts_, places_;  // N_c, J_c
  std::size_t size_ = 0;                        // members
  std::vector<Block> blocks_;
};

class TpeModel {
 public:
  TpeModel(Space space, TpeOptions options) : space_(std::move(space)), options_(options) {
    for (const Parameter& parameter : space_.parameters) columns_.emplace_back(parameter);
  }

  const Space& space() const { return space_; }
  bool starting_up() const { return bad_.size() < options_.startup_trials; }

  // Both in number order; every trial is started before it is finished.
  void started(std::uint64_t trial, const double* values) {
    running_.emplace_back(trial, std::vector<double>(values, values + space_.parameters.size()));
  }
  void finished(std::uint64_t trial, lathe_trial_state state, const double* values,
                std::int64_t step) {
    while (!running_.empty() && running_.front().first < trial) running_.pop_front();
    if (running_.empty() || running_.front().first != trial) return;
    const std::vector<double> parameters = std::move(running_.front().second);
    running_.pop_front();
    const bool several = space_.directions.size() > 1;
    const auto value = [&](std::size_t i) {
      return space_.directions[i] == LATHE_MAXIMIZE ? -values[i] : values[i];
    };
    if (state == LATHE_COMPLETE && values != nullptr) {
      if (several) {
        Point point;
        for (std::size_t i = 0; i < space_.directions.size(); ++i) point.push_back(value(i));
        pareto_.add(point);
      } else {
        single_.add_complete(value(0));
      }
    } else if (state == LATHE_PRUNED && !several) {
      if (values == nullptr) {
        single_.add_pruned_without_value();
      } else {
        single_.add_pruned(step, value(0));
      }
    } else {
      return;  // failed, or pruned with several objectives: says nothing
    }
    for (std::size_t p = 0; p < columns_.size(); ++p) columns_[p].append(parameters[p]);
    bad_.push_back(0);
    update(static_cast<Observation>(bad_.size() - 1));
  }

  struct Densities {
    std::vector<double> l, g;  // per choice
  };
  Densities categorical(std::size_t p) const {
    const Column& column = columns_[p];
    Densities result;
    result.g = categorical_density(column.ramp_sums(), column.size());
    std::vector<double> sums(space_.parameters[p].choices, 0.0);
    const Observations good = good_observations(p);
    for (std::size_t i = 0; i < good.values.size(); ++i)
      sums[static_cast<std::size_t>(good.values[i])] += good.weights[i];
    result.l = categorical_density(sums, good.values.size());
    return result;
  }

  struct Mixtures {
    NumericMixture l, g;
  };
  Mixtures numeric(std::size_t p) const {
    const Parameter& parameter = space_.parameters[p];
    std::vector<double> bad;
    for (Observation o = 0; o < bad_.size(); ++o)
      if (bad_[o] && !is_absent(columns_[p].value(o))) bad.push_back(columns_[p].value(o));
    std::vector<double> weights;
    for (std::size_t j = 0; j < bad.size(); ++j) weights.push_back(ramp_weight(j, bad.size()));
    Observations good = good_observations(p);
    return {NumericMixture(parameter, good.values, std::move(good.weights), options_.optuna_compat),
            NumericMixture(parameter, bad, std::move(weights), options_.optuna_compat)};
  }

  // How many uniform numbers suggest() reads.
  std::size_t draws(std::size_t p) const {
    if (starting_up() || space_.parameters[p].categorical()) return 1;
    return 2 * static_cast<std::size_t>(options_.candidates);
  }
  double suggest(std::size_t p, const double* uniform) const {
    const Parameter& parameter = space_.parameters[p];
    if (parameter.count() == 1) return parameter.value(0);
    if (starting_up()) return uniform_value(parameter, uniform[0]);
    if (parameter.categorical()) {
      const Densities d = categorical(p);
      return static_cast<double>(CategoricalChoice(d.l, d.g, options_.candidates).draw(*uniform));
    }
    const Mixtures mixtures = numeric(p);
    double best = 0, best_score = 0;
    for (std::uint64_t i = 0; i < options_.candidates; ++i) {
      const double x = mixtures.l.draw(uniform[2 * i], uniform[2 * i + 1]);
      const double score = std::log(mixtures.l.density(x)) - std::log(mixtures.g.density(x));
      if (i == 0 || score > best_score) best = x, best_score = score;
    }
    return best;
  }

 private:
  struct Observations {
    std::vector<double> values, weights;
  };
  // Those of the good set that have the parameter.
  Observations good_observations(std::size_t p) const {
    Observations result;
    for (std::size_t i = 0; i < good_.size(); ++i) {
      const double value = columns_[p].value(good_[i]);
      if (is_absent(value)) continue;
      result.values.push_back(value);
      result.weights.push_back(space_.directions.size() > 1 ? pareto_.weights()[i] : 1.0);
    }
    return result;
  }

  // Moves what changed sides since the newest observation came.
  void update(Observation newest) {
    const std::vector<Observation>& good =
        space_.directions.size() > 1 ? pareto_.good() : single_.good();
    bad_[newest] = 1;
    for (Column& column : columns_) column.enter(newest);
    if (good == good_) return;
    const auto is_good = [&](Observation o) {
      return std::find(good.begin(), good.end(), o) != good.end();
    };
    for (Observation o : good_) {
      if (is_good(o)) continue;
      bad_[o] = 1;
      for (Column& column : columns_) column.enter(o);
    }
    for (Observation o : good) {
      if (!bad_[o]) continue;
      bad_[o] = 0;
      for (Column& column : columns_) column.leave(o);
    }
    good_ = good;
  }

  Space space_;
  TpeOptions options_;
  std::deque<std::pair<std::uint64_t, std::vector<double>>> running_;
  std::vector<Column> columns_;
  std::vector<char> bad_;  // per observation
  SingleSplit single_;
  ParetoSplit pareto_;
  std::vector<Observation> good_;
};

}  // namespace search_strategies
