// A PostgreSQL server of a test's own: a cluster in a temporary folder, reached over a socket there
// and over loopback, run by the user postgres where the test is root. Goes away with the object.
#pragma once

#include "tests/support/support.hpp"

#include <vector>

namespace lathe_test {

class PostgresServer {
 public:
  // Skips the test case, visibly, where PostgreSQL is not installed.
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Of the superuser, who needs no password, over the socket.
  std::string url(const std::string& database = "postgres") const;
  // Over loopback, where everybody needs one.
  std::string tcp_url(const std::string& user_and_password,
                      const std::string& database = "postgres") const;
  // What psql says to it, a line for each row, columns separated by |. Insists on success.
  std::string psql(const std::string& sql, const std::string& database = "postgres") const;

  void kill();               // with SIGKILL, and all its processes
  void start();              // again
  void freeze(bool frozen);  // it is there, and does not answer

 private:
  std::vector<int> processes() const;
  std::string as_owner(const std::string& command) const;
  std::filesystem::path data() const { return folder_.path() / "data"; }

  TemporaryFolder folder_;
  std::filesystem::path programs_;
  int port_ = 0;
};

}  // namespace lathe_test
