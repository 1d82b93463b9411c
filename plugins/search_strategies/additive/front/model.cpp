#include "model.hpp"

#include "prices.hpp"

namespace search_strategies {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Times the least value is the largest of an objective whose axis is its logarithm.
constexpr double kWide = 100;
constexpr std::size_t kLeastRows = 5;
constexpr std::size_t kPrices = 64;
constexpr double kLocalShare = 0.6;  // begins at points of the front, not at prices
constexpr int kBases = 3;            // points of the front whose neighbours are looked at
constexpr int kSteps = 8;            // of one choice, or of an exchange
constexpr double kFailure = 2;       // times the worst value is what a trial without one counts as
constexpr double kMargin = 0.05;     // of what the points span, beyond the worst of them
constexpr std::size_t kMostElites = 512;

}  // namespace

bool FrontModel::describes(const Space& space, std::size_t constraints) {
  return space.directions.size() == 2 && constraints == 0 && Choices::describe(space);
}

FrontModel::FrontModel(const Space& space, std::uint64_t startup_trials)
    : choices_(space),
      startup_trials_(startup_trials),
      quantities_{Quantity(choices_), Quantity(choices_)},
      least_{kInfinity, kInfinity},
      most_{} {}

void FrontModel::started(std::uint64_t trial, const double* values) {
  running_.push_back({trial, choices_.columns_of(values)});
}

void FrontModel::finished(std::uint64_t trial, const std::vector<double>& values) {
  while (!running_.empty() && running_.front().trial < trial) running_.pop_front();
  if (running_.empty() || running_.front().trial != trial) return;
  const Columns columns = std::move(running_.front().columns);
  running_.pop_front();
  ++told_;
  const bool known = values.size() == 2 && std::isfinite(values[0]) && std::isfinite(values[1]);
  if (known) {
    const Place place{values[0], values[1]};
    learn(columns, place);
    keep_if_elite(columns, place);
  } else if (most_[0] > 0 && most_[1] > 0) {
    for (std::size_t o = 0; o < 2; ++o) quantities_[o].add({columns, kFailure * most_[o]});
  }
  const bool enough = told_ >= startup_trials_ && elites_.size() > 0 &&
                      quantities_[0].rows() >= kLeastRows && quantities_[1].rows() >= kLeastRows;
  active_ = enough && !negative_;
  if (!active_) return;
  for (Quantity& quantity : quantities_) {
    if (quantity.due()) quantity.fit();
  }
}

bool FrontModel::wide(std::size_t o) const { return most_[o] >= kWide * least_[o]; }

// A value of 0 is the least there can be, but nothing for relative errors.
void FrontModel::learn(const Columns& columns, const Place& values) {
  for (std::size_t o = 0; o < 2; ++o) {
    negative_ |= values[o] < 0;
    if (!(values[o] > 0)) continue;
    least_[o] = std::min(least_[o], values[o]);
    most_[o] = std::max(most_[o], values[o]);
    quantities_[o].add({columns, values[o]});
  }
}

void FrontModel::keep_if_elite(const Columns& columns, const Place& values) {
  const auto no_better = [](const Place& a, const Place& b) {
    return a[0] >= b[0] && a[1] >= b[1];
  };
  for (const Elite& elite : elites_) {
    if (no_better(values, elite.values)) return;
  }
  elites_.erase(std::remove_if(elites_.begin(), elites_.end(),
                               [&](const Elite& elite) { return no_better(elite.values, values); }),
                elites_.end());
  if (elites_.size() == kMostElites) elites_.erase(elites_.begin());
  elites_.push_back({columns, values});
}

Place FrontModel::on_axes(const Axes& axes, const Place& values) const {
  Place result;
  for (std::size_t o = 0; o < 2; ++o)
    result[o] = axes.logarithmic[o] ? std::log(std::max(values[o], least_[o])) : values[o];
  return result;
}

void FrontModel::set_worst(Axes& axes, const std::vector<Place>& places) const {
  for (std::size_t o = 0; o < 2; ++o) {
    double low = kInfinity, high = -kInfinity;
    for (const Place& place : places)
      low = std::min(low, place[o]), high = std::max(high, place[o]);
    axes.worst[o] = high + kMargin * (high - low);
  }
}

void FrontModel::suggest(std::uint64_t attempt, Draws& draws, double* values) const {
  // What is foretold, without a draw about it: fronts of some hundred points have trials for all
  // there is to know, and `tpe` tries what this would not. After a refused point, a draw.
  const double scale = static_cast<double>(attempt) / 2;
  const std::array<Drawn, 2> drawn{quantities_[0].draw(scale, draws),
                                   quantities_[1].draw(scale, draws)};
  Axes axes{{wide(0), wide(1)}, {}};
  std::vector<Place> places;
  for (const Elite& elite : elites_) places.push_back(on_axes(axes, elite.values));
  const Front front(places);
  const Exchanges exchanges(choices_, drawn, front, axes);
  const std::vector<Columns> priced = at_prices(choices_, drawn, kPrices, draws.uniform());
  std::vector<Place> foretold;
  for (const Columns& point : priced) foretold.push_back(exchanges.place(point));
  places.insert(places.end(), foretold.begin(), foretold.end());
  set_worst(axes, places);

  const bool local = draws.uniform() < kLocalShare;
  Columns best =
      priced[static_cast<std::size_t>(draws.uniform() * static_cast<double>(priced.size()))];
  double most = 0;
  if (local) {
    for (int i = 0; i < kBases; ++i) {
      const auto at =
          static_cast<std::size_t>(draws.uniform() * static_cast<double>(elites_.size()));
      Columns point = elites_[at].columns;
      const double gain = exchanges.climb(point, 0, 1);
      if (gain > most) most = gain, best = std::move(point);
    }
  } else {
    for (std::size_t i = 0; i < priced.size(); ++i) {
      const double gain = front.gain(foretold[i], axes.worst);
      if (gain > most) most = gain, best = priced[i];
    }
  }
  exchanges.climb(best, most, kSteps);
  choices_.values_of(best, values);
}

}  // namespace search_strategies
