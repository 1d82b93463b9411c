#include "core/run/codes/integer_layers.hpp"

#include <mutex>

namespace lathe::run {

namespace {

template <typename ByNode>
Value value_of(const ByNode& layers) {
  Value out{Value::Map{}};
  for (const auto& [node, texts] : layers) out.set(node, Value::List(texts.begin(), texts.end()));
  return out;
}

}  // namespace

void IntegerLayers::ran(std::string_view node, std::string_view kernel) {
  add(on_integers_, node, kernel);
}

void IntegerLayers::left(std::string_view node, std::string_view reason) {
  add(on_floats_, node, reason);
}

void IntegerLayers::add(ByNode& to, std::string_view node, std::string_view text) {
  {
    const std::shared_lock lock(mutex_);
    const auto known = to.find(node);
    if (known != to.end() && known->second.contains(text)) return;
  }
  const std::lock_guard lock(mutex_);
  to[std::string(node)].emplace(text);
}

Value IntegerLayers::value() const {
  const std::shared_lock lock(mutex_);
  if (on_integers_.empty() && on_floats_.empty()) return {};
  return Value(
      Value::Map{{"on_integers", value_of(on_integers_)}, {"on_floats", value_of(on_floats_)}});
}

}  // namespace lathe::run
