#include "places.hpp"

namespace onnx_reader {

namespace {

// What the numbers at a value were quantized to, also if they were moved since.
FormatPtr format_at(const Graph& graph, const std::string& value, const FormatOfNode& format_of) {
  const Node* maker = graph.maker_of(value);
  while (maker != nullptr && maker->row().takes == Takes::passes) {
    maker = graph.maker_of(maker->input(0));
  }
  return maker == nullptr ? nullptr : format_of(*maker);
}

bool is_number(const Graph& graph, const std::string& value) {
  const auto found = graph.constants.find(value);
  return found != graph.constants.end() && found->second->count() == 1;
}

// `moved`: values that what moves numbers makes of the value are added.
bool reader_takes(const Graph& graph, const Node& reader, const std::string& value,
                  const Format& format, const FormatOfNode& format_of,
                  std::vector<std::string>& moved) {
  switch (reader.row().takes) {
    case Takes::nothing:
      return false;
    case Takes::passes:
      if (reader.input(0) != value || format.axis) return false;
      moved.push_back(reader.output(0));
      return true;
    case Takes::first:
      for (std::size_t i = 1; i < reader.inputs(); ++i) {
        if (reader.input(i) == value) return false;
      }
      return true;
    case Takes::product:
      return true;
    case Takes::all:
      break;
  }
  for (std::size_t i = 0; i < reader.inputs(); ++i) {
    if (reader.input(i) == value || is_number(graph, reader.input(i))) continue;
    const FormatPtr other = format_at(graph, reader.input(i), format_of);
    if (other == nullptr || !(*other == format)) return false;
  }
  return true;
}

bool takes(const Graph& graph, const std::string& quantized, const Format& format,
           const FormatOfNode& format_of) {
  std::vector<std::string> values = {quantized};
  while (!values.empty()) {
    const std::string value = values.back();
    values.pop_back();
    const std::vector<std::size_t>& readers = graph.readers_of(value);
    if (value == graph.output || readers.empty()) return false;
    for (const std::size_t at : readers) {
      if (!reader_takes(graph, graph.nodes[at], value, format, format_of, values)) return false;
    }
  }
  return true;
}

}  // namespace

bool readers_take(const Graph& graph, const Node& quantizer, const FormatOfNode& format_of) {
  const FormatPtr format = format_of(quantizer);
  return format != nullptr && takes(graph, quantizer.output(0), *format, format_of);
}

bool maker_takes(const Graph& graph, const Node& quantizer) {
  const std::string& value = quantizer.input(0);
  const Node* maker = graph.maker_of(value);
  if (maker == nullptr || value == graph.output || graph.readers_of(value).size() != 1) {
    return false;
  }
  const Takes where = maker->row().takes;
  return where == Takes::first || where == Takes::all || where == Takes::product;
}

}  // namespace onnx_reader
