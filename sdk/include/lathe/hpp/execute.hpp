// Running graphs and reading weights. A pass that takes an `executor` or `weights` argument is
// marked as one that executes or reads weights; nothing else has to be declared.
#pragma once

#include <lathe/hpp/graph.hpp>

#pragma GCC visibility push(hidden)

namespace lathe {

// Rows of the run's data set: the first `samples` (0: all) of a split.
struct rows {
  std::string split = "validation";
  std::uint64_t samples = 0;
  std::uint32_t batch_size = 0;  // 0: the run's own
};

class executor {
 public:
  explicit executor(lathe_call* call)
      : call_(call),
        api_(detail::service<lathe_exec_api>(call, LATHE_SVC_EXEC,
                                             LATHE_SIZE_UP_TO(lathe_exec_api, statistics))) {}

  // Loss and accuracies in evaluation mode.
  lathe_evaluation evaluate(const graph& g, const rows& r) const {
    lathe_evaluation e = {};
    e.struct_size = sizeof e;
    const lathe_rows c = c_rows(r);
    detail::check(call_, api_->evaluate(call_, g.raw(), &c, &e));
    return e;
  }

  // Every statistic the host knows of the same; valid until the pass returns.
  std::vector<const lathe_statistic*> statistics(const graph& g, const rows& r) const {
    const lathe_statistic* const* list = nullptr;
    std::uint64_t count = 0;
    const lathe_rows c = c_rows(r);
    detail::check(call_, api_->statistics(call_, g.raw(), &c, &list, &count));
    return {list, list + count};
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
    detail::check(call_, api_->observe(call_, g.raw(), &c, ids.data(), ids.size(), observer, &see));
  }

 private:
  static lathe_rows c_rows(const rows& r) {
    return {sizeof(lathe_rows), r.batch_size, to_str(r.split), r.samples};
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
    const lathe_tensor* t = nullptr;
    detail::check(call_, api_->parameter(call_, g.raw(), node.index, to_str(name), &t));
    return tensor<const float>(*t);
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
