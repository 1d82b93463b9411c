#include "layout.hpp"

#include <algorithm>

namespace statistics {

namespace {

// Places of every index of some dimensions of a row-major tensor, the last running fastest.
std::vector<std::uint64_t> places_of(lathe::shape shape, const std::vector<bool>& chosen) {
  std::vector<std::uint64_t> places{0};
  std::uint64_t stride = lathe::element_count(shape);
  for (std::uint64_t d = 0; d < shape.size(); ++d) {
    const auto extent = static_cast<std::uint64_t>(shape[d]);
    stride = extent == 0 ? 0 : stride / extent;
    if (!chosen[d]) continue;
    std::vector<std::uint64_t> further;
    further.reserve(places.size() * extent);
    for (const std::uint64_t place : places) {
      for (std::uint64_t i = 0; i < extent; ++i) further.push_back(place + i * stride);
    }
    places = std::move(further);
  }
  return places;
}

}  // namespace

Dims Dims::of(lathe::value_view given) {
  Dims dims;
  if (given.is_none()) {
    dims.reduce = Reduce::none;
  } else if (given.kind() == LATHE_VALUE_INT) {
    dims.reduce = Reduce::listed;
    dims.listed = {given.integer()};
  } else if (given.kind() == LATHE_VALUE_LIST) {
    dims.reduce = Reduce::listed;
    for (std::uint64_t i = 0; i < given.size(); ++i) {
      if (given[i].kind() != LATHE_VALUE_INT) {
        throw lathe::invalid_argument("a dimension is an integer, such as 0 or -1");
      }
      dims.listed.push_back(given[i].integer());
    }
  } else if (given.kind() == LATHE_VALUE_STRING) {
    const std::string_view word = given.text();
    if (word == "NA" || word == "none" || word == "None") {
      dims.reduce = Reduce::none;
    } else if (word != "all") {
      throw lathe::invalid_argument(
          lathe::join({"it is \"all\", NA or a list of dimensions; got '", word, "'"}));
    }
  } else {
    throw lathe::invalid_argument("it is \"all\", NA or a list of dimensions");
  }
  return dims;
}

bool Dims::fits(std::uint64_t rank) const {
  const auto dimensions = static_cast<std::int64_t>(std::max<std::uint64_t>(rank, 1));
  return reduce != Reduce::listed || std::all_of(listed.begin(), listed.end(), [&](std::int64_t d) {
           return d >= -dimensions && d < dimensions;
         });
}

Layout::Layout(const Dims& dims, lathe::shape sample) {
  if (!dims.fits(sample.size())) {
    std::string text;
    for (const std::int64_t d : dims.listed) {
      text += text.empty() ? lathe::to_string(d) : ", " + lathe::to_string(d);
    }
    throw lathe::error(
        LATHE_OUT_OF_RANGE,
        lathe::join({"dims lists [", text, "], but a sample has ",
                     lathe::to_string(static_cast<std::int64_t>(sample.size())), " dimensions"}));
  }
  if (dims.reduce == Reduce::all) return;
  if (dims.reduce == Reduce::none) {
    cells_ = lathe::element_count(sample);
    kept_ = sample.to_vector();
    return;
  }
  std::vector<bool> reduced(sample.size());
  const auto rank = static_cast<std::int64_t>(sample.size());
  for (const std::int64_t d : dims.listed) {
    if (rank > 0) reduced[static_cast<std::size_t>(d < 0 ? d + rank : d)] = true;
  }
  std::vector<bool> is_kept(reduced);
  is_kept.flip();
  for (std::uint64_t d = 0; d < sample.size(); ++d) {
    if (is_kept[d]) kept_.push_back(sample[d]);
  }
  first_ = places_of(sample, is_kept);
  within_ = places_of(sample, reduced);
  cells_ = first_.size();
  per_cell_ = within_.size();
}

}  // namespace statistics
