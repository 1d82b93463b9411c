// Sets that come as archives: what is unpacked, and which archives are not to be trusted.
#include "core/base/file.hpp"
#include "core/base/file_system.hpp"
#include "core/fetch/fetch.hpp"
#include "core/tensor/hash.hpp"
#include "tests/fetch/server.hpp"
#include "tests/support/support.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <sstream>

using namespace lathe;
using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name, body;
  unsigned type = AE_IFREG;
  std::string link = {};
  std::string hardlink = {};
};

std::string tar_gz(const std::vector<Entry>& entries) {
  std::string out(1 << 20, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_pax_restricted(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (const Entry& entry : entries) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, entry.name.c_str());
    archive_entry_set_filetype(e, entry.type);
    archive_entry_set_perm(e, 0777);
    archive_entry_set_size(e, static_cast<la_int64_t>(entry.body.size()));
    if (!entry.link.empty()) archive_entry_set_symlink(e, entry.link.c_str());
    if (!entry.hardlink.empty()) archive_entry_set_hardlink(e, entry.hardlink.c_str());
    if (archive_write_header(writer, e) != ARCHIVE_OK)
      throw std::runtime_error(archive_error_string(writer));
    archive_write_data(writer, entry.body.data(), entry.body.size());
    archive_entry_free(e);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return out.substr(0, used);
}

struct Fixture {
  Fixture() {
    for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
    request.data_dir = folder.path() / "data";
  }

  // What fetching a set that comes as this archive ends with; "" if it arrives.
  std::string get(const std::string& packed) {
    const Server server(serving({{"/a.tar.gz", packed}}));
    request.from = server.url("/a.tar.gz");
    KnownFile file{"a.tar.gz", "", packed.size(), sha256(std::as_bytes(std::span(packed)))};
    file.archive = true;
    file.unpacked_limit = 1000;
    try {
      fetch({"s", "a set", "none", {file}, {{"in/x.bin", 3}}}, request, cancelled);
    } catch (const Error& error) {
      BOOST_TEST(!fs::exists(request.data_dir / "s"));
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder;
  FetchRequest request;
  std::atomic<bool> cancelled{false};
};

const Entry kGood{"in/x.bin", "abc"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(unpacking, Fixture)

BOOST_AUTO_TEST_CASE(an_archive_arrives_unpacked) {
  BOOST_TEST(get(tar_gz({{"in/", "", AE_IFDIR}, kGood, {"./in/./deep/read.me", "hello"}})) == "");
  const fs::path at = request.data_dir / "s" / "in";
  BOOST_TEST(fs::file_size(at / "x.bin") == 3U);
  BOOST_TEST(fs::file_size(at / "deep" / "read.me") == 5U);
  BOOST_TEST(!fs::exists(request.data_dir / ".fetch-s"));
  BOOST_TEST(((fs::status(at / "x.bin").permissions() & fs::perms::owner_exec) == fs::perms::none));
}

BOOST_AUTO_TEST_CASE(archives_that_reach_outside_or_lie_are_refused) {
  struct Row {
    std::string what, packed, reason;
  };
  const std::string good = tar_gz({kGood});
  std::string damaged = good;
  damaged[good.size() / 2] ^= 0x55;
  const Row rows[] = {
      {"a path upwards", tar_gz({kGood, {"../evil", "x"}}), "'../evil' outside"},
      {"a path upwards in the middle", tar_gz({kGood, {"in/../../evil", "x"}}), "outside"},
      {"an absolute path", tar_gz({kGood, {"/tmp/evil", "x"}}), "outside"},
      {"a link", tar_gz({{"in", "", AE_IFLNK, "/tmp"}, kGood}), "neither a file nor a folder"},
      {"a hard link", tar_gz({kGood, {"evil", "", AE_IFREG, "", "/etc/passwd"}}), "neither"},
      {"a device", tar_gz({kGood, {"evil", "", AE_IFCHR}}), "neither"},
      {"more than the set has", tar_gz({kGood, {"big", std::string(100'000, '\0')}}), "more than"},
      {"a file less", tar_gz({{"other", "x"}}), "has no 'in/x.bin'"},
      {"another size", tar_gz({{"in/x.bin", "abcd"}}), "4 bytes instead of 3"},
      {"half an archive", good.substr(0, good.size() / 2), "damaged"},
      {"a damaged archive", damaged, "damaged"},
      {"no archive", "This is a letter.", "damaged"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const std::string error = get(row.packed);
      BOOST_TEST(error.find(row.reason) != std::string::npos, error);
      BOOST_TEST(!fs::exists(folder.path() / "evil"));
      BOOST_TEST(!fs::exists(request.data_dir / "evil"));
      BOOST_TEST(!fs::exists(request.data_dir / ".fetch-s" / "evil"));
    }
  }
  BOOST_TEST_MESSAGE(std::size(rows) << " bad archives");
  BOOST_TEST(!fs::exists("/tmp/evil"));
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_while_unpacking_leaves_no_set_and_the_next_fetch_works) {
  struct FullDisk final : FileSystem {
    std::ptrdiff_t write(int, std::span<const std::byte>) override {
      errno = ENOSPC;
      return -1;
    }
  } full;
  // One file for both: gzip notes the second in which it was made.
  const std::string packed = tar_gz({kGood});
  {
    const FileSystemScope scope(full);
    const std::string error = get(packed);
    BOOST_TEST(error.ends_with("in/x.bin': the disk is full; make room, or choose a folder on "
                               "another disk"),
               error);
    BOOST_TEST(!fs::exists(request.data_dir / ".fetch-s" / "ready" / "in" / "x.bin.part"));
  }
  BOOST_TEST(get(packed) == "");
  BOOST_TEST(fs::file_size(request.data_dir / "s" / "in" / "x.bin") == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
