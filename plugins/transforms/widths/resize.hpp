// Writes new sizes into a graph: constructor arguments of layers, literal sizes in calls. Weights
// whose shape changes start afresh from their initialisers; filling them is another file's matter.
#pragma once

#include "solve.hpp"

namespace widths {

class Resize {
 public:
  Resize(const Trace& trace, const Sizes& sizes, lathe::edit& edit)
      : trace_(trace), sizes_(sizes), edit_(edit) {}

  void apply(const lathe::graph& graph);

 private:
  void set(const lathe::node& node, std::string_view key, const Axis& axis);
  void resize(const Layer& layer);
  void set_all(const lathe::node& node, std::string_view key, const Axes& axes);

  // Without momentum a batch norm weighs by how many batches it has seen; a fresh one has seen
  // none.
  void reset_count(const Layer& layer);

  // x.view(8, 512): what is written out is written anew; -1 and sizes of other nodes are not.
  void resize_view(const lathe::node& node);
  void resize_margins(const lathe::node& node);

  const Trace& trace_;
  const Sizes& sizes_;
  lathe::edit& edit_;
};

}  // namespace widths
