// Models: a plugin declares nodes in a transaction on an empty graph, the host commits it.

#include "core/host/instances/build_model.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/field_table.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <lathe/kind/model.h>

namespace lathe {
namespace {

// A model instance, destroyed with the object whatever happens: parameters that it has promised
// keep it. The registry's components outlive every graph.
class Model {
 public:
  Model(const Component& component, const Value& options, RunContext& context)
      : component_(component) {
    const auto& model = component.as<lathe_model>();
    if (model.create == nullptr) return;
    Call call(component, &context, Call::Phase::create);
    call.options = &options;
    const lathe_value tree = to_abi(options, call.memory());
    call.enter("create", [&](lathe_call* c) { return model.create(c, &tree, &self_); });
  }
  ~Model() { destroy_instance(component_, component_.as<lathe_model>().destroy, self_); }
  Model(const Model&) = delete;
  void* self() const { return self_; }
  bool has_contents() const { return component_.as<lathe_model>().contents != nullptr; }

  Tensor contents(std::uint64_t source, DType dtype, const Shape& shape) const {
    return Tensor::make(dtype, shape, [&](std::span<std::byte> memory) {
      BorrowedTensor tensor(dtype, memory.data(), shape.dims(), 0);
      Call call(component_);
      call.enter("contents", [&](lathe_call* c) {
        return component_.as<lathe_model>().contents(c, self_, source, &tensor.view());
      });
    });
  }

 private:
  const Component& component_;
  void* self_ = nullptr;
};

}  // namespace

Graph build_model(const Component& component, const Value& options, const DatasetInfo& info,
                  std::int64_t batch, std::uint64_t seed, RunContext& context) {
  const auto model = std::make_shared<const Model>(component, options, context);
  Graph graph(seed, context.ops);
  // Which network it is, is a matter of what was asked for: a refusal is the user's mistake.
  Call call(component, &context, Call::Phase::create);
  call.options = &options;
  call.graphs().set_rows(info, batch);
  lathe_graph* handle = call.graphs().add(graph, &graph);
  lathe_edit* edit = call.graphs().begin(*handle);
  edit->builds_model = true;
  if (model->has_contents()) {
    edit->promised = [model](std::uint64_t source) -> ContentReader {
      return [model, source](DType dtype, const Shape& shape) {
        return model->contents(source, dtype, shape);
      };
    };
  }

  const lathe_field_table fields = field_table(call, info.fields);
  const lathe_model_input input{LATHE_SIZE_UP_TO(lathe_model_input, fields), 0, &fields};
  call.enter("build", [&](lathe_call* c) {
    return component.as<lathe_model>().build(c, model->self(), &input, edit);
  });
  try {
    // A plugin that committed by itself has done the host's work.
    if (edit->transaction) call.graphs().commit(*edit);
    check_ties(graph.ties(), graph.nodes(), graph.order());
  } catch (const Error& error) {
    throw error.within(component.options.owner);
  }
  if (graph.order().empty()) {
    throw run_error(LATHE_INTERNAL, component.options.owner + " built an empty graph");
  }
  return graph;
}

}  // namespace lathe
