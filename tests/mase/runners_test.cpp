#include "core/mase/search_table.hpp"

#include "core/options/text/document.hpp"
#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

using namespace lathe;

namespace {

SearchConfig search_of(const std::string& toml) {
  return read_search_config(*parse_toml(toml, "a.toml").find("search"));
}

// A [search] table that is right but for what is added to it.
std::string search_with(const std::string& more) {
  return "[search.strategy.metrics]\naccuracy.direction = 'maximize'\n" + more;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(runners)

BOOST_AUTO_TEST_CASE(runners_of_other_names_are_analysis_passes) {
  const SearchConfig search =
      search_of(search_with("[search.strategy.sw_runner.count_relu]\nx = 1"));
  BOOST_REQUIRE(search.runners.size() == 1);
  BOOST_TEST(search.runners[0].pass == "count_relu");
  BOOST_TEST(search.runners[0].options.text() == "{x=1}");
}

BOOST_AUTO_TEST_CASE(basic_train_becomes_training_and_evaluation) {
  const SearchConfig search = search_of(
      search_with("[search.strategy.sw_runner.basic_train]\nnum_samples = 512\nmax_epochs = 2\n"
                  "optimizer = 'adamw'\nlearning_rate = 1e-3\nweight_decay = 0\n"
                  "gradient_accumulation_steps = 2\nlr_scheduler = 'linear'\nnum_warmup_steps = 5\n"
                  "data_loader = 'train_dataloader'"));
  const SearchRunner& runner = search.runners.at(0);
  BOOST_TEST(runner.trains);
  BOOST_TEST(runner.pass == "evaluate");
  BOOST_TEST(runner.options.text() == "{split=train}");
  BOOST_TEST(
      runner.training.text() ==
      "{max_epochs=2, training_optimizer=adamw, learning_rate=0.001, weight_decay=0.0, "
      "lr_scheduler=linear, num_warmup_steps=5, accumulate_grad_batches=2, max_samples=512}");
}

BOOST_AUTO_TEST_SUITE_END()
