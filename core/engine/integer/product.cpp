#include "core/engine/integer/product.hpp"

#include <ATen/ExpandUtils.h>
#include <fmt/format.h>

#include <algorithm>

namespace lathe::engine::integer {

namespace {

constexpr std::int64_t kSumLimit = std::int64_t{1} << 31;

// Bytes of the second matrix as int8: `shift` is what was taken from each level.
struct Shifted {
  at::Tensor bytes;
  std::int32_t shift = 0;
};

Shifted as_signed(const DataBytes::Part& part) {
  if (part.is_signed) return {part.bytes, 0};
  return {(part.bytes.to(at::kShort) - 128).to(at::kChar), 128};
}

// Of each row of k levels.
std::vector<std::int32_t> row_sums(const DataBytes::Part& part, std::int64_t first, std::int64_t m,
                                   std::int64_t k) {
  std::vector<std::int32_t> out(static_cast<std::size_t>(m), 0);
  const auto sum = [&](const auto* bytes) {
    for (std::int64_t i = 0; i < m; ++i) {
      std::int32_t& into = out[static_cast<std::size_t>(i)];
      for (std::int64_t j = 0; j < k; ++j) into += bytes[first + i * k + j];
    }
  };
  if (part.is_signed) {
    sum(part.bytes.data_ptr<std::int8_t>());
  } else {
    sum(part.bytes.data_ptr<std::uint8_t>());
  }
  return out;
}

// Rows of a matrix and of the other, and the length of their products.
struct Extents {
  std::int64_t m = 0, n = 0, k = 0;
};

// sums = a * b of one matrix each, from these elements on.
void multiply_levels(const DataBytes& a, std::int64_t from_a, const DataBytes& b,
                     const std::vector<Shifted>& shifted, std::int64_t from_b, Extents of,
                     std::vector<std::int32_t>& sums, std::vector<std::int32_t>& part) {
  std::ranges::fill(sums, 0);
  for (const DataBytes::Part& x : a.parts) {
    std::vector<std::int32_t> rows;
    for (std::size_t j = 0; j < b.parts.size(); ++j) {
      const Shifted& y = shifted[j];
      multiply(static_cast<const std::uint8_t*>(x.bytes.data_ptr()) + from_a, x.is_signed,
               y.bytes.data_ptr<std::int8_t>() + from_b, false, of.m, of.n, of.k, part.data());
      if (y.shift != 0 && rows.empty()) rows = row_sums(x, from_a, of.m, of.k);
      for (std::int64_t i = 0; i < of.m; ++i) {
        const std::int32_t more = y.shift == 0 ? 0 : y.shift * rows[static_cast<std::size_t>(i)];
        for (std::int64_t c = 0; c < of.n; ++c) {
          const auto at = static_cast<std::size_t>(i * of.n + c);
          sums[at] += part[at] + more;
        }
      }
    }
  }
}

}  // namespace

Product::Side Product::side(const Step& step, const KernelNode& node, std::string_view name) {
  Side out;
  const std::optional<std::size_t> input = node.tensor(name);
  const char* whose = name == "input" ? "first" : "second";
  out.input = static_cast<std::uint32_t>(input.value_or(0));
  if (!input || step.input_formats.size() <= *input || !step.input_formats[*input]) {
    throw Unfit(fmt::format("no number format sits on its {} factor", whose));
  }
  out.format = &step.input_formats[*input];
  const Shape seen = node.input_shapes()[*input];
  if (seen.rank() < 2) throw Unfit(fmt::format("its {} factor is no matrix", whose));
  try {
    if (out.format->elements_apart()) {
      out.form = static_form(*out.format);
      out.range = {out.form->levels.low, out.form->levels.high};
    } else {
      out.range = dynamic_range(*out.format, seen.dims(), Order::channels_last);
    }
  } catch (const Unfit& unfit) {
    throw Unfit(fmt::format("codes of its {} factor {}", whose, unfit.what()));
  }
  return out;
}

Product::Product(const Plan& plan, std::uint32_t at) {
  const Step& step = plan.steps()[at];
  const KernelNode node(plan.graph(), step.node);
  left_ = side(step, node, "input");
  right_ = side(step, node, "other");
  // A scale for each row of the second matrix would change along the sum.
  if (!right_.form) throw Unfit("the scale of its second factor follows from the data");
  const std::int64_t products = node.input_shapes()[left_.input].dims().back();
  const std::int64_t largest =
      left_.range.magnitude_as_data() * std::max<std::int64_t>(right_.range.magnitude(), 128);
  if (products >= kSumLimit / largest) {
    throw Unfit(
        fmt::format("its sums could pass 2^31: {} products of up to {}", products, largest));
  }
}

DataBytes Product::bytes_of(const Side& side, const at::Tensor& x, run::RandomPlace place,
                            std::int64_t rows) {
  const at::Tensor in = x.contiguous();
  if (!side.form) return dynamic_bytes(*side.format, in, Order::channels_last, {}, place, rows);
  return static_bytes(*side.form, in);
}

at::Tensor Product::run(const at::Tensor& a, const at::Tensor& b, run::RandomPlace place,
                        std::int64_t rows) const {
  const at::DimVector batch =
      at::infer_size_dimvector(a.sizes().slice(0, a.dim() - 2), b.sizes().slice(0, b.dim() - 2));
  const Extents of{a.size(-2), b.size(-1), a.size(-1)};
  at::DimVector sizes = batch;
  sizes.append({of.m, of.n});
  at::Tensor y = at::empty(sizes);
  if (y.numel() == 0 || of.k == 0) return y.zero_();
  const DataBytes left = bytes_of(left_, a, place, rows);
  const DataBytes right = bytes_of(right_, b, place, rows);
  std::vector<Shifted> shifted;
  for (const DataBytes::Part& part : right.parts) shifted.push_back(as_signed(part));
  // Which matrix of each goes into which of the result.
  const auto numbers = [&](const at::Tensor& x) {
    const at::IntArrayRef mine = x.sizes().slice(0, x.dim() - 2);
    return at::arange(c10::multiply_integers(mine), at::kLong)
        .reshape(mine)
        .expand(batch)
        .contiguous();
  };
  const at::Tensor of_left = numbers(a), of_right = numbers(b);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(of.m * of.n)), part(sums.size());
  const std::vector<double> scale(static_cast<std::size_t>(of.n), left.scale * right.scale);
  std::vector<double> row_scale(left.row_scale.empty() ? 0 : static_cast<std::size_t>(of.m));
  for (std::int64_t i = 0; i < of_left.numel(); ++i) {
    const std::int64_t l = of_left.data_ptr<std::int64_t>()[i];
    const std::int64_t r = of_right.data_ptr<std::int64_t>()[i];
    multiply_levels(left, l * of.m * of.k, right, shifted, r * of.k * of.n, of, sums, part);
    Finish how;
    how.scale = scale.data();
    if (!row_scale.empty()) {
      const auto from = left.row_scale.begin() + l * of.m;
      std::copy(from, from + of.m, row_scale.begin());
      how.row_scale = row_scale.data();
    }
    finish(sums.data(), y.data_ptr<float>() + i * of.m * of.n, of.m, of.n, how);
  }
  return y;
}

}  // namespace lathe::engine::integer
