// Who works on which trial, and until when: a table beside Optuna's. Times are those of the server,
// so that clocks of machines need not agree.
#pragma once

#include "core/search/study/shared_study.hpp"
#include "core/storage/postgres/server/sql.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace lathe {

// Whether a lease has run out, in SQL, of the table's columns. While the server was away nobody
// could renew: everybody has that long again once it is back.
constexpr const char* kRunOut =
    "greatest(l.expires, pg_postmaster_start_time() + l.duration) < clock_timestamp()";

// The leases of one worker, which are its own by its name. Each act is part of the caller's
// transaction.
class Leases {
 public:
  // REQUIRES: `database` outlives it.
  Leases(PostgresSql& database, std::string worker, std::chrono::milliseconds duration);

  const std::string& worker() const { return worker_; }
  // Of a trial that nobody has.
  void take(std::int64_t trial);
  // Of one whose lease has run out; false: it has not.
  bool take_over(std::int64_t trial);
  // Ends it; false: it was taken over, so that nothing may be written of the trial.
  bool give_up(std::int64_t trial);

 private:
  const std::string worker_, duration_;
  Statement take_, take_over_, give_up_;
};

// Renews all leases of a worker on a connection and a thread of its own, which nothing else can
// hold up. A server that is away is tried again and again, without a word.
class LeaseRenewal {
 public:
  LeaseRenewal(const std::string& url, std::string worker, std::chrono::milliseconds duration);
  ~LeaseRenewal();
  LeaseRenewal(const LeaseRenewal&) = delete;
  LeaseRenewal& operator=(const LeaseRenewal&) = delete;

 private:
  void renew(const std::stop_token& stop);

  const std::string worker_;
  const std::chrono::milliseconds duration_;
  PostgresSql database_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;
};

// "node7:4711:9f3a...": another name for each call.
std::string new_worker_name();

}  // namespace lathe
