// Stamps are read from files that may be anything at all.
#include "core/plugin/stamp.hpp"

#include "core/plugin/load.hpp"
#include "core/plugin/registry.hpp"
#include "core/plugin/trust.hpp"
#include "tests/plugin/fixtures.hpp"
#include "tests/support/support.hpp"

#include <elf.h>
#include <lathe/module.h>
#include <boost/test/unit_test.hpp>

#include <cstring>
#include <fstream>
#include <random>

using namespace lathe;
using namespace lathe_test;
using namespace std::string_literals;

namespace {

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

Stamp stamp_of_file(const std::filesystem::path& path) {
  const OpenFile file(path);
  return read_stamp(
      ElfFile(file.descriptor(), static_cast<std::uint64_t>(file.status().st_size), path), path);
}

std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.so";
  write(path, bytes);
  return message_of([&] { stamp_of_file(path); });
}

std::string with_header(const std::string& bytes, const std::function<void(Elf64_Ehdr&)>& change) {
  std::string out = bytes;
  Elf64_Ehdr header;
  std::memcpy(&header, out.data(), sizeof header);
  change(header);
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stamps)

BOOST_AUTO_TEST_CASE(a_stamp_names_every_component) {
  const Stamp stamp = stamp_of_file(fixture("probe"));
  BOOST_REQUIRE_EQUAL(stamp.components.size(), 2);
  BOOST_TEST(stamp.components[0].kind == "pass/1");
  BOOST_TEST(stamp.components[0].id == "probe");
  BOOST_TEST(stamp.components[1].id == "probe_edit");
  BOOST_TEST(stamp.components[1].version == "1.0.0");
}

BOOST_AUTO_TEST_CASE(padding_and_unknown_keys_are_skipped) {
  const Stamp stamp = parse_stamp("\0\0abi=0\0\0license=MIT\0component=model/1:m:1\0\0\0"s, "x.so");
  BOOST_REQUIRE_EQUAL(stamp.components.size(), 1);
  BOOST_TEST(stamp.components[0].id == "m");
}

BOOST_AUTO_TEST_CASE(damaged_stamps_are_refused_with_the_file) {
  for (const std::string& bytes :
       {""s, "abi=0"s, "component=pass/1:a:1\0"s, "abi=0\0nonsense\0"s, "abi=0\0component=pass\0"s,
        "abi=0\0component=pass/1:a b:1\0"s, "abi=0\0component=pass/1::1\0"s, "abi=1\0"s, "abi=\0"s,
        "abi=0\0service=\0"s, "abi=0\0service=a b/1\0"s, "abi=0\0service=a/1\0service=a/1\0"s}) {
    const std::string message = message_of([&] { parse_stamp(bytes, "some/x.so"); });
    BOOST_TEST(contains(message, "some/x.so"), "for '" << bytes << "': " << message);
  }
}

BOOST_AUTO_TEST_CASE(a_stamp_names_every_service_and_none_of_the_hosts) {
  const Stamp stamp = parse_stamp("abi=0\0service=org.example.stats/1\0service=b/2\0"s, "x.so");
  const std::vector<std::string> expected{"org.example.stats/1", "b/2"};
  BOOST_TEST(stamp.services == expected, boost::test_tools::per_element());
  const std::string message =
      message_of([] { parse_stamp("abi=0\0service=lathe.graph/0\0"s, "some/x.so"); });
  BOOST_TEST(contains(message, "some/x.so' offers a service 'lathe.graph/0'"), message);
  BOOST_TEST(contains(message, "the host's own"), message);
}

BOOST_AUTO_TEST_CASE(another_abi_is_named) {
  const std::string message = message_of([] { stamp_of_file(fixture("other_abi")); });
  BOOST_TEST(contains(message, "ABI 7"));
  BOOST_TEST(contains(message, "ABI 0"));
}

BOOST_AUTO_TEST_CASE(a_library_without_stamp_is_no_plugin) {
  BOOST_TEST(contains(message_of([] { stamp_of_file(fixture("no_stamp")); }), "no Lathe stamp"));
}

BOOST_AUTO_TEST_CASE(what_is_no_shared_object_of_this_machine_is_told_apart) {
  const std::string good = bytes_of(fixture("probe"));
  BOOST_TEST(contains(refusal(""), "empty"));
  BOOST_TEST(contains(refusal("#!/bin/sh\n"), "no ELF file"));
  BOOST_TEST(contains(refusal("\x7f"
                              "ELF"s),
                      "truncated"));
  BOOST_TEST(contains(refusal(with_header(good, [](auto& h) { h.e_ident[EI_CLASS] = ELFCLASS32; })),
                      "64-bit"));
  BOOST_TEST(contains(refusal(with_header(good, [](auto& h) { h.e_machine = EM_S390; })),
                      "another machine"));
  BOOST_TEST(contains(refusal(with_header(good, [](auto& h) { h.e_type = ET_EXEC; })),
                      "not a shared object"));
  BOOST_TEST(
      contains(refusal(with_header(good, [](auto& h) { h.e_ident[EI_DATA] ^= 3; })), "byte order"));
}

BOOST_AUTO_TEST_CASE(offsets_beyond_the_file_are_not_followed) {
  const std::string good = bytes_of(fixture("probe"));
  for (const std::uint64_t offset : {std::uint64_t{good.size()}, std::uint64_t{good.size()} - 1,
                                     ~std::uint64_t{0}, ~std::uint64_t{0} - 64}) {
    BOOST_TEST(contains(refusal(with_header(good, [&](auto& h) { h.e_shoff = offset; })),
                        "beyond the end"));
  }
  BOOST_TEST(!refusal(with_header(good, [](auto& h) { h.e_shnum = 0xffff; })).empty());
  BOOST_TEST(!refusal(with_header(good, [](auto& h) { h.e_shstrndx = 0xfffe; })).empty());
  BOOST_TEST(!refusal(with_header(good, [](auto& h) { h.e_shnum = 0; })).empty());
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  const std::string good = bytes_of(fixture("probe"));
  // The section headers stand at the end, so whatever is cut off is missed.
  int refused = 0, tried = 0;
  for (std::size_t size = 0; size < good.size(); size += 97, ++tried) {
    refused += refusal(good.substr(0, size)).empty() ? 0 : 1;
  }
  BOOST_TEST_MESSAGE(tried << " truncations");
  BOOST_TEST(refused == tried);
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_harmless) {
  const std::string good = bytes_of(fixture("probe"));
  std::mt19937 random(20);
  std::size_t headers = 0;
  Elf64_Ehdr header;
  std::memcpy(&header, good.data(), sizeof header);
  headers = header.e_shoff;
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.so";
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    for (int k = 0; k < 8; ++k) {
      // Half of the damage where it hurts: the section headers.
      const std::size_t at =
          k % 2 == 0 ? headers + random() % (good.size() - headers) : random() % good.size();
      bad[at] = static_cast<char>(random());
    }
    write(path, bad);
    // Either a sentence or a stamp, never a crash; also when symbols are looked at.
    message_of([&] { stamp_of_file(path); });
    message_of([&] {
      const OpenFile file(path);
      const ElfFile elf(file.descriptor(), static_cast<std::uint64_t>(file.status().st_size), path);
      lint(elf, path);
    });
  }
}

BOOST_AUTO_TEST_CASE(extra_exported_symbols_are_found) {
  const auto warnings_of = [](const std::string& name) {
    const OpenFile file(fixture(name));
    return lint(ElfFile(file.descriptor(), static_cast<std::uint64_t>(file.status().st_size),
                        fixture(name)),
                fixture(name));
  };
  BOOST_TEST(warnings_of("probe").empty());
  BOOST_REQUIRE_EQUAL(warnings_of("exports_more").size(), 1);
  BOOST_TEST(contains(warnings_of("exports_more")[0], "exports_more_extra"));
}

BOOST_AUTO_TEST_SUITE_END()
