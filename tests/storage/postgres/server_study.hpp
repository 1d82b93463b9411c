// Studies on a server of the test's own.
#pragma once

#include "tests/storage/study_fixture.hpp"
#include "tests/support/postgres.hpp"

#include "core/search/study/shared_study.hpp"

namespace lathe_test {

// A worker's view of a study: its own connection, its own name.
struct SharedView {
  std::shared_ptr<Storage> storage;
  std::unique_ptr<Study> study;
  SharedStudy& shared() const { return *study->shared(); }
};

inline SharedView shared_view(const PostgresServer& server, std::chrono::milliseconds lease,
                              const StudyDescription& of = description()) {
  StorageOptions options;
  options.lease = lease;
  SharedView view;
  view.storage = open_storage(server.url(), options);
  view.study = view.storage->open_study(of);
  return view;
}

inline ExchangeAnswer claim(const SharedView& view, const StoredTrial& wanted) {
  return view.shared().exchange({{}, wanted});
}
inline ExchangeAnswer settle(const SharedView& view, const StoredTrial& ended) {
  return view.shared().exchange({{ended}, {}});
}

}  // namespace lathe_test
