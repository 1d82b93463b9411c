// lathe report: pages of runs, and what is no run. What pages do is driven in Chromium.
#include "tests/cli/bad_input.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

const std::string kSearch =
    "model = 'jsc-tiny'\ndataset = 'jsc-sim'\nbatch_size = 64\nseed = 3\n"
    "[search.search_space]\nsetup.by = 'type'\n"
    "[search.search_space.seed.linear.config]\nname = ['integer', 'NA']\n"
    "data_in_width = [2, 3, 4, 5, 6, 7, 8]\nweight_width = [2, 3, 4, 5, 6, 7, 8]\n"
    "[search.strategy]\nsw_runner.basic_evaluation.num_samples = 100\n"
    "hw_runner.average_bitwidth = {}\nsetup = { n_trials = 40, sampler = 'random' }\n"
    "metrics.accuracy = { scale = 1.0, direction = 'maximize' }\n"
    "metrics.average_bitwidth = { scale = 0.2, direction = 'minimize' }\n";

// The data that the page `file` carries.
nlohmann::json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t at = page.find(begin) + begin.size();
  return nlohmann::json::parse(page.substr(at, page.find("</script>", at) - at));
}

fs::path searched(const fs::path& folder) {
  write_file(folder / "a.toml", kSearch);
  good({"search", "--config", "a.toml", "--project", "s"}, folder);
  return folder / "lathe_output/s";
}

// What `script`, run in the page, leaves in the text of the element #driven.
std::string driven(const fs::path& folder, std::string page, const std::string& script) {
  if (std::system("command -v chromium >/dev/null 2>&1") != 0) skip("chromium is not installed");
  const std::string wrapped =
      "<pre id=\"driven\"></pre><script>document.getElementById('driven')"
      ".textContent = String((() => {" +
      script + "})());</script>";
  page.insert(page.rfind("</body>"), wrapped);
  write_file(folder / "driven.html", page);
  const std::string line =
      "cd '" + folder.string() + "' && HOME='" + folder.string() +
      "' timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
      "--window-size=1400,2000 --dump-dom 'file://" +
      (folder / "driven.html").string() + "' > dom.html 2> chromium.log";
  BOOST_REQUIRE_EQUAL(std::system(line.c_str()), 0);
  const std::string dom = read_file(folder / "dom.html"), begin = "<pre id=\"driven\">";
  const std::size_t at = dom.find(begin);
  BOOST_REQUIRE(at != std::string::npos);
  return dom.substr(at + begin.size(), dom.find("</pre>", at) - at - begin.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report)

BOOST_AUTO_TEST_CASE(a_search_is_a_page_below_a_megabyte_that_asks_nobody) {
  const TemporaryFolder folder;
  const fs::path run = searched(folder.path());
  const Outcome made = good({"report", run.string(), "--json"}, folder.path());
  const fs::path file = made.json().at("file").get<std::string>();
  BOOST_TEST(file == run / "software/search_ckpts/report.html");
  const std::string page = read_file(file);
  BOOST_TEST(page.size() < 1'000'000);
  BOOST_TEST(page.find("default-src 'none'") != std::string::npos);
  for (const char* request : {" src=", "<link", "@import", "url(", "fetch(\"http"})
    BOOST_TEST(page.find(request) == std::string::npos, request);
  BOOST_TEST(page.find("Copyright 2010-2017 Mike Bostock") != std::string::npos);

  const nlohmann::json data = data_of(page), search = data.at("search");
  BOOST_TEST(search.at("trials").at("numbers").size() == 40);
  BOOST_TEST(search.at("objectives").at(1).at("name") == "average_bitwidth");
  BOOST_TEST(search.at("objectives").at(1).at("direction") == "minimize");
  const nlohmann::json best =
      nlohmann::json::parse(read_file(run / "software/search_ckpts/best.json"));
  BOOST_TEST(search.at("best").size() == best.size());
  double shares = search.at("importance").at(0).at("rest").get<double>();
  for (const nlohmann::json& row : search.at("importance").at(0).at("rows"))
    shares += row.at(1).get<double>();
  BOOST_TEST(std::abs(shares - 1) < 1e-5);
}

BOOST_AUTO_TEST_CASE(a_point_is_hovered_over_and_clicked_and_an_axis_brushed) {
  const TemporaryFolder folder;
  const fs::path run = searched(folder.path());
  good({"report", run.string(), "-o", "page.html"}, folder.path());
  const std::string said = driven(folder.path(), read_file(folder.path() / "page.html"), R"js(
    const point = document.querySelector("#front circle.best"), box = point.getBoundingClientRect();
    const at = {bubbles: true, clientX: box.x + 2, clientY: box.y + 2, view: window};
    point.dispatchEvent(new MouseEvent("mousemove", at));
    const hovered = document.getElementById("tip").textContent.includes("accuracy: ");
    point.dispatchEvent(new MouseEvent("click", at));
    const clicked = document.querySelector("#chosen h3").textContent;
    const axis = document.querySelector("#parallel .brush .overlay"), area = axis.getBoundingClientRect();
    const mouse = (kind, y, on) => on.dispatchEvent(new MouseEvent(kind,
        {bubbles: true, cancelable: true, view: window, clientX: area.x + 10, clientY: area.y + y}));
    mouse("mousedown", 3, axis);
    mouse("mousemove", area.height * .45, window);
    mouse("mouseup", area.height * .45, window);
    return [hovered, clicked === "trial " + point.dataset.trial + ", one of the best",
            document.getElementById("brushed").textContent,
            document.querySelectorAll("#front circle.out").length > 0].join("|");
  )js");
  BOOST_TEST(said.starts_with("true|true|"), said);
  BOOST_TEST(said.find(" of 40 complete trials are within") != std::string::npos, said);
  BOOST_TEST(said.ends_with("|true"), said);
}

BOOST_AUTO_TEST_CASE(a_training_has_its_curves_and_one_that_goes_on_says_so) {
  const TemporaryFolder folder;
  good({"train", "jsc-tiny", "jsc-sim", "--max-epochs", "3", "--project", "t"}, folder.path());
  const fs::path results = folder.path() / "lathe_output/t/software/training_ckpts";
  const auto page = [&] {
    good({"report", "lathe_output/t", "-o", "t.html"}, folder.path());
    return data_of(read_file(folder.path() / "t.html"));
  };
  BOOST_TEST(page().at("curves").at("rows").size() == 3);
  const auto first_note = [&] { return page().at("notes").at(0).get<std::string>(); };
  BOOST_TEST(first_note() == "The data are synthetic.");
  fs::remove(results / "report.json");
  BOOST_TEST(page().at("curves").at("rows").size() == 3);
  BOOST_TEST(first_note().starts_with("This run had not ended"));
}

BOOST_AUTO_TEST_CASE(nothing_in_a_run_ends_the_script_or_becomes_markup) {
  const TemporaryFolder folder;
  const std::string name = "</script><b id='x'>&\\\"<!--";
  write_file(folder.path() / "r/report.json",
             nlohmann::json{{"command", "transform"},
                            {"model", name},
                            {"metrics", {{name, 1}}},
                            {"passes", {{{"pass", name}, {"tables", {{name, {{{name, name}}}}}}}}},
                            {"provenance", {{name, name}}}}
                 .dump());
  good({"report", "r", "-o", "r.html"}, folder.path());
  const std::string page = read_file(folder.path() / "r.html");
  BOOST_TEST(page.find("<b id='x'>") == std::string::npos);
  BOOST_TEST(data_of(page).at("facts").at(0).at(0) == name);
  BOOST_TEST(driven(folder.path(), page,
                    "return document.querySelector('#x') === null && "
                    "document.title.includes('<' + '/script>');") == "true");
}

BOOST_AUTO_TEST_CASE(what_is_no_run_or_damaged_is_named_at_its_place) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& run, int code, const std::string& said) {
    const Outcome outcome = run_lathe({"report", run}, folder.path());
    BOOST_TEST(outcome.exit_code == code, run);
    BOOST_TEST(outcome.err.find(said) != std::string::npos, outcome.err);
  };
  fs::create_directories(folder.path() / "empty");
  write_file(folder.path() / "json/report.json", "{\"command\": \"train\",\n \"metrics\": }");
  write_file(folder.path() / "csv/metrics.csv", "epoch,train_loss\n0,0.5\n1\n");
  write_file(folder.path() / "list/report.json", "[]");
  write_file(folder.path() / "void/report.json", "");
  write_file(folder.path() / "two/software/transform/report.json", "{}");
  write_file(folder.path() / "two/software/checkpoints/report.json", "{}");
  refused("nowhere", 2, "there is no run 'nowhere'");
  refused("emtpy", 2, "did you mean 'empty'?");
  refused("empty", 2, "holds no run");
  refused("two", 2, "holds 2 runs; name one");
  refused("json", 1, "json/report.json:2:");
  refused("list", 1, "list/report.json: it is damaged");
  refused("void", 1, "void/report.json");
  refused("csv", 1, "csv/metrics.csv:3:1: it is damaged: 1 cells");
}

BOOST_AUTO_TEST_SUITE_END()
