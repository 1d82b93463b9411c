// Compiles graphs into flat plans and runs them.
#include "core/engine/plan.hpp"

#include "core/engine/kernels/plugin_op.hpp"
#include "core/engine/kernels/values.hpp"
#include "core/engine/quantize.hpp"
#include "core/graph/inference.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::engine {

namespace {

// Which of several results a getitem takes; nothing of any other node.
std::optional<std::int64_t> part_taken(const KernelNode& seen) {
  if (seen.node().op != "getitem" || !seen.tensor_inputs().empty()) return std::nullopt;
  return seen.value("index").as_list().at(0).as_int();
}

std::string first_line(const char* text) {
  const std::string_view all(text);
  return std::string(all.substr(0, all.find('\n')));
}

}  // namespace

Plan::Plan(const Graph& graph, const Registry& registry, const std::vector<NodeId>& wanted,
           const std::function<bool(NodeId)>& given, const std::function<bool(NodeId)>& kept)
    : graph_(graph), step_of_(graph.slots(), kNone) {
  const std::vector<run::Need> need = run::needed_for(graph_, wanted, given);
  for (NodeId id : graph_.order()) {
    const Node& node = graph_.node(id);
    if (node.opcode == Opcode::output) continue;
    // Every placeholder has a step, so that inputs can be given by place.
    const bool input = node.opcode == Opcode::placeholder;
    if (need[index_of(id)] == run::Need::skip && !input) continue;
    if (input) inputs_.push_back(static_cast<std::uint32_t>(steps_.size()));
    compile(registry, id, input ? run::Need::given : need[index_of(id)]);
    const Step::Kind kind = steps_.back().kind;
    const bool makes = kind == Step::Kind::compute || kind == Step::Kind::take_part;
    if (makes && kept && kept(id)) {
      kept_.push_back(step_of_[index_of(id)]);
    }
  }
  mark_dead(wanted);
}

void Plan::compile(const Registry& registry, NodeId id, run::Need need) {
  const Node& node = graph_.node(id);
  step_of_[index_of(id)] = static_cast<std::uint32_t>(steps_.size());
  Step& step = steps_.emplace_back();
  step.node = id;
  step.first_operand = static_cast<std::uint32_t>(operands_.size());
  if (need == run::Need::given) {
    step.kind = Step::Kind::given;
    return;
  }
  const KernelNode seen(graph_, id);
  const OpRow& row = row_of(graph_.ops(), node);
  for (NodeId input : seen.tensor_inputs()) {
    step.tensor_inputs.push_back(step_of_[index_of(input)]);
  }
  for (NodeId input : seen.value_inputs()) {
    step.value_inputs.push_back(step_of_[index_of(input)]);
  }
  for (const Parameter& parameter : node.parameters) {
    if (!parameter.is_own()) continue;
    PlanOperand& operand = operands_.emplace_back();
    operand.parameter = &parameter;
    if (!parameter.is_buffer) {
      operand.format = run::quantizer_of(registry, graph_, id, parameter_role(row, parameter.name),
                                         number_in_role(row, node, parameter));
    }
    ++step.operand_count;
  }
  if (node.opcode == Opcode::get_attr) {
    step.kind = Step::Kind::constant;
    if (step.operand_count != 1) seen.refuse("a get_attr node must own exactly one tensor");
    return;
  }
  if (node.result.is_several()) {
    step.kind = Step::Kind::compute_parts;
    step.parts_kernel = make_parts_kernel(seen);
  } else if (!node.result.is_tensor()) {
    step.kind = Step::Kind::value;
    step.value_node.emplace(graph_, id);
    return;
  } else if (const std::optional<std::int64_t> part = part_taken(seen)) {
    step.kind = Step::Kind::take_part;
    step.part = *part;
    return;
  } else {
    step.kernel = row.of_plugin() ? plugin_kernel(registry, seen) : make_kernel(seen);
  }
  // What drops at random: dropout, and attention.
  if (seen.find("p") != nullptr || seen.find("dropout") != nullptr)
    step.stream = stream_of("dropout/" + node.name);
  if (node.formats.empty()) return;
  for (std::size_t i = 0; i < step.tensor_inputs.size(); ++i) {
    step.input_formats.push_back(run::quantizer_of(registry, graph_, id, input_role(row, node, i),
                                                   static_cast<std::uint32_t>(i)));
  }
  if (row.formats_inside) step.inner_format = inner_format_of(registry, seen, id);
  step.output_format = run::quantizer_of(registry, graph_, id, "data_out");
}

// Of no tensor that the graph has: there is no place for a state of its own.
run::Quantizer Plan::inner_format_of(const Registry& registry, const KernelNode& seen,
                                     NodeId id) const {
  run::Quantizer format = run::quantizer_of(registry, graph_, id, "data_in");
  if (format && format.has_state()) {
    seen.refuse(
        fmt::format("the format '{}' of data_in keeps state, and has no place to keep that "
                    "of what is computed inside; choose one without",
                    format.format_id()));
  }
  return format;
}

void Plan::train_on(run::TrainedParameters& parameters) {
  for (PlanOperand& operand : operands_) operand.format.train_on(parameters);
  for (Step& step : steps_) {
    for (run::Quantizer& format : step.input_formats) format.train_on(parameters);
    step.output_format.train_on(parameters);
  }
}

void Plan::mark_dead(const std::vector<NodeId>& wanted) {
  std::vector<std::uint32_t> last(steps_.size(), kNone);
  for (std::uint32_t s = 0; s < steps_.size(); ++s) {
    for (std::uint32_t input : steps_[s].tensor_inputs) last[input] = s;
    for (std::uint32_t input : steps_[s].value_inputs) last[input] = s;
  }
  for (NodeId id : wanted) {
    if (step_of(id) != kNone) last[step_of(id)] = kNone;
  }
  for (std::uint32_t kept : kept_) last[kept] = kNone;
  for (std::uint32_t s = 0; s < steps_.size(); ++s) {
    if (last[s] != kNone) steps_[last[s]].dead.push_back(s);
  }
}

at::Tensor Execution::formatted(const run::Quantizer& format, const at::Tensor& x) const {
  return differentiates ? differentiable(format, x, training, place)
                        : quantized(format, x, training, place, rows_per_format_call);
}

void in_node(const Plan& plan, const Step& step, const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    throw error.within(fmt::format("node '{}'", plan.graph().node(step.node).name));
  } catch (const c10::Error& error) {
    throw run_error(LATHE_INTERNAL, fmt::format("node '{}': {}", plan.graph().node(step.node).name,
                                                first_line(error.what_without_backtrace())));
  }
}

void Execution::compute(std::size_t s) const {
  const Step& step = plan.steps()[s];
  Register& out = registers[s];
  const auto parameters = operands.subspan(step.first_operand, step.operand_count);
  at::SmallVector<const std::vector<std::int64_t>*, 4> values;
  for (std::uint32_t input : step.value_inputs) values.push_back(&registers[input].numbers);
  switch (step.kind) {
    case Step::Kind::given:
      return;
    case Step::Kind::constant:
      out.tensor = parameters[0];
      return;
    case Step::Kind::value: {
      const at::Tensor of =
          step.tensor_inputs.empty() ? at::Tensor() : registers[step.tensor_inputs[0]].tensor;
      out.numbers = value_of(*step.value_node, of, {values.data(), values.size()});
      return;
    }
    case Step::Kind::take_part: {
      const Parts& parts = registers[step.value_inputs[0]].parts;
      const auto count = static_cast<std::int64_t>(parts.size());
      out.tensor = parts.at(static_cast<std::size_t>(step.part + (step.part < 0 ? count : 0)));
      return;
    }
    case Step::Kind::compute:
    case Step::Kind::compute_parts:
      break;
  }
  at::SmallVector<at::Tensor, 4> inputs;
  for (std::size_t i = 0; i < step.tensor_inputs.size(); ++i) {
    const at::Tensor& x = registers[step.tensor_inputs[i]].tensor;
    const bool plain = step.input_formats.empty() || !step.input_formats[i];
    inputs.push_back(plain ? x : formatted(step.input_formats[i], x));
  }
  KernelCall call{{inputs.data(), inputs.size()},
                  parameters,
                  {values.data(), values.size()},
                  training,
                  place.seed,
                  step.stream,
                  place.counter};
  if (step.inner_format)
    call.inner_format = [&](const at::Tensor& x) { return formatted(step.inner_format, x); };
  if (step.kind == Step::Kind::compute_parts) {
    out.parts = step.parts_kernel(call);
    return;
  }
  out.tensor = step.kernel(call);
  if (step.output_format) out.tensor = formatted(step.output_format, out.tensor);
}

void Execution::run() const {
  for (std::size_t s = 0; s < plan.steps().size(); ++s) {
    const Step& step = plan.steps()[s];
    if (step.kind == Step::Kind::given) continue;
    in_node(plan, step, [&] { compute(s); });
    for (std::uint32_t dead : step.dead) registers[dead].let_go();
  }
}

}  // namespace lathe::engine
