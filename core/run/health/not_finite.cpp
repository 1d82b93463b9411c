#include "core/run/health/not_finite.hpp"

#include "core/run/loss/criterion.hpp"
#include "core/run/needed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace lathe::run {

namespace {

constexpr std::uint32_t kExponent = 0x7F800000;

template <typename T>
NotFinite counted(std::span<const T> values) {
  NotFinite out;
  out.of = static_cast<std::int64_t>(values.size());
  for (const T value : values) {
    out.nan += std::isnan(value) ? 1 : 0;
    out.infinite += std::isinf(value) ? 1 : 0;
  }
  return out;
}

Tensor rows_in(const Tensor& all, const Portion& portion) {
  if (portion.rows == 0) return all;
  Shape shape = all.shape();
  const auto whole = static_cast<std::size_t>(shape[0]);
  shape[0] = portion.rows;
  const std::size_t bytes = all.bytes().size() / whole;
  return Tensor::adopt(all.dtype(), std::move(shape), all.owner(),
                       all.bytes().data() + static_cast<std::size_t>(portion.first) * bytes);
}

// "row 17 of the test split of 'jsc'": the first with such a number.
std::string row_of(const Tensor& rows, const BatchOrigin& origin) {
  const std::int64_t per_row = rows.numel() / rows.shape()[0];
  std::size_t row = 0;
  for (const auto width = static_cast<std::size_t>(per_row); rows.dtype() == DType::float32;
       ++row) {
    if (!all_finite(rows.values<float>().subspan(row * width, width))) break;
  }
  const std::uint64_t place = origin.index.empty() ? origin.first + row : origin.index[row];
  return fmt::format("row {} of the {} split of '{}'", place, name(origin.split), origin.data);
}

float largest_of(const Tensor& tensor) {
  float largest = 0;
  if (tensor.dtype() != DType::float32) return largest;
  for (const float value : tensor.values<float>()) largest = std::max(largest, std::abs(value));
  return largest;
}

// What a node whose result is not finite reads or owns that explains it.
Origin cause_in(const Program& program, const Graph& graph, NodeId id, const NotFinite& found) {
  const Node& node = graph.node(id);
  std::string text =
      fmt::format("the first node whose output is not finite is '{}' ({}), with {}; ", node.name,
                  node.op, found.text());
  for (const Parameter& parameter : node.parameters) {
    const NotFinite own = not_finite_in(parameter.content->tensor());
    if (!own.any()) continue;
    text += fmt::format("its '{}' has {}", parameter.qualified_name, own.text());
    return {std::move(text), false};
  }
  float largest = 0;
  for (const NodeId input : tensor_inputs(graph, id)) {
    const Tensor read = program.result(input);
    if (read.defined()) largest = std::max(largest, largest_of(read));
  }
  text += fmt::format(
      "what it reads is finite (at most {:.3g}) and so are its parameters{}, so that it arises "
      "there",
      largest, node.formats.empty() ? "" : " before their number formats");
  return {std::move(text), true};
}

}  // namespace

std::string NotFinite::text() const {
  std::string kinds = nan > 0 ? fmt::format("{} NaN", nan) : std::string();
  if (infinite > 0) kinds += fmt::format("{}{} infinite", kinds.empty() ? "" : " and ", infinite);
  return fmt::format("{} of {} values", kinds, of);
}

bool all_finite(std::span<const float> values) {
  // No early way out: so it runs whole vectors at a time.
  bool found = false;
  for (const float value : values) {
    found |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent;
  }
  return !found;
}

NotFinite not_finite_in(std::span<const float> values) {
  if (all_finite(values)) return {0, 0, static_cast<std::int64_t>(values.size())};
  return counted(values);
}

NotFinite not_finite_in(const Tensor& tensor) {
  if (tensor.dtype() == DType::float32) return not_finite_in(tensor.values<float>());
  if (tensor.dtype() == DType::float64) return counted(tensor.values<double>());
  return {0, 0, tensor.numel()};
}

Origin first_not_finite(Backend& backend, const Graph& graph, const Portion& portion,
                        const BatchOrigin& origin) {
  const std::vector<Need> need = needed_for(graph, {result_of(graph)});
  std::vector<NodeId> wanted;
  for (const NodeId id : graph.order()) {
    if (need[index_of(id)] != Need::skip && graph.node(id).result.is_tensor()) wanted.push_back(id);
  }
  const std::vector<NodeId> placeholders = graph.placeholders();
  for (std::size_t i = 0; i < placeholders.size(); ++i) {
    const Tensor rows = rows_in(portion.inputs[i], portion);
    const NotFinite found = not_finite_in(rows);
    if (!found.any()) continue;
    return {fmt::format("the data have it: the input '{}' has {}, first in {}",
                        graph.node(placeholders[i]).name, found.text(), row_of(rows, origin)),
            false};
  }
  const auto program = backend.program(graph, wanted, nullptr);
  program->run(portion);
  for (const NodeId id : wanted) {
    if (graph.node(id).opcode == Opcode::placeholder) continue;
    const Tensor result = program->result(id);
    if (!result.defined()) continue;
    const NotFinite found = not_finite_in(result);
    if (found.any()) return cause_in(*program, graph, id, found);
  }
  return {};
}

}  // namespace lathe::run
