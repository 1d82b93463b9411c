#include "translations.hpp"

namespace onnx_writer {

const Translation* translation_of(std::string_view op) {
  static const std::vector<Translation> rows = [] {
    std::vector<Translation> all;
    add_layers(all);
    add_norms(all);
    add_activations(all);
    add_arithmetic(all);
    add_pools(all);
    add_structure(all);
    add_slices(all);
    add_choice(all);
    add_attention(all);
    add_resize(all);
    return all;
  }();
  for (const Translation& row : rows) {
    if (row.op == op) return &row;
  }
  return nullptr;
}

}  // namespace onnx_writer
