#include "core/run/health/output_watch.hpp"

#include "core/run/loss/criterion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lathe::run {

namespace {

// True if the first `rows` rows of every input are the same: then an output that is the same, too,
// says nothing of the network.
bool inputs_are_alike(const RowSource& source) {
  return std::ranges::all_of(source.inputs, [&](const Tensor& input) {
    const std::size_t bytes = input.bytes().size() / static_cast<std::size_t>(input.shape()[0]);
    for (std::int64_t row = 1; row < source.rows; ++row) {
      const std::byte* other = input.bytes().data() + static_cast<std::size_t>(row) * bytes;
      if (std::memcmp(input.bytes().data(), other, bytes) != 0) return false;
    }
    return true;
  });
}

}  // namespace

void OutputWatch::see(const Tensor& output, std::int64_t first) {
  const std::span<const float> values = output.values<float>();
  const std::int64_t rows = output.shape()[0];
  if (rows == 0) return;
  const std::size_t width = values.size() / static_cast<std::size_t>(rows);
  rows_ += rows;
  if (first_output_.empty())
    first_output_.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(width));
  const bool healthy = all_finite(values);
  for (std::int64_t row = 0; row < rows && (!varies_ || !healthy); ++row) {
    const std::span<const float> one = values.subspan(static_cast<std::size_t>(row) * width, width);
    varies_ = varies_ || !std::ranges::equal(one, first_output_);
    if (healthy || all_finite(one)) continue;
    ++bad_rows_;
    nan_rows_ += std::ranges::any_of(one, [](float value) { return std::isnan(value); }) ? 1 : 0;
    if (!first_bad_) first_bad_ = first + row;
  }
}

std::string OutputWatch::trouble(Backend& backend, const Graph& graph, const RowSource& rows,
                                 const Dataset& data, Split split) const {
  if (first_bad_) return not_finite(backend, graph, rows, data, split);
  if (rows_ < 2 || varies_ || inputs_are_alike(rows)) return {};
  return fmt::format(
      "the network's output is the same for all {} rows of the {} split, so that it tells nothing "
      "of them; weights or activations may all be zero, or rounded to zero by a number format",
      rows_, name(split));
}

std::string OutputWatch::not_finite(Backend& backend, const Graph& graph, const RowSource& source,
                                    const Dataset& data, Split split) const {
  // The batch with the first such row: a format may see all of it at once.
  const std::int64_t begin = *first_bad_ / source.batch * source.batch;
  const Portion portion{source.inputs, begin, std::min(source.batch, source.rows - begin),
                        source.batch, 0};
  const Origin origin = first_not_finite(backend, graph, portion,
                                         {data.id(), split, static_cast<std::uint64_t>(begin), {}});
  std::string text = fmt::format(
      "the network's output is not finite for {} of {} rows of the {} "
      "split ({} of them with NaN)",
      bad_rows_, rows_, name(split), nan_rows_);
  if (nan_rows_ > 0) text += "; a row with NaN predicts nothing and is never right";
  return origin.text.empty() ? text : text + "; " + origin.text;
}

}  // namespace lathe::run
