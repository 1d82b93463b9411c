#include "core/checkpoint/torch/views.hpp"

#include <algorithm>
#include <array>

namespace lathe {

namespace {

using pickle::Kind;
using pickle::Object;

constexpr int kDeepestWrapping = 8;       // a parameter of a subclass of a tensor is two
constexpr std::size_t kHighestRank = 64;  // PyTorch's own limit
constexpr std::size_t kLongestKey = 256;  // an address in decimal digits, or a counter

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
  if (!object->is(Kind::integer)) fail(std::string(what) + " is no integer");
  return object->integer;
}

std::vector<std::int64_t> integers(const Object* object, const char* what) {
  // A torch.Size arrives as a call of it on a tuple.
  if (object->is(Kind::object) && object->callee()->is_global("torch.Size") &&
      object->arguments().size() == 1)
    object = object->arguments()[0];
  if (!object->is(Kind::tuple) && !object->is(Kind::list))
    fail(std::string(what) + " is no tuple of integers");
  if (object->items().size() > kHighestRank)
    fail("it has " + std::to_string(object->items().size()) + " dimensions; at most " +
         std::to_string(kHighestRank) + " are possible");
  std::vector<std::int64_t> out;
  for (const Object* item : object->items()) out.push_back(integer(item, what));
  return out;
}

TorchStorage storage_of(const Object* object) {
  auto storage = described_storage(object);
  if (!storage) fail("its storage is not described as torch.save does");
  const bool untyped = storage->type.ends_with("UntypedStorage");
  if (storage->known == nullptr || (storage->known->dtype == DType::none && !untyped))
    throw LackedTensor("of '" + std::string(storage->type) + "'");
  return *storage;
}

// Until PyTorch 0.4 a storage could be a part of another: (key, offset, number of elements).
void place_in_root(const Object& part, TensorView& view) {
  if (!part.is(Kind::tuple) || part.parts.size() != 3)
    fail("a part of its storage is not described");
  const std::int64_t begin = integer(part.parts[1], "where the part of its storage begins");
  if (begin < 0 || __builtin_add_overflow(view.offset, begin, &view.offset))
    fail("the part of its storage begins out of range");
}

// {'neg': True}, as the imaginary part of a conjugated tensor has it.
bool negative_in(std::span<const Object* const> arguments, std::size_t place) {
  if (arguments.size() <= place) return false;
  const Object* bit = arguments[place]->find("neg");
  return bit != nullptr && bit->integer != 0;
}

TensorView rebuild(std::span<const Object* const> arguments, const Object* dtype) {
  if (arguments.size() < 4) fail("it is not described as torch.save does");
  const TorchStorage storage = storage_of(arguments[0]);
  TensorView view;
  view.storage = storage.key;
  if (storage.count < 0 ||
      __builtin_mul_overflow(storage.count, storage.known->element(), &view.storage_bytes))
    fail("the size of its storage is out of range");
  view.dtype = storage.known->dtype;
  if (dtype != nullptr) {
    std::string_view text = dtype->is(Kind::global) ? dtype->text : "";
    if (text.starts_with("torch.")) text.remove_prefix(6);
    const auto known = dtype_from_name(text);
    if (!known) throw LackedTensor("of '" + std::string(text) + "'");
    view.dtype = *known;
  }
  if (view.dtype == DType::none) fail("its storage has no element type");
  view.offset = integer(arguments[1], "its offset");
  view.shape = Shape(integers(arguments[2], "its shape"));
  view.strides = integers(arguments[3], "its strides");
  check(view);
  if (storage.part != nullptr) {
    place_in_root(*storage.part, view);
    check(view);
  }
  return view;
}

// Functions of PyTorch that make tensors, and what wraps a tensor, the last two as PyTorch 0.3 and
// older have them.
constexpr std::string_view kRebuilds = "torch._utils._rebuild_";
constexpr std::array<std::string_view, 4> kWrappers{
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
    "torch.nn.parameter.Parameter", "torch.autograd.variable.Variable"};
constexpr std::array<std::string_view, 2> kSubclasses{"torch._tensor._rebuild_from_type_v2",
                                                      "torch._tensor._rebuild_from_type"};

template <std::size_t Count>
bool is_one_of(const Object& callee, const std::array<std::string_view, Count>& names) {
  return callee.is(Kind::global) &&
         std::find(names.begin(), names.end(), callee.text) != names.end();
}

std::optional<TensorView> rebuilt(const Object* callee, std::span<const Object* const> arguments,
                                  const SavedTensors& saved, int depth);

std::optional<TensorView> tensor_in(const Object* object, const SavedTensors& saved, int depth) {
  if (object->is(Kind::persistent)) {
    const auto key = key_text(object->parts[0]);
    const auto found = key ? saved.find(*key) : saved.end();
    if (found == saved.end()) return {};
    return found->second;
  }
  if (!object->is(Kind::object)) return {};
  return rebuilt(object->callee(), object->arguments(), saved, depth);
}

std::optional<TensorView> rebuilt(const Object* callee, std::span<const Object* const> arguments,
                                  const SavedTensors& saved, int depth) {
  if (depth > kDeepestWrapping) fail("it is wrapped too often");
  // (storage, offset, shape, strides, requires_grad, hooks, bits); the first only its first four.
  if (callee->is_global("torch._utils._rebuild_tensor_v2") ||
      callee->is_global("torch._utils._rebuild_tensor")) {
    TensorView view = rebuild(arguments, nullptr);
    view.negative = negative_in(arguments, 6);
    return view;
  }
  // (storage, offset, shape, strides, requires_grad, hooks, dtype, bits)
  if (callee->is_global("torch._utils._rebuild_tensor_v3")) {
    if (arguments.size() < 7) fail("it is not described as torch.save does");
    TensorView view = rebuild(arguments, arguments[6]);
    view.negative = negative_in(arguments, 7);
    return view;
  }
  // The last two as PyTorch 0.3 and older have them.
  if (is_one_of(*callee, kWrappers) && !arguments.empty())
    return tensor_in(arguments[0], saved, depth + 1);
  // A subclass of Tensor: (function, class, its arguments, attributes).
  if (is_one_of(*callee, kSubclasses) && arguments.size() >= 3 && arguments[2]->is(Kind::tuple))
    return rebuilt(arguments[0], arguments[2]->items(), saved, depth + 1);
  if (callee->is(Kind::global) && callee->text.starts_with(kRebuilds))
    throw LackedTensor("rebuilt by '" + std::string(callee->text) +
                       "' (sparse, quantized or nested, where only dense ones are read)");
  return {};
}

}  // namespace

bool TensorView::contiguous() const {
  std::int64_t expected = 1;
  for (std::size_t i = shape.rank(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

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
  const std::int64_t held =
      view.storage_bytes / static_cast<std::int64_t>(element_size(view.dtype));
  if (!empty && last >= held)
    fail("it reaches element " + std::to_string(last) + " of a storage of " + std::to_string(held));
}

const StorageClass* storage_class(std::string_view name) {
  for (const StorageClass& known : kStorageClasses)
    if (known.name == name) return &known;
  return nullptr;
}

std::optional<std::string> key_text(const Object* object) {
  if (object->is(Kind::text)) return std::string(object->text);
  if (object->is(Kind::integer)) return std::to_string(object->integer);
  return {};
}

std::optional<TorchStorage> described_storage(const Object* object) {
  // Some files of the tar era have the tuple itself in place of a persistent id.
  const auto id = object->is(Kind::persistent) ? object->parts[0]->items() : object->items();
  if (id.size() < 5 || !id[0]->is_text("storage") || !id[1]->is(Kind::global) ||
      !id[2]->is(Kind::text) || id[2]->text.size() > kLongestKey || !id[4]->is(Kind::integer))
    return {};
  TorchStorage storage;
  storage.type = id[1]->text;
  storage.key = std::string(id[2]->text);
  storage.known = storage_class(storage.type);
  storage.count = id[4]->integer;
  if (id.size() > 5 && !id[5]->is(Kind::none)) storage.part = id[5];
  return storage;
}

bool looks_like_tensor(const Object& object, const SavedTensors& saved) {
  if (object.is(Kind::persistent)) {
    const auto key = saved.empty() ? std::nullopt : key_text(object.parts[0]);
    return key && saved.count(*key) != 0;
  }
  if (!object.is(Kind::object)) return false;
  const Object& callee = *object.callee();
  return (callee.is(Kind::global) && callee.text.starts_with(kRebuilds)) ||
         is_one_of(callee, kWrappers) || is_one_of(callee, kSubclasses);
}

std::optional<TensorView> tensor_of(const Object* object, const SavedTensors& saved) {
  return tensor_in(object, saved, 0);
}

}  // namespace lathe
