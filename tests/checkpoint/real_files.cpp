// Files that other people wrote, against what PyTorch makes of them.
#include "expect.hpp"
#include "tests/support.hpp"

#include <boost/test/unit_test.hpp>

#include <zlib.h>

using namespace lathe;
using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(real_files)

BOOST_AUTO_TEST_CASE(every_file_gives_the_tensors_that_an_independent_reader_finds) {
  const auto folder = data_dir() / "checkpoints";
  const auto golden = golden_json("checkpoint_reader.json");
  std::size_t tensors = 0;
  for (const auto& file : golden["files"]) {
    BOOST_TEST_CONTEXT(file["file"]) {
      const Checkpoint read = read_checkpoint(folder / file["file"].get<std::string>());
      BOOST_TEST(read.type == file["type"].get<std::string>());
      BOOST_TEST(read.tensors.size() == file["tensors"].size());
      for (const auto& expected : file["tensors"]) {
        const Tensor& tensor = read.tensors.at(expected["name"]);
        BOOST_TEST(name(tensor.dtype()) == expected["dtype"].get<std::string>());
        BOOST_TEST(tensor.shape().dims() == expected["shape"].get<std::vector<std::int64_t>>(),
                   boost::test_tools::per_element());
        const auto bytes = tensor.bytes();
        const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
        BOOST_TEST(crc == expected["crc32"].get<std::uint64_t>());
        ++tensors;
      }
    }
  }
  BOOST_TEST_MESSAGE(golden["files"].size() << " files, " << tensors << " tensors");
}

BOOST_AUTO_TEST_CASE(one_net_in_two_formats_has_equal_names_types_and_shapes) {
  // Two trainings of one net: the contents differ in the files themselves.
  const auto folder = data_dir() / "checkpoints";
  const Checkpoint zip = read_checkpoint(folder / "burn__mnist.pt");
  const Checkpoint safe = read_checkpoint(folder / "burn__mnist.safetensors");
  BOOST_TEST(zip.tensors.size() == safe.tensors.size());
  for (const auto& [name, tensor] : safe.tensors) {
    BOOST_TEST((tensor.shape() == zip.tensors.at(name).shape()), name);
    BOOST_TEST((tensor.dtype() == zip.tensors.at(name).dtype()), name);
  }
}

BOOST_AUTO_TEST_CASE(every_corner_case_is_read_or_refused_with_a_reason) {
  const auto folder = data_dir() / "checkpoints" / "burn_reader_tests";
  std::size_t read = 0, refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string error = reading_fails(entry.path());
    if (error.empty()) {
      ++read;
      continue;
    }
    ++refused;
    const std::string file = entry.path().filename().string();
    BOOST_TEST_MESSAGE(error);
    BOOST_TEST((contains(file, "legacy") || contains(file, "tar_") || contains(file, "broken")),
               error);
  }
  BOOST_TEST_MESSAGE(read << " read, " << refused << " refused");
  BOOST_TEST(read >= 46U);
}

BOOST_AUTO_TEST_CASE(legacy_files_are_recognised_by_their_contents) {
  const auto folder = data_dir() / "checkpoints";
  for (const char* file :
       {"akamaster__resnet20-12fca82f.th", "hls4ml_example-models__three_layer_model.pt"})
    BOOST_TEST(contains(reading_fails(folder / file), "legacy PyTorch file"));
}

BOOST_AUTO_TEST_SUITE_END()
