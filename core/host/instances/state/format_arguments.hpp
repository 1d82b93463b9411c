// What one call of a number format's kernel is handed: the tensor that it sits on, whose extents
// are the graph's, and the state that it keeps there.
#pragma once

#include "core/graph/formats/sites.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <list>

namespace lathe {

// A tensor that a format keeps. Outside of training its contents are the parameter's.
struct FormatState {
  const Parameter* parameter = nullptr;
  float* value = nullptr;     // in training
  float* gradient = nullptr;  // in training, of what is learnable
};

// What the formats of a node keep for one of its tensors; borrows from the node.
std::vector<FormatState> format_states(const Node& node, FormatSite site);

// Of what a stochastic format draws there.
std::uint64_t random_stream(const Node& node, const SiteTensor& tensor);

// Stays where it was made; node, tensor and state must outlive it.
class FormatArguments {
 public:
  struct Mode {
    bool training = false;
    bool writes = false;  // in training: to the state
    std::uint64_t seed = 0, counter = 0;
  };
  FormatArguments(const Node& node, const SiteTensor& tensor, std::span<const FormatState> state,
                  Mode mode);
  FormatArguments(const FormatArguments&) = delete;
  FormatArguments& operator=(const FormatArguments&) = delete;

  const lathe_site& site() const { return site_; }
  const lathe_format_context& context() const { return context_; }

 private:
  lathe_site site_{};
  lathe_format_context context_{};
  std::list<BorrowedTensor> tensors_;
  std::vector<lathe_tensor*> state_;
};

}  // namespace lathe
