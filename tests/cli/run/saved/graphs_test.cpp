// graph.json beside weights: damaged, edited, of another run or another version.
#include "tests/cli/run/saved/trainings.hpp"

using namespace lathe_test;

BOOST_AUTO_TEST_CASE(a_graph_that_is_not_that_of_the_weights_is_told) {
  Trainings at;
  at.train("p");
  at.train("o", {"--passes", kQuantize});
  const fs::path graph = at.results("p") / "graph.json";
  const std::string text = read_file(graph);
  const std::string best = (at.results("p") / "best.safetensors").string();
  const auto as = [&](const std::string& contents) {
    write_file(graph, contents);
    return at.run({"test", "jsc-sim", "--load", "p"});
  };
  check_refused(as(text.substr(0, text.size() / 2)), 1, {"graph.json", "no JSON", "damaged"});
  check_refused(as("[1, 2]"), 1, {"graph.json", "no saved graph"});
  check_refused(as("{}"), 1, {"graph.json", "no saved graph"});
  check_refused(as(std::string(100'000, '[')), 1, {"graph.json"});

  auto edited = nlohmann::ordered_json::parse(text);
  edited["nodes"][1]["name"] = "another";
  check_refused(as(edited.dump()), 1, {"graph.json", "best.safetensors", "changed since"});
  // Another run's.
  check_refused(as(read_file(at.results("o") / "graph.json")), 1, {"graph.json", "another run"});
  check_refused(at.run({"test", "--load", best}), 2, {"not the one beside it", "MODEL"});
  BOOST_TEST(at.run({"test", "jsc-toy", "jsc-sim", "--load", best}).exit_code == 0);

  auto newer = nlohmann::ordered_json::parse(text);
  newer["lathe_graph"] = 7;
  write_file(graph, newer.dump());
  fs::remove(at.results("p") / "last.safetensors");
  good({"export", best, "plain.pt"}, at.path());
  good({"export", "plain.pt", best, "--overwrite"}, at.path());
  check_refused(at.run({"test", "--load", "p"}), 1, {"graph.json", "form 7"});
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_of_a_saved_graph_is_named_with_its_file) {
  Trainings at;
  at.train("p");
  const fs::path graph = at.results("p") / "graph.json";
  const auto whole = nlohmann::ordered_json::parse(read_file(graph));
  const auto with_edit = [&](const std::function<void(nlohmann::ordered_json&)>& edit) {
    auto json = whole;
    edit(json);
    write_file(graph, json.dump());
    return at.run({"test", "--load", "p"});
  };
  using Edit = nlohmann::ordered_json;
  check_refused(with_edit([](Edit& json) { json["dialect"] = 99; }), 1,
                {"graph.json", "dialect 99", "this version reads"});
  check_refused(with_edit([](Edit& json) { json["origin"]["loss"] = "crossentropy"; }), 1,
                {"graph.json", "no loss 'crossentropy'"});
  check_refused(with_edit([](Edit& json) { json["origin"]["model"] = "jsc-toy<"; }), 1,
                {"graph.json", "'>' is missing"});
  check_refused(with_edit([](Edit& json) { json["origin"]["dataset"] = 7; }), 1,
                {"graph.json", "expected a string"});
  check_refused(with_edit([](Edit& json) { json["origin"]["fields"][1]["role"] = "goal"; }), 1,
                {"graph.json", "unknown role 'goal'"});
  check_refused(with_edit([](Edit& json) { json["origin"]["fields"][1]["class_names"] = {"a"}; }),
                1, {"graph.json", "5 classes and 1 names"});
  check_refused(with_edit([](Edit& json) { json.erase("nodes"); }), 1, {"graph.json"});
  // How it is laid out does not count.
  BOOST_TEST(with_edit([](Edit&) {}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(weights_of_another_run_in_the_folder_are_passed_over_and_named) {
  Trainings at;
  at.train("p");
  at.train("o", {"--passes", kQuantize});
  fs::copy_file(at.results("o") / "best.safetensors", at.results("p") / "best.safetensors",
                fs::copy_options::overwrite_existing);
  const Outcome last = at.run({"test", "--load", "p"});
  BOOST_TEST(last.exit_code == 0);
  BOOST_TEST(contains(last.err, "best.safetensors' is not of the network of the graph.json"),
             last.err);
  BOOST_TEST(contains(last.err, "'last.safetensors' is taken instead"), last.err);
  // The folder of all runs is none.
  check_refused(at.run({"test", "--load", "."}), 1, {"'.' holds runs", "'./o'", "'./p'"});
}
