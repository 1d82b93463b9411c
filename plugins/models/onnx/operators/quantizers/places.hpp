// Where the number format of a quantizer goes: decided on the file's graph, before any of it is
// translated.
#pragma once

#include "../../network.hpp"

namespace onnx_reader {

// The format that a quantizer's node gives its numbers; null: it is none.
using FormatOfNode = std::function<FormatPtr(const Node&)>;

// Whether all that reads what `quantizer` makes can have the format on what it reads.
bool readers_take(const Graph& graph, const Node& quantizer, const FormatOfNode& format_of);

// Whether what makes the numbers makes them for the quantizer alone, and can have the format on
// what it makes.
bool maker_takes(const Graph& graph, const Node& quantizer);

}  // namespace onnx_reader
