// The names of one node of a search space, its own and those of its operands: which transform each
// choice goes to, and which of the node's keys it knows. Knows nothing of what they resolve to.
#pragma once

#include "core/search/space/space_plan.hpp"

namespace lathe {

class NodeNames {
 public:
  // `parameters` ends with those of the node, from `first` on. Everything must outlive it.
  NodeNames(std::vector<SearchParameter>& parameters, std::size_t first, const Node& node,
            std::span<const SpaceTransform> transforms);

  // A choice of a name: where it goes; nowhere if no transform accepts it.
  struct Routed {
    std::size_t transform = kNoParameter;
    std::string name;
  };
  Routed route(const Value& choice) const;
  // An operand whose table has a name of its own.
  struct Table {
    std::string operand;
    std::size_t name;  // the parameter
  };

  std::size_t name() const { return name_; }  // the node's own; kNoParameter: none
  const std::vector<Table>& tables() const { return tables_; }
  // Transforms with an option among the keys that needs no name.
  const std::vector<std::size_t>& beside() const { return beside_; }
  std::size_t find(std::string_view key, std::string_view operand = {}) const;
  // The name under which a parameter means something: of its table, else the node's.
  std::size_t name_of(std::size_t parameter) const;
  bool acts_here(std::size_t transform) const;
  // Under the key that the parameter has; nothing if the name does not know it.
  std::optional<Option> option_of(std::size_t parameter, const Routed& routed) const;
  // The operand that an option of it is for: "weight" of `weight_width` too. Empty: of none.
  OptionPlace place_of(std::size_t parameter, std::size_t transform) const;
  const Option* beside_option_of(std::size_t parameter, std::size_t transform) const;

  // MASE's `default` reaches every node: whether any of the names is for this one.
  bool is_for_this_node() const;
  // Throws usage_error for a key that none of its names knows.
  void check_keys() const;
  // Ranges learn whether they are of integers, as the options say that take them.
  void settle_ranges();

 private:
  template <typename Visit>  // visit(choice, routed) for every choice of a name
  void each_choice(std::size_t name, Visit visit) const;
  void check_names() const;
  void check_key(std::size_t parameter) const;
  void check_said_once(std::size_t parameter) const;
  std::string shown(std::size_t parameter) const;  // "weight.width"
  bool is_name(std::size_t parameter) const;

  std::vector<SearchParameter>& parameters_;
  std::size_t first_, end_;
  const Node& node_;
  std::span<const SpaceTransform> transforms_;
  std::size_t name_ = kNoParameter;
  std::vector<Table> tables_;
  std::vector<std::size_t> beside_;
};

}  // namespace lathe
