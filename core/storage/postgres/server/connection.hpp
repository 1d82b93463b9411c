// A connection to a PostgreSQL server, over libpq, and its complaints as errors that name the place
// and the way out, never a password. Nothing waits without end: neither for a server that is gone
// nor for one that no longer answers. Knows nothing of studies.
#pragma once

#include "core/base/error.hpp"

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lathe {

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ServerResult = std::unique_ptr<PGresult, FreeResult>;

class ServerConnection {
 public:
  // Of a URL as libpq reads it; connects at the first use. Throws usage_error for one it cannot
  // read.
  explicit ServerConnection(std::string url);
  ~ServerConnection();
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  const std::string& place() const { return place_; }
  // Rises with each connection that is made: what was prepared in another is not known to it.
  std::uint64_t generation() const { return generation_; }

  // Each throws LATHE_UNAVAILABLE where the server is away, so that the same may be tried again;
  // the connection is closed then. All other errors are there to stay.
  void connect();  // unless it is
  ServerResult execute(const std::string& sql);
  void prepare(const std::string& name, const std::string& sql);
  using Parameters = std::vector<std::optional<std::string>>;
  ServerResult execute(const std::string& prepared, const Parameters& parameters);

  bool connected() const { return connection_ != nullptr; }
  void close();

  // How long an answer may take. Thread-safe.
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  void make();
  void set_up();
  void need_connection() const;
  void wait_for(bool to_read, std::chrono::steady_clock::time_point until);
  ServerResult finished(bool sent);
  [[noreturn]] void lose(const std::string& why);

  const std::string url_, place_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::uint64_t generation_ = 0;
  std::atomic<std::chrono::milliseconds> patience_{std::chrono::seconds(30)};
};

// A URL without its password, as it may be shown. Throws usage_error for one that is none.
std::string place_of_url(const std::string& url);

}  // namespace lathe
