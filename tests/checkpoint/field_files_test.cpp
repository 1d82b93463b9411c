// Files of the kinds that people have (tests/cases/files): one trained net in each, and whatever
// else the writer put beside it, or a file that is something else.
#include "expect.hpp"
#include "tests/support/support.hpp"
#include "torch_writer.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

std::filesystem::path field_file(const std::string& name) {
  return source_dir() / "tests" / "cases" / "files" / name;
}

void check_same(const Tensor& read, const Tensor& expected, const std::string& name) {
  BOOST_TEST((read.shape() == expected.shape()), name);
  BOOST_TEST((read.dtype() == expected.dtype()), name);
  const auto a = read.bytes(), b = expected.bytes();
  BOOST_TEST(std::equal(a.begin(), a.end(), b.begin(), b.end()), name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(field_files)

BOOST_AUTO_TEST_CASE(every_way_of_writing_one_net_gives_its_tensors) {
  const Checkpoint base = read_checkpoint(field_file("base.pt"));
  BOOST_TEST(base.tensors.size() == 7U);
  // As torch.load shows it.
  BOOST_TEST(values_of<float>(base.tensors.at("seq_blocks.2.bias")) ==
                 (std::vector<float>{0x1.7712a8p-3F, 0x1.deea34p-3F, 0x1.10c6b4p+0F, 0x1.781538p-1F,
                                     -0x1.aeb74p-2F}),
             boost::test_tools::per_element());
  for (const char* name :
       {"config_in_folder_code.pt", "extra_complex.pt", "neg_bit.pt", "nocrc.pt",
        "ordereddict_subclass.pt", "python2_large_int.pt", "zip_trailing_newline.pt",
        "extra_U16.safetensors", "metadata_null.safetensors"}) {
    BOOST_TEST_CONTEXT(name) {
      const Checkpoint read = read_checkpoint(field_file(name));
      BOOST_TEST(read.tensors.size() == base.tensors.size());
      for (const auto& [tensor, contents] : base.tensors)
        check_same(read.tensors.at(tensor), contents, tensor);
    }
  }
  BOOST_TEST(read_checkpoint(field_file("extra_complex.pt")).lacking.contains("freqs_cis"));
  BOOST_TEST(read_checkpoint(field_file("extra_U16.safetensors")).lacking.at("q") == "of type U16");
}

BOOST_AUTO_TEST_CASE(a_list_of_tensors_is_numbered_and_two_nets_keep_their_prefixes) {
  const Checkpoint base = read_checkpoint(field_file("base.pt"));
  const Checkpoint list = read_checkpoint(field_file("list_of_tensors.pt"));
  BOOST_TEST(list.tensors.size() == 7U);
  std::size_t place = 0;
  for (const auto& [name, contents] : base.tensors)
    check_same(list.tensors.at(std::to_string(place++)), contents, name);
  const Checkpoint both = read_checkpoint(field_file("model_and_ema.pt"));
  BOOST_TEST(both.tensors.size() == 14U);
  for (const auto& [name, contents] : base.tensors)
    check_same(both.tensors.at("model." + name), contents, name);
  BOOST_TEST(both.tensors.at("ema.seq_blocks.2.bias").values<float>()[0] == 0.0F);
}

BOOST_AUTO_TEST_CASE(what_is_no_checkpoint_is_called_what_it_is) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "file.bin";
  ZipWriter around, keras, numbers, text, script, none;
  around.add("weights/net.pt", "x");
  keras.add("model.weights.h5", "x");
  numbers.add("a.npy", "x");
  text.add("readme.txt", "x");
  script.add("m/data.pkl", "x");
  script.add("m/constants.pkl", "x");
  const std::string index = R"({"metadata": {"total_size": 8, "note": {"a": [1]}}, "weight_map":
      {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}})";
  const std::pair<std::string, const char*> rows[] = {
      {read_file(field_file("refuse_lfs_pointer.pt")), "a Git LFS pointer"},
      {"<!DOCTYPE html>\n<html>", "a web page"},
      {"\n  <HTML><head>", "a web page"},
      {"\xef\xbb\xbf<!doctype HTML>", "a web page"},
      {"<?xml version=\"1.0\"?>", "an XML file"},
      {"# xet version 0\n", "a Xet pointer"},
      {tar_file({{"w/net.pt", "x"}}),
       "no file of torch.save: it has no 'storages', but 'w/net.pt'"},
      {"\x1f\x8b\x08rest", "packed by gzip"},
      {"BZh91AY", "packed by bzip2"},
      {std::string("\xfd\x37zXZ\0", 6), "packed by xz"},
      {"\x28\xb5\x2f\xfd", "packed by Zstandard"},
      {"7z\xbc\xaf\x27\x1c", "a 7z archive"},
      {index,
       "the index of a checkpoint in 2 parts, not the weights: they lie in "
       "'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'"},
      {R"({"hidden": 8})", "a JSON file, which holds no tensors"},
      {R"({"weight_map": 3})", "a JSON file, which holds no tensors"},
      {std::string(100'000, '['), "a text file that begins with '[["},
      {around.finish(),
       "a zip archive around the file that is meant; unpack it and name what is in "
       "it: 'weights/net.pt'"},
      {keras.finish(), "a model of Keras (.keras)"},
      {numbers.finish(), "an archive of NumPy arrays (.npz), not a checkpoint: 'a.npy'"},
      {text.finish(),
       "no PyTorch file: it has 0 entries named data.pkl in place of one, and holds "
       "'readme.txt'"},
      {script.finish(), "a TorchScript program"},
      {none.finish(), "this is no checkpoint that can be read"},
      {"\x89HDF\r\n\x1a\n", "an HDF5 file"},
      {"\x93NUMPY\x01", "one array of NumPy"},
      {std::string("\x08\x07\x12\x07pytorch\x1a", 12), "an ONNX model"},
      {std::string("\x1c\0\0\0TFL3....", 12), "a TensorFlow Lite model"},
      {"GGUF\x03", "a GGUF file"},
      {"(dp0\nS'a'\n", "a bare pickle"},
      {"hello\nworld", "a text file that begins with 'hello'"},
      {"", "the file is empty"},
  };
  for (const auto& [bytes, told] : rows) {
    write_file(path, bytes);
    const std::string error = reading_fails(path);
    BOOST_TEST(contains(error, path.string() + ": "), error);
    BOOST_TEST(contains(error, told), "expected '" << told << "', got '" << error << "'");
  }
  BOOST_TEST(contains(reading_fails(folder.path()), "this is a folder, not a file"));
  BOOST_TEST(contains(reading_fails(field_file("atk_popen.pt")), "it calls 'commands.Popen'"));
}

BOOST_AUTO_TEST_SUITE_END()
