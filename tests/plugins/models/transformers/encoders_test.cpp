// transformer-encoder and vit against PyTorch's numbers (golden/transformers.py), and what they
// refuse.
#include "computed.hpp"

#include "tests/graph/messages.hpp"

#include "core/base/json.hpp"
#include "core/graph/io/json.hpp"

using namespace lathe_test;

namespace {

Tensor input_of(const json& one) {
  const json& input = one.at("input");
  if (one.at("model") == "vit") return tensor(input);
  return Tensor::of<std::int64_t>(DType::int64,
                                  Shape(input.at("shape").get<std::vector<std::int64_t>>()),
                                  input.at("data").get<std::vector<std::int64_t>>());
}

std::string refused(const std::string& model, const json& options) {
  return refusal([&] { Workbench(2).model(model, options); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encoders)

BOOST_AUTO_TEST_CASE(they_compute_what_torch_does_under_its_names) {
  for (const json& one : golden_json("transformers.json")) {
    BOOST_TEST_CONTEXT(one.at("name").get<std::string>()) {
      const Graph fresh = Workbench(3).model(one.at("model"), one.at("options"));
      BOOST_TEST(lathe::parameters_of(fresh).size() == one.at("state").size());
      const Tensor found = computed(with_state(fresh, one.at("state")), input_of(one));
      BOOST_TEST(found.shape().text() == tensor(one.at("output")).shape().text());
      check_close(found.values<float>(), numbers(one.at("output").at("data")), 1e-4, 1e-4,
                  one.at("name"));
    }
  }
}

BOOST_AUTO_TEST_CASE(they_come_back_from_saved_graphs) {
  const LlamaFolder folder;
  json tied = made_up_config();
  tied["tie_word_embeddings"] = true;
  folder.write_config(tied);
  std::vector<std::pair<Graph, Tensor>> cases;
  for (const json& one : golden_json("transformers.json"))
    cases.emplace_back(Workbench(3).model(one.at("model"), one.at("options")), input_of(one));
  cases.emplace_back(folder.graph({{"weights", "fresh"}}, 1),
                     tokens({1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6}));
  for (const auto& [graph, input] : cases) {
    const std::string text = lathe::json_text(lathe::graph_to_json(graph));
    const Graph back = lathe::graph_from_json(lathe::value_of(lathe::Json::parse(text)), 7)
                           .with_parameters(lathe::parameters_of(graph));
    BOOST_TEST(values_of(computed(back, input)) == values_of(computed(graph, input)),
               boost::test_tools::per_element());
    BOOST_TEST((back.ties() == graph.ties()));
  }
}

BOOST_AUTO_TEST_CASE(vit_is_torchvisions_vit_b_16_where_nothing_is_said) {
  const Graph graph = Workbench(1).model("vit");
  BOOST_TEST(graph.parameter_count() == 86567656);
  double macs = 0;
  for (const lathe::NodeId id : graph.order()) macs += cost_of(graph, id)->macs;
  // Patches; 12 layers of projections, two products and an MLP; the head.
  const double tokens = 197, width = 768;
  BOOST_TEST(macs == 196.0 * 768 * width +
                         12 * (12 * tokens * width * width + 2 * tokens * tokens * width) +
                         width * 1000);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_named) {
  BOOST_TEST(mentions(refused("vit", {{"heads", 7}}), {"'heads' = 7", "'width' = 768"}));
  BOOST_TEST(mentions(refused("vit", {{"patch", 15}}), {"'patch' = 15", "224 x 224"}));
  const json texts{{"vocab_size", 9}, {"length", 6}, {"classes", 2}};
  const auto with = [&](const std::string& key, const json& value) {
    json options = texts;
    options[key] = value;
    return refused("transformer-encoder", options);
  };
  BOOST_TEST(mentions(with("heads", 5), {"'heads' = 5", "'width' = 64"}));
  BOOST_TEST(mentions(with("padding", 9), {"'padding' = 9", "no token of 9"}));
  BOOST_TEST(mentions(with("length", nullptr), {"'length'", "--dataset"}));
  BOOST_TEST(mentions(with("classes", nullptr), {"classes"}));
  BOOST_TEST(mentions(refusal([&] {
                        Workbench(2).model("transformer-encoder", {{"vocab_size", 9}},
                                           samples_of({6}, 2));
                      }),
                      {"takes tokens", "'samples'"}));
}

BOOST_AUTO_TEST_SUITE_END()
