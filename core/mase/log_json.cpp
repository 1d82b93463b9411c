// log.json and best.json as MASE writes them: pandas' DataFrame.to_json with orient=index, indent 4
// and 10 decimals; only the numbers of a point have all their digits.
#include "core/mase/log_json.hpp"

#include "core/base/json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace lathe {
namespace {

// Ten decimals, trailing zeros gone, halves rounded to even; beyond 1e16 and below 1e-15 an
// exponent (pandas' ultrajsonenc.c, Buffer_AppendDoubleUnchecked).
std::string number_text(double x) {
  if (!std::isfinite(x)) return "null";
  const double size = std::abs(x);
  if (size > 1e16 - 1 || (size != 0 && size < 1e-15)) return fmt::format("{:.10e}", x);
  constexpr std::uint64_t kScale = 10'000'000'000;
  auto whole = static_cast<std::uint64_t>(size);
  const double scaled = (size - static_cast<double>(whole)) * static_cast<double>(kScale);
  auto fraction = static_cast<std::uint64_t>(scaled);
  const double rest = scaled - static_cast<double>(fraction);
  if (rest > 0.5 || (rest == 0.5 && (fraction == 0 || fraction % 2 == 1))) ++fraction;
  if (fraction >= kScale) {
    fraction = 0;
    ++whole;
  }
  std::string digits = fmt::format("{:010}", fraction);
  digits.erase(std::max<std::size_t>(digits.find_last_not_of('0') + 1, 1));
  return fmt::format("{}{}.{}", x < 0 ? "-" : "", whole, digits);
}

// The same where ten decimals say it all, else every digit: a point read back is the same point.
std::string exact_text(double x) {
  const std::string text = number_text(x);
  double read = 0;
  std::from_chars(text.data(), text.data() + text.size(), read);
  return read == x || !std::isfinite(x) ? text : fmt::format("{}", x);
}

std::string json_string(std::string_view text) {
  std::string plain;
  append_json(plain, text);
  if (plain.find('/') == std::string::npos) return plain;
  std::string result;
  for (char c : plain) {
    if (c == '/') result += '\\';  // pandas escapes it
    result += c;
  }
  return result;
}

class Writer {
 public:
  explicit Writer(const TextSink& sink) : sink_(sink) {}
  void open(char bracket) {
    text_ += bracket;
    ++depth_;
    first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!first_) line();
    first_ = false;
    text_ += bracket;
  }
  void item() {
    constexpr std::size_t kPortion = 1 << 16;
    if (text_.size() >= kPortion) flush();
    if (!first_) text_ += ',';
    first_ = false;
    line();
  }
  void key(std::string_view name) {
    item();
    text_ += json_string(name);
    text_ += ':';
  }
  void raw(std::string_view text) { text_ += text; }
  void value(const Value& value) {
    if (value.is_none()) {
      raw("null");
    } else if (value.is_bool()) {
      raw(value.as_bool() ? "true" : "false");
    } else if (value.is_int()) {
      raw(fmt::format("{}", value.as_int()));
    } else if (value.is_float()) {
      raw(exact_ ? exact_text(value.as_float()) : number_text(value.as_float()));
    } else if (value.is_string()) {
      raw(json_string(value.as_string()));
    } else if (value.is_list()) {
      open('[');
      for (const Value& element : value.as_list()) {
        item();
        this->value(element);
      }
      close(']');
    } else {
      open('{');
      for (const auto& [name, element] : value.as_map()) {
        key(name);
        this->value(element);
      }
      close('}');
    }
  }
  void entry(std::string_view name, const Value& of) {
    key(name);
    value(of);
  }
  // What was chosen, as against what was measured.
  void exact_entry(std::string_view name, const Value& of) {
    exact_ = true;
    entry(name, of);
    exact_ = false;
  }
  void entry(std::string_view name, std::int64_t number) {
    key(name);
    raw(fmt::format("{}", number));
  }
  void flush() {
    sink_(text_);
    text_.clear();
  }

 private:
  void line() {
    text_ += '\n';
    text_.append(4 * static_cast<std::size_t>(depth_), ' ');
  }
  const TextSink& sink_;
  std::string text_;  // not yet in the sink
  int depth_ = 0;
  bool first_ = true;
  bool exact_ = false;
};

std::int64_t milliseconds(std::chrono::system_clock::duration duration) {
  return std::chrono::floor<std::chrono::milliseconds>(duration).count();
}

}  // namespace

void write_log_json(std::size_t trials, const std::function<LoggedTrial(std::size_t)>& trial,
                    const LogColumns& columns, const TextSink& sink) {
  Writer out(sink);
  out.open('{');
  for (std::size_t row = 0; row < trials; ++row) {
    const LoggedTrial logged = trial(row);
    out.key(fmt::format("{}", logged.number));
    out.open('{');
    out.entry("number", logged.number);
    for (std::size_t i = 0; i < columns.objectives; ++i)
      out.entry(columns.objectives == 1 ? "value" : fmt::format("values_{}", i),
                i < logged.values.size() ? Value(logged.values[i]) : Value());
    if (columns.error)
      out.entry("user_attrs_error", logged.error.empty() ? Value() : Value(logged.error));
    if (columns.explained) out.entry("user_attrs_explained", logged.explained);
    out.entry("user_attrs_hardware_metrics", logged.hardware_metrics);
    out.exact_entry("user_attrs_sampled_config", logged.sampled_config);
    out.entry("user_attrs_scaled_metrics", logged.scaled_metrics);
    out.entry("user_attrs_software_metrics", logged.software_metrics);
    out.entry("state", Value(logged.state));
    out.entry("datetime_start", milliseconds(logged.started.time_since_epoch()));
    out.entry("datetime_complete", milliseconds(logged.completed.time_since_epoch()));
    out.entry("duration", milliseconds(logged.completed - logged.started));
    out.close('}');
  }
  out.close('}');
  out.flush();
}

void write_best_json(std::size_t best, const std::function<LoggedTrial(std::size_t)>& trial,
                     std::size_t objectives, const TextSink& sink) {
  Writer out(sink);
  out.open('{');
  for (std::size_t i = 0; i < best; ++i) {
    const LoggedTrial logged = trial(i);
    out.key(fmt::format("{}", i));
    out.open('{');
    out.entry("number", logged.number);
    if (objectives > 1) {
      out.entry("value", Value(Value::List(logged.values.begin(), logged.values.end())));
    } else {
      out.entry("value", Value(logged.values.front()));
    }
    out.entry("software_metrics", logged.software_metrics);
    out.entry("hardware_metrics", logged.hardware_metrics);
    out.entry("scaled_metrics", logged.scaled_metrics);
    if (!logged.explained.is_none()) out.entry("explained", logged.explained);
    out.exact_entry("sampled_config", logged.sampled_config);
    out.close('}');
  }
  out.close('}');
  out.flush();
}

}  // namespace lathe
