#include "external_data.hpp"

#include <lathe/lathe.hpp>

#include <charconv>
#include <filesystem>
#include <fstream>

namespace onnx_reader {

namespace {

namespace fs = std::filesystem;

lathe::error refused(const onnx::TensorProto& tensor, std::string_view why) {
  return lathe::data_loss(lathe::join({"external data of tensor '", tensor.name(), "' ", why}));
}

std::uint64_t number_of(const onnx::TensorProto& tensor, std::string_view key,
                        const std::string& text) {
  std::uint64_t out = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || end != text.data() + text.size()) {
    throw refused(tensor, lathe::join({"has the ", key, " '", text, "'"}));
  }
  return out;
}

// The place in the file system, links resolved, which must lie under the model's folder.
fs::path resolved(const onnx::TensorProto& tensor, const std::string& location,
                  const std::string& folder) {
  const fs::path named(location);
  std::error_code code;
  const fs::path root = fs::canonical(folder.empty() ? fs::path(".") : fs::path(folder), code);
  if (code) throw refused(tensor, "has no folder that can be read");
  if (location.empty() || location.find('\0') != std::string::npos || named.is_absolute()) {
    throw refused(tensor, lathe::join({"names no file of the model's folder: '", location, "'"}));
  }
  const fs::path lexical = (root / named).lexically_normal();
  const auto under = [&](const fs::path& path) {
    const fs::path inner = path.lexically_relative(root);
    return !inner.empty() && *inner.begin() != ".." && inner != ".";
  };
  if (!under(lexical)) {
    throw refused(tensor, lathe::join({"leaves the model's folder: '", location, "'"}));
  }
  const fs::path real = fs::canonical(lexical, code);
  if (code) {
    throw refused(tensor, lathe::join({"is not there: '", lexical.string(), "'"}));
  }
  if (!under(real)) {
    throw refused(tensor, lathe::join({"leaves the model's folder: '", location, "'"}));
  }
  return real;
}

}  // namespace

FileRange external_range(const onnx::TensorProto& tensor, std::int64_t length,
                         const std::string& folder) {
  FileRange range;
  range.length = static_cast<std::uint64_t>(length);
  std::string location;
  for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") range.offset = number_of(tensor, "offset", entry.value());
    if (entry.key() == "length" && number_of(tensor, "length", entry.value()) != range.length) {
      throw refused(tensor, lathe::join({"has ", entry.value(), " bytes; its shape needs ",
                                         lathe::to_string(length)}));
    }
  }
  const fs::path path = resolved(tensor, location, folder);
  std::error_code code;
  if (!fs::is_regular_file(path, code)) {
    throw refused(tensor, lathe::join({"is no file: '", path.string(), "'"}));
  }
  const std::uintmax_t size = fs::file_size(path, code);
  if (code || range.offset > size || range.length > size - range.offset) {
    throw refused(tensor, lathe::join({"ends beyond its file '", path.string(), "'"}));
  }
  range.path = path.string();
  return range;
}

std::vector<char> read(const FileRange& range) {
  std::ifstream file(range.path, std::ios::binary);
  std::vector<char> bytes(range.length);
  file.seekg(static_cast<std::streamoff>(range.offset));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) {
    throw lathe::data_loss("the file ends before the tensor that lies in it; was it changed?")
        .at_file(range.path);
  }
  return bytes;
}

}  // namespace onnx_reader
