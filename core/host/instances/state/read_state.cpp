#include "core/host/instances/state/read_state.hpp"

#include "core/base/error.hpp"
#include "core/host/services/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lathe {

namespace {

// Above, a count is damage.
constexpr std::uint64_t kMostRows = 64;
constexpr std::uint64_t kHighestRank = 8;
constexpr std::uint64_t kLongestName = 64;
constexpr std::int64_t kMostElements = std::int64_t{1} << 24;

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Shape shape_of(const lathe_state_spec& row, std::string_view name) {
  if (row.rank > kHighestRank || (row.rank > 0 && row.shape == nullptr)) {
    throw usage_error(fmt::format("asks for a '{}' of rank {}", name, row.rank));
  }
  if (row.per_channel != 0 && row.rank != 0) {
    throw usage_error(
        fmt::format("asks for a '{}' per channel, and gives it a shape as well", name));
  }
  std::vector<std::int64_t> extents;
  std::int64_t elements = 1;
  for (std::uint64_t d = 0; d < row.rank; ++d) {
    const std::int64_t extent = row.shape[d];
    if (extent < 1 || extent > kMostElements / elements) {
      throw usage_error(fmt::format("asks for a '{}' with an extent of {}", name, extent));
    }
    elements *= extent;
    extents.push_back(extent);
  }
  return Shape(std::move(extents));
}

StateSpec spec_of(const lathe_state_spec& row) {
  const std::string_view name(row.name.data, row.name.data == nullptr ? 0 : row.name.size);
  if (name.size() > kLongestName) {
    throw usage_error(fmt::format("asks for a tensor with a name of {} letters; {} are allowed",
                                  name.size(), kLongestName));
  }
  if (!is_word(name)) {
    throw usage_error(
        fmt::format("asks for a tensor called '{}'; a name is made of letters, digits and "
                    "underscores",
                    name));
  }
  if (!std::isfinite(row.initial)) {
    throw usage_error(fmt::format("asks for a '{}' of {}", name, row.initial));
  }
  return {std::string(name), row.learnable != 0, row.per_channel != 0, shape_of(row, name),
          row.initial};
}

}  // namespace

std::vector<StateSpec> read_state(const lathe_state_table& table) {
  if (table.count > kMostRows) {
    throw usage_error(
        fmt::format("asks for {} tensors; at most {} are allowed", table.count, kMostRows));
  }
  if (table.count == 0) return {};
  if (table.rows == nullptr || table.row_size < LATHE_SIZE_UP_TO(lathe_state_spec, initial)) {
    throw usage_error(fmt::format("asks for {} tensors, and gives no rows for them", table.count));
  }
  std::vector<StateSpec> out;
  const char* at = reinterpret_cast<const char*>(table.rows);
  for (std::uint64_t i = 0; i < table.count; ++i, at += table.row_size) {
    lathe_state_spec row{};
    std::memcpy(&row, at, std::min<std::size_t>(table.row_size, sizeof row));
    StateSpec spec = spec_of(row);
    if (std::ranges::find(out, spec.name, &StateSpec::name) != out.end()) {
      throw usage_error(fmt::format("asks for '{}' twice", spec.name));
    }
    out.push_back(std::move(spec));
  }
  return out;
}

}  // namespace lathe
