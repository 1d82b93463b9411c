#include "core/cli/format/pages/described.hpp"

#include "core/cli/format/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace lathe {

namespace {

constexpr std::size_t kNeighbours = 3;

// One component by two names: of one file, the same words and the same options.
bool same_format(const Component& a, const Component& b) {
  const auto as_text = [](const Component& c) {
    std::string text;
    for (const Option& option : c.options.options)
      text += option.key + "=" + (option.default_value ? option.default_value->text() : "") + ",";
    return text;
  };
  return a.file == b.file && !a.details.empty() && a.details == b.details &&
         as_text(a) == as_text(b);
}

bool names(const Component& one, const Component& other) {
  return one.doc.find("'" + other.id + "'") != std::string::npos;
}

void describe(DescribedFormat& out) {
  const FormatInstance format(*out.component,
                              check_options(out.component->options, Value(Value::Map{})));
  const PlacedFormat placed(format, *builtin_ops().find("linear"), LATHE_ROLE_WEIGHT);
  const Tensor numbers = normal_numbers(0);
  const auto x = numbers.values<float>();
  const std::vector<float> y = placed.quantize(numbers.shape(), x);
  out.bits = placed.storage_bits(numbers.shape()) / static_cast<double>(x.size());
  out.precision = format.precision();
  out.representable = representable_values(placed);
  out.has_gradient = format.has_backward();
  std::optional<IntegerCodes> codes;
  try {
    if (format.has_codes()) codes = placed.codes(numbers.shape(), x);
  } catch (const Error& error) {
    if (error.code() != LATHE_UNIMPLEMENTED) throw;
  }
  out.has_codes = codes.has_value();
  out.error = measured(x, y, out.representable, codes ? &*codes : nullptr);
}

double octaves(const DescribedFormat& format) {
  const Representable& r = format.representable;
  return r.smallest_positive > 0 ? std::log2(r.largest / r.smallest_positive) : 0;
}

// Those that are not negative, in units of the least that is positive.
std::vector<double> in_steps(const Representable& r) {
  std::vector<double> steps;
  for (const float value : r.values)
    if (value >= 0) steps.push_back(static_cast<double>(value) / r.smallest_positive);
  return steps;
}

// Up to a factor, as a scale is one.
bool same_values(const DescribedFormat& a, const DescribedFormat& b) {
  constexpr double kRounding = 1e-5;  // of float32
  return std::ranges::equal(
      in_steps(a.representable), in_steps(b.representable),
      [](double x, double y) { return std::abs(x - y) <= kRounding * std::abs(x); });
}

}  // namespace

std::vector<DescribedFormat> built_in_formats(const Registry& registry) {
  std::vector<DescribedFormat> formats;
  for (const Listed& listed : registry.listed()) {
    if (listed.kind != Kind::format || listed.source != "built-in") continue;
    const Component& component = registry.find(Kind::format, listed.id);
    const auto same = std::ranges::find_if(formats, [&](const DescribedFormat& known) {
      return same_format(*known.component, component);
    });
    if (same == formats.end()) {
      formats.emplace_back().component = &component;
    } else if (names(*same->component, component)) {
      // "Another name of 'integer'." is the other name's sentence.
      same->other_names.push_back(same->component->id);
      same->component = &component;
    } else {
      same->other_names.push_back(component.id);
    }
  }
  std::ranges::sort(formats, {}, [](const DescribedFormat& f) { return f.component->id; });
  for (DescribedFormat& format : formats) describe(format);
  return formats;
}

std::vector<const DescribedFormat*> neighbours_of(const DescribedFormat& format,
                                                  const std::vector<DescribedFormat>& all) {
  std::vector<const DescribedFormat*> near;
  for (const DescribedFormat& other : all)
    if (other.representable.unknown.empty()) near.push_back(&other);
  std::ranges::sort(near, {}, [&](const DescribedFormat* other) {
    return std::tuple(std::abs(std::round(other->bits) - std::round(format.bits)),
                      std::abs(octaves(*other) - octaves(format)), other->component->id);
  });
  std::vector<const DescribedFormat*> chosen;
  for (const DescribedFormat* other : near) {
    const bool known =
        same_values(*other, format) ||
        std::ranges::any_of(chosen, [&](const auto* c) { return same_values(*other, *c); });
    if (!known && chosen.size() < kNeighbours) chosen.push_back(other);
  }
  return chosen;
}

}  // namespace lathe
