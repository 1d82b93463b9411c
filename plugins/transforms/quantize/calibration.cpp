#include "calibration.hpp"

#include <cstdio>
#include <map>

#include "error_search.hpp"
#include "histogram.hpp"
#include "reach.hpp"

namespace quantize {

namespace {

std::string number_text(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", x);
  return text;
}

double percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

lathe::value value_or_none(const Range& range, float end) {
  return range.seen() ? lathe::value(end) : lathe::value();
}

class Calibration {
 public:
  Calibration(const CalibrationOptions& options, std::vector<Choice>& choices, const Tools& tools)
      : options_(options), choices_(choices), tools_(tools) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      std::optional<Operand> operand = Operand::open(tools.graph, tools.formats, choices[i], i);
      if (!operand) continue;
      places_.emplace(Place{operand->node().index, operand->role()}, operands_.size());
      operands_.push_back(std::move(*operand));
    }
  }

  void run() {
    if (operands_.empty()) {
      if (!choices_.empty()) {
        tools_.context.info("calibration: the formats that are set leave no option open");
      }
      return;
    }
    observe([&](std::size_t o, std::size_t, const lathe_tensor& x) {
      operands_[o].see_range(lathe::tensor<const float>(x));
    });
    require_rows();
    std::vector<LossCount> counts;
    std::vector<Trial> chosen = choose();
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      warn_of_range(operands_[o],
                    options_.method == Method::range ? chosen[o] : operands_[o].fitted(1.0));
      counts.emplace_back(operands_[o], std::move(chosen[o]));
    }
    observe([&](std::size_t o, std::size_t which, const lathe_tensor& x) {
      counts[o].see(operands_[o], which, x);
    });
    tell(counts);
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      choices_[operands_[o].choice()].options = counts[o].trial().options.entries().to_vector();
    }
  }

 private:
  using Place = std::pair<std::uint32_t, lathe_role>;

  // Calls see(operand, which of its tensors, tensor) for all that there is of the open operands.
  template <class See>
  void observe(See see) {
    std::vector<lathe::node_id> watched;
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      tools_.context.stop_if_cancelled();
      const Operand& operand = operands_[o];
      if (operand.is_parameter()) {
        for (std::size_t which = 0; which < operand.tensor_count(); ++which) {
          see(o, which, parameter_of(operand, which));
        }
      } else if (watched.empty() || !(watched.back() == operand.node())) {
        watched.push_back(operand.node());
      }
    }
    if (watched.empty()) return;
    try {
      tools_.executor.observe(tools_.graph, options_.rows, watched,
                              [&](lathe::node_id id, const lathe::operand& shown,
                                  const lathe_tensor& x, const lathe_observation& batch) {
                                const auto found = places_.find({id.index, shown.role()});
                                if (found == places_.end()) return;
                                const Operand& operand = operands_[found->second];
                                const std::optional<std::size_t> which =
                                    operand.which(shown.name());
                                if (!which || (operand.seen_once(*which) && batch.batch != 0))
                                  return;
                                see(found->second, *which, x);
                              });
    } catch (const lathe::error& e) {
      throw_with_option(e);
    }
  }

  // What is wrong with the split that is observed, beside the option that chose it.
  [[noreturn]] void throw_with_option(const lathe::error& e) const {
    const std::string split = lathe::join({"'", options_.rows.split, "'"});
    const std::string_view text = e.what();
    if (text.find(split) == std::string_view::npos) throw e;
    throw lathe::error(e.code(),
                       lathe::join({text, "; calibration_split chooses what is observed"}))
        .at_option("calibration_split");
  }

  // An attention has two weights: in_proj_weight and out_proj.weight.
  const lathe_tensor& parameter_of(const Operand& operand, std::size_t which) const {
    return tools_.weights.raw_of(tools_.graph, operand.node(), operand.name_of(which));
  }

  void require_rows() const {
    for (const Operand& operand : operands_) {
      if (operand.whole().count > 0 || operand.not_finite() > 0 || operand.is_parameter()) continue;
      throw lathe::error(
          LATHE_FAILED_PRECONDITION,
          lathe::join({"there is nothing to calibrate '", lathe::role_name(operand.role()),
                       "' of node '", tools_.graph.at(operand.node()).name(),
                       "' from: the rows observed of the split '", options_.rows.split,
                       "' (calibration_split) hold no values"}))
          .at_option("calibration_split");
    }
  }

  std::vector<Trial> choose() {
    switch (options_.method) {
      case Method::percentile:
        return by_percentile();
      case Method::mse:
        return by_error();
      case Method::entropy:
        return by_divergence();
      default:
        break;
    }
    std::vector<Trial> trials;
    for (const Operand& operand : operands_) trials.push_back(operand.fitted(1.0));
    return trials;
  }

  std::vector<Histogram> histograms() {
    std::vector<Histogram> all;
    for (const Operand& operand : operands_) all.emplace_back(operand);
    observe([&](std::size_t o, std::size_t, const lathe_tensor& x) {
      all[o].see(operands_[o], lathe::tensor<const float>(x));
    });
    return all;
  }

  std::vector<Trial> by_percentile() {
    const std::vector<Histogram> coarse = histograms();
    std::vector<Tails> tails;
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      tails.emplace_back(operands_[o], coarse[o], options_.percentile);
    }
    observe([&](std::size_t o, std::size_t, const lathe_tensor& x) {
      tails[o].see(operands_[o], coarse[o], lathe::tensor<const float>(x));
    });
    std::vector<Trial> trials;
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      trials.push_back(operands_[o].fitted(tails[o].found(operands_[o])));
    }
    return trials;
  }

  std::vector<Trial> by_error() {
    std::vector<ErrorSearch> searches;
    for (const Operand& operand : operands_) searches.emplace_back(operand);
    observe([&](std::size_t o, std::size_t which, const lathe_tensor& x) {
      searches[o].see(operands_[o], which, x);
    });
    std::vector<Trial> trials;
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      trials.push_back(with_parts(operands_[o], searches[o].best_parts()));
    }
    return trials;
  }

  std::vector<Trial> by_divergence() {
    const std::vector<Histogram> seen = histograms();
    std::vector<Trial> trials;
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      tools_.context.stop_if_cancelled();
      trials.push_back(with_parts(operands_[o], least_divergence(operands_[o], seen[o])));
    }
    return trials;
  }

  static Trial with_parts(const Operand& operand, const std::vector<double>& parts) {
    std::vector<lathe_seen> rows;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      rows.push_back(operand.ranges()[i].narrowed(parts[i]));
    }
    return operand.fitted(rows);
  }

  std::string whose(const Operand& operand) const {
    return lathe::join({"'", lathe::role_name(operand.role()), "' of node '",
                        tools_.graph.at(operand.node()).name(), "'"});
  }

  // Whether even what holds most clips what was seen.
  void warn_of_range(const Operand& operand, const Trial& widest) const {
    const std::vector<Reach> reach = reach_of(operand, widest.used[0]);
    for (std::size_t i = 0; i < reach.size(); ++i) {
      const Range& range = operand.ranges()[i];
      if (!range.seen()) continue;
      const double low =
          operand.is_unsigned() && range.low < 0 ? 0 : static_cast<double>(range.low);
      const auto high = static_cast<double>(range.high);
      if (low >= reach[i].clips_below && high <= reach[i].clips_above) continue;
      tools_.context.warning(lathe::join(
          {"calibration: no choice of what format '", operand.format(), "' leaves open holds ",
           whose(operand), ": it was seen from ", number_text(low), " to ", number_text(high),
           reach.size() > 1
               ? lathe::join({" at index ", lathe::to_string(static_cast<std::int64_t>(i))})
               : std::string(),
           ", and the widest reaches from ", number_text(reach[i].low), " to ",
           number_text(reach[i].high), "; what lies beyond is clipped. ",
           low < reach[i].clips_below && reach[i].low >= 0
               ? "It has no values below zero: one with a sign has"
               : "More bits, or a format with a wider range, hold it"}));
      return;
    }
  }

  void tell(const std::vector<LossCount>& counts) const {
    lathe::table table = tools_.report.table(
        "calibration", {"node", "operand", "low", "high", "values", "format", "chosen", "clipped",
                        "clipped_percent", "zeroed", "zeroed_percent"});
    for (std::size_t o = 0; o < operands_.size(); ++o) {
      const Operand& operand = operands_[o];
      const Choice& choice = choices_[operand.choice()];
      const Range whole = operand.whole();
      const Losses& losses = counts[o].losses();
      const lathe_value before = map_of(choice.options);
      const std::string chosen = chosen_text(&before, counts[o].trial().options);
      const std::int64_t all = whole.count + operand.not_finite();
      table.row({tools_.graph.at(operand.node()).name(), lathe::role_name(operand.role()),
                 value_or_none(whole, whole.low), value_or_none(whole, whole.high), all,
                 format_text(choice), chosen.empty() ? lathe::value() : lathe::value(chosen),
                 losses.clipped, percent(losses.clipped, whole.count), losses.zeroed,
                 percent(losses.zeroed, whole.count)});
      if (operand.not_finite() > 0) {
        tools_.context.warning(lathe::join(
            {"calibration leaves out ", lathe::to_string(operand.not_finite()), " of ",
             lathe::to_string(all), " values of ", whose(operand), ", which are not finite",
             operand.first_not_finite().empty() ? "" : "; the first is ",
             operand.first_not_finite()}));
      }
      tell_of_constant(operand, whole);
    }
  }

  void tell_of_constant(const Operand& operand, const Range& whole) const {
    if (!whole.seen() || whole.low != whole.high || whole.count < 2) return;
    tools_.context.info(lathe::join({"calibration: ", whose(operand), " is ",
                                     number_text(static_cast<double>(whole.low)), " throughout",
                                     whole.low == 0 ? "; its format keeps its defaults" : ""}));
  }

  const CalibrationOptions& options_;
  std::vector<Choice>& choices_;
  const Tools& tools_;
  std::vector<Operand> operands_;
  std::map<Place, std::size_t> places_;
};

}  // namespace

Method method_of(std::string_view word) {
  if (word == "range") return Method::range;
  if (word == "percentile") return Method::percentile;
  if (word == "mse") return Method::mse;
  return word == "entropy" ? Method::entropy : Method::none;
}

void calibrate(const CalibrationOptions& options, std::vector<Choice>& choices,
               const Tools& tools) {
  Calibration(options, choices, tools).run();
}

}  // namespace quantize
