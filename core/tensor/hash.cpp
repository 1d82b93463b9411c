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

struct Hasher::State {
  alignas(64) XXH3_state_t xxh;
};

namespace {

// What follows in the stream; keeps a number apart from a text with the same bytes.
enum class Kind : std::uint8_t { text, integer, natural, real, hash, bytes };

ContentHash converted(XXH128_hash_t h) { return {h.low64, h.high64}; }

void feed(XXH3_state_t& state, Kind kind, const void* data, std::size_t size) {
  std::array<std::uint8_t, 9> head{static_cast<std::uint8_t>(kind)};
  const std::uint64_t length = size;
  std::memcpy(head.data() + 1, &length, sizeof length);
  XXH3_128bits_update(&state, head.data(), head.size());
  if (size > 0) XXH3_128bits_update(&state, data, size);
}

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

Hasher::Hasher() : state_(new State) { XXH3_128bits_reset(&state_->xxh); }
Hasher::~Hasher() { delete state_; }

Hasher& Hasher::add(std::string_view text) {
  feed(state_->xxh, Kind::text, text.data(), text.size());
  return *this;
}

Hasher& Hasher::add(std::int64_t number) {
  feed(state_->xxh, Kind::integer, &number, sizeof number);
  return *this;
}

Hasher& Hasher::add(std::uint64_t number) {
  feed(state_->xxh, Kind::natural, &number, sizeof number);
  return *this;
}

Hasher& Hasher::add(double number) {
  feed(state_->xxh, Kind::real, &number, sizeof number);
  return *this;
}

Hasher& Hasher::add(const ContentHash& hash) {
  const std::array<std::uint64_t, 2> words{hash.low, hash.high};
  feed(state_->xxh, Kind::hash, words.data(), sizeof words);
  return *this;
}

Hasher& Hasher::add_bytes(std::span<const std::byte> bytes) {
  feed(state_->xxh, Kind::bytes, bytes.data(), bytes.size());
  return *this;
}

ContentHash Hasher::finish() const { return converted(XXH3_128bits_digest(&state_->xxh)); }

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
