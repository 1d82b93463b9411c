#include "names.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>

namespace onnx_reader {

namespace {

constexpr std::size_t kLongest = 4096;  // torch's names are far shorter

bool is_scoped(std::string_view name) {
  return !name.empty() && name.front() == '/' && name.size() <= kLongest;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "stage1.0.act" of "stage1.0.act_1"; empty: there is no such ending.
std::string without_count(const std::string& scope) {
  const std::size_t bar = scope.rfind('_');
  if (bar == std::string::npos || bar == 0 || !is_number(scope.substr(bar + 1))) return {};
  return scope.substr(0, bar);
}

// What ONNX's exporters write beside the operators that a module consists of.
bool counts(const Node& node) { return node.op() != "Constant" && node.op() != "Identity"; }

}  // namespace

std::string scope_of(std::string_view name) {
  if (!is_scoped(name)) return {};
  std::vector<std::string> parts;
  std::size_t begin = 1;
  for (std::size_t end = name.find('/', begin); end != std::string_view::npos;
       begin = end + 1, end = name.find('/', begin)) {
    std::string part(name.substr(begin, end - begin));
    const bool stands_for_both = !parts.empty() && part.size() > parts.back().size() + 1 &&
                                 part.compare(0, parts.back().size() + 1, parts.back() + ".") == 0;
    if (stands_for_both) {
      parts.back() = std::move(part);
    } else {
      parts.push_back(std::move(part));
    }
  }
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ".") + part;
  return out;
}

std::string module_of_weight(std::string_view weight) {
  const std::size_t dot = weight.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || weight.find("::") != std::string_view::npos ||
      weight.find('/') != std::string_view::npos) {
    return {};
  }
  const std::string_view last = weight.substr(dot + 1);
  const bool known = last == "weight" || last == "bias" || last == "running_mean";
  return known ? std::string(weight.substr(0, dot)) : std::string();
}

Names::Names(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (!counts(node)) continue;
    std::string scope = scope_of(node.name());
    while (!scope.empty()) {
      ++in_scope_[scope];
      const std::size_t dot = scope.rfind('.');
      scope = dot == std::string::npos ? "" : scope.substr(0, dot);
    }
  }
}

std::string Names::claimed(const std::string& target, const std::string& identity) {
  if (!identity.empty()) {
    const auto same = modules_.find({target, identity});
    if (same != modules_.end()) return same->second;
  }
  std::string name = target;
  std::int64_t& suffix = suffixes_[target];
  if (suffix > 0) name = lathe::join({target, "_", lathe::to_string(suffix)});
  while (!taken_.insert(name).second) {
    name = lathe::join({target, "_", lathe::to_string(++suffix)});
  }
  if (!identity.empty()) modules_[{target, identity}] = name;
  return name;
}

std::string Names::with_weights(const Node& node, std::string_view weight, std::string_view op,
                                const std::string& identity) {
  std::string target = scope_of(node.name());
  if (const std::string again = without_count(target);
      !again.empty() && in_scope_.count(again) > 0) {
    target = again;
  }
  if (target.empty()) target = module_of_weight(weight);
  if (target.empty() && !is_scoped(node.name())) target = node.name();
  if (target.empty()) target = op;
  return claimed(target, identity);
}

std::string Names::without_weights(const Node& node, std::string_view op, std::size_t parts) {
  if (!is_scoped(node.name())) {
    return claimed(node.name().empty() ? std::string(op) : node.name(), {});
  }
  const std::string scope = scope_of(node.name());
  const auto alone = [&](const std::string& s) {
    const auto found = in_scope_.find(s);
    return found != in_scope_.end() && found->second == parts;
  };
  if (scope.empty() || !alone(scope)) return {};
  const std::string again = without_count(scope);
  const bool is_again = !again.empty() && alone(again);
  return claimed(is_again ? again : scope, std::string(op));
}

std::string Names::of_function(const Node& node) {
  return is_scoped(node.name()) ? std::string() : node.name();
}

}  // namespace onnx_reader
