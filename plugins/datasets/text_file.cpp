#include "text_file.hpp"

#include "file_bytes.hpp"
#include "foreign_format.hpp"
#include "gzip.hpp"

#include <lathe/lathe.hpp>

#include <unistd.h>

#include <cstring>

namespace datasets {

namespace {

constexpr std::string_view kGzip = "\x1f\x8b";

std::uint64_t quarter_of_memory() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE)) / 4;
}

// Of `limit` packed bytes at most; then what they end with is not checked.
std::string unpacked(const std::string& path, std::uint64_t limit) {
  constexpr std::size_t kBlock = 1 << 20;
  const bool whole = limit == UINT64_MAX;
  const std::uint64_t most = whole ? quarter_of_memory() : limit;
  packed_file file(path, limit);
  std::string text;
  for (std::size_t got = kBlock; got == kBlock;) {
    const std::size_t done = text.size();
    if (done >= most) {
      if (!whole) return text;
      throw lathe::error(LATHE_RESOURCE_EXHAUSTED,
                         "the gzip file unpacks to more than a quarter of this machine's memory")
          .at_file(path);
    }
    text.resize(done + kBlock);
    got = file.read(reinterpret_cast<unsigned char*>(&text[done]), kBlock);
    text.resize(done + got);
  }
  if (whole && !file.at_end()) {
    throw lathe::data_loss("the gzip file ends before its data do; it is truncated or damaged")
        .at_file(path);
  }
  return text;
}

// Every other byte of the first ones is 0.
bool is_utf16(std::string_view text) {
  if (text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff") return true;
  if (text.size() < 8) return false;
  std::size_t zeros[2] = {0, 0};
  const std::string_view begin = text.substr(0, 32);
  for (std::size_t i = 0; i < begin.size(); ++i) zeros[i % 2] += begin[i] == '\0';
  const std::size_t half = begin.size() / 2;
  return (zeros[0] >= half && zeros[1] == 0) || (zeros[1] >= half && zeros[0] == 0);
}

std::string text_within(const std::string& path, std::uint64_t limit) {
  const std::string begin = file_bytes(path, kTellingBytes);
  const bool packed = begin.compare(0, kGzip.size(), kGzip) == 0;
  std::string text = packed ? unpacked(path, limit) : file_bytes(path, limit);
  if (is_utf16(text)) {
    throw lathe::data_loss("this text is UTF-16; save it as UTF-8").at_file(path);
  }
  const std::string what = what_it_is(std::string_view(text).substr(0, kTellingBytes));
  if (!what.empty()) {
    throw lathe::data_loss(
        lathe::join(
            {packed ? "what this gzip file holds is no table; " : "this is no table; ", what}))
        .at_file(path);
  }
  if (text.compare(0, 3, "\xef\xbb\xbf") == 0) text.erase(0, 3);
  return text;
}

std::string from_latin1(const std::string& text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Longer forms than needed, surrogates, and what Unicode does not have.
  const bool wrong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f) ||
                     (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f);
  return wrong ? 0 : length;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    // Eight bytes of ASCII at once.
    std::uint64_t word = 0;
    if (text.size() - at >= sizeof word) {
      std::memcpy(&word, text.data() + at, sizeof word);
      if ((word & 0x8080808080808080) == 0) {
        at += sizeof word;
        continue;
      }
    }
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string text_begin_of(const std::string& path, std::uint64_t limit) {
  return text_within(path, limit);
}

std::string text_of(const std::string& path, std::vector<std::string>& warnings) {
  std::string text = text_within(path, UINT64_MAX);
  if (is_utf8(text)) return text;
  warnings.push_back(lathe::join({"'", path,
                                  "': its text is not UTF-8 and is read as Latin-1; names of "
                                  "columns and classes may be spelled wrong"}));
  return from_latin1(text);
}

}  // namespace datasets
