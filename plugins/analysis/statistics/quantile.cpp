#include "families.hpp"

#include "ranks.hpp"
#include "stored.hpp"

namespace statistics {

namespace {

// Where a quantile lies among sorted values: between two neighbours, as NumPy's and PyTorch's
// "linear" has it.
struct Position {
  std::uint64_t below, above;
  double part;

  Position(double quantile, std::uint64_t count) {
    const double place = quantile * static_cast<double>(count - 1);
    below = std::min(static_cast<std::uint64_t>(place), count - 1);
    above = std::min(below + 1, count - 1);
    part = place - static_cast<double>(below);
  }
  double between(float low, float high) const {
    return static_cast<double>(low) + part * (static_cast<double>(high) - static_cast<double>(low));
  }
};

double low_part(double quantile) { return 1 - quantile; }

class QuantileOfAll final : public Statistic {
 public:
  QuantileOfAll(double quantile, bool is_abs) : quantile_(quantile), is_abs_(is_abs) {}

  std::unique_ptr<Statistic> fresh() const override {
    auto made = std::make_unique<QuantileOfAll>(quantile_, is_abs_);
    if (ranks_.is_refining()) {
      made->ranks_ = ranks_.same_bins();
      made->nonfinite_ = nonfinite_;
    }
    return made;
  }

  std::uint64_t start(const Samples& samples) override {
    samples_ = samples;
    const std::uint64_t size = samples.size();
    if (!ranks_.is_refining()) {
      std::uint64_t finite = 0;
      for (std::uint64_t i = 0; i < size; ++i) finite += std::isfinite(samples.data[i]) ? 1 : 0;
      nonfinite_ += size - finite;
      ranks_.reserve(finite);
    }
    piece_ = ranks_.is_counting() ? kPiece : std::max<std::uint64_t>(size, 1);
    return (size + piece_ - 1) / piece_;
  }

  void work(std::uint64_t piece) override {
    const std::uint64_t begin = piece * piece_;
    const std::uint64_t count = std::min(piece_, samples_.size() - begin);
    const float* x = samples_.data + begin;
    if (!is_abs_ && all_finite(x, count)) {
      ranks_.add(x, count);
      return;
    }
    std::vector<float> finite(count);
    ranks_.add(finite.data(), finite_values(x, count, is_abs_, finite.data()));
  }

  void merge(const Statistic& later) override {
    const auto& other = dynamic_cast<const QuantileOfAll&>(later);
    if (!ranks_.is_refining()) nonfinite_ += other.nonfinite_;
    ranks_.merge(other.ranks_);
  }

  bool wants_second_pass() const override { return ranks_.is_counting() && !ranks_.is_refining(); }
  void begin_second_pass() override {
    if (!wants_second_pass()) return;
    const Position low(low_part(quantile_), ranks_.count()), high(quantile_, ranks_.count());
    ranks_.refine({low.below, low.above, high.below, high.above});
  }

  lathe::value result() const override {
    lathe::value result = lathe::value::map();
    if (ranks_.count() == 0) {
      for (const char* key : {"min", "max", "range"}) result.set(key, "NA");
    } else {
      const double low = at(low_part(quantile_)), high = at(quantile_);
      result.set("min", low);
      result.set("max", high);
      result.set("range", high - low);
    }
    result.set("count", ranks_.count());
    if (nonfinite_ > 0) result.set("nonfinite", nonfinite_);
    return result;
  }
  std::uint64_t nonfinite() const override { return nonfinite_; }

 private:
  double at(double quantile) const {
    const Position place(quantile, ranks_.count());
    return place.between(ranks_.at(place.below), ranks_.at(place.above));
  }

  double quantile_;
  bool is_abs_;
  Ranks ranks_;
  std::uint64_t nonfinite_ = 0, piece_ = 1;
  Samples samples_;
};

class QuantileByCell final : public Stored {
 public:
  QuantileByCell(Dims dims, double quantile, bool is_abs)
      : dims_(std::move(dims)), quantile_(quantile), is_abs_(is_abs) {}

  std::unique_ptr<Statistic> fresh() const override {
    return std::make_unique<QuantileByCell>(dims_, quantile_, is_abs_);
  }

  lathe::value result() const override {
    // MASE gives none for each element of one sample.
    const std::uint64_t least = dims_.reduce == Reduce::none ? 2 : 1;
    std::vector<std::uint64_t> counts;
    std::vector<double> low, high;
    std::vector<float> cell;
    for (std::uint64_t c = 0; c < layout_.cells() && count() > 0; ++c) {
      gather(c, cell);
      counts.push_back(cell.size());
      low.push_back(cell.empty() ? 0 : at(cell, low_part(quantile_)));
      high.push_back(cell.empty() ? 0 : at(cell, quantile_));
    }
    const auto numbers = [&](auto number) {
      return by_cell(layout_, [&](std::uint64_t c) -> std::optional<lathe::value> {
        if (c >= counts.size() || counts[c] < least) return std::nullopt;
        return lathe::value(number(c));
      });
    };
    lathe::value result = lathe::value::map();
    result.set("min", numbers([&](std::uint64_t c) { return low[c]; }));
    result.set("max", numbers([&](std::uint64_t c) { return high[c]; }));
    result.set("range", numbers([&](std::uint64_t c) { return high[c] - low[c]; }));
    result.set("count", count_of(counts));
    if (nonfinite() > 0) result.set("nonfinite", nonfinite());
    return result;
  }

 private:
  void seen(lathe::shape shape) override { layout_ = Layout(dims_, shape); }

  void gather(std::uint64_t c, std::vector<float>& cell) const {
    const std::uint64_t sample = lathe::element_count(sample_shape());
    cell.resize(count() * layout_.per_cell());
    std::uint64_t at = 0;
    for (std::uint64_t s = 0; s < count(); ++s) {
      for (std::uint64_t i = 0; i < layout_.per_cell(); ++i) {
        cell[at++] = values()[s * sample + layout_.place(c, i)];
      }
    }
    cell.resize(finite_values(cell.data(), cell.size(), is_abs_, cell.data()));
    std::sort(cell.begin(), cell.end());
  }

  static double at(const std::vector<float>& sorted, double quantile) {
    const Position place(quantile, sorted.size());
    return place.between(sorted[place.below] + 0.0F, sorted[place.above] + 0.0F);
  }

  lathe::value count_of(const std::vector<std::uint64_t>& counts) const {
    if (counts.empty()) return 0;
    if (std::all_of(counts.begin(), counts.end(), [&](auto c) { return c == counts[0]; })) {
      return counts[0];
    }
    return by_cell(layout_, [&](std::uint64_t c) -> std::optional<lathe::value> {
      return lathe::value(counts[c]);
    });
  }

  Dims dims_;
  double quantile_;
  bool is_abs_;
  Layout layout_;
};

}  // namespace

std::unique_ptr<Statistic> range_quantile(const lathe::options& options) {
  Dims dims = Dims::of(options["dims"]);
  const double quantile = options.real("quantile");
  const bool is_abs = options.boolean("abs");
  if (dims.reduce == Reduce::all) return std::make_unique<QuantileOfAll>(quantile, is_abs);
  return std::make_unique<QuantileByCell>(std::move(dims), quantile, is_abs);
}

}  // namespace statistics
