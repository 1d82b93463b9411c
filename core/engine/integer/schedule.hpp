// Which nodes of a plan run on integers, and in which order everything runs then: layers with the
// element-wise nodes after them as chains, everything else as the plan has it.
#pragma once

#include "core/engine/integer/chain.hpp"
#include "core/engine/integer/product.hpp"
#include "core/engine/integer/settings.hpp"

namespace lathe::engine::integer {

// Nothing of a graph without number formats runs on integers.
bool has_formats(const Graph& graph);

class Schedule {
 public:
  // Empty if it is off, or the graph has no formats. The plan and the weights must outlive it.
  Schedule(const Plan& plan, const std::vector<NodeId>& wanted, Weights& weights,
           const Settings& settings);
  bool empty() const { return items_.empty(); }

  // Operands of the plan that are read as floats, by number; before they are there.
  std::vector<bool> operands_read() const;
  // REQUIRES: those operands; before the first run.
  void take(std::span<const at::Tensor> operands);

  // Instead of execution.run(). Throws NoCode: these rows must run on floats.
  void run(const Execution& execution);

 private:
  struct Item {
    std::uint32_t step = 0;        // of a chain that ends in it, or prepares its data
    std::shared_ptr<Chain> chain;  // null: the step alone
    std::shared_ptr<Product> product;
    std::vector<std::uint32_t> dead;  // steps whose results nobody reads after it
  };
  struct Building;

  const Plan& plan_;
  std::vector<Item> items_;
  std::vector<DataBytes> bytes_;  // by step of the layer that reads them
};

}  // namespace lathe::engine::integer
