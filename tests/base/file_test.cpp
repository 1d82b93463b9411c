// One writer on disks that fail: at every call, and at every byte.
#include "core/base/file.hpp"

#include "core/base/file_system.hpp"
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <thread>

using lathe::ByteSink;
using lathe::check_can_make_folders;
using lathe::Error;
using lathe::FileSystem;
using lathe::FileSystemScope;
using lathe::make_folders;
using lathe::Sync;
using lathe::write_atomically;
using lathe_test::read_file;
using lathe_test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

// A disk with room for so many bytes, that takes so many at once; calls fail with the errno given.
struct Disk final : FileSystem {
  std::size_t room = SIZE_MAX, at_once = SIZE_MAX;
  int open_error = 0, write_error = ENOSPC, sync_error = 0, rename_error = 0, folder_error = 0;
  int interruptions = 0;

  static int fail(int error) {
    errno = error;
    return -1;
  }
  int open(const std::string& path) override {
    return open_error != 0 ? fail(open_error) : FileSystem::open(path);
  }
  std::ptrdiff_t write(int file, std::span<const std::byte> bytes) override {
    if (interruptions > 0) {
      --interruptions;
      return fail(EINTR);
    }
    if (room == 0) return fail(write_error);
    const std::ptrdiff_t put =
        FileSystem::write(file, bytes.first(std::min({bytes.size(), room, at_once})));
    if (put > 0) room -= static_cast<std::size_t>(put);
    return put;
  }
  int sync(int file) override {
    return sync_error != 0 ? fail(sync_error) : FileSystem::sync(file);
  }
  int flush(int file) override {
    return sync_error != 0 ? fail(sync_error) : FileSystem::flush(file);
  }
  int rename(const std::string& from, const std::string& to) override {
    return rename_error != 0 ? fail(rename_error) : FileSystem::rename(from, to);
  }
  int make_folder(const std::string& path) override {
    return folder_error != 0 ? fail(folder_error) : FileSystem::make_folder(path);
  }
};

Error failure_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  BOOST_FAIL("nothing failed");
  throw std::logic_error("unreachable");
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

// Where an earlier file lies, which must be there afterwards, alone.
struct Earlier {
  TemporaryFolder folder;
  fs::path path = folder.path() / "result.json";
  Earlier() { write_atomically(path, "earlier"); }

  Error failing_on(Disk& disk, Sync sync = Sync::wait) const {
    const FileSystemScope scope(disk);
    return failure_of([&] { write_atomically(path, "later", sync); });
  }
  void check_is_whole() const {
    BOOST_TEST(read_file(path) == "earlier");
    BOOST_TEST(files_in(folder.path()) == 1U);
  }
};

void check_sentence(const Error& error, const fs::path& path, lathe_code code,
                    const std::string& cause) {
  BOOST_TEST(error.code() == code);
  BOOST_TEST(error.exit_code() == 1);
  BOOST_TEST(error.what() == "cannot write '" + path.string() + "': " + cause);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file)

BOOST_AUTO_TEST_CASE(a_file_replaces_the_one_before_and_leaves_nothing_beside_it) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  for (const Sync sync : {Sync::wait, Sync::no_wait}) {
    write_atomically(path, "one", sync);
    write_atomically(path, "two", sync);
    BOOST_TEST(read_file(path) == "two");
    BOOST_TEST(files_in(folder.path()) == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_file_has_the_mode_that_the_umask_leaves) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(0027);
  write_atomically(folder.path() / "a", "x");
  ::umask(before);
  struct stat status{};
  BOOST_REQUIRE(::stat((folder.path() / "a").c_str(), &status) == 0);
  BOOST_TEST((status.st_mode & 0777U) == 0640U);
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_at_any_byte_leaves_the_earlier_file) {
  const Earlier earlier;
  for (std::size_t room = 0; room < std::string("later").size(); ++room) {
    Disk disk;
    disk.room = room;
    check_sentence(earlier.failing_on(disk), earlier.path, LATHE_RESOURCE_EXHAUSTED,
                   "the disk is full; make room, or choose a folder on another disk");
    earlier.check_is_whole();
  }
}

BOOST_AUTO_TEST_CASE(a_cause_has_one_code_and_one_sentence_at_whatever_call_it_shows) {
  const Earlier earlier;
  for (const int error : {ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, EIO, ENAMETOOLONG, ENOSYS}) {
    Disk opening, writing, syncing, renaming;
    opening.open_error = writing.write_error = syncing.sync_error = renaming.rename_error = error;
    writing.room = 0;
    const Error first = earlier.failing_on(opening);
    for (Disk* disk : {&writing, &syncing, &renaming}) {
      const Error again = earlier.failing_on(*disk);
      BOOST_TEST(again.what() == std::string(first.what()));
      BOOST_TEST(again.code() == first.code());
      earlier.check_is_whole();
    }
    BOOST_TEST(earlier.failing_on(syncing, Sync::no_wait).code() == first.code());
    earlier.check_is_whole();
  }
}

BOOST_AUTO_TEST_CASE(writes_that_are_short_or_interrupted_go_on) {
  const Earlier earlier;
  Disk disk;
  disk.at_once = 1;
  disk.interruptions = 3;
  const FileSystemScope scope(disk);
  write_atomically(earlier.path, "all of it");
  BOOST_TEST(read_file(earlier.path) == "all of it");
  BOOST_TEST(files_in(earlier.folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(who_gives_up_while_writing_leaves_the_earlier_file) {
  const Earlier earlier;
  const auto giving_up = [](const ByteSink& sink) {
    sink(std::as_bytes(std::span("half of")));
    throw std::runtime_error("cancelled");
  };
  BOOST_CHECK_THROW(write_atomically(earlier.path, giving_up), std::runtime_error);
  earlier.check_is_whole();
}

BOOST_AUTO_TEST_CASE(what_a_killed_writer_left_is_taken_over_by_the_next) {
  const Earlier earlier;
  const pid_t child = ::fork();
  if (child == 0) {
    write_atomically(earlier.path, [](const ByteSink& sink) {
      sink(std::as_bytes(std::span("a longer text than the next one")));
      ::_exit(0);  // between the write and the rename
    });
  }
  ::waitpid(child, nullptr, 0);
  BOOST_TEST(read_file(earlier.path) == "earlier");
  write_atomically(earlier.path, "later");
  BOOST_TEST(read_file(earlier.path) == "later");
  BOOST_TEST(files_in(earlier.folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(two_writers_of_one_file_do_not_mix) {
  const Earlier earlier;
  write_atomically(earlier.path, [&](const ByteSink& sink) {
    sink(std::as_bytes(std::span("out", 3)));
    write_atomically(earlier.path, "inner");
    BOOST_TEST(read_file(earlier.path) == "inner");
    sink(std::as_bytes(std::span("er", 2)));
  });
  BOOST_TEST(read_file(earlier.path) == "outer");
  BOOST_TEST(files_in(earlier.folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(a_reader_sees_whole_files_while_several_write) {
  const Earlier earlier;
  const std::vector<std::string> texts{std::string(10'000, 'a'), std::string(20'000, 'b')};
  std::vector<std::thread> writers;
  for (const std::string& text : texts)
    writers.emplace_back([&earlier, &text] {
      for (int i = 0; i < 200; ++i) write_atomically(earlier.path, text, Sync::no_wait);
    });
  std::size_t torn = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string seen = read_file(earlier.path);
    torn += seen != "earlier" && std::ranges::find(texts, seen) == texts.end();
  }
  for (std::thread& writer : writers) writer.join();
  BOOST_TEST(torn == 0U);
  BOOST_TEST(files_in(earlier.folder.path()) == 1U);
}

BOOST_AUTO_TEST_CASE(real_paths_that_cannot_be_written_are_named_with_their_cause) {
  const TemporaryFolder folder;
  write_atomically(folder.path() / "file", "x");
  fs::create_directory(folder.path() / "sub");
  fs::create_directory_symlink(folder.path() / "sub", folder.path() / "link");
  ::mkfifo((folder.path() / "pipe").c_str(), 0600);
  const struct {
    fs::path path;
    lathe_code code;
    std::string cause;
  } rows[] = {
      {folder.path() / "no" / "such", LATHE_NOT_FOUND,
       "its folder does not exist; make it, or choose another"},
      {folder.path() / "file" / "below", LATHE_FAILED_PRECONDITION,
       "a part of the path is a file and no folder; choose another path"},
      {folder.path() / "sub", LATHE_FAILED_PRECONDITION, "it is a folder; give the name of a file"},
      {folder.path() / "link", LATHE_FAILED_PRECONDITION,
       "it is a folder; give the name of a file"},
      {folder.path() / "pipe", LATHE_ALREADY_EXISTS,
       "something else has that name; choose another"},
      {"/dev/null", LATHE_ALREADY_EXISTS, "something else has that name; choose another"},
      {folder.path() / std::string(300, 'n'), LATHE_INVALID_ARGUMENT,
       "the name is too long; choose a shorter one"},
  };
  for (const auto& row : rows)
    check_sentence(failure_of([&] { write_atomically(row.path, "y"); }), row.path, row.code,
                   row.cause);
  BOOST_TEST(files_in(folder.path()) == 4U);
}

BOOST_AUTO_TEST_CASE(folders_are_made_with_those_above_or_named) {
  const TemporaryFolder folder;
  make_folders(folder.path() / "a" / "b" / "c");
  make_folders(folder.path() / "a" / "b" / "c");
  BOOST_TEST(fs::is_directory(folder.path() / "a" / "b" / "c"));

  Disk disk;
  disk.folder_error = EROFS;
  const FileSystemScope scope(disk);
  const Error error = failure_of([&] { make_folders(folder.path() / "x" / "y"); });
  BOOST_TEST(error.code() == LATHE_PERMISSION_DENIED);
  BOOST_TEST(error.what() == "cannot make the folder '" + (folder.path() / "x").string() +
                                 "': the disk is mounted read-only; choose a folder on another "
                                 "disk");
}

BOOST_AUTO_TEST_CASE(whether_a_folder_can_be_made_is_told_without_making_it) {
  const TemporaryFolder folder;
  write_atomically(folder.path() / "file", "x");
  check_can_make_folders(folder.path());
  check_can_make_folders(folder.path() / "a" / "b");
  BOOST_TEST(!fs::exists(folder.path() / "a"));
  const auto refusal = [](const fs::path& path) {
    return failure_of([&] { check_can_make_folders(path); });
  };
  BOOST_TEST(refusal(folder.path() / "file" / "b").what() ==
             "cannot make the folder '" + (folder.path() / "file").string() +
                 "': something else has that name; choose another");
  BOOST_TEST(refusal(folder.path() / "file").code() == LATHE_ALREADY_EXISTS);
  BOOST_TEST(refusal(folder.path() / std::string(300, 'n')).code() == LATHE_INVALID_ARGUMENT);
  if (::getuid() == 0) return;  // may write everywhere
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  BOOST_TEST(refusal(folder.path() / "a" / "b").code() == LATHE_PERMISSION_DENIED);
  fs::permissions(folder.path(), fs::perms::owner_all);
}

BOOST_AUTO_TEST_CASE(what_the_system_says_of_reading_is_a_sentence) {
  const struct {
    int error;
    lathe_code code;
    std::string cause;
  } rows[] = {
      {ENOENT, LATHE_NOT_FOUND, "there is no such file"},
      {EACCES, LATHE_PERMISSION_DENIED,
       "you are not allowed to read it, or to enter a folder on its path"},
      {EISDIR, LATHE_FAILED_PRECONDITION, "it is a folder; give the name of a file"},
      {ESPIPE, LATHE_FAILED_PRECONDITION,
       "it is a pipe, which can be read only once and in order; give the name of a file"},
      {EMFILE, LATHE_RESOURCE_EXHAUSTED,
       "too many files are open; close some, or raise the limit (ulimit -n)"},
      {ELOOP, LATHE_FAILED_PRECONDITION, "the links in its path lead in a circle"},
      {ENAMETOOLONG, LATHE_INVALID_ARGUMENT, "the name is too long"},
      {EIO, LATHE_DATA_LOSS, "the disk reports an error"},
  };
  for (const auto& row : rows) {
    const Error error = lathe::read_failure("/a/b", row.error);
    BOOST_TEST(error.code() == row.code);
    BOOST_TEST(error.what() == "cannot read '/a/b': " + row.cause);
    BOOST_TEST(lathe::system_text(row.error) == row.cause);
  }
}

BOOST_AUTO_TEST_CASE(errors_of_the_standard_library_become_sentences) {
  const auto said = [](const std::system_error& error) {
    return std::string(lathe::system_failure(error).what());
  };
  BOOST_TEST(said(fs::filesystem_error("status", "/a/b",
                                       std::make_error_code(std::errc::permission_denied))) ==
             "cannot use '/a/b': you are not allowed to read it, or to enter a folder on its path");
  BOOST_TEST(said(fs::filesystem_error("current_path",
                                       std::make_error_code(std::errc::no_such_file_or_directory)))
                 .starts_with("the working folder was removed"));
  BOOST_TEST(
      said(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again)))
          .find("threads") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_tilde_is_the_home_folder) {
  const std::string before = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  setenv("HOME", "/home/me", 1);
  BOOST_TEST(lathe::in_home("~") == "/home/me");
  BOOST_TEST(lathe::in_home("~/a/b.csv") == "/home/me/a/b.csv");
  for (const char* other : {"", "a", "a~", "./~", "~other/a", "/~/a"})
    BOOST_TEST(lathe::in_home(other) == other);
  unsetenv("HOME");
  const Error error = failure_of([] { lathe::in_home("~/a"); });
  BOOST_TEST(error.exit_code() == 2);
  BOOST_TEST(error.what() == std::string("'~/a' is in your home folder, and HOME is not set; "
                                         "write the whole path"));
  setenv("HOME", before.c_str(), 1);
}

BOOST_AUTO_TEST_SUITE_END()
