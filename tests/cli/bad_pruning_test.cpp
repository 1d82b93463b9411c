// Prunings, fusions and parts of networks that cannot be: what is said of them, and where.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using lathe_test::BadInput;
using lathe_test::check_bad_inputs;

namespace {

BadInput pass(const std::string& what, const std::string& model, const std::string& passes,
              std::vector<std::string> says, int exit_code = 2) {
  return {what, {}, {"transform", model, "--passes", passes}, exit_code, std::move(says)};
}

BadInput pruned(const std::string& what, const std::string& options,
                std::vector<std::string> says) {
  return pass(what, "jsc-tiny", "prune<" + options + ">", std::move(says));
}

}  // namespace

BOOST_AUTO_TEST_CASE(prunings_that_cannot_be_are_refused) {
  check_bad_inputs({
      pruned("all channels of a layer", "weight={sparsity=1,granularity=channel}",
             {"--passes:1", "node 'seq_blocks_2'", "weight", "all 5 output channels",
              "lower the sparsity"}),
      pruned("more than all", "weight={sparsity=1.5}", {"weight", "sparsity", "from 0 to 1"}),
      pruned("less than nothing", "weight={sparsity=-0.1}", {"weight", "sparsity", "from 0 to 1"}),
      pruned("a sparsity that is text", "weight={sparsity=half}", {"sparsity", "from 0 to 1"}),
      pruned("a node that is not there", "weight={sparsity={seq_blocks_2=0.5,seq_blok_2=0.5}}",
             {"weight", "no node 'seq_blok_2'", "seq_blocks_2"}),
      pruned("a node without a weight", "weight={sparsity={seq_blocks_1=0.5}}",
             {"node 'seq_blocks_1'", "no layer with a weight"}),
      pruned("one sparsity and many", "weight={scope=global,sparsity={seq_blocks_2=0.5}}",
             {"weight", "scope", "one sparsity"}),
      pruned("an unknown method", "weight={method=l2-norm}", {"method", "l2-norm", "l1-norm"}),
      pruned("an unknown key", "weight={sparcity=0.5}", {"sparcity", "sparsity"}),
      pruned("an unknown table", "weights={sparsity=0.5}", {"'weights' is none of its options"}),
      pruned("a node's sparsity out of range", "by=type,linear={weight_sparsity=2}",
             {"weight_sparsity", "0..1"}),
      pruned("channels of all inputs together",
             "activation={sparsity=0.5,scope=global,granularity=channel}",
             {"activation", "scope is local"}),
  });
}

BOOST_AUTO_TEST_CASE(fusions_that_cannot_be_are_refused) {
  check_bad_inputs({
      pass("no pair", "resnet20", "conv_bn_fusion<nodes=[linear]>",
           {"--passes:1", "node 'linear'", "no convolution with a batch norm right behind it"}),
      pass("no node", "resnet20", "conv_bn_fusion<nodes=[layer1_0_cnv1]>",
           {"nodes", "no node 'layer1_0_cnv1'", "layer1_0_conv1"}),
      pass("quantized", "resnet20",
           "quantize<by=type,conv2d={name=integer,weight_width=8}>,conv_bn_fusion<nodes=[conv1]>",
           {"node 'conv1'", "cannot be fused with 'bn1'", "number formats"}, 1),
  });
}

BOOST_AUTO_TEST_CASE(parts_that_are_none_are_refused) {
  check_bad_inputs({
      pass("not connected", "resnet20", "extract_subgraph<from=[layer3_0_conv1],to=layer1_0_bn1>",
           {"--passes:1", "node 'layer3_0_conv1'", "from", "does not lead to 'layer1_0_bn1'"}),
      pass("no end", "resnet20", "extract_subgraph<to=layer1_0_bn9>",
           {"to", "no node 'layer1_0_bn9'", "did you mean 'layer1_0_bn"}),
      pass("no beginning", "resnet20", "extract_subgraph<from=[somewhere_else_entirely]>",
           {"from", "no node 'somewhere_else_entirely'", "report_graph"}),
      pass("the output", "resnet20", "extract_subgraph<to=output>",
           {"node 'output'", "makes no tensor"}),
      pass("no list", "resnet20", "extract_subgraph<from=3>", {"from", "a list of texts"}),
  });
}

BOOST_AUTO_TEST_CASE(a_pruning_of_nothing_is_a_warning) {
  const lathe_test::TemporaryFolder folder;
  const lathe_test::Outcome run = lathe_test::run_lathe(
      {"transform", "jsc-tiny", "--passes", "prune<weight={sparsity=0}>"}, folder.path());
  BOOST_TEST(run.exit_code == 0);
  BOOST_TEST(
      run.err.find("warning: --passes:1:1: pass 'prune' changed nothing\n") != std::string::npos,
      run.err);
}
