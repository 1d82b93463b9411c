// PyTorch's files before 0.1.10: a tar archive of `sys_info`, `storages`, `tensors` and `pickle`.
// Format: torch/serialization.py, legacy_load. Some have no `tensors`: there the pickle itself
// describes them, as later files do.
#include "core/checkpoint/torch/tar.hpp"

#include "core/checkpoint/other_files.hpp"
#include "core/checkpoint/torch/pickle/stream.hpp"
#include "core/checkpoint/torch/storages.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

namespace lathe {

namespace {

using pickle::Kind;
using pickle::Object;

constexpr std::uint64_t kBlock = 512;

struct Place {
  std::uint64_t offset = 0, size = 0;
};

// Numbers in a tar header are octal text.
std::uint64_t octal(const InputFile& file, std::string_view field) {
  std::uint64_t value = 0;
  for (const char c : field) {
    if (c == ' ' || c == '\0') continue;
    if (c < '0' || c > '7') throw file.damaged("a header of the tar archive is damaged");
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

// A header's bytes summed up, the field of the sum itself taken as blanks.
std::uint64_t checksum(std::string_view header) {
  constexpr std::size_t kField = 148, kFieldEnd = 156;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i)
    sum += i >= kField && i < kFieldEnd ? ' ' : static_cast<unsigned char>(header[i]);
  return sum;
}

// The ordinary files of the archive by name (POSIX ustar).
std::map<std::string, Place> entries_of(const InputFile& file) {
  std::map<std::string, Place> entries;
  std::array<char, kBlock> block{};
  const std::string_view header(block.data(), block.size());
  for (std::uint64_t at = 0; file.holds(at, kBlock);) {
    file.read(at, std::as_writable_bytes(std::span(block)));
    if (header.find_first_not_of('\0') == std::string_view::npos) break;
    if (octal(file, header.substr(148, 8)) != checksum(header))
      throw file.damaged("a header of the tar archive at byte " + std::to_string(at) +
                         " is damaged: its checksum is wrong");
    const std::uint64_t size = octal(file, header.substr(124, 12));
    std::string name(header.substr(0, header.substr(0, 100).find('\0')));
    if (name.starts_with("./")) name.erase(0, 2);
    if (!file.holds(at + kBlock, size))
      throw file.damaged("the file ends within '" + name + "' of the tar archive");
    const char type = header[156];
    const bool ordinary = type == '0' || type == '\0';
    if (ordinary && !entries.emplace(name, Place{at + kBlock, size}).second)
      throw file.damaged("the tar archive holds '" + name + "' twice");
    at += kBlock + (size + kBlock - 1) / kBlock * kBlock;
  }
  return entries;
}

class TarReader {
 public:
  explicit TarReader(const InputFile& file) : file_(file), entries_(entries_of(file)) {}

  Checkpoint read() {
    read_storages(entry("storages"));
    if (entries_.count("tensors") != 0) read_tensors(entry("tensors"));
    PickleStream pickle = entry("pickle");
    TorchObjects objects;
    pickle.next("'pickle'", [&](auto bytes) {
      objects = read_torch_pickle(bytes, tensors_);
      return objects.pickle_size;
    });

    Checkpoint checkpoint = without_tensors(file_, objects);
    TorchStorages storages(file_, [&](const std::string& name, const TensorView& view) {
      const auto found = storages_.find(view.storage);
      if (found == storages_.end())
        throw file_.damaged("tensor '" + name + "' needs the storage '" + view.storage +
                            "', which the file lacks");
      const Place& place = found->second.place;
      return Tensor::make(DType::uint8, Shape{static_cast<std::int64_t>(place.size)},
                          [&](std::span<std::byte> out) { file_.read(place.offset, out); });
    });
    for (const auto& [name, view] : objects.tensors)
      checkpoint.tensors.emplace(name, storages.tensor(name, view));
    return checkpoint;
  }

 private:
  struct Storage {
    Place place;
    const StorageClass* type = nullptr;
    std::int64_t offset = 0;  // of a part, in elements of its root
    std::string root;
  };

  PickleStream entry(const std::string& name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      std::vector<std::string> names;
      for (const auto& [file, place] : entries_) names.push_back(file);
      throw file_.damaged("this tar archive is no file of torch.save: it has no '" + name + "'" +
                          (names.empty() ? "" : ", but " + quoted_names(names)) +
                          "; unpack it and name what is meant");
    }
    return {file_, found->second.offset, found->second.offset + found->second.size};
  }

  template <typename T>
  static T number(PickleStream& stream) {
    T value{};
    stream.take(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

  // How many records follow.
  std::int64_t count(PickleStream& stream, const std::string& part) const {
    std::int64_t count = 0;
    stream.next(part, [&](auto bytes) {
      const auto pickle = pickle::parse(bytes);
      if (!pickle.result->is(Kind::integer)) throw file_.damaged(part + " has no count");
      count = pickle.result->integer;
      return pickle.size;
    });
    return count;
  }

  // Each: (key, location, class), a count of elements in eight bytes, the elements. Then the parts
  // of storages: (key, key of the whole, offset, elements).
  void read_storages(PickleStream stream) {
    for (std::int64_t left = count(stream, "'storages'"); left > 0; --left) {
      std::string key;
      Storage storage;
      stream.next("'storages'", [&](auto bytes) {
        const auto pickle = pickle::parse(bytes);
        const auto items = pickle.result->items();
        const auto text = items.size() == 3 ? key_text(items[0]) : std::nullopt;
        if (!text || !items[2]->is(Kind::global))
          throw file_.damaged("a storage is not described as (key, location, class)");
        key = *text;
        storage.type = storage_class(items[2]->text);
        if (storage.type == nullptr)
          throw file_.damaged("storage '" + key + "' is of '" + std::string(items[2]->text) +
                              "', which is not known");
        return pickle.size;
      });
      const auto elements = number<std::int64_t>(stream);
      std::int64_t size = 0;
      if (elements < 0 || __builtin_mul_overflow(elements, storage.type->element(), &size))
        throw file_.damaged("the size of storage '" + key + "' is out of range");
      storage.place = {stream.at(), static_cast<std::uint64_t>(size)};
      storage.root = key;
      stream.skip(storage.place.size);
      if (!storages_.emplace(key, storage).second)
        throw file_.damaged("it holds the storage '" + key + "' twice");
    }
    if (stream.left() > 0) read_parts(stream);
  }

  void read_parts(PickleStream& stream) {
    stream.next("'storages'", [&](auto bytes) {
      const auto pickle = pickle::parse(bytes);
      for (const Object* part : pickle.result->items()) {
        const auto items = part->items();
        const auto key = items.size() == 4 ? key_text(items[0]) : std::nullopt;
        const auto root = key ? key_text(items[1]) : std::nullopt;
        if (!root || !items[2]->is(Kind::integer) || items[2]->integer < 0)
          throw file_.damaged("a part of a storage is not described");
        const auto whole = storages_.find(*root);
        if (whole == storages_.end())
          throw file_.damaged("there is no storage '" + *root + "' to take a part of");
        Storage storage = whole->second;
        if (__builtin_add_overflow(storage.offset, items[2]->integer, &storage.offset))
          throw file_.damaged("the part of a storage begins out of range");
        storages_.emplace(*key, std::move(storage));
      }
      return pickle.size;
    });
  }

  // Each: (key, key of the storage, class), the number of dimensions and four bytes that mean
  // nothing, sizes, strides, offset.
  void read_tensors(PickleStream stream) {
    for (std::int64_t left = count(stream, "'tensors'"); left > 0; --left) {
      std::string key, storage_key;
      stream.next("'tensors'", [&](auto bytes) {
        const auto pickle = pickle::parse(bytes);
        const auto items = pickle.result->items();
        const auto texts =
            items.size() == 3 ? std::pair(key_text(items[0]), key_text(items[1]))
                              : std::pair<std::optional<std::string>, std::optional<std::string>>();
        if (!texts.first || !texts.second)
          throw file_.damaged("a tensor is not described as (key, storage, class)");
        key = *texts.first;
        storage_key = *texts.second;
        return pickle.size;
      });
      const auto rank = number<std::int32_t>(stream);
      stream.skip(4);
      if (rank < 0 || static_cast<std::uint64_t>(rank) > stream.left() / 16)
        throw file_.damaged("tensor '" + key + "' has an impossible number of dimensions");
      std::vector<std::int64_t> sizes, strides;
      for (std::int32_t d = 0; d < rank; ++d) sizes.push_back(number<std::int64_t>(stream));
      for (std::int32_t d = 0; d < rank; ++d) strides.push_back(number<std::int64_t>(stream));
      const auto offset = number<std::int64_t>(stream);
      add_tensor(key, storage_key, std::move(sizes), std::move(strides), offset);
    }
  }

  void add_tensor(const std::string& key, const std::string& storage_key,
                  std::vector<std::int64_t> sizes, std::vector<std::int64_t> strides,
                  std::int64_t offset) {
    const auto found = storages_.find(storage_key);
    if (found == storages_.end())
      throw file_.damaged("tensor '" + key + "' needs the storage '" + storage_key +
                          "', which the file lacks");
    const Storage& storage = found->second;
    TensorView view;
    view.storage = storage.root;
    view.dtype = storage.type->dtype;
    view.storage_bytes = static_cast<std::int64_t>(storage.place.size);
    view.shape = Shape(std::move(sizes));
    view.strides = std::move(strides);
    as_damage(file_, "'tensors'", 0, [&] {
      if (view.dtype == DType::none)
        throw std::runtime_error("tensor '" + key + "' has elements that Lathe has no type for");
      if (offset < 0 || __builtin_add_overflow(offset, storage.offset, &view.offset))
        throw std::runtime_error("tensor '" + key + "' begins out of range");
      try {
        check(view);
      } catch (const std::runtime_error& error) {
        throw std::runtime_error("tensor '" + key + "': " + error.what());
      }
    });
    if (!tensors_.emplace(key, std::move(view)).second)
      throw file_.damaged("it holds the tensor '" + key + "' twice");
  }

  const InputFile& file_;
  std::map<std::string, Place> entries_;
  std::map<std::string, Storage> storages_;
  SavedTensors tensors_;
};

}  // namespace

Checkpoint read_torch_tar(const InputFile& file) { return TarReader(file).read(); }

}  // namespace lathe
