#include "operators.hpp"

namespace onnx_reader {

const std::vector<Operator>& operators() {
  static const std::vector<Operator> rows = [] {
    std::vector<Operator> all;
    add_structure(all);
    add_layers(all);
    add_convolutions(all);
    add_activations(all);
    add_arithmetic(all);
    add_pools(all);
    add_slices(all);
    add_choice(all);
    add_reductions(all);
    add_layer_norms(all);
    add_group_norms(all);
    add_resize(all);
    add_quantizers(all);
    add_trunc(all);
    return all;
  }();
  return rows;
}

}  // namespace onnx_reader
