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
                                             LATHE_SIZE_UP_TO(lathe_exec_api, observe))) {}

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
    if (api_->struct_size < LATHE_SIZE_UP_TO(lathe_exec_api, statistics)) {
      throw error(LATHE_UNIMPLEMENTED, "this host is too old to tell statistics by name");
    }
    const lathe_statistic* const* list = nullptr;
    std::uint64_t count = 0;
    const lathe_rows c = c_rows(r);
    detail::check(call_, api_->statistics(call_, g.raw(), &c, &list, &count));
    return {list, list + count};
  }

  // One batch per placeholder in, the outputs out; they are valid until the pass returns.
  std::vector<const DLTensor*> run(const graph& g,
                                   const std::vector<const DLTensor*>& inputs) const {
    const DLTensor* const* outputs = nullptr;
    std::uint64_t count = 0;
    detail::check(call_, api_->run(call_, g.raw(), inputs.data(), inputs.size(), &outputs, &count));
    return {outputs, outputs + count};
  }

  // Calls see(node_id, operand, const DLTensor&) for every input and output tensor of `nodes`,
  // batch by batch.
  template <class See>
  void observe(const graph& g, const rows& r, const std::vector<node_id>& nodes, See see) const {
    std::vector<std::uint32_t> ids;
    for (const node_id n : nodes) ids.push_back(n.index);
    const lathe_rows c = c_rows(r);
    const lathe_observer observer = [](lathe_call* call, void* user, std::uint32_t id,
                                       const lathe_operand* o, const DLTensor* t) {
      return detail::guarded(call,
                             [&] { (*static_cast<See*>(user))(node_id{id}, operand(*o), *t); });
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
                                               LATHE_SIZE_UP_TO(lathe_tensor_api, zeros))) {}

  // Contents of a parameter or buffer, eg: weights.of(g, node, "weight").
  tensor<const float> of(const graph& g, node_id node, std::string_view name) const {
    const DLTensor* t = api_->parameter(call_, g.raw(), node.index, to_str(name));
    if (t == nullptr) {
      throw error(LATHE_NOT_FOUND, to_string(to_view(call_->host->last_error(call_))));
    }
    return tensor<const float>(*t);
  }
  // A zeroed float32 tensor of the host's, eg: for executor::run or edit::set_parameter.
  DLTensor& zeros(const std::vector<std::int64_t>& extents) const {
    DLTensor* t = api_->zeros(call_, LATHE_FLOAT32, extents.data(), extents.size());
    if (t == nullptr) {
      throw error(LATHE_RESOURCE_EXHAUSTED, to_string(to_view(call_->host->last_error(call_))));
    }
    return *t;
  }

 private:
  lathe_call* call_;
  const lathe_tensor_api* api_;
};

}  // namespace lathe

#pragma GCC visibility pop
