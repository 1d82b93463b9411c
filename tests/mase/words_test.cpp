#include "core/mase/words.hpp"

#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

using namespace lathe;

BOOST_AUTO_TEST_SUITE(words)

BOOST_AUTO_TEST_CASE(words_are_translated) {
  BOOST_TEST(*task_word("cls") == "classification");
  BOOST_TEST(!task_word("vision").has_value());
  BOOST_TEST(*split_word("val_dataloader") == "validation");
  BOOST_TEST(!split_word("dataloader").has_value());
  BOOST_TEST(pass_word("quantize_transform_pass") == "quantize");
  BOOST_TEST(pass_word("flops") == "flops");
  BOOST_TEST(format_word("msfp") == "block_fp");
  BOOST_TEST(option_word("to_debug") == "debug");
  BOOST_TEST(option_word("batch_size") == "batch_size");
  BOOST_TEST(runner_key("training_optimizer") == "optimizer");
  BOOST_TEST(runner_key("max_epochs") == "max_epochs");
}

BOOST_AUTO_TEST_SUITE_END()
