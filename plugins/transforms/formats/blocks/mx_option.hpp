// Where the blocks of Microscaling (MX) formats lie: along one dimension, the last unless
// block_dim says another.
#pragma once

#include "block_option.hpp"

namespace formats {

constexpr const char* kBlockDimDoc =
    "The dimension that blocks lie along, counted from the end if negative; block_size then is one "
    "extent. NA: block_size says it. MASE's name.";

class MxOption {
 public:
  explicit MxOption(lathe::options o) : block_(o), dim_(o.integer_or("block_dim", -1)) {
    has_dim_ = o.has("block_dim");
    if (has_dim_ && block_.size().size() != 1) {
      throw lathe::invalid_argument("with block_dim, block_size is one extent along it")
          .at_option("block_size");
    }
  }
  const Extents& size() const { return block_.size(); }
  bool keeps_rows_apart() const { return block_.keeps_rows_apart(); }

  Extents extents(const lathe::site& site, lathe::shape shape) const {
    if (!has_dim_ || shape.empty()) return block_.extents(site, shape);
    Extents block(shape.size(), 1);
    const std::uint64_t along = dimension(shape);
    const std::int64_t extent = std::max<std::int64_t>(shape[along], 1), wanted = size()[0];
    block[along] = wanted == -1 ? extent : std::min(wanted, extent);
    return block_.keeps_first_apart(site) ? first_apart(block) : block;
  }

  // The original cuts the tensor into blocks with block_dim as its last dimension, over ends of
  // rows too. `shape` becomes the shape that it sees.
  Extents original_extents(Extents& shape) const {
    if (size().size() != 1) {
      throw lathe::invalid_argument("with mase_compat block_size is one extent along block_dim")
          .at_option("block_size");
    }
    const lathe::shape whole(shape.data(), shape.size());
    const std::uint64_t along = shape.empty() ? 0 : dimension(whole);
    const std::int64_t extent = shape.empty() ? 1 : shape[along];
    const std::int64_t wanted = size()[0] == -1 ? extent : size()[0];
    const auto count = static_cast<std::int64_t>(lathe::element_count(whole));
    if (count == 0) return Extents(shape.size(), 1);
    const bool is_last = along + 1 >= shape.size();
    if (count % wanted != 0 || (!is_last && extent % wanted != 0)) {
      throw lathe::invalid_argument(
          lathe::join({"with mase_compat blocks of ", std::to_string(wanted),
                       " have to divide the ", std::to_string(is_last ? count : extent),
                       is_last ? " elements of the tensor" : " indices of block_dim"}))
          .at_option("block_size");
    }
    if (is_last) {
      shape = {count};
      return {wanted};
    }
    Extents block(shape.size(), 1);
    block[along] = wanted;
    return block;
  }

 private:
  static Extents first_apart(Extents block) {
    block[0] = 1;
    return block;
  }
  std::uint64_t dimension(lathe::shape shape) const {
    const auto rank = static_cast<std::int64_t>(shape.size());
    if (dim_ < -rank || dim_ >= rank) {
      throw lathe::invalid_argument(lathe::join({"there is no dimension ", std::to_string(dim_),
                                                 " in a tensor with ", std::to_string(rank)}))
          .at_option("block_dim");
    }
    return static_cast<std::uint64_t>(dim_ < 0 ? dim_ + rank : dim_);
  }

  BlockOption block_;
  std::int64_t dim_;
  bool has_dim_ = false;
};

}  // namespace formats
