// Content hashes (XXH3, 128 bits): the keys of the evaluation cache. Not for security; files are
// named by SHA-256.
#pragma once

#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace lathe {

struct ContentHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const ContentHash&) const = default;
  auto operator<=>(const ContentHash&) const = default;
  std::string text() const;  // 32 hex digits
};

// Feeds values one after the other; each with its length, so that ("a","bc") is not ("ab","c").
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  Hasher& add(std::string_view text);
  Hasher& add(std::int64_t number);
  Hasher& add(std::uint64_t number);
  Hasher& add(double number);
  Hasher& add(const ContentHash& hash);
  Hasher& add_bytes(std::span<const std::byte> bytes);
  ContentHash finish() const;

 private:
  struct State;
  State* state_;
};

ContentHash hash_of(const Tensor& tensor);  // dtype, shape and contents

// SHA-256 as 64 hex digits.
std::string sha256(std::span<const std::byte> bytes);
std::string sha256_of_file(int descriptor);  // from its beginning; throws run_error
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace lathe

template <>
struct std::hash<lathe::ContentHash> {
  std::size_t operator()(const lathe::ContentHash& h) const noexcept {
    return static_cast<std::size_t>(h.low);
  }
};
