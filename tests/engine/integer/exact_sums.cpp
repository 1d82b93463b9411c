// Layers as plain loops over levels.
#include "tests/engine/integer/exact_sums.hpp"

#include "core/run/needed.hpp"
#include "core/run/quantizer.hpp"

#include <array>
#include <bit>

namespace lathe_test {

namespace {

// a + b = sum + rest, exactly (Knuth).
struct TwoSum {
  double sum, rest;
  TwoSum(double a, double b) : sum(a + b) {
    const double of_b = sum - a;
    rest = (a - (sum - of_b)) + (b - of_b);
  }
};

// The two doubles around the exact value: the odd one, so that a second rounding sees on which side
// of it the value lies (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums").
double to_odd(double nearest, double rest) {
  const auto bits = std::bit_cast<std::uint64_t>(nearest);
  if (rest == 0 || bits % 2 == 1) return nearest;
  return std::bit_cast<double>((rest > 0) == (nearest > 0) ? bits + 1 : bits - 1);
}

// The levels and scales of a tensor, element by element.
struct Levels {
  std::vector<std::int64_t> level;
  std::vector<double> scale;
  Shape shape;
};

Levels levels_of(const lathe::run::Quantizer& format, const Tensor& x) {
  const lathe::IntegerCodes codes = format.codes(x.values<float>().data(), x.shape().dims(), {});
  const std::vector<std::size_t> block = codes.block_numbers();
  Levels out{{}, {}, x.shape()};
  for (std::size_t i = 0; i < codes.codes.size(); ++i) {
    const double level = codes.level(i, block[i]);
    BOOST_REQUIRE(level == std::nearbyint(level));
    out.level.push_back(static_cast<std::int64_t>(level));
    out.scale.push_back(codes.scale[block[i]]);
  }
  return out;
}

struct Products {
  const Levels& x;
  const Levels& w;
  const std::vector<float>& bias;  // empty: none
  std::vector<float> y{};
  bool one_scale = true;  // within each sum

  std::int64_t sum = 0;
  double scale = 1;
  bool any = false;

  void add(std::int64_t of_x, std::int64_t of_w) {
    const auto i = static_cast<std::size_t>(of_x), k = static_cast<std::size_t>(of_w);
    const double mine = x.scale[i] * w.scale[k];
    if (any && mine != scale) one_scale = false;
    scale = mine;
    any = true;
    sum += x.level[i] * w.level[k];
  }
  void finish(std::int64_t channel) {
    y.push_back(
        rounded_once(scale, sum, bias.empty() ? 0 : bias[static_cast<std::size_t>(channel)]));
    sum = 0;
    any = false;
  }
};

void linear(Products& p) {
  const std::int64_t outputs = p.w.shape[0], inputs = p.w.shape[1];
  const std::int64_t rows = p.x.shape.numel() / inputs;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      for (std::int64_t i = 0; i < inputs; ++i) p.add(r * inputs + i, o * inputs + i);
      p.finish(o);
    }
  }
}

// Along one dimension; one that is not there has one place.
struct Dimension {
  std::int64_t in = 1, kernel = 1, stride = 1, dilation = 1, before = 0, out = 1;

  Dimension() = default;
  Dimension(const Value& attributes, std::size_t d, std::int64_t extent, std::int64_t taps)
      : in(extent), kernel(taps) {
    stride = attributes.find("stride")->as_list().at(d).as_int();
    dilation = attributes.find("dilation")->as_list().at(d).as_int();
    const std::int64_t reach = dilation * (kernel - 1);
    const Value& padding = *attributes.find("padding");
    std::int64_t around = 0;
    if (!padding.is_string()) {
      before = padding.as_list().at(d).as_int();
      around = 2 * before;
    } else if (padding.as_string() == "same") {
      before = reach / 2;
      around = reach;
    }
    out = (in + around - reach - 1) / stride + 1;
  }
  std::int64_t place(std::int64_t output, std::int64_t tap) const {
    return output * stride - before + tap * dilation;
  }
  bool holds(std::int64_t place) const { return place >= 0 && place < in; }
};

void convolution(Products& p, const Value& attributes) {
  const std::size_t dims = p.x.shape.rank() - 2;
  const std::int64_t groups = attributes.find("groups")->as_int();
  const std::int64_t channels = p.x.shape[1], outputs = p.w.shape[0], of_group = p.w.shape[1];
  Dimension v, h(attributes, dims - 1, p.x.shape[dims + 1], p.w.shape[dims + 1]);
  if (dims == 2) v = Dimension(attributes, 0, p.x.shape[2], p.w.shape[2]);
  for (std::int64_t n = 0; n < p.x.shape[0]; ++n)
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t i = 0; i < v.out; ++i)
        for (std::int64_t j = 0; j < h.out; ++j) {
          for (std::int64_t c = 0; c < of_group; ++c)
            for (std::int64_t a = 0; a < v.kernel; ++a)
              for (std::int64_t b = 0; b < h.kernel; ++b) {
                const std::int64_t row = v.place(i, a), column = h.place(j, b);
                if (!v.holds(row) || !h.holds(column)) continue;
                const std::int64_t channel = n * channels + o / (outputs / groups) * of_group + c;
                p.add((channel * v.in + row) * h.in + column,
                      ((o * of_group + c) * v.kernel + a) * h.kernel + b);
              }
          p.finish(o);
        }
}

// The matrix of a batch that is broadcast to that number, and where it lies.
std::int64_t broadcast(const Shape& of, const std::vector<std::int64_t>& batch,
                       std::int64_t number) {
  std::int64_t at = 0, step = 1;
  for (std::size_t d = batch.size(); d-- > 0; number /= batch[d]) {
    const std::size_t missing = batch.size() + 2 - of.rank();
    if (d < missing) continue;
    const std::int64_t extent = of[d - missing];
    if (extent > 1) at += number % batch[d] * step;
    step *= extent;
  }
  return at;
}

void product(Products& p, const Shape& result) {
  const std::vector<std::int64_t> batch(result.begin(), result.end() - 2);
  const std::int64_t m = result[result.rank() - 2], n = result[result.rank() - 1];
  const std::int64_t k = p.x.shape[p.x.shape.rank() - 1];
  const std::int64_t matrices = m * n == 0 ? 0 : result.numel() / (m * n);
  for (std::int64_t number = 0; number < matrices; ++number) {
    const std::int64_t a = broadcast(p.x.shape, batch, number) * m * k;
    const std::int64_t b = broadcast(p.w.shape, batch, number) * k * n;
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        for (std::int64_t l = 0; l < k; ++l) p.add(a + i * k + l, b + l * n + j);
        p.finish(j);
      }
  }
}

}  // namespace

float rounded_once(double scale, std::int64_t sum, float bias) {
  const auto whole = static_cast<double>(sum);
  const double product = scale * whole;
  const double below = std::fma(scale, whole, -product);
  // product + below + bias, and each sum exact.
  const TwoSum high(product, static_cast<double>(bias)), low(high.rest, below);
  const TwoSum total(high.sum, low.sum), rest(total.rest, low.rest), ends(total.sum, rest.sum);
  if (ends.sum == 0) return 0;
  if (std::isinf(ends.sum)) return static_cast<float>(ends.sum);
  return static_cast<float>(to_odd(ends.sum, ends.rest + rest.rest));
}

std::optional<std::vector<float>> exact_result(const lathe::Registry& plugins, const Graph& graph,
                                               NodeId node, const std::vector<Tensor>& inputs) {
  using lathe::run::quantizer_of;
  const lathe::Node& layer = graph.node(node);
  std::vector<Tensor> operands = inputs;
  for (NodeId id : lathe::run::tensor_inputs(graph, node)) {
    const lathe::Node& read = graph.node(id);
    if (read.opcode == Opcode::get_attr) {
      operands.push_back(read.parameters[0].content->tensor());
    }
  }
  const bool is_product = layer.op == "matmul" || layer.op == "bmm";
  const Levels x = levels_of(quantizer_of(plugins, graph, node, "data_in"), operands.at(0));
  const Levels w = is_product
                       ? levels_of(quantizer_of(plugins, graph, node, "weight", 1), operands.at(1))
                       : levels_of(quantizer_of(plugins, graph, node, "weight"),
                                   layer.parameter("weight")->content->tensor());
  std::vector<float> bias;
  if (const lathe::Parameter* own = layer.parameter("bias")) {
    bias = std::vector<float>(own->content->tensor().values<float>().begin(),
                              own->content->tensor().values<float>().end());
    const auto format = quantizer_of(plugins, graph, node, "bias");
    if (format) format.quantize(bias.data(), bias.data(), own->shape.dims(), false, {});
  }
  Products products{x, w, bias};
  if (layer.op == "linear") {
    linear(products);
  } else if (is_product) {
    product(products, layer.result.shape);
  } else {
    convolution(products, graph.attributes(node));
  }
  if (!products.one_scale) return std::nullopt;
  return products.y;
}

}  // namespace lathe_test
