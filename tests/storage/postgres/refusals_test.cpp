// What keeps a study from being on a PostgreSQL server, in words that help and hold no password.
#include "core/search/study/differences.hpp"
#include "tests/storage/postgres/server_study.hpp"

using namespace lathe_test;

namespace {

std::string opened(const std::string& url) {
  const std::string said = refusal([&] { open_storage(url)->open_study(description()); });
  BOOST_CHECK_MESSAGE(said.find("s3cret") == said.npos, said);
  return said;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(refusals_of_postgres)

BOOST_AUTO_TEST_CASE(urls_that_cannot_be_read_are_refused_without_their_password) {
  for (const char* url : {"postgresql://me:s3cret@host:x/db", "postgresql://me:s3%ret@host/db",
                          "postgresql://me:s3cret@host/db?nonsense=1"})
    check_contains(opened(url), {"cannot read the URL of --storage", "postgresql://USER@HOST"});
  check_contains(opened("postgresql:"), {"cannot store a study at", "postgresql://USER@HOST"});
  BOOST_TEST(shown_url("postgresql://me:s3cret@host:5/db") == "postgresql://me@host:5/db");
  BOOST_TEST(shown_url("postgresql://me:s3@c/ret@host/db") == "postgresql://me@host/db");
  BOOST_TEST(shown_url("postgresql://host/db?password=s3cret&user=me") ==
             "postgresql://host/db?user=me");
  BOOST_TEST(shown_url("postgresql://host/db?user=me&password=s3cret") ==
             "postgresql://host/db?user=me");
  BOOST_TEST(shown_url("postgresql://host:5432/db") == "postgresql://host:5432/db");
  BOOST_TEST(shown_url("sqlite:///a:b@c.db") == "sqlite:///a:b@c.db");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_named) {
  check_contains(opened("postgresql://me:s3cret@127.0.0.1:1/db"),
                 {"cannot reach the PostgreSQL server of 'postgresql://me@127.0.0.1:1/db'",
                  "Connection refused"});
}

BOOST_AUTO_TEST_CASE(who_may_not_come_in_or_write_is_told_why) {
  const PostgresServer server;
  server.psql(
      "CREATE ROLE reader LOGIN PASSWORD 's3cret'; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  check_contains(opened(server.tcp_url("reader:wrong-s3cret")),
                 {"password authentication failed for user \"reader\"", "~/.pgpass"});
  check_contains(opened(server.tcp_url("reader")), {"no password supplied", "~/.pgpass"});
  check_contains(opened(server.tcp_url("nobody:s3cret")), {"cannot open 'postgresql://nobody@"});
  check_contains(opened(server.url("missing")),
                 {"database \"missing\" does not exist", "createdb makes it"});
  check_contains(opened(server.tcp_url("reader:s3cret")),
                 {"permission denied for schema public", "the role needs"});
  BOOST_TEST(opened(server.url()) == "");
  check_contains(opened(server.tcp_url("reader:s3cret")), {"permission denied for table"});
}

BOOST_AUTO_TEST_CASE(tables_of_another_program_or_version_are_refused) {
  const PostgresServer server;
  server.psql("CREATE DATABASE theirs; CREATE DATABASE newer");
  server.psql("CREATE TABLE studies (id integer, title text)", "theirs");
  check_contains(opened(server.url("theirs")),
                 {"no column 'studies.study_id'", "optuna storage upgrade", "search_path"});
  BOOST_TEST(opened(server.url("newer")) == "");
  server.psql("INSERT INTO version_info VALUES (1, 13, '9.0')", "newer");
  check_contains(opened(server.url("newer")), {"Optuna 9.0 in the schema 13"});
  server.psql("CREATE SCHEMA mine", "theirs");
  BOOST_TEST(opened(server.url("theirs") + "&options=-csearch_path%3Dmine") == "");
}

BOOST_AUTO_TEST_CASE(a_worker_on_another_machine_or_with_other_files_is_refused) {
  const PostgresServer server;
  const auto open = [&](const char* cpu, const char* data) {
    StudyDescription of = description();
    of.user_attributes.set(std::string(kCpuCapability), cpu == nullptr ? Value() : Value(cpu));
    of.user_attributes.set(std::string(kDataHashes), Value::List{Value(data)});
    return refusal([&] { open_storage(server.url())->open_study(of); });
  };
  BOOST_TEST(open("AVX2", "17") == "");
  BOOST_TEST(open("AVX2", "17") == "");
  check_contains(
      open("AVX512", "17"),
      {"was begun on processors with AVX2, but this one has AVX512", "--mixed-cpus takes both"});
  BOOST_TEST(open(nullptr, "17") == "");
  check_contains(open("AVX2", "18"), {"was begun with data files of other contents"});
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_as_on_sqlite) {
  const PostgresServer server;
  const SharedView view = shared_view(server, std::chrono::seconds(60));
  StoredTrial written = trial(0);
  written.values = {std::numeric_limits<double>::infinity(), 0.1};
  written.intermediates = {{1, std::nan("")}, {2, 1e-300}, {3, -HUGE_VAL}};
  written.user_attributes.set(
      "nested", Value(Value::Map{{"x\"\n\xc3\xa9", Value::List{Value(0.1), Value()}}}));
  view.shared().exchange({{}, trial(0, TrialState::running)});
  view.shared().exchange({{written}, {}});
  const SharedView other = shared_view(server, std::chrono::seconds(60));
  other.study->each_trial([&](const StoredTrial& read) {
    BOOST_TEST(read.values == written.values);
    BOOST_TEST(read.parameters == written.parameters);
    BOOST_TEST(read.intermediates.size() == 3U);
    BOOST_TEST(std::isnan(read.intermediates[0].value));
    BOOST_TEST(read.intermediates[1].value == 1e-300);
    BOOST_CHECK(read.completed == written.completed);
    BOOST_CHECK(*read.user_attributes.find("nested") == *written.user_attributes.find("nested"));
  });
  BOOST_TEST(other.study->trial_count() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
