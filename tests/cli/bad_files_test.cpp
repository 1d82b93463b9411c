// Missing and damaged data, weights and plugins: which file, which tensor, expected and found.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>

using namespace lathe_test;

namespace {

std::string rows(std::size_t count, const std::string& cells) {
  std::string text;
  for (std::size_t row = 0; row < count; ++row)
    text += cells + "," + std::to_string(row % 5) + "\n";
  return text;
}

std::string header() {
  std::string text;
  for (int column = 0; column < 16; ++column) text += "f" + std::to_string(column) + ",";
  return text + "label\n";
}

const std::string kCells = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16";

std::string table(std::size_t count = 20) { return header() + rows(count, kCells); }

// A safetensors file of one float32 tensor.
std::string safetensors(const std::string& name, const std::vector<int>& shape,
                        std::size_t missing_bytes = 0) {
  std::size_t bytes = 4;
  for (const int extent : shape) bytes *= static_cast<std::size_t>(extent);
  const nlohmann::json header{
      {name, {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {0, bytes}}}}};
  const std::string text = header.dump();
  std::string file;
  for (std::size_t byte = 0; byte < 8; ++byte)
    file += static_cast<char>(static_cast<std::uint64_t>(text.size()) >> (8 * byte) & 0xFFU);
  return file + text + std::string(bytes - missing_bytes, '\0');
}

BadInput with_weights(const std::string& what, const std::string& contents,
                      const std::vector<std::string>& says) {
  return {what,
          {{"w.safetensors", contents}},
          {"test", "jsc-tiny", "jsc-sim", "--load", "w.safetensors"},
          1,
          says};
}

const std::string kSets = "csv<train=a.csv,validation=b.csv,test=b.csv>";

}  // namespace

BOOST_AUTO_TEST_CASE(missing_and_damaged_data_are_named) {
  check_bad_inputs({
      {"no such table", {}, {"train", "jsc-tiny", "csv<train=none.csv>"}, 1, {"none.csv"}},
      {"a table whose name is misspelt",
       {{"train.csv", table()}},
       {"train", "jsc-tiny", "csv<train=trian.csv>"},
       1,
       {"trian.csv", "'train.csv' lies beside it"}},
      {"a table with another suffix",
       {{"train.csv.gz", "x"}},
       {"train", "jsc-tiny", "csv<train=train.csv>"},
       1,
       {"'train.csv.gz' lies beside it"}},
      {"weights with another suffix",
       {{"best.safetensors", "x"}},
       {"test", "jsc-tiny", "jsc-sim", "--load", "best.ckpt"},
       1,
       {"best.ckpt", "'best.safetensors' lies beside it"}},
      {"weights whose name is misspelt",
       {{"best.safetensors", "x"}},
       {"test", "jsc-tiny", "jsc-sim", "--load", "bset.safetensor"},
       1,
       {"did you mean 'best.safetensors'?"}},
      {"weights in a folder that is not there",
       {{"best.safetensors", "x"}},
       {"test", "jsc-tiny", "jsc-sim", "--load", "lathe_output/x/best.safetensors"},
       1,
       {"there is no folder 'lathe_output'"}},
      {"a config file with another suffix",
       {{"run.toml", "seed = 1\n"}},
       {"train", "--config", "run.tml"},
       2,
       {"there is no file 'run.tml'", "'run.toml' lies beside it"}},
      {"a plugin with another suffix",
       {{"mine.cpp", "x"}},
       {"train", "jsc-tiny", "jsc-sim", "--plugin", "mine.so"},
       2,
       {"no plugin file 'mine.so'", "'mine.cpp' lies beside it"}},
      {"a known set whose files are not there",
       {},
       {"train", "jsc-tiny", "jsc", "--data-dir", "nowhere"},
       1,
       {"nowhere/jsc"}},
      {"a known set and no folder to look in",
       {},
       {"train", "jsc-tiny", "jsc"},
       1,
       {"LATHE_DATA_DIR"}},
      {"an empty file",
       {{"a.csv", ""}, {"b.csv", table()}},
       {"train", "jsc-tiny", kSets},
       1,
       {"a.csv"}},
      {"a cell that is no number",
       {{"a.csv", header() + "1,2,3,4,x5,6,7,8,9,10,11,12,13,14,15,16,0\n"}, {"b.csv", table()}},
       {"train", "jsc-tiny", kSets},
       1,
       {"a.csv:2", "x5"}},
      {"a row that is too short",
       {{"a.csv", table(3) + "1,2,3\n"}, {"b.csv", table()}},
       {"train", "jsc-tiny", kSets},
       1,
       {"a.csv:5", "17", "3"}},
      {"a label that is no class",
       {{"a.csv", table()}, {"b.csv", table()}},
       {"train", "jsc-tiny", "csv<train=a.csv,validation=b.csv,classes=[0,1,2,3]>"},
       1,
       {"a.csv", "4"}},
      {"splits with different columns",
       {{"a.csv", table()}, {"b.csv", "f0,f1,label\n1,2,0\n"}},
       {"train", "jsc-tiny", kSets},
       1,
       {"b.csv"}},
  });
}

BOOST_AUTO_TEST_CASE(damaged_images_and_arrays_are_named) {
  const std::string record = std::string(1, '\3') + std::string(3072, 'x');
  const std::string header("\0\0\x08\3\0\0\0\1\0\0\0\x1c\0\0\0\x1c", 16);
  const std::string label("\0\0\x08\1\0\0\0\1\7", 9);
  const auto trained_on = [](const std::string& what, const std::string& set,
                             const std::vector<std::pair<std::string, std::string>>& files,
                             const std::vector<std::string>& says) {
    return BadInput{what, files, {"train", "mlp", set}, 1, says};
  };
  const std::string images = "mnist<train=[x.idx,y.idx]>";
  const std::string arrays = "npy<train=[x.npy,y.npy]>";
  const std::string numbers =
      "\x93NUMPY\1" + std::string("\0\x46\0", 3) +
      "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 4), }          \n";
  check_bad_inputs({
      trained_on("no official files", "cifar10", {},
                 {"data_batch_1.bin", "lathe data fetch cifar10", "LATHE_DATA_DIR"}),
      trained_on("a record that is cut", "cifar10<train=c.bin>",
                 {{"c.bin", record + record.substr(1)}}, {"c.bin", "6145 bytes", "3073"}),
      trained_on("a label that is no class of CIFAR-10", "cifar10<train=c.bin>",
                 {{"c.bin", record + std::string(3073, '\x0a')}}, {"c.bin", "record 1", "10"}),
      trained_on("an empty file of records", "cifar10<train=c.bin>", {{"c.bin", ""}},
                 {"c.bin", "0 bytes"}),
      {"statistics that have no name",
       {{"c.bin", record}},
       {"train", "mlp", "cifar10<train=c.bin,normalize=imagnet>"},
       2,
       {"normalize", "imagenet"}},
      trained_on("another magic number", images,
                 {{"x.idx", "\x89PNG" + header.substr(4)}, {"y.idx", label}},
                 {"x.idx", "magic number"}),
      trained_on("fewer images than promised", images,
                 {{"x.idx", header + std::string(783, 'x')}, {"y.idx", label}},
                 {"x.idx", "[1, 28, 28]", "799"}),
      trained_on("images of another size", images,
                 {{"x.idx", std::string(header).replace(11, 1, "\x0e") + std::string(392, 'x')},
                  {"y.idx", label}},
                 {"x.idx", "[1, 14, 28]"}),
      trained_on(
          "labels that are no classes", images,
          {{"x.idx", header + std::string(784, 'x')}, {"y.idx", label.substr(0, 8) + "\x0a"}},
          {"y.idx", "row 0", "label 10"}),
      trained_on("two labels for one image", images,
                 {{"x.idx", header + std::string(784, 'x')},
                  {"y.idx", std::string("\0\0\x08\1\0\0\0\2\7\7", 10)}},
                 {"y.idx", "1 images"}),
      trained_on("an array that is cut", arrays, {{"x.npy", numbers + "abc"}, {"y.npy", numbers}},
                 {"x.npy", "(1, 4)", "3 bytes"}),
      trained_on("no array", arrays, {{"x.npy", "1,2,3"}, {"y.npy", "1"}},
                 {"x.npy", "no NPY file"}),
      trained_on("an archive without arrays", "npy<train=a.npz>", {{"a.npz", "PK\3\4nothing"}},
                 {"a.npz"}),
  });
}

BOOST_AUTO_TEST_CASE(missing_and_damaged_weights_are_named) {
  check_bad_inputs({
      {"no such file",
       {},
       {"test", "jsc-tiny", "jsc-sim", "--load", "none.safetensors"},
       1,
       {"none.safetensors"}},
      {"weights and no model",
       {{"w.safetensors", safetensors("a.weight", {5, 16})}},
       {"test", "--load", "w.safetensors"},
       2,
       {"w.safetensors", "weights alone", "name MODEL"}},
      {"weights and a data set",
       {{"w.safetensors", safetensors("a.weight", {5, 16})}},
       {"test", "jsc-sim", "--load", "w.safetensors"},
       2,
       {"w.safetensors", "weights alone", "name MODEL"}},
      {"weights beside somebody's graph",
       {{"w.safetensors", safetensors("a.weight", {5, 16})}, {"graph.json", "{}"}},
       {"test", "--load", "w.safetensors"},
       2,
       {"w.safetensors", "graph.json beside it", "--load the folder"}},
      {"a damaged file and no model",
       {{"w.safetensors", safetensors("a.weight", {5, 16}, 8)}},
       {"test", "--load", "w.safetensors"},
       1,
       {"w.safetensors", "a.weight", "truncated"}},
      {"a folder without a network",
       {{"notes.txt", "none"}},
       {"test", "jsc-sim", "--load", "."},
       1,
       {"'.' holds neither a training nor a saved graph"}},
      {"a graph without weights",
       {{"graph.json", "{\"lathe_graph\": 1}"}},
       {"test", "jsc-sim", "--load", "graph.json"},
       1,
       {"no weights beside 'graph.json'"}},
      with_weights("an empty file", "", {"w.safetensors"}),
      with_weights("no checkpoint", "This is a letter, not a checkpoint.", {"w.safetensors"}),
      with_weights("a truncated file", safetensors("seq_blocks.2.weight", {5, 16}, 8),
                   {"w.safetensors", "seq_blocks.2.weight"}),
      with_weights("a wrong shape", safetensors("seq_blocks.0.weight", {8}),
                   {"w.safetensors", "seq_blocks.0.weight", "[16]", "[8]"}),
      with_weights("a tensor that is not there", safetensors("seq_blocks.0.weight", {16}),
                   {"w.safetensors", "seq_blocks.0.bias"}),
  });
}

BOOST_AUTO_TEST_CASE(a_run_that_cannot_go_on_says_where) {
  check_bad_inputs({
      {"a loss that is no number",
       {},
       {"train", "jsc-tiny", "jsc-sim", "--learning-rate", "1e38", "--max-epochs", "2"},
       1,
       {"epoch", "batch"}},
      {"a newline in a cell",
       {{"a.csv", "x1,x2,class\n1,\"2\nboo\",0\n1,2,1\n"}},
       {"train", "mlp", "csv<train=a.csv>"},
       1,
       {"a.csv:2:1: ", "'2\\nboo' is not a number"}},
      {"an escape in a cell",
       {{"a.csv", "x1,x2,class\n1,\x1b[2J,0\n1,2,1\n"}},
       {"train", "mlp", "csv<train=a.csv>"},
       1,
       {"'\\x1b[2J' is not a number"}},
      {"an override of the direction of writing in a name",
       {},
       {"train", "mlp", "csv<train=\xe2\x80\xaevsc.csv>"},
       1,
       {"\\u202evsc.csv"}},
      {"a folder that is a file",
       {{"taken", "a file"}},
       {"transform", "jsc-tiny", "jsc-sim", "--passes", "flops", "--project-dir", "taken"},
       1,
       {"taken"}},
  });
}

BOOST_AUTO_TEST_CASE(a_training_is_not_replaced_without_a_word) {
  const TemporaryFolder folder;
  const Words words{"train", "jsc-tiny", "jsc-sim", "--max-epochs", "1", "--project", "p"};
  BOOST_REQUIRE(run_lathe(words, folder.path()).exit_code == 0);
  const Outcome again = run_lathe(words, folder.path());
  BOOST_TEST(again.exit_code == 2);
  for (const char* text : {"--resume", "--overwrite", "training_ckpts"})
    BOOST_TEST(again.last_line().find(text) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wrong_plugin_is_named_and_refused) {
  const Words flops{"transform", "jsc-tiny", "jsc-sim", "--passes", "flops", "--plugin"};
  const auto with = [&](const std::string& file) {
    Words words = flops;
    words.push_back(file);
    return words;
  };
  const std::filesystem::path plugins(lathe_test::built_plugin_dir());
  std::string built_in;
  for (const auto& entry : std::filesystem::directory_iterator(plugins))
    if (entry.path().extension() == ".so") built_in = read_file(entry.path());
  BOOST_REQUIRE(!built_in.empty());
  const std::string core =
      (lathe_test::executable().parent_path().parent_path() / "lib" / "liblathe_core.so").string();

  check_bad_inputs({
      {"no such file", {}, with("./none.so"), 2, {"none.so"}},
      {"a text file", {{"x.so", "int main() {}\n"}}, with("./x.so"), 2, {"x.so"}},
      {"an empty file", {{"x.so", ""}}, with("./x.so"), 2, {"x.so"}},
      {"a truncated plugin",
       {{"x.so", built_in.substr(0, built_in.size() / 2)}},
       with("./x.so"),
       2,
       {"x.so"}},
      {"a library that is no plugin", {}, with(core), 2, {"liblathe_core.so"}},
  });
}
