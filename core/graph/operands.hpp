// The tensors of a node as rows: what it reads, owns and makes, with the number format on each.
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

// One tensor a node reads, owns or makes: the rows metadata is made of.
struct Operand {
  std::int32_t kind;  // lathe_operand_kind
  std::string name;   // "data_in_0", "weight", "data_out_0"
  std::string type;   // "float", or a format's id
  double bits;
  Value precision;  // a list
  DType dtype;
  Shape shape;
  lathe_role role = LATHE_ROLE_NONE;
  Value format_options = {};  // of its number format, a map; none: float
};

// LATHE_ROLE_NONE for any other word.
lathe_role role_named(std::string_view role);
std::string_view role_name(lathe_role role);  // empty for LATHE_ROLE_NONE

std::vector<Operand> operands_of(const Graph& graph, NodeId id);

// The same, borrowed from the graph: a row costs no memory of its own.
struct OperandView {
  std::int32_t kind;
  std::string_view name;
  std::string_view type;
  double bits;
  const Value* precision;  // null: no format, the precision is [bits]
  DType dtype;
  const Shape* shape;
  lathe_role role = LATHE_ROLE_NONE;
  const Parameter* parameter = nullptr;   // of a parameter, buffer or state
  const OperandFormat* format = nullptr;  // null: float
};
// Equal for those with the same contents in memory; never 0.
std::uint64_t storage_id(const Parameter& parameter);

// In place of what `rows` held.
void view_operands(const Graph& graph, NodeId id, std::vector<OperandView>& rows);

}  // namespace lathe
