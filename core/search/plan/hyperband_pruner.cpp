// Optuna's Hyperband (optuna/pruners/_hyperband.py; Li et al., "Hyperband", 2018): brackets of
// successive halving, of which the first gives up early and the last never.
#include "core/search/plan/halving.hpp"
#include "core/search/plan/pruner_rows.hpp"

#include <fmt/format.h>
#include <boost/crc.hpp>

#include <cmath>

namespace lathe {
namespace {

// What Optuna draws the bracket of a trial from, in a study called "lathe".
std::uint64_t hash_of(std::uint64_t trial) {
  const std::string text = fmt::format("lathe_{}", trial);
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

class HyperbandPruner final : public Pruner {
 public:
  HyperbandPruner(const Value& options, lathe_direction direction)
      : first_{direction, options.find("min_resource")->as_int(),
               options.find("reduction_factor")->as_int(), 0,
               options.find("bootstrap_count")->as_int()} {
    const Value& resource = *options.find("max_resource");
    if (!resource.is_none()) max_resource_ = resource.as_int();
  }

  bool prune(Trial& trial, std::span<const Trial* const> told) const override {
    const std::vector<std::uint64_t> shares =
        shares_of(max_resource_ ? max_resource_ : estimated_resource(told));
    if (shares.empty()) return false;
    Halving bracket = first_;
    bracket.min_early_stopping_rate = bracket_of(trial, shares);
    std::vector<const Trial*> others;
    for (const Trial* other : told)
      if (bracket_of(*other, shares) == bracket.min_early_stopping_rate) others.push_back(other);
    return bracket.prune(trial, others);
  }

 private:
  // All steps of the first trial that completed.
  static std::optional<std::int64_t> estimated_resource(std::span<const Trial* const> told) {
    for (const Trial* other : told)
      if (other->state == TrialState::complete && !other->intermediates.empty())
        return other->intermediates.back().step + 1;
    return std::nullopt;
  }

  // How many trials each bracket gets, in proportion; none: nothing is given up yet.
  std::vector<std::uint64_t> shares_of(std::optional<std::int64_t> max_resource) const {
    std::vector<std::uint64_t> shares;
    if (!max_resource || *max_resource < first_.min_resource) return shares;
    const auto factor = static_cast<double>(first_.reduction_factor);
    const double ratio =
        static_cast<double>(*max_resource) / static_cast<double>(first_.min_resource);
    const double brackets = std::floor(std::log(ratio) / std::log(factor)) + 1;
    for (double s = brackets - 1; s >= 0; --s)
      shares.push_back(
          static_cast<std::uint64_t>(std::ceil(brackets * std::pow(factor, s) / (s + 1))));
    return shares;
  }

  static std::int64_t bracket_of(const Trial& trial, const std::vector<std::uint64_t>& shares) {
    std::uint64_t total = 0;
    for (const std::uint64_t share : shares) total += share;
    std::uint64_t at = hash_of(trial.number) % total;
    std::int64_t bracket = 0;
    for (const std::uint64_t share : shares) {
      if (at < share) break;
      at -= share;
      ++bracket;
    }
    return bracket;
  }

  Halving first_;  // the bracket that gives up earliest
  std::optional<std::int64_t> max_resource_;
};

Option max_resource_option() {
  Option option = integer_option("max_resource", "1..1000000000", 1,
                                 "The steps of a whole training; NA or auto: those of the first "
                                 "trial that completes, before which none is given up.");
  option.flags = LATHE_OPTION_FLAG_NULLABLE;
  option.default_value = Value();
  return option;
}

}  // namespace

PrunerRow hyperband_pruner() {
  return {"hyperband",
          "Successive halving in brackets, which begin to give up trials at different steps; a "
          "trial's number decides which is its.",
          {"pruner 'hyperband'",
           {integer_option("min_resource", "1..1000000000", 1,
                           "The step of the first rung, in the bracket that gives up earliest."),
            max_resource_option(),
            integer_option("reduction_factor", "2..1000000000", 3,
                           "One of so many trials goes on at each rung."),
            integer_option("bootstrap_count", "0..", 0,
                           "Trials that end at a rung before any goes on from there."),
            watch_option()}},
          "max_resource",
          make_pruner<HyperbandPruner>};
}

}  // namespace lathe
