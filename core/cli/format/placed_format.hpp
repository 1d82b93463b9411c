// A number format on one tensor outside of any network: what it is told of the place, and state as
// it is before any training.
#pragma once

#include "core/graph/ops/op_table.hpp"
#include "core/host/instances/format_instance.hpp"

#include <span>

namespace lathe {

class PlacedFormat {
 public:
  // REQUIRES: `format` and `row` outlive it.
  PlacedFormat(const FormatInstance& format, const OpRow& row, lathe_role role,
               std::uint64_t seed = 0);

  const FormatInstance& format() const { return format_; }
  // Each throws what the format refuses.
  std::vector<float> quantize(const Shape& shape, std::span<const float> x) const;
  // REQUIRES: format().has_codes().
  IntegerCodes codes(const Shape& shape, std::span<const float> x) const;
  double storage_bits(const Shape& shape) const;  // of the whole tensor
  // Where a tensor of that shape has its channels; -1: nowhere.
  std::int32_t channels_of(const Shape& shape) const;

 private:
  class Call;

  const FormatInstance& format_;
  const OpRow& row_;
  lathe_role role_;
  std::uint64_t seed_;
};

}  // namespace lathe
