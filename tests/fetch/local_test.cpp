// Fetching a set from a folder of this machine: files are found by name, checked as downloads are,
// and never changed.
#include "core/base/error.hpp"
#include "core/fetch/fetch.hpp"
#include "core/tensor/hash.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

std::string hash(const std::string& bytes) { return sha256(std::as_bytes(std::span(bytes))); }

// An archive of one file, in/x.bin.
std::string tar_of(const std::string& body) {
  std::string out(1 << 16, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_ustar(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, "in/x.bin");
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_size(entry, static_cast<la_int64_t>(body.size()));
  archive_write_header(writer, entry);
  archive_write_data(writer, body.data(), body.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  return out.substr(0, used);
}

struct Fixture {
  Fixture() {
    request.data_dir = folder.path() / "data";
    request.warning = [this](const std::string& text) { warnings.push_back(text); };
    fs::create_directories(mine() / "deep" / "in");
  }
  fs::path mine() const { return folder.path() / "mine"; }
  fs::path set_folder() const { return request.data_dir / "s"; }

  // Two plain files.
  static KnownSet two() {
    return {"s",
            "a set",
            "none",
            {{"f.bin", "http://127.0.0.1:1/f.bin", 5, hash("hello")},
             {"g.bin", "http://127.0.0.1:1/g.bin", 3, hash("abc")}},
            {{"f.bin", 5}, {"g.bin", 3}}};
  }
  static KnownSet packed() {
    const std::string tar = tar_of("abc");
    KnownFile file{"a.tar", "http://127.0.0.1:1/a.tar", tar.size(), hash(tar)};
    file.archive = true;
    file.unpacked_limit = 1000;
    return {"s", "a set", "none", {file}, {{"in/x.bin", 3}}};
  }

  void get(const KnownSet& set, const fs::path& from) {
    request.from = from.string();
    fetch(set, request, cancelled);
  }
  // The error that it ends with, and nothing is there then.
  std::string fails(const KnownSet& set, const fs::path& from, int exit_code = 1) {
    try {
      get(set, from);
    } catch (const Error& error) {
      BOOST_TEST(!fs::exists(set_folder()));
      BOOST_TEST(error.exit_code() == exit_code);
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder;
  FetchRequest request;
  std::atomic<bool> cancelled{false};
  std::vector<std::string> warnings;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fetching_from_folders, Fixture)

BOOST_AUTO_TEST_CASE(files_are_found_by_name_at_any_depth_and_stay_where_they_are) {
  write_file(mine() / "f.bin", "hello");
  write_file(mine() / "deep" / "g.bin", "abc");
  for (const fs::path& from : {mine(), mine() / ""}) {
    get(two(), from);
    BOOST_TEST(read_file(set_folder() / "f.bin") == "hello");
    BOOST_TEST(read_file(set_folder() / "g.bin") == "abc");
    BOOST_TEST(read_file(mine() / "f.bin") == "hello");
    BOOST_TEST(!fs::exists(request.data_dir / ".fetch-s"));
    fs::remove_all(request.data_dir);
  }
  BOOST_TEST(warnings.empty());
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named_before_anything_is_written) {
  write_file(mine() / "other.bin", "hello");
  const std::string both = fails(two(), mine());
  BOOST_TEST(contains(both, mine().string() + "' and below it is no 'f.bin', 'g.bin'"), both);
  write_file(mine() / "f.bin", "hello");
  BOOST_TEST(contains(fails(two(), mine()), "is no 'g.bin'"));
  BOOST_TEST(!fs::exists(request.data_dir));
}

BOOST_AUTO_TEST_CASE(other_files_of_these_names_are_refused_and_kept) {
  write_file(mine() / "f.bin", "hallo");
  write_file(mine() / "g.bin", "abc");
  const std::string other = fails(two(), mine());
  BOOST_TEST(contains(other, (mine() / "f.bin").string() + "' is another file"), other);
  BOOST_TEST(contains(other, hash("hallo")), other);
  BOOST_TEST(!contains(other, "removed"), other);
  BOOST_TEST(read_file(mine() / "f.bin") == "hallo");
  write_file(mine() / "f.bin", "hello!");
  BOOST_TEST(contains(fails(two(), mine()), "has 6 bytes; f.bin has 5"));
}

BOOST_AUTO_TEST_CASE(an_archive_is_unpacked_or_was_so_already) {
  write_file(mine() / "deep" / "a.tar", tar_of("abc"));
  get(packed(), mine());
  BOOST_TEST(read_file(set_folder() / "in" / "x.bin") == "abc");
  fs::remove_all(request.data_dir);
  get(packed(), mine() / "deep" / "a.tar");  // the file itself
  BOOST_TEST(read_file(set_folder() / "in" / "x.bin") == "abc");
  BOOST_TEST(warnings.empty());

  fs::remove_all(request.data_dir);
  fs::remove(mine() / "deep" / "a.tar");
  write_file(mine() / "x.bin", "xyz");  // the one in the folder of the right name goes before it
  write_file(mine() / "deep" / "in" / "x.bin", "abc");
  get(packed(), mine());
  BOOST_TEST(read_file(set_folder() / "in" / "x.bin") == "abc");
  BOOST_TEST(warnings.size() == 1U);
  BOOST_TEST(contains(warnings.at(0), "unpacked already"));
  fs::remove_all(request.data_dir);
  write_file(mine() / "deep" / "in" / "x.bin", "abcd");
  BOOST_TEST(contains(fails(packed(), mine()), "of 4 bytes instead of 3"));
}

BOOST_AUTO_TEST_CASE(what_is_no_folder_is_told) {
  const std::string none = fails(two(), mine() / "none", 2);
  BOOST_TEST(contains(none, "there is no folder or file '" + (mine() / "none").string()), none);
  BOOST_TEST(contains(none, "http://"), none);
  write_file(mine() / "f.bin", "hello");
  BOOST_TEST(contains(fails(two(), mine() / "f.bin", 2), "has 2 files"));
  cancelled = true;
  write_file(mine() / "g.bin", "abc");
  BOOST_TEST(contains(fails(two(), mine()), "cancelled"));
}

BOOST_AUTO_TEST_SUITE_END()
