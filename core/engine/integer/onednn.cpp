#include "core/engine/integer/onednn.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>
#include <dnnl.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace lathe::engine::integer {

namespace {

using Desc = dnnl::memory::desc;
using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

struct IsaRow {
  dnnl::cpu_isa isa;
  Instructions instructions;
};

// The first that is contained in what there is; each enumerator is the set of all it implies.
constexpr IsaRow kIsas[] = {
    {dnnl::cpu_isa::avx512_core_amx, {"AVX-512 with AMX", true}},
    {dnnl::cpu_isa::avx512_core_vnni, {"AVX-512 VNNI", true}},
    {dnnl::cpu_isa::avx2_vnni, {"AVX2 VNNI", true}},
    {dnnl::cpu_isa::avx512_core, {"AVX-512", false}},
    {dnnl::cpu_isa::avx2, {"AVX2", false}},
    {dnnl::cpu_isa::avx, {"AVX", false}},
    {dnnl::cpu_isa::sse41, {"SSE4.1", false}},
};
constexpr Instructions kOther{"instructions that oneDNN has no name for", false};

const Instructions& effective_instructions() {
  const auto here = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto is_here = [here](const IsaRow& row) {
    return (here & static_cast<unsigned>(row.isa)) == static_cast<unsigned>(row.isa);
  };
  const auto* row = std::ranges::find_if(kIsas, is_here);
  return row != std::end(kIsas) ? row->instructions : kOther;
}

// Kernels for processors without VNNI, which multiply pairs of bytes into saturating 16 bits: one
// with VNNI may fall back on them for a shape that its own do not take.
constexpr std::string_view kSaturating[] = {":sse41", ":avx", ":avx2", ":avx512_core"};

// Kernels that int8 data are left to. Others are lent uint8: 2.6.3's depthwise "jit_uni_int8" sums
// wrongly at some dilations, "gemm_s8s8s32:jit" with one output of a group.
constexpr std::string_view kGoodWithSigned[] = {"brg", "jit_int8"};
constexpr std::int32_t kShift = 128;  // from int8 to uint8

// 2.6.3's threads of this kernel write past their own room where it has strides (rtus_driver_t
// copies 16 bytes where fewer are left): it gets data that are thinned to what it sees.
constexpr std::string_view kThinned = "jit_uni_int8_1x1";

constexpr std::int64_t kLargestFloatInteger = std::int64_t{1} << 24;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  thread_local dnnl::stream stream(cpu());
  return stream;
}

// oneDNN's errors as Lathe's; `what` was being done.
template <typename Action>
auto guarded(std::string_view what, const Action& action) {
  try {
    return action();
  } catch (const dnnl::error& error) {
    throw run_error(LATHE_INTERNAL,
                    fmt::format("oneDNN {}.{} cannot {}: {}", dnnl::version()->major,
                                dnnl::version()->minor, what, error.what()));
  }
}

Desc weights_desc(const ConvolutionShape& shape, Tag grouped, Tag plain) {
  const std::int64_t out = shape.out_channels / shape.groups, in = shape.channels / shape.groups;
  if (shape.groups == 1) return {{out, in, shape.kernel[0], shape.kernel[1]}, Type::s8, plain};
  return {{shape.groups, out, in, shape.kernel[0], shape.kernel[1]}, Type::s8, grouped};
}

dnnl::convolution_forward::primitive_desc convolution_desc(const ConvolutionShape& shape) {
  const Desc x({shape.rows, shape.channels, shape.height, shape.width},
               shape.is_signed ? Type::s8 : Type::u8, Tag::nhwc);
  const Desc y({shape.rows, shape.out_channels, shape.out_height(), shape.out_width()}, Type::s32,
               Tag::nhwc);
  const Desc weights = weights_desc(shape, Tag::any, Tag::any);
  const auto dims = [](const std::array<std::int64_t, 2>& pair) {
    return dnnl::memory::dims(pair.begin(), pair.end());
  };
  const dnnl::memory::dims dilation{shape.dilation[0] - 1, shape.dilation[1] - 1};
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;  // Winograd's rounds
#if DNNL_VERSION_MAJOR < 3
  return {{kKind, kAlgorithm, x, weights, y, dims(shape.stride), dilation,
           dims(shape.padding_before), dims(shape.padding_after)},
          attributes,
          cpu()};
#else
  return {cpu(),
          kKind,
          kAlgorithm,
          x,
          weights,
          y,
          dims(shape.stride),
          dilation,
          dims(shape.padding_before),
          dims(shape.padding_after),
          attributes};
#endif
}

// Room of this thread for what a primitive needs while it runs.
void* scratchpad(std::size_t size) {
  thread_local std::vector<std::byte> room;
  constexpr std::size_t kAlignment = 64;
  if (room.size() < size + kAlignment) room.resize(size + kAlignment);
  void* start = room.data();
  std::size_t left = room.size();
  return std::align(kAlignment, size, start, left);
}

// What int8 data are as uint8: `count` bytes, each kShift more. Room of this thread.
const void* shifted(const void* x, std::size_t count) {
  thread_local std::vector<std::uint8_t> room;
  if (room.size() < count) room.resize(count);
  const auto* from = static_cast<const std::uint8_t*>(x);
  std::transform(from, from + count, room.begin(),
                 [](std::uint8_t byte) { return static_cast<std::uint8_t>(byte ^ kShift); });
  return room.data();
}

// The pixels of `x` that a kernel of 1 by 1 sees, as the data of an image without strides. Room of
// this thread.
const void* thinned(const void* x, const ConvolutionShape& shape) {
  thread_local std::vector<std::byte> room;
  const std::int64_t height = shape.out_height(), width = shape.out_width();
  const std::size_t pixel = static_cast<std::size_t>(shape.channels);
  const std::size_t size = static_cast<std::size_t>(shape.rows * height * width) * pixel;
  if (room.size() < size) room.resize(size);
  std::byte* to = room.data();
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    for (std::int64_t i = 0; i < height; ++i) {
      const std::int64_t y = i * shape.stride[0] - shape.padding_before[0];
      for (std::int64_t j = 0; j < width; ++j, to += pixel) {
        const std::int64_t z = j * shape.stride[1] - shape.padding_before[1];
        if (y < 0 || y >= shape.height || z < 0 || z >= shape.width) {
          std::fill_n(to, pixel, std::byte{0});
        } else {
          const std::int64_t at = (row * shape.height + y) * shape.width + z;
          std::copy_n(static_cast<const std::byte*>(x) + at * shape.channels, pixel, to);
        }
      }
    }
  }
  return room.data();
}

// Of a kernel of 1 by 1, to whom thinned() gives the data.
ConvolutionShape of_thinned(const ConvolutionShape& shape) {
  ConvolutionShape out = shape;
  out.height = shape.out_height();
  out.width = shape.out_width();
  out.stride = {1, 1};
  out.padding_before = out.padding_after = {0, 0};
  return out;
}

// What the shift of the data adds to each filter's sums.
std::vector<std::int32_t> shift_of_sums(const std::vector<std::int8_t>& weights,
                                        const ConvolutionShape& shape) {
  std::vector<std::int32_t> out;
  const auto size = static_cast<std::ptrdiff_t>(shape.kernel_size());
  for (auto from = weights.begin(); from != weights.end(); from += size) {
    out.push_back(kShift * std::accumulate(from, from + size, std::int32_t{0}));
  }
  return out;
}

// One filter's weights from `first` on that may be one part: the sums of what data up to `largest`
// make of them stay within what a float holds. Returns where they end.
std::int64_t part_end(const std::int8_t* weights, std::int64_t first, std::int64_t size,
                      std::int64_t largest, bool is_signed) {
  std::int64_t up = 0, down = 0;
  for (std::int64_t i = first; i < size; ++i) {
    const std::int64_t term = largest * weights[i];
    up += is_signed ? std::abs(term) : std::max<std::int64_t>(term, 0);
    down -= std::min<std::int64_t>(term, 0);
    if (std::max(up, down) > kLargestFloatInteger) return i;
  }
  return size;
}

// The weights as sums of parts: where one has a weight, the others have 0.
std::vector<std::vector<std::int8_t>> parts_of(const std::int8_t* weights,
                                               const ConvolutionShape& shape, int largest) {
  const std::int64_t size = shape.kernel_size();
  std::vector<std::vector<std::int8_t>> parts;
  for (std::int64_t filter = 0; filter < shape.out_channels; ++filter) {
    const std::int8_t* from = weights + filter * size;
    std::int64_t first = 0;
    for (std::size_t part = 0; part == 0 || first < size; ++part) {
      const std::int64_t end = part_end(from, first, size, largest, shape.is_signed);
      if (part == parts.size()) {
        parts.emplace_back(static_cast<std::size_t>(shape.out_channels * size));
      }
      std::copy(from + first, from + end, parts[part].begin() + filter * size + first);
      first = end;
    }
  }
  return parts;
}

// Rows of one position each as one row of positions: kernels share weights within a row.
ConvolutionShape in_one_row(ConvolutionShape shape) {
  using Pair = std::array<std::int64_t, 2>;
  const bool is_padded = shape.padding_before != Pair{0, 0} || shape.padding_after != Pair{0, 0};
  if (shape.height == 1 && shape.width == 1 && shape.kernel == Pair{1, 1} && !is_padded) {
    shape.width = std::exchange(shape.rows, 1);
    shape.stride = {1, 1};
  }
  return shape;
}

std::int64_t out_extent(const ConvolutionShape& shape, std::size_t axis, std::int64_t extent) {
  const std::int64_t window = (shape.kernel[axis] - 1) * shape.dilation[axis] + 1;
  return (extent + shape.padding_before[axis] + shape.padding_after[axis] - window) /
             shape.stride[axis] +
         1;
}

}  // namespace

const Instructions& instructions() {
  static const Instructions& here = effective_instructions();
  return here;
}

std::int64_t ConvolutionShape::out_height() const { return out_extent(*this, 0, height); }
std::int64_t ConvolutionShape::out_width() const { return out_extent(*this, 1, width); }

class PackedWeights {
 public:
  struct Part {
    dnnl::memory weights;
    std::vector<std::int32_t> shift;  // of each filter's sums; empty: the data are not shifted
  };
  std::vector<Part> parts;  // one at least; results are their sum
};

struct ByteConvolution::Primitive {
  ConvolutionShape shape;                 // of what oneDNN is given
  bool shifts_data;                       // int8 data become uint8 on the way
  std::optional<ConvolutionShape> thins;  // of the data, if oneDNN is not given all of them
  dnnl::convolution_forward::primitive_desc desc;
  dnnl::convolution_forward convolution;
  std::string_view kernel;

  Primitive(const ConvolutionShape& wanted, bool shifts)
      : shape(in_one_row(wanted)),
        shifts_data(shifts),
        desc(convolution_desc(shape)),
        convolution(desc),
        kernel(desc.impl_info_str()) {}

  static std::unique_ptr<const Primitive> of(const ConvolutionShape& wanted) {
    auto primitive = std::make_unique<Primitive>(wanted, false);
    const auto starts = [&](std::string_view name) { return primitive->kernel.starts_with(name); };
    const bool thins =
        starts(kThinned) && primitive->shape.stride != std::array<std::int64_t, 2>{1, 1};
    ConvolutionShape shape = thins ? of_thinned(wanted) : wanted;
    if (thins) primitive = std::make_unique<Primitive>(shape, false);
    if (shape.is_signed && std::ranges::none_of(kGoodWithSigned, starts)) {
      shape.is_signed = false;
      primitive = std::make_unique<Primitive>(shape, true);
    }
    if (thins) primitive->thins = wanted;
    return primitive;
  }

  std::size_t results() const {
    return static_cast<std::size_t>(shape.rows * shape.out_height() * shape.out_width() *
                                    shape.out_channels);
  }
  void run(const void* x, const PackedWeights::Part& part, std::int32_t* y) const {
    const Desc room = desc.scratchpad_desc(), from = desc.src_desc();
    if (thins) x = thinned(x, *thins);
    if (shifts_data) x = shifted(x, from.get_size());
    convolution.execute(stream(),
                        {{DNNL_ARG_SRC, {from, cpu(), const_cast<void*>(x)}},
                         {DNNL_ARG_WEIGHTS, part.weights},
                         {DNNL_ARG_DST, {desc.dst_desc(), cpu(), y}},
                         {DNNL_ARG_SCRATCHPAD, {room, cpu(), scratchpad(room.get_size())}}});
    if (!shifts_data) return;
    for (std::int32_t* const end = y + results(); y != end; y += shape.out_channels) {
      std::transform(y, y + shape.out_channels, part.shift.begin(), y, std::minus<>());
    }
  }
};

ByteConvolution::ByteConvolution(const ConvolutionShape& shape)
    : primitive_(guarded("make a convolution of bytes", [&] { return Primitive::of(shape); })) {}

ByteConvolution::~ByteConvolution() = default;

std::string_view ByteConvolution::kernel() const { return primitive_->kernel; }

bool ByteConvolution::is_fast() const { return kernel().find("ref") == kernel().npos; }

bool ByteConvolution::is_exact() const {
  return instructions().exact &&
         std::ranges::none_of(kSaturating, [&](auto end) { return kernel().ends_with(end); });
}

std::shared_ptr<const PackedWeights> ByteConvolution::pack(const std::int8_t* weights,
                                                           int largest) const {
  const ConvolutionShape& shape = primitive_->shape;
  if (primitive_->shifts_data) largest += kShift;
  return guarded("pack the weights of a convolution", [&] {
    auto packed = std::make_shared<PackedWeights>();
    for (std::vector<std::int8_t>& part : parts_of(weights, shape, largest)) {
      dnnl::memory plain(weights_desc(shape, Tag::goihw, Tag::oihw), cpu(), part.data());
      dnnl::memory memory(primitive_->desc.weights_desc(), cpu());
      dnnl::reorder(plain, memory).execute(stream(), plain, memory);
      packed->parts.push_back({memory, {}});
      if (primitive_->shifts_data) packed->parts.back().shift = shift_of_sums(part, shape);
    }
    return packed;
  });
}

bool ByteConvolution::suits(const PackedWeights& weights) const {
  return weights.parts[0].weights.get_desc() == primitive_->desc.weights_desc() &&
         weights.parts[0].shift.empty() != primitive_->shifts_data;
}

void ByteConvolution::run(const void* x, const PackedWeights& weights, std::int32_t* y) const {
  guarded("run a convolution of bytes", [&] { primitive_->run(x, weights.parts[0], y); });
  if (weights.parts.size() > 1) add_parts(x, weights, 1, y);
}

void ByteConvolution::add(const void* x, const PackedWeights& weights, std::int32_t* y) const {
  add_parts(x, weights, 0, y);
}

void ByteConvolution::add_parts(const void* x, const PackedWeights& weights, std::size_t first,
                                std::int32_t* y) const {
  thread_local std::vector<std::int32_t> sums;
  const std::size_t count = primitive_->results();
  if (sums.size() < count) sums.resize(count);
  for (std::size_t part = first; part < weights.parts.size(); ++part) {
    guarded("run a convolution of bytes",
            [&] { primitive_->run(x, weights.parts[part], sums.data()); });
    std::transform(y, y + count, sums.data(), y, std::plus<>());
  }
}

void multiply(const void* a, bool a_is_signed, const std::int8_t* b, bool b_is_transposed,
              std::int64_t m, std::int64_t n, std::int64_t k, std::int32_t* y) {
  if (k == 0) {  // oneDNN would leave y alone
    std::fill(y, y + m * n, 0);
    return;
  }
  const char b_is = b_is_transposed ? 'T' : 'N';
  const std::int64_t row_of_b = b_is_transposed ? k : n;
  constexpr std::int32_t kNoOffset = 0;
  guarded("multiply matrices of bytes", [&] {
    const dnnl_status_t status =
        a_is_signed
            ? dnnl_gemm_s8s8s32('N', b_is, 'F', m, n, k, 1.0F, static_cast<const std::int8_t*>(a),
                                k, 0, b, row_of_b, 0, 0.0F, y, n, &kNoOffset)
            : dnnl_gemm_u8s8s32('N', b_is, 'F', m, n, k, 1.0F, static_cast<const std::uint8_t*>(a),
                                k, 0, b, row_of_b, 0, 0.0F, y, n, &kNoOffset);
    dnnl::error::wrap_c_api(status, "the product failed");
  });
}

}  // namespace lathe::engine::integer
