#include "core/base/words/near_path.hpp"

#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using lathe::near_path;

namespace {

struct Folder {
  explicit Folder(const std::vector<std::string>& files) {
    for (const std::string& file : files) std::ofstream(folder.path() / file) << "x";
  }
  std::string near(const std::string& name) const { return near_path(folder.path() / name); }
  lathe_test::TemporaryFolder folder;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(near_path_hints)

BOOST_AUTO_TEST_CASE(another_suffix_is_what_lies_beside_it) {
  const Folder folder({"best.safetensors", "last.safetensors"});
  BOOST_TEST(folder.near("best.ckpt") == "; 'best.safetensors' lies beside it");
  BOOST_TEST(folder.near("best") == "; 'best.safetensors' lies beside it");
  const Folder two({"best.safetensors", "best.pt"});
  BOOST_TEST(two.near("best.ckpt") == "; 'best.pt' and 'best.safetensors' lie beside it");
}

BOOST_AUTO_TEST_CASE(a_misspelt_name_is_the_nearest) {
  const Folder folder({"resnet20.th"});
  const std::string path = (folder.folder.path() / "resnet20.th").string();
  BOOST_TEST(folder.near("resent20.th") == "; did you mean '" + path + "'?");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_missing_is_named_or_its_neighbour) {
  const Folder folder({});
  std::filesystem::create_directory(folder.folder.path() / "lathe_output");
  const std::string there = (folder.folder.path() / "lathe_output").string();
  BOOST_TEST(folder.near("lathe_outptu/a/best.pt") == "; did you mean '" + there + "'?");
  BOOST_TEST(folder.near("elsewhere/best.pt") ==
             "; there is no folder '" + (folder.folder.path() / "elsewhere").string() + "'");
}

BOOST_AUTO_TEST_CASE(nothing_near_says_nothing) {
  BOOST_TEST(Folder({"a.csv"}).near("weights.pt").empty());
  BOOST_TEST(near_path("").empty());
}

BOOST_AUTO_TEST_SUITE_END()
