// jsc-tiny with given weights under the quantize pass, and an engine that shows given activations.
#pragma once

#include "core/tensor/random.hpp"
#include "tests/plugins/stand_in.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <sstream>

namespace lathe_test {

constexpr const char* kLinear = "seq_blocks_2";  // of jsc-tiny: 16 to 5

inline std::vector<float> draws(std::uint64_t seed, std::size_t count, double scale) {
  std::vector<double> uniform(count);
  lathe::uniform(seed, 1, 0, uniform);
  std::vector<float> out;
  for (const double u : uniform) out.push_back(static_cast<float>(scale * (2.0 * u - 1.0)));
  return out;
}

inline lathe::Tensor tensor_of(const std::vector<float>& values, const lathe::Shape& shape) {
  return lathe::Tensor::make(lathe::DType::float32, shape, [&](std::span<std::byte> out) {
    std::memcpy(out.data(), values.data(), out.size());
  });
}

// What is logged while this lives.
class LogText {
 public:
  LogText() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(text_)));
  }
  LogText(const LogText&) = delete;
  LogText& operator=(const LogText&) = delete;
  ~LogText() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

struct Calibrated {
  StandIn engine;
  NoData data;
  Workbench bench{4};
  lathe::Graph graph;
  std::vector<float> weight = draws(1, 16 * 5, 0.7), bias = draws(2, 5, 0.03),
                     data_in = draws(3, 4 * 16, 5.0);
  std::int64_t rows_at_once = 0;  // that the engine shows; 0: all

  lathe::PassReport quantize(const json& options, const json& entry = {{"name", "integer"},
                                                                       {"data_in_width", 8},
                                                                       {"weight_width", 6},
                                                                       {"bias_width", 8}}) {
    bench.context.executor = [this]() -> lathe::Executor& { return engine; };
    bench.context.dataset = [this]() -> const lathe::Dataset& { return data; };
    graph = bench.model("jsc-tiny")
                .with_parameters({{"seq_blocks.2.weight", tensor_of(weight, {5, 16})},
                                  {"seq_blocks.2.bias", tensor_of(bias, {5})}});
    show(graph.find(kLinear));
    json all = options;
    all["by"] = "type";
    all["linear"] = entry;
    return bench.run("quantize", graph, all);
  }
  const lathe::Value& option(const std::string& role, const std::string& key) const {
    return *graph.node(graph.find(kLinear)).format(role)->options.find(key);
  }
  int fraction(const std::string& role) const {
    return static_cast<int>(option(role, "frac_width").as_int());
  }

 private:
  void show(lathe::NodeId linear) {
    engine.seen.clear();
    const auto rows = static_cast<std::int64_t>(data_in.size() / 16);
    const std::int64_t step = rows_at_once == 0 ? std::max<std::int64_t>(rows, 1) : rows_at_once;
    for (const lathe::Operand& operand : lathe::operands_of(graph, linear)) {
      if (operand.kind != LATHE_OPERAND_INPUT) continue;
      for (std::int64_t row = 0; row < rows; row += step) {
        const std::int64_t count = std::min(step, rows - row);
        const std::vector<float> part(data_in.begin() + row * 16,
                                      data_in.begin() + (row + count) * 16);
        engine.seen.push_back({linear, operand, tensor_of(part, {count, 16})});
      }
    }
  }
};

// The row of one operand in the table of what was observed and chosen.
struct Seen {
  std::optional<double> low, high;
  std::optional<int> fraction;
  std::optional<std::string> chosen;
  std::int64_t values = 0, clipped = 0, zeroed = 0;
  double clipped_percent = 0, zeroed_percent = 0;
};

inline Seen seen_of(const lathe::PassReport& report, const std::string& operand) {
  const lathe::ReportTable& rows = table(report, "calibration");
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const lathe::ReportRows::Row row = rows.rows[i];
    const auto at = [&](const std::string& column) -> const lathe::Value& {
      return row[static_cast<std::size_t>(std::ranges::find(rows.columns, column) -
                                          rows.columns.begin())];
    };
    if (at("operand").as_string() != operand) continue;
    Seen seen;
    if (!at("low").is_none()) seen.low = at("low").as_float();
    if (!at("high").is_none()) seen.high = at("high").as_float();
    if (!at("chosen").is_none()) seen.chosen = at("chosen").as_string();
    const std::string fraction = "frac_width=";
    if (seen.chosen && seen.chosen->starts_with(fraction))
      seen.fraction = std::stoi(seen.chosen->substr(fraction.size()));
    seen.values = at("values").as_int();
    seen.clipped = at("clipped").as_int();
    seen.zeroed = at("zeroed").as_int();
    seen.clipped_percent = at("clipped_percent").as_float();
    seen.zeroed_percent = at("zeroed_percent").as_float();
    return seen;
  }
  throw std::runtime_error("there is no row of " + operand);
}

}  // namespace lathe_test
