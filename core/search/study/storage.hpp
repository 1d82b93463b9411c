// Where a study lives. Libraries that are opened on first use implement it, in Optuna's schema:
// SQLite, PostgreSQL. Trials are read one at a time, and written in number order, in groups.
#pragma once

#include "core/search/space/domain.hpp"
#include "core/search/study/trial_state.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lathe {

struct StoredParameter : Domain {
  std::string name;
  Condition condition;
  Value written;  // as a config file writes it; none: as the domain says
};

struct StoredTrial {
  std::uint64_t number = 0;
  TrialState state = TrialState::running;
  std::vector<double> parameters;  // internal values, one per study parameter; NaN: absent
  std::vector<double> values;      // one per objective; empty unless complete
  struct Intermediate {
    std::int64_t step = 0;
    double value = 0;
  };
  std::vector<Intermediate> intermediates;  // by rising step; NaN and infinities are kept
  Value user_attributes{Value::Map{}};      // JSON: software_metrics, scaled_metrics, ...
  Value system_attributes{Value::Map{}};
  std::chrono::system_clock::time_point started{};
  std::chrono::system_clock::time_point completed{};
  // How many processes ended, killed or crashed, while this trial ran: see Study::take_over().
  std::int64_t killed = 0;
  // The storage's name for a waiting trial of Study::wishes() that this one takes up.
  std::optional<std::int64_t> wish = {};
};

struct StudyDescription {
  std::string name;
  std::vector<lathe_direction> directions;
  std::vector<StoredParameter> parameters;
  Value user_attributes{Value::Map{}};  // seed, lookahead, space hash, sampler, metric names
};

class SharedStudy;  // shared_study.hpp

// One open study. Not thread-safe: the search loop is its only user.
class Study {
 public:
  virtual ~Study() = default;
  virtual const StudyDescription& description() const = 0;
  // As of opening; their numbers are those below.
  virtual std::uint64_t trial_count() const = 0;
  // For whoever goes on with the study: a trial that is running was left so by a process that
  // ended, and counts it. REQUIRES: nothing was visited or written yet.
  virtual void take_over() = 0;
  // Calls `visit` with each of them in number order, its parameters matched to the description by
  // name. Nothing is kept of what was visited. Throws run_error for a trial that is damaged.
  // REQUIRES: nothing was written yet.
  virtual void each_trial(const std::function<void(StoredTrial trial)>& visit) = 0;
  // Adds or updates trials, in one transaction. Durable when it returns. A trial that was begun and
  // is to be run another time is written as waiting, with its point: so Optuna takes it up too, and
  // nobody takes it for one that killed its process. Throws run_error if another process has
  // changed these trials, or added trials other than waiting ones.
  virtual void write(const std::vector<StoredTrial>& trials) = 0;
  // Waiting trials that others added since the study was opened, as of the last write, with what is
  // fixed of them; each once. Until one is taken up its number is behind those written.
  virtual std::vector<StoredTrial> wishes() = 0;
  // Null: this process has the study to itself.
  virtual SharedStudy* shared() { return nullptr; }
};

class HeldStudy;  // held_study.hpp
enum class Hold { to_read, to_write };

class Storage {
 public:
  virtual ~Storage() = default;
  // Opens the study of that name, or makes it. An existing one whose directions, parameters or
  // seed differ is an error that says what differs.
  virtual std::unique_ptr<Study> open_study(const StudyDescription& description) = 0;
  // Their names, in the order in which they were made.
  virtual std::vector<std::string> studies() = 0;
  // Calls `act` with the study of that name as it is now, for as long as that takes; what `act`
  // throws undoes what it wrote. Throws usage_error if there is none.
  virtual void hold_study(const std::string& name, Hold hold,
                          const std::function<void(HeldStudy& study)>& act) = 0;
  // Whether several processes, on several machines, may search in one study.
  virtual bool shared() const { return false; }
};

// How a storage is used; no part of what a study is.
struct StorageOptions {
  // How long to wait while another process writes to the file, before that is an error.
  std::chrono::milliseconds lock_wait{60000};
  // Of a study that processes share: how long one may be silent before another takes its trials
  // over.
  std::chrono::milliseconds lease{60000};
};

// `url` as Optuna writes it: sqlite:///relative/path, sqlite:////absolute/path,
// postgresql://user@host/database. Opens liblathe_storage on first use. Throws usage_error for a
// URL it cannot serve.
std::shared_ptr<Storage> open_storage(const std::string& url, const StorageOptions& options = {});
// Throws what open_storage() would for that URL, as far as it shows without opening anything.
void check_storage(const std::string& url);
// A URL without its password, as it may be shown and kept.
std::string shown_url(const std::string& url);

}  // namespace lathe
