// What the ops of the dialect are in ONNX: one row each. Adding one means adding a row and a
// translation.
#pragma once

#include "layer.hpp"

namespace onnx_writer {

struct Translation {
  std::string_view op;
  void (*write)(Layer&);
  Naming naming = Naming::by_name;
  bool makes_parts = false;  // several tensors, that getitem nodes take
};

// Null: it has none.
const Translation* translation_of(std::string_view op);

// Rows by what they are about; each file has its translations.
void add_layers(std::vector<Translation>& rows);
void add_norms(std::vector<Translation>& rows);
void add_activations(std::vector<Translation>& rows);
void add_arithmetic(std::vector<Translation>& rows);
void add_pools(std::vector<Translation>& rows);
void add_structure(std::vector<Translation>& rows);
void add_slices(std::vector<Translation>& rows);
void add_choice(std::vector<Translation>& rows);
void add_attention(std::vector<Translation>& rows);
void add_resize(std::vector<Translation>& rows);

}  // namespace onnx_writer
