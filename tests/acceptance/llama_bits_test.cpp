// A real small Llama with fewer bits, against numbers of NumPy in float64: perplexity, divergence
// and agreement of every width, per channel and in blocks.
#include "tests/acceptance/run.hpp"

#include <fmt/format.h>
#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace lathe_test;
using nlohmann::json;

namespace {

// What both passes publish of the texts after `quantize`; empty: float.
json told_of(const std::string& quantize) {
  TemporaryFolder folder;
  const std::string texts = golden("own_networks/llama_texts.npy").string();
  const Outcome run = succeed({"transform", "llama<config=" + (data_dir() / "llama").string() + ">",
                               "tokens<test=" + texts + ",vocabulary=512>", "--passes",
                               quantize + "evaluate<split=test>,compare_outputs<split=test>",
                               "--project-dir", ".", "--json"},
                              folder.path());
  json all = json::object();
  const json report = run.json();
  for (const json& pass : report.at("passes")) all.update(pass.at("scalars"));
  return all;
}

void check_row(const json& row, const std::string& quantize) {
  const json told = told_of(quantize);
  const auto number = [&](const char* name) { return told.at(name).get<double>(); };
  const auto expected = [&](const char* name) { return row.at(name).get<double>(); };
  BOOST_TEST_CONTEXT(quantize) {
    BOOST_TEST(number("tokens") == 1188);
    BOOST_TEST(number("compared_positions") == 1188);
    BOOST_TEST(std::abs(number("perplexity") / expected("perplexity") - 1) < 1e-4);
    BOOST_TEST(std::abs(number("kl") - expected("kl")) < 1e-6 + 1e-3 * expected("kl"));
    BOOST_TEST(std::abs(number("top1_agreement") - expected("top1_agreement")) < 1.01 / 1188);
  }
}

// `options` of a width.
void check_format(const std::string& format, const std::function<std::string(int bits)>& options) {
  int rows = 0;
  const json golden = golden_json("own_networks/llama.json");
  for (const json& row : golden.at("quantization")) {
    if (row.at("format") != format) continue;
    ++rows;
    check_row(row, "quantize<by=regex_name,'.*_proj'.weight={" +
                       options(row.at("bits").get<int>()) + "}>,");
  }
  BOOST_TEST(rows == 7);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(llama_bits)

BOOST_AUTO_TEST_CASE(integers_per_channel_are_numpys) {
  check_format("channel_integer", [](int bits) {
    return fmt::format("name=affine,width={},narrow=true,symmetric=true,axis=0", bits);
  });
}

BOOST_AUTO_TEST_CASE(blocks_of_32_are_numpys_and_float_is_the_original) {
  check_format("mxint32", [](int bits) {
    return fmt::format("name=mxint,element_bits={},block_size=[32]", bits);
  });
  const json golden = golden_json("own_networks/llama.json");
  check_row(golden.at("quantization").at(0), "");
}

BOOST_AUTO_TEST_SUITE_END()
