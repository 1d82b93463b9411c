#include "core/options/nodes/node_map.hpp"

#include "core/options/text/component_text.hpp"
#include "core/options/text/document.hpp"
#include "tests/graph/models.hpp"
#include "tests/options/expect.hpp"
#include "tests/options/rules.hpp"

#include <chrono>

using namespace lathe;
using lathe_test::expect_usage_error;
using lathe_test::quantize_rules;

namespace {

struct Resolved {
  std::vector<std::string> rows;  // "seq_blocks_2 {name=integer, ...}"
  std::vector<std::string> warnings;
};

Resolved resolve(const std::string& toml, const Graph& graph = lathe_test::jsc_tiny(),
                 const NodeMapRules& rules = quantize_rules()) {
  Resolved result;
  for (const auto& [node, options] :
       resolve_node_map(parse_toml(toml, "a.toml"), rules, graph, result.warnings)) {
    result.rows.push_back(graph.node(node).name + " " + options.text());
  }
  return result;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

const std::string kWidths = "data_in_width = 8\nweight_width = 4\nbias_width = 6\n";

void refused(const std::string& toml, const std::string& place,
             const std::vector<std::string>& says) {
  expect_usage_error([&] { resolve(toml); }, place, says);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(node_map)

BOOST_AUTO_TEST_CASE(by_type_an_op_selects_all_its_nodes) {
  const Resolved r = resolve(
      "by = 'type'\ndefault.config.name = 'NA'\n[linear.config]\nname = 'integer'\n" + kWidths);
  BOOST_TEST(joined(r.rows) ==
             "seq_blocks_2 {data_in={name=integer, width=8, frac_width=NA}, "
             "weight={name=integer, width=4, frac_width=NA}, "
             "bias={name=integer, width=6, frac_width=NA}}\n");
  BOOST_TEST(r.warnings.empty());
}

BOOST_AUTO_TEST_CASE(by_name_a_node_selects_itself) {
  const Resolved r = resolve("by = 'name'\n[seq_blocks_5.config]\nname = 'integer'\n" + kWidths,
                             lathe_test::jsc_toy());
  BOOST_REQUIRE(r.rows.size() == 1);
  BOOST_TEST(r.rows[0].starts_with("seq_blocks_5 {data_in={name=integer"));
}

BOOST_AUTO_TEST_CASE(by_regex_the_first_full_match_in_file_order_wins) {
  const std::string map =
      "'seq_blocks_[25]' = {name='integer', data_in_width=8, weight_width=2, "
      "bias_width=2}\n'seq_blocks_.*' = {name='log'}\n'locks_[8]' = {name='log'}";
  for (const char* word : {"regex_name", "regx_name"}) {
    const Resolved r = resolve(std::string("by = '") + word + "'\n" + map, lathe_test::jsc_toy());
    std::string names;
    for (const std::string& row : r.rows) names += row.substr(11, row.find(',') - 11) + "; ";
    BOOST_TEST(names ==
               "1 {data_in={name=log; 2 {data_in={name=integer; 4 {data_in={name=log; "
               "5 {data_in={name=integer; 7 {data_in={name=log; 8 {data_in={name=log; "
               "10 {data_in={name=log; ");
    BOOST_REQUIRE(r.warnings.size() == 1);
    BOOST_TEST(r.warnings[0] ==
               "a.toml:4:1: 'locks_[8]' in pass 'quantize' is not used: no node matches it; it has "
               "to match the whole name, eg: .*locks_[8].* for 'seq_blocks_8'");
  }
}

BOOST_AUTO_TEST_CASE(the_default_takes_what_no_key_selects_wherever_it_stands) {
  const Resolved r = resolve("by = 'type'\ndefault = {name = 'log'}\nlinear = {name = 'NA'}");
  BOOST_TEST(joined(r.rows) ==
             "seq_blocks_1 {data_in={name=log, width=8, exponent_bias=NA}}\n"
             "seq_blocks_3 {data_in={name=log, width=8, exponent_bias=NA}}\n");
}

BOOST_AUTO_TEST_CASE(ops_that_the_pass_does_not_act_on_are_left_alone) {
  const Resolved r = resolve("by = 'type'\ndefault = {name = 'log'}");
  for (const std::string& row : r.rows) BOOST_TEST(!row.starts_with("seq_blocks_0"));
}

BOOST_AUTO_TEST_CASE(options_of_operands_that_an_op_lacks_are_legal_and_dropped) {
  const Resolved r = resolve("by = 'type'\n[relu.config]\nname = 'integer'\n" + kWidths);
  BOOST_TEST(joined(r.rows) ==
             "seq_blocks_1 {data_in={name=integer, width=8, frac_width=NA}}\n"
             "seq_blocks_3 {data_in={name=integer, width=8, frac_width=NA}}\n");
}

BOOST_AUTO_TEST_CASE(a_layer_without_bias_needs_no_options_for_it) {
  lathe_test::Writer writer;
  writer.input({4});
  writer.module("fc", "linear", {{"in_features", 4}, {"out_features", 2}, {"bias", false}});
  const Resolved r = resolve(
      "by = 'type'\nlinear = {name='integer', data_in_width=8, weight_width=8}", writer.finish(2));
  BOOST_TEST(joined(r.rows) ==
             "fc {data_in={name=integer, width=8, frac_width=NA}, "
             "weight={name=integer, width=8, frac_width=NA}}\n");
}

BOOST_AUTO_TEST_CASE(an_output_is_quantized_only_if_somebody_asks) {
  const Resolved r =
      resolve("by = 'type'\nrelu = {name='integer', data_in_width=8, data_out_width=4}");
  BOOST_TEST(r.rows[0] ==
             "seq_blocks_1 {data_in={name=integer, width=8, frac_width=NA}, "
             "data_out={name=integer, width=4, frac_width=NA}}");
}

BOOST_AUTO_TEST_CASE(bypass_leaves_a_node_as_it_is) {
  const Resolved r = resolve("by = 'type'\nlinear = {name='integer', bypass=true}");
  BOOST_TEST(r.rows.empty());
}

BOOST_AUTO_TEST_CASE(a_mase_word_for_a_format_is_translated) {
  const Resolved r = resolve("by = 'type'\nrelu = {name='fixed', data_in_width=8}");
  BOOST_TEST(r.rows[0].starts_with("seq_blocks_1 {data_in={name=integer"));
}

BOOST_AUTO_TEST_CASE(config_tables_and_flat_entries_say_the_same) {
  const std::string entry = "name = 'integer', data_in_width = 8";
  BOOST_TEST(joined(resolve("by='type'\nrelu = {" + entry + "}").rows) ==
             joined(resolve("by='type'\nrelu = {config = {" + entry + "}}").rows));
}

BOOST_AUTO_TEST_CASE(the_text_form_says_the_same) {
  const Graph graph = lathe_test::jsc_tiny();
  const ComponentText text = parse_component(
      "quantize<by=type,default.name=NA,linear.name=integer,linear.data_in_width=8,"
      "linear.weight_width=4,linear.bias_width=6>",
      "--passes");
  std::vector<std::string> warnings;
  const auto rows = resolve_node_map(text.options, quantize_rules(), graph, warnings);
  BOOST_REQUIRE(rows.size() == 1);
  BOOST_TEST(find_option(rows[0].options, "weight_width")->as_int() == 4);
}

BOOST_AUTO_TEST_CASE(an_empty_map_selects_nothing) { BOOST_TEST(resolve("").rows.empty()); }

BOOST_AUTO_TEST_CASE(keys_that_are_not_used_are_warnings_that_say_why) {
  const Resolved r = resolve(
      "by = 'type'\nseq_blocks_2 = {name='NA'}\nconv2d = {name='NA'}\nbatch_norm1d = {name='NA'}");
  BOOST_TEST(joined(r.warnings) ==
             "a.toml:2:1: 'seq_blocks_2' in pass 'quantize' is not used: 'by' is type, and this "
             "names a node\n"
             "a.toml:3:1: 'conv2d' in pass 'quantize' is not used: the graph has no conv2d\n"
             "a.toml:4:1: 'batch_norm1d' in pass 'quantize' is not used: pass 'quantize' does not "
             "act on a batch_norm1d\n");
  const Resolved by_name = resolve("by = 'name'\nlinear = {name='NA'}\nseq_blocks_0 = {name='NA'}");
  BOOST_TEST(joined(by_name.warnings) ==
             "a.toml:2:1: 'linear' in pass 'quantize' is not used: 'by' is name, and this names an "
             "op\n"
             "a.toml:3:1: 'seq_blocks_0' in pass 'quantize' is not used: pass 'quantize' does not "
             "act on a batch_norm1d\n");
}

BOOST_AUTO_TEST_CASE(a_pattern_whose_nodes_earlier_ones_took_is_shadowed) {
  const Resolved r = resolve(
      "by = 'regex_name'\n'seq_blocks_.*' = {name='log'}\nseq_blocks_2 = {name='NA'}\n"
      "'.*_5' = {name='NA'}",
      lathe_test::jsc_toy());
  BOOST_TEST(joined(r.warnings) ==
             "a.toml:3:1: 'seq_blocks_2' in pass 'quantize' is shadowed by 'seq_blocks_.*': a node "
             "goes by the first entry that matches it\n"
             "a.toml:4:1: '.*_5' in pass 'quantize' is shadowed by 'seq_blocks_.*': a node goes by "
             "the first entry that matches it\n");
  const Resolved by_two = resolve(
      "by = 'regex_name'\n'.*_2' = {name='log'}\n'.*_5' = {name='log'}\n'.*_[25]' = {name='NA'}",
      lathe_test::jsc_toy());
  BOOST_TEST(
      joined(by_two.warnings) ==
      "a.toml:4:1: '.*_[25]' in pass 'quantize' is shadowed by '.*_2', '.*_5': a node goes by "
      "the first entry that matches it\n");
}

BOOST_AUTO_TEST_CASE(a_pattern_of_which_something_is_left_is_not_shadowed) {
  BOOST_TEST(resolve("by = 'regex_name'\n'.*_2' = {name='log'}\n'.*_[25]' = {name='NA'}",
                     lathe_test::jsc_toy())
                 .warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_pattern_of_nodes_that_the_pass_leaves_alone_is_told_so) {
  const Resolved r = resolve("by = 'regex_name'\n'seq_blocks_0' = {name='log'}\nx = {name='log'}");
  BOOST_TEST(joined(r.warnings) ==
             "a.toml:2:1: 'seq_blocks_0' in pass 'quantize' is not used: pass 'quantize' does not "
             "act on a batch_norm1d\n"
             "a.toml:3:1: 'x' in pass 'quantize' is not used: pass 'quantize' does not act on a "
             "placeholder\n");
}

BOOST_AUTO_TEST_CASE(the_dotted_name_of_a_module_gets_the_name_of_its_node) {
  const std::string says = "did you mean 'seq_blocks_2'?";
  refused("by = 'name'\n'seq_blocks.2' = {name='NA'}", "a.toml:2:1", {"'seq_blocks.2'", says});
  refused("by = 'name'\nseq_blocks.2.name = 'NA'", "a.toml:2:1", {"'seq_blocks.2'", says});
  refused("by = 'name'\n[seq_blocks.2.config]\nname = 'NA'", "a.toml:2:2",
          {"'seq_blocks.2'", says});
  refused("by = 'name'\nseq_blocks.2.weight.name = 'log'", "a.toml:2:1", {"'seq_blocks.2'", says});
  refused("by = 'name'\nlayer1.0.conv1.name = 'NA'", "a.toml:2:1",
          {"'layer1.0.conv1' in pass 'quantize'", "no dots", "did you mean 'layer1_0_conv1'?"});
  refused("by = 'name'\nfeatures.conv.name = 'NA'", "a.toml:2:1",
          {"did you mean 'features_conv'?"});
  // An operand that is misspelt is not taken for a part of a module.
  refused("by = 'type'\nlinear.wieght.name = 'log'", "a.toml:2:8",
          {"'wieght'", "did you mean 'weight'?"});
}

BOOST_AUTO_TEST_CASE(a_class_of_pytorch_gets_the_op) {
  for (const char* word : {"Linear", "'nn.Linear'", "'torch.nn.Linear'", "nn.Linear"}) {
    refused(std::string("by = 'type'\n") + word + " = {name='NA'}", "a.toml:2:1",
            {"did you mean 'linear'?"});
  }
}

BOOST_AUTO_TEST_CASE(a_bare_pattern_that_fits_a_part_of_a_name_is_told_to_fit_it_all) {
  refused("by = 'regex_name'\nblocks_2 = {name='NA'}", "a.toml:2:1",
          {"a pattern has to match a whole name, eg: .*blocks_2.*"});
}

BOOST_AUTO_TEST_CASE(advice_to_write_na_says_where_and_is_accepted_there) {
  refused("by = 'type'\nlinear = {weight_width=8}", "a.toml:2:1",
          {"needs a 'name'; name = NA leaves nodes as they are"});
  refused("by = 'type'\nlinear = {weight={width=8}}", "a.toml:2:11",
          {"weight = NA leaves the operand as it is"});
  refused("by = 'type'\nlinear = 'NA'", "a.toml:2:1", {"got NA; linear.name = NA leaves nodes"});
  for (const char* word : {"none", "None", "null", "float32"}) {
    refused(std::string("by = 'type'\nlinear.name = '") + word + "'", "a.toml:2:8",
            {"name = NA leaves nodes as they are"});
  }
  BOOST_TEST(resolve("by = 'type'\nlinear = {name='NA', weight_width=8}").rows.empty());
  BOOST_TEST(resolve("by = 'type'\nlinear = {name='log', weight='NA'}").rows.size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_option_of_the_format_itself_is_told_to_say_whose) {
  refused(
      "by = 'type'\nlinear = {name='integer', width=8}", "a.toml:2:27",
      {"unknown option 'width' of 'integer' in pass 'quantize'",
       "write data_in_width, weight_width, bias_width, data_out_width", "data_in = {width = 8}"});
}

BOOST_AUTO_TEST_CASE(every_mistake_is_placed_and_says_the_way_out) {
  const std::string by = "by = 'type'\n";
  refused("linear = {name='NA'}", "a.toml",
          {"pass 'quantize' needs 'by': type, name or regex_name"});
  refused("by = 'typ'\nlinear = {name='NA'}", "a.toml:1:1",
          {"takes type, name or regex_name; got typ"});
  refused("by = 1\nlinear = {name='NA'}", "a.toml:1:1", {"got 1"});
  refused("by = 'NA'\nlinear = {name='NA'}", "a.toml:1:1", {"got NA"});
  refused(by + "linera = {name='NA'}", "a.toml:2:1",
          {"'linera' in pass 'quantize' is neither an op nor a node", "did you mean 'linear'?"});
  refused(by + "[seq_block_2.config]\nname='NA'", "a.toml:2:2", {"did you mean 'seq_blocks_2'?"});
  refused("by = 'regex_name'\nseq_blocks_9 = {name='NA'}", "a.toml:2:1",
          {"neither an op nor a node"});
  refused("by = 'regex_name'\n'seq_(' = {name='NA'}", "a.toml:2:1",
          {"'seq_(' is no regular expression: missing closing parenthesis, at its end"});
  refused(by + "linear = 8", "a.toml:2:1", {"takes a table of options; got integer 8"});
  refused(by + "linear.config = 8", "a.toml:2:8", {"'config' takes a table; got integer 8"});
  refused(by + "linear = {config={name='NA'}, x=1}", "a.toml:2:31",
          {"'x' stands beside 'config'; move it inside"});
  refused(by + "linear = {data_in_width=8}", "a.toml:2:1", {"needs a 'name'"});
  refused(by + "linear = {name=3}", "a.toml:2:11", {"got integer 3"});
  refused(by + "linear = {name='integr'}", "a.toml:2:11",
          {"pass 'quantize' knows no format 'integr'", "did you mean 'integer'?"});
  refused(by + "linear = {name='integer', weight_widht=8}", "a.toml:2:27",
          {"unknown option 'weight_widht' of 'integer' in pass 'quantize'",
           "did you mean 'weight_width'?"});
  refused(by + "linear = {name='integer', weight_exponent_bias=8}", "a.toml:2:27",
          {"unknown option 'weight_exponent_bias' of 'integer'"});
  refused(by + "linear = {name='integer', weight_width='8'}", "a.toml:2:27",
          {"option 'weight_width' of 'integer' in pass 'quantize' takes an integer in 1..64"});
  refused(by + "linear = {name='integer', weight_width=65}", "a.toml:2:27",
          {"1..64; got integer 65"});
  refused(by + "linear = {name='integer', bypass=1}", "a.toml:2:27", {"takes true or false"});
  refused(by + "linear = {name='integer', data_in_width=8, bias_frac_width=8}", "a.toml:2:1",
          {"(node 'seq_blocks_2') needs the option 'bias_width' (an integer in 1..64)"});
}

BOOST_AUTO_TEST_CASE(what_needs_no_graph_is_refused_without_one) {
  const auto check = [](const std::string& toml) {
    check_node_map(parse_toml(toml, "a.toml"), quantize_rules());
  };
  check("by = 'type'\nanything = {name='integer', weight_width=8}");
  expect_usage_error([&] { check("by = 'type'\nx = {name='integr'}"); }, "a.toml:2:6", {"integer"});
  expect_usage_error([&] { check("by = 'type'\nx = {name='integer', weight_with=8}"); },
                     "a.toml:2:22", {"weight_width"});
  expect_usage_error([&] { check("by = 'regex_name'\n'[' = {name='NA'}"); }, "a.toml:2:1",
                     {"regular expression"});
}

BOOST_AUTO_TEST_CASE(a_transform_with_names_of_its_own_has_its_own_options) {
  const Graph graph = lathe_test::jsc_tiny();
  const Resolved r = resolve("by='type'\nlinear={name='both', channel_multiplier=4}", graph,
                             lathe_test::widen_rules());
  BOOST_TEST(joined(r.rows) == "seq_blocks_2 {name=both, channel_multiplier=4, width=NA}\n");
  expect_usage_error(
      [&] { resolve("by='type'\nlinear={name='bth'}", graph, lathe_test::widen_rules()); },
      "a.toml:2:9", {"pass 'widen' knows no name 'bth'", "did you mean 'both'?"});
  expect_usage_error(
      [&] {
        resolve("by='type'\nlinear={name='both', chanel_multiplier=4}", graph,
                lathe_test::widen_rules());
      },
      "a.toml:2:22", {"did you mean 'channel_multiplier'?"});
}

BOOST_AUTO_TEST_CASE(an_option_that_stands_beside_names_needs_none) {
  const Graph graph = lathe_test::jsc_tiny();
  const auto widen = [&](const std::string& entry) {
    return joined(
        resolve("by='type'\nlinear={" + entry + "}", graph, lathe_test::widen_rules()).rows);
  };
  BOOST_TEST(widen("width=0.5") == "seq_blocks_2 {name=NA, width=0.5}\n");
  BOOST_TEST(widen("name='NA', width=2") == "seq_blocks_2 {name=NA, width=2.0}\n");
  BOOST_TEST(widen("name='NA', width='NA'").empty());
  BOOST_TEST(widen("width=2, bypass=true").empty());
  const auto refuse = [&](const std::string& entry, const std::string& place,
                          const std::vector<std::string>& says) {
    expect_usage_error([&] { widen(entry); }, place, says);
  };
  refuse("width=0", "a.toml:2:9", {"'width'", "0<.."});
  refuse("channel_multiplier=2", "a.toml:2:1", {"needs a 'name' or 'width'"});
  refuse("width=2, channel_multiplier=2", "a.toml:2:18",
         {"'channel_multiplier'", "needs a 'name' beside it"});
  // A pass without such an option refuses it, as any unknown key.
  refused("by='type'\nlinear={name='log', width=2}", "a.toml:2:21", {"unknown option 'width'"});
}

BOOST_AUTO_TEST_CASE(a_bare_name_is_for_inputs_weight_and_bias) {
  BOOST_TEST(resolve("by='type'\nlinear = {name='log'}").rows.at(0) ==
             "seq_blocks_2 {data_in={name=log, width=8, exponent_bias=NA}, "
             "weight={name=log, width=8, exponent_bias=NA}, "
             "bias={name=log, width=8, exponent_bias=NA}}");
}

BOOST_AUTO_TEST_CASE(once_an_operand_is_named_the_others_are_left_alone) {
  const std::string weight = "seq_blocks_2 {weight={name=integer, width=4, frac_width=NA}}";
  for (const char* entry :
       {"name='integer', weight_width=4", "weight={name='integer', width=4}",
        "name='integer', weight={width=4}", "name='log', weight={name='integer', width=4}"}) {
    BOOST_TEST(resolve(std::string("by='type'\nlinear = {") + entry + "}").rows.at(0) == weight,
               entry);
  }
}

BOOST_AUTO_TEST_CASE(each_operand_may_have_a_format_of_its_own) {
  const Resolved r = resolve(
      "by='type'\nlinear = {name='integer', weight={name='log', width=3}, data_in_width=8}");
  BOOST_TEST(r.rows.at(0) ==
             "seq_blocks_2 {data_in={name=integer, width=8, frac_width=NA}, "
             "weight={name=log, width=3, exponent_bias=NA}}");
  const ComponentText text = parse_component(
      "quantize<by=type,linear.weight={name=log,width=3},linear.data_in.name=integer,"
      "linear.data_in.width=8>",
      "--passes");
  std::vector<std::string> warnings;
  const Graph graph = lathe_test::jsc_tiny();
  const auto rows = resolve_node_map(text.options, quantize_rules(), graph, warnings);
  BOOST_REQUIRE(rows.size() == 1);
  BOOST_TEST("seq_blocks_2 " + rows[0].options.text() == r.rows[0]);
}

BOOST_AUTO_TEST_CASE(an_operand_that_is_na_is_left_out_and_names_no_other_out) {
  const std::string rest =
      "seq_blocks_2 {data_in={name=log, width=8, exponent_bias=NA}, "
      "bias={name=log, width=8, exponent_bias=NA}}";
  for (const char* weight : {"'NA'", "{name='NA'}", "{name='NA', width=3}"}) {
    BOOST_TEST(resolve(std::string("by='type'\nlinear = {name='log', weight=") + weight + "}")
                       .rows.at(0) == rest,
               weight);
  }
  BOOST_TEST(resolve("by='type'\nlinear = {weight='NA'}").rows.at(0) == "seq_blocks_2 {}");
  // The name of the entry leaves the whole node alone.
  BOOST_TEST(resolve("by='type'\nlinear = {name='NA', weight={name='log'}}").rows.empty());
  BOOST_TEST(resolve("by='type'\nlinear = {weight={name='log'}, bypass=true}").rows.empty());
}

BOOST_AUTO_TEST_CASE(a_table_of_an_operand_that_the_op_lacks_is_legal_and_dropped) {
  const Resolved r =
      resolve("by='type'\nrelu = {data_in={name='log'}, weight={name='integer', width=4}}");
  BOOST_TEST(r.rows.at(0) == "seq_blocks_1 {data_in={name=log, width=8, exponent_bias=NA}}");
  lathe_test::Writer writer;
  writer.input({4});
  writer.module("fc", "linear", {{"in_features", 4}, {"out_features", 2}, {"bias", false}});
  BOOST_TEST(
      resolve("by='type'\nlinear = {weight={name='log'}, bias={name='log'}}", writer.finish(2))
          .rows.at(0) == "fc {weight={name=log, width=8, exponent_bias=NA}}");
}

BOOST_AUTO_TEST_CASE(mistakes_in_an_operands_table_are_placed) {
  const auto refuse = [](const std::string& entry, int column,
                         const std::vector<std::string>& says) {
    refused("by='type'\nlinear = {" + entry + "}", "a.toml:2:" + std::to_string(column), says);
  };
  refuse("weight={width=4}", 11,
         {"'weight' in pass 'quantize' needs a 'name', in its table or beside it"});
  refuse("weight={name='integr', width=4}", 19,
         {"knows no format 'integr'", "did you mean 'integer'?"});
  refuse("weight={name='integer', widht=4}", 35,
         {"unknown option 'widht' of 'integer' for 'weight' in pass 'quantize'",
          "did you mean 'width'?"});
  refuse("weight={name='log', frac_width=4}", 31, {"unknown option 'frac_width' of 'log'"});
  refuse("weight={name='integer', width='8'}", 35, {"takes an integer in 1..64"});
  refuse("weight={name='integer', width={a=1}}", 35, {"takes an integer in 1..64; got table"});
  refuse("weight={name='integer'}", 11,
         {"'integer' for 'weight' in pass 'quantize' (node 'seq_blocks_2') needs the option "
          "'width'"});
  refuse("name='log', weight=8", 23,
         {"'weight' in pass 'quantize' takes a table with a 'name', "
          "or NA; got integer 8"});
  refuse("name='log', weight={width=8}, weight_width=4", 41,
         {"'weight_width' in pass 'quantize' stands beside 'weight'", "move it inside"});
  refuse("name='log', wieght={width=8}", 23, {"unknown option 'wieght'", "did you mean 'weight'?"});
  refuse("weight={name='log'}, data_in_width=4", 32, {"needs a 'name' beside it"});
  refuse("weight={name='log'}, baias={name='log'}", 32, {"'baias'", "did you mean 'bias'?"});
  refuse("weight={name=3}", 19, {"got integer 3"});
  refuse("wieght={name='log'}", 11,
         {"'wieght' in pass 'quantize' needs a 'name' beside it", "did you mean 'weight'?"});
  // A pass that chooses no component for operands has none.
  expect_usage_error(
      [] {
        resolve("by='type'\nlinear={name='both', weight={name='log'}}", lathe_test::jsc_tiny(),
                lathe_test::widen_rules());
      },
      "a.toml:2:22", {"unknown option 'weight' of 'both'"});
}

BOOST_AUTO_TEST_CASE(a_pattern_that_matches_nothing_is_told_what_it_was_tried_on) {
  const auto warned = [](const std::string& key) {
    return joined(
        resolve("by = 'regex_name'\n'" + key + "' = {name='log'}", lathe_test::jsc_toy()).warnings);
  };
  // Only nodes that the pass acts on.
  BOOST_TEST(warned("features_.*") ==
             "a.toml:2:1: 'features_.*' in pass 'quantize' is not used: no node matches it; it was "
             "tried on 'seq_blocks_1', 'seq_blocks_2', 'seq_blocks_4' and 4 more\n");
  BOOST_TEST(warned("seq_blocks\\.2") ==
             "a.toml:2:1: 'seq_blocks\\.2' in pass 'quantize' is not used: no node matches it, as "
             "names of nodes have _ where modules have dots; it was tried on 'seq_blocks_1', "
             "'seq_blocks_2', 'seq_blocks_4' and 4 more\n");
  lathe_test::Writer writer;
  writer.input({4});
  writer.module("norm", "batch_norm1d", {{"num_features", 4}});
  BOOST_TEST(
      joined(resolve("by = 'regex_name'\n'f.*' = {name='log'}", writer.finish(4)).warnings) ==
      "a.toml:2:1: 'f.*' in pass 'quantize' is not used: no node matches it; the graph has "
      "none that pass 'quantize' acts on\n");
}

BOOST_AUTO_TEST_CASE(patterns_are_those_of_python) {
  for (const char* key : {"(?P<list>seq_blocks)_2", "\\\\Aseq_.*_2\\\\Z", "(?i)SEQ_BLOCKS_2",
                          ".*(?<=_2)", "^seq_blocks_2$", "seq_blocks_2++"}) {
    const Resolved r = resolve(std::string("by = 'regex_name'\n\"") + key + "\" = {name='log'}");
    BOOST_TEST(r.rows.size() == 1U, key);
    BOOST_TEST(r.warnings.empty(), key);
  }
}

BOOST_AUTO_TEST_CASE(no_pattern_takes_for_ever) {
  lathe_test::Writer writer;
  writer.input({4});
  writer.linear(std::string(200, 'a'), 4, 2);
  const Graph graph = writer.finish(2);
  const auto began = std::chrono::steady_clock::now();
  expect_usage_error([&] { resolve("by = 'regex_name'\n'(a+)+(a+)+[bc]' = {name='log'}", graph); },
                     "a.toml:2:1",
                     {"'(a+)+(a+)+[bc]' takes more than 1000000 steps", "repeats of repeats"});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  BOOST_TEST(took.count() < 5.0);
}

BOOST_AUTO_TEST_SUITE_END()
