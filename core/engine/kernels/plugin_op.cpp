#include "core/engine/kernels/plugin_op.hpp"

#include "core/engine/tensors.hpp"
#include "core/graph/inference.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/instances/op_instance.hpp"
#include "core/tensor/borrowed_tensor.hpp"
#include "core/tensor/random.hpp"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <deque>

namespace lathe::engine {

namespace {

using Tensors = std::vector<at::Tensor>;

// Dense, on the CPU; out of autograd's sight.
at::Tensor for_plugin(const at::Tensor& x) {
  const at::Tensor plain = x.detach();
  const bool floating = at::isFloatingType(plain.scalar_type());
  return plain.to(at::kCPU, floating ? at::kFloat : plain.scalar_type()).contiguous();
}

std::span<const std::int64_t> extents_of(const at::Tensor& x) {
  return {x.sizes().data(), x.sizes().size()};
}

[[noreturn]] void refuse_gradient(const Node& node, const OpRow& row) {
  throw usage_error(
      fmt::format("{}: the op '{}' of '{}' has no backward(), so what stands at it or before it "
                  "cannot be trained; evaluating needs none",
                  described(node), row.op, row.plugin_file));
}

// Tensors as the ABI lends them, and the table that points at them.
class Lent {
 public:
  void add(const at::Tensor& x, lathe_tensor_flags flags) {
    rows_.push_back(
        &kept_.emplace_back(dtype_of(x.scalar_type()), x.data_ptr(), extents_of(x), flags).view());
  }
  void add_none() { rows_.push_back(nullptr); }
  lathe_tensor* const* rows() const { return rows_.data(); }

 private:
  std::deque<BorrowedTensor> kept_;
  std::vector<lathe_tensor*> rows_;
};

// What one execution reads, as the plugin sees it; kept until its gradient is known.
struct OpExecution {
  Tensors inputs, parameters;
  at::Tensor y;
  bool training = false;
  std::uint64_t seed = 0, counter = 0;
};

class PluginKernel : public std::enable_shared_from_this<PluginKernel> {
 public:
  PluginKernel(const Registry& registry, const KernelNode& node);
  at::Tensor operator()(const KernelCall& call) const;
  // Gradients on the CPU, inputs first; undefined where `wanted` is false.
  Tensors backward(const OpExecution& seen, const at::Tensor& dy,
                   const std::vector<bool>& wanted) const;

 private:
  // The table, and what it points at.
  struct LentCall {
    Lent inputs, parameters;
    std::vector<lathe_str> input_names, parameter_names;
    lathe_op_call table{};
  };
  void describe(const OpExecution& seen, bool may_update, LentCall& out) const;
  at::Tensor make_result(const Tensors& inputs) const;
  at::Tensor differentiable(const KernelCall& call, OpExecution seen, at::Tensor y) const;

  const OpInstance& instance_;
  Node node_;  // a copy: the kernel outlives the graph it was made from
  Result result_;
  std::vector<Shape> shapes_;  // of the inputs that result_ follows from
  std::vector<std::string> names_;
  std::vector<Parameter> parameters_;  // those of the op, without its formats' state
  std::uint64_t stream_ = 0;
};

// One node of autograd's graph: inputs first, then parameters.
struct OpBackward : torch::autograd::Node {
  std::shared_ptr<const PluginKernel> kernel;
  OpExecution seen;
  std::vector<at::Device> devices;
  bool released = false;

  torch::autograd::variable_list apply(torch::autograd::variable_list&& upstream) override {
    torch::autograd::variable_list out(devices.size());
    if (!upstream[0].defined()) return out;
    if (released) throw run_error(LATHE_INTERNAL, "a gradient was asked for twice");
    std::vector<bool> wanted(devices.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = task_should_compute_output(i);
    const Tensors made = kernel->backward(seen, upstream[0], wanted);
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made[i].defined()) out[i] = made[i].to(devices[i]);
    }
    return out;
  }
  void release_variables() override {
    seen = {};
    released = true;
  }
};

PluginKernel::PluginKernel(const Registry& registry, const KernelNode& node)
    : instance_(op_instance(registry.find(Kind::op, node.node().op), node.attributes())),
      node_(node.node()),
      result_(node.node().result),
      shapes_(node.input_shapes()) {
  for (const std::string_view name : op_input_names(instance_.component(), node_)) {
    names_.emplace_back(name);
  }
  for (const Parameter& parameter : node_.parameters) {
    if (parameter.is_own()) parameters_.push_back(parameter);
  }
  stream_ = stream_of(fmt::format("{}/{}", node_.op, node_.name));
}

void PluginKernel::describe(const OpExecution& seen, bool may_update, LentCall& out) const {
  for (std::size_t i = 0; i < seen.inputs.size(); ++i) {
    out.inputs.add(seen.inputs[i], LATHE_TENSOR_READ_ONLY);
    out.input_names.push_back(str_of(names_[i]));
  }
  for (std::size_t i = 0; i < seen.parameters.size(); ++i) {
    const bool updated = may_update && parameters_[i].is_buffer;
    out.parameters.add(seen.parameters[i], updated ? 0 : LATHE_TENSOR_READ_ONLY);
    out.parameter_names.push_back(str_of(parameters_[i].name));
  }
  lathe_op_call& table = out.table;
  table.struct_size = LATHE_SIZE_UP_TO(lathe_op_call, counter);
  table.training = seen.training ? 1 : 0;
  table.inputs = out.inputs.rows();
  table.input_names = out.input_names.data();
  table.input_count = seen.inputs.size();
  table.parameters = out.parameters.rows();
  table.parameter_names = out.parameter_names.data();
  table.parameter_count = seen.parameters.size();
  table.seed = seen.seed;
  table.counter = seen.counter;
}

// Of the type and extents that the op infers: asked again where there are more rows, or fewer.
at::Tensor PluginKernel::make_result(const Tensors& inputs) const {
  Result made = result_;
  std::vector<Result> found;
  bool as_before = true;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    found.push_back({dtype_of(inputs[i].scalar_type()), Shape(inputs[i].sizes().vec()), {}});
    as_before = as_before && found[i].shape == shapes_[i];
  }
  if (!as_before) {
    std::vector<lathe_op_tensor> rows;
    for (std::size_t i = 0; i < found.size(); ++i) rows.push_back(op_tensor(names_[i], found[i]));
    made = instance_.infer(rows).result;
    if (made.dtype != result_.dtype) {
      throw run_error(
          LATHE_INTERNAL,
          fmt::format("{}: its infer() gives {} for some numbers of rows and {} for others",
                      instance_.component().options.owner, name(result_.dtype), name(made.dtype)));
    }
  }
  return at::zeros(made.shape.dims(), at::TensorOptions().dtype(scalar_type(made.dtype)));
}

at::Tensor PluginKernel::operator()(const KernelCall& call) const {
  OpExecution seen;
  seen.training = call.training;
  seen.seed = call.seed ^ stream_;
  seen.counter = call.counter;
  for (const at::Tensor& x : call.inputs) seen.inputs.push_back(for_plugin(x));
  for (const at::Tensor& p : call.parameters) seen.parameters.push_back(for_plugin(p));
  at::Tensor y = make_result(seen.inputs);
  LentCall lent;
  describe(seen, call.training, lent);
  BorrowedTensor to(dtype_of(y.scalar_type()), y.data_ptr(), extents_of(y), 0);
  instance_.forward(lent.table, to.view());
  for (std::size_t i = 0; call.training && i < call.parameters.size(); ++i) {
    const at::Tensor& own = call.parameters[i];
    const bool copied = own.data_ptr() != seen.parameters[i].data_ptr();
    if (parameters_[i].is_buffer && copied) own.detach().copy_(seen.parameters[i]);
  }
  return differentiable(call, std::move(seen), std::move(y));
}

// The result on the device of the inputs; autograd comes to the plugin's backward through it.
at::Tensor PluginKernel::differentiable(const KernelCall& call, OpExecution seen,
                                        at::Tensor y) const {
  at::Tensor made = y.to(call.inputs[0].device());
  if (!at::GradMode::is_enabled() || !at::isFloatingType(y.scalar_type())) return made;
  std::vector<torch::autograd::Edge> edges;
  std::vector<at::Device> devices;
  bool any = false;
  for (const auto tensors : {call.inputs, call.parameters}) {
    for (const at::Tensor& t : tensors) {
      any = any || t.requires_grad();
      edges.push_back(t.requires_grad() ? torch::autograd::impl::gradient_edge(t)
                                        : torch::autograd::Edge());
      devices.push_back(t.device());
    }
  }
  if (!any) return made;
  if (!instance_.has_backward()) refuse_gradient(node_, *node_.row);
  const std::shared_ptr<OpBackward> backward(new OpBackward, torch::autograd::deleteNode);
  backward->kernel = shared_from_this();
  seen.y = y.detach();  // not the result itself: it will hold this node
  backward->seen = std::move(seen);
  backward->devices = std::move(devices);
  for (torch::autograd::Edge& edge : edges) backward->add_next_edge(std::move(edge));
  torch::autograd::create_gradient_edge(made, backward);
  return made;
}

Tensors PluginKernel::backward(const OpExecution& seen, const at::Tensor& dy,
                               const std::vector<bool>& wanted) const {
  LentCall lent;
  describe(seen, false, lent);
  Tensors out(wanted.size());
  Lent d_inputs, d_parameters;
  const std::size_t inputs = seen.inputs.size();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Lent& table = i < inputs ? d_inputs : d_parameters;
    const at::Tensor& of = i < inputs ? seen.inputs[i] : seen.parameters[i - inputs];
    const bool given = wanted[i] && of.scalar_type() == at::kFloat;
    if (!given) {
      table.add_none();
      continue;
    }
    out[i] = at::zeros(of.sizes(), of.options());
    table.add(out[i], 0);
  }
  const at::Tensor upstream = for_plugin(dy);
  const BorrowedTensor dy_view(DType::float32, upstream.data_ptr(), extents_of(upstream),
                               LATHE_TENSOR_READ_ONLY);
  const BorrowedTensor y_view(DType::float32, seen.y.data_ptr(), extents_of(seen.y),
                              LATHE_TENSOR_READ_ONLY);
  const lathe_op_gradients gradients{LATHE_SIZE_UP_TO(lathe_op_gradients, d_parameters), 0,
                                     &dy_view.view(), d_inputs.rows(), d_parameters.rows()};
  try {
    instance_.backward(lent.table, y_view.view(), gradients);
  } catch (const Error& error) {
    throw error.within(fmt::format("node '{}'", node_.name));
  }
  return out;
}

}  // namespace

Kernel plugin_kernel(const Registry& registry, const KernelNode& node) {
  return [kernel = std::make_shared<const PluginKernel>(registry, node)](const KernelCall& call) {
    return (*kernel)(call);
  };
}

void check_differentiable(const Graph& graph, const std::vector<NodeId>& steps) {
  std::vector<bool> trained(graph.slots());
  for (const NodeId id : steps) {
    const Node& node = graph.node(id);
    const auto is_trained = [](const Parameter& p) { return !p.is_buffer; };
    bool mine = std::ranges::any_of(node.parameters, is_trained);
    node.for_each_input([&](NodeId input) { mine = mine || trained[index_of(input)]; });
    trained[index_of(id)] = mine;
    const OpRow& row = row_of(graph.ops(), node);
    if (mine && !row.differentiable) refuse_gradient(node, row);
  }
}

}  // namespace lathe::engine
