#include "node_names.hpp"

namespace onnx_writer {

namespace {

bool has_weights(const lathe::node& node) {
  for (const lathe::operand o : node.operands()) {
    if (o.is_parameter()) return true;
  }
  return false;
}

}  // namespace

std::string NodeNames::fresh(const std::string& wanted) {
  std::string name = wanted;
  for (std::int64_t i = 1; !taken_.insert(name).second; ++i) {
    name = lathe::join({wanted, "_", lathe::to_string(i)});
  }
  return name;
}

// Whether torch.fx would call the function so: its op's name, numbered where that is taken.
bool NodeNames::is_automatic(const lathe::node& node) {
  std::string name(node.op());
  for (std::int64_t i = 1; seen_.count(name) > 0; ++i) {
    name = lathe::join({node.op(), "_", lathe::to_string(i)});
  }
  return name == node.name();
}

NodeNames::Scope NodeNames::of(const lathe::node& node, Naming naming) {
  const std::string name(node.name());
  const bool automatic = is_automatic(node);
  seen_.insert(name);
  if (!node.is_module()) {
    const bool unnamed = naming == Naming::by_scope && automatic;
    return {*this, unnamed ? "/" : "", name};
  }
  std::string scope(node.target());
  const int calls = has_weights(node) ? 0 : called_[scope]++;
  if (calls > 0) scope = lathe::join({scope, "_", lathe::to_string(std::int64_t{calls})});
  return {*this, lathe::join({"/", scope, "/"}), name};
}

std::string NodeNames::Scope::intermediate(std::string_view op) {
  return names_.fresh(prefix_.empty() ? lathe::join({name_, "_", op}) : lathe::join({prefix_, op}));
}
std::string NodeNames::Scope::result(std::string_view op) {
  return names_.fresh(prefix_.empty() ? name_ : lathe::join({prefix_, op}));
}

}  // namespace onnx_writer
