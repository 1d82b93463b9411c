// A database of a PostgreSQL server as the storage's tables use databases.
#pragma once

#include "core/storage/postgres/server/connection.hpp"
#include "core/storage/sql/database.hpp"

namespace lathe {

// Statements are prepared when they first run, and anew in each connection.
class PostgresSql final : public SqlDatabase {
 public:
  explicit PostgresSql(const std::string& url) : connection_(url) {}

  const std::string& place() const override { return connection_.place(); }
  std::unique_ptr<PreparedSql> prepare(const std::string& sql) override;
  // Connects, if there is no connection.
  void begin(Access access) override;
  void commit() override;
  void rollback() noexcept override;
  Replacing replacing(const std::vector<std::string>& columns) const override;
  std::string_view locking() const override { return " FOR UPDATE"; }

  ServerConnection& connection() { return connection_; }

 private:
  ServerConnection connection_;
  std::uint64_t prepared_ = 0;  // statements that have a name
};

}  // namespace lathe
