// Services that plugins offer to each other: who offers what is known without loading, and a file
// is loaded together with those that it needs.
#include "core/plugin/registry.hpp"
#include "core/plugin/services.hpp"
#include "tests/fixtures/offering.h"
#include "tests/plugin/fixtures.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

std::int64_t number_of(const PluginService& service) {
  std::int64_t number = 0;
  static_cast<const number_api*>(service.table)->number(nullptr, &number);
  return number;
}

std::string refusal_of(const std::string& pass,
                       const std::vector<std::filesystem::path>& explicit_files) {
  const Registry registry({}, explicit_files);
  const std::string message = message_of([&] { registry.find(Kind::pass, pass); });
  // Nothing of it is there, and asking again makes it no better.
  BOOST_TEST(registry.loaded().empty());
  BOOST_TEST(registry.loaded_services().empty());
  BOOST_TEST(message_of([&] { registry.find(Kind::pass, pass); }) == message);
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(offered_services)

BOOST_AUTO_TEST_CASE(who_offers_what_is_known_without_loading) {
  const Registry registry({}, {fixture("offers_seven"), fixture("circle_a"), fixture("probe")});
  BOOST_REQUIRE_EQUAL(registry.services().size(), 3);
  BOOST_TEST(registry.services()[0].id == "test.circle_a/1");  // sorted
  BOOST_TEST(registry.services()[1].id == "test.failing/1");
  BOOST_TEST(registry.services()[2].id == "test.seven/1");
  BOOST_TEST(registry.services()[2].file == std::filesystem::canonical(fixture("offers_seven")));
  BOOST_TEST(registry.services()[2].source == "explicit");
  BOOST_TEST(registry.loaded_services().empty());
}

BOOST_AUTO_TEST_CASE(a_service_is_loaded_when_it_is_asked_for) {
  const Registry registry({}, {fixture("offers_seven")});
  const PluginService* seven = registry.service("test.seven/1");
  BOOST_REQUIRE(seven != nullptr);
  BOOST_TEST(number_of(*seven) == 7);
  BOOST_TEST(seven->table_size == sizeof(number_api));
  BOOST_TEST(seven->sha256.size() == 64);
  BOOST_TEST(registry.service("test.seven/1") == seven);
  BOOST_TEST(registry.loaded_services().size() == 2);  // its file offers two
  BOOST_TEST((registry.service("test.nobody/1") == nullptr));
}

BOOST_AUTO_TEST_CASE(a_plugin_is_loaded_together_with_what_it_needs) {
  const Registry registry({}, {fixture("needs_seven"), fixture("offers_seven")});
  BOOST_TEST(registry.find(Kind::pass, "needs_seven").id == "needs_seven");
  BOOST_TEST(registry.loaded_services().size() == 2);
}

BOOST_AUTO_TEST_CASE(what_is_loaded_already_meets_a_need) {
  const Registry registry({}, {fixture("needs_seven"), fixture("offers_seven")});
  const PluginService* seven = registry.service("test.seven/1");
  registry.find(Kind::pass, "needs_seven");
  BOOST_TEST(registry.service("test.seven/1") == seven);
  BOOST_TEST(registry.loaded_services().size() == 2);
}

BOOST_AUTO_TEST_CASE(plugins_that_need_each_other_are_loaded_together) {
  const Registry registry({}, {fixture("circle_a"), fixture("circle_b")});
  BOOST_TEST(registry.find(Kind::pass, "circle_a").id == "circle_a");
  BOOST_TEST(registry.loaded().size() == 2);
  BOOST_TEST(number_of(*registry.service("test.circle_a/1")) == 1);
  BOOST_TEST(number_of(*registry.service("test.circle_b/1")) == 2);
}

BOOST_AUTO_TEST_CASE(a_need_that_nobody_meets_is_one_line_that_says_who_and_where) {
  const std::string message =
      refusal_of("needs_nobody", {fixture("needs_nobody"), fixture("probe"), fixture("line")});
  for (const char* word :
       {"needs_nobody.so' needs the service 'test.nobody/1'", "which no plugin offers",
        "3 plugins were looked at: "
        "needs_nobody.so, probe.so, line.so"})
    BOOST_TEST(contains(message, word), message);
  BOOST_TEST(!contains(message, "\n"), message);
}

BOOST_AUTO_TEST_CASE(a_need_that_is_nearly_met_gets_the_nearest_id) {
  const std::string message =
      refusal_of("circle_a", {fixture("circle_a"), fixture("offers_seven"), fixture("chain")});
  BOOST_TEST(contains(message,
                      "'test.circle_b/1', which no plugin offers; did you mean "
                      "'test.circle_a/1'?"),
             message);
}

BOOST_AUTO_TEST_CASE(a_table_that_is_too_short_is_told_with_both_files) {
  const std::string message =
      refusal_of("needs_more", {fixture("needs_more"), fixture("offers_seven")});
  for (const char* word : {"needs_more.so' needs the service 'test.seven/1' with 4096 bytes",
                           "offers_seven.so' offers 16", "use a newer one"})
    BOOST_TEST(contains(message, word), message);
}

BOOST_AUTO_TEST_CASE(what_fails_along_a_chain_names_both_ends) {
  const std::string message = refusal_of("needs_chain", {fixture("needs_chain"), fixture("chain")});
  for (const char* word : {"needs_chain.so' needs 'chain.so'",
                           "chain.so' needs the service "
                           "'test.nobody/1', which no plugin offers"})
    BOOST_TEST(contains(message, word), message);
}

BOOST_AUTO_TEST_CASE(two_files_that_offer_one_service_are_an_error_that_names_both) {
  const std::string message =
      message_of([] { Registry({}, {fixture("offers_seven"), fixture("offers_seven_too")}); });
  for (const char* word : {"offers_seven.so", "offers_seven_too.so", "the service 'test.seven/1'"})
    BOOST_TEST(contains(message, word), message);
}

BOOST_AUTO_TEST_CASE(two_folders_that_offer_one_service_are_an_error_for_who_needs_it_only) {
  const TemporaryFolder folder;
  copy_fixture("offers_seven", folder.path() / "a");
  copy_fixture("offers_seven_too", folder.path() / "b");
  copy_fixture("needs_seven", folder.path() / "b");
  copy_fixture("probe", folder.path() / "b");
  const Registry registry({{folder.path() / "a", "project"}, {folder.path() / "b", "user"}}, {});
  BOOST_TEST(registry.find(Kind::pass, "probe").id == "probe");
  BOOST_TEST((registry.service("test.failing/1") != nullptr));
  for (const std::string& message :
       {message_of([&] { registry.service("test.seven/1"); }),
        message_of([&] { registry.find(Kind::pass, "needs_seven"); })}) {
    BOOST_TEST(contains(message, "offers_seven.so' (project)"), message);
    BOOST_TEST(contains(message, "offers_seven_too.so' (user)"), message);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_the_user_names_offers_before_those_of_the_folders) {
  const TemporaryFolder folder;
  copy_fixture("offers_seven", folder.path());
  const Registry registry({{folder.path(), "user"}}, {fixture("offers_seven_too")});
  BOOST_TEST(number_of(*registry.service("test.seven/1")) == 77);
  // The other's services are loaded with their file and leave it so.
  registry.service("test.failing/1");
  BOOST_TEST(number_of(*registry.service("test.seven/1")) == 77);
}

BOOST_AUTO_TEST_CASE(a_stamp_and_a_module_that_differ_are_refused_by_name) {
  const std::pair<const char*, const char*> cases[] = {
      {"offers_lie", "its stamp names the service 'test.lie/1', which it does not offer"},
      {"offers_null", "the table of service 'test.null/1' is null"},
  };
  for (const auto& [name, says] : cases) {
    const Registry registry({}, {fixture(name)});
    const std::string message = message_of([&] { registry.service(registry.services()[0].id); });
    BOOST_TEST(contains(message, says), message);
    BOOST_TEST(contains(message, std::string(name) + ".so"), message);
  }
}

BOOST_AUTO_TEST_CASE(a_plugin_that_offers_only_services_needs_no_component) {
  BOOST_TEST(message_of([] { Registry({}, {fixture("offers_seven")}); }) == "");
}

// The list in services.hpp is what the host has and what needs are held against.
BOOST_AUTO_TEST_CASE(the_hosts_own_services_are_known_with_their_size) {
  BOOST_TEST(host_service_size(LATHE_SVC_GRAPH).value() == sizeof(lathe_graph_api));
  BOOST_TEST(host_service_size(LATHE_SVC_META).value() == sizeof(lathe_meta_api));
  BOOST_TEST(!host_service_size("lathe.graph/99").has_value());
  BOOST_TEST(is_host_service("lathe.graph/99"));
  BOOST_TEST(!is_host_service("test.seven/1"));
}

BOOST_AUTO_TEST_SUITE_END()
