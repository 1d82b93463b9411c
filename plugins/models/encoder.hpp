// What encoders of Transformers share: a block of attention over all positions, with its options.
#pragma once

#include <lathe/lathe.hpp>

namespace models {

struct Width {
  std::int64_t width, heads;
};

inline void check_heads(const Width& w) {
  if (w.width % w.heads == 0) return;
  throw lathe::invalid_argument(
      lathe::join({"'heads' = ", lathe::to_string(w.heads),
                   " does not divide 'width' = ", lathe::to_string(w.width)}))
      .at_option("heads");
}

// torch.nn.MultiheadAttention of a sequence with itself. `hidden`: true where a position is
// padding; none if there is no such mask.
inline lathe::node_id self_attention(lathe::model_builder& m, const std::string& target,
                                     lathe::node_id x, const Width& w, double dropout,
                                     lathe::node_id hidden = {}) {
  lathe::node_spec spec{"multi_head_attention",
                        target,
                        {x, x, x},
                        {{"embed_dim", w.width},
                         {"num_heads", w.heads},
                         {"dropout", dropout},
                         {"batch_first", true}}};
  if (hidden) spec.kwargs.emplace_back("key_padding_mask", hidden);
  spec.kwargs.emplace_back("need_weights", false);
  return m.function("getitem", {m.changes().add(spec), 0});
}

// A tensor of the network itself that is trained.
inline lathe::node_id parameter(lathe::model_builder& m, const std::string& target,
                                const std::vector<std::int64_t>& shape, double deviation) {
  lathe::node_spec spec{"constant", target, {}};
  spec.opcode = LATHE_OPCODE_GET_ATTR;
  spec.attributes = {{"shape", lathe::value::list_of(shape)}, {"buffer", false}};
  spec.initialisers = {lathe::initialiser::normal("value", 0.0, deviation)};
  return m.changes().add(spec);
}

}  // namespace models
