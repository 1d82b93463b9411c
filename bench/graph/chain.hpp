// What benchmarks of large graphs share: a chain of layers, and the clock they are measured with.
// Compiles against this tree and against those before its columns.
#pragma once

#include <algorithm>
#include <ctime>
#include <functional>
#include <limits>

namespace lathe {

inline double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <typename Body>
double milliseconds(const Body& body) {
  const double start = cpu_seconds();
  body();
  return 1e3 * (cpu_seconds() - start);
}

// `body` gives the milliseconds of the part that counts. Long ones, what comes before that part
// included, are not run many times.
inline double best(const std::function<double()>& body) {
  double least = std::numeric_limits<double>::max();
  const double start = cpu_seconds();
  for (int i = 0; i < 15 && (i < 3 || cpu_seconds() - start < 3); ++i) {
    least = std::min(least, body());
  }
  return least;
}

inline NodeSpec module(const char* op, std::size_t number, NodeId input, Value::Map attributes) {
  NodeSpec spec;
  spec.op = op;
  spec.target = std::string(op) + "s." + std::to_string(number);
  spec.args = {Argument{input}};
  spec.attributes = Value(std::move(attributes));
  return spec;
}

// x -> linear -> batch_norm1d -> relu -> linear -> ... -> output; `ops` of them in turn.
inline Graph chain(std::size_t nodes, const std::vector<const char*>& ops) {
  Graph graph(1);
  Transaction edit(graph);
  NodeSpec x;
  x.opcode = Opcode::placeholder;
  x.target = "x";
  x.attributes = Value(Value::Map{{"shape", Value::List{Value(16)}}, {"batch", Value(8)}});
  NodeId last = edit.add(std::move(x));
  for (std::size_t i = 0; i + 2 < nodes; ++i) {
    const std::string op = ops[i % ops.size()];
    Value::Map attributes;
    if (op == "linear") attributes = {{"in_features", Value(16)}, {"out_features", Value(16)}};
    if (op == "batch_norm1d") attributes = {{"num_features", Value(16)}};
    last = edit.add(module(op.c_str(), i, last, std::move(attributes)));
  }
  NodeSpec output;
  output.opcode = Opcode::output;
  output.target = "output";
  output.args = {Argument{last}};
  edit.add(std::move(output));
  edit.commit();
  return graph;
}

}  // namespace lathe
