// PyTorch's files before 1.6, and with _use_new_zipfile_serialization=False since: pickles of a
// magic number, a protocol version, the writer's system, the objects and the keys of the storages,
// then the storages in that order. Format: torch/serialization.py, _legacy_save.
#include "core/checkpoint/torch/legacy.hpp"

#include "core/checkpoint/torch/pickle/stream.hpp"
#include "core/checkpoint/torch/storages.hpp"

namespace lathe {

namespace {

constexpr std::int64_t kProtocolVersion = 1001;

struct Place {
  std::uint64_t offset = 0, size = 0;
};

std::vector<std::string> keys_in(const InputFile& file, const pickle::Pickle& pickle) {
  std::vector<std::string> keys;
  for (const pickle::Object* item : pickle.result->items()) {
    auto key = key_text(item);
    if (!key) throw file.damaged("the key of a storage is no text");
    keys.push_back(std::move(*key));
  }
  return keys;
}

// Where the storages lie: for each key, a count of elements in eight bytes, then the elements.
std::map<std::string, Place> places_of(const InputFile& file, const std::vector<std::string>& keys,
                                       const std::map<std::string, MentionedStorage>& described,
                                       std::uint64_t at) {
  std::map<std::string, Place> places;
  for (const std::string& text : keys) {
    const auto storage = described.find(text);
    if (storage == described.end())
      throw file.damaged("it holds a storage '" + text + "' that nothing in it describes");
    if (storage->second.element == 0)
      throw file.damaged("it holds a storage '" + text + "' of '" + storage->second.type +
                         "', whose elements have no known size");
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
  PickleStream pickles(file, 0, file.size());
  pickles.next("the magic number", [](auto bytes) { return pickle::parse(bytes).size; });
  pickles.next("the protocol version", [&](auto bytes) {
    const auto version = pickle::parse(bytes);
    if (!version.result->is(pickle::Kind::integer) || version.result->integer != kProtocolVersion)
      throw file.damaged("its protocol version is not 1001, the only one there was");
    return version.size;
  });
  pickles.next("the description of the system that wrote it",
               [](auto bytes) { return pickle::parse(bytes).size; });
  TorchObjects objects;
  pickles.next("its pickle", [&](auto bytes) {
    objects = read_torch_pickle(bytes);
    return objects.pickle_size;
  });
  std::vector<std::string> keys;
  pickles.next("the keys of its storages", [&](auto bytes) {
    const auto pickle = pickle::parse(bytes);
    keys = keys_in(file, pickle);
    return pickle.size;
  });
  const auto places = places_of(file, keys, objects.storages, pickles.at());

  Checkpoint checkpoint = without_tensors(file, objects);
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
