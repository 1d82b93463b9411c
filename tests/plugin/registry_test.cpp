// Which plugins there are, which are refused, and what a message about them says.
#include "core/plugin/registry.hpp"
#include "core/plugin/trust.hpp"
#include "tests/plugin/fixtures.hpp"
#include "tests/support/support.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <fstream>
#include <map>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

std::string refusal_of_loading(const std::string& name, Kind kind = Kind::pass) {
  return message_of([&] {
    const Registry registry({}, {fixture(name)});
    registry.find(kind, name);
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(listing_loads_nothing) {
  const Registry registry({}, {fixture("probe"), fixture("line"), fixture("halves")});
  BOOST_REQUIRE_EQUAL(registry.listed().size(), 4);
  BOOST_TEST(registry.listed()[0].id == "probe");  // sorted by kind, then id
  BOOST_TEST(registry.listed()[1].id == "probe_edit");
  BOOST_TEST(registry.listed()[2].id == "line");
  BOOST_TEST(registry.listed()[3].id == "halves");
  BOOST_TEST(registry.listed()[0].source == "explicit");
  BOOST_TEST(registry.loaded().empty());
  BOOST_TEST(registry.knows(Kind::pass, "probe"));
  BOOST_TEST(!registry.knows(Kind::model, "probe"));
}

BOOST_AUTO_TEST_CASE(a_component_is_loaded_when_it_is_asked_for) {
  const Registry registry({}, {fixture("probe"), fixture("line")});
  const Component& probe = registry.find(Kind::pass, "probe");
  BOOST_TEST(probe.version == "1.0.0");
  BOOST_TEST(probe.options.owner == "pass 'probe'");
  BOOST_TEST(probe.sha256.size() == 64);
  BOOST_TEST(probe.file == std::filesystem::canonical(fixture("probe")));
  BOOST_TEST(registry.loaded().size() == 2);  // its file brings two
  BOOST_TEST(&probe == &registry.find(Kind::pass, "probe"));

  const Option* width = probe.options.find("width");
  BOOST_REQUIRE(width != nullptr);
  BOOST_TEST(width->default_value->as_int() == 8);
  BOOST_TEST(width->range->contains(64));
  BOOST_TEST(!width->range->contains(65));
  BOOST_TEST(width->tunable());
  BOOST_TEST(width->unit == "bits");
  const Option* nodes = probe.options.find("nodes");
  BOOST_REQUIRE(nodes != nullptr);
  BOOST_TEST(nodes->item_kind == "format");
  BOOST_TEST(nodes->item_roles.size() == 4);
  BOOST_TEST(nodes->items.size() == 1);
}

BOOST_AUTO_TEST_CASE(an_unknown_id_gets_the_nearest_one_and_its_place) {
  const Registry registry({}, {fixture("probe")});
  const std::string message =
      message_of([&] { registry.find(Kind::pass, "prove", {"a.toml", 3, 9}); });
  BOOST_TEST(contains(message, "a.toml:3:9"));
  BOOST_TEST(contains(message, "unknown pass 'prove'"));
  BOOST_TEST(contains(message, "did you mean 'probe'?"));
}

BOOST_AUTO_TEST_CASE(every_kind_of_broken_plugin_is_refused_by_name) {
  struct Case {
    const char* name;
    const char* says;
  };
  const Case cases[] = {
      {"no_stamp", "no Lathe stamp"},
      {"other_abi", "ABI 7"},
      {"null_interface", "no interface"},
      {"null_run", "no run()"},
      {"null_component", "component 0 is null"},
      {"null_module", "returns null"},
      {"huge_count", "4294967295 components"},
      {"huge_options", "18446744073709551615 rows"},
      {"tiny_struct", "struct_size 4"},
      {"huge_struct", "struct_size 4294967295"},
      {"unknown_must_flag", "must_flags"},
      {"unmet_need", "needs service 'lathe.teleport/3'"},
      {"stamp_lies", "which its stamp does not name"},
      {"bad_default", "the default '80' of option 'width'"},
      {"missing_symbol", "nowhere::frobnicate(double)"},
      {"entry_throws", "not today"},
  };
  for (const Case& c : cases) {
    const std::string message = refusal_of_loading(c.name);
    BOOST_TEST(contains(message, c.says), c.name << ": " << message);
    BOOST_TEST(contains(message, std::string(c.name) + ".so"), c.name << ": " << message);
    try {
      const Registry registry({}, {fixture(c.name)});
      registry.find(Kind::pass, c.name);
    } catch (const Error& error) {
      BOOST_TEST(error.exit_code() == 2);
    }
  }
  BOOST_TEST_MESSAGE(std::size(cases) << " broken plugins");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_repeated_not_cached_as_success) {
  const Registry registry({}, {fixture("null_run")});
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(contains(message_of([&] { registry.find(Kind::pass, "null_run"); }), "no run()"));
  }
  BOOST_TEST(registry.loaded().empty());
}

BOOST_AUTO_TEST_CASE(an_older_plugin_reads_as_zero_beyond_what_it_knew) {
  const Registry registry({}, {fixture("older")});
  const Component& older = registry.find(Kind::pass, "older");
  BOOST_TEST(older.options.options.size() == 2);
  BOOST_TEST(older.options.options[1].key == "second");
  BOOST_TEST(older.options.options[0].items.empty());
  BOOST_TEST(older.as<lathe_pass>().targets == nullptr);
  BOOST_TEST(older.as<lathe_pass>().scalars == nullptr);
  BOOST_TEST(older.as<lathe_pass>().run != nullptr);
}

BOOST_AUTO_TEST_CASE(a_newer_plugin_is_not_refused_for_being_newer) {
  const Registry registry({}, {fixture("newer")});
  BOOST_TEST(registry.listed().size() == 1);  // the unknown kind is left alone
  BOOST_TEST(registry.find(Kind::pass, "newer").doc == "A fixture.");
}

BOOST_AUTO_TEST_CASE(an_option_of_an_unknown_type_takes_any_value) {
  const Registry registry({}, {fixture("bad_type")});
  const Component& component = registry.find(Kind::pass, "bad_type");
  BOOST_TEST(component.options.options.at(0).type == LATHE_OPTION_ANY);
  Value given{Value::Map{{"width", "wide"}}};
  BOOST_TEST(check_options(component.options, given).find("width")->as_string() == "wide");
}

BOOST_AUTO_TEST_CASE(a_kind_has_a_version) {
  BOOST_TEST((kind_from_id("pass/1") == Kind::pass));
  BOOST_TEST(!kind_from_id("pass/2").has_value());
  BOOST_TEST(!kind_from_id("pass").has_value());
  BOOST_TEST((kind_from_name("pass") == Kind::pass));
  BOOST_TEST(kind_word("pass/2") == "pass");
  BOOST_TEST(name(Kind::sampler) == "sampler");
  const std::string refusal = message_of([] { Registry({}, {fixture("next_kind")}); });
  BOOST_TEST(contains(refusal, "it has pass/2, the host knows pass/1"), refusal);
}

BOOST_AUTO_TEST_CASE(two_files_of_one_id_are_an_error_that_names_both) {
  const std::string message =
      message_of([] { Registry({}, {fixture("twin_a"), fixture("twin_b")}); });
  BOOST_TEST(contains(message, "twin_a.so"));
  BOOST_TEST(contains(message, "twin_b.so"));
  BOOST_TEST(contains(message, "pass 'twin'"));
}

BOOST_AUTO_TEST_CASE(two_folders_of_one_id_are_an_error_for_who_needs_it_only) {
  const TemporaryFolder folder;
  copy_fixture("twin_a", folder.path() / "a");
  copy_fixture("twin_b", folder.path() / "b");
  copy_fixture("probe", folder.path() / "b");
  const Registry registry({{folder.path() / "a", "project"}, {folder.path() / "b", "user"}}, {});
  BOOST_TEST(registry.find(Kind::pass, "probe").id == "probe");
  const std::string message = message_of([&] { registry.find(Kind::pass, "twin"); });
  BOOST_TEST(contains(message, "twin_a.so' (project)"));
  BOOST_TEST(contains(message, "twin_b.so' (user)"));
  BOOST_TEST(contains(message, "--plugin"));
  // Nor does it become clear by asking again.
  BOOST_TEST(message_of([&] { registry.find(Kind::pass, "twin"); }) == message);
}

BOOST_AUTO_TEST_CASE(a_file_that_the_user_names_comes_before_those_of_the_folders) {
  const TemporaryFolder folder;
  const auto of_folder = copy_fixture("twin_a", folder.path());
  const Registry registry({{folder.path(), "user"}}, {fixture("twin_b")});
  BOOST_REQUIRE_EQUAL(registry.listed().size(), 1);
  BOOST_TEST(registry.listed()[0].source == "explicit");
  BOOST_TEST(registry.find(Kind::pass, "twin").file ==
             std::filesystem::canonical(fixture("twin_b")));
}

BOOST_AUTO_TEST_CASE(one_file_found_twice_is_one_plugin) {
  const TemporaryFolder folder;
  const auto file = copy_fixture("probe", folder.path());
  const Registry registry({{folder.path(), "user"}}, {file, file});
  BOOST_TEST(registry.listed().size() == 2);
  BOOST_TEST(registry.listed()[0].source == "explicit");
}

BOOST_AUTO_TEST_CASE(two_transforms_that_claim_one_name_are_a_load_error) {
  const Registry registry({}, {fixture("claims_a"), fixture("claims_b")});
  registry.find(Kind::pass, "claims_a");
  const std::string message = message_of([&] { registry.find(Kind::pass, "claims_b"); });
  BOOST_TEST(contains(message, "'widen'"));
  BOOST_TEST(contains(message, "claims_a.so"));
  BOOST_TEST(contains(message, "claims_b.so"));
}

BOOST_AUTO_TEST_CASE(an_analysis_claims_no_names) {
  const Registry registry({}, {fixture("probe"), fixture("claims_a")});
  BOOST_CHECK_NO_THROW(registry.find(Kind::pass, "probe"));
  BOOST_CHECK_NO_THROW(registry.find(Kind::pass, "claims_a"));
}

BOOST_AUTO_TEST_CASE(folders_are_searched_for_shared_objects_only) {
  const TemporaryFolder folder;
  copy_fixture("probe", folder.path() / "plugins");
  std::ofstream(folder.path() / "plugins" / "README.md") << "no plugin";
  std::filesystem::create_directories(folder.path() / "plugins" / "analysis");
  const Registry registry({{folder.path() / "plugins", "project"}, {folder.path() / "no", "user"}},
                          {});
  BOOST_TEST(registry.listed().size() == 2);
  BOOST_TEST(registry.listed()[0].source == "project");
}

// What is not used claims nothing: another file of the same id does.
BOOST_AUTO_TEST_CASE(a_component_that_is_not_used_claims_no_names) {
  const TemporaryFolder folder;
  copy_fixture("claims_and_more", folder.path());  // claims_a as well, and a pass 'more'
  const Registry registry({{folder.path(), "user"}}, {fixture("claims_a")});
  BOOST_TEST(registry.find(Kind::pass, "claims_a").file == fixture("claims_a"));
  BOOST_TEST(message_of([&] { registry.find(Kind::pass, "more"); }) == "");
}

BOOST_AUTO_TEST_CASE(broken_files_of_a_folder_are_listed_and_stop_nothing_that_does_not_need_them) {
  const TemporaryFolder folder;
  copy_fixture("probe", folder.path());
  copy_fixture("other_abi", folder.path());
  copy_fixture("no_stamp", folder.path());
  std::ofstream(folder.path() / "aaa.so") << "not really";
  std::ofstream(folder.path() / "empty.so");
  BOOST_REQUIRE_EQUAL(mkfifo((folder.path() / "pipe.so").c_str(), 0644), 0);
  std::filesystem::create_directories(folder.path() / "dir.so");
  std::filesystem::create_symlink("gone.so", folder.path() / "dangling.so");
  std::filesystem::create_symlink(fixture("line"), folder.path() / "outside.so");
  const auto open_to_all = copy_fixture("halves", folder.path());
  chmod(open_to_all.c_str(), 0777);

  const Registry registry({{folder.path(), "user"}}, {});
  BOOST_TEST(registry.find(Kind::pass, "probe").id == "probe");
  BOOST_TEST(registry.ids(Kind::pass) == (std::vector<std::string>{"probe", "probe_edit"}),
             boost::test_tools::per_element());
  const std::map<std::string, std::string> expected{
      {"aaa.so", "aaa.so"},          {"empty.so", "empty.so"},
      {"dir.so", "no regular file"}, {"pipe.so", "no regular file"},
      {"dangling.so", "nothing"},    {"outside.so", "link out of its folder"},
      {"halves.so", "chmod go-w"},   {"no_stamp.so", "no Lathe stamp"},
      {"other_abi.so", "ABI"}};
  BOOST_TEST(registry.broken().size() == expected.size());
  for (const lathe::BrokenPlugin& broken : registry.broken()) {
    const auto found = expected.find(broken.path.filename().string());
    BOOST_TEST_REQUIRE((found != expected.end()), broken.path);
    BOOST_TEST(contains(broken.reason, found->second), broken.reason);
    BOOST_TEST(broken.source == "user");
  }
  // Who asks for what one of them may have brought is told of them.
  const std::string message = message_of([&] { registry.find(Kind::format, "halves"); });
  BOOST_TEST(contains(message, "unknown format 'halves'"));
  BOOST_TEST(contains(message, "9 plugins that were found cannot be used"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_anyone_can_write_to_is_listed_and_not_used) {
  const TemporaryFolder folder;
  copy_fixture("probe", folder.path() / "open");
  copy_fixture("halves", folder.path() / "good");
  chmod((folder.path() / "open").c_str(), 0777);
  const Registry registry({{folder.path() / "open", "project"}, {folder.path() / "good", "user"}},
                          {});
  BOOST_TEST(registry.knows(Kind::format, "halves"));
  BOOST_TEST(!registry.knows(Kind::pass, "probe"));
  BOOST_REQUIRE_EQUAL(registry.broken().size(), 1);
  BOOST_TEST(contains(registry.broken()[0].reason, "plugin folder"));
  BOOST_TEST(contains(message_of([&] { registry.find(Kind::pass, "probe"); }), "chmod go-w"));
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named) {
  BOOST_TEST(contains(message_of([] { Registry({}, {"./nowhere.so"}); }),
                      "there is no plugin file './nowhere.so' in the working directory"));
}

BOOST_AUTO_TEST_CASE(files_and_folders_that_others_can_write_are_refused) {
  const TemporaryFolder folder;
  const auto file = copy_fixture("probe", folder.path() / "p");
  const auto load = [&] { Registry({}, {file}); };
  // Whoever can rewrite the host itself (a build under umask 002) gains nothing by a plugin.
  struct stat host{};
  BOOST_REQUIRE_EQUAL(stat("/proc/self/exe", &host), 0);
  for (const mode_t mode : {0757u, 0777u, (host.st_mode & S_IWGRP) != 0 ? 0777u : 0775u}) {
    chmod(file.c_str(), mode);
    BOOST_TEST(contains(message_of(load), "can be written by"));
    BOOST_TEST(contains(message_of(load), "chmod go-w '" + file.string() + "'"));
  }
  chmod(file.c_str(), 0755);
  BOOST_TEST(message_of(load) == "");
  chmod(file.parent_path().c_str(), 0777);
  BOOST_TEST(contains(message_of(load), "plugin folder"));
  chmod(file.parent_path().c_str(), 01777);  // sticky, as /tmp is
  BOOST_TEST(message_of(load) == "");
}

// As on NTFS and vfat, where chmod changes nothing.
BOOST_AUTO_TEST_CASE(folders_that_the_user_trusts_are_used_as_they_are) {
  const TemporaryFolder folder;
  const auto trusted = folder.path() / "trusted";
  const auto file = copy_fixture("probe", trusted / "below");
  const auto other = copy_fixture("halves", folder.path() / "trusted_not");
  for (const auto& path : {file, file.parent_path(), other, other.parent_path()})
    chmod(path.c_str(), 0777);
  const std::string hint = message_of([&] { Registry({}, {file}); });
  BOOST_TEST(contains(hint, "NTFS"));
  BOOST_TEST(contains(hint, "LATHE_TRUSTED_PLUGIN_FOLDERS"));

  setenv("LATHE_TRUSTED_PLUGIN_FOLDERS", ("/nowhere::" + trusted.string()).c_str(), 1);
  BOOST_TEST(message_of([&] { Registry({}, {file}).find(Kind::pass, "probe"); }) == "");
  const Registry registry({{file.parent_path(), "project"}}, {});
  BOOST_TEST(registry.knows(Kind::pass, "probe"));
  BOOST_TEST(registry.broken().empty());
  BOOST_TEST(contains(message_of([&] { Registry({}, {other}); }), "is refused"));
  unsetenv("LATHE_TRUSTED_PLUGIN_FOLDERS");
}

BOOST_AUTO_TEST_CASE(a_users_own_group_is_no_danger) {
  BOOST_TEST(!is_private_group(0, 0));
  BOOST_TEST(!is_private_group(54321, 54321));  // nobody of that number
  // A system user that every Debian has, with a group of its own.
  const passwd* user = getpwnam("www-data");
  if (user == nullptr) return;
  const uid_t uid = user->pw_uid;
  const gid_t gid = user->pw_gid;
  BOOST_TEST(is_private_group(uid, gid));
  BOOST_TEST(!is_private_group(uid, 0));
}

BOOST_AUTO_TEST_CASE(files_of_strangers_are_refused) {
  if (geteuid() != 0) skip("only root can give files away");
  const TemporaryFolder folder;
  const auto file = copy_fixture("probe", folder.path());
  BOOST_REQUIRE_EQUAL(chown(file.c_str(), 12345, 0), 0);
  BOOST_TEST(contains(message_of([&] { Registry({}, {file}); }), "belongs to user 12345"));
}

BOOST_AUTO_TEST_CASE(links_out_of_a_folder_are_refused_and_those_inside_are_not) {
  const TemporaryFolder folder;
  const auto elsewhere = copy_fixture("probe", folder.path() / "elsewhere");
  std::filesystem::create_directories(folder.path() / "plugins");
  std::filesystem::create_symlink(elsewhere, folder.path() / "plugins" / "probe.so");
  const std::vector<PluginFolder> folders{{folder.path() / "plugins", "user"}};
  BOOST_TEST(Registry(folders, {}).listed().empty());

  std::filesystem::remove(folder.path() / "plugins" / "probe.so");
  copy_fixture("line", folder.path() / "plugins");
  std::filesystem::create_symlink("line.so", folder.path() / "plugins" / "alias.so");
  BOOST_TEST(Registry(folders, {}).listed().size() == 1);
}

BOOST_AUTO_TEST_CASE(a_link_that_the_user_names_is_followed) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink(fixture("probe"), folder.path() / "mine.so");
  const Registry registry({}, {folder.path() / "mine.so"});
  BOOST_TEST(registry.listed()[0].file == std::filesystem::canonical(fixture("probe")));
}

BOOST_AUTO_TEST_CASE(a_folder_of_sources_is_no_obstacle) {
  const std::filesystem::path sources = lathe_test::source_dir() / "plugins";
  BOOST_TEST(Registry({{sources, "project"}}, {}).listed().empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_refused) {
  const TemporaryFolder folder;
  BOOST_REQUIRE_EQUAL(mkfifo((folder.path() / "pipe.so").c_str(), 0644), 0);
  BOOST_TEST(
      contains(message_of([&] { Registry({}, {folder.path() / "pipe.so"}); }), "no regular file"));
  std::filesystem::create_directories(folder.path() / "dir.so");
  BOOST_TEST(
      contains(message_of([&] { Registry({}, {folder.path() / "dir.so"}); }), "no regular file"));
}

BOOST_AUTO_TEST_CASE(a_file_replaced_since_it_was_listed_is_refused) {
  const TemporaryFolder folder;
  const auto file = copy_fixture("probe", folder.path());
  const Registry registry({}, {file});
  std::filesystem::remove(file);
  std::filesystem::copy_file(fixture("line"), file);
  BOOST_TEST(contains(message_of([&] { registry.find(Kind::pass, "probe"); }), "was replaced"));
}

BOOST_AUTO_TEST_CASE(a_file_that_vanished_since_it_was_listed_is_named) {
  const TemporaryFolder folder;
  const auto file = copy_fixture("probe", folder.path());
  const Registry registry({}, {file});
  std::filesystem::remove(file);
  BOOST_TEST(contains(message_of([&] { registry.find(Kind::pass, "probe"); }), file.string()));
}

BOOST_AUTO_TEST_CASE(many_threads_may_ask_at_once) {
  const Registry registry({}, {fixture("probe"), fixture("line"), fixture("halves")});
  std::vector<std::jthread> threads;
  std::atomic<int> found{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        found += registry.find(Kind::pass, "probe").id == "probe";
        found += registry.find(Kind::format, "halves").id == "halves";
      }
    });
  }
  threads.clear();
  BOOST_TEST(found == 8 * 400);
  BOOST_TEST(registry.loaded().size() == 3);
}

BOOST_AUTO_TEST_CASE(components_outlive_their_registry) {
  const Component* component = nullptr;
  {
    const Registry registry({}, {fixture("halves")});
    component = &registry.find(Kind::format, "halves");
  }
  BOOST_TEST(component->id == "halves");
  BOOST_TEST(component->as<lathe_format>().quantize != nullptr);
}

BOOST_AUTO_TEST_CASE(default_folders_come_in_order_and_never_hold_the_working_directory) {
  setenv("LATHE_PLUGIN_PATH", "/one::/two", 1);
  setenv("XDG_DATA_HOME", "/data-home", 1);
  const std::vector<PluginFolder> folders = default_plugin_folders();
  BOOST_REQUIRE_EQUAL(folders.size(), 5);
  BOOST_TEST(folders[0].path == std::filesystem::current_path() / "plugins");
  BOOST_TEST(folders[1].path == "/one");
  BOOST_TEST(folders[2].path == "/two");
  BOOST_TEST(folders[3].path == "/data-home/lathe/plugins");
  BOOST_TEST(folders[4].source == "built-in");
  unsetenv("XDG_DATA_HOME");
  unsetenv("LATHE_PLUGIN_PATH");
  setenv("HOME", "/home/somebody", 1);
  BOOST_TEST(default_plugin_folders()[1].path == "/home/somebody/.local/share/lathe/plugins");
}

BOOST_AUTO_TEST_CASE(scanning_forty_plugins_takes_milliseconds) {
  const TemporaryFolder folder;
  for (int i = 0; i < 40; ++i) {
    std::filesystem::copy_file(fixture("probe"), folder.path() / fmt::format("p{}.so", i));
  }
  double best = 1;
  for (int i = 0; i < 10; ++i) {
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(Registry({{folder.path(), "user"}}, {}).broken().empty());
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  BOOST_TEST_MESSAGE("40 stamps: " << best * 1e3 << " ms");
  BOOST_TEST(best < 0.02);
}

BOOST_AUTO_TEST_SUITE_END()
