// An op that a plugin brings, with one set of attributes, as a C++ object.
#pragma once

#include "core/graph/ops/op_table.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

// REQUIRES: `attributes` are complete, as inference leaves them.
// Thread-safe: without LATHE_FLAG_PARALLEL calls wait for each other.
class OpInstance {
 public:
  OpInstance(const Component& component, const Value& attributes);
  ~OpInstance();
  OpInstance(const OpInstance&) = delete;
  OpInstance& operator=(const OpInstance&) = delete;

  const Component& component() const { return *component_; }

  struct Inferred {
    Result result;
    bool rows_apart = false;
  };
  // Throws usage_error if the op refuses the inputs.
  Inferred infer(std::span<const lathe_op_tensor> inputs) const;
  // REQUIRES of both: the op's interface has the function. No cost: it cannot say.
  std::vector<Parameter> parameters() const;
  std::optional<Cost> cost(std::span<const lathe_op_tensor> inputs, const Result& result) const;
  void forward(const lathe_op_call& op, lathe_tensor& y) const;
  bool has_backward() const { return component_->as<lathe_op>().backward != nullptr; }
  // REQUIRES: has_backward().
  void backward(const lathe_op_call& op, const lathe_tensor& y,
                const lathe_op_gradients& gradients) const;

 private:
  std::unique_lock<std::mutex> turn() const;
  Error broken(const std::string& what) const;
  Parameter parameter(const lathe_op_parameter& row) const;
  Shape checked_shape(const char* function, std::uint32_t rank, const std::int64_t* extents) const;

  const Component* component_;
  void* self_ = nullptr;
  std::unique_ptr<std::mutex> serial_;  // null: several threads may be inside
};

// One instance per (op, attributes), kept for the life of the process. Thread-safe.
const OpInstance& op_instance(const Component& component, const Value& attributes);

// What the op is told of a result. `name` and `result` must outlive what it gives.
lathe_op_tensor op_tensor(std::string_view name, const Result& result);

// The name of each tensor input of a node, in argument order: of the module's inputs, or of the
// function's arguments.
std::vector<std::string_view> op_input_names(const Component& component, const Node& node);

}  // namespace lathe
