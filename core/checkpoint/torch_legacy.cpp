// PyTorch's files before 1.6, and with _use_new_zipfile_serialization=False since: pickles of a
// magic number, a protocol version, the writer's system, the objects and the keys of the storages,
// then the storages in that order. Format: torch/serialization.py, _legacy_save.
#include "core/checkpoint/formats.hpp"
#include "core/checkpoint/torch_storages.hpp"

#include <algorithm>

namespace lathe {

namespace {

constexpr std::int64_t kProtocolVersion = 1001;
constexpr std::uint64_t kLargestHead = 4096;  // magic number, version and system

// Pickles one after the other at the beginning of a file.
class Pickles {
 public:
  explicit Pickles(const InputFile& file) : file_(file) {
    bytes_.resize(std::min(file.size(), kLargestHead + 2 * kLargestPickle));
    file.read(0, bytes_);
  }

  std::span<const std::byte> rest() const { return std::span(bytes_).subspan(at_); }
  std::uint64_t at() const { return at_; }
  void skip(std::uint64_t size) { at_ += size; }

  // The next pickle; `bytes_` outlive it. Throws run_error that names `what` it should be.
  pickle::Pickle next(const char* what) {
    try {
      auto pickle = pickle::parse(rest());
      skip(pickle.size);
      return pickle;
    } catch (const pickle::PickleError& error) {
      throw file_.damaged(std::string(what) + ", byte " + std::to_string(at_ + error.offset()) +
                          ": " + error.what());
    }
  }

 private:
  const InputFile& file_;
  std::vector<std::byte> bytes_;
  std::uint64_t at_ = 0;
};

struct Place {
  std::uint64_t offset = 0, size = 0;
};

// Where the storages lie: for each key, a count of elements in eight bytes, then the elements.
std::map<std::string, Place> places_of(const InputFile& file, const pickle::Pickle& keys,
                                       const std::map<std::string, TorchStorage>& described,
                                       std::uint64_t at) {
  if (!keys.result->is(pickle::Kind::list))
    throw file.damaged("the keys of its storages are no list");
  std::map<std::string, Place> places;
  for (const pickle::Object* key : keys.result->items) {
    const std::string text(key->text);
    const auto storage = described.find(text);
    if (storage == described.end())
      throw file.damaged("it holds a storage '" + text + "' that nothing in it describes");
    if (storage->second.element == 0)
      throw file.damaged("it holds a storage '" + text + "' of a type that is not known");
    std::int64_t count = 0;
    file.read(at, std::as_writable_bytes(std::span(&count, 1)));
    at += sizeof count;
    std::int64_t size = 0;
    if (count != storage->second.count ||
        __builtin_mul_overflow(count, storage->second.element, &size) || size < 0)
      throw file.damaged("storage '" + text + "' should have " +
                         std::to_string(storage->second.count) + " elements; it has " +
                         std::to_string(count));
    if (!file.holds(at, static_cast<std::uint64_t>(size)))
      throw file.damaged("the file ends within storage '" + text + "' of " + std::to_string(size) +
                         " bytes; it is truncated");
    if (!places.emplace(text, Place{at, static_cast<std::uint64_t>(size)}).second)
      throw file.damaged("it holds the storage '" + text + "' twice");
    at += static_cast<std::uint64_t>(size);
  }
  return places;
}

}  // namespace

Checkpoint read_torch_legacy(const InputFile& file) {
  Pickles pickles(file);
  pickles.next("the magic number");
  const auto version = pickles.next("the protocol version");
  if (!version.result->is(pickle::Kind::integer) || version.result->integer != kProtocolVersion)
    throw run_error(LATHE_UNIMPLEMENTED, "its protocol version is not 1001, the only one there was",
                    {file.path().string()});
  pickles.next("the description of the system that wrote it");
  const TorchObjects objects = read_torch_pickle(file, "its pickle", pickles.rest());
  pickles.skip(objects.pickle_size);
  const auto keys = pickles.next("the keys of its storages");
  const auto places = places_of(file, keys, objects.storages, pickles.at());

  Checkpoint checkpoint;
  checkpoint.type = objects.type;
  TorchStorages storages(file, [&](const std::string& name, const TensorView& view) {
    const auto place = places.find(view.storage);
    if (place == places.end())
      throw file.damaged("tensor '" + name + "' needs the storage '" + view.storage +
                         "', which the file lacks");
    return Tensor::make(DType::uint8, Shape{static_cast<std::int64_t>(place->second.size)},
                        [&](std::span<std::byte> out) { file.read(place->second.offset, out); });
  });
  for (const auto& [name, view] : objects.tensors)
    checkpoint.tensors.emplace(name, storages.tensor(name, view));
  return checkpoint;
}

}  // namespace lathe
