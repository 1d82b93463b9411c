#include "core/mase/names.hpp"

#include <boost/test/unit_test.hpp>

using lathe::about_mase_name;

BOOST_AUTO_TEST_SUITE(mase_names)

BOOST_AUTO_TEST_CASE(a_name_that_only_mase_has_is_called_that) {
  BOOST_TEST(about_mase_name("pass", "prune") == ": a pass of MASE's that Lathe does not have");
  BOOST_TEST(about_mase_name("format", "lutnet") ==
             ": a format of MASE's that Lathe does not have");
  BOOST_TEST(about_mase_name("sampler", "NSGAII") ==
             ": a sampler of MASE's that Lathe does not have");
  BOOST_TEST(about_mase_name("model", "resnet34") ==
             ": a model of MASE's that Lathe does not have");
  BOOST_TEST(about_mase_name("dataset", "cifar100") ==
             ": a data set of MASE's that Lathe does not have");
}

BOOST_AUTO_TEST_CASE(what_takes_its_place_is_said) {
  BOOST_TEST(about_mase_name("action", "eval") ==
             ": an action of MASE's that Lathe does not have; 'lathe test' evaluates weights");
  BOOST_TEST(about_mase_name("pass", "add_common_metadata_analysis_pass") ==
             ": a pass of MASE's that Lathe does not have; metadata are always there");
  BOOST_TEST(about_mase_name("model", "facebook/opt-125m") ==
             ": a model of MASE's that Lathe does not have; it is a language model, and Lathe does "
             "classification of tables and images");
  BOOST_TEST(about_mase_name("option", "--max-token-len") ==
             ": an option of MASE's that Lathe does not have; Lathe reads no texts");
}

BOOST_AUTO_TEST_CASE(a_name_of_another_kind_or_of_nobody_is_passed_over) {
  BOOST_TEST(about_mase_name("model", "prune").empty());
  BOOST_TEST(about_mase_name("pass", "prun").empty());
  BOOST_TEST(about_mase_name("pass", "").empty());
}

BOOST_AUTO_TEST_SUITE_END()
