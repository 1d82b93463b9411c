// PyTorch's zip files: a pickle that describes tensors, and one entry per storage.
#include "core/checkpoint/formats.hpp"
#include "core/checkpoint/torch_objects.hpp"
#include "core/checkpoint/zip.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace lathe {

namespace {

constexpr std::uint64_t kLargestPickle = std::uint64_t{32} << 20;
// Views may repeat a storage (stride 0, or many of one), so a small file could ask for any memory.
constexpr std::uint64_t kLargestGrowth = 16, kGrowthFloor = std::uint64_t{64} << 20;

// "archive/" of "archive/data.pkl".
std::string archive_root(const InputFile& file, const ZipArchive& archive) {
  constexpr std::string_view kPickle = "data.pkl";
  std::string root;
  int found = 0;
  for (const auto& [name, entry] : archive.entries()) {
    const auto slash = name.find('/');
    if (slash == std::string::npos || std::string_view(name).substr(slash + 1) != kPickle) continue;
    root = name.substr(0, slash + 1);
    ++found;
  }
  if (found != 1)
    throw file.damaged("this zip archive is no PyTorch file: it has " + std::to_string(found) +
                       " entries named data.pkl in place of one");
  if (archive.find(root + "constants.pkl") != nullptr)
    throw run_error(LATHE_UNIMPLEMENTED,
                    "this is a TorchScript program, not a checkpoint; load it with "
                    "torch.jit.load and save its state_dict() with torch.save",
                    {file.path().string()});
  return root;
}

void check_byte_order(const InputFile& file, const ZipArchive& archive, const std::string& root) {
  const std::string name = root + "byteorder";
  if (archive.find(name) == nullptr) return;  // written before PyTorch 2.1
  const Tensor order = archive.read(name);
  const std::string_view text(reinterpret_cast<const char*>(order.bytes().data()),
                              order.bytes().size());
  if (text != "little")
    throw run_error(LATHE_UNIMPLEMENTED,
                    "its numbers are big-endian; load it with torch.load on the machine that wrote "
                    "it and save it as safetensors",
                    {file.path().string()});
}

// Copies a strided view row by row; `out` is contiguous.
void gather(const TensorView& view, std::span<const std::byte> storage, std::span<std::byte> out) {
  const std::size_t element = element_size(view.dtype);
  const std::size_t rank = view.shape.rank();
  if (out.empty()) return;
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t at = view.offset;
  for (std::size_t to = 0; to < out.size(); to += element) {
    std::memcpy(out.data() + to, storage.data() + static_cast<std::size_t>(at) * element, element);
    for (std::size_t d = rank; d-- > 0;) {
      at += view.strides[d];
      if (++index[d] < view.shape[d]) break;
      at -= index[d] * view.strides[d];
      index[d] = 0;
    }
  }
}

// Contents of the archive's storages, each read once, and tensors made of them.
class Storages {
 public:
  Storages(const InputFile& file, const ZipArchive& archive, std::string root)
      : file_(file), archive_(archive), root_(std::move(root)) {}

  Tensor tensor(const std::string& name, const TensorView& view) {
    const Key key{view.storage, view.dtype, view.offset, view.shape.dims(), view.strides};
    const auto known = made_.find(key);
    if (known != made_.end()) return known->second;
    return made_.emplace(key, make(name, view)).first->second;
  }

 private:
  using Dims = std::vector<std::int64_t>;
  using Key = std::tuple<std::string, DType, std::int64_t, Dims, Dims>;

  const Tensor& contents(const std::string& name, const TensorView& view) {
    const std::string entry_name = root_ + "data/" + view.storage;
    const auto* entry = archive_.find(entry_name);
    if (entry == nullptr)
      throw file_.damaged("tensor '" + name + "' needs the entry '" + entry_name +
                          "', which the archive lacks");
    if (entry->size != static_cast<std::uint64_t>(view.storage_bytes))
      throw file_.damaged("tensor '" + name + "' needs an entry '" + entry_name + "' of " +
                          std::to_string(view.storage_bytes) + " bytes; it has " +
                          std::to_string(entry->size));
    Tensor& contents = contents_[view.storage];
    if (!contents.owner() && entry->size > 0) contents = archive_.read(entry_name);
    return contents;
  }

  Tensor make(const std::string& name, const TensorView& view) {
    const std::size_t element = element_size(view.dtype);
    if (view.shape.numel() == 0) return Tensor::make(view.dtype, view.shape);
    const Tensor& storage = contents(name, view);
    const auto count = static_cast<std::uint64_t>(view.shape.numel());
    const bool whole =
        view.contiguous() && view.offset == 0 && count * element == storage.bytes().size();
    if (whole && view.dtype != DType::boolean)
      return Tensor::adopt(view.dtype, view.shape, storage.owner(), storage.bytes().data());

    copied_ += std::min<std::uint64_t>(count, UINT64_MAX / 16) * element;
    if (copied_ > kGrowthFloor && copied_ / kLargestGrowth > file_.size())
      throw file_.damaged("tensor '" + name + "' of shape " + view.shape.text() +
                          " repeats its storage so often that the tensors need over " +
                          std::to_string(kLargestGrowth) + " times the size of the file");
    return Tensor::make(view.dtype, view.shape, [&](std::span<std::byte> out) {
      gather(view, storage.bytes(), out);
      if (view.dtype == DType::boolean) normalise_booleans(out);
    });
  }

  const InputFile& file_;
  const ZipArchive& archive_;
  std::string root_;
  std::map<std::string, Tensor> contents_;
  std::map<Key, Tensor> made_;  // tied weights stay one tensor
  std::uint64_t copied_ = 0;
};

}  // namespace

void normalise_booleans(std::span<std::byte> bytes) {
  for (std::byte& b : bytes) b = b == std::byte{0} ? std::byte{0} : std::byte{1};
}

Checkpoint read_torch_zip(const InputFile& file) {
  const ZipArchive archive(file);
  const std::string root = archive_root(file, archive);
  check_byte_order(file, archive, root);
  const std::string pickle_name = root + "data.pkl";
  if (archive.find(pickle_name)->size > kLargestPickle)
    throw file.damaged("'" + pickle_name + "' is larger than any description of tensors, " +
                       std::to_string(kLargestPickle >> 20) + " MiB");
  const Tensor bytes = archive.read(pickle_name);

  TorchObjects objects;
  try {
    objects = interpret_torch_pickle(pickle::parse(bytes.bytes()));
  } catch (const pickle::PickleError& error) {
    throw file.damaged("'" + pickle_name + "', byte " + std::to_string(error.offset()) + ": " +
                       error.what());
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw file.damaged(error.what());
  }

  Checkpoint checkpoint;
  checkpoint.type = objects.type;
  Storages storages(file, archive, root);
  for (const auto& [name, view] : objects.tensors)
    checkpoint.tensors.emplace(name, storages.tensor(name, view));
  return checkpoint;
}

}  // namespace lathe
