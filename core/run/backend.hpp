// What makes programs of graphs. There are two: core/dense (chains of dense layers, own kernels)
// and core/engine (any graph, LibTorch).
#pragma once

#include "core/run/program.hpp"
#include "core/run/training/parameters.hpp"

namespace lathe::run {

// `gradients`: backwards too, but computed as in an evaluation: no dropout, running statistics.
enum class Mode { evaluation, training, gradients };

// Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;  // for provenance
  // False: another one must run it.
  virtual bool takes(const Graph& graph, Mode mode) const = 0;
  // What the last bits of a result depend on besides the graph and its rows: threads, a device.
  virtual void add_identity(Hasher& hasher) const = 0;

  // Computes what `wanted` needs; empty: what the output reads. Results that `activations` (may be
  // null) has are not computed again. `activations` must outlive the program.
  virtual std::unique_ptr<Program> program(const Graph& graph, const std::vector<NodeId>& wanted,
                                           Activations* activations) = 0;
  // `parameters` must outlive the program. `mode`: training or gradients. `watched`, of gradients
  // only: nodes whose results and their gradients the program tells.
  virtual std::unique_ptr<TrainingProgram> training_program(const Graph& graph,
                                                            TrainedParameters& parameters,
                                                            Mode mode,
                                                            const std::vector<NodeId>& watched) = 0;

  // As many threads for this thread's work as that many rows at once are worth, at most those that
  // set_threads allows, until what is returned goes.
  virtual std::shared_ptr<void> threads_for(const Graph& graph, std::int64_t rows) = 0;
  virtual void set_threads(int threads) = 0;  // for this thread's calls
  // As Executor::set_integer_kernels, for this thread's calls; the validations of a training are on
  // floats in any case. A backend that has such kernels counts it in add_identity:
  // integers and floats round differently.
  virtual void set_integer_kernels(bool allowed) = 0;

  virtual bool on_cpu() const { return true; }
  virtual Value environment() const = 0;  // for provenance: a map
};

}  // namespace lathe::run
