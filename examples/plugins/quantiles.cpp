// An analysis that uses a service of another plugin: quantiles of the weights, by histogram.cpp.
//   lathe plugin build quantiles.cpp
//   lathe transform jsc-toy --passes 'example.quantiles<shares=[0.5,0.99]>' --plugin ./quantiles.so
//   --plugin ./histogram.so
#include "histogram.h"

#include <lathe/lathe.hpp>

LATHE_SERVICE_ID(example_histogram_api, EXAMPLE_HISTOGRAM)

namespace {

struct Quantiles {
  static constexpr lathe_option options[] = {
      lathe::string_option("parameter", "Of each node's parameter of this name.")
          .by_default("weight"),
      lathe::float_list_option("shares", "Shares of the elements that lie below.")
          .by_default("[0.01, 0.5, 0.99]")
          .within("0..1"),
  };

  explicit Quantiles(lathe::options o)
      : parameter_(o.text("parameter")), shares_(o["shares"].reals()) {}

  void run(lathe::graph g, lathe::weights weights, lathe::report out,
           lathe::context context) const {
    const lathe::service<example_histogram_api> histogram(context);
    auto table = out.table("quantiles", {"node", "share", "quantile"});
    for (const auto node : g.nodes()) {
      const auto operand = node.find_operand(parameter_);
      if (!operand || !operand->is_parameter()) continue;
      const auto contents = weights.of(g, node, parameter_);
      std::vector<double> found(shares_.size());
      histogram(&example_histogram_api::quantiles, contents.data(), contents.size(), shares_.data(),
                shares_.size(), found.data());
      for (std::size_t i = 0; i < found.size(); ++i) table.row({node.name(), shares_[i], found[i]});
    }
  }

 private:
  std::string parameter_;
  std::vector<double> shares_;
};

}  // namespace

LATHE_MODULE(lathe::needs<example_histogram_api>(),
             lathe::pass<Quantiles>("example.quantiles", "1.0.0", "Quantiles of parameters."))
