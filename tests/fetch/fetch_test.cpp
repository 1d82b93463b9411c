// Fetching a set from a server on loopback: what arrives, what is taken up again, what is refused.
#include "core/fetch/fetch.hpp"
#include "core/base/error.hpp"
#include "core/tensor/hash.hpp"
#include "tests/fetch/server.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/support.hpp"

#include <sys/resource.h>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <sstream>

using namespace lathe;
using namespace lathe_test;

namespace {

namespace fs = std::filesystem;

std::string bytes_of(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>((seed = seed * 1664525U + 1013904223U) >> 24);
  return bytes;
}

std::string hash(const std::string& bytes) { return sha256(std::as_bytes(std::span(bytes))); }

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Fixture {
  Fixture() {
    // Loopback is not asked of a proxy.
    for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) unsetenv(name);
    request.data_dir = folder.path() / "data";
    request.retry_delay = std::chrono::milliseconds(1);
    request.warning = [this](const std::string& text) { warnings.push_back(text); };
  }

  // A set of one file with these bytes.
  static KnownSet set_of(const std::string& body) {
    return {
        "s", "a set", "none", {{"f.bin", "", body.size(), hash(body)}}, {{"f.bin", body.size()}}};
  }

  void get(const Server& server, KnownSet set) {
    request.from = server.url();
    fetch(set, request, cancelled);
  }

  // The error that fetching ends with; the folder of the set must be as if nothing had happened.
  std::string fails(const Server& server, const KnownSet& set) {
    try {
      get(server, set);
    } catch (const Error& error) {
      BOOST_TEST(!fs::exists(data() / "s"));
      BOOST_TEST(error.exit_code() == 1);
      return error.what();
    }
    return "";
  }

  fs::path data() const { return request.data_dir; }
  fs::path part() const { return data() / ".fetch-s" / "f.bin.part"; }

  TemporaryFolder folder;
  FetchRequest request;
  std::atomic<bool> cancelled{false};
  std::vector<std::string> warnings;
  const std::string body = bytes_of(300'000);
};

// Promises the whole of `body` and sends only so much of what is asked for.
Server::Handler breaking_after(std::string body, std::size_t size) {
  return [body, size](const std::string& request, const Server::Send& send) {
    const std::size_t from = range_of(request);
    const std::string length = "Content-Length: " + std::to_string(body.size() - from);
    const std::string range = "Content-Range: bytes " + std::to_string(from) + "-" +
                              std::to_string(body.size() - 1) + "/" + std::to_string(body.size());
    send(from == 0 ? head("200 OK", {length}) : head("206 Partial Content", {length, range}));
    send(body.substr(from, size));
  };
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fetching, Fixture)

BOOST_AUTO_TEST_CASE(files_arrive_whole_and_checked_in_the_folder_of_their_set) {
  const std::string other = bytes_of(5, 2);
  KnownSet set = set_of(body);
  set.files.push_back({"g.bin", "", other.size(), hash(other)});
  set.contents.push_back({"g.bin", other.size()});
  const Server server(serving({{"/f.bin", body}, {"/g.bin", other}}));
  std::uint64_t seen = 0;
  request.progress = [&](const std::string&, std::uint64_t done, std::uint64_t) { seen = done; };
  BOOST_TEST(!is_complete(set, data()));
  get(server, set);
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
  BOOST_TEST((contents(data() / "s" / "g.bin") == other));
  BOOST_TEST(is_complete(set, data()));
  BOOST_TEST(!fs::exists(data() / ".fetch-s"));
  BOOST_TEST(warnings.empty());
  BOOST_TEST(seen > 0U);
  BOOST_TEST(server.requests().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_set_has_its_own_addresses_and_follows_redirects) {
  const Server server([this](const std::string& asked, const Server::Send& send) {
    if (asked.starts_with("GET /old "))
      send(answer_of("gone", "302 Found", {"Location: /new"}));
    else
      serving({{"/new", body}})(asked, send);
  });
  KnownSet set = set_of(body);
  set.files[0].url = server.url("/old");
  fetch(set, request, cancelled);
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
}

BOOST_AUTO_TEST_CASE(a_redirect_never_leads_to_files_of_this_machine) {
  const Server server([](const std::string&, const Server::Send& send) {
    send(answer_of("", "302 Found", {"Location: file:///etc/hostname"}));
  });
  const std::string error = fails(server, set_of(body));
  BOOST_TEST(contains(error, "rotocol"), error);
}

BOOST_AUTO_TEST_CASE(a_broken_connection_is_taken_up_where_it_broke) {
  const Server server(breaking_after(body, 130'000));
  get(server, set_of(body));
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
  const auto asked = server.requests();
  BOOST_REQUIRE(asked.size() == 3U);
  BOOST_TEST(range_of(asked[0]) == 0U);
  BOOST_TEST(range_of(asked[1]) == 130'000U);
  BOOST_TEST(range_of(asked[2]) == 260'000U);
  BOOST_TEST(warnings.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_next_fetch_goes_on_with_what_a_broken_one_left) {
  request.retries = 0;
  {
    const Server server(breaking_after(body, 100'000));
    const std::string error = fails(server, set_of(body));
    BOOST_TEST(contains(error, "100000 bytes are here"), error);
    BOOST_TEST((contents(part()) == body.substr(0, 100'000)));
  }
  const Server server(serving({{"/f.bin", body}}));
  get(server, set_of(body));
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
  BOOST_TEST(range_of(server.requests().at(0)) == 100'000U);
}

BOOST_AUTO_TEST_CASE(a_server_without_ranges_sends_all_again) {
  fs::create_directories(part().parent_path());
  std::ofstream(part()) << body.substr(0, 7);
  const Server server(
      [this](const std::string&, const Server::Send& send) { send(answer_of(body)); });
  get(server, set_of(body));
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
}

BOOST_AUTO_TEST_CASE(another_part_than_was_asked_for_is_refused) {
  fs::create_directories(part().parent_path());
  std::ofstream(part()) << body.substr(0, 7);
  const Server server([this](const std::string&, const Server::Send& send) {
    send(
        answer_of(body.substr(6), "206 Partial Content", {"Content-Range: bytes 6-299999/300000"}));
  });
  BOOST_TEST(contains(fails(server, set_of(body)), "another part"));
  BOOST_TEST(!fs::exists(part()));
}

// Without a hash two versions of a file must not be joined: the server is asked for the rest only
// if the file is still the one that was begun.
BOOST_AUTO_TEST_CASE(a_file_that_changed_meanwhile_is_not_joined_to_its_old_half) {
  KnownSet set = set_of(body);
  set.files[0].sha256.clear();
  request.retries = 0;
  {
    const Server server([this](const std::string&, const Server::Send& send) {
      send(head("200 OK", {"Content-Length: 300000", "ETag: \"one\""}) + body.substr(0, 50));
    });
    fails(server, set);
  }
  const std::string other = bytes_of(300'000, 3);
  const Server server(
      [&](const std::string&, const Server::Send& send) { send(answer_of(other)); });
  get(server, set);
  BOOST_TEST((contents(data() / "s" / "f.bin") == other));
  BOOST_TEST(contains(server.requests().at(0), "If-Range: \"one\""));
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST(contains(warnings[0], "no hash of 'f.bin' is known"));
  BOOST_TEST(contains(warnings[0], hash(other)));
}

BOOST_AUTO_TEST_CASE(servers_that_lie_about_the_size_are_found_out) {
  const std::string chunked = "Transfer-Encoding: chunked";
  const auto chunk = [](const std::string& bytes) {
    std::ostringstream text;
    text << std::hex << bytes.size() << "\r\n" << bytes << "\r\n";
    return text.str();
  };
  struct Row {
    std::string what, answer, reason;
  };
  const Row rows[] = {
      {"shorter", answer_of(body.substr(1)), "has 299999 bytes; f.bin has 300000"},
      {"longer", answer_of(body + "x"), "has 300001 bytes; f.bin has 300000"},
      {"longer, without saying so",
       head("200 OK", {chunked}) + chunk(body) + chunk("x") + "0\r\n\r\n", "more than the 300000"},
      {"shorter than it says", head("200 OK", {"Content-Length: 300000"}) + body.substr(9),
       "are here"},
      {"shorter, without saying so", head("200 OK", {chunked}) + chunk("abc") + "0\r\n\r\n",
       "are here"},
      {"nothing at all", "", "are here"},
  };
  request.retries = 1;
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const Server server([&](const std::string&, const Server::Send& send) { send(row.answer); });
      const std::string error = fails(server, set_of(body));
      BOOST_TEST(contains(error, row.reason), error);
      fs::remove_all(data());
    }
  }
}

BOOST_AUTO_TEST_CASE(another_hash_is_refused_and_the_file_removed) {
  const std::string other = bytes_of(300'000, 9);
  const Server server(serving({{"/f.bin", other}}));
  const std::string error = fails(server, set_of(body));
  BOOST_TEST(contains(error, hash(body)), error);
  BOOST_TEST(contains(error, hash(other)), error);
  BOOST_TEST(!fs::exists(part()));
}

BOOST_AUTO_TEST_CASE(a_web_page_in_place_of_a_file_without_a_hash_is_refused) {
  KnownSet set = set_of(body);
  set.files[0].sha256.clear();
  set.files[0].size = set.contents[0].size = 0;
  set.files[0].begins = body.substr(0, 8);
  const Server page(serving({{"/f.bin", "<html>Sorry"}}));
  BOOST_TEST(contains(fails(page, set), "does not begin as f.bin does"));
  BOOST_TEST(!fs::exists(part()));
  const Server server(serving({{"/f.bin", body}}));
  get(server, set);
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
}

BOOST_AUTO_TEST_CASE(answers_that_are_no_file_are_told) {
  const Server server(serving({}));
  const std::string error = fails(server, set_of(body));
  BOOST_TEST(contains(error, "/f.bin': the server answers 404"), error);
  BOOST_TEST(contains(error, "--from"), error);
  BOOST_TEST(server.requests().size() == 1U);

  int left = 2;
  const Server busy([&](const std::string& asked, const Server::Send& send) {
    if (left-- > 0)
      send(answer_of("busy", "503 Service Unavailable"));
    else
      serving({{"/f.bin", body}})(asked, send);
  });
  get(busy, set_of(body));
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
}

BOOST_AUTO_TEST_CASE(nobody_at_the_address_is_told) {
  request.retries = 1;
  request.from = "http://127.0.0.1:1/";
  BOOST_CHECK_EXCEPTION(fetch(set_of(body), request, cancelled), Error, [](const Error& error) {
    return contains(error.what(), "127.0.0.1:1/f.bin' cannot be downloaded");
  });
  request.from = "ftp://127.0.0.1/";
  BOOST_CHECK_EXCEPTION(fetch(set_of(body), request, cancelled), Error,
                        [](const Error& error) { return contains(error.what(), "ftp"); });
}

BOOST_AUTO_TEST_CASE(a_cancelled_fetch_keeps_what_it_has) {
  const Server server([this](const std::string&, const Server::Send& send) {
    send(head("200 OK", {"Content-Length: 300000"}) + body.substr(0, 4096));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    cancelled = true;
    while (send("")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  const std::string error = fails(server, set_of(body));
  BOOST_TEST(contains(error, "cancelled"), error);
  BOOST_TEST((contents(part()) == body.substr(0, 4096)));
  cancelled = false;
  const Server better(serving({{"/f.bin", body}}));
  get(better, set_of(body));
  BOOST_TEST(range_of(better.requests().at(0)) == 4096U);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_whole_is_not_asked_for_again) {
  KnownSet set = set_of(body);
  set.files.push_back({"g.bin", "", 4, hash("good")});
  set.contents.push_back({"g.bin", 4});
  {
    const Server server(serving({{"/f.bin", body}}));
    BOOST_TEST(contains(fails(server, set), "404"));
  }
  const Server server(serving({{"/g.bin", "good"}}));
  get(server, set);
  BOOST_TEST(server.requests().size() == 1U);
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
}

BOOST_AUTO_TEST_CASE(files_of_the_users_in_the_folder_stay) {
  fs::create_directories(data() / "s");
  std::ofstream(data() / "s" / "mine.txt") << "mine";
  std::ofstream(data() / "s" / "f.bin") << "old";
  const Server server(serving({{"/f.bin", body}}));
  get(server, set_of(body));
  BOOST_TEST(contents(data() / "s" / "mine.txt") == "mine");
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_written_is_named) {
  std::ofstream(data()) << "a file";
  const Server server(serving({{"/f.bin", body}}));
  request.from = server.url();
  BOOST_CHECK_EXCEPTION(fetch(set_of(body), request, cancelled), Error, [&](const Error& error) {
    return contains(error.what(), data().string()) && error.exit_code() == 1;
  });
}

BOOST_AUTO_TEST_CASE(one_address_for_several_files_must_be_their_folder) {
  KnownSet set = set_of(body);
  set.files.push_back(set.files[0]);
  request.from = "http://127.0.0.1:1/f.bin";
  BOOST_CHECK_EXCEPTION(fetch(set, request, cancelled), Error,
                        [](const Error& error) { return error.exit_code() == 2; });
}

BOOST_AUTO_TEST_CASE(a_download_that_no_longer_fits_says_so_and_is_gone_on_with) {
  const Server server(serving({{"/f.bin", body}}));
  // A limit on file sizes stands for a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{100'000, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = fails(server, set_of(body));
  setrlimit(RLIMIT_FSIZE, &old);
  BOOST_TEST(error == "cannot write '" + part().string() +
                          "': no file may be so large here; raise the limit (ulimit -f), or "
                          "choose a folder on another disk");
  BOOST_TEST(fs::file_size(part()) <= 100'000U);
  get(server, set_of(body));
  BOOST_TEST((contents(data() / "s" / "f.bin") == body));
}

BOOST_AUTO_TEST_SUITE_END()
