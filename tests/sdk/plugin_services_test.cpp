// The examples of a service and of its user, built outside the tree as their authors would.
#include "core/host/services/call.hpp"
#include "tests/plugin/fixtures.hpp"
#include "tests/support/process.hpp"

#include "examples/plugins/histogram.h"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

using namespace lathe;
using namespace lathe_test;

namespace {

// A folder with copies of the two sources and of their header.
class Workplace {
 public:
  Workplace() {
    for (const char* file : {"histogram.h", "histogram.cpp", "quantiles.cpp"})
      std::filesystem::copy_file(source_dir() / "examples" / "plugins" / file, path() / file);
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  Outcome run(const Words& words) const { return run_lathe(words, path()); }
  Outcome build(const std::string& source) const {
    return good({"plugin", "build", source}, path());
  }

 private:
  TemporaryFolder folder_;
};

// A call of the pass that uses the service.
class Asker {
 public:
  explicit Asker(const Workplace& workplace)
      : registry_({}, {workplace.path() / "quantiles.so", workplace.path() / "histogram.so"}),
        call_(registry_.find(Kind::pass, "example.quantiles")),
        api_(static_cast<const example_histogram_api*>(
            registry_.service(EXAMPLE_HISTOGRAM)->table)) {}

  lathe_code quantiles(const std::vector<float>& elements, const std::vector<double>& shares,
                       std::vector<double>& found) {
    found.resize(shares.size());
    return api_->quantiles(&call_, elements.data(), elements.size(), shares.data(), shares.size(),
                           found.data());
  }
  std::string why() {
    const lathe_str text = call_.last_error();
    return {text.data, text.size};
  }

 private:
  Registry registry_;
  Call call_;
  const example_histogram_api* api_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_services)

BOOST_AUTO_TEST_CASE(one_plugin_offers_quantiles_and_another_publishes_them) {
  const Workplace workplace;
  BOOST_TEST(contains(workplace.build("histogram.cpp").out, "service example.histogram/1"));
  const Outcome user = workplace.build("quantiles.cpp");  // by itself: the other may come later
  BOOST_TEST(contains(user.out, "pass example.quantiles 1.0.0"));
  BOOST_TEST(contains(user.err, "it needs the service 'example.histogram/1' of another plugin"));

  const Words run{"transform",     "jsc-tiny",
                  "--passes",      "example.quantiles<parameter=weight,shares=[0,0.5,1]>",
                  "--project-dir", ".",
                  "--project",     "p",
                  "--json",        "--plugin",
                  "./quantiles.so"};
  const Outcome alone = workplace.run(run);
  BOOST_TEST(alone.exit_code == 2);
  BOOST_TEST(contains(alone.last_line(),
                      "quantiles.so' needs the service 'example.histogram/1', "
                      "which no plugin offers"),
             alone.err);

  Words both = run;
  both.insert(both.end(), {"--plugin", "./histogram.so"});
  const Outcome together = good(both, workplace.path());
  const auto rows = together.json().at("passes").at(0).at("tables").at("quantiles");
  BOOST_REQUIRE_EQUAL(rows.size(), 6);  // a batch norm and a linear layer
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(rows[i].at("quantile") == 1.0);  // fresh: ones
  // The linear layer's are uniform between -1/4 and 1/4 (16 inputs).
  const double low = rows[3].at("quantile"), median = rows[4].at("quantile"),
               high = rows[5].at("quantile");
  BOOST_TEST((-0.25 <= low && low < median && median < high && high <= 0.25));
  // What was used is told: two files.
  BOOST_TEST(contains(together.out, "\"example.histogram/1\""), together.out);
}

BOOST_AUTO_TEST_CASE(quantiles_are_those_of_hand) {
  const Workplace workplace;
  workplace.build("histogram.cpp");
  workplace.build("quantiles.cpp");
  Asker asker(workplace);
  std::vector<double> found;
  // Sorted 1 2 3 4; a share lies at 3 times itself between them.
  BOOST_TEST(asker.quantiles({4, 1, 3, 2}, {0.0, 0.25, 0.5, 1.0}, found) == LATHE_OK);
  BOOST_TEST(found == (std::vector<double>{1.0, 1.75, 2.5, 4.0}), boost::test_tools::per_element());
  BOOST_TEST(asker.quantiles({7}, {0.3}, found) == LATHE_OK);
  BOOST_TEST(found[0] == 7.0);
  struct Case {
    std::vector<float> elements;
    std::vector<double> shares;
    const char* says;
  };
  for (const Case& c : {Case{{}, {0.5}, "without elements"}, Case{{1, NAN}, {0.5}, "with NaN"},
                        Case{{1}, {1.5}, "a share from 0 to 1"}}) {
    BOOST_TEST(asker.quantiles(c.elements, c.shares, found) == LATHE_INVALID_ARGUMENT);
    BOOST_TEST(contains(asker.why(), c.says), asker.why());
  }
}

BOOST_AUTO_TEST_CASE(services_are_listed_and_shown) {
  const Workplace workplace;
  const Words plugin{"--plugin", fixture("offers_seven").string(), "--plugin",
                     fixture("circle_a").string()};
  const auto run = [&](Words words) {
    words.insert(words.end(), plugin.begin(), plugin.end());
    return workplace.run(words);
  };
  const Outcome list = run({"plugin", "list", "service"});
  BOOST_TEST(list.exit_code == 0, list.err);
  BOOST_TEST(contains(list.out, "test.seven/1"), list.out);
  BOOST_TEST(!contains(list.out, "quantize"), list.out);
  BOOST_TEST(contains(run({"plugin", "list"}).out, "test.seven/1"));
  BOOST_TEST(!contains(run({"plugin", "list", "pass"}).out, "test.seven/1"));
  const auto json = run({"plugin", "list", "--json"}).json();
  BOOST_TEST(json.at("services").size() == 3u);
  BOOST_TEST(json.at("services").at(2).at("id") == "test.seven/1");
  BOOST_TEST(json.at("services").at(2).at("source") == "explicit");

  for (const char* word : {"test.seven/1", "service:test.seven/1"}) {
    const Outcome shown = run({"plugin", "show", word});
    BOOST_TEST(shown.exit_code == 0, shown.err);
    for (const char* part : {"service test.seven/1", "offers_seven.so", "16 bytes"})
      BOOST_TEST(contains(shown.out, part), shown.out);
  }
  const Outcome near = run({"plugin", "show", "test.sevne/1"});
  BOOST_TEST(near.exit_code == 2);
  BOOST_TEST(contains(near.last_line(), "did you mean 'test.seven/1'?"), near.err);
  // Shown alone, a plugin whose need is not met is refused in the line that says so.
  const Outcome unmet = run({"plugin", "show", "circle_a"});
  BOOST_TEST(unmet.exit_code == 2);
  BOOST_TEST(contains(unmet.last_line(), "needs the service 'test.circle_b/1'"), unmet.err);
}

BOOST_AUTO_TEST_SUITE_END()
