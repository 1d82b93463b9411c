#include "core/plugin/kinds/op_description.hpp"

#include "core/base/error.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/plugin/option_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

namespace lathe {
namespace {

using Words = std::vector<std::string>;

// By these attributes whatever changes widths reads and resizes a layer of that rule.
struct RuleAttributes {
  lathe_channel_rule rule;
  std::array<const char*, 4> names;
};
constexpr std::array<RuleAttributes, 10> kRuleAttributes{{
    {LATHE_CHANNELS_LINEAR, {"in_features", "out_features"}},
    {LATHE_CHANNELS_CONV, {"in_channels", "out_channels", "groups", "kernel_size"}},
    {LATHE_CHANNELS_EMBEDDING, {"num_embeddings", "embedding_dim"}},
    {LATHE_CHANNELS_BATCH_NORM, {"num_features"}},
    {LATHE_CHANNELS_LAYER_NORM, {"normalized_shape"}},
    {LATHE_CHANNELS_SOFTMAX, {"dim"}},
    {LATHE_CHANNELS_JOINED, {"dim"}},
    {LATHE_CHANNELS_PICKED, {"index"}},
    {LATHE_CHANNELS_PADDED, {"pad"}},
    {LATHE_CHANNELS_AVERAGED, {"dim"}},
}};
constexpr std::array<std::string_view, 3> kRoles{"data_in", "weight", "bias"};

std::string text(const char* source, const char* what) {
  const std::optional<std::string> out = bounded_text(source);
  if (!out || out->empty()) {
    throw usage_error(fmt::format("its {} is {}", what,
                                  source == nullptr ? "NULL"
                                                    : "empty or "
                                                      "endless"));
  }
  return *out;
}

Words words(const char* source, const char* what) {
  Words out = split_bars(text(source, what).c_str());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].empty() || std::find(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(i),
                                    out[i]) != out.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw usage_error(
          fmt::format("its {} has '{}' {}", what, out[i], out[i].empty() ? "as a name" : "twice"));
    }
  }
  return out;
}

Words roles(const char* source, const char* what, bool unique) {
  if (source == nullptr) return {};
  const Words out = unique ? words(source, what) : split_bars(text(source, what).c_str());
  for (const std::string& role : out) {
    if (std::ranges::find(kRoles, role) == kRoles.end()) {
      throw usage_error(fmt::format("its {} has the role '{}'; there are {}", what, role,
                                    fmt::join(kRoles, ", ")));
    }
  }
  return out;
}

void check_attributes(const OptionTable& attributes) {
  for (const Option& option : attributes.options) {
    if (option.type == LATHE_OPTION_PATH || option.type == LATHE_OPTION_NODE_MAP) {
      throw usage_error(fmt::format("its attribute '{}' is a {}, which no attribute can be",
                                    option.key,
                                    option.type == LATHE_OPTION_PATH ? "path" : "node map"));
    }
  }
}

void check_channels(const lathe_op& op, const OptionTable& attributes) {
  const auto rule = std::ranges::find(kRuleAttributes, op.channels, &RuleAttributes::rule);
  if (rule == kRuleAttributes.end()) return;
  for (const char* name : rule->names) {
    if (name == nullptr || attributes.find(name) != nullptr) continue;
    throw usage_error(
        fmt::format("its channel rule {} goes by an attribute '{}', which it does not have",
                    op.channels, name));
  }
}

}  // namespace

std::vector<std::string> names_in_braces(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = text.find_first_of("{}"); at != std::string::npos;
       at = text.find_first_of("{}", at + 1)) {
    const std::size_t end = text.find_first_of("{}", at + 1);
    if (text[at] != '{' || end == std::string::npos || text[end] != '}') {
      throw usage_error(fmt::format("its extra_repr '{}' has a brace without a partner", text));
    }
    names.push_back(text.substr(at + 1, end - at - 1));
    at = end;
  }
  return names;
}

OpDescription describe_op(const lathe_op& op, const OptionTable& attributes) {
  OpDescription out;
  check_attributes(attributes);
  if (op.module_class == nullptr && op.function == nullptr) {
    throw usage_error("it is neither a module nor a function: module_class and function are NULL");
  }
  if (op.module_class != nullptr) {
    out.module_class = text(op.module_class, "module_class");
    out.inputs = words(op.inputs, "inputs");
  }
  if (op.extra_repr != nullptr) {
    out.extra_repr = bounded_text(op.extra_repr);
    if (!out.extra_repr) throw usage_error("its extra_repr is endless");
    for (const std::string& name : names_in_braces(*out.extra_repr)) {
      if (attributes.find(name) != nullptr) continue;
      throw usage_error(fmt::format("its extra_repr names '{}', which is no attribute", name));
    }
  }
  if (op.function != nullptr) {
    out.function = text(op.function, "function");
    out.signature = words(op.signature, "signature");
  }
  out.input_roles = roles(op.input_roles, "input_roles", false);
  out.quantizable = roles(op.quantizable, "quantizable", true);
  check_channels(op, attributes);
  return out;
}

}  // namespace lathe
