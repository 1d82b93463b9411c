#include "core/host/instances/integer_codes.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

// Above, a table of levels is damage.
constexpr std::uint64_t kMostLevels = std::uint64_t{1} << 16;

Shape block_of(const lathe_integer_codes& made, const Shape& shape) {
  if (made.block_shape == nullptr) return shape;
  std::vector<std::int64_t> extents;
  for (std::size_t d = 0; d < shape.rank(); ++d) {
    if (made.block_shape[d] < 1) {
      throw usage_error(fmt::format("gave blocks with an extent of {}", made.block_shape[d]));
    }
    extents.push_back(made.block_shape[d]);
  }
  return Shape(std::move(extents));
}

bool in_range(std::int64_t code, const IntegerCodes& of) {
  if (!of.levels.empty()) return code >= 0 && code < static_cast<std::int64_t>(of.levels.size());
  if (of.width == 64) return true;
  const std::int64_t half = std::int64_t{1} << (of.width - 1);
  return of.is_signed ? code >= -half && code < half : code >= 0 && code - half < half;
}

// Calls see(element, block) for all elements in row-major order.
template <typename See>
void for_each_element(const Shape& shape, const Shape& block, const Shape& blocks, See see) {
  const std::size_t rank = shape.rank();
  std::vector<std::int64_t> at(rank, 0);
  const std::int64_t count = shape.numel();
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t number = 0;
    for (std::size_t d = 0; d < rank; ++d) number = number * blocks[d] + at[d] / block[d];
    see(static_cast<std::size_t>(i), static_cast<std::size_t>(number));
    for (std::size_t d = rank; d-- > 0;) {
      if (++at[d] < shape[d]) break;
      at[d] = 0;
    }
  }
}

}  // namespace

Shape IntegerCodes::blocks() const {
  std::vector<std::int64_t> counts;
  for (std::size_t d = 0; d < shape.rank(); ++d) {
    counts.push_back(shape[d] == 0 ? 0 : (shape[d] - 1) / block[d] + 1);
  }
  return Shape(std::move(counts));
}

std::vector<std::size_t> IntegerCodes::block_numbers() const {
  std::vector<std::size_t> out(codes.size());
  for_each_element(shape, block, blocks(), [&](std::size_t i, std::size_t b) { out[i] = b; });
  return out;
}

double IntegerCodes::level(std::size_t element, std::size_t of_block) const {
  const std::int64_t code = codes[element];
  if (!levels.empty()) return levels[static_cast<std::size_t>(code)];
  if (!is_signed && width == 64) return static_cast<double>(static_cast<std::uint64_t>(code));
  return static_cast<double>(code - (zero_point.empty() ? 0 : zero_point[of_block]));
}

std::vector<float> IntegerCodes::values() const {
  std::vector<float> out(codes.size());
  for_each_element(shape, block, blocks(), [&](std::size_t i, std::size_t b) {
    out[i] = static_cast<float>(level(i, b) * scale[b]);
  });
  return out;
}

IntegerCodes read_codes(const lathe_integer_codes& made, const Shape& shape,
                        std::vector<std::int64_t> codes) {
  if (made.width < 1 || made.width > 64) {
    throw usage_error(fmt::format("gave codes of {} bits", made.width));
  }
  IntegerCodes out;
  out.width = static_cast<int>(made.width);
  out.is_signed = made.is_signed != 0;
  out.shape = shape;
  out.block = block_of(made, shape);
  const auto blocks = made.block_shape == nullptr
                          ? std::uint64_t{1}
                          : static_cast<std::uint64_t>(out.blocks().numel());
  if (made.scale_count != blocks) {
    throw usage_error(fmt::format("gave {} scales for {} blocks", made.scale_count, blocks));
  }
  if (made.scale == nullptr && blocks > 0) {
    throw usage_error(fmt::format("gave {} scales at NULL", blocks));
  }
  out.scale.assign(made.scale, made.scale + made.scale_count);
  if (std::ranges::any_of(out.scale, [](double s) { return !std::isfinite(s); })) {
    throw usage_error("gave a scale that is not finite");
  }
  if (made.zero_point != nullptr) {
    out.zero_point.assign(made.zero_point, made.zero_point + made.scale_count);
  }
  if (made.levels != nullptr) {
    if (made.level_count == 0 || made.level_count > kMostLevels) {
      throw usage_error(
          fmt::format("gave {} levels; 1 to {} are allowed", made.level_count, kMostLevels));
    }
    out.levels.assign(made.levels, made.levels + made.level_count);
  }
  for (const std::int64_t code : codes) {
    if (!in_range(code, out)) {
      throw usage_error(
          out.levels.empty()
              ? fmt::format("gave the code {}, which {} bits do not hold", code, out.width)
              : fmt::format("gave the code {}, and {} levels", code, out.levels.size()));
    }
  }
  out.codes = std::move(codes);
  return out;
}

}  // namespace lathe
