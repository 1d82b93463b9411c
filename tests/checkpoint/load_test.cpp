// From the names of a file to a graph's parameters: prefixes, conversions, what does not fit.
#include "expect.hpp"
#include "tests/graph/models.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

// batch norm of 3 features, then linear 3 -> 2
Graph net() {
  Writer writer(1);
  writer.input({3});
  writer.batch_norm("norm", 3);
  writer.linear("blocks.fc", 3, 2);
  return writer.finish(4);
}

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, std::move(shape), std::span(values));
}

// A file that fits, under a prefix.
Checkpoint fitting(const std::string& prefix) {
  Checkpoint file;
  file.type = "state_dict";
  file.tensors[prefix + "norm.weight"] = floats(Shape{3}, {1, 2, 3});
  file.tensors[prefix + "norm.bias"] = floats(Shape{3}, {4, 5, 6});
  file.tensors[prefix + "norm.running_mean"] = floats(Shape{3}, {7, 8, 9});
  file.tensors[prefix + "norm.running_var"] = floats(Shape{3}, {1, 1, 1});
  file.tensors[prefix + "blocks.fc.weight"] = floats(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  file.tensors[prefix + "blocks.fc.bias"] = floats(Shape{2}, {-1, -2});
  return file;
}

std::string loading_fails(const Checkpoint& file, const LoadOptions& options = {}) {
  try {
    load_parameters(net(), file, "some.ckpt", options);
  } catch (const Error& error) {
    return error.exit_code() == 1 ? error.what() : std::string("usage: ") + error.what();
  }
  return "";
}

// One file of several sets, each with another bias.
Checkpoint several(const std::vector<std::string>& prefixes) {
  Checkpoint file;
  float bias = 0;
  for (const std::string& prefix : prefixes) {
    Checkpoint one = fitting(prefix);
    one.tensors.at(prefix + "blocks.fc.bias") = floats(Shape{2}, {bias, bias});
    file.tensors.merge(one.tensors);
    ++bias;
  }
  return file;
}

LoadOptions prefixed(const std::string& prefix) {
  LoadOptions options;
  options.prefix = prefix;
  return options;
}

LoadOptions lenient() {
  LoadOptions options;
  options.strict = false;
  return options;
}

float bias_of(const Loaded& loaded) {
  return parameters_of(loaded.graph).at("blocks.fc.bias").values<float>()[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load)

BOOST_AUTO_TEST_CASE(several_complete_sets_are_listed_and_one_is_chosen_by_its_prefix) {
  const std::vector<std::string> sets[] = {{"model.", "ema."},
                                           {"params.", "params_ema.", "third."},
                                           {"", "ema."},
                                           {"model.", "ema.module."},
                                           {"state_dict.net.", "ema_state_dict.net."}};
  for (const auto& prefixes : sets) {
    const Checkpoint file = several(prefixes);
    const std::string error = loading_fails(file);
    BOOST_TEST(contains(error, std::to_string(prefixes.size()) + " complete sets of weights"),
               error);
    BOOST_TEST(contains(error, "--load-prefix"), error);
    for (const std::string& prefix : prefixes) {
      BOOST_TEST(contains(error, "'" + prefix + "'"), error);
      const auto set = static_cast<float>(&prefix - prefixes.data());
      BOOST_TEST(bias_of(load_parameters(net(), file, "f", prefixed(prefix))) == set);
      if (prefix.empty()) continue;
      const std::string undotted = prefix.substr(0, prefix.size() - 1);
      BOOST_TEST(bias_of(load_parameters(net(), file, "f", prefixed(undotted))) == set);
      const std::string first = prefix.substr(0, prefix.find('.'));
      BOOST_TEST(bias_of(load_parameters(net(), file, "f", prefixed(first))) == set);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_set_that_does_not_fit_is_no_second_one) {
  Checkpoint file = several({"teacher.", "student."});
  file.tensors.at("teacher.blocks.fc.weight") = floats(Shape{2, 4}, std::vector<float>(8));
  BOOST_TEST(load_parameters(net(), file, "f").report.prefix == "student.");
  file = several({"model.", "ema."});
  file.tensors.erase("ema.norm.running_mean");  // of parameters alone
  BOOST_TEST(load_parameters(net(), file, "f").report.prefix == "model.");
}

BOOST_AUTO_TEST_CASE(a_prefix_that_the_file_does_not_have_is_named_with_those_it_has) {
  const Checkpoint file = several({"model.", "ema."});
  const std::string error = loading_fails(file, prefixed("emma."));
  BOOST_TEST(contains(error, "begins with the prefix 'emma.'; did you mean 'ema.'"), error);
  BOOST_TEST(contains(error, "'model.'"), error);
  // What was cut from every name of a state dict may be said, or not.
  Checkpoint cut = several({"net."});
  cut.outer = "state_dict.";
  for (const char* prefix : {"state_dict", "state_dict.", "state_dict.net", "net", "net."})
    BOOST_TEST(bias_of(load_parameters(net(), cut, "f", prefixed(prefix))) == 0.0F);
}

BOOST_AUTO_TEST_CASE(loading_that_is_not_strict_names_what_stays_fresh) {
  Checkpoint file = fitting("model.");
  file.tensors.erase("model.norm.bias");
  file.tensors["model.blocks.fc.weight"] = floats(Shape{3, 2}, {1, 2, 3, 4, 5, 6});
  BOOST_TEST(contains(loading_fails(file), "--load-strict=false"));
  const Graph fresh = net();
  const Loaded loaded = load_parameters(fresh, file, "f", lenient());
  BOOST_TEST(loaded.report.fresh == (std::vector<std::string>{
                                        "norm.bias of shape [3]",
                                        "blocks.fc.weight of shape [2, 3] (the file has [3, 2])"}),
             boost::test_tools::per_element());
  BOOST_TEST(loaded.report.matched == 4U);
  const auto before = parameters_of(fresh), after = parameters_of(loaded.graph);
  for (const char* name : {"norm.bias", "blocks.fc.weight"})
    BOOST_TEST(values_of<float>(after.at(name)) == values_of<float>(before.at(name)),
               boost::test_tools::per_element());
  BOOST_TEST(values_of<float>(after.at("norm.weight")) == (std::vector<float>{1, 2, 3}),
             boost::test_tools::per_element());
  // A file that has all leaves nothing fresh.
  BOOST_TEST(load_parameters(net(), fitting(""), "f", lenient()).report.fresh.empty());
}

BOOST_AUTO_TEST_CASE(nothing_that_fits_is_an_error_however_lenient) {
  Checkpoint file;
  file.tensors["encoder.kernel"] = floats(Shape{1}, {1});
  BOOST_TEST(contains(loading_fails(file, lenient()), "nothing in it has the name and the shape"));
  file.tensors["norm.weight"] = floats(Shape{4}, {1, 2, 3, 4});
  BOOST_TEST(
      contains(loading_fails(file, lenient()), "norm.weight of shape [3] (the file has [4])"));
  // Two that fit in part and alike.
  Checkpoint both = several({"model.", "ema."});
  both.tensors.erase("model.norm.bias");
  both.tensors.erase("ema.norm.bias");
  BOOST_TEST(contains(loading_fails(both, lenient()), "2 equally large sets of weights"));
}

BOOST_AUTO_TEST_CASE(a_type_that_lathe_lacks_matters_only_where_the_graph_needs_it) {
  Checkpoint file = fitting("");
  file.lacking["table"] = "of type U16";
  const LoadReport report = load_parameters(net(), file, "f").report;
  BOOST_TEST(report.lacking == std::vector<std::string>{"'table' is of type U16"},
             boost::test_tools::per_element());
  BOOST_TEST(report.unused.empty());
  file.tensors.erase("norm.bias");
  file.lacking["norm.bias"] = "of type U16";
  for (const LoadOptions& options : {LoadOptions(), lenient()})
    BOOST_TEST(contains(loading_fails(file, options), "tensor 'norm.bias' is of type U16, which"));
}

BOOST_AUTO_TEST_CASE(prefixes_that_wrappers_add_are_recognised) {
  for (const char* prefix : {"", "model.", "module.", "model.module.", "net.encoder."}) {
    BOOST_TEST_CONTEXT("prefix '" << prefix << "'") {
      Checkpoint file = fitting(prefix);
      file.tensors["optimizer.step"] = floats(Shape{}, {3});
      const Loaded result = load_parameters(net(), file, "some.ckpt");
      const auto loaded = parameters_of(result.graph);
      BOOST_TEST(values_of<float>(loaded.at("blocks.fc.bias")) == (std::vector<float>{-1, -2}),
                 boost::test_tools::per_element());
      BOOST_TEST(values_of<float>(loaded.at("norm.running_mean")) == (std::vector<float>{7, 8, 9}),
                 boost::test_tools::per_element());
      BOOST_TEST(result.report.prefix == prefix);
      BOOST_TEST(result.report.unused == std::vector<std::string>{"optimizer.step"},
                 boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(other_element_types_are_converted) {
  Checkpoint file = fitting("");
  const std::vector<double> wide{-1.5, 0.1};
  file.tensors["blocks.fc.bias"] = Tensor::of<double>(DType::float64, Shape{2}, std::span(wide));
  // 1, -2, the smallest subnormal
  const std::vector<std::uint16_t> half{0x3c00, 0xc000, 0x0001};
  file.tensors["norm.bias"] = Tensor::of<std::uint16_t>(DType::float16, Shape{3}, std::span(half));
  const std::vector<std::uint16_t> brain{0x3f80, 0xc000, 0x4049};
  file.tensors["norm.weight"] =
      Tensor::of<std::uint16_t>(DType::bfloat16, Shape{3}, std::span(brain));
  const auto loaded = parameters_of(load_parameters(net(), file, "some.ckpt").graph);
  BOOST_TEST(values_of<float>(loaded.at("blocks.fc.bias")) == (std::vector<float>{-1.5F, 0.1F}),
             boost::test_tools::per_element());
  BOOST_TEST(values_of<float>(loaded.at("norm.bias")) == (std::vector<float>{1, -2, 0x1p-24F}),
             boost::test_tools::per_element());
  BOOST_TEST(values_of<float>(loaded.at("norm.weight")) == (std::vector<float>{1, -2, 3.140625F}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_of_another_shape_is_named_with_both_shapes) {
  Checkpoint file = fitting("model.");
  file.tensors.erase("model.norm.bias");
  file.tensors["model.blocks.fc.weight"] = floats(Shape{3, 2}, {1, 2, 3, 4, 5, 6});
  const std::string error = loading_fails(file);
  BOOST_TEST(contains(error, "some.ckpt: "), error);
  BOOST_TEST(contains(error, "tensor 'norm.bias' of shape [3] is missing"), error);
  BOOST_TEST(
      contains(error, "tensor 'model.blocks.fc.weight' should have shape [2, 3], found [3, 2]"),
      error);
}

BOOST_AUTO_TEST_CASE(a_file_of_another_net_shows_what_it_has) {
  Checkpoint file;
  for (int i = 0; i < 20; ++i)
    file.tensors["encoder." + std::to_string(i) + ".kernel"] = floats(Shape{1}, {1});
  const std::string error = loading_fails(file);
  BOOST_TEST(contains(error, "0 of 7 tensors match"), error);
  BOOST_TEST(contains(error, "the file also has 'encoder.0.kernel', 'encoder.1.kernel'"), error);
  BOOST_TEST(contains(error, "and 12 more"), error);
  BOOST_TEST(contains(loading_fails({}), "is missing"));
}

BOOST_AUTO_TEST_CASE(a_report_says_what_matched_what_is_missing_and_what_is_unused) {
  Checkpoint file = fitting("module.");
  file.tensors["module.head.weight"] = floats(Shape{1}, {1});
  const LoadReport report = load_parameters(net(), file, "some.ckpt").report;
  BOOST_TEST(report.prefix == "module.");
  BOOST_TEST(report.matched == 6U);
  BOOST_TEST(report.missing == std::vector<std::string>{"norm.num_batches_tracked"},
             boost::test_tools::per_element());
  BOOST_TEST(report.unused == std::vector<std::string>{"module.head.weight"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_graph_written_and_read_back_has_the_same_contents) {
  TemporaryFolder folder;
  const auto path = folder.path() / "net.safetensors";
  const Graph graph = net();
  write_safetensors(path, parameters_of(graph));
  const Loaded back = load_parameters(net(), read_checkpoint(path), path);
  BOOST_TEST(back.report.unused.empty());
  const auto expected = parameters_of(graph);
  const auto found = parameters_of(back.graph);
  BOOST_TEST(found.size() == expected.size());
  for (const auto& [name, tensor] : expected)
    BOOST_TEST(std::equal(tensor.bytes().begin(), tensor.bytes().end(),
                          found.at(name).bytes().begin(), found.at(name).bytes().end()),
               name);
}

BOOST_AUTO_TEST_CASE(state_of_formats_may_be_missing_whole_and_not_in_part) {
  Graph quantized = net();
  OperandFormat format;
  format.role = "weight";
  format.format = "any";
  format.state = {{"low", false, false, {}, -1.0}, {"high", false, false, {}, 1.0}};
  Transaction edit(quantized);
  edit.set_format(quantized.find("blocks_fc"), format);
  edit.commit();
  Checkpoint file = fitting("model.");
  const Loaded fresh = load_parameters(quantized, file, "some.ckpt");
  BOOST_TEST(fresh.report.missing.size() == 3U);  // and the count of batches
  BOOST_TEST(parameters_of(fresh.graph).at("blocks.fc.weight_quantizer.low").values<float>()[0] ==
             -1.0F);
  file.tensors["model.blocks.fc.weight_quantizer.low"] = floats(Shape{}, {-3});
  try {
    load_parameters(quantized, file, "some.ckpt");
    BOOST_ERROR("nothing was refused");
  } catch (const Error& error) {
    BOOST_TEST(std::string(error.what())
                       .find("'blocks.fc.weight_quantizer.high' of shape [] is missing") !=
                   std::string::npos,
               error.what());
  }
  file.tensors["model.blocks.fc.weight_quantizer.high"] = floats(Shape{}, {3});
  const Loaded whole = load_parameters(quantized, file, "some.ckpt");
  BOOST_TEST(parameters_of(whole.graph).at("blocks.fc.weight_quantizer.high").values<float>()[0] ==
             3.0F);
  // A float graph keeps it for when it is quantized.
  const Loaded plain = load_parameters(net(), file, "some.ckpt");
  BOOST_TEST(plain.report.unused.empty());
  BOOST_TEST(plain.graph.spare_state().size() == 2U);
  BOOST_TEST(plain.graph.spare_state().contains("blocks.fc.weight_quantizer.low"));
}

BOOST_AUTO_TEST_SUITE_END()
