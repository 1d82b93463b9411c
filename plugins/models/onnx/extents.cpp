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

// Row by row, elements keep their order: the batch goes where the numbers behind it are as many.
void open_batch(const Extents& from, Extents& to, std::int64_t file_batch) {
  const auto batch = std::find_if(from.begin(), from.end(), [](Extent e) { return e.of_batch; });
  if (batch == from.end() || file_batch <= 0) return;
  const std::int64_t behind =
      stride(from, static_cast<std::size_t>(batch - from.begin())) * batch->number;
  for (std::size_t d = 0; d < to.size(); ++d) {
    const std::int64_t inner = stride(to, d), outer = inner * to[d].number;
    const bool holds = to[d].number % file_batch == 0 && inner <= behind &&
                       outer == behind * file_batch;
    if (!holds) continue;
    to[d] = {to[d].number / file_batch, true};
    return;
  }
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
  const auto has_batch = [](const Extents& all) {
    return std::any_of(all.begin(), all.end(), [](Extent e) { return e.of_batch; });
  };
  const bool batch_in = has_batch(from), batch_out = has_batch(to);
  const std::int64_t total = elements_of_row(from);
  if (inferred != to.size()) {
    to[inferred] = {1, false};
    const std::int64_t known = elements_of_row(to);
    // The batch is in what is inferred, unless a number stands where it was.
    bool opens = batch_in && !batch_out;
    if (opens && file_batch > 0) {
      Extents closed = to;
      closed[inferred].number = known == 0 ? 0 : total * file_batch / known;
      open_batch(from, closed, file_batch);
      if (has_batch(closed) && elements_of_row(closed) == total) return closed;
    }
    if (known == 0 || total % known != 0) throw unfit(from, wanted);
    to[inferred] = {total / known, opens};
  } else if (batch_in && !batch_out) {
    open_batch(from, to, file_batch);
  }
  if (elements_of_row(to) != total || has_batch(to) != batch_in) throw unfit(from, wanted);
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
