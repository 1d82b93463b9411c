// A plugin asks for a service of another plugin in the middle of a run.
#include "tests/host/world.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

// A run of a pass beside the files that offer what it may ask for.
class Asking {
 public:
  explicit Asking(std::vector<std::filesystem::path> files) : registry_({}, with_asker(files)) {
    context_.registry = &registry_;
  }

  PassReport run(const std::string& pass, Value::Map options = {}) {
    const Component& component = registry_.find(Kind::pass, pass);
    PassInstance instance(component, check_options(component.options, Value(std::move(options))),
                          context_);
    Graph graph = World().graph();
    return instance.run(graph, context_);
  }
  PassReport ask(const std::string& id) { return run("asks_service", {{"id", Value(id)}}); }
  std::size_t loaded() const { return registry_.loaded_services().size(); }

 private:
  static std::vector<std::filesystem::path> with_asker(std::vector<std::filesystem::path> files) {
    files.push_back(fixture("asks_service"));
    return files;
  }

  Registry registry_;
  RunContext context_;
};

std::int64_t scalar(const PassReport& report, const std::string& name) {
  for (const auto& [key, value] : report.scalars) {
    if (key == name) return value.as_int();
  }
  throw std::runtime_error("no scalar " + name);
}

std::string why(const PassReport& report) {
  return report.texts.empty() ? "" : report.texts.front().second;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_services)

BOOST_AUTO_TEST_CASE(a_service_is_found_and_its_file_loaded_when_it_is_asked_for) {
  Asking asking({fixture("offers_seven")});
  BOOST_TEST(asking.loaded() == 0);
  BOOST_TEST(scalar(asking.ask("test.seven/1"), "number") == 7);
  BOOST_TEST(asking.loaded() == 2);
  BOOST_TEST(scalar(asking.ask("lathe.graph/0"), "there") == 1);
}

BOOST_AUTO_TEST_CASE(none_is_null_and_the_call_says_why) {
  Asking asking({fixture("chain")});
  const std::pair<const char*, const char*> cases[] = {
      {"test.seven/1", "no plugin offers the service 'test.seven/1'"},
      {"lathe.graph/99", "this lathe has no service 'lathe.graph/99'"},
      {"test.chain/1", "chain.so' needs the service 'test.nobody/1', which no plugin offers"},
  };
  for (const auto& [id, says] : cases) {
    const PassReport report = asking.ask(id);
    BOOST_TEST(scalar(report, "there") == 0);
    BOOST_TEST(contains(why(report), says), why(report));
  }
}

BOOST_AUTO_TEST_CASE(a_failure_of_a_service_is_one_of_the_call_that_used_it) {
  Asking asking({fixture("offers_seven")});
  BOOST_TEST(why(asking.ask("test.failing/1")) == "no number");
}

BOOST_AUTO_TEST_CASE(the_sugar_calls_one_and_says_what_is_missing) {
  BOOST_TEST(scalar(Asking({fixture("offers_seven")}).run("calls_service"), "number") == 7);
  const std::string message = message_of([] { Asking({}).run("calls_service"); });
  BOOST_TEST(contains(message,
                      "pass 'calls_service': this plugin needs the service test.seven/1: "
                      "no plugin offers the service 'test.seven/1'"),
             message);
}

BOOST_AUTO_TEST_SUITE_END()
