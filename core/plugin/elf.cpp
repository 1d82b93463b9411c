#include "core/plugin/elf.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

namespace lathe {
namespace {

// Names of symbols and sections: far above any real file, far below what hurts.
constexpr std::uint64_t kTableLimit = 64u << 20;

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr unsigned kMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr unsigned kMachine = EM_PPC64;
#else
#error "tell core/plugin/elf.cpp the ELF machine number of this architecture"
#endif
constexpr unsigned char kEncoding =
    std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

// The NUL-terminated text at `offset`; empty if it is not inside.
std::string_view text_at(std::string_view table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const std::string_view rest = table.substr(offset);
  const std::size_t end = rest.find('\0');
  return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

}  // namespace

void ElfFile::damaged(std::string_view why) const {
  throw usage_error(
      fmt::format("plugin '{}' is no loadable shared object: {}", path_.string(), why));
}

std::string ElfFile::bytes(std::uint64_t offset, std::uint64_t size, std::string_view what) const {
  if (offset > size_ || size > size_ - offset) {
    damaged(
        fmt::format("its {} lies beyond the end of the file ({} bytes); it is truncated or damaged",
                    what, size_));
  }
  if (size > kTableLimit) damaged(fmt::format("its {} has {} bytes", what, size));
  std::string out(size, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    const ssize_t n =
        pread(descriptor_, out.data() + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) damaged(fmt::format("reading its {} failed: {}", what, system_text(errno)));
    if (n == 0) damaged(fmt::format("it ends inside its {}", what));
    done += static_cast<std::uint64_t>(n);
  }
  return out;
}

ElfFile::ElfFile(int descriptor, std::uint64_t size, std::filesystem::path path)
    : descriptor_(descriptor), size_(size), path_(std::move(path)) {
  if (size_ == 0) damaged("the file is empty");
  char magic[SELFMAG] = {};
  if (size_ < SELFMAG || pread(descriptor_, magic, SELFMAG, 0) != SELFMAG ||
      std::memcmp(magic, ELFMAG, SELFMAG) != 0) {
    damaged("it is no ELF file");
  }
  const std::string head = bytes(0, sizeof(Elf64_Ehdr), "ELF header");
  Elf64_Ehdr header;
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64) damaged("it is not 64-bit");
  if (header.e_ident[EI_DATA] != kEncoding) damaged("it has the other byte order");
  if (header.e_machine != kMachine) {
    damaged(fmt::format("it is built for another machine (ELF machine {}, this one is {})",
                        header.e_machine, kMachine));
  }
  if (header.e_type != ET_DYN) damaged("it is an ELF file, but not a shared object");
  if (header.e_shnum == 0) damaged("it has no section headers");
  if (header.e_shentsize != sizeof(Elf64_Shdr)) damaged("its section headers have a wrong size");
  if (header.e_shstrndx >= header.e_shnum) damaged("its section names are missing");

  const std::string table = bytes(
      header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), "section header table");
  sections_.reserve(header.e_shnum);
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr s;
    std::memcpy(&s, table.data() + i * sizeof s, sizeof s);
    sections_.push_back({s.sh_name, s.sh_type, s.sh_offset, s.sh_size, s.sh_link});
  }
  const Section& names = sections_[header.e_shstrndx];
  if (names.type != SHT_STRTAB) damaged("its section names are no text table");
  names_ = bytes(names.offset, names.size, "table of section names");
}

std::optional<std::string> ElfFile::section(std::string_view name, std::uint64_t limit) const {
  for (const Section& s : sections_) {
    if (text_at(names_, s.name) != name) continue;
    if (s.type == SHT_NOBITS) damaged(fmt::format("its section {} has no contents", name));
    if (s.size > limit) {
      damaged(
          fmt::format("its section {} has {} bytes; at most {} are believed", name, s.size, limit));
    }
    return bytes(s.offset, s.size, fmt::format("section {}", name));
  }
  return std::nullopt;
}

const ElfFile::Section* ElfFile::of_type(std::uint32_t type) const {
  for (const Section& s : sections_) {
    if (s.type == type) return &s;
  }
  return nullptr;
}

std::string ElfFile::linked_strings(const Section& section) const {
  if (section.link >= sections_.size()) damaged("a section refers to one that is not there");
  const Section& strings = sections_[section.link];
  return bytes(strings.offset, strings.size, "string table");
}

std::vector<std::string> ElfFile::needed() const {
  std::vector<std::string> out;
  const Section* dynamic = of_type(SHT_DYNAMIC);
  if (dynamic == nullptr) return out;
  const std::string entries = bytes(dynamic->offset, dynamic->size, "dynamic section");
  const std::string strings = linked_strings(*dynamic);
  for (std::size_t i = 0; i + sizeof(Elf64_Dyn) <= entries.size(); i += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    std::memcpy(&entry, entries.data() + i, sizeof entry);
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_NEEDED) out.emplace_back(text_at(strings, entry.d_un.d_val));
  }
  return out;
}

template <typename Take>
void ElfFile::each_symbol(std::uint32_t table, const Take& take) const {
  const Section* section = of_type(table);
  if (section == nullptr) return;
  const std::string entries = bytes(section->offset, section->size, "symbol table");
  const std::string strings = linked_strings(*section);
  for (std::size_t i = 0; i + sizeof(Elf64_Sym) <= entries.size(); i += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    std::memcpy(&symbol, entries.data() + i, sizeof symbol);
    take(symbol, text_at(strings, symbol.st_name));
  }
}

std::vector<std::string> ElfFile::exported() const {
  std::vector<std::string> out;
  each_symbol(SHT_DYNSYM, [&](const Elf64_Sym& symbol, std::string_view name) {
    const unsigned binding = ELF64_ST_BIND(symbol.st_info);
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) return;
    if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) return;
    out.emplace_back(name);
  });
  return out;
}

std::vector<std::string> ElfFile::sources() const {
  std::vector<std::string> out;
  each_symbol(SHT_SYMTAB, [&](const Elf64_Sym& symbol, std::string_view name) {
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FILE || name.empty()) return;
    out.emplace_back(name.substr(name.rfind('/') + 1));
  });
  return out;
}

}  // namespace lathe
