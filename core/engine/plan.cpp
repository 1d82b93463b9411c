// Compiles graphs into flat plans and runs them.
#include "core/engine/plan.hpp"

#include "core/engine/kernels/values.hpp"
#include "core/graph/inference.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::engine {

namespace {

std::string first_line(const char* text) {
  const std::string_view all(text);
  return std::string(all.substr(0, all.find('\n')));
}

}  // namespace

std::vector<Need> needed_for(const Graph& graph, const std::vector<NodeId>& wanted,
                             const std::function<bool(NodeId)>& stop) {
  std::vector<Need> need(graph.slots(), Need::skip);
  std::vector<NodeId> open = wanted;
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    Need& mine = need[index_of(id)];
    if (mine != Need::skip) continue;
    const Node& node = graph.node(id);
    if (node.opcode == Opcode::placeholder || (stop && stop(id))) {
      mine = Need::given;
      continue;
    }
    mine = Need::compute;
    for (NodeId input : node.inputs()) open.push_back(input);
  }
  return need;
}

bool is_row_wise(const Graph& graph) {
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) continue;
    if (node.opcode == Opcode::get_attr) return false;
    if (!keeps_rows_apart(graph, node)) return false;
  }
  return true;
}

Plan::Plan(const Graph& graph, const Registry& registry, std::vector<Need> need)
    : graph_(graph), step_of_(graph.slots(), kNone) {
  const std::vector<NodeId> results = graph_.node(graph_.output()).inputs();
  if (need.empty()) need = needed_for(graph_, results);
  for (NodeId id : graph_.order()) {
    const Node& node = graph_.node(id);
    if (node.opcode == Opcode::output) continue;
    // Every placeholder has a step, so that inputs can be given by place.
    const bool input = node.opcode == Opcode::placeholder;
    if (need[index_of(id)] == Need::skip && !input) continue;
    if (input) inputs_.push_back(static_cast<std::uint32_t>(steps_.size()));
    compile(registry, id, input ? Need::given : need[index_of(id)]);
  }
  for (NodeId id : results) {
    if (step_of_[index_of(id)] != kNone) outputs_.push_back(step_of_[index_of(id)]);
  }
  mark_dead();
}

void Plan::compile(const Registry& registry, NodeId id, Need need) {
  const Node& node = graph_.node(id);
  step_of_[index_of(id)] = static_cast<std::uint32_t>(steps_.size());
  Step& step = steps_.emplace_back();
  step.node = id;
  step.first_operand = static_cast<std::uint32_t>(operands_.size());
  if (need == Need::given) {
    step.kind = Step::Kind::given;
    return;
  }
  const KernelNode seen(graph_, node);
  const OpRow& row = row_of(graph_.ops(), node);
  for (NodeId input : seen.tensor_inputs()) {
    step.tensor_inputs.push_back(step_of_[index_of(input)]);
  }
  for (NodeId input : seen.value_inputs()) {
    step.value_inputs.push_back(step_of_[index_of(input)]);
  }
  for (const Parameter& parameter : node.parameters) {
    PlanOperand& operand = operands_.emplace_back();
    operand.parameter = &parameter;
    auto known = std::find_if(unique_.begin(), unique_.end(), [&](const Parameter* other) {
      return other->qualified_name == parameter.qualified_name;
    });
    operand.unique = static_cast<std::uint32_t>(known - unique_.begin());
    if (known == unique_.end()) unique_.push_back(&parameter);
    const OperandFormat* format = node.format(parameter.name);
    if (format != nullptr && !parameter.is_buffer) {
      operand.format = Quantizer(registry, *format, parameter.name, 0, row, node.name);
    }
    ++step.operand_count;
  }
  if (node.opcode == Opcode::get_attr) {
    step.kind = Step::Kind::constant;
    if (step.operand_count != 1) seen.refuse("a get_attr node must own exactly one tensor");
    return;
  }
  if (!node.result.is_tensor()) {
    step.kind = Step::Kind::value;
    step.value_node.emplace(graph_, node);
    return;
  }
  step.kernel = make_kernel(seen);
  if (node.op.starts_with("dropout")) step.stream = stream_of("dropout/" + node.name);
  if (node.formats.empty()) return;
  for (std::size_t i = 0; i < step.tensor_inputs.size(); ++i) {
    const std::string_view role = input_role(row, node, i);
    const OperandFormat* format = node.format(role);
    step.input_formats.push_back(
        format == nullptr
            ? Quantizer()
            : Quantizer(registry, *format, role, static_cast<std::uint32_t>(i), row, node.name));
  }
  if (const OperandFormat* format = node.format("data_out")) {
    step.output_format = Quantizer(registry, *format, "data_out", 0, row, node.name);
  }
}

void Plan::mark_dead() {
  std::vector<std::uint32_t> last(steps_.size(), kNone);
  for (std::uint32_t s = 0; s < steps_.size(); ++s) {
    for (std::uint32_t input : steps_[s].tensor_inputs) last[input] = s;
    for (std::uint32_t input : steps_[s].value_inputs) last[input] = s;
  }
  for (std::uint32_t output : outputs_) last[output] = kNone;
  for (std::uint32_t s = 0; s < steps_.size(); ++s) {
    if (last[s] != kNone) steps_[last[s]].dead.push_back(s);
  }
}

void Execution::run() const {
  at::SmallVector<at::Tensor, 4> inputs;
  at::SmallVector<const std::vector<std::int64_t>*, 4> values;
  for (std::size_t s = 0; s < plan.steps().size(); ++s) {
    const Step& step = plan.steps()[s];
    Register& out = registers[s];
    if (step.kind == Step::Kind::given) continue;
    try {
      const auto parameters = operands.subspan(step.first_operand, step.operand_count);
      if (step.kind == Step::Kind::constant) {
        out.tensor = parameters[0];
      } else if (step.kind == Step::Kind::value) {
        values.clear();
        for (std::uint32_t input : step.value_inputs) values.push_back(&registers[input].numbers);
        const at::Tensor of =
            step.tensor_inputs.empty() ? at::Tensor() : registers[step.tensor_inputs[0]].tensor;
        out.numbers = value_of(*step.value_node, of, {values.data(), values.size()});
      } else {
        inputs.clear();
        values.clear();
        for (std::size_t i = 0; i < step.tensor_inputs.size(); ++i) {
          const at::Tensor& x = registers[step.tensor_inputs[i]].tensor;
          if (step.input_formats.empty() || !step.input_formats[i]) {
            inputs.push_back(x);
          } else if (training) {
            inputs.push_back(step.input_formats[i].differentiable(x, true, place));
          } else {
            inputs.push_back(step.input_formats[i](x, false, place, rows_per_format_call));
          }
        }
        for (std::uint32_t input : step.value_inputs) values.push_back(&registers[input].numbers);
        KernelCall call{{inputs.data(), inputs.size()},
                        parameters,
                        {values.data(), values.size()},
                        training,
                        place.seed,
                        step.stream,
                        place.counter};
        out.tensor = step.kernel(call);
        if (step.output_format) {
          out.tensor = training
                           ? step.output_format.differentiable(out.tensor, true, place)
                           : step.output_format(out.tensor, false, place, rows_per_format_call);
        }
      }
    } catch (const Error& error) {
      throw error.within(fmt::format("node '{}'", plan.graph().node(step.node).name));
    } catch (const c10::Error& error) {
      throw run_error(LATHE_INTERNAL,
                      fmt::format("node '{}': {}", plan.graph().node(step.node).name,
                                  first_line(error.what_without_backtrace())));
    }
    if (keep) continue;
    for (std::uint32_t dead : step.dead) registers[dead].tensor = at::Tensor();
  }
}

}  // namespace lathe::engine
