// Integer codes of quantized networks: values that NumPy makes of them, by what the file says of
// itself, are those that the engine computes with, bit for bit.
#include "tests/acceptance/run.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace lathe_test;

namespace {

constexpr const char* kPython = "/usr/bin/python3";

// Whose weights are of rank 4; there is a linear layer besides.
const std::vector<std::string>& convolutions() {
  static const auto names = [] {
    std::vector<std::string> out{"conv1"};
    for (int stage = 1; stage <= 3; ++stage)
      for (int block = 0; block < 3; ++block)
        for (int conv = 1; conv <= 2; ++conv)
          out.push_back(fmt::format("layer{}_{}_conv{}", stage, block, conv));
    return out;
  }();
  return names;
}

struct Case {
  std::string format;
  std::vector<std::string> options;  // "width=4"
};

// Every format there is with what quantize needs to choose it, and some with other options.
std::vector<Case> cases() {
  using Options = std::vector<std::string>;
  const std::map<std::string, std::vector<Options>> more{
      {"integer",
       {{"width=4"}, {"width=3", "frac_width=5"}, {"width=12", "frac_width=14"}, {"width=24"}}},
      {"integer_floor", {{"width=5", "frac_width=6"}, {"width=9", "is_signed=false"}}},
      {"minifloat_ieee",
       {{"width=4", "exponent_width=2"}, {"width=12", "exponent_width=6", "exponent_bias=40"}}},
      {"minifloat_denorm", {{"width=6", "exponent_width=3"}}},
      {"minifloat_mx",
       {{"exp_bits=2", "frac_bits=1"}, {"exp_bits=5", "frac_bits=2", "is_finite=false"}}},
      {"log", {{"width=5"}, {"width=8", "exponent_bias=20"}}},
      {"block_fp", {{"width=4", "block_size=[16,-1,3,3]"}, {"width=12", "block_size=[1,7,1,1]"}}},
      {"block_minifloat", {{"width=6", "exponent_width=2", "block_size=[-1,3,2,2]"}}},
      {"block_log", {{"width=6", "block_size=[5,1,1,-1]"}}},
      {"mxint", {{"element_bits=4", "block_size=[1,32,1,1]"}}},
      {"mxfp", {{"element=E2M1", "block_size=[32,1,1,1]"}, {"element=E5M2"}}},
      {"mxint_hardware", {{"width=6", "exponent_width=4", "parallelism=[2,2]"}}},
      {"scale_integer", {{"width=4"}, {"width=12"}}},
      {"affine",
       {{"width=4", "axis=0"},
        {"width=6", "is_signed=false", "symmetric=false"},
        {"width=8", "scale=0.01", "zero_point=3", "narrow=true", "rounding=floor"}}},
      {"lsq", {{"width=3"}}},
      {"binary", {{"scale=channel"}, {"bipolar=false", "scale=tensor"}, {"scale=none"}}},
      {"binary_residual", {{"levels=1"}, {"levels=3"}}},
      {"ternary", {{"granularity=channel"}, {"scaling_factor=false"}}}};
  std::vector<Case> out;
  const TemporaryFolder folder;
  const auto listed = good({"list", "format", "--json"}, folder.path()).json().at("components");
  for (const auto& component : listed) {
    const std::string id = component.at("id");
    out.push_back({id, {"mase_compat=false"}});
    if (const auto found = more.find(id); found != more.end())
      for (const auto& options : found->second) out.push_back({id, options});
  }
  return out;
}

// A convolution for each case, and weight and bias of the linear layer in the format of the first.
std::string quantize_text(std::span<const Case> cases) {
  const std::string& first = cases.front().format;
  std::string text = fmt::format(
      "quantize<by=name,default.name=NA,linear.name={},linear.weight_mase_compat=false,"
      "linear.bias_mase_compat=false",
      first);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string& layer = convolutions().at(i);
    text += fmt::format(",{}.name={}", layer, cases[i].format);
    for (const std::string& option : cases[i].options)
      text += fmt::format(",{}.weight_{}", layer, option);
  }
  return text + ">";
}

// Rows of noise, as CIFAR-10's files have them.
void write_images(const std::filesystem::path& file) {
  std::mt19937 numbers(3);
  std::string bytes;
  for (int row = 0; row < 16; ++row) {
    bytes.push_back(static_cast<char>(row % 10));
    for (int i = 0; i < 3072; ++i) bytes.push_back(static_cast<char>(numbers()));
  }
  write_file(file, bytes);
}

double loss_of(const std::vector<std::string>& network, const std::filesystem::path& folder) {
  Words words{"test"};
  words.insert(words.end(), network.begin(), network.end());
  // In floats, which the rebuilt values are computed with: on integers results differ by roundings.
  words.insert(words.end(), {"--batch-size", "16", "--project-dir", "tests", "--integer-kernels",
                             "off", "--json"});
  return good(words, folder).json().at("metrics").at("loss").get<double>();
}

// Quantizes resnet20 by the cases and holds it against the float network with the values that
// Python makes of the codes. Empty `weights`: as they are initialised.
void check_rebuilt(std::span<const Case> cases, const std::string& weights) {
  const TemporaryFolder folder;
  write_images(folder.path() / "images.bin");
  const std::string data = "cifar10<train=images.bin,test=images.bin>";
  Words transform{"transform",     "resnet20", "--passes",  quantize_text(cases),
                  "--project-dir", ".",        "--project", "q"};
  if (!weights.empty()) transform.insert(transform.end(), {"--load", weights});
  good(transform, folder.path());
  const auto told =
      good({"export", "q", "codes.safetensors", "--codes", "--json"}, folder.path()).json();
  BOOST_TEST(told.at("codes").size() + told.at("without_codes").size() >= cases.size());
  BOOST_TEST(told.at("without_codes").empty(), told.at("without_codes"));
  const std::string script = (source_dir() / "tests/acceptance/rebuild_values.py").string();
  const std::string command = fmt::format("cd '{}' && {} '{}' codes.safetensors values.safetensors",
                                          folder.path().string(), kPython, script);
  BOOST_REQUIRE(std::system(command.c_str()) == 0);
  // What quantize() makes, beside it: equal tensors under equal names give equal bytes. The loss
  // alone does not see every last bit.
  good({"transform", "--load", "q", "--passes", "bakes_weights", "--plugin",
        (build_dir() / "tests/fixtures/bakes_weights.so").string(), "--project-dir", ".",
        "--project", "baked"},
       folder.path());
  good({"export", "baked", "quantized.pt"}, folder.path());
  good({"export", "values.safetensors", "rebuilt.pt"}, folder.path());
  BOOST_TEST(
      (read_file(folder.path() / "quantized.pt") == read_file(folder.path() / "rebuilt.pt")));
  const double engine = loss_of({"--load", "q", "--dataset", data}, folder.path());
  const double rebuilt = loss_of({"resnet20", data, "--load", "values.safetensors"}, folder.path());
  BOOST_TEST(engine == rebuilt);
}

void check_all(const std::string& weights) {
  if (std::system(fmt::format("{} -c 'import numpy' 2>/dev/null", kPython).c_str()) != 0)
    skip("python3-numpy is not installed");
  const std::vector<Case> all = cases();
  for (std::size_t first = 0; first < all.size(); first += convolutions().size()) {
    const std::size_t count = std::min(convolutions().size(), all.size() - first);
    check_rebuilt(std::span(all).subspan(first, count), weights);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codes)

BOOST_AUTO_TEST_CASE(values_rebuilt_from_codes_of_resnet20_are_what_the_engine_computes_with) {
  check_all((data_dir() / "checkpoints/akamaster__resnet20-12fca82f.th").string());
}

BOOST_AUTO_TEST_CASE(values_rebuilt_from_codes_of_fresh_weights_are_too) { check_all(""); }

BOOST_AUTO_TEST_SUITE_END()
