// lathe export: what it lists, what it writes, what it refuses.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>
#include "tests/support/messages.hpp"

#include <cstring>
#include <map>

using namespace lathe_test;

namespace {

// Tensors 'a' [2] of float32 and "b\x1b[2J" [] of int64.
std::string safetensors() {
  const std::string header =
      R"({"b\u001b[2J":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"__metadata__":{"epoch":"3"}})";
  const std::uint64_t size = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &size, 8);
  return file + header + std::string(16, '\1');
}

// A legacy file whose pickle calls a function.
std::string calling(const std::string& function) {
  return std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.",
                     21) +
         std::string("\x80\x02}.\x80\x02") + "c" + function + "\n)R.\x80\x02].";
}

}  // namespace

BOOST_AUTO_TEST_CASE(export_without_an_output_lists_the_tensors) {
  const TemporaryFolder folder;
  write_file(folder.path() / "in.safetensors", safetensors());
  const std::string text = good({"export", "in.safetensors"}, folder.path()).out;
  BOOST_TEST(contains(text, "'in.safetensors' is a safetensors file of 2 tensors, 3 elements"));
  BOOST_TEST(contains(text, "a"));
  BOOST_TEST(contains(text, "b\\x1b[2J  int64    []"), text);
  BOOST_TEST(!contains(text, "\x1b"));
  const auto told = good({"export", "in.safetensors", "--json"}, folder.path()).json();
  BOOST_TEST(told["type"] == "safetensors");
  BOOST_TEST(told["elements"] == 3);
  BOOST_TEST(told["metadata"]["epoch"] == "3");
  BOOST_TEST(told["tensors"][0] ==
             nlohmann::json({{"name", "a"}, {"dtype", "float32"}, {"shape", {2}}}));
}

BOOST_AUTO_TEST_CASE(exported_tensors_survive_every_form) {
  const TemporaryFolder folder;
  write_file(folder.path() / "in.safetensors", safetensors());
  const auto told = good({"export", "in.safetensors", "out.pt", "--json"}, folder.path()).json();
  BOOST_TEST(told["output"]["form"] == "state_dict");
  BOOST_TEST(told["output"]["bytes"] == std::filesystem::file_size(folder.path() / "out.pt"));
  good({"export", "out.pt", "again.pth"}, folder.path());
  BOOST_TEST(read_file(folder.path() / "out.pt") == read_file(folder.path() / "again.pth"));
  good({"export", "again.pth", "back.safetensors"}, folder.path());
  const auto listed = good({"export", "back.safetensors", "--json"}, folder.path()).json();
  BOOST_TEST(listed["tensors"] == told["tensors"]);
}

BOOST_AUTO_TEST_CASE(a_saved_graph_is_exported_by_its_folder) {
  const TemporaryFolder folder;
  good(
      {"transform", "jsc-tiny", "jsc-sim", "--project", "p", "--passes",
       "quantize<by=type,default.name=integer,default.data_in_width=8,default.data_in_frac_width=4,"
       "default.weight_width=8,default.weight_frac_width=4,default.bias_width=8,"
       "default.bias_frac_width=4>"},
      folder.path());
  const std::string saved = "lathe_output/p/software/transform/transformed_ckpt";
  const auto told = good({"export", saved, "net.pt", "--json"}, folder.path()).json();
  BOOST_TEST(told["tensors"].size() > 2U);
  // The file is one that --load takes.
  const auto tested =
      good({"test", "jsc-tiny", "jsc-sim", "--load", "net.pt", "--json"}, folder.path()).json();
  const auto weights = tested["provenance"]["weights"];
  BOOST_TEST(weights["type"] == "state_dict");
  BOOST_TEST(weights["matched"] == told["tensors"].size());
  BOOST_TEST(weights["missing"].empty());
  BOOST_TEST(weights["unused"].empty());
}

BOOST_AUTO_TEST_CASE(codes_of_quantized_weights_are_written_with_what_makes_values_of_them) {
  const TemporaryFolder folder;
  good({"transform", "jsc-tiny", "--project", "p", "--project-dir", ".", "--passes",
        "quantize<by=type,default.name=NA,linear.name=integer,linear.weight_width=6,"
        "linear.weight_frac_width=4,linear.bias_width=12,linear.bias_frac_width=3>"},
       folder.path());
  const auto told =
      good({"export", "p", "codes.safetensors", "--codes", "--json"}, folder.path()).json();
  BOOST_TEST(told["without_codes"].empty());
  BOOST_TEST(told["codes"].size() == 2U, told);
  const auto listed = good({"export", "codes.safetensors", "--json"}, folder.path()).json();
  std::map<std::string, nlohmann::json> tensors;
  for (const auto& tensor : listed["tensors"]) tensors[tensor["name"]] = tensor;
  const std::string weight = told["codes"][0], bias = told["codes"][1];
  BOOST_TEST(tensors[weight]["dtype"] == "int8");
  BOOST_TEST(tensors[bias]["dtype"] == "int16");
  BOOST_TEST(tensors[weight + ".scale"]["dtype"] == "float64");
  BOOST_TEST(tensors[weight + ".scale"]["shape"] == nlohmann::json({1, 1}));
  const auto said = nlohmann::json::parse(listed["metadata"]["lathe.codes"].get<std::string>());
  const auto& about = said["tensors"][weight];
  BOOST_TEST(about["format"] == "integer");
  BOOST_TEST(about["options"]["width"] == 6);
  BOOST_TEST(about["block"] == tensors[weight]["shape"]);
  BOOST_TEST(about["value"] == "float32(float64(codes) * scale)");
}

BOOST_AUTO_TEST_CASE(what_has_no_codes_is_written_as_values_and_said) {
  const TemporaryFolder folder;
  const std::string plugin = (build_dir() / "tests/fixtures/halves.so").string();
  good({"transform", "jsc-tiny", "--project", "p", "--project-dir", ".", "--plugin", plugin,
        "--passes", "quantize<by=type,default.name=NA,linear.name=halves,linear.weight_width=6>"},
       folder.path());
  const Outcome outcome = good(
      {"export", "p", "codes.safetensors", "--codes", "--json", "--plugin", plugin}, folder.path());
  BOOST_TEST(contains(outcome.err, "format 'halves' has no integer codes"), outcome.err);
  BOOST_TEST(outcome.json()["codes"].empty());
  BOOST_TEST(outcome.json()["without_codes"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(codes_that_cannot_be_had_are_refused) {
  const std::pair<std::string, std::string> in{"in.safetensors", safetensors()};
  check_bad_inputs({
      {"no output", {in}, {"export", "in.safetensors", "--codes"}, 2, {"name one that ends in"}},
      {"another form",
       {in},
       {"export", "in.safetensors", "out.pt", "--codes"},
       2,
       {"--codes writes a safetensors file"}},
      {"weights alone",
       {in},
       {"export", "in.safetensors", "out.safetensors", "--codes"},
       2,
       {"'in.safetensors' is no saved network", "graph.json"}},
      {"a model's name",
       {},
       {"export", "jsc-tiny", "o.safetensors", "--codes"},
       2,
       {"no file and no folder 'jsc-tiny'", "lathe transform"}},
  });
  const TemporaryFolder folder;
  good({"transform", "jsc-tiny", "--project", "p", "--project-dir", ".", "--passes",
        "quantize<by=type,default.name=NA,relu.name=integer,relu.data_in_width=6>"},
       folder.path());
  const Outcome outcome = run_lathe({"export", "p", "out.safetensors", "--codes"}, folder.path());
  BOOST_TEST(outcome.exit_code == 2);
  BOOST_TEST(contains(outcome.last_line(), "no weight and no bias of 'p' has a number format"));
  BOOST_TEST(!std::filesystem::exists(folder.path() / "out.safetensors"));
}

BOOST_AUTO_TEST_CASE(bad_exports_are_refused_with_the_reason) {
  const std::pair<std::string, std::string> in{"in.safetensors", safetensors()};
  check_bad_inputs({
      {"no input", {}, {"export"}, 2, {"usage: lathe export INPUT [OUTPUT]"}},
      {"three words",
       {in},
       {"export", "a", "b", "c"},
       2,
       {"usage: lathe export", "MODEL DATASET net.onnx"}},
      {"four words", {in}, {"export", "a", "b", "c", "d"}, 2, {"'d'", "usage: lathe export"}},
      {"an unknown option", {in}, {"export", "--form", "pt"}, 2, {"--form", "export --help"}},
      {"an unknown extension",
       {in},
       {"export", "in.safetensors", "out.ptt"},
       2,
       {"'out.ptt'", "unknown extension '.ptt'", ".pt"}},
      {"no extension", {in}, {"export", "in.safetensors", "out"}, 2, {"'out' has no extension"}},
      {"an output that is there",
       {in, {"out.pt", "old"}},
       {"export", "in.safetensors", "out.pt"},
       2,
       {"'out.pt' is there already", "--overwrite"}},
      {"an input that is not there", {}, {"export", "none.pt"}, 1, {"none.pt"}},
      {"a folder that is no graph", {}, {"export", "."}, 1, {"no graph.json"}},
      {"a file that is no checkpoint",
       {{"x.pt", "hello, world"}},
       {"export", "x.pt"},
       1,
       {"x.pt", "no checkpoint that can be read"}},
      {"a pickle that calls",
       {{"x.pt", calling("os\nsystem")}},
       {"export", "x.pt"},
       1,
       {"x.pt", "it calls 'os.system'", "nothing was called"}},
      {"a pickle of an unknown class",
       {{"x.pt", calling("my\nNet")}},
       {"export", "x.pt"},
       1,
       {"x.pt", "holds no tensors", "'my.Net'"}},
      {"weights that call",
       {{"x.pt", calling("posix\nsystem")}},
       {"test", "jsc-tiny", "jsc-sim", "--load", "x.pt"},
       1,
       {"x.pt", "it calls 'posix.system'"}},
      {"weights of another net",
       {in},
       {"test", "jsc-tiny", "jsc-sim", "--load", "in.safetensors"},
       1,
       {"in.safetensors", "0 of ", "the file also has 'a'"}},
  });
}
