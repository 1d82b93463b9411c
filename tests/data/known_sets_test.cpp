// What a plugin says of where its data set can be had: read as it is meant, or refused in a
// sentence before a file is named after it.
#include "core/data/known_sets.hpp"

#include <boost/test/unit_test.hpp>

#include "core/base/error.hpp"
#include "tests/support/support.hpp"

#include <fstream>
#include <functional>

using namespace lathe;

namespace {

const char* const kHash = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd";

// A set of one file under an address and one that has its own; and whoever describes it.
struct Described {
  lathe_source_file files[2] = {
      {"a.csv", nullptr, kHash, 12, 0, {}},
      {"b.tar", "https://example.org/elsewhere", nullptr, 0, 1000, {"PK\0\1", 4}}};
  lathe_source_content contents[2] = {{"a.csv", 12}, {"b/data.bin", 0}};
  lathe_dataset_source source = {LATHE_SIZE_UP_TO(lathe_dataset_source, content_row_size),
                                 0,
                                 "a set",
                                 "CC0",
                                 "https://example.org/set/",
                                 files,
                                 2,
                                 sizeof(lathe_source_file),
                                 contents,
                                 2,
                                 sizeof(lathe_source_content)};
  lathe_dataset dataset{};
  Component component;

  Described() {
    dataset.source = &source;
    component.kind = Kind::dataset;
    component.id = "example.set";
    component.file = "/plugins/set.so";
    component.interface = &dataset;
  }
  KnownSet read() const { return known_set_of(component); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(known_sets)

BOOST_AUTO_TEST_CASE(a_set_is_what_its_plugin_says) {
  const KnownSet set = Described().read();
  BOOST_TEST(set.name == "example.set");
  BOOST_TEST(set.title == "a set");
  BOOST_TEST(set.licence == "CC0");
  BOOST_TEST(set.files.at(0).url == "https://example.org/set/a.csv");
  BOOST_TEST(set.files.at(0).sha256 == kHash);
  BOOST_TEST(!set.files.at(0).archive);
  BOOST_TEST(set.files.at(1).url == "https://example.org/elsewhere");
  BOOST_TEST(set.files.at(1).sha256 == "");
  BOOST_TEST(set.files.at(1).archive);
  BOOST_TEST(set.files.at(1).begins == std::string("PK\0\1", 4));
  BOOST_TEST(set.contents.at(1).path == "b/data.bin");
  BOOST_TEST(set.size() == 0U);  // that of one file is not known
}

BOOST_AUTO_TEST_CASE(without_contents_a_set_is_its_files_as_they_are_kept) {
  Described described;
  described.source.contents = nullptr;
  described.source.file_count = 1;
  const KnownSet set = described.read();
  BOOST_TEST(set.contents.size() == 1U);
  BOOST_TEST(set.contents.at(0).path == "a.csv");
  BOOST_TEST(set.contents.at(0).size == 12U);
  BOOST_TEST(set.size() == 12U);
}

BOOST_AUTO_TEST_CASE(rows_of_another_sdk_are_read_by_its_own_row_size) {
  Described described;
  struct NewerFile {
    lathe_source_file known;
    const char* newer;
  } newer[2] = {{described.files[0], "more"}, {described.files[1], "more"}};
  described.source.files = &newer[0].known;
  described.source.file_row_size = sizeof(NewerFile);
  BOOST_TEST(described.read().files.at(1).name == "b.tar");

  struct OlderFile {
    const char *name, *url;
  } older[1] = {{"a.csv", nullptr}};
  described.source.files = reinterpret_cast<const lathe_source_file*>(older);
  described.source.file_count = 1;
  described.source.file_row_size = sizeof(OlderFile);
  BOOST_TEST(described.read().files.at(0).size == 0U);
}

BOOST_AUTO_TEST_CASE(a_source_that_cannot_be_right_is_refused_in_one_sentence) {
  using Fault = std::function<void(Described&)>;
  const std::pair<Fault, std::string> rows[] = {
      {[](Described& d) { d.dataset.source = nullptr; }, "stamped as having one, and has none"},
      {[](Described& d) { d.source.struct_size = 8; }, "struct_size is 8"},
      {[](Described& d) { d.source.title = nullptr; }, "its title"},
      {[](Described& d) { d.source.licence = ""; }, "its licence"},
      {[](Described& d) { d.source.files = nullptr; }, "no files"},
      {[](Described& d) { d.source.file_count = 0; }, "no files"},
      {[](Described& d) { d.source.file_count = 1 << 20; }, "1048576 files"},
      {[](Described& d) { d.source.file_row_size = 0; }, "of 0 bytes"},
      {[](Described& d) { d.source.address = nullptr; }, "its address"},
      {[](Described& d) { d.files[0].name = "../a.csv"; }, "'../a.csv' among its files"},
      {[](Described& d) { d.files[0].name = "/etc/a.csv"; }, "'/etc/a.csv' among its files"},
      {[](Described& d) { d.files[0].name = "x/a.csv"; }, "is a path"},
      {[](Described& d) { d.files[0].sha256 = "12ab"; }, "the sha256 of 'a.csv'"},
      {[](Described& d) { d.files[0].begins = {nullptr, 4}; }, "how 'a.csv' begins"},
      {[](Described& d) { d.contents[1].path = "b/../../x"; }, "'b/../../x' among its contents"},
      {[](Described& d) { d.source.contents = nullptr; }, "'b.tar' is an archive"},
  };
  for (const auto& [fault, says] : rows) {
    BOOST_TEST_CONTEXT(says) {
      Described described;
      fault(described);
      BOOST_CHECK_EXCEPTION(described.read(), Error, [&](const Error& error) {
        const std::string text = error.what();
        return text.find(says) != std::string::npos &&
               text.find("'example.set'") != std::string::npos &&
               text.find("'/plugins/set.so'") != std::string::npos;
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(a_set_is_complete_with_every_file_of_the_size_that_is_known) {
  const KnownSet set = Described().read();
  const lathe_test::TemporaryFolder folder;
  const auto write = [&](const char* path, const char* text) {
    const auto file = folder.path() / "example.set" / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  };
  BOOST_TEST(!is_complete(set, folder.path()));
  write("a.csv", "twelve bytes");
  write("b/data.bin", "any number of them");
  BOOST_TEST(is_complete(set, folder.path()));
  write("a.csv", "fewer");
  BOOST_TEST(!is_complete(set, folder.path()));
}

BOOST_AUTO_TEST_SUITE_END()
