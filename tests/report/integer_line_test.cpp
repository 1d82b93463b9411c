// The line that says which quantized layers were evaluated on integers.
#include "core/report/integer_line.hpp"

#include <boost/test/unit_test.hpp>

using lathe::integer_line;
using lathe::Json;

namespace {

Json part(const Json& on_integers, const Json& on_floats) {
  return {{"mode", "auto"},
          {"instructions", "AVX-512 VNNI"},
          {"on_integers", on_integers},
          {"on_floats", on_floats}};
}

const Json kTwoLayers{{"conv1", {"brgconv"}}, {"conv2", {"brgconv", "jit"}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(integer_lines)

BOOST_AUTO_TEST_CASE(all_layers_on_integers_are_counted) {
  BOOST_TEST(integer_line(part(kTwoLayers, Json::object())) ==
             "2 of 2 quantized layers were evaluated on integers (AVX-512 VNNI)");
}

BOOST_AUTO_TEST_CASE(the_first_of_the_others_is_named_with_its_reason) {
  const Json one{{"fc", {"codes of its weight have 16 bits", "its data have no codes"}}};
  BOOST_TEST(integer_line(part(kTwoLayers, one)) ==
             "2 of 3 quantized layers were evaluated on integers (AVX-512 VNNI); not fc: codes of "
             "its weight have 16 bits");
  const Json three{{"fc", {"a reason"}}, {"head", {"a reason"}}, {"tail", {"a reason"}}};
  BOOST_TEST(integer_line(part(Json::object(), three)) ==
             "0 of 3 quantized layers were evaluated on integers (AVX-512 VNNI); not fc: a reason, "
             "nor 2 more");
}

BOOST_AUTO_TEST_CASE(a_layer_that_some_networks_have_on_integers_counts_as_one) {
  BOOST_TEST(integer_line(part(kTwoLayers, {{"conv1", {"a reason"}}})) ==
             "2 of 2 quantized layers were evaluated on integers (AVX-512 VNNI)");
}

BOOST_AUTO_TEST_CASE(a_reason_for_all_layers_is_all_there_is_to_say) {
  Json all = part(Json::object(), {{"fc", {"a reason"}}});
  all["reason"] = "AVX2 has no exact products of bytes";
  BOOST_TEST(integer_line(all) ==
             "quantized layers were evaluated on floats: AVX2 has no exact products of bytes");
}

BOOST_AUTO_TEST_CASE(chains_of_dense_layers_are_no_news) {
  Json chain = part(Json::object(), {{"fc", {"a reason"}}});
  chain.erase("instructions");
  BOOST_TEST(integer_line(chain).empty());
}

BOOST_AUTO_TEST_CASE(networks_that_quantize_no_layer_are_no_news) {
  BOOST_TEST(integer_line({{"mode", "auto"}, {"instructions", "AVX-512 VNNI"}}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
