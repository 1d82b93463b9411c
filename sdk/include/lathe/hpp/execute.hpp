// Running and training graphs, and reading weights. A pass that takes an `executor` or `weights`
// argument is marked as one that executes or reads weights; nothing else has to be declared.
#pragma once

#include <lathe/hpp/graph.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// Rows of the run's data set: the first `samples` (0: all) of a split.
struct rows {
  std::string split = "validation";
  std::uint64_t samples = 0;
  std::uint32_t batch_size = 0;  // 0: the run's own, of evaluate() that of its evaluations
  std::uint32_t by_class = LATHE_BY_CLASS_NO;  // of evaluate(): also areas and matrices
};

// What scoring a graph told; valid until the pass returns. Which statistics there are depends on
// the run's loss.
class evaluation {
 public:
  explicit evaluation(const lathe_statistic_table& table) {
    for (std::uint64_t i = 0; i < table.count; ++i) {
      all_.push_back(&detail::row(table.rows, table.row_size, i));
    }
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // The first value of a statistic, eg: e.number("loss"); throws if there is none of that name.
  double number(std::string_view name) const {
    const lathe_statistic* found = find(name);
    if (found != nullptr && found->value_count > 0) return found->values[0];
    std::string known;
    for (const lathe_statistic* s : all_) known += " " + to_string(to_view(s->name));
    throw error(LATHE_NOT_FOUND, join({"with the run's loss there is no statistic '", name,
                                       "'; there are:", known}));
  }
  // Null if there is none of that name.
  const lathe_statistic* find(std::string_view name) const {
    for (const lathe_statistic* s : all_) {
      if (to_view(s->name) == name) return s;
    }
    return nullptr;
  }
  const std::vector<const lathe_statistic*>& statistics() const { return all_; }

 private:
  std::vector<const lathe_statistic*> all_;
};

// A parameter of one batch's gradients; valid while they are shown.
struct parameter_gradient {
  node_id node;                           // the first that reads it
  std::string_view name, qualified_name;  // "weight", "seq_blocks.2.weight"
  tensor<const float> value, gradient;    // of one shape; the gradient that of the loss
};

class executor {
 public:
  explicit executor(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_exec_api>(call, LATHE_SVC_EXEC,
                                             LATHE_SIZE_UP_TO(lathe_exec_api, outputs))) {}

  // Every statistic that fits the run's loss, in evaluation mode.
  lathe::evaluation evaluate(const graph& g, const rows& r) const {
    lathe_statistic_table table = {};
    table.struct_size = sizeof table;
    const lathe_rows c = c_rows(r);
    detail::check(call_, api_->evaluate(call_, g.raw(), &c, &table));
    return lathe::evaluation(table);
  }

  // One batch per placeholder in, the outputs out; they are valid until the pass returns, or
  // release().
  std::vector<const lathe_tensor*> run(const graph& g,
                                       const std::vector<const lathe_tensor*>& inputs) const {
    const lathe_tensor* const* outputs = nullptr;
    std::uint64_t count = 0;
    detail::check(call_, api_->run(call_, g.raw(), inputs.data(), inputs.size(), &outputs, &count));
    return {outputs, outputs + count};
  }

  void release(const std::vector<const lathe_tensor*>& tensors) const {
    for (const lathe_tensor* t : tensors) lathe::release(call_, *t);
  }

  // Calls see(node_id, operand, const lathe_tensor&) for every input and output tensor of `nodes`,
  // batch by batch; one that takes a const lathe_observation& as well is told which rows they are.
  template <class See>
  void observe(const graph& g, const rows& r, const std::vector<node_id>& nodes, See see) const {
    observe(api_->observe, g, r, nodes, see);
  }

  // The same forwards and backwards: calls see(node_id, operand, const lathe_tensor&, const
  // lathe_observation&), whose `gradient` is that of the batch's loss, the mean over its rows;
  // null: the loss does not depend on the tensor.
  template <class See>
  void observe_gradients(const graph& g, const rows& r, const std::vector<node_id>& nodes,
                         See see) const {
    observe(api_->observe_gradients, g, r, nodes, see);
  }

  // What the network's one output is for each row; valid until the pass returns, or release().
  const lathe_tensor& outputs(const graph& g, const rows& r) const {
    const lathe_rows c = c_rows(r);
    const lathe_tensor* found = nullptr;
    detail::check(call_, api_->outputs(call_, g.raw(), &c, &found));
    return *found;
  }

  // Calls see(const std::vector<lathe::parameter_gradient>&, const lathe_gradients&) for every
  // batch, in evaluation mode; the second has the batch's loss and which rows it is.
  template <class See>
  void gradients(const graph& g, const rows& r, See see) const {
    const lathe_rows c = c_rows(r);
    const lathe_gradient_observer observer = [](lathe_call* call, void* user,
                                                const lathe_gradients* batch) noexcept {
      return detail::guarded(call, [&] {
        std::vector<parameter_gradient> parameters;
        for (std::uint64_t i = 0; i < batch->parameter_count; ++i) {
          const lathe_gradient& p = detail::row(batch->parameters, batch->row_size, i);
          parameters.push_back({node_id{p.node}, to_view(p.name), to_view(p.qualified_name),
                                tensor<const float>(*p.value), tensor<const float>(*p.gradient)});
        }
        (*static_cast<See*>(user))(parameters, *batch);
      });
    };
    detail::check(call_, api_->gradients(call_, g.raw(), &c, observer, &see));
  }

  // Trains a graph that may be edited and has no open edit, eg: g.copy(), on the run's data.
  // `options` is a map of training options as a config file names them; the rest is as the run has
  // it:
  //   executor.train(copy, lathe::value::map({{"max_epochs", 2}, {"learning_rate", 1e-4}}));
  lathe_training train(const graph& g, const value& options = value()) const {
    lathe_training result = {};
    result.struct_size = sizeof result;
    value::storage arrays;
    const lathe_value c = options.c_value(arrays);
    const bool given = c.kind != LATHE_VALUE_NONE;
    detail::check(call_, api_->train(call_, g.writable(), given ? &c : nullptr, &result));
    return result;
  }

 private:
  template <class See>
  void observe(decltype(lathe_exec_api::observe) observe, const graph& g, const rows& r,
               const std::vector<node_id>& nodes, See& see) const {
    std::vector<std::uint32_t> ids;
    for (const node_id n : nodes) ids.push_back(n.index);
    const lathe_rows c = c_rows(r);
    const lathe_observer observer = [](lathe_call* call, void* user,
                                       const lathe_observation* o) noexcept {
      return detail::guarded(call, [&] {
        See& told = *static_cast<See*>(user);
        const node_id id{o->node};
        const operand of(*o->operand);
        if constexpr (std::is_invocable_v<See&, node_id, operand, const lathe_tensor&,
                                          const lathe_observation&>) {
          told(id, of, *o->tensor, *o);
        } else {
          told(id, of, *o->tensor);
        }
      });
    };
    detail::check(call_, observe(call_, g.raw(), &c, ids.data(), ids.size(), observer, &see));
  }

  static lathe_rows c_rows(const rows& r) {
    return {sizeof(lathe_rows), r.batch_size, to_str(r.split), r.samples, r.by_class, 0};
  }
  lathe_call* call_;
  const lathe_exec_api* api_;
};

class weights {
 public:
  explicit weights(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_tensor_api>(call, LATHE_SVC_TENSOR,
                                               LATHE_SIZE_UP_TO(lathe_tensor_api, release))) {}

  // Contents of a parameter or buffer, eg: weights.of(g, node, "weight").
  tensor<const float> of(const graph& g, node_id node, std::string_view name) const {
    return tensor<const float>(raw_of(g, node, name));
  }
  // The same as it is handed over, eg: for used_format::quantize.
  const lathe_tensor& raw_of(const graph& g, node_id node, std::string_view name) const {
    const lathe_tensor* t = nullptr;
    detail::check(call_, api_->parameter(call_, g.raw(), node.index, to_str(name), &t));
    return *t;
  }
  // A zeroed float32 tensor of the host's, eg: for executor::run or edit::set_parameter.
  lathe_tensor& zeros(const std::vector<std::int64_t>& extents) const {
    lathe_tensor* t = nullptr;
    detail::check(call_,
                  api_->zeros(call_, LATHE_DTYPE_FLOAT32, extents.data(), extents.size(), &t));
    return *t;
  }
  // Gives memory back before the pass returns: of zeros(), or of what executor::run gave.
  void release(const lathe_tensor& t) const { lathe::release(call_, t); }

 private:
  lathe_call* call_;
  const lathe_tensor_api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop
