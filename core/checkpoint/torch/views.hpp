// Tensors as a pickle of PyTorch describes them: strided views of storages. Reads no contents;
// every view is checked against its storage. Knows nothing about how files hold either.
#pragma once

#include "core/checkpoint/torch/pickle/pickle.hpp"
#include "core/tensor/tensor.hpp"

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

struct TensorView {
  std::string storage;  // key, eg: "0"
  DType dtype = DType::none;
  std::int64_t storage_bytes = 0;
  std::int64_t offset = 0;  // in elements, as strides are
  Shape shape;
  std::vector<std::int64_t> strides;
  bool negative = false;  // the bit that says that every element stands for its negative

  bool contiguous() const;
  bool operator==(const TensorView&) const = default;
};
// Throws std::runtime_error with what is wrong unless the view lies inside its storage.
void check(const TensorView& view);

// A class of storages by its name, eg: "torch.FloatStorage".
struct StorageClass {
  std::string_view name;
  DType dtype;             // none: a type Lathe lacks, or bytes without a type of their own
  std::int64_t other = 0;  // bytes of an element of such a type

  std::int64_t element() const {
    return dtype == DType::none ? other : static_cast<std::int64_t>(element_size(dtype));
  }
};
// Null if PyTorch has no such class.
const StorageClass* storage_class(std::string_view name);

// A storage as the pickle describes it: ('storage', class, key, location, count[, view]).
struct TorchStorage {
  std::string key;
  std::string_view type;
  const StorageClass* known = nullptr;
  std::int64_t count = 0;                // elements
  const pickle::Object* part = nullptr;  // the view, if any
};
// Nothing if the object is no storage.
std::optional<TorchStorage> described_storage(const pickle::Object* object);

// Keys are texts or numbers, as versions have it. Nothing if the object is neither.
std::optional<std::string> key_text(const pickle::Object* object);

// Tensors that a file describes outside the pickle, by the key that stands for them in it.
using SavedTensors = std::map<std::string, TensorView>;

// A tensor that is described as it should be, of a kind that Lathe lacks: what kind, as in "of
// complex64".
class LackedTensor : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Whether the object looks like what tensor_of() takes: costs no more than a look at its name.
bool looks_like_tensor(const pickle::Object& object, const SavedTensors& saved);

// A tensor from the call that would rebuild it; nothing if the object is no tensor. Throws
// LackedTensor, or std::runtime_error with what is wrong.
std::optional<TensorView> tensor_of(const pickle::Object* object, const SavedTensors& saved);

}  // namespace lathe
