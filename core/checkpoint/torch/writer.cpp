// PyTorch's zip form, out: a pickle of an OrderedDict of tensors, protocol 2, and an entry for each
// storage. Only opcodes and names that torch.load(weights_only=True) of every version takes.
#include "core/checkpoint/torch/writer.hpp"

#include "core/base/file.hpp"
#include "core/checkpoint/torch/pickle/opcodes.hpp"
#include "core/checkpoint/zip/zip_writer.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstring>
#include <limits>
#include <tuple>

namespace lathe {

namespace {

using namespace pickle;

constexpr std::uint8_t kProtocol = 2;

std::string_view storage_name(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "FloatStorage";
    case DType::float64:
      return "DoubleStorage";
    case DType::float16:
      return "HalfStorage";
    case DType::bfloat16:
      return "BFloat16Storage";
    case DType::int8:
      return "CharStorage";
    case DType::int16:
      return "ShortStorage";
    case DType::int32:
      return "IntStorage";
    case DType::int64:
      return "LongStorage";
    case DType::uint8:
      return "ByteStorage";
    case DType::boolean:
      return "BoolStorage";
    case DType::none:
      break;
  }
  throw usage_error("a .pt file has no type for " + std::string(name(dtype)));
}

// Writes values the way Python's pickler does: what was written before is recalled by its number.
class Pickler {
 public:
  void opcode(std::uint8_t code) { out_ += static_cast<char>(code); }
  void byte(std::uint8_t value) { out_ += static_cast<char>(value); }

  void integer(std::int64_t value) {
    if (value >= 0 && value <= UINT8_MAX) {
      opcode(BININT1);
      number(static_cast<std::uint8_t>(value));
    } else if (value >= 0 && value <= UINT16_MAX) {
      opcode(BININT2);
      number(static_cast<std::uint16_t>(value));
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
      opcode(BININT);
      number(static_cast<std::int32_t>(value));
    } else {
      opcode(LONG1);
      number(static_cast<std::uint8_t>(sizeof value));
      number(value);
    }
  }
  void text(std::string_view value) {
    if (recalled("text " + std::string(value))) return;
    opcode(BINUNICODE);
    number(static_cast<std::uint32_t>(value.size()));
    out_ += value;
    memoize();
  }
  void global(std::string_view module, std::string_view attribute) {
    const std::string written = std::string(module) + "\n" + std::string(attribute) + "\n";
    if (recalled("global " + written)) return;
    opcode(GLOBAL);
    out_ += written;
    memoize();
  }
  void integers(std::span<const std::int64_t> values) {
    if (values.empty()) return opcode(EMPTY_TUPLE);
    opcode(MARK);
    for (const std::int64_t value : values) integer(value);
    opcode(TUPLE);
  }
  void empty_ordered_dict() {
    global("collections", "OrderedDict");
    opcode(EMPTY_TUPLE);
    opcode(REDUCE);
  }

  const std::string& bytes() const { return out_; }

 private:
  template <typename T>
  void number(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof value);
  }
  bool recalled(const std::string& what) {
    const auto [place, is_new] = memo_.emplace(what, static_cast<std::uint32_t>(memo_.size()));
    if (is_new) return false;
    if (place->second <= UINT8_MAX) {
      opcode(BINGET);
      number(static_cast<std::uint8_t>(place->second));
    } else {
      opcode(LONG_BINGET);
      number(place->second);
    }
    return true;
  }
  // Of what recalled() has just found new.
  void memoize() {
    const auto place = static_cast<std::uint32_t>(memo_.size() - 1);
    if (place <= UINT8_MAX) {
      opcode(BINPUT);
      number(static_cast<std::uint8_t>(place));
    } else {
      opcode(LONG_BINPUT);
      number(place);
    }
  }

  std::string out_;
  std::map<std::string, std::uint32_t> memo_;
};

std::vector<std::int64_t> contiguous_strides(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.rank(), 1);
  for (std::size_t d = shape.rank(); d-- > 1;)
    strides[d - 1] = strides[d] * std::max<std::int64_t>(1, shape[d]);
  return strides;
}

// Contents that several tensors share are one storage.
class Storages {
 public:
  std::string key_of(const Tensor& tensor) {
    const auto bytes = tensor.bytes();
    const Identity identity{bytes.data(), bytes.size(), tensor.dtype()};
    const auto known = numbers_.find(identity);
    if (known != numbers_.end() && !bytes.empty()) return std::to_string(known->second);
    numbers_[identity] = contents_.size();
    contents_.push_back(bytes);
    return std::to_string(contents_.size() - 1);
  }
  const std::vector<std::span<const std::byte>>& contents() const { return contents_; }

 private:
  using Identity = std::tuple<const std::byte*, std::size_t, DType>;
  std::map<Identity, std::size_t> numbers_;
  std::vector<std::span<const std::byte>> contents_;
};

void add_tensor(Pickler& out, const Tensor& tensor, Storages& storages) {
  out.global("torch._utils", "_rebuild_tensor_v2");
  out.opcode(MARK);
  out.opcode(MARK);
  out.text("storage");
  out.global("torch", storage_name(tensor.dtype()));
  out.text(storages.key_of(tensor));
  out.text("cpu");
  out.integer(tensor.numel());
  out.opcode(TUPLE);
  out.opcode(BINPERSID);
  out.integer(0);  // offset
  out.integers(tensor.shape().dims());
  out.integers(contiguous_strides(tensor.shape()));
  out.opcode(NEWFALSE);      // requires_grad
  out.empty_ordered_dict();  // hooks
  out.opcode(TUPLE);
  out.opcode(REDUCE);
}

}  // namespace

void write_torch(const std::filesystem::path& path, const std::map<std::string, Tensor>& tensors) {
  Pickler pickler;
  Storages storages;
  pickler.opcode(PROTO);
  pickler.byte(kProtocol);
  pickler.empty_ordered_dict();
  if (!tensors.empty()) {
    pickler.opcode(MARK);
    for (const auto& [name, tensor] : tensors) {
      if (!tensor.defined()) throw usage_error("tensor '" + name + "' has no contents to write");
      try {
        nlohmann::json(name).dump();
      } catch (const nlohmann::json::exception&) {
        throw usage_error("a tensor's name is not UTF-8, which Python demands", {path.string()});
      }
      pickler.text(name);
      add_tensor(pickler, tensor, storages);
    }
    pickler.opcode(SETITEMS);
  }
  pickler.opcode(STOP);

  write_atomically(path, [&](const ByteSink& sink) {
    const std::string root = "archive/";
    ZipWriter zip(sink);
    zip.add(root + "data.pkl", pickler.bytes());
    zip.add(root + "byteorder", std::string_view("little"));
    for (std::size_t i = 0; i < storages.contents().size(); ++i)
      zip.add(root + "data/" + std::to_string(i), storages.contents()[i]);
    zip.add(root + "version", std::string_view("3\n"));
    zip.finish();
  });
}

}  // namespace lathe
