#include "core/storage/postgres/storage.hpp"

#include "core/storage/optuna/held_study.hpp"
#include "core/storage/optuna/read_study.hpp"
#include "core/storage/postgres/server/schema.hpp"
#include "core/storage/postgres/study.hpp"

#include <chrono>
#include <thread>

namespace lathe {
namespace {

// A server that goes away meanwhile is waited for, as long as a lease lasts.
template <typename Action>
auto patiently(std::chrono::milliseconds left, const Action& action) {
  constexpr std::chrono::milliseconds kAgain{200};
  for (;; left -= kAgain) {
    try {
      return action();
    } catch (const Error& error) {
      if (error.code() != LATHE_UNAVAILABLE || left.count() <= 0) throw;
    }
    std::this_thread::sleep_for(kAgain);
  }
}

class PostgresStorage final : public Storage {
 public:
  PostgresStorage(std::string url, const StorageOptions& options)
      : url_(std::move(url)), options_(options), database_(std::make_shared<PostgresSql>(url_)) {
    database_->connection().connect();  // one that is not there is an error at once
    patiently(options_.lease, [&] {
      database_->connection().connect();
      SqlTransaction transaction(*database_, Access::writes);
      lock_database(*database_);
      prepare_postgres_schema(*database_);
      transaction.commit();
    });
  }
  std::unique_ptr<Study> open_study(const StudyDescription& description) override {
    return patiently(options_.lease,
                     [&] { return open_postgres_study(database_, url_, description, options_); });
  }
  std::vector<std::string> studies() override {
    database_->connection().connect();
    return study_names(*database_);
  }
  void hold_study(const std::string& name, Hold hold,
                  const std::function<void(HeldStudy&)>& act) override {
    hold_optuna_study(database_, name, hold, act);
  }
  bool shared() const override { return true; }

 private:
  const std::string url_;
  const StorageOptions options_;
  std::shared_ptr<PostgresSql> database_;
};

}  // namespace

std::shared_ptr<Storage> open_postgres_storage(const std::string& url,
                                               const StorageOptions& options) {
  return std::make_shared<PostgresStorage>(url, options);
}

}  // namespace lathe

extern "C" LATHE_EXPORT std::shared_ptr<lathe::Storage>* lathe_open_postgres(
    const char* url, const lathe::StorageOptions& options);
extern "C" LATHE_EXPORT void lathe_check_postgres(const char* url);

// C linkage so that its name is plain; the caller owns what it returns.
extern "C" std::shared_ptr<lathe::Storage>* lathe_open_postgres(
    const char* url, const lathe::StorageOptions& options) {
  return new std::shared_ptr<lathe::Storage>(lathe::open_postgres_storage(url, options));
}

extern "C" void lathe_check_postgres(const char* url) { lathe::place_of_url(url); }
