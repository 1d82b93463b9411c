// Weights that several nodes use (calls of one module, functions that read one tensor of the model)
// are there once, and count once.
#pragma once

#include <lathe/lathe.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace analysis {

// A parameter by its name, and by the identity of its contents, which is quicker to compare: what
// has one name has one identity. 0: a name alone.
struct NamedContents {
  std::uint64_t id = 0;
  std::string_view name;  // the view's, which outlives what is made of it here
};

inline NamedContents named_contents(const lathe::operand& parameter) {
  return {parameter.storage_id(), parameter.qualified_name()};
}

// Of a node that gives a tensor of the model.
inline NamedContents named_contents(const lathe::node& constant) {
  for (const auto& operand : constant.operands()) {
    if (operand.is_parameter() || operand.is_buffer()) return named_contents(operand);
  }
  return {0, constant.target()};
}

// Calls visit(operand, input) for each operand in a weight's place; `input` is the node that it is
// read from, none of a parameter.
template <class Visit>
void each_in_weights_place(const lathe::node& node, const Visit& visit) {
  std::uint32_t at = 0;  // among the inputs, of which only tensors are operands
  for (const auto& operand : node.operands()) {
    lathe::node read;
    if (operand.is_input()) {
      while (at < node.input_count() && node.input(at).dtype() == LATHE_DTYPE_NONE) ++at;
      if (at < node.input_count()) read = node.input(at++);
    }
    if (operand.role() == LATHE_ROLE_WEIGHT) visit(operand, read);
  }
}

// Calls visit(operand, contents) for each weight that a node works with and the model has: its own,
// and the tensors of the model that it reads in a weight's place.
template <class Visit>
void each_weight(const lathe::node& node, const Visit& visit) {
  each_in_weights_place(node, [&](const lathe::operand& operand, const lathe::node& input) {
    if (operand.is_parameter()) visit(operand, named_contents(operand));
    if (input && input.opcode() == LATHE_OPCODE_GET_ATTR) visit(operand, named_contents(input));
  });
}

// The weight that a node works with, or the first of them. Of a weight that is computed, the name
// of the node that computes it.
inline NamedContents weight_of(const lathe::node& node) {
  if (const auto own = node.find_operand("weight"); own && !own->qualified_name().empty()) {
    return named_contents(*own);
  }
  if (node.is_module()) return {0, node.target()};
  std::optional<NamedContents> first;
  each_in_weights_place(node, [&](const lathe::operand&, const lathe::node& input) {
    if (first || !input) return;
    const bool of_model = input.opcode() == LATHE_OPCODE_GET_ATTR;
    first = of_model ? named_contents(input) : NamedContents{0, input.name()};
  });
  return first.value_or(NamedContents{0, node.name()});
}

// Names that were met, and as what. Names are compared only where contents are the same: of 100,000
// layers none is looked at.
class MetNames {
 public:
  // Whether it is new as that; `as` is one bit.
  bool add(const NamedContents& met, std::uint8_t as) {
    if (met.id == 0) return mark(others_[met.name], as);
    if (2 * (count_ + 1) > slots_.size()) grow();
    Slot& slot = slot_of(met.id);
    if (slot.met.id == 0) {
      slot.met = met;
      ++count_;
    }
    const bool same = slot.met.name.data() == met.name.data() || slot.met.name == met.name;
    return mark(same ? slot.as : others_[met.name], as);
  }

 private:
  struct Slot {
    NamedContents met;
    std::uint8_t as = 0;
  };

  static bool mark(std::uint8_t& known, std::uint8_t as) {
    const bool is_new = (known & as) == 0;
    known = static_cast<std::uint8_t>(known | as);
    return is_new;
  }
  // That of the id, or the free one where it belongs.
  Slot& slot_of(std::uint64_t id) {
    constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;  // spreads addresses over the high bits
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>((id * kGolden) >> 32) & mask;
    while (slots_[at].met.id != 0 && slots_[at].met.id != id) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 256 : 4 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.met.id != 0) slot_of(slot.met.id) = slot;
    }
  }

  std::vector<Slot> slots_;  // the first of each identity; a power of two
  std::size_t count_ = 0;
  std::unordered_map<std::string_view, std::uint8_t> others_;
};

// Tells what is met for the first time.
class FirstUse {
 public:
  bool of_weight(const lathe::node& node) { return met_.add(weight_of(node), 1); }
  bool of_weight(const NamedContents& weight) { return met_.add(weight, 1); }
  bool of_parameter(const lathe::operand& parameter) {
    return met_.add(named_contents(parameter), 2);
  }

 private:
  MetNames met_;
};

}  // namespace analysis
