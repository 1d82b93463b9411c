// Small files of images as the tests need them: CIFAR-10 records and IDX, plain and gzip.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace lathe_test {

// Records whose every byte tells which record it is: row r has label r % 10 and pixels first + r.
inline std::string cifar_records(int rows, int first = 0) {
  std::string bytes;
  for (int row = 0; row < rows; ++row) {
    bytes += static_cast<char>(row % 10);
    bytes += std::string(3072, static_cast<char>(first + row));
  }
  return bytes;
}

inline std::string idx(const std::vector<std::uint32_t>& shape, const std::string& elements) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const std::uint32_t extent : shape)
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(extent >> shift & 0xFFU);
  return bytes + elements;
}

inline std::string idx_images(int rows, int first = 0) {
  std::string pixels;
  for (int row = 0; row < rows; ++row) pixels += std::string(784, static_cast<char>(first + row));
  return idx({static_cast<std::uint32_t>(rows), 28, 28}, pixels);
}

inline std::string idx_labels(int rows) {
  std::string labels;
  for (int row = 0; row < rows; ++row) labels += static_cast<char>(row % 10);
  return idx({static_cast<std::uint32_t>(rows)}, labels);
}

inline std::string gzip(const std::string& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 9,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  std::string input = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool ended = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (!ended) throw std::runtime_error("deflate");
  return packed;
}

}  // namespace lathe_test
