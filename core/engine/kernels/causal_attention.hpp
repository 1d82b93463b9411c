// Attention of one head in which no query sees a later key: what is hidden is not computed, and no
// matrix of scores is written. Knows nothing of graphs, formats and LibTorch.
#pragma once

#include <cstdint>

namespace lathe::engine {

// Whether the CPU has the instructions that causal_attention() is compiled for.
bool causal_attention_runs_here();

// Rows of numbers that lie side by side; `stride` from row to row.
struct HeadRows {
  const float* data;
  std::int64_t stride, count, width;
  const float* row(std::int64_t i) const { return data + i * stride; }
};

// Floats of memory that a call needs.
std::int64_t causal_attention_scratch(const HeadRows& keys);

// y[i] = softmax over j <= i of (scale * queries[i] . keys[j]), times values[j]; rows of y are
// `y_stride` apart. Each row is the same bits whatever comes after it. REQUIRES: as many values as
// keys, at least one; keys as wide as queries.
void causal_attention(const HeadRows& queries, const HeadRows& keys, const HeadRows& values,
                      float scale, float* y, std::int64_t y_stride, float* scratch);

}  // namespace lathe::engine
