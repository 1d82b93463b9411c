// PyTorch's zip files: a pickle that describes tensors, and one entry per storage.
#include "core/checkpoint/torch/zip.hpp"

#include "core/checkpoint/other_files.hpp"
#include "core/checkpoint/torch/pickle/stream.hpp"
#include "core/checkpoint/torch/storages.hpp"
#include "core/checkpoint/zip/zip_reader.hpp"

namespace lathe {

namespace {

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
  if (found == 1 && archive.find(root + "constants.pkl") == nullptr) return root;
  std::vector<std::string> names;
  for (const auto& [name, entry] : archive.entries()) names.push_back(name);
  if (const std::string other = other_archive(names); !other.empty())
    throw run_error(LATHE_UNIMPLEMENTED, other, {file.path().string()});
  throw file.damaged("this zip archive is no PyTorch file: it has " + std::to_string(found) +
                     " entries named data.pkl in place of one");
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

}  // namespace

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
  as_damage(file, "'" + pickle_name + "'", 0, [&] { objects = read_torch_pickle(bytes.bytes()); });

  Checkpoint checkpoint = without_tensors(file, objects);
  TorchStorages storages(file, [&](const std::string& name, const TensorView& view) {
    const std::string entry_name = root + "data/" + view.storage;
    const auto* entry = archive.find(entry_name);
    if (entry == nullptr)
      throw file.damaged("tensor '" + name + "' needs the entry '" + entry_name +
                         "', which the archive lacks");
    if (entry->size != static_cast<std::uint64_t>(view.storage_bytes))
      throw file.damaged("tensor '" + name + "' needs an entry '" + entry_name + "' of " +
                         std::to_string(view.storage_bytes) + " bytes; it has " +
                         std::to_string(entry->size));
    return archive.read(entry_name);
  });
  for (const auto& [name, view] : objects.tensors)
    checkpoint.tensors.emplace(name, storages.tensor(name, view));
  return checkpoint;
}

}  // namespace lathe
