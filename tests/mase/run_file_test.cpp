#include "core/mase/run_file.hpp"

#include "core/options/text/document.hpp"
#include "tests/options/expect.hpp"
#include "tests/support/support.hpp"

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

RunConfig config_of(const std::string& toml) { return read_run_config(parse_toml(toml, "a.toml")); }

}  // namespace

BOOST_AUTO_TEST_SUITE(run_file)

BOOST_AUTO_TEST_CASE(a_file_may_use_mases_keys) {
  BOOST_TEST(find_option("to_debug")->option.key == "debug");
  BOOST_TEST(find_option("cpu")->option.key == "num_workers");
  BOOST_TEST((find_option("load") == find_option("load_name")));
  BOOST_TEST((find_option("to_bedug") == nullptr));
}

BOOST_AUTO_TEST_CASE(every_wrong_key_of_a_file_is_placed) {
  expect_usage_error([] { config_of("model = 'x'\nbatchsize = 3"); }, "a.toml:2:1",
                     {"unknown key 'batchsize'", "did you mean 'batch_size'?"});
  expect_usage_error([] { config_of("[pases.quantize]\nby = 'type'"); }, "a.toml:1:2",
                     {"did you mean 'passes'?"});
  expect_usage_error([] { config_of("passes = 3"); }, "a.toml:1:1", {"[passes] is a table"});
  expect_usage_error([] { config_of("search = 'x'"); }, "a.toml:1:1", {"[search] is a table"});
  expect_usage_error([] { config_of("json = true"); }, "a.toml:1:1",
                     {"'json' belongs on the command line (--json)"});
  expect_usage_error([] { config_of("cpu = 2\nnum_workers = 3"); }, "a.toml:2:1",
                     {"the same option as 'num_workers'"});
  expect_usage_error(
      [] { config_of("batch_size = 0"); }, "a.toml:1:1",
      {"option 'batch_size' of a run takes an integer in 1..1048576; got integer 0"});
  expect_usage_error([] { config_of("learning_rate = -1"); }, "a.toml:1:1", {"a number in 0<.."});
  expect_usage_error([] { config_of("accelerator = 'tpu'"); }, "a.toml:1:1",
                     {"one of auto, cpu, gpu, cuda, mps"});
}

BOOST_AUTO_TEST_CASE(plugins_of_a_file_are_beside_it) {
  const lathe_test::TemporaryFolder folder;
  const auto path = folder.path() / "run.toml";
  std::ofstream(path) << "plugin = ['mine.so', '/abs/other.so']\n";
  const Value plugins = *read_run_config(read_toml(path)).options.find("plugin");
  BOOST_TEST(plugins.as_list()[0].as_string() == (folder.path() / "mine.so").string());
  BOOST_TEST(plugins.as_list()[1].as_string() == "/abs/other.so");
  BOOST_TEST(config_of("plugin = 'one.so'").options.find("plugin")->as_list().size() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
