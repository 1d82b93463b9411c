// The parameters of a network in training: one flat buffer of values and one of gradients, which
// the optimizer sees whole and programs see in pieces. Knows nothing about LibTorch.
#pragma once

#include "core/graph/graph.hpp"

#include <map>

namespace lathe::run {

class TrainedParameters {
 public:
  // Copies the contents of what the output of the graph and the nodes `also` depend on, buffers
  // too: that is trained.
  explicit TrainedParameters(const Graph& graph, const std::vector<NodeId>& also = {});
  TrainedParameters(const TrainedParameters&) = delete;
  TrainedParameters& operator=(const TrainedParameters&) = delete;

  std::span<float> values() { return values_; }
  std::span<float> gradients() { return gradients_; }
  void mask();  // puts 0 where masks have it

  // One parameter or buffer. Nodes may share it.
  struct Piece {
    NodeId node = NodeId::none;  // the first that has it
    const Parameter* parameter = nullptr;
    float* value = nullptr;     // null for a buffer
    float* gradient = nullptr;  // likewise
    std::vector<std::byte> buffer;
  };
  Piece& piece(std::string_view qualified_name);  // REQUIRES: there is one
  std::span<Piece> pieces() { return pieces_; }

  // Copies of everything that the graph has, by qualified name, also of what no output depends on;
  // and back. REQUIRES for assign: the same names, types and shapes (the caller has checked).
  std::map<std::string, Tensor> contents() const;
  void assign(const std::map<std::string, Tensor>& contents);

 private:
  Graph graph_;  // owns what the pieces point to
  std::vector<float> values_, gradients_;
  std::vector<Piece> pieces_;
  struct Mask {
    std::size_t mask, of;  // pieces
  };
  std::vector<Mask> masks_;
  std::map<std::string, Tensor> untrained_;  // what no output depends on
};

}  // namespace lathe::run
