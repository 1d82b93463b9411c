#include "core/checkpoint/torch_objects.hpp"

#include <array>
#include <optional>
#include <stdexcept>

namespace lathe {

namespace {

using pickle::Kind;
using pickle::Object;

constexpr int kDeepestNesting = 64;
constexpr std::size_t kMostVisits = 4'000'000;  // shared parts count each time they are met
constexpr std::size_t kHighestRank = 64;        // PyTorch's own limit

struct StorageClass {
  std::string_view name;
  DType dtype;             // none: a type Lathe lacks, or bytes without a type of their own
  std::int64_t other = 0;  // bytes of an element of such a type
};
constexpr std::array kStorageClasses{
    StorageClass{"torch.FloatStorage", DType::float32},
    StorageClass{"torch.DoubleStorage", DType::float64},
    StorageClass{"torch.HalfStorage", DType::float16},
    StorageClass{"torch.BFloat16Storage", DType::bfloat16},
    StorageClass{"torch.CharStorage", DType::int8},
    StorageClass{"torch.ShortStorage", DType::int16},
    StorageClass{"torch.IntStorage", DType::int32},
    StorageClass{"torch.LongStorage", DType::int64},
    StorageClass{"torch.ByteStorage", DType::uint8},
    StorageClass{"torch.BoolStorage", DType::boolean},
    StorageClass{"torch.UntypedStorage", DType::none, 1},
    StorageClass{"torch.storage.UntypedStorage", DType::none, 1},
    StorageClass{"torch.ComplexFloatStorage", DType::none, 8},
    StorageClass{"torch.ComplexDoubleStorage", DType::none, 16},
    StorageClass{"torch.QInt8Storage", DType::none, 1},
    StorageClass{"torch.QUInt8Storage", DType::none, 1},
    StorageClass{"torch.QInt32Storage", DType::none, 4},
    StorageClass{"torch.QUInt4x2Storage", DType::none, 1},
    StorageClass{"torch.QUInt2x4Storage", DType::none, 1},
};

[[noreturn]] void fail(const std::string& message) { throw std::runtime_error(message); }

std::int64_t integer(const Object* object, const char* what) {
  if (object == nullptr || !object->is(Kind::integer)) fail(std::string(what) + " is no integer");
  return object->integer;
}

std::vector<std::int64_t> integers(const Object* object, const char* what) {
  // A torch.Size arrives as a call of it on a tuple.
  if (object->is(Kind::object) && object->first->is_global("torch.Size") &&
      object->second->items.size() == 1)
    object = object->second->items[0];
  if (!object->is(Kind::tuple) && !object->is(Kind::list))
    fail(std::string(what) + " is no tuple of integers");
  if (object->items.size() > kHighestRank)
    fail("it has " + std::to_string(object->items.size()) + " dimensions; at most " +
         std::to_string(kHighestRank) + " are possible");
  std::vector<std::int64_t> out;
  for (const Object* item : object->items) out.push_back(integer(item, what));
  return out;
}

// ('storage', class, key, location, number of elements[, view])
struct Storage {
  std::string key;
  std::string_view type;
  DType dtype = DType::none;
  std::int64_t count = 0, element = 0;  // element 0: a type unknown to this table
  const Object* view = nullptr;
};

std::optional<Storage> described_storage(const Object* object) {
  const Object* id = object->is(Kind::persistent) ? object->first : nullptr;
  // torch.save of PyTorch 0.1 put its storages beside the pickle and may name them by the tuple.
  if (id == nullptr && object->is(Kind::tuple)) id = object;
  if (id == nullptr || !id->is(Kind::tuple) || id->items.size() < 5 ||
      !id->items[0]->is_text("storage") || !id->items[1]->is(Kind::global) ||
      !id->items[2]->is(Kind::text) || !id->items[4]->is(Kind::integer))
    return {};
  Storage storage;
  storage.type = id->items[1]->text;
  storage.key = std::string(id->items[2]->text);
  storage.count = id->items[4]->integer;
  for (const auto& known : kStorageClasses) {
    if (storage.type != known.name) continue;
    storage.dtype = known.dtype;
    storage.element = known.dtype == DType::none
                          ? known.other
                          : static_cast<std::int64_t>(element_size(known.dtype));
  }
  if (id->items.size() > 5 && !id->items[5]->is(Kind::none)) storage.view = id->items[5];
  return storage;
}

Storage storage_of(const Object* object) {
  auto storage = described_storage(object);
  if (!storage) fail("its storage is not described as torch.save does");
  const bool untyped = storage->type.ends_with("UntypedStorage");
  if (storage->element == 0 || (storage->dtype == DType::none && !untyped))
    fail("its elements are of '" + std::string(storage->type) + "', which Lathe has no type for");
  return *storage;
}

// The view must lie inside its storage, whatever the strides.
void check(const TensorView& view) {
  if (view.strides.size() != view.shape.rank()) fail("it has other strides than dimensions");
  std::int64_t last = view.offset;
  bool empty = false;
  if (view.offset < 0) fail("its offset is negative");
  for (std::size_t i = 0; i < view.shape.rank(); ++i) {
    if (view.shape[i] < 0 || view.strides[i] < 0) fail("it has a negative size or stride");
    if (view.shape[i] == 0) {
      empty = true;
      continue;
    }
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(view.shape[i] - 1, view.strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last))
      fail("its strides are out of range");
  }
  view.shape.numel();  // throws on overflow
  const auto element = static_cast<std::int64_t>(element_size(view.dtype));
  if (!empty && last >= view.storage_bytes / element)
    fail("it reaches element " + std::to_string(last) + " of a storage of " +
         std::to_string(view.storage_bytes / element));
}

// Until PyTorch 0.4 a storage could be a part of another: (key, offset, number of elements).
void place_in_root(const Object& part, TensorView& view) {
  if (!part.is(Kind::tuple) || part.items.size() != 3)
    fail("a part of its storage is not described");
  const std::int64_t begin = integer(part.items[1], "where the part of its storage begins");
  if (begin < 0 || __builtin_add_overflow(view.offset, begin, &view.offset))
    fail("the part of its storage begins out of range");
  check(view);
}

TensorView rebuild(const std::vector<const Object*>& arguments, const Object* dtype) {
  if (arguments.size() < 4) fail("it is not described as torch.save does");
  const Storage storage = storage_of(arguments[0]);
  TensorView view;
  view.storage = storage.key;
  if (storage.count < 0 ||
      __builtin_mul_overflow(storage.count, storage.element, &view.storage_bytes))
    fail("the size of its storage is out of range");
  view.dtype = storage.dtype;
  if (dtype != nullptr) {
    std::string_view text = dtype->is(Kind::global) ? dtype->text : "";
    if (text.starts_with("torch.")) text.remove_prefix(6);
    const auto known = dtype_from_name(text);
    if (!known) fail("its type '" + std::string(text) + "' is none that Lathe has");
    view.dtype = *known;
  }
  if (view.dtype == DType::none) fail("its storage has no element type");
  view.offset = integer(arguments[1], "its offset");
  view.shape = Shape(integers(arguments[2], "its shape"));
  view.strides = integers(arguments[3], "its strides");
  check(view);
  if (storage.view != nullptr) place_in_root(*storage.view, view);
  return view;
}

// A tensor from the call that would rebuild it; nothing if the object is no tensor.
std::optional<TensorView> tensor_of(const Object* object, int depth) {
  if (!object->is(Kind::object) || object->second == nullptr || depth > kDeepestNesting) return {};
  const auto& arguments = object->second->items;
  const Object* callee = object->first;
  if (callee->is_global("torch._utils._rebuild_tensor_v2") ||
      callee->is_global("torch._utils._rebuild_tensor"))
    return rebuild(arguments, nullptr);
  // (storage, offset, shape, strides, requires_grad, hooks, dtype)
  if (callee->is_global("torch._utils._rebuild_tensor_v3")) {
    if (arguments.size() < 7) fail("it is not described as torch.save does");
    return rebuild(arguments, arguments[6]);
  }
  if ((callee->is_global("torch._utils._rebuild_parameter") ||
       callee->is_global("torch._utils._rebuild_parameter_with_state")) &&
      !arguments.empty())
    return tensor_of(arguments[0], depth + 1);
  // As PyTorch 0.3 and older write them; what BUILD gives them later is no tensor.
  if ((callee->is_global("torch.nn.parameter.Parameter") ||
       callee->is_global("torch.autograd.variable.Variable")) &&
      !arguments.empty())
    return tensor_of(arguments[0], depth + 1);
  // A subclass of Tensor: (function, class, its arguments, attributes).
  if (callee->is_global("torch._tensor._rebuild_from_type_v2") && arguments.size() >= 3 &&
      arguments[2]->is(Kind::tuple)) {
    Object inner;
    inner.kind = Kind::object;
    inner.first = arguments[0];
    inner.second = arguments[2];
    return tensor_of(&inner, depth + 1);
  }
  if (callee->is(Kind::global) && callee->text.starts_with("torch._utils._rebuild_"))
    fail("it is rebuilt by '" + std::string(callee->text) +
         "' (sparse, quantized or nested); only dense tensors are read");
  return {};
}

// Collects the tensors of dicts and modules under their dotted names.
class Collector {
 public:
  explicit Collector(TorchObjects& out) : out_(out) {}

  void collect(const Object* object, const std::string& name, int depth) {
    if (depth > kDeepestNesting)
      fail("'" + name + "' is nested more than " + std::to_string(kDeepestNesting) + " deep");
    if (++visits_ > kMostVisits) fail("the pickle's values refer to each other without end");
    std::optional<TensorView> view;
    try {
      view = tensor_of(object, 0);
    } catch (const std::runtime_error& error) {
      fail("tensor '" + name + "': " + error.what());
    }
    if (view) {
      if (!out_.tensors.emplace(name, std::move(*view)).second)
        fail("there are two tensors '" + name + "'");
      return;
    }
    if (object->is(Kind::dict)) return entries(object, name, depth);
    if (object->is(Kind::object) && object->third != nullptr) module(object->third, name, depth);
  }

 private:
  static std::string joined(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : prefix + "." + name;
  }

  void entries(const Object* dict, const std::string& name, int depth) {
    for (const auto& [key, value] : dict->pairs) {
      if (key->is(Kind::text)) collect(value, joined(name, std::string(key->text)), depth + 1);
      if (key->is(Kind::integer))
        collect(value, joined(name, std::to_string(key->integer)), depth + 1);
    }
  }

  // A whole pickled torch.nn.Module: its class stays unknown, its tensors are where every module
  // keeps them.
  void module(const Object* state, const std::string& name, int depth) {
    if (state->find("_modules") == nullptr) return;
    out_.type = "module";
    for (const char* part : {"_parameters", "_buffers", "_modules"})
      if (const Object* dict = state->find(part); dict != nullptr) entries(dict, name, depth);
  }

  TorchObjects& out_;
  std::size_t visits_ = 0;
};

}  // namespace

bool TensorView::contiguous() const {
  std::int64_t expected = 1;
  for (std::size_t i = shape.rank(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

TorchObjects interpret_torch_pickle(const pickle::Pickle& pickle) {
  TorchObjects out;
  out.type = "state_dict";
  const Object* top = pickle.result;
  // torch.save of one tensor rather than of a dict.
  const bool alone = top->is(Kind::object) && top->third == nullptr;
  if (const Object* inner = top->find("state_dict"); inner != nullptr && inner->is(Kind::dict)) {
    if (top->find("pytorch-lightning_version") != nullptr) out.type = "lightning";
    top = inner;
  }
  Collector(out).collect(top, alone ? "tensor" : "", 0);
  for (const Object& object : pickle.objects)
    if (object.is(Kind::persistent))
      if (const auto storage = described_storage(&object))
        out.storages[storage->key] = {storage->count, storage->element};
  out.pickle_size = pickle.size;
  return out;
}

TorchObjects read_torch_pickle(const InputFile& file, const std::string& part,
                               std::span<const std::byte> bytes) {
  try {
    return interpret_torch_pickle(pickle::parse(bytes));
  } catch (const pickle::PickleError& error) {
    throw file.damaged(part + ", byte " + std::to_string(error.offset()) + ": " + error.what());
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw file.damaged(error.what());
  }
}

}  // namespace lathe
