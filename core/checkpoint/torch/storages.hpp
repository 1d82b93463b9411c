// Tensors made of the storages of a PyTorch file, each storage read once. Knows nothing about how
// a file holds its storages, nor about pickles.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/input_file.hpp"
#include "core/checkpoint/torch/objects.hpp"

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace lathe {

// All that a pickle says but the tensors. Throws run_error that says what there is if there are
// none.
Checkpoint without_tensors(const InputFile& file, const TorchObjects& objects);

class TorchStorages {
 public:
  // The contents of a view's storage, all `storage_bytes` of them, for the tensor of that name.
  // Throws run_error if the file has other contents for it.
  using Source = std::function<Tensor(const std::string& name, const TensorView& view)>;

  TorchStorages(const InputFile& file, Source source) : file_(file), source_(std::move(source)) {}

  // Contiguous, whatever the view's strides are; equal views are one tensor. Throws run_error if
  // the views of a small file add up to more memory than any real file needs.
  Tensor tensor(const std::string& name, const TensorView& view);

 private:
  using Dims = std::vector<std::int64_t>;
  using Key = std::tuple<std::string, DType, std::int64_t, Dims, Dims, bool>;

  const Tensor& contents(const std::string& name, const TensorView& view);
  Tensor make(const std::string& name, const TensorView& view);

  const InputFile& file_;
  Source source_;
  std::map<std::string, Tensor> contents_;
  std::map<Key, Tensor> made_;  // tied weights stay one tensor
  std::uint64_t copied_ = 0;
};

}  // namespace lathe
