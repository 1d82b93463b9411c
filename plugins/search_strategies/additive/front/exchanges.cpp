#include "exchanges.hpp"

namespace search_strategies {

Place Exchanges::place(const Columns& point) const {
  Place result;
  for (std::size_t o = 0; o < 2; ++o) result[o] = axes_.coordinate(o, quantities_[o].parts(point));
  return result;
}

Exchanges::Move Exchanges::move(const Columns& point, std::size_t p, std::uint32_t to) const {
  return {p, to, {quantities_[0].change(point, p, to), quantities_[1].change(point, p, to)}};
}

double Exchanges::climb(Columns& point, double gain, int steps) const {
  std::array<Drawn::Parts, 2> here;
  for (; steps > 0; --steps) {
    for (std::size_t o = 0; o < 2; ++o) here[o] = quantities_[o].parts(point);
    const Columns from = point;
    const double before = gain;
    const auto foretold = [&](const Move& first, const Move* second) {
      Place place;
      for (std::size_t o = 0; o < 2; ++o) {
        Drawn::Parts parts = here[o];
        parts += first.changes[o];
        if (second != nullptr) {
          parts += second->changes[o];
          parts.corrections +=
              quantities_[o].joint_correction(from, first.p, first.to, second->p, second->to);
        }
        place[o] = axes_.coordinate(o, parts);
      }
      return front_.gain(place, axes_.worst);
    };
    // Of each parameter the next choices with more and with less of the second quantity.
    std::vector<Move> more, less;
    for (std::size_t p = 0; p < from.size(); ++p) {
      std::optional<Move> next_more, next_less;
      for (std::uint32_t to = choices_.first(p); to < choices_.end(p); ++to) {
        if (to == from[p]) continue;
        const Move one = move(from, p, to);
        const double found = foretold(one, nullptr);
        if (found > gain) gain = found, point = from, point[p] = to;
        const double change = one.changes[1].drawn;
        if (change > 0 && (!next_more || change < next_more->changes[1].drawn)) next_more = one;
        if (change < 0 && (!next_less || change > next_less->changes[1].drawn)) next_less = one;
      }
      if (next_more) more.push_back(*next_more);
      if (next_less) less.push_back(*next_less);
    }
    for (const Move& first : more) {
      for (const Move& second : less) {
        if (first.p == second.p) continue;
        const double found = foretold(first, &second);
        if (!(found > gain)) continue;
        gain = found, point = from;
        point[first.p] = first.to, point[second.p] = second.to;
      }
    }
    if (!(gain > before)) break;
  }
  return gain;
}

}  // namespace search_strategies
