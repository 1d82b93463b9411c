// Constants that follow from constants. All are computed when they are asked for.
#pragma once

#include "constant.hpp"

#include <string_view>

namespace onnx_reader {

// Dimension i of the result is dimension `order[i]` of the constant.
ConstantPtr transposed(const ConstantPtr& constant, const std::vector<std::size_t>& order);

// REQUIRES: as many elements.
ConstantPtr with_dims(const ConstantPtr& constant, std::vector<std::int64_t> dims);

// Of `dims`, each element the one of `from` at the index that `index_at` tells.
ConstantPtr picked_from(
    const ConstantPtr& from, const std::vector<std::int64_t>& dims,
    const std::function<std::int64_t(const std::vector<std::int64_t>&)>& index_at);

// "Add", "Sub", "Mul", "Div", "Pow": element by element, broadcast. Throws lathe::error for types
// that differ.
ConstantPtr combined(std::string_view op, const ConstantPtr& a, const ConstantPtr& b);

// Of two of one type by a condition of integers, not 0; broadcast.
ConstantPtr chosen_of(const ConstantPtr& condition, const ConstantPtr& x, const ConstantPtr& y);

// Of reals.
ConstantPtr mapped(const ConstantPtr& constant, float (*each)(float));

ConstantPtr converted(const ConstantPtr& constant, int type);

}  // namespace onnx_reader
