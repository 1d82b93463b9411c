#include "extents.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>

namespace onnx_reader {

namespace {

lathe::error unfit(const Extents& from, const Extents& wanted) {
  return lathe::invalid_argument(
      lathe::join({"shape ", text(from), " cannot be reshaped to ", text(wanted)}));
}

// Of the extents behind `at`, without the batch.
std::int64_t stride(const Extents& extents, std::size_t at) {
  std::int64_t all = 1;
  for (std::size_t d = at + 1; d < extents.size(); ++d) all *= extents[d].number;
  return all;
}

// Elements that lie behind each row of the batch; 0: there is no batch.
std::int64_t behind_batch(const Extents& extents) {
  for (std::size_t d = 0; d < extents.size(); ++d) {
    if (extents[d].of_batch) return stride(extents, d) * extents[d].inside;
  }
  return 0;
}

bool has_batch(const Extents& all) {
  return std::any_of(all.begin(), all.end(), [](Extent e) { return e.of_batch; });
}

// Elements keep their order: the batch goes into the extent that covers as many behind it. `count`:
// how often it stands in the numbers of `to`.
bool place_batch(std::int64_t behind, Extents& to, std::int64_t count) {
  std::int64_t covered = 0;
  if (__builtin_mul_overflow(behind, count, &covered) || elements_of_row(to) == 0) return false;
  for (std::size_t d = 0; d < to.size(); ++d) {
    if (to[d].of_batch) return true;
    const std::int64_t inner = stride(to, d);
    const bool holds = to[d].number % count == 0 && inner > 0 && behind % inner == 0 &&
                       inner * to[d].number % covered == 0;
    if (!holds) continue;
    to[d] = {to[d].number / count, true, behind / inner};
    return true;
  }
  return false;
}

// Where a wanted extent has the batch, what of it lies within a row.
bool settle_batch(std::int64_t behind, Extents& to) {
  for (std::size_t d = 0; d < to.size(); ++d) {
    if (!to[d].of_batch) continue;
    const std::int64_t inner = stride(to, d);
    if (inner == 0 || behind % inner != 0 || to[d].number % (behind / inner) != 0) return false;
    to[d].inside = behind / inner;
  }
  return true;
}

}  // namespace

std::optional<std::int64_t> product(const std::vector<std::int64_t>& numbers) {
  std::int64_t all = 1;
  bool zero = false;
  for (const std::int64_t number : numbers) {
    if (number == 0) {
      zero = true;
    } else if (number < 0 || __builtin_mul_overflow(all, number, &all)) {
      return std::nullopt;
    }
  }
  return zero ? 0 : all;
}

std::int64_t elements_of_row(const Extents& extents) {
  std::vector<std::int64_t> numbers;
  for (const Extent extent : extents) numbers.push_back(extent.number);
  const std::optional<std::int64_t> all = product(numbers);
  if (!all) throw lathe::invalid_argument(lathe::join({"shape ", text(extents), " is too large"}));
  return *all;
}

std::string text(const std::vector<std::int64_t>& numbers) {
  std::string out = "[";
  for (const std::int64_t number : numbers) {
    if (out.size() > 1) out += ", ";
    out += lathe::to_string(number);
  }
  return out + "]";
}

std::string text(const Extents& extents) {
  std::string out = "[";
  for (const Extent extent : extents) {
    if (out.size() > 1) out += ", ";
    if (!extent.of_batch || extent.number != 1) out += lathe::to_string(extent.number);
    if (extent.of_batch) out += extent.number == 1 ? "batch" : "*batch";
  }
  return out + "]";
}

Extents reshaped(const Extents& from, const Extents& wanted, std::int64_t file_batch,
                 bool zero_copies) {
  Extents to = wanted;
  std::size_t inferred = to.size();
  for (std::size_t d = 0; d < to.size(); ++d) {
    if (to[d].of_batch) continue;
    if (to[d].number == 0 && zero_copies) {
      if (d >= from.size()) throw unfit(from, wanted);
      to[d] = from[d];
    } else if (to[d].number == -1) {
      if (inferred != to.size()) throw unfit(from, wanted);
      inferred = d;
    } else if (to[d].number <= 0 || to[d].number > kLargestExtent) {
      throw unfit(from, wanted);
    }
  }
  const std::int64_t total = elements_of_row(from), behind = behind_batch(from);
  if (inferred != to.size()) {
    to[inferred] = {};
    const std::int64_t known = elements_of_row(to);
    if (known == 0) throw unfit(from, wanted);
    // A number may stand where the batch was: then what is inferred is without it.
    Extents baked = to;
    std::int64_t all = 0;
    bool is_baked = behind > 0 && !has_batch(to) && file_batch > 0 &&
                    !__builtin_mul_overflow(total, file_batch, &all) && all % known == 0;
    if (is_baked) {
      baked[inferred].number = all / known;
      is_baked = place_batch(behind, baked, file_batch) && elements_of_row(baked) == total;
    }
    if (is_baked) return baked;
    if (total % known != 0) throw unfit(from, wanted);
    to[inferred] = {total / known, behind > 0 && !has_batch(to)};
  } else if (behind > 0 && !has_batch(to)) {
    place_batch(behind, to, file_batch > 0 ? file_batch : 1);
  }
  const bool fits =
      elements_of_row(to) == total && has_batch(to) == (behind > 0) && settle_batch(behind, to);
  if (!fits) throw unfit(from, wanted);
  return to;
}

Extents broadcast(const Extents& a, const Extents& b) {
  const Extents& longer = a.size() >= b.size() ? a : b;
  const Extents& shorter = a.size() >= b.size() ? b : a;
  Extents out = longer;
  const std::size_t shift = longer.size() - shorter.size();
  for (std::size_t d = 0; d < shorter.size(); ++d) {
    Extent& extent = out[shift + d];
    if (extent == Extent{}) {
      extent = shorter[d];
    } else if (shorter[d] != Extent{} && shorter[d] != extent) {
      throw lathe::invalid_argument(
          lathe::join({"shapes ", text(a), " and ", text(b), " do not go together"}));
    }
  }
  return out;
}

std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) {
    throw lathe::invalid_argument(lathe::join({"axis ", lathe::to_string(axis), " of a tensor of ",
                                               lathe::to_string(count), " dimensions"}));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

}  // namespace onnx_reader
