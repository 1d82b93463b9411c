// A graph made ready to run, as the loops of this room see it: forwards, or a training step. Where
// the arithmetic happens, and with which library, is the affair of the backend that made it.
#pragma once

#include "core/run/random_place.hpp"

#include "core/graph/graph.hpp"

namespace lathe::run {

class Activations;

// Rows that run at once.
struct Portion {
  std::span<const Tensor> inputs;  // one per placeholder, whole
  std::int64_t first = 0;
  std::int64_t rows = 0;   // of the inputs; 0: all, whatever their shapes
  std::int64_t batch = 0;  // rows that a number format sees at once; 0: all
  std::size_t number = 0;  // among the portions of an evaluation
};

// In evaluation mode. For one thread at a time.
class Program {
 public:
  virtual ~Program() = default;

  virtual void run(const Portion& portion) = 0;
  // What the last run made of a wanted node; undefined if that is no tensor. Read only.
  virtual Tensor result(NodeId node) const = 0;
  // The same of the one wanted node as float32, valid until the next run.
  virtual Tensor floats(NodeId node) const = 0;
  // After the last portion: hands over the results that are to be kept.
  virtual void leave(Activations& activations) = 0;
};

// One batch to go forwards and backwards on.
struct TrainingBatch {
  std::span<const Tensor> inputs;       // one per placeholder: the whole split, or some of its rows
  std::span<const std::uint64_t> rows;  // of them, in this order
  RandomPlace place{};
};

// Forwards and backwards, on the parameters it was made for.
class TrainingProgram {
 public:
  virtual ~TrainingProgram() = default;

  // The output, its first extent the rows, float32, valid until the next call. In training mode it
  // updates the buffers.
  virtual Tensor forward(const TrainingBatch& batch) = 0;
  // From the gradient of that output: adds to the gradients of the parameters.
  virtual void backward(std::span<const float> gradient) = 0;
  // Of a watched node, after backward(): what it made of the batch, and the gradient of that, dense
  // float32. Undefined if there is none. Read only.
  virtual Tensor result(NodeId) const { return {}; }
  virtual Tensor gradient(NodeId) const { return {}; }
  // For programs that hold copies elsewhere: takes over values after a step, or everything; brings
  // the buffers.
  virtual void values_changed() {}
  virtual void contents_changed() {}
  virtual void bring_buffers() {}
};

}  // namespace lathe::run
