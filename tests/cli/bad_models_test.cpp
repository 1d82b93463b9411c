// Models that do not fit what they are given: each refusal says what does.
#include "tests/cli/bad_input.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(bad_models)

BOOST_AUTO_TEST_CASE(a_model_that_does_not_fit_its_data_is_refused) {
  check_bad_inputs({
      {"vectors for a network for images",
       {},
       {"transform", "vgg7", "jsc-sim", "--passes", "flops"},
       2,
       {"'vgg7'", "takes images", "channels x height x width"}},
      {"images for a network for vectors",
       {},
       {"transform", "jets-3layer", "cifar10", "--passes", "flops"},
       2,
       {"'jets-3layer'", "takes vectors", "'mlp'"}},
      {"images that are too small",
       {},
       {"transform", "vgg16", "mnist", "--passes", "flops"},
       2,
       {"'vgg16'", "32 x 32"}},
      {"a hidden layer without units",
       {},
       {"transform", "mlp<hidden=[0]>", "jsc-sim", "--passes", "flops"},
       2,
       {"'hidden'", "'mlp'", "1.."}},
  });
}

BOOST_AUTO_TEST_CASE(what_needs_data_is_refused_without_a_data_set) {
  check_bad_inputs({
      {"a model without a size of its own",
       {},
       {"transform", "mlp", "--passes", "flops"},
       1,
       {"'mlp'", "--dataset"}},
      {"a pass that evaluates",
       {},
       {"transform", "resnet20", "--passes", "evaluate"},
       2,
       {"'evaluate'", "no data set is given", "--dataset"}},
      {"a test", {}, {"test", "resnet20"}, 2, {"no data set is given", "--dataset"}},
  });
}

BOOST_AUTO_TEST_SUITE_END()
