// The size of the hash state is only told to those who link statically; the state is kept inside a
// type of this file, so no other file depends on it.
#define XXH_STATIC_LINKING_ONLY

#include "core/tensor/hash.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <unistd.h>
#include <xxhash.h>

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

namespace lathe {

namespace {

// What follows in the stream; keeps a number apart from a text with the same bytes.
enum class Kind : std::uint8_t { text, integer, natural, real, hash, bytes };

}  // namespace

// Most hashes are of little, which is hashed in one go; what is more goes through the stream.
struct Hasher::State {
  void take(const void* data, std::size_t bytes) {
    if (!streams && bytes <= few.size() - size) {
      if (bytes > 0) std::memcpy(few.data() + size, data, bytes);
      size += bytes;
      return;
    }
    if (!streams) {
      XXH3_128bits_reset(&xxh);
      XXH3_128bits_update(&xxh, few.data(), size);
      streams = true;
    }
    XXH3_128bits_update(&xxh, data, bytes);
  }

  Hasher& feed(Hasher& hasher, Kind kind, const void* data, std::size_t bytes) {
    std::array<std::uint8_t, 9> head{static_cast<std::uint8_t>(kind)};
    const std::uint64_t length = bytes;
    std::memcpy(head.data() + 1, &length, sizeof length);
    take(head.data(), head.size());
    if (bytes > 0) take(data, bytes);
    return hasher;
  }

  alignas(64) XXH3_state_t xxh;
  std::array<std::byte, 512> few;
  std::size_t size = 0;
  bool streams = false;
};

namespace {

ContentHash converted(XXH128_hash_t h) { return {h.low64, h.high64}; }

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (std::uint8_t b : bytes) out += fmt::format("{:02x}", b);
  return out;
}

std::string digest(sha256_ctx& context) {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> out{};
  sha256_digest(&context, out.size(), out.data());
  return hex(out);
}

}  // namespace

std::string ContentHash::text() const { return fmt::format("{:016x}{:016x}", high, low); }

Hasher::Hasher() : state_(new State) {}
Hasher::~Hasher() { delete state_; }

Hasher& Hasher::add(std::string_view text) {
  return state_->feed(*this, Kind::text, text.data(), text.size());
}

Hasher& Hasher::add(std::int64_t number) {
  return state_->feed(*this, Kind::integer, &number, sizeof number);
}

Hasher& Hasher::add(std::uint64_t number) {
  return state_->feed(*this, Kind::natural, &number, sizeof number);
}

Hasher& Hasher::add(double number) {
  return state_->feed(*this, Kind::real, &number, sizeof number);
}

Hasher& Hasher::add(const ContentHash& hash) {
  const std::array<std::uint64_t, 2> words{hash.low, hash.high};
  return state_->feed(*this, Kind::hash, words.data(), sizeof words);
}

Hasher& Hasher::add_bytes(std::span<const std::byte> bytes) {
  return state_->feed(*this, Kind::bytes, bytes.data(), bytes.size());
}

ContentHash Hasher::finish() const {
  return converted(state_->streams ? XXH3_128bits_digest(&state_->xxh)
                                   : XXH3_128bits(state_->few.data(), state_->size));
}

ContentHash hash_of(const Tensor& tensor) {
  Hasher hasher;
  hasher.add(name(tensor.dtype())).add(std::uint64_t{tensor.shape().rank()});
  for (std::int64_t dim : tensor.shape()) hasher.add(dim);
  return hasher.add_bytes(tensor.bytes()).finish();
}

std::string sha256(std::span<const std::byte> bytes) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return digest(context);
}

std::string sha256_of_file(int descriptor) {
  sha256_ctx context;
  sha256_init(&context);
  std::vector<std::uint8_t> buffer(std::size_t{1} << 16);
  for (off_t offset = 0;;) {
    const ssize_t n = ::pread(descriptor, buffer.data(), buffer.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      throw run_error(LATHE_UNAVAILABLE, "it cannot be read to be hashed: " + system_text(errno));
    }
    if (n == 0) return digest(context);
    sha256_update(&context, static_cast<std::size_t>(n), buffer.data());
    offset += n;
  }
}

std::string sha256_of_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw read_failure(path, errno);
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } closer{descriptor};
  try {
    return sha256_of_file(descriptor);
  } catch (const Error& error) {
    throw error.at(Position{path.string()});
  }
}

}  // namespace lathe
