// Files that other people wrote, against what PyTorch makes of them.
#include "expect.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <zlib.h>

#include <algorithm>

using namespace lathe;
using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(real_files)

BOOST_AUTO_TEST_CASE(every_file_gives_the_tensors_that_an_independent_reader_finds_or_is_refused) {
  const auto folder = data_dir() / "checkpoints";
  const auto golden = golden_json("checkpoint_reader.json");
  std::size_t tensors = 0, refused = 0;
  for (const auto& file : golden["files"]) {
    const auto path = folder / file["file"].get<std::string>();
    BOOST_TEST_CONTEXT(file["file"]) {
      if (file.contains("refused")) {
        const std::string error = reading_fails(path);
        BOOST_TEST_MESSAGE("refused: " << error);
        BOOST_TEST(contains(error, path.string() + ": "), error);
        ++refused;
        continue;
      }
      const Checkpoint read = read_checkpoint(path);
      BOOST_TEST_MESSAGE("read: " << path.string() << ": " << read.type << ", "
                                  << read.tensors.size() << " tensors");
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
  BOOST_TEST_MESSAGE(golden["files"].size() - refused << " files read, " << tensors << " tensors; "
                                                      << refused << " refused");
  // A file that is new in the folder needs an outcome.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string file = std::filesystem::relative(entry.path(), folder).string();
    BOOST_TEST(std::any_of(golden["files"].begin(), golden["files"].end(),
                           [&](const auto& row) { return row["file"] == file; }),
               file);
  }
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

BOOST_AUTO_TEST_SUITE_END()
