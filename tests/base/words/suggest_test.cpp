#include "core/base/words/suggest.hpp"

#include <boost/test/unit_test.hpp>

using lathe::nearest;
using lathe::suggestion;

BOOST_AUTO_TEST_SUITE(suggest)

BOOST_AUTO_TEST_CASE(a_transposition_is_one_mistake) {
  BOOST_TEST(*nearest("weight_widht", {"weight_frac_width", "weight_width"}) == "weight_width");
}

BOOST_AUTO_TEST_CASE(missing_extra_and_wrong_letters_are_found) {
  BOOST_TEST(*nearest("quantze", {"flops", "quantize"}) == "quantize");
  BOOST_TEST(*nearest("adamm", {"adam", "sgd"}) == "adam");
  BOOST_TEST(*nearest("lineer", {"linear", "relu"}) == "linear");
}

BOOST_AUTO_TEST_CASE(dashes_underscores_and_case_do_not_count) {
  BOOST_TEST(*nearest("BATCH-SIZE", {"max_epochs", "batch_size"}) == "batch_size");
}

BOOST_AUTO_TEST_CASE(of_several_the_nearest_wins) {
  BOOST_TEST(*nearest("bias_with", {"bias_frac_width", "bias_width"}) == "bias_width");
}

BOOST_AUTO_TEST_CASE(a_word_unlike_all_others_gets_the_list) {
  BOOST_TEST(!nearest("xyz", {"quantize", "flops"}).has_value());
  BOOST_TEST(suggestion("xyz", {"quantize", "flops"}) == "; known: quantize, flops");
}

BOOST_AUTO_TEST_CASE(a_name_that_differs_by_a_number_gets_its_family_nearest_number_first) {
  const std::vector<std::string> models{"mlp", "resnet18", "resnet20", "resnet50", "vgg16", "vgg7"};
  BOOST_TEST(suggestion("resnet34", models) ==
             "; did you mean 'resnet20', 'resnet18' or 'resnet50'?");
  BOOST_TEST(suggestion("ResNet-110", models) ==
             "; did you mean 'resnet50', 'resnet20' or 'resnet18'?");
  BOOST_TEST(suggestion("resnet", models) ==
             "; did you mean 'resnet18', 'resnet20' or 'resnet50'?");
  BOOST_TEST(suggestion("vgg11", models) == "; did you mean 'vgg7' or 'vgg16'?");
  BOOST_TEST(suggestion("resent20", models) == "; did you mean 'resnet20'?");
}

BOOST_AUTO_TEST_CASE(a_word_that_others_begin_with_gets_them) {
  const std::vector<std::string> models{"jsc-s", "jsc-tiny", "toy", "toy_convnet", "toy_tiny"};
  BOOST_TEST(suggestion("jsc", models) == "; did you mean 'jsc-s' or 'jsc-tiny'?");
  BOOST_TEST(suggestion("toy_conv", models) ==
             "; did you mean 'toy_convnet', 'toy_tiny' or 'toy'?");
  BOOST_TEST(suggestion("--batch", {"--model", "--batch-size"}) ==
             "; did you mean '--batch-size'?");
}

BOOST_AUTO_TEST_CASE(of_a_large_family_six_are_named) {
  std::vector<std::string> many;
  for (int i = 0; i < 40; ++i) many.push_back("block_" + std::to_string(i));
  BOOST_TEST(suggestion("block_12x", many) == "; did you mean 'block_12'?");
  BOOST_TEST(lathe::near_words("block", many).size() == 6U);
}

BOOST_AUTO_TEST_CASE(short_words_that_share_no_letter_are_not_suggested) {
  BOOST_TEST(!nearest("a", {"b"}).has_value());
}

BOOST_AUTO_TEST_CASE(the_list_is_short) {
  std::vector<std::string> many;
  for (int i = 0; i < 40; ++i) many.push_back("option" + std::to_string(i));
  const std::string text = suggestion("something_else_entirely", many);
  BOOST_TEST(text.find("option11") != std::string::npos);
  BOOST_TEST(text.find("option12") == std::string::npos);
  BOOST_TEST(text.find("28 more") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_word_that_is_known_twice_is_listed_once) {
  BOOST_TEST(suggestion("xyz", {"name", "bypass", "name", "bypass", "width"}) ==
             "; known: name, bypass, width");
}

BOOST_AUTO_TEST_CASE(nothing_known_says_nothing) { BOOST_TEST(suggestion("x", {}).empty()); }

BOOST_AUTO_TEST_CASE(an_endless_word_costs_nothing) {
  BOOST_TEST(!nearest(std::string(1 << 20, 'a'), {std::string(1 << 20, 'b')}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
