// The part of an operand's range at which a format's squared error is least.
#pragma once

#include "operand.hpp"

namespace quantize {

class ErrorSearch {
 public:
  explicit ErrorSearch(const Operand& operand);
  void see(Operand& operand, std::size_t which, const lathe_tensor& x);
  // Of each index; the widest of equally good ones.
  std::vector<double> best_parts() const;

 private:
  std::uint64_t extent_;
  std::vector<Trial> trials_;   // from the whole range down; none has the options of another
  std::vector<double> errors_;  // by trial, then index
};

}  // namespace quantize
