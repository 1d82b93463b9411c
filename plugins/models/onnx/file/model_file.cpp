#include "model_file.hpp"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <lathe/lathe.hpp>

#include <climits>

namespace onnx_reader {

namespace {

// A file's bytes, mapped while they are parsed.
class Mapped {
 public:
  explicit Mapped(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) throw lathe::not_found("there is no such file, or it cannot be read");
    struct stat info = {};
    const bool known = ::fstat(file, &info) == 0;
    if (known && S_ISREG(info.st_mode)) size_ = static_cast<std::size_t>(info.st_size);
    const bool small = size_ <= static_cast<std::size_t>(INT_MAX);
    if (size_ > 0 && small) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    if (!known || !S_ISREG(info.st_mode)) throw lathe::data_loss("this is no regular file");
    if (size_ == 0) throw lathe::data_loss("this file is empty");
    if (!small) {
      throw lathe::data_loss(
          "a file of ONNX holds at most 2 GiB; export it with external data, which lies beside it");
    }
    if (data_ == MAP_FAILED) throw lathe::data_loss("this file cannot be read");
  }
  ~Mapped() {
    if (data_ != MAP_FAILED) ::munmap(data_, size_);
  }
  Mapped(const Mapped&) = delete;

  const char* data() const { return static_cast<const char*>(data_); }
  std::size_t size() const { return size_; }

 private:
  void* data_ = MAP_FAILED;
  std::size_t size_ = 0;
};

}  // namespace

std::shared_ptr<const onnx::ModelProto> parse_model(const char* bytes, std::size_t size) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes),
                                                static_cast<int>(size));
  auto model = std::make_shared<onnx::ModelProto>();
  if (!model->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    throw lathe::data_loss("this is no file of ONNX, or it is damaged or cut off");
  }
  if (!model->has_graph()) throw lathe::data_loss("this is no file of ONNX: it has no graph");
  return model;
}

std::shared_ptr<const onnx::ModelProto> read_model_file(const std::string& path) {
  try {
    const Mapped file(path);
    return parse_model(file.data(), file.size());
  } catch (lathe::error& error) {
    throw error.at_file(path);
  }
}

}  // namespace onnx_reader
