#include "model.hpp"

namespace search_strategies {

std::vector<double> Column::ramp_sums() const {
  const std::size_t m = size_;
  std::vector<double> sums(choices_);
  const double first = m == 0 ? 0 : 1.0 / static_cast<double>(m);
  const double slope = m > 26 ? (1.0 - first) / static_cast<double>(m - 26) : 0;
  for (std::size_t c = 0; c < choices_; ++c)
    sums[c] =
        m <= 25 ? static_cast<double>(counts_[c])
                : first * static_cast<double>(counts_[c]) + slope * static_cast<double>(places_[c]);
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

bool Column::empty_block(std::size_t block) const {
  return block >= blocks_.size() || std::all_of(blocks_[block].begin(), blocks_[block].end(),
                                                [](std::uint32_t n) { return n == 0; });
}

void Column::move(Observation o, bool in) {
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

TpeModel::TpeModel(Space space, TpeOptions options) : space_(std::move(space)), options_(options) {
  for (const Parameter& parameter : space_.parameters) columns_.emplace_back(parameter);
}

void TpeModel::started(std::uint64_t trial, const double* values) {
  running_.emplace_back(trial, std::vector<double>(values, values + space_.parameters.size()));
}

void TpeModel::finished(std::uint64_t trial, lathe_trial_state state, const double* values,
                        std::int64_t step) {
  while (!running_.empty() && running_.front().first < trial) running_.pop_front();
  if (running_.empty() || running_.front().first != trial) return;
  const std::vector<double> parameters = std::move(running_.front().second);
  running_.pop_front();
  const bool several = space_.directions.size() > 1;
  const auto value = [&](std::size_t i) {
    return space_.directions[i] == LATHE_DIRECTION_MAXIMIZE ? -values[i] : values[i];
  };
  if (state == LATHE_STATE_COMPLETE && values != nullptr) {
    if (several) {
      Point point;
      for (std::size_t i = 0; i < space_.directions.size(); ++i) point.push_back(value(i));
      pareto_.add(point);
    } else {
      single_.add_complete(value(0));
    }
  } else if (state == LATHE_STATE_PRUNED && !several) {
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

TpeModel::Densities TpeModel::categorical(std::size_t p) const {
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

TpeModel::Mixtures TpeModel::numeric(std::size_t p) const {
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

std::size_t TpeModel::draws(std::size_t p) const {
  if (starting_up() || space_.parameters[p].categorical()) return 1;
  return 2 * static_cast<std::size_t>(options_.candidates);
}

double TpeModel::suggest(std::size_t p, const double* uniform) const {
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

TpeModel::Observations TpeModel::good_observations(std::size_t p) const {
  Observations result;
  for (std::size_t i = 0; i < good_.size(); ++i) {
    const double value = columns_[p].value(good_[i]);
    if (is_absent(value)) continue;
    result.values.push_back(value);
    result.weights.push_back(space_.directions.size() > 1 ? pareto_.weights()[i] : 1.0);
  }
  return result;
}

void TpeModel::update(Observation newest) {
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

}  // namespace search_strategies
