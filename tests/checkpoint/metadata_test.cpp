// What files say of themselves, without their tensors; whatever else they are, nothing.
#include "core/checkpoint/metadata.hpp"

#include "core/checkpoint/checkpoint.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

using Metadata = std::map<std::string, std::string>;

Metadata of(const std::string& bytes) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "x", std::ios::binary) << bytes;
  return lathe::metadata_of(folder.path() / "x");
}

std::string with_header(const std::string& text, std::uint64_t length) {
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(metadata_of_a_safetensors_file_are_read_without_its_tensors) {
  const TemporaryFolder folder;
  const Metadata said{{"lathe.graph", "12ab"}, {"by", "hand"}};
  const auto tensor =
      lathe::Tensor::of<float>(lathe::DType::float32, lathe::Shape{1}, std::vector<float>{1});
  lathe::write_safetensors(folder.path() / "w.safetensors", {{"a", tensor}}, said);
  BOOST_TEST((lathe::metadata_of(folder.path() / "w.safetensors") == said));
  const std::string header = R"({"__metadata__":{"a":"b","n":3}})";
  BOOST_TEST((of(with_header(header, header.size())) == Metadata{{"a", "b"}}));
}

BOOST_AUTO_TEST_CASE(what_is_no_such_file_says_nothing) {
  BOOST_TEST(lathe::metadata_of("/nowhere/at/all").empty());
  BOOST_TEST(lathe::metadata_of("/").empty());
  BOOST_TEST(of("").empty());
  BOOST_TEST(of("short").empty());
  BOOST_TEST(of("This is a letter, not a checkpoint.").empty());
  BOOST_TEST(of(with_header("{", 1)).empty());
  BOOST_TEST(of(with_header("[]", 2)).empty());
  BOOST_TEST(of(with_header("{}", 1ULL << 40)).empty());
  const std::string list = R"({"__metadata__":[1]})";
  BOOST_TEST(of(with_header(list, list.size())).empty());
}
