// The op table of a run: the built-in rows, and one for each op that a plugin brings. A plugin's
// file is loaded when its op is first asked for.
#pragma once

#include "core/graph/ops/op_table.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

class PluginOps final : public OpSet {
 public:
  explicit PluginOps(const Registry& registry);  // must outlive it

  const OpRow* find(std::string_view op) const override;
  std::vector<std::string> names() const override;
  const FormatStorage* storage_of(const OperandFormat& format) const override;

 private:
  const Registry& registry_;
};

}  // namespace lathe
