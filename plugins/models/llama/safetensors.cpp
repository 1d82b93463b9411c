#include "safetensors.hpp"

#include "json_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

namespace llama {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLargestHeader = 100'000'000;  // the reference implementation's limit

std::string text(std::uint64_t number) {
  return lathe::to_string(static_cast<std::int64_t>(number));
}

// Bits of an element; 0: Lathe knows no such type, and has no need of its tensors.
std::uint64_t bits_of(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> known = {
      {"F64", 64}, {"F32", 32}, {"F16", 16}, {"BF16", 16}, {"I64", 64},
      {"I32", 32}, {"I16", 16}, {"I8", 8},   {"U8", 8},    {"BOOL", 8}};
  const auto found = known.find(dtype);
  return found == known.end() ? 0 : found->second;
}

StoredTensor stored(const std::shared_ptr<const MappedFile>& file, const std::string& name,
                    const Json& json, std::uint64_t data_begin) {
  const auto damaged = [&](std::string_view why) {
    return lathe::data_loss(lathe::join({"tensor '", name, "' ", why})).at_file(file->path());
  };
  StoredTensor out{file, {}, {}, 0, 0};
  std::uint64_t begin = 0, end = 0;
  try {
    out.dtype = json.at("dtype").get<std::string>();
    out.shape = json.at("shape").get<std::vector<std::int64_t>>();
    begin = json.at("data_offsets").at(0).get<std::uint64_t>();
    end = json.at("data_offsets").at(1).get<std::uint64_t>();
  } catch (const Json::exception&) {
    throw damaged("has no dtype, shape and data_offsets in the header");
  }
  if (begin > end || end > file->size() - data_begin) {
    throw damaged("ends beyond the file; was it cut off?");
  }
  out.offset = data_begin + begin;
  out.size = end - begin;
  std::uint64_t count = 1;
  for (const std::int64_t extent : out.shape) {
    if (extent < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(extent), &count)) {
      throw damaged("has an impossible shape");
    }
  }
  const std::uint64_t bytes = bits_of(out.dtype) / 8;
  if (bytes != 0 && (out.size % bytes != 0 || out.size / bytes != count)) {
    throw damaged(lathe::join({"of shape ", shape_text(out.shape), " and type ", out.dtype, " has ",
                               text(out.size), " bytes"}));
  }
  return out;
}

void add_file(const std::string& path, std::map<std::string, StoredTensor>& all) {
  const auto file = std::make_shared<const MappedFile>(path);
  std::uint64_t length = file->size();
  if (file->size() >= kLengthBytes) {
    std::memcpy(&length, MappedFile::View(*file, 0, kLengthBytes).data(), kLengthBytes);
  }
  if (file->size() < kLengthBytes || length > file->size() - kLengthBytes ||
      length > kLargestHeader) {
    throw lathe::data_loss("this is no file of safetensors, or it is cut off").at_file(path);
  }
  const MappedFile::View header(*file, kLengthBytes, length);
  const Json json = parse_object(path, header.data(), length);
  for (const auto& [name, tensor] : json.items()) {
    if (name != "__metadata__") all[name] = stored(file, name, tensor, kLengthBytes + length);
  }
}

// Names of the shards' files, each with those of its tensors.
std::map<std::string, std::vector<std::string>> shards_of(const std::string& index) {
  const Json json = read_object(index);
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object() || map->empty()) {
    throw lathe::data_loss("it has no 'weight_map', which says in which file each tensor is")
        .at_file(index);
  }
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, file] : map->items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : std::string();
    if (name.empty() || fs::path(name).filename() != name) {
      throw lathe::data_loss(lathe::join({"tensor '", tensor, "' is said to be in ", file.dump(),
                                          ", which names no file of the folder"}))
          .at_file(index);
    }
    shards[name].push_back(tensor);
  }
  return shards;
}

void add_shards(const std::string& folder, const std::string& index,
                std::map<std::string, StoredTensor>& all) {
  for (const auto& [name, tensors] : shards_of(index)) {
    const std::string path = (fs::path(folder) / name).string();
    std::error_code code;
    if (!fs::exists(path, code)) {
      throw lathe::not_found(
          lathe::join({"the shard '", name, "' is missing; it holds '", tensors.front(), "'",
                       tensors.size() == 1 ? "" : " and others"}))
          .at_file(index);
    }
    add_file(path, all);
    for (const std::string& tensor : tensors) {
      if (all.count(tensor) == 0 || all.at(tensor).file->path() != path) {
        throw lathe::data_loss(lathe::join({"the shard '", name, "' does not have '", tensor,
                                            "', which is said to be "
                                            "in it; are all files of one checkpoint?"}))
            .at_file(index);
      }
    }
  }
}

float from_half(std::uint16_t bits) {
  const float sign = (bits & 0x8000U) != 0 ? -1.0F : 1.0F;
  const int exponent = (bits >> 10) & 0x1F;
  const auto fraction = static_cast<float>(bits & 0x3FFU);
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  if (exponent == 31) return fraction == 0.0F ? sign * HUGE_VALF : NAN;
  return sign * std::ldexp(fraction + 1024.0F, exponent - 25);
}

float from_bfloat(std::uint16_t bits) {
  const std::uint32_t wide = static_cast<std::uint32_t>(bits) << 16;
  float out = 0;
  std::memcpy(&out, &wide, sizeof out);
  return out;
}

template <class From, class Convert>
void convert(const char* from, std::uint64_t size, float* to, const Convert& one) {
  for (std::uint64_t i = 0; i < size / sizeof(From); ++i) {
    From x;
    std::memcpy(&x, from + i * sizeof x, sizeof x);
    to[i] = one(x);
  }
}

// Bytes at a time: what is mapped counts as memory in use.
constexpr std::uint64_t kPiece = std::uint64_t{1} << 24;

void convert(const std::string& dtype, const char* from, std::uint64_t size, float* to) {
  if (dtype == "F32") {
    std::memcpy(to, from, size);
  } else if (dtype == "F64") {
    convert<double>(from, size, to, [](double x) { return static_cast<float>(x); });
  } else {
    convert<std::uint16_t>(from, size, to, dtype == "F16" ? from_half : from_bfloat);
  }
}

}  // namespace

MappedFile::MappedFile(const std::string& path)
    : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat info = {};
  const bool good = file_ >= 0 && ::fstat(file_, &info) == 0 && S_ISREG(info.st_mode);
  if (!good) {
    if (file_ >= 0) ::close(file_);
    throw lathe::not_found("there is no such file, or it cannot be read").at_file(path);
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
}

MappedFile::~MappedFile() { ::close(file_); }

MappedFile::View::View(const MappedFile& file, std::uint64_t offset, std::uint64_t size) {
  if (size == 0) return;
  struct stat info = {};
  if (::fstat(file.file_, &info) != 0 || static_cast<std::uint64_t>(info.st_size) != file.size_) {
    throw lathe::data_loss("the file was changed while it was in use").at_file(file.path_);
  }
  const std::uint64_t before = offset % static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  mapped_size_ = size + before;
  mapped_ = ::mmap(nullptr, mapped_size_, PROT_READ, MAP_PRIVATE, file.file_,
                   static_cast<off_t>(offset - before));
  if (mapped_ == MAP_FAILED) throw lathe::data_loss("it cannot be mapped").at_file(file.path_);
  data_ = static_cast<const char*>(mapped_) + before;
}

MappedFile::View::~View() {
  if (mapped_ != nullptr && mapped_ != MAP_FAILED) ::munmap(mapped_, mapped_size_);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string out = "[";
  for (const std::int64_t extent : shape)
    out += lathe::join({out.size() == 1 ? "" : ", ", lathe::to_string(extent)});
  return out + "]";
}

std::map<std::string, StoredTensor> stored_tensors(const std::string& folder) {
  std::map<std::string, StoredTensor> all;
  const std::string whole = (fs::path(folder) / "model.safetensors").string();
  const std::string index = whole + ".index.json";
  std::error_code code;
  if (fs::exists(whole, code)) {
    add_file(whole, all);
  } else if (fs::exists(index, code)) {
    add_shards(folder, index, all);
  } else {
    throw lathe::not_found(
        lathe::join({"the folder has neither model.safetensors nor model.safetensors.index.json; "
                     "weights = fresh builds the network with random weights"}))
        .at_file(folder);
  }
  return all;
}

bool is_float(const std::string& dtype) {
  return dtype == "F32" || dtype == "F16" || dtype == "BF16" || dtype == "F64";
}

void write(const StoredTensor& tensor, const lathe_tensor& out) {
  auto* to = static_cast<float*>(out.dl.data);
  const std::uint64_t each = bits_of(tensor.dtype) / 8;
  for (std::uint64_t done = 0; done < tensor.size; done += kPiece) {
    const std::uint64_t size = std::min(kPiece, tensor.size - done);
    const MappedFile::View bytes(*tensor.file, tensor.offset + done, size);
    convert(tensor.dtype, bytes.data(), size, to + done / each);
  }
}

}  // namespace llama
