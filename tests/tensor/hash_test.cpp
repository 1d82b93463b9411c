// Content hashes and SHA-256.

#include "tests/support/support.hpp"

#include "core/base/error.hpp"
#include "core/tensor/hash.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using lathe::ContentHash;
using lathe::DType;
using lathe::Hasher;
using lathe::Shape;
using lathe::Tensor;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hashes)

BOOST_AUTO_TEST_CASE(values_are_kept_apart_by_length_and_kind) {
  auto texts = [](const char* a, const char* b) {
    return Hasher().add(std::string_view(a)).add(std::string_view(b)).finish();
  };
  BOOST_TEST((texts("a", "bc") != texts("ab", "c")));
  BOOST_TEST((texts("a", "bc") == texts("a", "bc")));
  const std::set<ContentHash> different{
      Hasher().add(std::int64_t{1}).finish(), Hasher().add(std::uint64_t{1}).finish(),
      Hasher().add(1.0).finish(), Hasher().add(std::string_view("1")).finish(), Hasher().finish()};
  BOOST_TEST(different.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_hash_prints_as_32_digits) {
  BOOST_TEST((ContentHash{0x1, 0xab}.text()) == "00000000000000ab0000000000000001");
}

// XXH3_128bits of the kind, the length and the text, as xxhash 0.8.1 gives it: around the size from
// which on a hash is made in parts.
BOOST_AUTO_TEST_CASE(a_text_of_any_length_has_the_hash_of_its_bytes) {
  const auto hash = [](std::size_t length) {
    return Hasher().add(std::string_view(std::string(length, 'a'))).finish().text();
  };
  BOOST_TEST(hash(0) == "be637bf2e7ab4aec17dbb924bfd111e6");
  BOOST_TEST(hash(3) == "4b5e9243e6337cdfeef5d0c4f476c2cc");
  BOOST_TEST(hash(503) == "31daa74ed198b94ac196e56f765ea25d");
  BOOST_TEST(hash(504) == "c35a6e19b4c22f23a3981df345daea1d");
  BOOST_TEST(hash(600) == "c055c259db4c9657f7986dc3b0c541cd");
  BOOST_TEST(hash(5000) == "2bb606a2608a34415035cf7bbd34db21");
}

BOOST_AUTO_TEST_CASE(a_tensor_is_hashed_by_type_shape_and_contents) {
  const std::vector<float> values{1, 2, 3, 4};
  const std::vector<float> others{1, 2, 3, 5};
  const Tensor t = Tensor::of<float>(DType::float32, Shape{4}, values);
  BOOST_TEST((hash_of(t) == hash_of(Tensor::of<float>(DType::float32, Shape{4}, values))));
  BOOST_TEST((hash_of(t) != hash_of(Tensor::of<float>(DType::float32, Shape{2, 2}, values))));
  BOOST_TEST((hash_of(t) != hash_of(Tensor::of<float>(DType::int32, Shape{4}, values))));
  BOOST_TEST((hash_of(t) != hash_of(Tensor::of<float>(DType::float32, Shape{4}, others))));
}

BOOST_AUTO_TEST_CASE(sha256_gives_the_known_answers_of_fips_180) {
  BOOST_TEST(lathe::sha256(bytes_of("abc")) ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(lathe::sha256({}) ==
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(lathe::sha256(bytes_of(std::string(1000000, 'a'))) ==
             "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_CASE(a_file_is_hashed_from_its_beginning_whatever_was_read_before) {
  const lathe_test::TemporaryFolder folder;
  const auto path = folder.path() / "a";
  std::ofstream(path) << std::string(1000000, 'a');
  const std::string expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  BOOST_TEST(lathe::sha256_of_file(path) == expected);
  std::FILE* file = std::fopen(path.c_str(), "r");
  std::fseek(file, 500, SEEK_SET);
  BOOST_TEST(lathe::sha256_of_file(fileno(file)) == expected);
  std::fclose(file);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_named) {
  BOOST_CHECK_EXCEPTION(lathe::sha256_of_file(std::filesystem::path("/nowhere/at/all")),
                        lathe::Error, [](const lathe::Error& e) {
                          return std::string(e.what()).find("'/nowhere/at/all'") !=
                                     std::string::npos &&
                                 e.code() == LATHE_NOT_FOUND;
                        });
  BOOST_CHECK_THROW(lathe::sha256_of_file(std::filesystem::path("/")), lathe::Error);
}

BOOST_AUTO_TEST_SUITE_END()
