// What exists only if something else was chosen: unsaid, under a format's name, and by `when`.
#include "tests/search/domains.hpp"

#include "core/search/points/point.hpp"

#include <cmath>

using namespace lathe_test;

namespace {

const double kNone = std::nan("");

// 4 times 4 widths of one layer that may be left as it is.
const std::string kLayer =
    "name=['integer', 'NA'], data_in_width=[2, 4, 6, 8], weight_width=[2, 4, 6, 8], "
    "bias_width=[8]";

std::string condition(const SearchSpace& space, const std::string& name) {
  const Condition& condition = parameter(space, name).condition;
  if (condition.parent == Condition::kAlways) return "always";
  std::string text = space.parameters[condition.parent].name + ":";
  for (const double number : condition.numbers) text += " " + Value(number).text();
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conditions)

BOOST_AUTO_TEST_CASE(a_layer_whose_name_is_na_has_no_widths) {
  const SearchSpace space = space_from(layer(kLayer));
  BOOST_TEST(space.size() == 32U);       // as MASE counts
  BOOST_TEST(*space.networks() == 17U);  // 4 * 4, and the layer as it is
  BOOST_TEST(condition(space, "seq_blocks_2/config/name") == "always");
  BOOST_TEST(condition(space, "seq_blocks_2/config/weight_width") ==
             "seq_blocks_2/config/name: 0.0");
  BOOST_TEST(space.node_options(std::vector<double>{1, kNone, kNone, kNone}).empty());
  const Value config = sampled_config(space, std::vector<double>{1, kNone, kNone, kNone});
  BOOST_TEST(config.find("seq_blocks_2")->text() == "{config={name=NA}}");
  BOOST_CHECK_THROW(space.node_options(std::vector<double>{0, kNone, 0, 0}), Error);
}

BOOST_AUTO_TEST_CASE(a_name_that_comes_after_its_options_is_put_before_them) {
  const SearchSpace space =
      space_from(layer("data_in_width=[2, 4], name=['log', 'NA'], width=[1, 2]"));
  BOOST_TEST(space.parameters.at(0).name == "seq_blocks_2/config/name");
  BOOST_TEST(space.parameters.at(1).name == "seq_blocks_2/config/data_in_width");
  BOOST_TEST(*space.networks() == 6U);  // (2 + 1) * 2: a width of the layer itself always exists
  BOOST_TEST(condition(space, "seq_blocks_2/config/width") == "always");
}

BOOST_AUTO_TEST_CASE(an_option_exists_under_each_name_that_knows_it) {
  const SearchSpace space =
      space_from(layer("name=['integer', 'log', 'NA'], data_in_width=[4, 8], weight_width=[4], "
                       "bias_width=[4], data_in_frac_width=[1, 2, 3], "
                       "data_in_exponent_bias=[1, 2]"));
  BOOST_TEST(condition(space, "seq_blocks_2/config/data_in_width") ==
             "seq_blocks_2/config/name: 0.0 1.0");
  BOOST_TEST(condition(space, "seq_blocks_2/config/data_in_exponent_bias") ==
             "seq_blocks_2/config/name: 1.0");
  BOOST_TEST(space.size() == 36U);
  BOOST_TEST(*space.networks() == 2U * 3 + 2 * 2 + 1);
}

BOOST_AUTO_TEST_CASE(an_option_of_an_operand_that_the_op_lacks_does_not_exist) {
  const SearchSpace space = space_from(
      "setup.by='name'\nseed.seq_blocks_1={name=['log'], data_in_width=[4, 8], "
      "weight_width=[4, 8]}\n");
  BOOST_TEST(space.size() == 4U);
  BOOST_TEST(*space.networks() == 2U);
  BOOST_TEST(condition(space, "seq_blocks_1/config/weight_width") == "seq_blocks_1/config/name:");
}

BOOST_AUTO_TEST_CASE(what_hangs_on_the_name_unsaid_may_be_said) {
  const SearchSpace space =
      space_from(layer("name=['integer', 'log', 'NA'], data_in_width=[4], bias_width=[4], "
                       "weight_width={choices=[2, 4], when={name=['integer', 'log']}}, "
                       "data_in_exponent_bias={choices=[1, 2, 3], when={name='log'}}"));
  BOOST_TEST(condition(space, "seq_blocks_2/config/weight_width") ==
             "seq_blocks_2/config/name: 0.0 1.0");
  BOOST_TEST(condition(space, "seq_blocks_2/config/data_in_exponent_bias") ==
             "seq_blocks_2/config/name: 1.0");
  BOOST_TEST(*space.networks() == 2U + 2 * 3 + 1);
}

BOOST_AUTO_TEST_CASE(a_layer_that_is_passed_by_has_no_widths_either) {
  const SearchSpace space = space_from(
      layer("data_in_width=[2, 4], name=['log', 'NA'], width=[1, 2], bypass=[false, true]"));
  BOOST_TEST(space.parameters.at(1).name == "seq_blocks_2/config/bypass");
  BOOST_TEST(condition(space, "seq_blocks_2/config/data_in_width") ==
             "seq_blocks_2/config/bypass: 0.0");
  BOOST_TEST(condition(space, "seq_blocks_2/config/width") == "always");
  BOOST_TEST(*space.networks() == 2U * (2 + 1 + 1));
  BOOST_TEST(space.node_options(std::vector<double>{0, 1, kNone, 0}).size() == 1U);
  BOOST_TEST(space.node_options(std::vector<double>{0, 0, 1, 0}).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_condition_names_a_key_beside_it_or_a_whole_name) {
  const SearchSpace space = space_from(
      "training={training_optimizer=['adam', 'sgd', 'adamw'], "
      "weight_decay={low=0.0, high=0.1, when={training_optimizer=['adamw', 'sgd']}}, "
      "lr_scheduler={choices=['linear', 'constant'], when={\"training/training_optimizer\"='sgd'}}}"
      "\n");
  BOOST_TEST(condition(space, "training/weight_decay") == "training/training_optimizer: 1.0 2.0");
  BOOST_TEST(condition(space, "training/lr_scheduler") == "training/training_optimizer: 1.0");
  BOOST_TEST(space.run_options(std::vector<double>{0, kNone, kNone}).text() ==
             "{training_optimizer=adam}");
  BOOST_TEST(space.run_options(std::vector<double>{1, 0.05, 0}).text() ==
             "{training_optimizer=sgd, weight_decay=0.05, lr_scheduler=linear}");
  BOOST_TEST(space.describe().find("parameters")->find("training/lr_scheduler")->text() ==
             "{choices=[linear, constant], when={\"training/training_optimizer\"=sgd}}");
  BOOST_TEST(sampled_config(space, std::vector<double>{2, 0.05, kNone}).text() ==
             "{training={training_optimizer=adamw, weight_decay=0.05}}");
}

BOOST_AUTO_TEST_CASE(conditions_go_through_integer_ranges_and_through_each_other) {
  const SearchSpace space = space_from(
      "model={depth={low=1, high=3}, dropout={choices=[0.1, 0.2], when={depth=[2, 3]}}}\n"
      "training={max_epochs={choices=[1, 2, 3], when={\"model/dropout\"=[0.2]}}}\n");
  BOOST_TEST(condition(space, "model/dropout") == "model/depth: 2.0 3.0");
  BOOST_TEST(condition(space, "training/max_epochs") == "model/dropout: 1.0");
  BOOST_TEST(space.size() == 18U);
  BOOST_TEST(*space.networks() == 1U + 2 * (1 + 3));
  BOOST_TEST(space.model_options(std::vector<double>{1, kNone, kNone}).text() == "{depth=1}");
}

BOOST_AUTO_TEST_CASE(an_option_left_out_by_its_condition_has_its_default) {
  const SearchSpace space =
      space_from(layer("name=['log', 'NA'], data_in_width=[2, 4], "
                       "weight_width={choices=[2, 4], when={data_in_width=[2]}}"));
  BOOST_TEST(*space.networks() == 4U);  // 2 with a weight width, 1 without, 1 left as it is
  const auto width = [&](const std::vector<double>& point) {
    const Value options = space.node_options(point).at(0).nodes.at(0).options;
    return find_option(options, "weight_width")->as_int();
  };
  BOOST_TEST(width({0, 0, 1}) == 4);
  BOOST_TEST(width({0, 1, kNone}) == 8);
}

BOOST_AUTO_TEST_CASE(a_name_can_hang_on_the_model) {
  const SearchSpace space = space_from("model={depth=[1, 2]}\n" +
                                       layer("name={choices=['log'], when={\"model/depth\"=[2]}}, "
                                             "data_in_width=[2, 4], width=[1, 2]"));
  BOOST_TEST(*space.networks() == 2U * (1 + 2));
  BOOST_TEST(space.node_options(std::vector<double>{0, kNone, kNone, 1}).size() == 1U);
  BOOST_TEST(space.node_options(std::vector<double>{1, 0, 1, 1}).size() == 2U);
}

BOOST_AUTO_TEST_CASE(every_mistake_of_a_condition_is_placed) {
  struct Row {
    std::string toml;
    std::string place;
    std::vector<std::string> says;
  };
  const auto training = [](const std::string& when) {
    return "[training]\nbatch_size=[64, 128]\nmax_epochs={choices=[1, 2], when=" + when +
           "}\nweight_decay={low=0.0, high=0.1}\n";
  };
  const std::vector<Row> rows{
      {training("{batchsize=[64]}"), "3:35", {"'batchsize'", "did you mean 'batch_size'?"}},
      {training("{weight_decay=[0.0]}"), "3:35", {"'training/weight_decay', which comes later"}},
      {training("{batch_size=[64, 65]}"),
       "3:51",
       {"wants 'training/batch_size' to be 65, but that is one of [64, 128]"}},
      {training("{batch_size=['big']}"), "3:47", {"to be big"}},
      {training("{batch_size=[]}"), "3:35", {"could never be met"}},
      {training("{batch_size=[64], weight_decay=[0]}"), "3:29", {"one other parameter"}},
      {training("64"), "3:29", {"one other parameter"}},
      {training("{max_epochs=[1]}"), "3:35", {"circle"}},
      {"[training]\nbatch_size={choices=[1, 2], when={max_epochs=[1]}}\n"
       "max_epochs={choices=[1], when={batch_size=[1]}}\n",
       "2:35",
       {"circle"}},
      {"training={weight_decay={low=0.0, high=0.1}, max_epochs={choices=[1], "
       "when={weight_decay=[0.05]}}}\n",
       "1:76",
       {"any number of 0.0 to 0.1"}},
      {"model={depth={low=1, high=3}, dropout={choices=[0.1], when={depth=[4]}}}\n",
       "1:68",
       {"wants 'model/depth' to be 4, but that is one of 1 to 3 by 1"}},
      {"model={depth={low=1, high=3, whenn={a=1}}}\n", "1:30", {"'whenn'", "did you mean 'when'?"}},
      {layer("name=['log', 'NA'], weight_width={choices=[2], when={name=['NA']}}"),
       "2:73",
       {"would never exist"}},
      {layer("name=['integer'], data_in_width=[2, 4], bias_width=[2], "
             "weight_width={choices=[2], when={data_in_width=[2]}}"),
       "2:76",
       {"cannot be left out", "needs the option 'weight_width'"}},
      {"model={depth=[1, 2]}\n" +
           layer("name=['log', 'NA'], data_in_width={choices=[2, 4], when={\"model/depth\"=[2]}}"),
       "3:77",
       {"hangs on 'seq_blocks_2/config/name' already"}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.toml) {
      expect_usage_error([&] { space_from(row.toml); }, "a.toml:" + row.place, row.says);
    }
  }
  BOOST_TEST_MESSAGE(rows.size() << " mistakes checked");
}

BOOST_AUTO_TEST_CASE(a_suggestion_outside_the_space_is_a_fault_of_the_sampler) {
  const SearchSpace space = space_from(layer(kLayer));
  const auto checked = [&](std::vector<double> suggested) {
    check_suggestion(space, "mine", 3, suggested);
    return Value(Value::List(suggested.begin(), suggested.end())).text();
  };
  BOOST_TEST(checked({0, 1, 2, 0}) == "[0.0, 1.0, 2.0, 0.0]");
  BOOST_TEST(checked({1, 1, 2, 7}) == checked({1, kNone, kNone, kNone}));
  for (const double bad : {4.0, -1.0, 0.5, kNone}) {
    BOOST_CHECK_EXCEPTION(checked({0, bad, 2, 0}), Error, [](const Error& error) {
      return error.exit_code() == 1 &&
             error.message().find("sampler 'mine' suggested") != std::string::npos &&
             error.message().find("'seq_blocks_2/config/data_in_width' in trial 3") !=
                 std::string::npos;
    });
  }
}

BOOST_AUTO_TEST_CASE(what_a_person_fixed_stays_and_what_it_hangs_on_is_chosen_for_it) {
  const SearchSpace space = space_from(layer(kLayer));
  const std::vector<double> nothing(4, kNone), plain{1, kNone, kNone, kNone};
  const auto completed = [&](const std::vector<double>& fixed, const std::vector<double>& from) {
    return completed_point(space, fixed, from, 7, 12);
  };
  BOOST_TEST(std::isnan(completed(nothing, plain)[1]));
  BOOST_TEST((completed(nothing, {0, 1, 2, 0}) == std::vector<double>{0, 1, 2, 0}));
  BOOST_TEST(
      (completed({kNone, 3, kNone, kNone}, {0, 1, 2, 0}) == std::vector<double>{0, 3, 2, 0}));
  // The sampler meant to leave the layer as it is, a person wants a width: so it has a format, and
  // the width that nobody chose is drawn.
  const std::vector<double> wanted = completed({kNone, 3, kNone, kNone}, plain);
  BOOST_TEST(wanted[0] == 0.0);
  BOOST_TEST(wanted[1] == 3.0);
  BOOST_TEST(space.parameters[2].takes(wanted[2]));
  BOOST_TEST(wanted[3] == 0.0);
  BOOST_TEST((completed({kNone, 3, kNone, kNone}, plain) == wanted));
}

BOOST_AUTO_TEST_SUITE_END()
