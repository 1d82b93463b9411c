#include "core/checkpoint/checkpoint.hpp"

#include "core/checkpoint/other_files.hpp"
#include "core/checkpoint/safetensors.hpp"
#include "core/checkpoint/torch/legacy.hpp"
#include "core/checkpoint/torch/tar.hpp"
#include "core/checkpoint/torch/zip.hpp"
#include "core/checkpoint/zip/zip_reader.hpp"

#include <array>
#include <cstring>
#include <string_view>

namespace lathe {

namespace {

constexpr std::size_t kSniffed = 512, kTarMagic = 257;

std::string_view view_of(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

// Eight bytes of length, then JSON. Asked first: a length may look like another file's beginning.
bool begins_like_safetensors(std::string_view begin) {
  if (begin.size() < 9 || begin[8] != '{') return false;
  std::uint64_t length = 0;
  std::memcpy(&length, begin.data(), sizeof length);
  return length <= kLargestSafetensorsHeader;
}

using namespace std::string_view_literals;

// The magic number of torch.save, 0x1950a86a20f9469cfc6c, as a pickle of any protocol has it.
bool begins_like_legacy(std::string_view begin) {
  constexpr auto kMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv;
  constexpr std::size_t kProtocol = 2, kFrame = 9;
  if (begin.starts_with("L119547037146038801333356L\n."sv)) return true;  // protocols 0 and 1
  if (!begin.starts_with('\x80') || begin.size() < kProtocol + kFrame) return false;
  return begin.substr(kProtocol).starts_with(kMagic) ||
         begin.substr(kProtocol + kFrame).starts_with(kMagic);
}

}  // namespace

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  const InputFile file(path);
  if (file.size() == 0) throw file.damaged("the file is empty");
  std::array<char, kSniffed> buffer{};
  const std::size_t sniffed = std::min<std::size_t>(kSniffed, file.size());
  file.read(0, std::as_writable_bytes(std::span(buffer).first(sniffed)));
  const std::string_view begin = view_of(std::span(buffer).first(sniffed));

  if (begins_like_safetensors(begin)) return read_safetensors(file);
  if (begin.starts_with("PK\x03\x04"sv)) return read_torch_zip(file);
  if (begins_like_legacy(begin)) return read_torch_legacy(file);
  if (begin.size() > kTarMagic && begin.substr(kTarMagic).starts_with("ustar"sv))
    return read_torch_tar(file);
  if (const std::string other = other_file(file, begin); !other.empty())
    throw run_error(LATHE_UNIMPLEMENTED, other, {path.string()});
  if (ZipArchive::ends_like_one(file)) return read_torch_zip(file);
  throw file.damaged(
      "this is no checkpoint that can be read (safetensors, or a file of torch.save): " +
      beginning(begin));
}

}  // namespace lathe
