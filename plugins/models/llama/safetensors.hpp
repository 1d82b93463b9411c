// Weights in files of safetensors: one, or shards that an index tells of. Headers are read at once,
// contents when they are wanted, straight into the memory of whoever wants them.
#pragma once

#include <lathe/tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace llama {

// A file that stays open; its bytes are mapped while they are looked at.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);  // throws lathe::error at it
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  // Part of the file. REQUIRES: the file has it.
  class View {
   public:
    View(const MappedFile& file, std::uint64_t offset, std::uint64_t size);
    ~View();
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    const char* data() const { return data_; }

   private:
    void* mapped_ = nullptr;
    std::uint64_t mapped_size_ = 0;
    const char* data_ = nullptr;
  };

 private:
  std::string path_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

struct StoredTensor {
  std::shared_ptr<const MappedFile> file;
  std::string dtype;  // "F32", "F16", "BF16", ...
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0, size = 0;  // bytes in the file
};

std::string shape_text(const std::vector<std::int64_t>& shape);

// By name: those of the folder's model.safetensors, else of the shards in its
// model.safetensors.index.json. Throws lathe::error at the file: none of the two is there, a shard
// is missing or lacks what the index says, a header is damaged.
std::map<std::string, StoredTensor> stored_tensors(const std::string& folder);

// Whether contents of that type can be floats.
bool is_float(const std::string& dtype);

// The contents as float32. REQUIRES: is_float, and room for the tensor's shape. Thread-safe.
void write(const StoredTensor& tensor, const lathe_tensor& out);

}  // namespace llama
