// Where numbers that are not finite come from: the first node, in order of execution, whose result
// has any, and which of what it reads is to blame. For when a result is known to be bad; costs a
// run of one batch that keeps everything.
#pragma once

#include "core/run/backend.hpp"
#include "core/run/rows.hpp"

namespace lathe::run {

// Of some numbers, those that are none and those without bound.
struct NotFinite {
  std::int64_t nan = 0, infinite = 0, of = 0;
  bool any() const { return nan + infinite > 0; }
  std::string text() const;  // "3 NaN and 1 infinite of 128 values"
};
NotFinite not_finite_in(std::span<const float> values);
// Of a type that has no such numbers: none.
NotFinite not_finite_in(const Tensor& tensor);
// The same question without an answer in numbers: a fraction of the time.
bool all_finite(std::span<const float> values);

// Which rows of which data a batch is made of.
struct BatchOrigin {
  std::string data;
  Split split = Split::validation;
  std::uint64_t first = 0;                 // of the batch, in the split
  std::span<const std::uint64_t> index{};  // not empty: the rows, wherever they are
};

struct Origin {
  std::string text;  // "the first node whose output is not finite is ..."; empty: all is finite
  bool overflows = false;  // finite numbers became others; no data and no parameter brought them in
};

// Runs the portion in evaluation mode. REQUIRES: the portion has rows.
Origin first_not_finite(Backend& backend, const Graph& graph, const Portion& portion,
                        const BatchOrigin& origin);

}  // namespace lathe::run
