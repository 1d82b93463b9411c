// Real checkpoints on real jets, from the file to the predicted class: golden/predictions.json.
#include "tests/engine/engine.hpp"

#include "core/checkpoint/checkpoint.hpp"
#include "core/options/text/component_text.hpp"

using namespace lathe;
using namespace lathe_test;

namespace {

std::shared_ptr<Dataset> open_set(const std::string& text) {
  const ComponentText parsed = parse_component(text, "--dataset");
  const Component& component = registry().find(Kind::dataset, parsed.name);
  auto set =
      make_dataset(component, check_options(component.options, parsed.options), text, data_dir());
  set->open({});
  return set;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(real_jets)

BOOST_AUTO_TEST_CASE(lightning_files_of_jsc_tiny_predict_class_by_class_what_pytorch_predicts) {
  const auto golden = golden_json("predictions.json");
  const auto engine = open_executor();
  std::size_t cases = 0, classes = 0;
  for (const json& expected : golden["cases"]) {
    if (expected["name"] != "jsc-tiny") continue;
    BOOST_TEST_CONTEXT(expected["checkpoint"]) {
      const auto set =
          open_set("jsc<test=" + (data_dir() / expected["data"].get<std::string>()).string() + ">");
      const auto path = data_dir() / "checkpoints" / expected["checkpoint"].get<std::string>();
      const Graph graph = load_parameters(jsc_tiny(), read_checkpoint(path), path).graph;
      const Tensor logits = engine->outputs(graph, *set, Rows{Split::test, 0, 32});
      const auto values = logits.values<float>();
      const auto labels = set->all(Split::test).fields[1].values<std::int64_t>();
      const std::string predictions = expected["predictions"];
      BOOST_TEST_REQUIRE(labels.size() == predictions.size());
      BOOST_TEST_REQUIRE(values.size() == 5 * labels.size());

      std::int64_t correct = 0;
      for (std::size_t row = 0; row < labels.size(); ++row) {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(5 * row);
        const auto predicted = std::max_element(first, first + 5) - first;
        BOOST_TEST(predicted == predictions[row] - '0', "row " << row);
        correct += predicted == labels[row];
        ++classes;
      }
      BOOST_TEST(correct == expected["correct"].get<std::int64_t>());
      const json& first_rows = expected["logits_first_3"];
      for (std::size_t row = 0; row < first_rows.size(); ++row)
        for (std::size_t i = 0; i < 5; ++i)
          BOOST_TEST(std::fabs(static_cast<double>(values[5 * row + i]) -
                               first_rows[row][i].get<double>()) < 1e-4);
    }
    ++cases;
  }
  BOOST_TEST(cases == 2U);
  BOOST_TEST_MESSAGE("predictions.json: " << cases << " checkpoints, " << classes
                                          << " predicted classes");
}

BOOST_AUTO_TEST_SUITE_END()
