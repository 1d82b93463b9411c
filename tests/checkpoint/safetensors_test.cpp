// safetensors: what is written comes back, bytes are deterministic, damage is named.
#include "expect.hpp"
#include "tests/support/support.hpp"
#include "torch_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <array>
#include <csignal>

using namespace lathe;
using namespace lathe_test;

namespace {

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, std::move(shape), std::span(values));
}

std::string header_and(const std::string& json, const std::string& data) {
  return little<std::uint64_t>(json.size()) + json + data;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(every_type_comes_back_as_it_was_written) {
  TemporaryFolder folder;
  const auto path = folder.path() / "all.safetensors";
  std::map<std::string, Tensor> tensors;
  for (const DType dtype :
       {DType::float32, DType::float64, DType::float16, DType::bfloat16, DType::int8, DType::int16,
        DType::int32, DType::int64, DType::uint8, DType::boolean}) {
    const std::size_t size = 6 * element_size(dtype);
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i % 2);
    tensors.emplace(std::string(name(dtype)),
                    Tensor::make(dtype, Shape{2, 3}, [&](std::span<std::byte> out) {
                      std::memcpy(out.data(), bytes.data(), size);
                    }));
  }
  tensors.emplace("scalar", floats(Shape{}, {2.5F}));
  tensors.emplace("empty", floats(Shape{0, 4}, {}));
  write_safetensors(path, tensors, {{"epoch", "3"}});

  const Checkpoint back = read_checkpoint(path);
  BOOST_TEST(back.type == "safetensors");
  BOOST_TEST(back.metadata.at("epoch") == "3");
  BOOST_TEST(back.tensors.size() == tensors.size());
  for (const auto& [key, tensor] : tensors) {
    BOOST_TEST_CONTEXT(key) {
      const Tensor& found = back.tensors.at(key);
      BOOST_TEST((found.dtype() == tensor.dtype()));
      BOOST_TEST((found.shape() == tensor.shape()));
      BOOST_TEST(std::equal(found.bytes().begin(), found.bytes().end(), tensor.bytes().begin(),
                            tensor.bytes().end()));
    }
  }
}

BOOST_AUTO_TEST_CASE(equal_tensors_give_equal_bytes_aligned_for_their_elements) {
  TemporaryFolder folder;
  const std::map<std::string, Tensor> tensors{
      {"a", Tensor::of<std::uint8_t>(DType::uint8, Shape{3}, std::array<std::uint8_t, 3>{1, 2, 3})},
      {"b", floats(Shape{1}, {1.0F})},
      {"c", Tensor::of<std::int64_t>(DType::int64, Shape{1}, std::array<std::int64_t, 1>{7})}};
  write_safetensors(folder.path() / "1", tensors, {{"x", "y"}, {"a", "b"}});
  write_safetensors(folder.path() / "2", tensors, {{"a", "b"}, {"x", "y"}});
  const std::string bytes = read_file(folder.path() / "1");
  BOOST_TEST(bytes == read_file(folder.path() / "2"));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  BOOST_TEST(length % 8 == 0U);
  const auto header = nlohmann::json::parse(bytes.substr(8, length));
  BOOST_TEST(header["c"]["data_offsets"][0] == 0);
  BOOST_TEST(header["b"]["data_offsets"][0] == 8);
  BOOST_TEST(header["a"]["data_offsets"][0] == 12);
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_leaves_the_old_file_and_nothing_else) {
  TemporaryFolder folder;
  const auto path = folder.path() / "model.safetensors";
  write_safetensors(path, {{"w", floats(Shape{1}, {1.0F})}});
  const std::string before = read_file(path);

  // A limit on file sizes stands for a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{4096, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::vector<float> big(100000, 1.0F);
  BOOST_CHECK_EXCEPTION(write_safetensors(path, {{"w", floats(Shape{100000}, big)}}), Error,
                        [](const Error& e) { return e.exit_code() == 1; });
  setrlimit(RLIMIT_FSIZE, &old);

  BOOST_TEST(read_file(path) == before);
  BOOST_TEST(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_named) {
  BOOST_CHECK_EXCEPTION(
      write_safetensors("/no/such/folder/x.safetensors", {}), Error,
      [](const Error& e) { return contains(e.what(), "/no/such/folder/x.safetensors"); });
  BOOST_TEST(contains(reading_fails("/no/such/file.pt"), "/no/such/file.pt: "));
  BOOST_TEST(contains(reading_fails("/"), "not a file"));
}

BOOST_AUTO_TEST_CASE(a_file_cut_at_any_byte_is_an_error) {
  TemporaryFolder folder;
  const auto path = folder.path() / "whole";
  write_safetensors(path, {{"a", floats(Shape{2}, {1, 2})}, {"b", floats(Shape{1}, {3})}});
  const std::string whole = read_file(path);
  const auto cut = folder.path() / "cut";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_file(cut, whole.substr(0, size));
    BOOST_TEST(!reading_fails(cut).empty(), "cut at " << size << " bytes was accepted");
  }
  BOOST_TEST_MESSAGE("cut at each of " << whole.size() << " bytes");
}

BOOST_AUTO_TEST_CASE(damaged_headers_are_refused_with_the_reason) {
  struct Row {
    const char* header;
    const char* data;
    const char* reason;
  };
  const std::string deep = "{\"a\":" + std::string(100000, '[');
  const Row rows[] = {
      {"{", "", "no JSON"},
      {"{]", "", "no JSON"},
      {deep.c_str(), "", "nested"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       "1234", "'a' twice"},
      {R"({"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}})", "1234",
       "'dtype' twice"},
      {R"({"a":3})", "", "'a' lacks its data_offsets"},
      {R"({"a":{"shape":[1],"data_offsets":[0,4]}})", "1234", "'a' lacks its dtype"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", "1234", "'a' lacks its shape"},
      {R"({"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", "1234", "type F8_E4M3"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "1234", "needs 8 bytes"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "1234", "whole numbers"},
      {R"({"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", "1234", "whole numbers"},
      {R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", "1234", "whole numbers"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "1234", "no sense"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "1234", "no sense"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}})", "1234",
       "out of range"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "1234", "truncated"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "12345678", "no tensor"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "12345678", "hole"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
       "123456", "overlaps"},
      {R"({"__metadata__":{"a":1}})", "", "metadata 'a'"},
      {R"({"__metadata__":[]})", "", "__metadata__"},
  };
  TemporaryFolder folder;
  const auto path = folder.path() / "x.safetensors";
  for (const Row& row : rows) {
    write_file(path, header_and(row.header, row.data));
    const std::string error = reading_fails(path);
    BOOST_TEST(contains(error, path.string()), error);
    BOOST_TEST(contains(error, row.reason), std::string(row.header).substr(0, 80) << ": " << error);
  }
  BOOST_TEST_MESSAGE(std::size(rows) << " damaged headers");
}

BOOST_AUTO_TEST_CASE(a_header_whose_length_looks_like_a_pickle_is_still_read) {
  TemporaryFolder folder;
  const auto path = folder.path() / "x";
  std::string json = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  json.resize(128, ' ');  // the file begins with byte 0x80
  write_file(path, header_and(json, "7"));
  BOOST_TEST(read_checkpoint(path).tensors.at("a").values<std::uint8_t>()[0] == '7');
}

BOOST_AUTO_TEST_CASE(types_that_lathe_lacks_are_named_beside_those_it_reads) {
  TemporaryFolder folder;
  const auto path = folder.path() / "x";
  const std::string known = R"("w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  struct Type {
    const char* name;
    int elements, bytes;
  };
  for (const Type& type : {Type{"U16", 2, 4},
                           {"U32", 2, 8},
                           {"U64", 1, 8},
                           {"C64", 2, 16},
                           {"F8_E4M3", 3, 3},
                           {"F8_E5M2", 3, 3},
                           {"F8_E8M0", 3, 3},
                           {"F4", 6, 3},
                           {"F6_E2M3", 4, 3},
                           {"LATER", 5, 7}}) {
    const std::string entry = std::string(R"({"dtype":")") + type.name + R"(","shape":[)" +
                              std::to_string(type.elements) + R"(],"data_offsets":[1,)" +
                              std::to_string(1 + type.bytes) + "]}";
    write_file(path, header_and("{" + known + R"(,"x":)" + entry + "}",
                                std::string(static_cast<std::size_t>(1 + type.bytes), '7')));
    const Checkpoint read = read_checkpoint(path);
    BOOST_TEST(read.tensors.size() == 1U);
    BOOST_TEST(read.lacking.at("x") == std::string("of type ") + type.name);
  }
}

BOOST_AUTO_TEST_CASE(metadata_may_be_null_and_a_file_without_tensors_says_so) {
  TemporaryFolder folder;
  const auto path = folder.path() / "x";
  write_file(path, header_and(R"({"__metadata__":null,"a":{"dtype":"U8","shape":[1],)"
                              R"("data_offsets":[0,1]}})",
                              "7"));
  BOOST_TEST(read_checkpoint(path).metadata.empty());
  write_file(path, header_and("{}", ""));
  BOOST_TEST(contains(reading_fails(path), "it holds no tensors, only an empty header"));
  write_file(path, header_and(R"({"__metadata__":{"format":"pt"}})", ""));
  BOOST_TEST(contains(reading_fails(path), "only metadata, such as 'format'"));
}

BOOST_AUTO_TEST_CASE(booleans_in_memory_are_zero_or_one) {
  TemporaryFolder folder;
  const auto path = folder.path() / "x";
  write_file(path, header_and(R"({"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}})",
                              std::string("\x00\x07\x01", 3)));
  const auto values = values_of<std::uint8_t>(read_checkpoint(path).tensors.at("a"));
  BOOST_TEST(values == (std::vector<std::uint8_t>{0, 1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_that_no_reader_could_take_are_refused_before_writing) {
  TemporaryFolder folder;
  const auto path = folder.path() / "x";
  const Tensor one = floats(Shape{1}, {1.0F});
  BOOST_CHECK_THROW(write_safetensors(path, {{"__metadata__", one}}), Error);
  BOOST_CHECK_THROW(write_safetensors(path, {{"\xff", one}}), Error);
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()
