// The operators that are read: one row each. Adding one means adding a row and a translation.
#pragma once

#include "graph.hpp"

#include <vector>

namespace onnx_reader {

class Network;

constexpr std::int64_t kOldestOpset = 6;

enum class Domain : std::uint8_t { onnx, qonnx, channels_last };

// Where the number format of what an operator reads can sit.
enum class Takes : std::uint8_t {
  nothing,
  first,    // at its first input
  all,      // at all inputs alike
  product,  // at each of two factors
  passes,   // at those that read what it makes: it moves or picks numbers
};

struct Operator {
  Domain domain;
  std::string_view name;
  int least_inputs, most_inputs;
  Takes takes;
  std::vector<std::string_view> attributes;
  void (*translate)(Network&, const Node&);
};

const std::vector<Operator>& operators();

constexpr int kAnyNumber = 1 << 20;  // of inputs

// Rows by what they are about; each file has its translations.
void add_structure(std::vector<Operator>& rows);
void add_layers(std::vector<Operator>& rows);
void add_convolutions(std::vector<Operator>& rows);
void add_activations(std::vector<Operator>& rows);
void add_arithmetic(std::vector<Operator>& rows);
void add_pools(std::vector<Operator>& rows);
void add_slices(std::vector<Operator>& rows);
void add_choice(std::vector<Operator>& rows);
void add_reductions(std::vector<Operator>& rows);
void add_layer_norms(std::vector<Operator>& rows);
void add_group_norms(std::vector<Operator>& rows);
void add_resize(std::vector<Operator>& rows);
void add_quantizers(std::vector<Operator>& rows);
void add_trunc(std::vector<Operator>& rows);

}  // namespace onnx_reader
