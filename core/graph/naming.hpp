// torch.fx's rule for node names, in the pieces a transaction needs.
#pragma once

#include <string>
#include <string_view>

namespace lathe {

// "seq_blocks.2" -> "seq_blocks.2", "MyOp" -> "my_op": what torch.fx does to a target before
// anything else.
std::string snake_case(std::string_view target);

// Characters a Python name cannot have become "_".
std::string legal_name(std::string_view candidate);
bool is_legal_name(std::string_view name);

// Python's keywords and builtins, which torch.fx numbers: a node "max" is called "max_1".
bool is_reserved(std::string_view name);

// "relu_3" -> {"relu", 3}; "relu" -> {"relu", 0}.
struct NumberedName {
  std::string base;
  unsigned long long number = 0;
};
NumberedName numbered(const std::string& name);

}  // namespace lathe
