// .pt files out: what is written comes back, bytes are deterministic, failures leave nothing.
#include "expect.hpp"
#include "tests/support/support.hpp"
#include "torch_writer.hpp"

#include "core/checkpoint/zip/zip_reader.hpp"
#include "core/checkpoint/zip/zip_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace lathe;
using namespace lathe_test;

namespace {

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, std::move(shape), std::span(values));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_written)

BOOST_AUTO_TEST_CASE(what_is_written_comes_back_and_shared_tensors_stay_shared) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.pt";
  const Tensor tied = floats(Shape{2, 2}, {1, 2, 3, 4});
  write_torch(path, {{"a", tied},
                     {"b", tied},
                     {"c", floats(Shape{}, {5})},
                     {"d", floats(Shape{0}, {})},
                     {"e", floats(Shape{0, 3}, {})}});
  const Checkpoint read = read_checkpoint(path);
  BOOST_TEST(read.type == "state_dict");
  BOOST_TEST(read.tensors.size() == 5U);
  BOOST_TEST(values_of<float>(read.tensors.at("a")) == (std::vector<float>{1, 2, 3, 4}),
             boost::test_tools::per_element());
  BOOST_TEST(read.tensors.at("a").bytes().data() == read.tensors.at("b").bytes().data());
  BOOST_TEST(read.tensors.at("c").values<float>()[0] == 5.0F);
  BOOST_TEST((read.tensors.at("e").shape() == Shape{0, 3}));
}

BOOST_AUTO_TEST_CASE(equal_tensors_give_equal_bytes) {
  const TemporaryFolder folder;
  // Made apart, so that only their contents are equal.
  for (const char* name : {"1", "2"})
    write_torch(folder.path() / name,
                {{"a", floats(Shape{2}, {1, 2})}, {"b", floats(Shape{1}, {3})}});
  BOOST_TEST(read_file(folder.path() / "1") == read_file(folder.path() / "2"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_leaves_the_old_file_as_it_was) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.pt";
  write_torch(path, {{"w", floats(Shape{1}, {1})}});
  const std::string before = read_file(path);
  const auto is_usage = [](const Error& error) { return error.exit_code() == 2; };
  BOOST_CHECK_EXCEPTION(write_torch(path, {{"w", Tensor()}}), Error, is_usage);
  BOOST_CHECK_EXCEPTION(write_torch(path, {{"\xff", floats(Shape{1}, {1})}}), Error, is_usage);
  BOOST_TEST(read_file(path) == before);
  BOOST_CHECK_EXCEPTION(write_torch("/no/such/folder/a.pt", {}), Error, [](const Error& error) {
    return contains(error.what(), "/no/such/folder/a.pt");
  });
}

BOOST_AUTO_TEST_CASE(more_entries_than_16_bits_count_need_64_bit_records) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "many.zip";
  constexpr int kCount = 70'000;
  write_atomically(path, [&](const ByteSink& sink) {
    lathe::ZipWriter zip(sink);
    for (int i = 0; i < kCount; ++i) zip.add(std::to_string(i), std::string_view("x"));
    zip.finish();
  });
  const InputFile file(path);
  const ZipArchive archive(file);
  BOOST_TEST(archive.entries().size() == static_cast<std::size_t>(kCount));
  BOOST_TEST(archive.read("69999").bytes().size() == 1U);
}

// Four gigabytes and five bytes of zeros that take no memory, in a file with a hole that takes no
// disk.
BOOST_AUTO_TEST_CASE(sizes_and_offsets_over_32_bits_get_64_bit_fields) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "big.zip";
  constexpr std::size_t kBig = (std::size_t{1} << 32) + 5;
  void* zeros =
      ::mmap(nullptr, kBig, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  BOOST_REQUIRE(zeros != MAP_FAILED);
  const int out = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  const ByteSink sink = [&](std::span<const std::byte> bytes) {
    if (bytes.size() == kBig)
      BOOST_REQUIRE(::lseek(out, static_cast<off_t>(kBig), SEEK_CUR) > 0);
    else
      BOOST_REQUIRE(::write(out, bytes.data(), bytes.size()) >= 0);
  };
  lathe::ZipWriter zip(sink);
  zip.add("big", {static_cast<const std::byte*>(zeros), kBig});
  zip.add("after", std::string_view("y"));
  zip.finish();
  ::close(out);
  ::munmap(zeros, kBig);

  const InputFile file(path);
  const ZipArchive archive(file);
  BOOST_TEST(archive.find("big")->size == kBig);
  BOOST_TEST(archive.find("after")->header_offset > kBig);
  BOOST_TEST((archive.read("after").bytes()[0] == std::byte{'y'}));
}

BOOST_AUTO_TEST_SUITE_END()
