#include "core/graph/inference.hpp"

#include "core/base/error.hpp"
#include "core/graph/formats/sites.hpp"
#include "core/graph/io/not_finite.hpp"
#include "core/graph/ops/index_items.hpp"
#include "core/graph/parameters/parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

using Kind = Setting::Kind;

bool applies(const Setting& setting, const Node& node) {
  if (setting.form == Setting::Form::any) return true;
  return (setting.form == Setting::Form::function) == node.is_function();
}

const Setting* find_setting(const OpRow& row, const Node& node, std::string_view name) {
  for (const Setting& setting : row.settings) {
    if (setting.name == name && applies(setting, node)) return &setting;
  }
  return nullptr;
}

std::string setting_names(const OpRow& row, const Node& node) {
  std::vector<std::string_view> names;
  for (const Setting& setting : row.settings) {
    if (applies(setting, node)) names.push_back(setting.name);
  }
  return names.empty() ? "it has none" : fmt::format("it has {}", fmt::join(names, ", "));
}

// The literal an argument holds; nothing if a node is in it.
std::optional<Value> literal_of(const Argument& argument) {
  if (const Value* value = std::get_if<Value>(&argument.data)) return *value;
  const auto* list = std::get_if<std::vector<Argument>>(&argument.data);
  if (list == nullptr) return std::nullopt;
  Value::List items;
  for (const Argument& item : *list) {
    std::optional<Value> value = literal_of(item);
    if (!value) return std::nullopt;
    items.push_back(std::move(*value));
  }
  return Value(std::move(items));
}

// Settings of a function are what its arguments say; nothing else is remembered.
Value literal_arguments(const Node& node, const OpRow& row) {
  Value out{Value::Map{}};
  auto take = [&](std::string_view name, const Argument& argument) {
    if (find_setting(row, node, name) == nullptr) return;  // a tensor, or a number in its place
    std::optional<Value> value = literal_of(argument);
    if (!value) {
      throw usage_error(fmt::format("argument '{}' must be a literal, not a node", name));
    }
    if (out.find(name) != nullptr) {
      throw usage_error(fmt::format("argument '{}' is given twice", name));
    }
    out.set(name, std::move(*value));
  };
  const bool open_ended = !row.signature.empty() && row.signature.back() == "...";
  const std::size_t named = row.signature.size() - (open_ended ? 1 : 0);
  if (node.args.size() > named && !open_ended) {
    throw usage_error(fmt::format("expected at most {} arguments ({}), found {}", named,
                                  fmt::join(row.signature, ", "), node.args.size()));
  }
  for (std::size_t i = 0; i < std::min(named, node.args.size()); ++i) {
    take(row.signature[i], node.args[i]);
  }
  for (const auto& [key, argument] : node.kwargs) {
    if (std::find(row.signature.begin(), row.signature.end(), key) == row.signature.end()) {
      throw usage_error(
          fmt::format("unknown argument '{}'; expected {}", key, fmt::join(row.signature, ", ")));
    }
    take(key, argument);
  }
  return out;
}

// Far beyond any layer, and small enough that the arithmetic of windows cannot overflow.
constexpr std::int64_t kLargestExtent = std::int64_t{1} << 31;

void check_extent(const Setting& setting, const Value& value) {
  if (value.as_int() < -kLargestExtent || value.as_int() > kLargestExtent) {
    throw usage_error(fmt::format("'{}' = {} is too large", setting.name, value.text()));
  }
}

void check_extents(const Setting& setting, Value& value) {
  if (value.is_int()) {
    check_extent(setting, value);
    if (setting.as_list) {
      value = Value(Value::List(std::max<std::size_t>(setting.dims, 1), Value(value.as_int())));
    }
    return;
  }
  if (!value.is_list()) {
    throw usage_error(fmt::format("'{}' must be an integer or a list of integers, found {} {}",
                                  setting.name, value.kind_name(), value.text()));
  }
  for (const Value& item : value.as_list()) {
    if (!item.is_int()) {
      throw usage_error(
          fmt::format("'{}' must hold integers, found {}", setting.name, value.text()));
    }
    check_extent(setting, item);
  }
  const std::size_t n = value.as_list().size();
  if ((n == 0 && !setting.may_be_empty) || (setting.dims != 0 && n != setting.dims && n != 1)) {
    throw usage_error(fmt::format("'{}' must hold {} integers, found {}", setting.name,
                                  std::max<std::size_t>(setting.dims, 1), value.text()));
  }
  if (n == 1 && setting.dims > 1) {
    value = Value(Value::List(setting.dims, Value(value.as_list()[0].as_int())));
  }
}

void check_kind(const Setting& setting, Value& value) {
  if (setting.check) {
    value = setting.check(value);
    return;
  }
  if (value.is_none() && setting.nullable && setting.kind != Kind::index) return;
  auto expect = [&](bool good, std::string_view kind) {
    if (good) return;
    throw usage_error(fmt::format("'{}' must be {}, found {} {}", setting.name, kind,
                                  value.kind_name(), value.text()));
  };
  switch (setting.kind) {
    case Kind::boolean:
      // PyTorch takes any truthy number for a flag, and users write nn.ReLU(16).
      if (value.is_int()) value = Value(value.as_int() != 0);
      return expect(value.is_bool(), "true or false");
    case Kind::integer:
      return expect(value.is_int(), "an integer");
    case Kind::number:
      value = with_not_finite(value);
      expect(value.is_number(), "a number");
      value = Value(value.as_float());
      return;
    case Kind::text:
      return expect(value.is_string(), "a string");
    case Kind::padding:
      if (value.is_string()) {
        return expect(value.as_string() == "same" || value.as_string() == "valid",
                      "an integer, a list of integers, same or valid");
      }
      return check_extents(setting, value);
    case Kind::extents:
      return check_extents(setting, value);
    case Kind::index:
      parse_index(value);
      if (!value.is_list()) value = Value(Value::List{value});
      return;
  }
}

// What a setting is when nobody gave it; none if it is required.
std::optional<Value> default_of(const Setting& setting, const Value& complete,
                                const std::vector<Result>& inputs) {
  if (setting.default_value) return setting.default_value;
  if (!setting.default_from.empty()) return *complete.find(setting.default_from);
  if (setting.default_axis && !inputs.empty()) {
    const Shape& shape = inputs[0].shape;
    const auto rank = static_cast<std::int64_t>(shape.rank());
    const std::int64_t axis = *setting.default_axis + (*setting.default_axis < 0 ? rank : 0);
    if (axis >= 0 && axis < rank) return Value(shape[static_cast<std::size_t>(axis)]);
  }
  return std::nullopt;
}

// Of a module that takes more than its tensors: each once, and by its name.
void check_named_arguments(const Node& node, const OpRow& row) {
  const std::vector<std::string>& names = row.module_signature;
  if (node.args.size() > names.size())
    throw usage_error(fmt::format("expected at most {} arguments ({}), found {}", names.size(),
                                  fmt::join(names, ", "), node.args.size()));
  for (const auto& [key, argument] : node.kwargs) {
    const auto at = std::ranges::find(names, key);
    if (at == names.end())
      throw usage_error(
          fmt::format("unknown argument '{}'; expected {}", key, fmt::join(names, ", ")));
    if (static_cast<std::size_t>(at - names.begin()) < node.args.size())
      throw usage_error(fmt::format("argument '{}' is given twice", key));
  }
}

// A module has its tensors as inputs and nothing else.
void check_module_arguments(const Node& node, const OpRow& row, const std::vector<Result>& inputs) {
  if (node.opcode != Opcode::call_module) return;
  if (!row.module_signature.empty()) return check_named_arguments(node, row);
  if (inputs.size() != row.operands.size() || node.args.size() != inputs.size() ||
      !node.kwargs.empty()) {
    throw usage_error(fmt::format("expected {} input{}, found {} argument{}", row.operands.size(),
                                  row.operands.size() == 1 ? "" : "s",
                                  node.args.size() + node.kwargs.size(),
                                  node.args.size() + node.kwargs.size() == 1 ? "" : "s"));
  }
}

void check_opcode(const Node& node, const OpRow& row) {
  auto refuse = [&](std::string_view why) {
    throw usage_error(
        fmt::format("op '{}' {} and cannot be a {} node", node.op, why, name(node.opcode)));
  };
  switch (node.opcode) {
    case Opcode::call_module:
      if (row.module_class.empty()) refuse("has no module");
      return;
    case Opcode::call_function:
    case Opcode::call_method:
      if (row.signature.empty()) refuse("has no function");
      return;
    case Opcode::placeholder:
      if (node.op != "placeholder") refuse("is no placeholder");
      return;
    case Opcode::get_attr:
      if (node.op != "constant") refuse("is no constant");
      return;
    case Opcode::output:
      if (node.op != "output") refuse("is no output");
      return;
  }
}

// Puts the chosen initialisers into the parameters. One for a parameter that an added node lacks is
// refused; later it goes with its parameter.
void choose_initialisers(Node& node, std::vector<Parameter>& parameters, bool is_new) {
  if (node.initialisers.empty()) return;
  std::vector<ChosenInitialiser> kept;
  for (const ChosenInitialiser& chosen : node.initialisers) {
    const auto found = std::ranges::find(parameters, chosen.parameter, &Parameter::name);
    if (is_new && std::ranges::count(node.initialisers, chosen.parameter,
                                     &ChosenInitialiser::parameter) > 1) {
      throw usage_error(fmt::format("parameter '{}' has two initialisers", chosen.parameter));
    }
    if (found != parameters.end()) {
      try {
        check_initialiser(chosen.initialiser, found->dtype);
      } catch (const Error& error) {
        throw error.within(fmt::format("parameter '{}'", chosen.parameter));
      }
      found->initialiser = chosen.initialiser;
      kept.push_back(chosen);
    } else if (is_new) {
      std::vector<std::string_view> names;
      for (const Parameter& p : parameters) names.push_back(p.name);
      throw usage_error(fmt::format(
          "there is an initialiser for a parameter '{}', which it does not have; {}",
          chosen.parameter,
          names.empty() ? "it has none" : fmt::format("it has {}", fmt::join(names, ", "))));
    }
  }
  if (kept.size() != node.initialisers.size()) node.initialisers = std::move(kept);
}

std::shared_ptr<const ParameterContent> fresh_content(const Parameter& p,
                                                      const FreshContents& fresh) {
  const auto found = p.is_state() ? fresh.state.find(p.qualified_name) : fresh.state.end();
  if (found == fresh.state.end()) {
    return std::make_shared<ParameterContent>(p.initialiser, p.dtype, p.shape, fresh.seed,
                                              p.qualified_name);
  }
  const Tensor& given = found->second;
  if (given.shape() != p.shape || given.dtype() != p.dtype) {
    throw usage_error(
        fmt::format("state '{}' should be {} of shape {}; that of the loaded weights "
                    "is {} of shape {}",
                    p.qualified_name, name(p.dtype), p.shape.text(), name(given.dtype()),
                    given.shape().text()));
  }
  return std::make_shared<ParameterContent>(given);
}

// The contents that the node has for a parameter, or fresh ones.
void give_content(Parameter& p, const Parameter* old, const FreshContents& fresh) {
  // State is named after its node, which may get another name.
  const bool same = old != nullptr && old->shape == p.shape && old->dtype == p.dtype &&
                    (old->qualified_name == p.qualified_name || p.is_state());
  if (same && (old->content->trained() || old->initialiser == p.initialiser)) {
    p.content = old->content;
  } else {
    p.content = fresh_content(p, fresh);
  }
}

void make_parameters(Node& node, const OpInputs& in, const OpRow& row, const FreshContents& fresh,
                     bool is_new) {
  std::vector<Parameter> made;
  // A function reads its tensors as inputs.
  if (row.parameters && !node.is_function()) made = row.parameters(in.attributes);
  choose_initialisers(node, made, is_new);
  for (Parameter& p : made) {
    p.qualified_name = kept_name(fresh.ties, own_name(node, p));
    give_content(p, node.parameter(p.name), fresh);
  }
  const SharedList<Parameter> before = node.parameters;
  const auto old = [&](const Parameter& p) {
    const auto found = std::ranges::find(before, p.name, &Parameter::name);
    return found == before.end() ? nullptr : &*found;
  };
  std::vector<Parameter> behind = mask_parameters(node, made, is_new);
  node.parameters = std::move(made);
  std::ranges::move(state_parameters(node, row, in.tensors), std::back_inserter(behind));
  for (Parameter& parameter : behind) {
    give_content(parameter, old(parameter), fresh);
    node.parameters.own().push_back(std::move(parameter));
  }
}

}  // namespace

std::string described(const Node& node) {
  return fmt::format("node '{}' ({})", node.name, node.op);
}

const OpRow& row_of(const OpSet& ops, const Node& node) {
  if (node.row != nullptr) return *node.row;
  if (const OpRow* row = ops.find(node.op)) return *row;
  throw usage_error(fmt::format(
      "node '{}': unknown op '{}'; there are {}; a plugin that brings another is named with "
      "--plugin",
      node.name, node.op, fmt::join(ops.names(), ", ")));
}

void complete_attributes(const Node& node, Value& attributes, const OpRow& row,
                         const std::vector<Result>& inputs) {
  const Value given = node.is_function() ? literal_arguments(node, row) : attributes;
  for (const auto& [key, value] : given.as_map()) {
    if (find_setting(row, node, key) == nullptr) {
      throw usage_error(fmt::format("unknown attribute '{}'; {}", key, setting_names(row, node)));
    }
  }
  Value complete{Value::Map{}};
  for (const Setting& setting : row.settings) {
    if (!applies(setting, node)) continue;
    std::optional<Value> value;
    if (const Value* found = given.find(setting.name)) value = *found;
    // None asks for the default, as stride=None does.
    if (!value || (value->is_none() && !setting.nullable)) {
      value = default_of(setting, complete, inputs);
    }
    if (!value) {
      throw usage_error(fmt::format("attribute '{}' is missing", setting.name));
    }
    check_kind(setting, *value);
    complete.set(setting.name, std::move(*value));
  }
  attributes = std::move(complete);
}

bool set_inert_attribute(const Node& node, Value& attributes, std::string_view key,
                         const Value& value) {
  const Setting* setting = node.is_function() ? nullptr : find_setting(*node.row, node, key);
  if (setting == nullptr || !setting->inert) return false;
  if (value.is_none() && !setting->nullable) return false;  // asks for the default
  try {
    Value kept = value;
    check_kind(*setting, kept);
    attributes.set(key, std::move(kept));
  } catch (const Error& error) {
    throw error.within(described(node));
  }
  return true;
}

void infer(Node& node, Value& attributes, const OpSet& ops, const FreshContents& fresh,
           std::vector<Result> inputs) {
  const OpRow& row = row_of(ops, node);
  const bool is_new = node.row == nullptr;
  try {
    node.row = &row;
    check_opcode(node, row);
    check_module_arguments(node, row, inputs);
    complete_attributes(node, attributes, row, inputs);
    OpInputs in{&node, attributes, std::move(inputs)};
    node.result = row.shape(in);
    // Which most share with what they read.
    if (!in.tensors.empty() && node.result.shape == in.tensors[0].shape) {
      node.result.shape = in.tensors[0].shape;
    }
    node.result.shape.numel();  // refuses what 64 bits cannot count
    make_parameters(node, in, row, fresh, is_new);
  } catch (const Error& error) {
    throw error.within(described(node));
  }
}

void check_format_role(const Node& node, const OpRow& row, std::string_view role) {
  const auto& roles = row.quantizable;
  if (roles.empty()) {
    throw usage_error(fmt::format("{}: this op carries no number formats", described(node)));
  }
  const bool one_result = !node.result.is_several();
  if (role == "data_out" && one_result) return;
  if (std::find(roles.begin(), roles.end(), role) != roles.end()) return;
  throw usage_error(fmt::format("{}: no operand '{}' can carry a number format; {}{} can",
                                described(node), role, fmt::join(roles, ", "),
                                one_result ? " and data_out" : ""));
}

}  // namespace lathe
