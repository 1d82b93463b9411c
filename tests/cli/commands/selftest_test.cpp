// lathe selftest: published figures against what the passes count.
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace lathe_test;
using nlohmann::json;

namespace {

struct Figure {
  const char* network;
  const char* figure;
  std::int64_t value;
};

// Written down from the sources that docs/counting.md names, not from the files installed.
constexpr Figure kPublished[] = {
    {"VGG7", "macs", 616'966'144},
    {"VGG7", "flop_counter", 1'233'932'288},
    {"VGG7", "product_bops", 39'485'833'216},
    {"VGG16", "macs", 15'470'264'320},
    {"VGG16", "flop_counter", 30'940'528'640},
    {"VGG16", "product_bops", 990'096'916'480},
    {"ResNet-18", "macs", 1'814'073'344},
    {"ResNet-18", "flop_counter", 3'628'146'688},
    {"ResNet-18", "product_bops", 116'100'694'016},
    {"ResNet-18", "flop_counter + flop_counter_backward_to_input", 10'884'440'064},
    {"ResNet-18", "flop_counter + flop_counter_backward", 10'648'412'160},
    {"ResNet-50 v1.5", "macs", 4'089'184'256},
    {"ResNet-50 v1.5", "flop_counter", 8'178'368'512},
    {"ResNet-50 v1.5", "product_bops", 261'707'792'384},
    {"ResNet-50 v1", "macs", 3'857'973'248},
    {"ResNet-50 v1", "flop_counter", 7'715'946'496},
    {"ResNet-50 v1", "product_bops", 246'910'287'872},
    {"MobileNetV2", "macs", 300'774'272},
    {"MobileNetV2", "flop_counter", 601'548'544},
    {"MobileNetV2", "product_bops", 19'249'553'408},
    {"ResNet-20", "macs", 40'551'040},
    {"ResNet-20", "macs of linear", 640},
    {"FINN-CNV_W2A2", "macs", 59'461'376},
    {"FINN-CNV_W2A2", "macs at 8x2", 1'555'200},
    {"FINN-CNV_W2A2", "macs at 2x2", 57'906'176},
    {"FINN-CNV_W2A2", "product_bops", 256'507'904},
    {"FINN-CNV_W2A2", "weight_memory_bits", 3'085'696},
    {"FINN-CNV_W2A2", "activation_memory_bits", 4'563'264},
    {"FINN-TFC_W2A2", "macs", 59'008},
    {"FINN-TFC_W2A2", "product_bops", 236'032},
    {"FINN-TFC_W2A2", "weight_memory_bits", 118'016},
    {"FINN-TFC_W2A2", "activation_memory_bits", 6'464},
};

const json& counts() {
  static const json told = [] {
    const TemporaryFolder folder;
    return good({"selftest", "counts", "--json"}, folder.path()).json();
  }();
  return told;
}

const json& row_of(const json& rows, const std::string& network, const std::string& figure) {
  for (const json& row : rows)
    if (row.at("network") == network && row.at("figure") == figure) return row;
  throw std::runtime_error("no row " + network + ", " + figure);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(selftest_command)

BOOST_AUTO_TEST_CASE(without_a_word_it_lists_its_tests) {
  const TemporaryFolder folder;
  BOOST_TEST(contains(good({"selftest"}, folder.path()).out, "counts"));
  const json tests = good({"selftest", "--json"}, folder.path()).json().at("tests");
  BOOST_TEST(tests.at(0).at("test") == "counts");
}

BOOST_AUTO_TEST_CASE(published_figures_are_counted_to_the_unit) {
  BOOST_TEST(counts().at("passed") == true);
  for (const Figure& figure : kPublished) {
    const json& row = row_of(counts().at("published"), figure.network, figure.figure);
    BOOST_TEST(row.at("ours") == figure.value, figure.network << " " << figure.figure);
    BOOST_TEST(row.at("published") == figure.value, figure.network << " " << figure.figure);
    BOOST_TEST(row.at("difference") == 0, figure.network << " " << figure.figure);
    BOOST_TEST(!row.at("source").get<std::string>().empty());
  }
}

// The rules restated give the derived columns. Those of MASE leave out the residual sums, which its
// rule for functions counts, and groups, which it ignores [D].
BOOST_AUTO_TEST_CASE(derived_figures_stand_beside_without_a_verdict) {
  const std::map<std::string, std::int64_t> of_mase{
      {"ResNet-18", 752'640},
      {"ResNet-50 v1.5", 5'519'360},
      {"ResNet-50 v1", 5'519'360},
      // Normalisations 26,712,448, ReLU6 6,105,792, pool 62,720, sums 216,384.
      {"MobileNetV2", 300'774'272 + 33'097'344 - 5'582'020'928}};
  int rows = 0;
  for (const json& row : counts().at("derived")) {
    BOOST_TEST(!row.contains("source"));
    const auto known = of_mase.find(row.at("network").get<std::string>());
    const bool differs = row.at("figure") == "computations" && known != of_mase.end();
    BOOST_TEST(row.at("difference") == (differs ? known->second : 0), row.dump());
    ++rows;
  }
  BOOST_TEST(rows == 6 * 5);
}

BOOST_AUTO_TEST_CASE(people_get_tables_with_a_verdict) {
  const TemporaryFolder folder;
  const std::string out = good({"selftest", "counts"}, folder.path()).out;
  for (const char* part : {"616966144", "same", "ResNet-50 v1.5", "derived"}) {
    BOOST_TEST(contains(out, part), out);
  }
}

BOOST_AUTO_TEST_SUITE_END()
