// lathe data list|fetch as a user runs it, from a server on loopback in place of the real ones.
#include "tests/fetch/server.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

// Where data are kept when nobody says where.
fs::path home_data(const TemporaryFolder& home) {
  return home.path() / ".local" / "share" / "lathe" / "data";
}

// Sends the beginning of a file of the right size, then nothing more until the client goes.
Server::Handler slow(std::size_t size) {
  return [size](const std::string&, const Server::Send& send) {
    send(head("200 OK", {"Content-Length: " + std::to_string(size)}) + std::string(5000, 'x'));
    while (send("")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(data_command)

BOOST_AUTO_TEST_CASE(the_list_says_size_licence_hash_address_and_what_is_here) {
  const TemporaryFolder folder;
  const Outcome text = run_lathe({"data", "list"}, folder.path());
  BOOST_TEST(text.exit_code == 0);
  for (const char* part : {"cifar10", "mnist", "fashion_mnist", "jsc", "170.1 MB", "CC BY-SA 3.0",
                           "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                           "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"})
    BOOST_TEST(contains(text.out, part), part);
  BOOST_TEST(contains(text.out, home_data(folder).string()));

  write_file(home_data(folder) / "jsc" /
                 "processed-pythia82-lhc13-all-pt1-50k-r1_h022_e0175_t220_nonu_truth.z",
             "jets");
  const auto json = run_lathe({"data", "list", "--json"}, folder.path()).json();
  for (const auto& set : json.at("sets")) {
    BOOST_TEST(set.at("here").get<bool>() == (set.at("name") == "jsc"));
    for (const auto& file : set.at("files")) {
      BOOST_TEST(file.at("sha256").is_null() == (set.at("name") == "jsc"));
      if (!file.at("sha256").is_null())
        BOOST_TEST(file.at("sha256").get<std::string>().size() == 64U);
      BOOST_TEST(contains(file.at("url"), "http"));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_interrupted_fetch_keeps_what_came) {
  const TemporaryFolder folder;
  const fs::path part = home_data(folder) / ".fetch-cifar10" / "cifar-10-binary.tar.gz.part";
  const Server server(slow(170052171));
  const int process = start_lathe({"data", "fetch", "cifar10", "--from", server.url()},
                                  folder.path(), folder.path() / "out", folder.path() / "err");
  for (int tries = 0; tries < 1000 && server.requests().empty(); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(process, SIGINT);
  BOOST_TEST(wait_for(process) == 1);
  const std::string talk = read_file(folder.path() / "err");
  BOOST_TEST(contains(talk, "error: cancelled"), talk);
  BOOST_TEST(contains(talk, "5000 bytes"), talk);
  BOOST_TEST(fs::file_size(part) == 5000U);
  BOOST_TEST(read_file(folder.path() / "out").empty());
  BOOST_TEST(!fs::exists(home_data(folder) / "cifar10"));
}

BOOST_AUTO_TEST_CASE(what_is_not_the_known_file_is_refused_in_one_sentence) {
  struct Row {
    std::string what;
    Server::Handler handler;
    std::vector<std::string> says;
  };
  const std::string labels(28881, 'x'), images(9912422, 'x');
  const Row rows[] = {
      {"404", serving({}), {"404", "--from"}},
      {"another size", serving({{"/train-images-idx3-ubyte.gz", "x"}}), {"1 bytes", "9912422"}},
      {"another hash",
       serving({{"/train-images-idx3-ubyte.gz", images}, {"/train-labels-idx1-ubyte.gz", labels}}),
       {"sha256", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const TemporaryFolder folder;
      const Server server(row.handler);
      const Outcome outcome = run_lathe(
          {"data", "fetch", "mnist", "--from", server.url(), "--data-dir", "d"}, folder.path());
      BOOST_TEST(outcome.exit_code == 1);
      BOOST_TEST(outcome.out.empty());
      BOOST_TEST(outcome.last_line().starts_with("error: "));
      for (const std::string& text : row.says)
        BOOST_TEST(contains(outcome.last_line(), text), outcome.last_line());
      BOOST_TEST(!fs::exists(folder.path() / "d" / "mnist"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_set_that_a_strangers_plugin_describes_is_listed_and_fetched) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "plugins");
  fs::copy_file(build_dir() / "tests" / "fixtures" / "known_dataset.so",
                folder.path() / "plugins" / "known_dataset.so");
  BOOST_TEST(contains(run_lathe({"data", "list"}, folder.path()).out, "rows of a stranger"));
  // Or named on the command line.
  const fs::path named = build_dir() / "tests" / "fixtures" / "known_dataset.so";
  const TemporaryFolder other;
  BOOST_TEST(!contains(run_lathe({"data", "list"}, other.path()).out, "rows of a stranger"));
  BOOST_TEST(contains(run_lathe({"data", "list", "--plugin", named.string()}, other.path()).out,
                      "rows of a stranger"));

  const Server server(serving({{"/rows.csv", "1,2,a\n"}}));
  const Words words{"data", "fetch", "example.known", "--from", server.url(), "--data-dir", "d"};
  const Outcome outcome = run_lathe(words, folder.path());
  BOOST_TEST(outcome.exit_code == 0, outcome.err);
  BOOST_TEST(read_file(folder.path() / "d" / "example.known" / "rows.csv") == "1,2,a\n");
  BOOST_TEST(contains(run_lathe(words, folder.path()).out, "already"));
}

BOOST_AUTO_TEST_CASE(wrong_words_are_refused_before_anything_is_fetched) {
  const TemporaryFolder folder;
  const std::pair<Words, std::string> rows[] = {
      {{"data"}, "list or fetch"},
      {{"data", "fech", "mnist"}, "fetch"},
      {{"data", "fetch"}, "fetch NAME"},
      {{"data", "fetch", "mnits"}, "did you mean 'mnist'"},
      {{"data", "fetch", "mnist", "--form", "x"}, "--form"},
      {{"data", "fetch", "mnist", "--from", "http://127.0.0.1:1/x"}, "ending in '/'"},
  };
  for (const auto& [words, says] : rows) {
    const Outcome outcome = run_lathe(words, folder.path());
    BOOST_TEST(outcome.exit_code == 2);
    BOOST_TEST(contains(outcome.last_line(), says), outcome.last_line());
  }
}

BOOST_AUTO_TEST_CASE(only_a_fetch_loads_libcurl_and_libarchive) {
  const auto loads = [](const Words& words) {
    const TemporaryFolder folder;
    run_lathe(words, folder.path(),
              {"LD_DEBUG=libs", "LD_DEBUG_OUTPUT=" + (folder.path() / "loads").string()});
    std::string all;
    for (const auto& entry : fs::directory_iterator(folder.path()))
      if (entry.path().filename().string().starts_with("loads")) all += read_file(entry.path());
    BOOST_TEST(contains(all, "liblathe_core"));
    return contains(all, "libcurl") || contains(all, "libarchive");
  };
  BOOST_TEST(!loads({"--help"}));
  BOOST_TEST(!loads({"data", "list"}));
  BOOST_TEST(!loads({"transform", "jsc-tiny", "jsc-sim", "--passes", "flops"}));
  BOOST_TEST(loads({"data", "fetch", "cifar10", "--from", "ftp://127.0.0.1/"}));
}

BOOST_AUTO_TEST_SUITE_END()
