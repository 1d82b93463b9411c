// What the records of a PyTorch pickle mean: storages, views of them, state dicts and modules.
// Reads no contents; every view is checked against its storage. Knows nothing about zip archives.
#pragma once

#include "core/checkpoint/pickle.hpp"
#include "core/tensor/tensor.hpp"

#include <map>
#include <string>

namespace lathe {

// A tensor as the pickle describes it: a strided view of a storage.
struct TensorView {
  std::string storage;  // key, eg: "0"; its contents are entry data/0 of the archive
  DType dtype = DType::none;
  std::int64_t storage_bytes = 0;
  std::int64_t offset = 0;  // in elements, as strides are
  Shape shape;
  std::vector<std::int64_t> strides;

  bool contiguous() const;
};

struct TorchObjects {
  std::map<std::string, TensorView> tensors;  // by dotted name
  std::string type;                           // "state_dict", "lightning", "module"
};

// The tensors of the state dict in a pickle: the value of "state_dict" where there is one,
// everything otherwise. Throws std::runtime_error with a sentence that names the tensor.
TorchObjects interpret_torch_pickle(const pickle::Pickle& pickle);

}  // namespace lathe
