// Products of two computed matrices on integers: matmul, bmm. Knows nothing about what follows.
#pragma once

#include "core/engine/integer/levels.hpp"
#include "core/engine/plan.hpp"

namespace lathe::engine::integer {

class Product {
 public:
  // Throws Unfit, the reason why it stays on floats.
  Product(const Plan& plan, std::uint32_t step);

  std::string_view kernel() const { return "gemm"; }
  // Throws NoCode.
  at::Tensor run(const at::Tensor& a, const at::Tensor& b, run::RandomPlace place,
                 std::int64_t rows) const;
  std::uint32_t left() const { return left_.input; }
  std::uint32_t right() const { return right_.input; }

 private:
  struct Side {
    std::uint32_t input = 0;  // among the step's tensor inputs
    const run::Quantizer* format = nullptr;
    std::optional<DataForm> form;
    LevelRange range;
  };
  static Side side(const Step& step, const KernelNode& node, std::string_view name);
  static DataBytes bytes_of(const Side& side, const at::Tensor& x, run::RandomPlace place,
                            std::int64_t rows);

  Side left_, right_;
};

}  // namespace lathe::engine::integer
