#include "operand.hpp"

namespace quantize {

namespace {

// A dense tensor of this process's memory.
lathe_tensor tensor_of(float* data, const std::vector<std::int64_t>& shape,
                       const std::vector<std::int64_t>& strides) {
  lathe_tensor t = {};
  t.struct_size = sizeof t;
  t.dl.data = data;
  t.dl.device = {kDLCPU, 0};
  t.dl.ndim = static_cast<std::int32_t>(shape.size());
  t.dl.dtype = {kDLFloat, 32, 1};
  t.dl.shape = const_cast<std::int64_t*>(shape.data());
  t.dl.strides = const_cast<std::int64_t*>(strides.data());
  return t;
}

std::vector<std::int64_t> dense_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

// "nan at [0, 3]"
std::string placed(lathe::tensor<const float> x, std::uint64_t element) {
  std::string place;
  std::uint64_t rest = element;
  for (std::uint64_t d = x.shape().size(); d-- > 0;) {
    const auto extent = static_cast<std::uint64_t>(x.shape()[d]);
    place = lathe::join({lathe::to_string(static_cast<std::int64_t>(rest % extent)),
                         place.empty() ? "" : ", ", place});
    rest /= extent;
  }
  const std::string_view what = std::isnan(x[element]) ? "nan" : x[element] > 0 ? "inf" : "-inf";
  return lathe::join({what, " at [", place, "]"});
}

}  // namespace

Operand::Operand(const lathe::graph& graph, const lathe::formats& formats, const Choice& choice,
                 std::size_t index)
    : graph_(&graph),
      formats_(&formats),
      choice_(index),
      node_(choice.node),
      role_(choice.role),
      format_(choice.format) {
  const lathe::node node = graph.at(choice.node);
  is_unsigned_ = node.facts().is_unsigned != 0;
  std::vector<lathe::shape> shapes;
  std::uint32_t inputs = 0;
  for (const lathe::operand o : node.operands()) {
    const std::uint32_t at = o.is_input() ? inputs++ : 0;
    if (o.role() != role_ || !o.is_tensor() || o.is_buffer() || o.is_state()) continue;
    const bool constant = o.is_input() && node.input(at).opcode() == LATHE_OPCODE_GET_ATTR;
    parameter_ = o.is_parameter();
    inputs_.push_back({o.name(), at, constant});
    shapes.push_back(o.shape());
  }
  if (inputs_.empty()) return;
  const lathe_value options = map_of(choice.options);
  given_ = made(options);
  const std::optional<int> axis = given_[0].fit_axis();
  is_open_ = axis.has_value();
  axis_ = axis.value_or(-1);
  rank_ = shapes[0].size();
  shape_.assign(shapes[0].begin(), shapes[0].end());
  if (!parameter_ && rank_ > 0 && axis_ != 0) shape_[0] = 1;
  check_extents(node, shapes);
  if (!is_open_) return;
  try {
    quantized(given_[0], std::vector<float>(extent_), 1);
  } catch (const lathe::error&) {
    in_whole_ = true;
  }
}

// Sets how many rows the format takes of what was seen.
void Operand::check_extents(const lathe::node& node, const std::vector<lathe::shape>& shapes) {
  if (axis_ < 0) return;
  const auto along = static_cast<std::uint64_t>(axis_);
  extent_ = static_cast<std::uint64_t>(shapes[0][along]);
  for (const lathe::shape& shape : shapes) {
    if (shape.size() == rank_ && static_cast<std::uint64_t>(shape[along]) == extent_) continue;
    throw lathe::error(
        LATHE_INVALID_ARGUMENT,
        lathe::join({"the tensors that are '", lathe::role_name(role_), "' of node '", node.name(),
                     "' (", node.op(), ") differ in dimension ",
                     lathe::to_string(std::int64_t{axis_}), ", along which format '", format_,
                     "' has options of its own for each index"}))
        .at_node(node);
  }
}

std::optional<Operand> Operand::open(const lathe::graph& graph, const lathe::formats& formats,
                                     const Choice& choice, std::size_t index) {
  Operand operand(graph, formats, choice, index);
  if (!operand.is_open_) return std::nullopt;
  operand.ranges_.resize(operand.extent_);
  return operand;
}

std::vector<lathe::used_format> Operand::made(const lathe_value& options) const {
  std::vector<lathe::used_format> all;
  for (const Input& input : inputs_) {
    all.push_back(formats_->make(*graph_, node_, role_, input.index, format_, &options));
  }
  return all;
}

std::optional<std::size_t> Operand::which(std::string_view name) const {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].name == name) return i;
  }
  return std::nullopt;
}

void Operand::see_range(lathe::tensor<const float> x) {
  for_each_run(x.shape(), axis_, [&](std::uint64_t index, std::uint64_t begin, std::uint64_t n) {
    Range& range = ranges_[index];
    double magnitudes = 0;
    for (std::uint64_t i = begin; i < begin + n; ++i) {
      if (!std::isfinite(x[i])) {
        if (not_finite_++ == 0 && parameter_) first_not_finite_ = placed(x, i);
        continue;
      }
      range.low = x[i] < range.low ? x[i] : range.low;
      range.high = x[i] > range.high ? x[i] : range.high;
      magnitudes += static_cast<double>(std::abs(x[i]));
      ++range.count;
    }
    range.magnitudes += magnitudes;
  });
}

Range Operand::whole() const {
  Range all;
  for (const Range& range : ranges_) {
    all.low = range.low < all.low ? range.low : all.low;
    all.high = range.high > all.high ? range.high : all.high;
    all.count += range.count;
  }
  return all;
}

Trial Operand::fitted(const std::vector<lathe_seen>& rows) const {
  Trial trial;
  trial.options = given_[0].fit(lathe::span<const lathe::seen>(rows.data(), rows.size())).all();
  trial.used = made(*trial.options.raw());
  return trial;
}

Trial Operand::fitted(double part) const {
  std::vector<lathe_seen> rows;
  rows.reserve(ranges_.size());
  for (const Range& range : ranges_) rows.push_back(range.narrowed(part));
  Trial trial = fitted(rows);
  trial.part = part;
  return trial;
}

lathe::tensor<const float> Operand::quantized(const lathe::used_format& used,
                                              const lathe_tensor& x) {
  buffer_.resize(lathe::tensor<const float>(x).size());
  lathe_tensor y = x;
  y.flags &= ~static_cast<lathe_tensor_flags>(LATHE_TENSOR_READ_ONLY);
  y.dl.data = buffer_.data();
  y.dl.byte_offset = 0;
  used.quantize(x, y);
  return lathe::tensor<const float>(y);
}

std::vector<float> Operand::quantized_in_whole(const lathe::used_format& used,
                                               const std::vector<float>& x,
                                               std::uint64_t columns) const {
  const std::vector<std::int64_t> strides = dense_strides(shape_);
  std::vector<float> y(x.size());
  std::uint64_t inner = 1, whole = 1;
  for (std::size_t d = 0; d < rank_; ++d) {
    whole *= static_cast<std::uint64_t>(shape_[d]);
    if (static_cast<int>(d) > axis_) inner *= static_cast<std::uint64_t>(shape_[d]);
  }
  if (whole == 0) return y;
  std::vector<float> values(whole);
  for (std::uint64_t column = 0; column < columns; ++column) {
    const auto index_of = [&](std::uint64_t i) { return i / inner % extent_; };
    for (std::uint64_t i = 0; i < whole; ++i) values[i] = x[index_of(i) * columns + column];
    lathe_tensor t = tensor_of(values.data(), shape_, strides);
    used.quantize(t, t);
    for (std::uint64_t i = 0; i < whole; ++i) y[index_of(i) * columns + column] = values[i];
  }
  return y;
}

std::vector<float> Operand::quantized(const lathe::used_format& used, const std::vector<float>& x,
                                      std::uint64_t columns) const {
  if (in_whole_) return quantized_in_whole(used, x, columns);
  std::vector<float> y(x.size());
  std::vector<std::int64_t> shape(rank_, 1);
  if (axis_ >= 0) shape[static_cast<std::size_t>(axis_)] = static_cast<std::int64_t>(extent_);
  // Blocks never reach over the first dimension of an activation, and seldom over that of a weight.
  const std::size_t across = axis_ == 0 ? rank_ - 1 : 0;
  const bool at_once = rank_ > 0 && static_cast<int>(across) != axis_;
  if (at_once) shape[across] = static_cast<std::int64_t>(columns);
  const std::vector<std::int64_t> strides = dense_strides(shape);
  const bool indexes_first = axis_ == 0;
  const std::uint64_t width = at_once ? columns : 1;
  std::vector<float> part(extent_ * width);
  for (std::uint64_t first = 0; first < columns; first += width) {
    const auto place = [&](std::uint64_t index, std::uint64_t i) {
      return indexes_first ? index * width + i : i * extent_ + index;
    };
    for (std::uint64_t index = 0; index < extent_; ++index) {
      for (std::uint64_t i = 0; i < width; ++i)
        part[place(index, i)] = x[index * columns + first + i];
    }
    lathe_tensor t = tensor_of(part.data(), shape, strides);
    used.quantize(t, t);
    for (std::uint64_t index = 0; index < extent_; ++index) {
      for (std::uint64_t i = 0; i < width; ++i)
        y[index * columns + first + i] = part[place(index, i)];
    }
  }
  return y;
}

}  // namespace quantize
