// Draws layers.
#include "tests/engine/integer/random_layers.hpp"

namespace lathe_test {

namespace {

// Whether 16 bits hold two products. For data with a sign the kernels of layers halve the weights,
// and those of products shift by 128, as they do a second operand without.
bool pairs_fit(const RandomFormat& data, const RandomFormat& weight, Place of_weight) {
  if (data.low >= 0 && data.high <= 127) return true;
  constexpr std::int64_t kSmall = 64;
  return of_weight == Place::columns && weight.low >= -kSmall && weight.low < 0 &&
         weight.high <= kSmall;
}

struct Formats {
  RandomFormat data, weight;
};

Formats random_formats(Draw& draw, Place data, Place weight, std::int64_t count, bool any) {
  Formats out;
  do {
    out = {random_format(draw, data, count), random_format(draw, weight, count)};
  } while (!any && !pairs_fit(out.data, out.weight, weight));
  return out;
}

struct Builder {
  Draw draw;
  bool any;
  Writer w{1};
  RandomLayer out{};
  std::map<std::string, Tensor> contents{};

  NodeId placeholder(const std::string& name, std::int64_t batch, const Shape& shape) {
    Value::List sample;
    for (std::size_t d = 1; d < shape.rank(); ++d) sample.emplace_back(shape[d]);
    return w.placeholder(name, {{"shape", std::move(sample)}, {"batch", batch}});
  }

  void finish(std::int64_t batch, const Formats& formats, bool bias) {
    out.graph = w.finish(batch).with_parameters(contents);
    set_format("data_in", formats.data);
    set_format("weight", formats.weight);
    if (bias && draw.chance(50)) {
      RandomFormat format{.id = "integer"};
      format.options.set("width", static_cast<int>(draw.whole(8, 32)));
      format.options.set("frac_width", static_cast<int>(draw.whole(0, 20)));
      set_format("bias", format);
    }
    out.may_stay_on_floats = formats.data.may_not_fit || formats.weight.may_not_fit;
    out.rows_apart = !formats.data.looks_at_others;
  }
  void set_format(const std::string& role, const RandomFormat& format) {
    lathe::Transaction edit(out.graph);
    edit.set_format(out.node, format_of(role, format.id, format.options));
    edit.commit();
    out.text += fmt::format(", {} {}", role, format.text());
  }
  Value::List sizes(const std::vector<std::int64_t>& list) { return {list.begin(), list.end()}; }
  Tensor bias(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    const int exponent = static_cast<int>(draw.whole(-20, 10));
    for (float& x : values) x = static_cast<float>(std::ldexp(draw.real(-1, 1), exponent));
    return floats({count}, values);
  }

  void linear() {
    const std::int64_t in = draw.whole(1, 70), outputs = draw.whole(1, 40);
    std::vector<std::int64_t> shape{draw.whole(1, 5), in};
    if (draw.chance(40)) shape.insert(shape.begin() + 1, draw.whole(1, 5));
    const Formats formats = random_formats(draw, Place::rows, Place::filters, outputs, any);
    const bool has_bias = draw.chance(70);
    placeholder("x", shape[0], Shape(shape));
    out.node =
        w.module("layer", "linear",
                 {{"in_features", in}, {"out_features", outputs}, {"bias", Value(has_bias)}});
    contents.emplace("layer.weight", numbers_for(draw, formats.weight, {outputs, in}, false));
    if (has_bias) contents.emplace("layer.bias", bias(outputs));
    out.inputs = {numbers_for(draw, formats.data, Shape(shape), true)};
    out.text = fmt::format("linear of {} to {}", Shape(shape).text(), outputs);
    finish(shape[0], formats, has_bias);
  }

  void convolution(std::size_t dims) {
    std::int64_t groups = draw.one_of<std::int64_t>({1, 1, 1, 2, 3, 4});
    std::int64_t of_group = draw.whole(1, 9), filters = draw.whole(1, 9);
    if (draw.chance(25)) of_group = filters = draw.one_of<std::int64_t>({8, 16});
    if (draw.chance(25)) {  // depthwise
      groups = draw.whole(2, 20);
      of_group = 1;
      filters = draw.whole(1, 2);
    }
    const std::int64_t channels = groups * of_group, outputs = groups * filters;
    const bool same = draw.chance(15), valid = !same && draw.chance(5);
    std::vector<std::int64_t> kernel, stride, dilation, padding;
    std::vector<std::int64_t> shape{draw.whole(1, 5), channels};
    for (std::size_t d = 0; d < dims; ++d) {
      kernel.push_back(draw.whole(1, 5));
      stride.push_back(same ? 1 : draw.one_of<std::int64_t>({1, 1, 2, 3}));
      dilation.push_back(draw.one_of<std::int64_t>({1, 1, 2, 3}));
      padding.push_back(draw.whole(0, 4));
      const std::int64_t reach = dilation[d] * (kernel[d] - 1) + 1;
      const std::int64_t around = same ? reach - 1 : valid ? 0 : 2 * padding[d];
      shape.push_back(std::max<std::int64_t>(1, reach - around) + draw.whole(0, 7));
    }
    const Formats formats = random_formats(draw, Place::channels, Place::filters, outputs, any);
    const bool has_bias = draw.chance(70);
    const Value around = same ? Value("same") : valid ? Value("valid") : Value(sizes(padding));
    placeholder("x", shape[0], Shape(shape));
    out.node = w.module("layer", fmt::format("conv{}d", dims),
                        {{"in_channels", channels},
                         {"out_channels", outputs},
                         {"kernel_size", sizes(kernel)},
                         {"stride", sizes(stride)},
                         {"padding", around},
                         {"dilation", sizes(dilation)},
                         {"groups", groups},
                         {"bias", Value(has_bias)}});
    std::vector<std::int64_t> weight{outputs, of_group};
    weight.insert(weight.end(), kernel.begin(), kernel.end());
    contents.emplace("layer.weight", numbers_for(draw, formats.weight, Shape(weight), false));
    if (has_bias) contents.emplace("layer.bias", bias(outputs));
    out.inputs = {numbers_for(draw, formats.data, Shape(shape), true)};
    out.text = fmt::format("conv{}d of {} by {}, groups {}, stride {}, dilation {}, padding {}",
                           dims, Shape(shape).text(), Shape(weight).text(), groups,
                           Shape(stride).text(), Shape(dilation).text(), around.text());
    finish(shape[0], formats, has_bias);
    // A scale for each row of a filter.
    if (formats.weight.id == "scale_integer") out.may_stay_on_floats = true;
  }

  void product() {
    const bool bmm = draw.chance(30);
    const std::int64_t m = draw.whole(1, 6), k = draw.whole(1, 40), n = draw.whole(1, 12);
    const std::int64_t rows = draw.whole(1, 5);
    std::vector<std::int64_t> a{rows}, b{rows};
    bool constant = false;
    if (bmm) {
      a.insert(a.end(), {m, k});
      b.insert(b.end(), {k, n});
    } else {
      const std::int64_t heads = draw.whole(1, 3);
      const std::int64_t how = draw.whole(0, 4);
      if (how == 0) {  // a matrix by a constant one
        a.push_back(k);
        b = {k, n};
      } else if (how == 1) {  // matrices by a constant one
        a.insert(a.end(), {m, k});
        b = {k, n};
      } else {
        a.insert(a.end(), {how == 2 ? 1 : heads, m, k});
        b.insert(b.end(), {how == 3 ? 1 : heads, k, n});
        if (how == 4) b.erase(b.begin());  // of rank 3: a constant
      }
      constant = how == 0 || how == 1 || how == 4;
    }
    const Formats formats = random_formats(draw, Place::rows, Place::columns, n, any);
    const NodeId x = placeholder("x", rows, Shape(a));
    NodeId other = NodeId::none;
    const Tensor y = numbers_for(draw, formats.weight, Shape(b), false);
    out.inputs = {numbers_for(draw, formats.data, Shape(a), true)};
    if (constant) {
      NodeSpec spec;
      spec.opcode = Opcode::get_attr;
      spec.target = "constant";
      spec.attributes = Value::Map{{"shape", sizes(b)}};
      other = w.edit().add(spec);
      contents.emplace("constant", y);
    } else {
      other = placeholder("y", rows, Shape(b));
      out.inputs.push_back(y);
    }
    out.node = w.function(bmm ? "bmm" : "matmul", {{x}, {other}});
    out.text = fmt::format("{} of {} by {}{}", bmm ? "bmm" : "matmul", Shape(a).text(),
                           constant ? "a constant " : "", Shape(b).text());
    finish(rows, formats, false);
    if (formats.weight.looks_at_others && !constant) out.rows_apart = false;
  }
};

}  // namespace

RandomLayer random_layer(std::uint64_t seed, bool any) {
  Builder builder{.draw = Draw(seed), .any = any};
  switch (builder.draw.whole(0, 9)) {
    case 0:
    case 1:
      builder.linear();
      break;
    case 2:
      builder.convolution(1);
      break;
    case 3:
    case 4:
      builder.product();
      break;
    default:
      builder.convolution(2);
      break;
  }
  return std::move(builder.out);
}

}  // namespace lathe_test
