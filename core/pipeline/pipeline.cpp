#include "core/pipeline/pipeline.hpp"

#include "core/mase/words.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

// Under the names that the pass has for them; what it does not know stays, to be refused by it.
Value in_own_words(const Value& given, const Component& component) {
  if (!given.is_map()) return given;
  Value::Map out;
  for (const auto& [key, value] : given.as_map()) {
    const std::string own = pass_option_word(component.id, key);
    const bool known = component.options.find(key) != nullptr;
    out.emplace_back(known || given.find(own) != nullptr ? key : own, value);
  }
  return Value(std::move(out)).at(given.position());
}

Step step_of(const std::string& word, const Value& given, const Position& position,
             const Registry& registry) {
  const Component& component = registry.find(Kind::pass, pass_id(word, registry), position);
  Step step{&component, check_options(component.options, in_own_words(given, component)), position};
  for (const Option& option : component.options.options) {
    if (option.type != LATHE_OPTION_NODE_MAP) continue;
    const Value* map = step.options.find(option.key);
    if (map != nullptr && !map->is_none()) {
      check_node_map(*map, node_map_rules(registry, component, option));
    }
  }
  return step;
}

// What a user has to write for these options: defaults left out.
Value written(const Step& step) {
  const OptionTable& table = step.component->options;
  Value given(Value::Map{});
  for (const auto& [key, value] : step.options.as_map()) {
    const Option* option = table.find(key);
    const Value usual =
        option != nullptr && option->default_value ? *option->default_value : Value();
    if (!(value == usual)) given.set(key, value);
  }
  return written_options(table, given);
}

}  // namespace

void set_where_unsaid(Step& step, std::string_view key, const Value& value) {
  if (step.component->options.find(key) == nullptr) return;
  const Value* said = step.options.find(key);
  if (said == nullptr || said->is_none()) step.options.set(std::string(key), value);
}

std::string pass_id(const std::string& word, const Registry& registry) {
  if (registry.knows(Kind::pass, word)) return word;
  const std::string own = pass_word(word);
  return registry.knows(Kind::pass, own) ? own : word;
}

Pipeline pipeline_from_config(const Value& passes, const Registry& registry) {
  Pipeline pipeline;
  if (passes.is_none()) return pipeline;
  for (const auto& [label, table] : passes.as_map()) {
    if (!table.is_map()) {
      throw usage_error(fmt::format("'passes.{}' must be a table of options; got {} {}", label,
                                    table.kind_name(), table.text()),
                        table.position());
    }
    Value given = table;
    std::string word = label;
    const Value* named = given.find("pass");
    const bool is_label =
        named != nullptr && named->is_string() &&
        !(registry.knows(Kind::pass, pass_id(label, registry)) &&
          registry.find(Kind::pass, pass_id(label, registry)).options.find("pass") != nullptr);
    if (is_label) {
      word = named->as_string();
      given.erase("pass");
    }
    pipeline.steps.push_back(step_of(word, given, table.position(), registry));
  }
  return pipeline;
}

Pipeline pipeline_from_text(std::string_view text, const Registry& registry) {
  Pipeline pipeline;
  for (const ComponentText& component : parse_components(text, "--passes")) {
    pipeline.steps.push_back(
        step_of(component.name, component.options, component.position, registry));
  }
  return pipeline;
}

std::string text_of(const Pipeline& pipeline) {
  std::vector<ComponentText> components;
  for (const Step& step : pipeline.steps) {
    components.push_back({step.component->id, written(step), step.position});
  }
  return text_of(components);
}

Value config_of(const Pipeline& pipeline) {
  Value passes(Value::Map{});
  for (const Step& step : pipeline.steps) {
    Value table = written(step);
    std::string label = step.component->id;
    for (int n = 2; passes.find(label) != nullptr; ++n) {
      label = fmt::format("{}_{}", step.component->id, n);
    }
    if (label != step.component->id) table.set("pass", Value(step.component->id));
    passes.set(label, std::move(table));
  }
  return passes;
}

}  // namespace lathe
