// Ranges of numbers in a search space, and options of the model.
#include "tests/search/domains.hpp"

#include "core/search/study/log.hpp"
#include "tests/mase/log_texts.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

using namespace lathe_test;

namespace {

std::string training(const std::string& keys) { return "training={" + keys + "}\n"; }

const std::string kWidths = "name=['integer'], data_in_width=[4], bias_width=[4], weight_width=";

}  // namespace

BOOST_AUTO_TEST_SUITE(ranges)

BOOST_AUTO_TEST_CASE(choices_that_mean_the_same_are_one_with_a_warning) {
  struct Row {
    std::string seed, choices;
    std::vector<std::string> says;
  };
  for (const Row& row : {
           Row{"name=['integer'], data_in_width=[8], weight_width=[4, 4, 8]",
               "weight_width [4, 8]",
               {"'weight_width' lists 4 twice"}},
           Row{"name=['integer'], data_in_width=[8], weight_width=[4, 8, 4.0, 8.0]",
               "weight_width [4, 8]",
               {"lists 4.0 twice", "lists 8.0 twice"}},
           Row{"name=['integer', 'NA', 'integer'], data_in_width=[8]",
               "name [integer, NA]",
               {"'name' lists integer twice"}},
           Row{"name=['integer', 'fixed', 'NA'], data_in_width=[8], weight_width=[4, 8]",
               "name [integer, NA]",
               {"'name' lists integer and fixed, which mean the same"}},
       }) {
    BOOST_TEST_CONTEXT(row.seed) {
      const SearchSpace space = space_from(layer(row.seed));
      BOOST_REQUIRE_EQUAL(space.warnings.size(), row.says.size());
      for (std::size_t i = 0; i < row.says.size(); ++i) {
        BOOST_TEST(space.warnings[i].starts_with("a.toml:2:"));
        BOOST_TEST(space.warnings[i].find(row.says[i]) != std::string::npos, space.warnings[i]);
      }
      const std::string key = row.choices.substr(0, row.choices.find(' '));
      BOOST_TEST(key + " " + parameter(space, "seq_blocks_2/config/" + key).described().text() ==
                 row.choices);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_learning_rate_can_be_a_logarithmic_range) {
  const SearchSpace space = space_from(training("learning_rate={low=1e-4, high=1e-1, log=true}"));
  const SearchParameter& rate = space.parameters.at(0);
  BOOST_TEST(rate.name == "training/learning_rate");
  BOOST_TEST(rate.kind == LATHE_PARAMETER_REAL);
  BOOST_TEST(rate.low == 1e-4);
  BOOST_TEST(rate.high == 1e-1);
  BOOST_TEST(rate.step == 0.0);
  BOOST_TEST(rate.logarithmic);
  BOOST_TEST(rate.choices.empty());
  BOOST_TEST(space.run_options(std::vector<double>{0.0123}).text() == "{learning_rate=0.0123}");
  BOOST_TEST(sampled_config(space, std::vector<double>{0.0123}).text() ==
             "{training={learning_rate=0.0123}}");
  for (const double bad : {0.5, 1e-5, std::nan("")})
    BOOST_CHECK_THROW(space.run_options(std::vector<double>{bad}), Error);
}

BOOST_AUTO_TEST_CASE(a_space_with_an_infinite_range_has_no_size) {
  const SearchSpace space =
      space_from(training("learning_rate={low=1e-4, high=1e-1, log=true}, max_epochs=[1, 2]"));
  BOOST_TEST(space.infinite());
  BOOST_TEST(!space.networks().has_value());
  const Value described = space.describe();
  BOOST_TEST(described.find("size")->is_none());
  BOOST_TEST(described.find("networks")->is_none());
  BOOST_TEST(described.find("parameters")->text() ==
             "{\"training/learning_rate\"={low=0.0001, high=0.1, log=true}, "
             "\"training/max_epochs\"=[1, 2]}");
}

BOOST_AUTO_TEST_CASE(a_range_is_of_integers_where_the_option_is) {
  const SearchSpace space = space_from(
      training("batch_size={low=64, high=256, step=64}, max_epochs={low=1, high=8, log=true}, "
               "weight_decay={low=0, high=1}"));
  const SearchParameter& batch = space.parameters.at(0);
  BOOST_TEST(batch.kind == LATHE_PARAMETER_INTEGER);
  BOOST_TEST(batch.step == 64.0);
  BOOST_TEST(batch.count() == 4U);
  const SearchParameter& epochs = space.parameters.at(1);
  BOOST_TEST(epochs.kind == LATHE_PARAMETER_INTEGER);
  BOOST_TEST(epochs.step == 1.0);
  BOOST_TEST(epochs.logarithmic);
  const SearchParameter& decay = space.parameters.at(2);
  BOOST_TEST(decay.kind == LATHE_PARAMETER_REAL);
  BOOST_TEST(decay.step == 0.0);
  BOOST_TEST(space.run_options(std::vector<double>{128, 3, 0.25}).text() ==
             "{batch_size=128, max_epochs=3, weight_decay=0.25}");
  BOOST_CHECK_THROW(space.run_options(std::vector<double>{100, 3, 0.25}), Error);
}

BOOST_AUTO_TEST_CASE(integers_of_an_option_that_takes_fractions_stay_a_grid_of_integers) {
  const SearchSpace space = space_from(training("weight_decay={low=0, high=4, step=2}"));
  BOOST_TEST(space.parameters.at(0).kind == LATHE_PARAMETER_INTEGER);
  BOOST_TEST(space.size() == 3U);
  BOOST_TEST(space.run_options(std::vector<double>{2}).find("weight_decay")->is_float());
}

BOOST_AUTO_TEST_CASE(a_grid_of_fractions_loses_no_end_to_rounding_and_ends_on_its_last_step) {
  const auto grid = [](const std::string& text) {
    return space_from(training("weight_decay={" + text + "}")).parameters.at(0);
  };
  BOOST_TEST(grid("low=0.1, high=0.7, step=0.1").count() == 7U);
  BOOST_TEST(grid("low=0.1, high=0.7, step=0.1").high == 0.7);
  BOOST_TEST(grid("low=0.0, high=1.0, step=0.3").high == 0.9);
  BOOST_TEST(grid("low=0.1, high=0.35, step=0.1").high == 0.3);  // not 0.30000000000000004
  BOOST_TEST(grid("low=0.1, high=0.35, step=0.1").count() == 3U);
}

BOOST_AUTO_TEST_CASE(the_width_of_a_format_can_be_a_range) {
  const SearchSpace space = space_from(layer(kWidths + "{low=2, high=8, step=2}"));
  BOOST_TEST(space.size() == 4U);
  BOOST_TEST(*space.networks() == 4U);
  const auto nodes = space.node_options(std::vector<double>{0, 0, 0, 6});
  BOOST_REQUIRE(nodes.size() == 1);
  BOOST_TEST(find_option(nodes[0].nodes[0].options, "weight_width")->as_int() == 6);
}

BOOST_AUTO_TEST_CASE(a_multiple_of_a_width_can_be_a_range_of_fractions) {
  const SearchSpace space = space_from(layer("width={low=1, high=4}"));
  BOOST_TEST(space.parameters.at(0).kind == LATHE_PARAMETER_REAL);
  const auto nodes = space.node_options(std::vector<double>{2.5});
  BOOST_REQUIRE(nodes.size() == 1);
  BOOST_TEST(nodes[0].nodes[0].options.find("width")->as_float() == 2.5);
}

BOOST_AUTO_TEST_CASE(options_of_the_model_come_first_and_one_integer_is_a_list_of_one) {
  const SearchSpace space = space_from(
      "model={depth={low=1, high=3}, widths=[8, 16, [4, 4]], dropout={low=0.0, high=0.5}}\n" +
      training("max_epochs=[1]"));
  BOOST_REQUIRE(space.parameters.size() == 4);
  BOOST_TEST(space.parameters[0].name == "model/depth");
  BOOST_TEST(space.parameters[3].name == "training/max_epochs");
  BOOST_TEST(space.model_options(std::vector<double>{2, 1, 0.25, 0}).text() ==
             "{depth=2, widths=[16], dropout=0.25}");
  BOOST_TEST(space.model_options(std::vector<double>{2, 2, 0.25, 0}).find("widths")->text() ==
             "[4, 4]");
  BOOST_TEST(space.run_options(std::vector<double>{2, 1, 0.25, 0}).text() == "{max_epochs=1}");
  BOOST_TEST(sampled_config(space, std::vector<double>{2, 1, 0.25, 0}).text() ==
             "{model={depth=2, widths=16, dropout=0.25}, training={max_epochs=1}}");
  const SearchSpace widths = space_from("model={widths={low=8, high=32, step=8}}\n");
  BOOST_TEST(widths.size() == 4U);
  BOOST_TEST(widths.model_options(std::vector<double>{24}).text() == "{widths=[24]}");
}

BOOST_AUTO_TEST_CASE(log_and_best_files_have_every_digit_of_a_number) {
  const SearchSpace space = space_from(
      training("learning_rate={low=1e-9, high=1e-1, log=true}, weight_decay=[0.001, 0.5]"));
  std::vector<LoggedTrial> rows;
  for (const double rate : {1.2345678901234567e-7, 0.1 / 3, 0.05}) {
    Trial trial;
    trial.state = TrialState::complete;
    trial.point = {rate, 0};
    trial.values = {1.0 / 3};
    rows.push_back(logged(space, trial));
  }
  const auto log = nlohmann::json::parse(lathe_test::log_text(rows, {})),
             best = nlohmann::json::parse(lathe_test::best_text(rows, 1));
  // Trials all have number 0 here; best.json counts them.
  for (const auto& [row, rate] :
       std::map<std::string, double>{{"0", 1.2345678901234567e-7}, {"1", 0.1 / 3}, {"2", 0.05}}) {
    const auto& chosen = best.at(row).at("sampled_config").at("training");
    BOOST_TEST(chosen.at("learning_rate").get<double>() == rate);
    BOOST_TEST(chosen.at("weight_decay").get<double>() == 0.001);
  }
  BOOST_TEST(log.at("0").at("value").get<double>() == 0.3333333333);  // as pandas rounds
}

BOOST_AUTO_TEST_CASE(every_mistake_of_a_range_is_placed) {
  struct Row {
    std::string toml;
    std::string place;
    std::vector<std::string> says;
  };
  const std::vector<Row> rows{
      {training("learning_rate={low=2, high=1}"),
       "1:26",
       {"'learning_rate' has its low end 2 above its high end 1"}},
      {training("learning_rate={low=0, high=1, log=true}"),
       "1:26",
       {"logarithmic", "must be above 0; got 0"}},
      {training("learning_rate={low=-1.0, high=1, log=true}"), "1:26", {"above 0; got -1"}},
      {training("learning_rate={low=0.1, high=1, step=2}"),
       "1:43",
       {"the step of 'learning_rate' is 2, which fits nothing between 0.1 and 1"}},
      {training("learning_rate={low=0.1, high=1, step=0}"), "1:43", {"above 0; got 0"}},
      {training("learning_rate={low=0.1, high=1, step=-1}"), "1:43", {"above 0; got -1"}},
      {training("learning_rate={low=0.1, high=1, step=0.1, log=true}"),
       "1:43",
       {"no place beside log = true"}},
      {training("learning_rate={low=0.1, hgih=1}"), "1:35", {"'hgih'", "did you mean 'high'?"}},
      {training("learning_rate={low=0.1}"), "1:11", {"'high' is missing"}},
      {training("learning_rate={low='a', high=1}"), "1:26", {"a finite number; got string a"}},
      {training("learning_rate={low=0.1, high=inf}"), "1:35", {"a finite number"}},
      {training("learning_rate={low=0.1, high=1, log=1}"), "1:43", {"true or false"}},
      {training("learning_rate={low=0.1, high=1, choices=[1]}"),
       "1:26",
       {"choices and, with 'low', a range"}},
      {training("learning_rate={low=0, high=1}"), "1:26", {"'learning_rate'", "0<.."}},
      {training("batch_size={low=0, high=8}"), "1:23", {"'batch_size'", "got integer 0"}},
      {training("batch_size={low=1, high=2097152}"), "1:30", {"'batch_size'", "1..1048576"}},
      {training("batch_size={low=1, high=8.5}"), "1:30", {"'batch_size'", "got float 8.5"}},
      {training("batch_size={low=1, high=8, step=0.5}"), "1:38", {"'batch_size'", "the step"}},
      {training("training_optimizer={low=1, high=8}"),
       "1:11",
       {"one of adam, sgd, adamw", "a range is of numbers"}},
      {layer(kWidths + "{low=2, high=65}"), "2:94", {"'weight_width'", "1..64", "got integer 65"}},
      {layer(kWidths + "{low=0, high=8}"), "2:87", {"'weight_width'", "got integer 0"}},
      {layer("name={low=1, high=2}"), "2:20", {"'name' takes a list of choices; got a table"}},
      {layer("width={low=0.0, high=2}"), "2:27", {"'width'", "0<.."}},
      {layer("name=['log'], bypass={low=0, high=1}"), "2:34", {"'bypass'", "true or false"}},
      {"model={depht=[1]}", "1:8", {"'depht' of model 'net'", "did you mean 'depth'?"}},
      {"model={depth={low=1, high=10}}", "1:22", {"'depth'", "1..9", "got integer 10"}},
      {"model={widths={low=1, high=65}}", "1:23", {"'widths'", "1..64", "got integer 65"}},
      {"model={activation={low=1, high=2}}", "1:8", {"a text", "a range is of numbers"}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.toml) {
      expect_usage_error([&] { space_from(row.toml); }, "a.toml:" + row.place, row.says);
    }
  }
  BOOST_TEST_MESSAGE(rows.size() << " mistakes checked");
}

BOOST_AUTO_TEST_CASE(options_of_a_model_that_nobody_knows_are_refused) {
  expect_usage_error(
      [] {
        build_space(parse_toml("model={depth=[1]}", "a.toml"), jsc_tiny(), formats_and_widths());
      },
      "a.toml:1:8", {"'depth' of [search.search_space.model]"});
}

BOOST_AUTO_TEST_SUITE_END()
