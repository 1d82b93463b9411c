// lathe bisect on networks that were spoiled on purpose, and what it refuses.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

const char* const kFormat =
    "config = {{ name = 'integer', data_in_width = 8, weight_width = {}, weight_frac_width = {}, "
    "bias_width = 8, bias_frac_width = 5, data_in_frac_width = 4 }}\n";

// Every linear layer of jsc-s at 8 bits, but this one at 2.
std::string spoiled(const std::string& layer) {
  std::string text = "model = 'jsc-s'\ndataset = 'jsc-sim'\n[passes.quantize]\nby = 'regex_name'\n";
  if (!layer.empty())
    text += fmt::format("'{}'.{}", layer, fmt::format(fmt::runtime(kFormat), 2, 0));
  return text + "'module_list_(2|5|7|9|11)'." + fmt::format(fmt::runtime(kFormat), 8, 6);
}

const std::string kFloat = "model = 'jsc-s'\ndataset = 'jsc-sim'\n";

// A trained jsc-s and the two files.
struct Bench {
  Bench() {
    good({"train", "jsc-s", "jsc-sim", "--max-epochs", "3", "--batch-size", "256",
          "--learning-rate", "0.01", "--seed", "1", "--project-dir", ".", "--project", "net"},
         folder.path());
    write_file(folder.path() / "float.toml", kFloat);
    write_file(folder.path() / "eight.toml", spoiled(""));
  }
  Words words(const std::string& a, const std::string& b, const Words& more = {}) const {
    Words all{
        "bisect",        a,   b,           "--load", "net/software/training_ckpts/best.safetensors",
        "--project-dir", ".", "--project", "p",      "--num-samples",
        "2000"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  nlohmann::json found(const std::string& a, const std::string& b, const Words& more = {}) const {
    Words all = words(a, b, more);
    all.push_back("--json");
    return good(all, folder.path()).json();
  }
  TemporaryFolder folder;
};

const Bench& bench() {
  static const Bench made;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(bisect_finds_the_layer_that_was_spoiled) {
  for (const char* layer : {"module_list_2", "module_list_7", "module_list_11"}) {
    write_file(bench().folder.path() / "spoiled.toml", spoiled(layer));
    for (const char* other : {"float.toml", "eight.toml"}) {
      const auto json = bench().found(other, "spoiled.toml", {"--metric", "loss"});
      BOOST_TEST(json.at("command") == "bisect");
      BOOST_TEST(json.at("node") == layer);
      BOOST_TEST(json.at("better") == other);
      const auto& metrics = json.at("metrics");
      const double a = metrics.at("loss_a"), b = metrics.at("loss_b");
      BOOST_TEST(metrics.at("cost").get<double>() == b - a, boost::test_tools::tolerance(1e-12));
      BOOST_TEST(metrics.at("cost_alone").get<double>() > 0.5 * (b - a));
      BOOST_TEST(json.at("without").get<double>() < b);
      BOOST_TEST(json.at("provenance").at("evaluations").get<int>() <= 2 * 3 + 3);
      bool told = false;
      for (const auto& part : json.at("tables").at("change"))
        told |= part.at("what") == "weight" &&
                contains(part.at("spoiled.toml").get<std::string>(), "integer<width=2");
      BOOST_TEST(told);
    }
  }
}

BOOST_AUTO_TEST_CASE(bisect_shows_each_step_whichever_file_comes_first) {
  write_file(bench().folder.path() / "spoiled.toml", spoiled("module_list_9"));
  const auto json = bench().found("spoiled.toml", "float.toml");
  BOOST_TEST(json.at("metric") == "accuracy");
  BOOST_TEST(json.at("better") == "float.toml");
  BOOST_TEST(json.at("node") == "module_list_9");
  // Five nodes: 3 and 2, then 1 and 1.
  const auto& steps = json.at("steps");
  BOOST_REQUIRE(steps.size() >= 4U);
  BOOST_TEST(steps[0].at("nodes").size() == 3U);
  BOOST_TEST(steps[1].at("nodes") == nlohmann::json({"module_list_9", "module_list_11"}));
  BOOST_TEST(steps[1].at("followed") == true);
  BOOST_TEST(steps[2].at("nodes") == nlohmann::json({"module_list_9"}));
  BOOST_TEST(json.at("configurations")[1].at("passes") == "");
  const Outcome text = good(bench().words("spoiled.toml", "float.toml"), bench().folder.path());
  BOOST_TEST(contains(text.out, "the change of module_list_9 costs most"), text.out);
  BOOST_TEST(contains(text.err, "step 1: module_list_2 ... module_list_7 (3 nodes): accuracy"),
             text.err);
  BOOST_TEST(fs::exists(bench().folder.path() / "p" / "software" / "bisect" / "report.json"));
}

BOOST_AUTO_TEST_CASE(bisect_says_where_there_is_nothing_to_find) {
  write_file(bench().folder.path() / "same.toml", spoiled(""));
  const auto same = bench().found("eight.toml", "same.toml");
  BOOST_TEST(same.at("node").is_null());
  const Outcome text = good(bench().words("eight.toml", "same.toml"), bench().folder.path());
  BOOST_TEST(contains(text.out, "eight.toml and same.toml make the same network"), text.out);
  // 24 bits for a fraction change no prediction.
  write_file(bench().folder.path() / "fine.toml",
             "model = 'jsc-s'\ndataset = 'jsc-sim'\n[passes.quantize]\nby = 'name'\n"
             "default.config = { name = 'NA' }\nmodule_list_11.config = { name = 'integer', "
             "data_in_width = 32, data_in_frac_width = 20, weight_width = 32, weight_frac_width = "
             "24, bias_width = 32, bias_frac_width = 24 }\n");
  const Outcome alike = good(bench().words("float.toml", "fine.toml"), bench().folder.path());
  BOOST_TEST(contains(alike.out, "though 1 nodes differ"), alike.out);
}

// Layers of two trainings are good only together.
BOOST_AUTO_TEST_CASE(bisect_says_where_costs_do_not_add_up) {
  const fs::path folder = bench().folder.path();
  good({"train", "jsc-s", "jsc-sim", "--max-epochs", "1", "--batch-size", "256", "--seed", "2",
        "--project-dir", ".", "--project", "other"},
       folder);
  write_file(folder / "one.toml", "load_name = 'net/software/training_ckpts/best.safetensors'\n");
  write_file(folder / "two.toml", "load_name = 'other/software/training_ckpts/best.safetensors'\n");
  const Outcome run =
      good({"bisect", "one.toml", "two.toml", "--project-dir", ".", "--project", "p"}, folder);
  BOOST_TEST(contains(run.out, "less than half of the cost is regained"), run.out);
  BOOST_TEST(contains(run.out, "parameter weight"), run.out);
}

BOOST_AUTO_TEST_CASE(bisect_refuses_what_cannot_be_compared) {
  const auto row = [](const std::string& what,
                      const std::vector<std::pair<std::string, std::string>>& files,
                      const Words& words, const std::vector<std::string>& says) {
    return BadInput{what, files, words, 2, says};
  };
  const Words both{"bisect", "a.toml", "b.toml"};
  const auto with = [&](const Words& more) {
    Words words = both;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const std::string eight = spoiled("");
  check_bad_inputs({
      row("one file only", {{"a.toml", kFloat}}, {"bisect", "a.toml"},
          {"usage: lathe bisect A.toml B.toml"}),
      row("a file that is not there", {{"a.toml", kFloat}}, both, {"b.toml"}),
      row("the same file twice", {{"a.toml", kFloat}}, {"bisect", "a.toml", "./a.toml"},
          {"'a.toml' and './a.toml' are one file"}),
      row("three files", {{"a.toml", kFloat}, {"b.toml", eight}},
          {"bisect", "a.toml", "b.toml", "c.toml"}, {"'c.toml' is one word too many"}),
      row("a config besides", {{"a.toml", kFloat}, {"b.toml", eight}}, with({"--config", "a.toml"}),
          {"--config", "lathe bisect A B"}),
      row("no model", {{"a.toml", "dataset = 'jsc-sim'\n"}, {"b.toml", eight}}, both,
          {"a.toml", "no model is given", "--model"}),
      row("no data set", {{"a.toml", kFloat}, {"b.toml", "model = 'jsc-s'\n"}}, both,
          {"b.toml", "no data set is given", "--dataset"}),
      row("other models",
          {{"a.toml", kFloat}, {"b.toml", "model = 'jsc-tiny'\ndataset = 'jsc-sim'\n"}}, both,
          {"cannot be taken apart", "only a.toml has 'module_list_0'",
           "only b.toml has 'seq_blocks_0'"}),
      row("other data",
          {{"a.toml", kFloat}, {"b.toml", "model = 'jsc-s'\ndataset = 'jsc-sim<seed=7>'\n"}}, both,
          {"'a.toml' runs on jsc-sim", "'b.toml' on jsc-sim<seed=7>"}),
      row("other shapes",
          {{"a.toml", "model = 'jsc-custom<hidden=[8]>'\ndataset = 'jsc-sim'\n"},
           {"b.toml", "model = 'jsc-custom<hidden=[9]>'\ndataset = 'jsc-sim'\n"}},
          both, {"has the shape", "in a.toml", "in b.toml"}),
      row("a metric that is none", {{"a.toml", kFloat}, {"b.toml", eight}},
          with({"--metric", "acuracy"}), {"--metric", "'acuracy'", "did you mean 'accuracy'"}),
      row("a metric of another loss", {{"a.toml", kFloat}, {"b.toml", eight}},
          with({"--metric", "mae"}), {"--metric", "'mae'", "cross_entropy"}),
      row("a list for a metric", {{"a.toml", kFloat}, {"b.toml", eight}},
          with({"--metric", "recall_per_class"}), {"--metric", "'recall_per_class'"}),
      row("fewer than no rows", {{"a.toml", kFloat}, {"b.toml", eight}},
          with({"--num-samples", "-1"}), {"--num-samples", "-1"}),
      row("a dry run", {{"a.toml", kFloat}, {"b.toml", eight}}, with({"--dry-run"}),
          {"--dry-run", "lathe transform --config FILE --dry-run"}),
      row("a pass that is unknown",
          {{"a.toml", kFloat}, {"b.toml", kFloat + "[passes.quantise]\nby = 'type'\n"}}, both,
          {"b.toml:3", "quantise"}),
  });
}
