// lathe format: what a number format does to numbers, outside of any network.
#include "core/base/words/suggest.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/format/measured.hpp"
#include "core/cli/format/numbers.hpp"
#include "core/cli/format/pages/pages.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/layout.hpp"
#include "core/graph/operands.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/options/text/component_text.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

// All that is said of one call.
struct Shown {
  const Component& component;
  std::string text{};  // as the user may write it: "integer<width=4>"
  Value options{};
  std::string role{}, op{}, source{};
  Tensor numbers{};
  double storage_bits = 0;  // per element
  Value precision{};
  Representable representable{};
  std::vector<float> values{};
  std::optional<IntegerCodes> codes{};
  std::string no_codes{};  // why there are none
  Measured error{};
};

const OpRow& row_of(const PluginOps& ops, const std::string& op, const std::string& role) {
  const OpRow* row = ops.find(op);
  if (row == nullptr)
    throw usage_error(fmt::format("there is no op '{}'{}", op, suggestion(op, ops.names())));
  std::vector<std::string> roles = row->quantizable;
  if (roles.empty()) throw usage_error(fmt::format("no number format can sit on '{}'", op));
  roles.emplace_back("data_out");
  if (std::ranges::find(roles, role) == roles.end())
    throw usage_error(fmt::format("'{}' has no {} for a number format to sit on; it has {}", op,
                                  role, fmt::join(roles, ", ")));
  return *row;
}

void add_codes(Shown& shown, const PlacedFormat& placed) {
  if (!placed.format().has_codes()) {
    shown.no_codes = fmt::format("'{}' has no codes", shown.component.id);
    return;
  }
  try {
    shown.codes = placed.codes(shown.numbers.shape(), shown.numbers.values<float>());
  } catch (const Error& error) {
    shown.no_codes = error.message();
  }
}

Shown tried(const Registry& registry, const Invocation& call) {
  const ComponentText text = parse_component(call.words.front(), "<format>");
  const Component& component = registry.find(Kind::format, text.name, text.position);
  Shown shown{.component = component, .text = text_of(text)};
  shown.options = check_options(component.options, text.options);
  shown.role = call.get(kRole);
  shown.op = call.get(kOp);
  const PluginOps ops(registry);
  const OpRow& row = row_of(ops, shown.op, shown.role);
  const FormatInstance format(component, shown.options);

  const auto seed = static_cast<std::uint64_t>(call.get(kSeed));
  if (const OptionalText file = call.get(kNumbers)) {
    shown.numbers = read_numbers(*file);
    shown.source = fmt::format("the {} numbers of '{}'", shown.numbers.numel(), *file);
  } else {
    shown.numbers = normal_numbers(seed);
    shown.source =
        fmt::format("{} random numbers (standard normal, seed {})", shown.numbers.numel(), seed);
  }
  const PlacedFormat placed(format, row, role_named(shown.role), seed);
  const Shape& shape = shown.numbers.shape();
  const auto x = shown.numbers.values<float>();
  shown.values = placed.quantize(shape, x);
  const double elements = std::max(1.0, static_cast<double>(shown.numbers.numel()));
  shown.storage_bits = placed.storage_bits(shape) / elements;
  shown.precision = format.precision();
  shown.representable = representable_values(placed);
  add_codes(shown, placed);
  shown.error =
      measured(x, shown.values, shown.representable, shown.codes ? &*shown.codes : nullptr);
  return shown;
}

Json json_count(double count) {
  return count < 0x1p53 ? Json(static_cast<std::int64_t>(count)) : Json(count);
}

Json json_list(std::span<const float> numbers) {
  Json list = Json::array();
  for (const float number : numbers) list.push_back(json_short(number));
  return list;
}

Json json_of(const Representable& r) {
  if (!r.unknown.empty()) return {{"unknown", r.unknown}};
  Json out{{"count", json_count(r.count)},
           {"complete", r.complete},
           {"follows_from_tensor", r.shared},
           {"how", r.how},
           {"lowest", json_short(static_cast<float>(r.lowest))},
           {"smallest_positive",
            r.smallest_positive > 0 ? json_short(static_cast<float>(r.smallest_positive)) : Json()},
           {"largest", json_short(static_cast<float>(r.largest))}};
  const std::span<const float> values(r.values);
  if (r.lists_all()) {
    out["values"] = json_list(values);
  } else {
    out["first"] = json_list(values.first(kEnds));
    out["last"] = json_list(values.last(kEnds));
  }
  return out;
}

Json json_of(const Measured& error) {
  return {{"max_abs", json_number(error.max_abs)},
          {"mean_abs", json_number(error.mean_abs)},
          {"mean_square", json_number(error.mean_square)},
          {"snr_db", json_number(error.snr_db)},
          {"levels_used", error.levels_used},
          {"clipped", error.clipped ? Json(*error.clipped) : Json()},
          {"became_zero", error.became_zero},
          {"nans", error.nans},
          {"infinities", error.infinities}};
}

std::string json_codes(const IntegerCodes& codes) {
  const bool wide = !codes.is_signed && codes.width == 64;
  std::string text = array_text(
      codes.shape, std::span<const std::int64_t>(codes.codes), [wide](std::int64_t code) {
        return wide ? fmt::to_string(static_cast<std::uint64_t>(code)) : fmt::to_string(code);
      });
  const auto numbers = [](const std::vector<double>& list) {
    Json out = Json::array();
    for (const double number : list) out.push_back(json_number(number));
    return out;
  };
  Json more{{"width", codes.width},
            {"is_signed", codes.is_signed},
            {"block", codes.block.dims()},
            {"scale", numbers(codes.scale)}};
  if (!codes.zero_point.empty()) more["zero_point"] = codes.zero_point;
  if (!codes.levels.empty()) more["levels"] = numbers(codes.levels);
  text.pop_back();
  return text + ", " + more.dump().substr(1);
}

// Values and codes go last, as text: a library's numbers are doubles, and longer.
std::string json_text(const Shown& shown, bool with_values) {
  Json out{{"command", "format"},
           {"format", shown.text},
           {"options", lathe::json_of(written_options(shown.component.options, shown.options))},
           {"role", shown.role},
           {"op", shown.op},
           {"bits_per_element", shown.storage_bits},
           {"precision", lathe::json_of(shown.precision)},
           {"representable", json_of(shown.representable)},
           {"data", {{"source", shown.source}, {"shape", shown.numbers.shape().dims()}}},
           {"error", json_of(shown.error)}};
  if (with_values && !shown.codes) {
    out["codes"] = nullptr;
    out["codes_reason"] = shown.no_codes;
  }
  std::string text = lathe::json_text(out);
  if (!with_values) return text;
  text.resize(text.rfind("\n}"));
  text += ",\n  \"values\": " +
          array_text(shown.numbers.shape(), std::span<const float>(shown.values), json_float32);
  if (shown.codes) text += ",\n  \"codes\": " + json_codes(*shown.codes);
  return text + "\n}\n";
}

std::string count_text(const Representable& r) {
  const std::string number = r.count < 0x1p53 ? fmt::to_string(static_cast<std::int64_t>(r.count))
                                              : fmt::to_string(r.count);
  return r.complete ? number : "at least " + number;
}

std::string float_cell(double number) { return float32_text(static_cast<float>(number)); }

std::string representable_text(const Representable& r) {
  if (!r.unknown.empty())
    return wrapped(fmt::format("Its values cannot be listed: {}", r.unknown), 0, terminal_width());
  std::string text =
      wrapped(fmt::format("Values, {} (found {}):", count_text(r), r.how), 0, terminal_width());
  std::string list;
  for (std::size_t i = 0; i < r.values.size(); ++i) {
    const bool shown = r.lists_all() || i < kEnds || i + kEnds >= r.values.size();
    if (shown) list += (list.empty() ? "" : " ") + float32_text(r.values[i]);
    if (!r.lists_all() && i + 1 == kEnds) list += " ...";
  }
  return text + "  " + wrapped(list, 2, terminal_width());
}

std::string error_text(const Shown& shown) {
  const Measured& error = shown.error;
  const std::string none = "not known";
  TextTable table{{"error", "value"},
                  {{"maximum absolute error", number_text(error.max_abs)},
                   {"mean absolute error", number_text(error.mean_abs)},
                   {"mean squared error", number_text(error.mean_square)},
                   {"signal to noise, dB", number_text(error.snr_db)},
                   {"levels used", fmt::to_string(error.levels_used)},
                   {"clipped", error.clipped ? fmt::to_string(*error.clipped) : none},
                   {"became zero", fmt::to_string(error.became_zero)},
                   {"NaN in the data", fmt::to_string(error.nans)},
                   {"infinite in the data", fmt::to_string(error.infinities)}}};
  return wrapped(fmt::format("On {}, of shape {}, as {} of {}:", shown.source,
                             shown.numbers.shape().text(), shown.role, shown.op),
                 0, terminal_width()) +
         "\n" + output_table(table);
}

std::string index_text(const Shape& shape, std::size_t element) {
  std::vector<std::int64_t> at(shape.rank());
  auto rest = static_cast<std::int64_t>(element);
  for (std::size_t d = shape.rank(); d-- > 0; rest /= shape[d]) at[d] = rest % shape[d];
  return fmt::format("[{}]", fmt::join(at, ", "));
}

std::string values_text(const Shown& shown) {
  TextTable table{{"element", "number", "value"}, {}};
  if (shown.codes) table.columns.emplace_back("code");
  const auto x = shown.numbers.values<float>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    table.rows.push_back(
        {index_text(shown.numbers.shape(), i), float32_text(x[i]), float32_text(shown.values[i])});
    if (shown.codes) table.rows.back().push_back(fmt::to_string(shown.codes->codes[i]));
  }
  std::string text = "\n" + output_table(table);
  if (!shown.codes) text += fmt::format("\nThere are no codes: {}.\n", shown.no_codes);
  return text;
}

std::string text_of(const Shown& shown) {
  const Representable& r = shown.representable;
  TextTable table{{"property", "value"}, {}};
  if (r.unknown.empty()) {
    table.rows = {{"lowest", float_cell(r.lowest)},
                  {"smallest positive",
                   r.smallest_positive > 0 ? float_cell(r.smallest_positive) : "there is none"},
                  {"largest", float_cell(r.largest)}};
  }
  table.rows.push_back({"bits per element", number_text(shown.storage_bits)});
  table.rows.push_back({"precision", cell_text(shown.precision)});
  return wrapped(fmt::format("{}: {}", shown.text, shown.component.doc), 0, terminal_width()) +
         "\n" + representable_text(r) + "\n" + output_table(table) + "\n" + error_text(shown);
}

}  // namespace

void run_format(const Invocation& call) {
  const OptionalText pages = call.get(kPages);
  if (pages.has_value() != call.words.empty())
    throw usage_error(pages ? "--pages is for all formats; leave the format out"
                            : "no format is named, eg: lathe format 'integer<width=4>'; 'lathe "
                              "list format' lists them");
  const Registry registry = registry_of(call);
  if (pages) {
    const std::size_t count = write_format_pages(registry, *pages);
    if (call.get(kJson))
      return write_json({{"command", "format"}, {"pages", count}, {"folder", *pages}});
    return write_output(fmt::format("{} pages are in '{}'\n", count, *pages));
  }
  const Shown shown = tried(registry, call);
  if (call.get(kJson)) return write_data(json_text(shown, call.get(kValues)));
  write_output(text_of(shown) + (call.get(kValues) ? values_text(shown) : ""));
}

}  // namespace lathe
