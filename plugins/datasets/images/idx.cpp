#include "idx.hpp"

#include "../file_bytes.hpp"
#include "../foreign_format.hpp"
#include "../gzip.hpp"

#include <lathe/lathe.hpp>

namespace datasets {

namespace {

idx_header read_idx_header(packed_file& file, const std::string& path) {
  const auto fail = [&path](std::string text) {
    return lathe::data_loss(std::move(text)).at_file(path);
  };
  unsigned char magic[4] = {};
  if (file.read(magic, 4) != 4) {
    throw fail(file.packed() ? "the gzip file ends before an IDX header does; it is truncated"
                             : "this is no IDX file: it ends inside its magic number");
  }
  if (magic[0] != 0 || magic[1] != 0 || magic[2] < 0x08 || magic[2] > 0x0e || magic[3] == 0) {
    constexpr const char* kOther = "this is no IDX file: it begins with another magic number";
    // What a gzip file holds is read on from here; of others the beginning tells.
    if (file.packed()) throw fail(kOther);
    throw other_format(kOther, file_bytes(path, kTellingBytes), path);
  }
  if (magic[2] != 0x08) throw fail("the IDX file holds other elements than unsigned bytes");
  if (magic[3] > 4) {
    throw fail(lathe::join({"the IDX file has ", lathe::to_string(std::int64_t{magic[3]}),
                            " dimensions; images have 3 and labels 1"}));
  }
  idx_header header;
  header.elements = 1;
  for (int i = 0; i < magic[3]; ++i) {
    unsigned char extent[4] = {};
    if (file.read(extent, 4) != 4) throw fail("the IDX file ends inside its header");
    header.shape.push_back(std::uint64_t{extent[0]} << 24 | std::uint64_t{extent[1]} << 16 |
                           std::uint64_t{extent[2]} << 8 | std::uint64_t{extent[3]});
    if (__builtin_mul_overflow(header.elements, header.shape.back(), &header.elements)) {
      header.elements = UINT64_MAX;
      break;
    }
  }
  // What the bytes at hand can hold at most.
  const std::uint64_t stored = file_size(path);
  const std::uint64_t most = file.packed() ? 1032 * stored : stored - header.size();
  if (header.elements > most || (!file.packed() && header.elements < most)) {
    throw fail(lathe::join({"the IDX file says that it holds ", shape_text(header.shape),
                            " bytes; its ", lathe::to_string(static_cast<std::int64_t>(stored)),
                            " bytes do not fit that; it is truncated or damaged"}));
  }
  return header;
}

}  // namespace

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (const std::uint64_t extent : shape) {
    text += lathe::join(
        {text.size() > 1 ? ", " : "", lathe::to_string(static_cast<std::int64_t>(extent))});
  }
  return text + "]";
}

idx_header idx_header_of(const std::string& path) {
  // A gzip header may carry names and comments; more than this is no one's.
  packed_file file(path, 64 << 10);
  return read_idx_header(file, path);
}

void append_idx(const std::string& path, const idx_header& expected,
                std::vector<std::uint8_t>& out) {
  packed_file file(path);
  const idx_header header = read_idx_header(file, path);
  if (header.shape != expected.shape) {
    throw lathe::data_loss("the file changed while it was in use").at_file(path);
  }
  const std::size_t begin = out.size();
  out.resize(begin + header.elements);
  const std::size_t got = file.read(out.data() + begin, header.elements);
  if (got != header.elements || !file.at_end()) {
    throw lathe::data_loss(
        lathe::join({"the IDX file says that it holds ", shape_text(header.shape), " bytes; ",
                     got == header.elements ? "more follow, or its checksum is missing"
                                            : "it ends before; it is truncated or damaged"}))
        .at_file(path);
  }
}

}  // namespace datasets
