// What an op says of itself, and what is refused when its file is loaded.
#include "core/plugin/kinds/op_description.hpp"
#include "core/plugin/registry.hpp"
#include "tests/plugin/fixtures.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

lathe_op good() {
  lathe_op op{};
  op.struct_size = sizeof op;
  op.module_class = "RMSNorm";
  op.extra_repr = "{size}, eps={eps}";
  op.inputs = "input";
  op.function = "torch.nn.functional.rms_norm";
  op.signature = "input|size|weight|eps";
  op.input_roles = "data_in|weight";
  op.quantizable = "data_in|weight";
  return op;
}

OptionTable attributes(std::vector<std::string> keys = {"size", "eps"}) {
  OptionTable table;
  for (std::string& key : keys) {
    Option option;
    option.key = std::move(key);
    table.options.push_back(option);
  }
  return table;
}

template <typename Change>
std::string refusal(const Change& change, const OptionTable& table = attributes()) {
  lathe_op op = good();
  change(op);
  return message_of([&] { describe_op(op, table); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(op_descriptions)

BOOST_AUTO_TEST_CASE(texts_become_lists) {
  const OpDescription op = describe_op(good(), attributes());
  BOOST_TEST(op.module_class == "RMSNorm");
  BOOST_TEST((op.inputs == std::vector<std::string>{"input"}));
  BOOST_TEST((op.signature == std::vector<std::string>{"input", "size", "weight", "eps"}));
  BOOST_TEST((op.input_roles == std::vector<std::string>{"data_in", "weight"}));
  BOOST_TEST((names_in_braces(*op.extra_repr) == std::vector<std::string>{"size", "eps"}));
}

BOOST_AUTO_TEST_CASE(what_contradicts_itself_is_refused) {
  BOOST_TEST(contains(refusal([](lathe_op& op) { op.module_class = op.function = nullptr; }),
                      "neither a module nor a function"));
  BOOST_TEST(contains(refusal([](lathe_op& op) { op.inputs = nullptr; }), "inputs is NULL"));
  BOOST_TEST(contains(refusal([](lathe_op& op) { op.signature = nullptr; }), "signature is NULL"));
  BOOST_TEST(contains(refusal([](lathe_op& op) { op.inputs = "a|a"; }), "'a' twice"));
  BOOST_TEST(contains(refusal([](lathe_op& op) { op.quantizable = "weights"; }), "'weights'"));
  BOOST_TEST(contains(refusal([](lathe_op& op) { op.extra_repr = "{siez}"; }),
                      "'siez', which is no attribute"));
  for (const char* text : {"{size", "size}", "{{size}}"}) {
    BOOST_TEST(contains(refusal([&](lathe_op& op) { op.extra_repr = text; }), "brace"), text);
  }
}

BOOST_AUTO_TEST_CASE(a_channel_rule_needs_the_attributes_it_goes_by) {
  const auto with_rule = [](lathe_op& op) { op.channels = LATHE_CHANNELS_LAYER_NORM; };
  BOOST_TEST(contains(refusal(with_rule), "'normalized_shape', which it does not have"));
  BOOST_TEST(refusal(with_rule, attributes({"size", "eps", "normalized_shape"})).empty());
}

BOOST_AUTO_TEST_CASE(attributes_are_no_paths) {
  OptionTable table = attributes();
  table.options[0].type = LATHE_OPTION_PATH;
  BOOST_TEST(contains(refusal([](lathe_op&) {}, table), "attribute 'size' is a path"));
}

BOOST_AUTO_TEST_CASE(the_id_of_a_built_in_op_is_refused) {
  const std::string named = message_of([] { Registry({}, {fixture("op_named_relu")}); });
  BOOST_TEST(contains(named, "op_named_relu.so"), named);
  BOOST_TEST(contains(named, "the op 'relu', and 'relu' is a built-in op"), named);
  // In a folder it stops nothing that does not need it.
  const TemporaryFolder folder;
  copy_fixture("op_named_relu", folder.path());
  copy_fixture("probe", folder.path());
  const Registry registry({{folder.path(), "project"}}, {});
  BOOST_TEST(!registry.knows(Kind::op, "relu"));
  BOOST_REQUIRE(registry.broken().size() == 1U);
  BOOST_TEST(contains(registry.broken()[0].reason, "built-in op"));
}

BOOST_AUTO_TEST_CASE(an_op_that_two_folders_bring_is_an_error_for_who_uses_it) {
  const TemporaryFolder one, other;
  copy_fixture("ops", one.path());
  copy_fixture("ops", other.path());
  const Registry registry({{one.path(), "project"}, {other.path(), "path"}}, {});
  const std::string text = message_of([&] { registry.find(Kind::op, "fixture.scale"); });
  BOOST_TEST(contains(text, "two plugins bring the op 'fixture.scale'"), text);
}

BOOST_AUTO_TEST_SUITE_END()
