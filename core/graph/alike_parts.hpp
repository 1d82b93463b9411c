// Lets nodes that are alike share their attributes and number formats: large networks repeat a few
// layers, and what is shared is read from the cache, edited at the cost of a pointer and told to be
// equal by its address. Of one transaction.
#pragma once

#include "core/graph/node_table.hpp"

#include <array>
#include <optional>
#include <unordered_map>

namespace lathe {

class AlikeParts {
 public:
  using Formats = SharedList<OperandFormat>;

  // Puts what was inferred for a node in the place of its attributes: those of one of the last
  // nodes of its op, if they are equal.
  void give(Shared<Attributes>& place, const OpRow& row, Value inferred);
  // set_inert_attribute of the node, which must be inferred; what the last edits made of shared
  // attributes serves the next node that shares them.
  bool set_inert(NodeTable& nodes, NodeId id, std::string_view key, const Value& value);
  // Sets or takes out the format of a role; what the last edits made of shared formats serves the
  // next node that shares them.
  void set_format(Formats& place, const OperandFormat& format);
  void clear_format(Formats& place, std::string_view role);

 private:
  // The last ones of something, to be looked through.
  template <typename T>
  struct Recent {
    std::array<T, 8> items;
    std::size_t next = 0;
    T& add(T item) { return items[next++ % items.size()] = std::move(item); }
  };
  struct AttributeEdit {
    std::string key;
    Value given;
    Shared<Attributes> before, after;
  };
  struct FormatEdit {
    std::string role;
    std::optional<OperandFormat> given;  // none: taken out
    Formats before, after;
  };
  bool repeat(Formats& place, std::string_view role, const OperandFormat* given) const;

  std::unordered_map<const OpRow*, Recent<Shared<Attributes>>> attributes_;  // by op
  Recent<AttributeEdit> attribute_edits_;
  Recent<FormatEdit> format_edits_;
};

}  // namespace lathe
