// The row of interpolate: images and signals of another size, as PyTorch computes them.

#include "core/graph/ops/rules.hpp"

#include <algorithm>
#include <cmath>

namespace lathe::rules {

namespace {

// How many dimensions behind the channels a mode works on; 0: any number. Of `smooth` ones it may
// be said whether corners are aligned.
struct Mode {
  std::string_view name;
  std::size_t dims;
  bool smooth;
};
constexpr Mode kModes[] = {
    {"nearest", 0, false}, {"linear", 1, true}, {"bilinear", 2, true},
    {"bicubic", 2, true},  {"area", 0, false},
};

const Mode& mode_of(const Value& attributes) {
  const std::string& said = attributes.find("mode")->as_string();
  const auto found = std::ranges::find(kModes, said, &Mode::name);
  if (found == std::end(kModes))
    refuse(
        fmt::format("'mode' is '{}'; there are nearest, linear, bilinear, bicubic and area", said));
  return *found;
}

// A number or a list of them, kept as it is given.
Value checked_factor(const Value& value) {
  const auto fits = [](const Value& factor) {
    return factor.is_number() && factor.as_float() > 0 && std::isfinite(factor.as_float());
  };
  if (value.is_none() || fits(value)) return value;
  if (value.is_list() && !value.as_list().empty() && std::ranges::all_of(value.as_list(), fits))
    return value;
  refuse(fmt::format("'scale_factor' must be a positive number or a list of them, found {}",
                     value.text()));
}

// One for each of `dims` dimensions.
template <typename Number, typename Read>
std::vector<Number> spread(const Value& value, std::size_t dims, std::string_view name, Read read) {
  if (!value.is_list()) return std::vector<Number>(dims, read(value));
  std::vector<Number> out;
  for (const Value& item : value.as_list()) out.push_back(read(item));
  if (out.size() != dims)
    refuse(fmt::format("'{}' holds {} numbers, the input has {} dimensions behind its channels",
                       name, out.size(), dims));
  return out;
}

Result interpolated(const OpInputs& in) {
  const Result& x = tensor(in, 0);
  const std::size_t rank = x.shape.rank(), dims = rank - 2;
  if (rank != 3 && rank != 4)
    refuse(
        fmt::format("expected an input of 3 or 4 dimensions [batch, channels, ...], found "
                    "shape {}",
                    x.shape.text()));
  const Mode& mode = mode_of(in.attributes);
  if (mode.dims != 0 && mode.dims != dims)
    refuse(fmt::format("'mode' {} works on {} dimensions behind the channels; shape {} has {}",
                       mode.name, mode.dims, x.shape.text(), dims));
  if (!mode.smooth && !in.attributes.find("align_corners")->is_none())
    refuse(fmt::format("'mode' {} has no 'align_corners'", mode.name));
  const Value &size = *in.attributes.find("size"), &factor = *in.attributes.find("scale_factor");
  if (size.is_none() == factor.is_none())
    refuse("either 'size' or 'scale_factor' must be given, and not both");
  std::vector<std::int64_t> extents;
  if (!size.is_none()) {
    extents = spread<std::int64_t>(size, dims, "size", [](const Value& v) { return v.as_int(); });
  } else {
    const auto factors =
        spread<double>(factor, dims, "scale_factor", [](const Value& v) { return v.as_float(); });
    for (std::size_t d = 0; d < dims; ++d) {
      const double extent = std::floor(static_cast<double>(x.shape[d + 2]) * factors[d]);
      if (extent > 1e9) refuse(fmt::format("'scale_factor' = {} is too large", factor.text()));
      extents.push_back(static_cast<std::int64_t>(extent));
    }
  }
  Shape out = x.shape;
  for (std::size_t d = 0; d < dims; ++d) {
    if (extents[d] < 1) refuse(fmt::format("it leaves nothing of dimension {}", d + 2));
    out[d + 2] = extents[d];
  }
  return {x.dtype, std::move(out), {}};
}

OpRow interpolate() {
  OpRow row;
  row.op = "interpolate";
  row.mase_type = "module_related_func";
  row.module_class = "Upsample";
  row.operands = {"data_in_0"};
  Setting factor = nullable(number("scale_factor", 0.0));
  factor.check = checked_factor;
  Setting size = nullable(extents("size", 0, std::nullopt));
  row.settings = {size, factor, text("mode", "nearest"), nullable(boolean("align_corners", false))};
  row.signature = {"input", "size", "scale_factor", "mode", "align_corners"};
  row.bits = LATHE_BITS_PASSING;
  row.channels = LATHE_CHANNELS_WINDOW;
  row.counting = LATHE_COUNT_OWN;
  row.rows_apart = always_apart;
  row.shape = interpolated;
  row.cost = [](const OpInputs& in, const Result& out) {
    const double n = elements(out);
    return Cost{n, n, 0, elements(in.tensors.at(0)), n, 0, n};
  };
  row.module_text = [](const Value& attributes) {
    const bool sized = !attributes.find("size")->is_none();
    return fmt::format("Upsample({}={}, mode='{}')", sized ? "size" : "scale_factor",
                       shown(attributes, sized ? "size" : "scale_factor"),
                       shown(attributes, "mode"));
  };
  return row;
}

}  // namespace

void add_resample_rows(std::vector<OpRow>& rows) { rows.push_back(interpolate()); }

}  // namespace lathe::rules
