#include "core/storage/postgres/server/sql.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace lathe {
namespace {

// Of pg_type, where they never change.
enum : Oid { kInt8 = 20, kInt2 = 21, kInt4 = 23, kFloat4 = 700, kFloat8 = 701, kTimestamp = 1114 };

// ? becomes $1, $2, ...; no statement has one in a text.
std::string numbered(const std::string& sql) {
  std::string text;
  int number = 0;
  for (const char c : sql) c == '?' ? text += fmt::format("${}", ++number) : text += c;
  return text;
}

template <typename Number>
Cell number_cell(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Cell float_cell(std::string_view text) {
  if (text == "NaN") return std::nan("");
  if (text == "Infinity") return HUGE_VAL;
  if (text == "-Infinity") return -HUGE_VAL;
  return number_cell<double>(text);
}

class PostgresStatement final : public PreparedSql {
 public:
  PostgresStatement(ServerConnection& connection, std::string name, const std::string& sql)
      : connection_(connection), name_(std::move(name)), sql_(numbered(sql)) {
    parameters_.resize(static_cast<std::size_t>(std::count(sql.begin(), sql.end(), '?')));
  }

  void reset() override {
    result_.reset();
    std::ranges::fill(parameters_, std::nullopt);
  }
  void bind_null(int at) override { parameter(at).reset(); }
  void bind(int at, std::int64_t value) override { parameter(at) = fmt::format("{}", value); }
  void bind(int at, double value) override {
    if (std::isfinite(value)) parameter(at) = fmt::format("{}", value);
  }
  void bind(int at, std::string_view value) override { parameter(at).emplace(value); }

  bool next() override {
    if (!result_) {
      run();
      row_ = -1;
    }
    return ++row_ < PQntuples(result_.get());
  }

  Cell cell(int column) const override {
    if (PQgetisnull(result_.get(), row_, column) == 1) return {};
    const std::string_view text(PQgetvalue(result_.get(), row_, column),
                                static_cast<std::size_t>(PQgetlength(result_.get(), row_, column)));
    switch (PQftype(result_.get(), column)) {
      case kInt2:
      case kInt4:
      case kInt8:
        return number_cell<std::int64_t>(text);
      case kFloat4:
      case kFloat8:
        return float_cell(text);
      case kTimestamp:
        return microseconds(text);
      default:
        return text;
    }
  }

  std::int64_t changes() const override { return std::atoll(PQcmdTuples(result_.get())); }

 private:
  std::optional<std::string>& parameter(int at) {
    return parameters_.at(static_cast<std::size_t>(at - 1));
  }

  void run() {
    if (prepared_in_ != connection_.generation()) {
      connection_.prepare(name_, sql_);
      prepared_in_ = connection_.generation();
    }
    result_ = connection_.execute(name_, parameters_);
  }

  // "2026-11-27 02:09:23.0001" with the zeros that the server leaves out.
  Cell microseconds(std::string_view text) const {
    const std::size_t point = text.find('.');
    if (point == text.npos) return text;
    time_.assign(text);
    time_.resize(point + 7, '0');
    return std::string_view(time_);
  }

  ServerConnection& connection_;
  const std::string name_, sql_;
  ServerConnection::Parameters parameters_;
  ServerResult result_;
  int row_ = -1;
  std::uint64_t prepared_in_ = 0;
  mutable std::string time_;  // the last one that was asked for
};

}  // namespace

std::unique_ptr<PreparedSql> PostgresSql::prepare(const std::string& sql) {
  return std::make_unique<PostgresStatement>(connection_, fmt::format("lathe_{}", ++prepared_),
                                             sql);
}

SqlDatabase::Replacing PostgresSql::replacing(const std::vector<std::string>& columns) const {
  std::vector<std::string> others;
  for (std::size_t i = 2; i < columns.size(); ++i)
    others.push_back(fmt::format("{0} = excluded.{0}", columns[i]));
  return {"INSERT", fmt::format(" ON CONFLICT ({}, {}) DO UPDATE SET {}", columns[0], columns[1],
                                fmt::join(others, ", "))};
}

void PostgresSql::begin(Access access) {
  connection_.connect();
  connection_.execute(access == Access::reads
                          ? "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                          : "BEGIN");
}

void PostgresSql::commit() {
  const ServerResult result = connection_.execute("COMMIT");
  if (std::strcmp(PQcmdStatus(result.get()), "COMMIT") != 0)
    throw run_error(LATHE_INTERNAL, fmt::format("'{}' did not commit what was written", place()));
}

void PostgresSql::rollback() noexcept {
  if (!connection_.connected()) return;
  try {
    connection_.execute("ROLLBACK");
  } catch (...) {
    connection_.close();
  }
}

}  // namespace lathe
