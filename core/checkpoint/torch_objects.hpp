// What the records of a PyTorch pickle mean: storages, views of them, state dicts and modules.
// Reads no contents; every view is checked against its storage. Knows nothing about zip archives.
#pragma once

#include "core/checkpoint/file.hpp"
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

// A storage as the pickle describes it; also one of no tensor, or of a type that Lathe lacks.
struct TorchStorage {
  std::int64_t count = 0;    // elements
  std::int64_t element = 0;  // bytes of one
};

struct TorchObjects {
  std::map<std::string, TensorView> tensors;     // by dotted name
  std::string type;                              // "state_dict", "lightning", "module"
  std::map<std::string, TorchStorage> storages;  // by key
  std::uint64_t pickle_size = 0;                 // bytes of the pickle that said so
};

// The tensors of the state dict in a pickle: the value of "state_dict" where there is one,
// everything otherwise. Throws std::runtime_error with a sentence that names the tensor.
TorchObjects interpret_torch_pickle(const pickle::Pickle& pickle);

// Parses and interprets the pickle that `bytes` begin with. Throws run_error that names `part` of
// the file and the byte.
TorchObjects read_torch_pickle(const InputFile& file, const std::string& part,
                               std::span<const std::byte> bytes);

}  // namespace lathe
