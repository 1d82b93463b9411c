// Sampler "random": every parameter uniform over its values, independently of all other trials.
#include "draws.hpp"
#include "space.hpp"

#include <lathe/lathe.hpp>

namespace {

struct Random {
  explicit Random(lathe::space space) : space(search_strategies::read_space(space.raw())) {}

  bool suggest(lathe::context context, lathe::ask ask, lathe::span<double> values) {
    const lathe::rng rng(context);
    for (std::size_t p = 0; p < space.parameters.size(); ++p) {
      const auto& parameter = space.parameters[p];
      if (!space.exists(p, values.data())) continue;
      const double u = rng.uniform(space.seed, rng.stream(parameter.name),
                                   search_strategies::draw_counter(ask.trial, ask.attempt));
      values[p] = search_strategies::uniform_value(parameter, u);
    }
    return true;
  }

  search_strategies::Space space;
};

}  // namespace

LATHE_SAMPLER(Random, "random", "1.0.0", "Draws every parameter uniformly, without memory.")
