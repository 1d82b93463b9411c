// A graph in evaluation mode, on LibTorch.
#pragma once

#include "core/engine/integer/schedule.hpp"
#include "core/engine/weights.hpp"
#include "core/run/activations.hpp"
#include "core/run/program.hpp"

namespace lathe::engine {

class EngineProgram : public run::Program {
 public:
  EngineProgram(const Graph& graph, const Registry& registry, const std::vector<NodeId>& wanted,
                Weights& weights, at::Device device, run::Activations* activations,
                const integer::Settings& integers);

  void run(const run::Portion& portion) override;
  Tensor result(NodeId node) const override;
  Tensor floats(NodeId node) const override;
  void leave(run::Activations& activations) override;

 private:
  using Portions = std::vector<at::Tensor>;  // what the cache holds of one result

  const at::Tensor& tensor_of(NodeId node) const;    // undefined if there is none
  void bind(bool all);                               // operands: those that integers need, or all
  void give(const run::Portion& portion);            // what is not computed
  bool run_on_integers(const Execution& execution);  // false: it is to be run on floats

  at::Device device_;
  Weights& weights_;
  std::vector<std::shared_ptr<const Portions>> found_;  // by node; null: computed
  Plan plan_;
  integer::Schedule on_integers_;
  bool fell_back_ = false;  // some rows had no codes
  std::vector<at::Tensor> operands_;
  std::vector<Register> registers_;
  std::vector<std::shared_ptr<Portions>> kept_;  // as plan_.kept()
};

}  // namespace lathe::engine
