#include "model.hpp"

#include "matches.hpp"
#include "ramp.hpp"

namespace search_strategies {

namespace {

// The first of equal points, in their order.
Candidates without_repeats(const Candidates& points) {
  Candidates result{points.width, {}};
  for (std::size_t i = 0; i < points.count(); ++i) {
    bool repeated = false;
    for (std::size_t k = 0; k < result.count() && !repeated; ++k)
      repeated = std::equal(points[i], points[i] + points.width, result[k]);
    if (!repeated) result.values.insert(result.values.end(), points[i], points[i] + points.width);
  }
  return result;
}

}  // namespace

TpeOptions TpeOptions::defaults(std::size_t objectives, bool optuna31) {
  TpeOptions options;
  const bool several = objectives > 1;
  if (several || optuna31) options.together = Together::kNone;
  options.optuna31 = optuna31;
  options.constant_liar = !optuna31;
  options.failed_ignored = optuna31;
  options.pruned_ignored = optuna31 && several;
  return options;
}

TpeModel::TpeModel(Space space, TpeOptions options)
    : space_(std::move(space)),
      options_(options),
      blocks_(space_, options.together),
      good_trials_(space_.directions.size(), !options.uncapped || space_.directions.size() <= 1,
                   options.optuna31, options.constrained),
      survival_(space_.parameters) {
  good_densities_.resize(space_.parameters.size());
  for (const Parameter& parameter : space_.parameters) {
    axes_.emplace_back(parameter, options.optuna31);
    columns_.emplace_back(parameter);
  }
}

void TpeModel::started(std::uint64_t trial, const double* values) {
  prepared_.clear();
  running_.push_back({trial, std::vector<double>(values, values + space_.parameters.size())});
  if (options_.constant_liar) append(values);
}

void TpeModel::finished(std::uint64_t trial, lathe_trial_state state, const double* values,
                        std::int64_t step, double violation) {
  prepared_.clear();
  while (!running_.empty() && running_.front().trial < trial) withdraw_oldest();
  if (running_.empty() || running_.front().trial != trial) return;

  Result result;
  result.step = step;
  result.violation = violation;
  result.complete = state == LATHE_STATE_COMPLETE;
  const bool failed = state == LATHE_STATE_FAIL;
  const bool pruned = state == LATHE_STATE_PRUNED;
  if (values != nullptr && !failed) {
    const std::size_t count = pruned ? 1 : space_.directions.size();
    for (std::size_t i = 0; i < count; ++i)
      result.values.push_back(space_.directions[i] == LATHE_DIRECTION_MAXIMIZE ? -values[i]
                                                                               : values[i]);
  }
  const bool counts = (failed && !options_.failed_ignored) ||
                      (pruned && !options_.pruned_ignored) ||
                      (result.complete && !result.values.empty());
  if (pruned || result.complete) blocks_.add(running_.front().values.data());
  if (!counts) {
    withdraw_oldest();
    return;
  }
  if (!options_.constant_liar) append(running_.front().values.data());
  survival_.add(space_.parameters, axes_, running_.front().values.data(), failed);
  running_.pop_front();
  const auto o = static_cast<Observation>(told_++);
  if (failed) {
    ++failures_;
  } else {
    good_trials_.add(o, result);
    choose_good();
  }
}

void TpeModel::append(const double* values) {
  for (std::size_t p = 0; p < columns_.size(); ++p) columns_[p].append(values[p]);
  good_.is.push_back(0);
}

void TpeModel::pop() {
  for (Column& column : columns_) column.pop();
  good_.is.pop_back();
}

// Forgets the oldest of those that run.
void TpeModel::withdraw_oldest() {
  running_.pop_front();
  if (!options_.constant_liar) return;
  for (std::size_t i = 0; i <= running_.size(); ++i) pop();
  for (const Running& running : running_) append(running.values.data());
}

void TpeModel::choose_good() {
  const std::vector<Observation>& now = good_trials_.good();
  if (now == good_.list) return;
  for (Observation o : good_.list) good_.is[o] = 0;
  for (Observation o : now) good_.is[o] = 1;
  std::vector<Observation> left, came;
  std::set_difference(good_.list.begin(), good_.list.end(), now.begin(), now.end(),
                      std::back_inserter(left));
  std::set_difference(now.begin(), now.end(), good_.list.begin(), good_.list.end(),
                      std::back_inserter(came));
  for (Column& column : columns_) {
    for (Observation o : left) column.leave_good(o);
    for (Observation o : came) column.enter_good(o);
  }
  for (std::vector<double>& density : good_densities_) density.clear();
  good_.list = now;
}

void TpeModel::suggest(std::uint64_t attempt, const Uniform& uniform, double* values) const {
  const std::uint64_t candidates =
      std::max<std::uint64_t>(1, attempt < 64 ? options_.candidates >> attempt : 0);
  std::vector<double> drawn(space_.parameters.size(), kAbsent);
  for (std::size_t p = 0; p < space_.parameters.size(); ++p) {
    const Parameter& parameter = space_.parameters[p];
    values[p] = kAbsent;
    if (!space_.exists(p, values)) continue;
    if (parameter.count() == 1) {
      values[p] = parameter.value(0);
      continue;
    }
    if (is_absent(drawn[p])) {
      const std::vector<std::size_t>& block = blocks_.with(p);
      if (starting_up()) {
        double u = 0;
        uniform(p, 0, &u, 1);
        drawn[p] = uniform_value(parameter, u);
      } else if (block.size() == 1 && parameter.categorical()) {
        drawn[p] = draw_choice(p, candidates, uniform);
      } else {
        draw_block(block, candidates, uniform, drawn.data());
      }
    }
    values[p] = drawn[p];
  }
}

const std::vector<double>& TpeModel::good_density(std::size_t p) const {
  std::vector<double>& density = good_densities_[p];
  if (!density.empty()) return density;
  std::vector<double> sums(space_.parameters[p].choices, 0.0);
  std::size_t count = 0;
  for (std::size_t i = 0; i < good_.list.size(); ++i) {
    const double value = columns_[p].value(good_.list[i]);
    if (is_absent(value)) continue;
    sums[static_cast<std::size_t>(value)] += good_trials_.weights()[i];
    ++count;
  }
  return density = categorical_density(std::move(sums), count);
}

TpeModel::Densities TpeModel::categorical(std::size_t p) const {
  std::vector<double> sums;
  columns_[p].bad_sums(good_, sums);
  return {good_density(p), categorical_density(std::move(sums), columns_[p].bad_count())};
}

double TpeModel::draw_choice(std::size_t p, std::uint64_t candidates,
                             const Uniform& uniform) const {
  Densities densities = categorical(p);
  if (!survival_.certain())
    for (std::size_t c = 0; c < densities.g.size(); ++c)
      densities.g[c] /= survival_.of_choice(p, c);
  double u = 0;
  uniform(p, 0, &u, 1);
  return static_cast<double>(
      CategoricalChoice(std::move(densities.l), std::move(densities.g), candidates).draw(u));
}

Width TpeModel::width() const {
  if (!options_.optuna31) return Width::kGaps;
  return options_.together == Together::kNone ? Width::kGapsAndCentre : Width::kScott;
}

bool TpeModel::has(Observation o, const std::vector<std::size_t>& block) const {
  return std::all_of(block.begin(), block.end(), [&](std::size_t p) { return columns_[p].has(o); });
}

std::vector<double> TpeModel::bad_weights(const std::vector<std::size_t>& block) const {
  const std::size_t size = good_.is.size();
  const bool all = std::all_of(block.begin(), block.end(),
                               [&](std::size_t p) { return columns_[p].present() == size; });
  std::vector<double> weights(size, 0.0);
  std::size_t count = 0;
  for (Observation o = 0; o < size; ++o) {
    const bool bad = !good_.is[o] && (all || has(o, block));
    weights[o] = bad ? 1.0 : 0.0;
    count += bad;
  }
  const Ramp ramp(count);
  std::size_t j = 0;
  for (double& weight : weights)
    if (weight > 0) weight = ramp.weight(j++);
  return weights;
}

std::vector<Observation> TpeModel::good_members(const std::vector<std::size_t>& block,
                                                std::vector<double>& weights) const {
  std::vector<Observation> members;
  for (std::size_t i = 0; i < good_.list.size(); ++i) {
    if (!has(good_.list[i], block)) continue;
    members.push_back(good_.list[i]);
    weights.push_back(good_trials_.weights()[i]);
  }
  return members;
}

TpeModel::Gathered TpeModel::gathered(std::size_t p,
                                      const std::vector<Observation>& members) const {
  Gathered result;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    result.values.push_back(columns_[p].value(members[i]));
    result.ascending.push_back(i);
  }
  std::stable_sort(
      result.ascending.begin(), result.ascending.end(),
      [&](std::uint32_t a, std::uint32_t b) { return result.values[a] < result.values[b]; });
  if (columns_[p].codes() != nullptr) {
    result.codes.assign(result.values.begin(), result.values.end());
    result.codes.resize((members.size() / kLanes + 1) * kLanes, Column::kAbsentCode);
  }
  return result;
}

const TpeModel::Prepared& TpeModel::prepared(const std::vector<std::size_t>& block) const {
  if (const auto known = prepared_.find(block[0]); known != prepared_.end()) return known->second;
  std::vector<double> weights;
  const std::vector<Observation> members = good_members(block, weights);
  std::vector<Gathered> storage;
  for (std::size_t p : block) storage.push_back(gathered(p, members));
  std::vector<Observed> good, all;
  for (std::size_t d = 0; d < block.size(); ++d) {
    const Parameter& parameter = space_.parameters[block[d]];
    const Axis& axis = axes_[block[d]];
    const Column& column = columns_[block[d]];
    const Gathered& few = storage[d];
    good.push_back({&parameter, &axis, column.codes() != nullptr ? few.codes.data() : nullptr,
                    few.values.data(), &few.ascending});
    all.push_back({&parameter, &axis, column.codes(), column.values(), &column.ascending()});
  }
  Mixture l(std::move(good), std::move(weights), width());
  Mixture g(std::move(all), bad_weights(block), width());
  return prepared_.try_emplace(block[0], Prepared{std::move(storage), std::move(l), std::move(g)})
      .first->second;
}

// By the parameter that makes it least likely.
double TpeModel::survival(const std::vector<std::size_t>& block, const double* point) const {
  double least = 1;
  for (std::size_t d = 0; d < block.size(); ++d)
    least = std::min(least, survival_.of_value(block[d], space_.parameters[block[d]],
                                               axes_[block[d]], point[d]));
  return least;
}

void TpeModel::draw_block(const std::vector<std::size_t>& block, std::uint64_t candidates,
                          const Uniform& uniform, double* values) const {
  const Mixture& l = prepared(block).l;
  const Mixture& g = prepared(block).g;
  const auto count = static_cast<std::size_t>(candidates);
  std::vector<double> numbers(count);
  // Each parameter has twice as many numbers as there are candidates; the first one's second half
  // says which kernels.
  uniform(block[0], candidates, numbers.data(), count);
  std::vector<std::size_t> kernels;
  for (double number : numbers) kernels.push_back(l.pick(number));
  Candidates drawn{block.size(), std::vector<double>(count * block.size())};
  for (std::size_t d = 0; d < block.size(); ++d) {
    uniform(block[d], 0, numbers.data(), count);
    for (std::size_t i = 0; i < count; ++i)
      drawn.values[i * block.size() + d] = l.draw(kernels[i], d, numbers[i]);
  }
  const Candidates points = without_repeats(drawn);
  const std::vector<double> log_l = l.log_density(points), log_g = g.log_density(points);
  std::size_t best = 0;
  double best_score = 0;
  for (std::size_t i = 0; i < points.count(); ++i) {
    double score = log_l[i] - log_g[i];
    if (!survival_.certain()) score += std::log(survival(block, points[i]));
    if (i == 0 || score > best_score) best = i, best_score = score;
  }
  for (std::size_t d = 0; d < block.size(); ++d) values[block[d]] = points[best][d];
}

}  // namespace search_strategies
