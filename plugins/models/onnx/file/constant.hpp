// Tensors whose contents the file gives, or that follow from such: read and computed when they are
// asked for, never before. Knows nothing about operators.
#pragma once

#include "extents.hpp"

#include <lathe/tensor.h>
#include <onnx/onnx_pb.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace onnx_reader {

// Elements as numbers: reals of floating point types, integers of all others.
struct Contents {
  std::vector<float> reals;
  std::vector<std::int64_t> integers;
};

bool is_real(int type);
std::string type_name(int type);  // "float32"; of what Lathe lacks, ONNX's word

class Constant {
 public:
  using Make = std::function<Contents()>;
  // `steps`: how many computations its contents take, each as often as it is asked for.
  Constant(int type, std::vector<std::int64_t> dims, Make make, std::string name = {},
           int steps = 0)
      : type_(type),
        dims_(std::move(dims)),
        make_(std::move(make)),
        name_(std::move(name)),
        steps_(steps) {}

  int type() const { return type_; }  // onnx::TensorProto's
  const std::vector<std::int64_t>& dims() const { return dims_; }
  std::size_t rank() const { return dims_.size(); }
  std::int64_t count() const { return product(dims_).value_or(0); }
  const std::string& name() const { return name_; }  // in the file; empty: computed
  int steps() const { return steps_; }
  Contents contents() const { return make_(); }
  // All elements, as they are or rounded to nearest.
  std::vector<float> reals() const;
  // Throws lathe::error for a floating point type.
  std::vector<std::int64_t> integers() const;
  // REQUIRES: one element.
  double number() const;

 private:
  int type_;
  std::vector<std::int64_t> dims_;
  Make make_;
  std::string name_;
  int steps_;
};
using ConstantPtr = std::shared_ptr<const Constant>;

// One that is computed of others, which `make` holds. Throws lathe::error where it would be too
// large, or take too many steps.
ConstantPtr derived(int type, std::vector<std::int64_t> dims, Constant::Make make,
                    const std::vector<ConstantPtr>& from, std::string name = {});

// What the file says of a tensor, checked: extents that are none, a size that does not fit, types
// that nothing here computes with, external data outside of `folder` or of its file. The contents
// hold `owner`, which the tensor lies in.
ConstantPtr constant_of(const onnx::TensorProto& tensor, std::shared_ptr<const void> owner,
                        const std::string& folder);

// Fills dense memory of another element type of the kind, eg: an int8's. Throws lathe::error for a
// tensor of another size.
void write(const Constant& constant, const lathe_tensor& out);

ConstantPtr integers_constant(std::vector<std::int64_t> numbers, std::vector<std::int64_t> dims);
ConstantPtr reals_constant(std::vector<float> numbers, std::vector<std::int64_t> dims);

}  // namespace onnx_reader
