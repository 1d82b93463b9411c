#include "core/checkpoint/torch/storages.hpp"

#include "core/checkpoint/convert.hpp"

#include <algorithm>
#include <cstring>

namespace lathe {

namespace {

// Views may repeat a storage (stride 0, or many of one), so a small file could ask for any memory.
constexpr std::uint64_t kLargestGrowth = 16, kGrowthFloor = std::uint64_t{16} << 20;

// A dimension of a view: `size` elements, `stride` apart.
struct Dimension {
  std::int64_t size, stride;
};

// The same elements in the same order under as few dimensions as can be.
std::vector<Dimension> merged(const TensorView& view) {
  std::vector<Dimension> out;
  for (std::size_t d = 0; d < view.shape.rank(); ++d) {
    const Dimension next{view.shape[d], view.strides[d]};
    if (next.size == 1) continue;
    std::int64_t reach = 0;
    if (!out.empty() && !__builtin_mul_overflow(next.size, next.stride, &reach) &&
        out.back().stride == reach)
      out.back() = {out.back().size * next.size, next.stride};
    else
      out.push_back(next);
  }
  return out;
}

// Copies a strided view element by element, or as a whole; `out` is contiguous.
void gather(const TensorView& view, std::span<const std::byte> storage, std::span<std::byte> out) {
  const std::size_t element = element_size(view.dtype);
  const std::byte* from = storage.data() + static_cast<std::size_t>(view.offset) * element;
  const auto dimensions = merged(view);
  if (dimensions.empty() || (dimensions.size() == 1 && dimensions[0].stride == 1)) {
    std::memcpy(out.data(), from, out.size());
    return;
  }
  std::vector<std::int64_t> index(dimensions.size(), 0);
  std::int64_t at = 0;
  for (std::size_t to = 0; to < out.size(); to += element) {
    std::memcpy(out.data() + to, from + static_cast<std::size_t>(at) * element, element);
    for (std::size_t d = dimensions.size(); d-- > 0;) {
      at += dimensions[d].stride;
      if (++index[d] < dimensions[d].size) break;
      at -= index[d] * dimensions[d].stride;
      index[d] = 0;
    }
  }
}

}  // namespace

Checkpoint without_tensors(const InputFile& file, const TorchObjects& objects) {
  if (objects.tensors.empty()) {
    std::string what = "it holds no tensors, only " + objects.contents;
    if (!objects.lacking.empty())
      what = "it holds no tensors of a type that Lathe has: '" + objects.lacking.begin()->first +
             "' is " + objects.lacking.begin()->second;
    throw run_error(LATHE_INVALID_ARGUMENT, what, {file.path().string()});
  }
  Checkpoint checkpoint;
  checkpoint.type = objects.type;
  checkpoint.outer = objects.outer;
  checkpoint.unread = objects.unread;
  checkpoint.lacking = objects.lacking;
  return checkpoint;
}

Tensor TorchStorages::tensor(const std::string& name, const TensorView& view) {
  const Key key{view.storage,      view.dtype,   view.offset,
                view.shape.dims(), view.strides, view.negative};
  const auto known = made_.find(key);
  if (known != made_.end()) return known->second;
  return made_.emplace(key, make(name, view)).first->second;
}

const Tensor& TorchStorages::contents(const std::string& name, const TensorView& view) {
  Tensor& contents = contents_[view.storage];
  if (!contents.defined()) contents = source_(name, view);
  // Two tensors may describe one storage differently.
  if (contents.bytes().size() != static_cast<std::uint64_t>(view.storage_bytes))
    throw file_.damaged("tensor '" + name + "' needs a storage '" + view.storage + "' of " +
                        std::to_string(view.storage_bytes) + " bytes; it has " +
                        std::to_string(contents.bytes().size()));
  return contents;
}

Tensor TorchStorages::make(const std::string& name, const TensorView& view) {
  const std::size_t element = element_size(view.dtype);
  if (view.shape.numel() == 0) return Tensor::make(view.dtype, view.shape);
  const Tensor& storage = contents(name, view);
  const auto count = static_cast<std::uint64_t>(view.shape.numel());
  const bool whole =
      view.contiguous() && view.offset == 0 && count * element == storage.bytes().size();
  if (whole && view.dtype != DType::boolean && !view.negative)
    return Tensor::adopt(view.dtype, view.shape, storage.owner(), storage.bytes().data());

  copied_ += std::min<std::uint64_t>(count, UINT64_MAX / 16) * element;
  if (copied_ > kGrowthFloor && copied_ / kLargestGrowth > file_.size())
    throw file_.damaged("tensor '" + name + "' of shape " + view.shape.text() +
                        " repeats its storage so often that the tensors need over " +
                        std::to_string(kLargestGrowth) + " times the size of the file");
  return Tensor::make(view.dtype, view.shape, [&](std::span<std::byte> out) {
    gather(view, storage.bytes(), out);
    if (view.dtype == DType::boolean) normalise_booleans(out);
    if (view.negative) negate(view.dtype, out);
  });
}

}  // namespace lathe
