// Files that are damaged, or another program's: every column of every table holds what it should
// not. Each is an error that says where, or a study that is read right; never a crash.
#include "core/search/study/held_study.hpp"
#include "tests/storage/study_fixture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

void execute(const std::filesystem::path& path, const std::string& sql) {
  SQLite::Database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(sql);
}

std::vector<StoredTrial> read_all(const std::string& url) {
  std::vector<StoredTrial> trials;
  open_storage(url)->open_study(description())->each_trial([&](StoredTrial trial) {
    trials.push_back(std::move(trial));
  });
  return trials;
}

// Trials in every state, with whatever a row can have.
std::vector<StoredTrial> every_kind() {
  std::vector<StoredTrial> trials{trial(0), trial(1, TrialState::fail), trial(2),
                                  trial(3, TrialState::pruned), trial(4, TrialState::waiting)};
  trials[2].values = {std::numeric_limits<double>::infinity(), 1};
  trials[2].intermediates = {{0, 0.5}, {1, std::nan("")}};
  trials[3].intermediates = {{0, 0.25}, {3, 0.75}};
  trials[3].system_attributes.set("completed_rung_0", 0.25);
  trials[4].system_attributes.set("fixed_params", Value(Value::Map{{"a/config/width", Value(8)}}));
  return trials;
}

std::vector<std::string> rows(const std::filesystem::path& path, const std::string& sql) {
  SQLite::Database database(path.string());
  SQLite::Statement statement(database, sql);
  std::vector<std::string> out;
  while (statement.executeStep()) out.push_back(statement.getColumn(0).getString());
  return out;
}

// What can be done with every trial that a study gives.
void check_usable(const std::vector<StoredTrial>& trials) {
  const StudyDescription study = description();
  for (const StoredTrial& trial : trials) {
    BOOST_REQUIRE_EQUAL(trial.parameters.size(), study.parameters.size());
    for (std::size_t p = 0; p < trial.parameters.size(); ++p)
      BOOST_CHECK(std::isnan(trial.parameters[p]) ||
                  study.parameters[p].takes(trial.parameters[p]));
    const bool complete = trial.state == TrialState::complete;
    BOOST_CHECK_EQUAL(trial.values.size(), complete ? study.directions.size() : 0);
    for (const double value : trial.values) BOOST_CHECK(!std::isnan(value));
  }
}

// An error that names the file and leaves nothing to SQLite's words.
void check_sentence(const std::string& message, const std::filesystem::path& path) {
  check_contains(message, {path.filename().c_str()});
  BOOST_CHECK_MESSAGE(message.find("SQLite says") == message.npos, message);
  BOOST_CHECK_LT(message.size(), 2000);
}

// Opens the study, and goes on with it if that is allowed. Whether it was.
bool goes_on(const std::filesystem::path& path) {
  const std::string url = "sqlite:///" + path.string();
  const std::string message = refusal([&] {
    check_usable(read_all(url));
    const auto study = open_storage(url)->open_study(description());
    study->write({trial(study->trial_count())});
  });
  if (!message.empty()) check_sentence(message, path);
  return message.empty();
}

// Reads the study as programs do that ask it. Whether that was allowed.
bool is_held(const std::filesystem::path& path) {
  const std::string message = refusal([&] {
    open_storage("sqlite:///" + path.string())->hold_study("bits", Hold::to_read, [](auto& study) {
      for (const HeldTrial& trial : study.trials())
        BOOST_CHECK_EQUAL(trial.point.size(), study.description().parameters.size());
    });
  });
  if (!message.empty()) check_sentence(message, path);
  return message.empty();
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_column_of_every_table_may_hold_anything) {
  // Thousands of commits: in memory, where the system has such a folder.
  const char* memory = "/dev/shm";
  const TemporaryFolder disk;
  const auto folder = std::filesystem::is_directory(memory)
                          ? std::filesystem::path(memory) / disk.path().filename()
                          : disk.path();
  std::filesystem::create_directories(folder);
  const StudyFile file;
  file.open()->write(every_kind());
  const std::string deep(200000, '[');
  const std::string values[] = {"NULL",
                                "''",
                                "'text'",
                                "x'00ff'",
                                "1e18",
                                "-1",
                                "17",
                                "0.5",
                                "9e999",
                                "'{'",
                                "'NaN'",
                                "'[1, 2]'",
                                "'MINIMIZE'",
                                "'NAN'",
                                "'" + deep + "'",
                                "'2026-99-99 00:00:00'",
                                "char(0xd800, 10, 27)"};
  const auto copy = folder / "copy.db";
  std::size_t opened = 0, refused = 0;
  const auto meet = [&](const std::string& damage) {
    BOOST_TEST_CONTEXT(damage.substr(0, 200)) {
      std::filesystem::copy_file(file.path(), copy,
                                 std::filesystem::copy_options::overwrite_existing);
      execute(copy, damage);
      ++(is_held(copy) ? opened : refused);
      ++(goes_on(copy) ? opened : refused);
    }
  };
  for (const std::string& table :
       rows(file.path(), "SELECT name FROM sqlite_master WHERE type = 'table'")) {
    // Without the constraints that keep the worst out.
    const std::string loose = "CREATE TABLE loose AS SELECT * FROM " + table + "; DROP TABLE " +
                              table + "; ALTER TABLE loose RENAME TO " + table + ";";
    meet(loose);
    meet("DROP TABLE " + table);
    meet("DELETE FROM " + table);
    meet("DELETE FROM " + table + " WHERE rowid = 2");
    meet(loose + "INSERT INTO " + table + " SELECT * FROM " + table);
    for (const std::string& column :
         rows(file.path(), "SELECT name FROM pragma_table_info('" + table + "')"))
      for (const std::string& value : values)
        meet(loose + "UPDATE " + table + " SET \"" + column + "\" = " + value +
             " WHERE rowid = (SELECT min(3, max(rowid)) FROM " + table + ")");
  }
  std::filesystem::remove_all(folder);
  BOOST_TEST_MESSAGE(refused << " damaged files refused, " << opened << " opened");
  BOOST_CHECK_GT(refused, 400);
  BOOST_CHECK_GT(opened, 400);
}

BOOST_AUTO_TEST_CASE(rows_that_no_search_wrote_are_refused_with_the_place) {
  struct Case {
    const char* damage;
    std::vector<const char*> sentence;
  };
  const Case cases[] = {
      {"update trial_params set param_value = 17 where trial_id = 2 and param_name like 'a%width'",
       {"trial 1 ", "17 for 'a/config/width'", "one of 3 choices"}},
      {"update trial_params set param_value = 1e18 where trial_id = 2", {"trial 1 ", "1e+18"}},
      {"update trial_params set param_value = 0.5 where trial_id = 2", {"trial 1 ", "0.5"}},
      {"update trial_params set param_value = -1 where trial_id = 2", {"trial 1 ", "-1"}},
      {"update trial_params set param_value = 9e999 where trial_id = 2", {"trial 1 ", "inf for"}},
      {"update trial_params set param_value = 'many' where trial_id = 2",
       {"trial 1 ", "'many' in trial_params.param_value of 'a/config/name'"}},
      {"update trial_params set param_value = null where trial_id = 2",
       {"trial 1 ", "NULL in trial_params.param_value of 'a/config/name'"}},
      {"update trial_params set distribution_json = '{\"name' where trial_id = 2",
       {"trial 1 ", "distribution_json of 'a/config/name', which is no distribution"}},
      {"update trial_params set distribution_json = null where trial_id = 2",
       {"trial 1 ", "NULL in trial_params.distribution_json of 'a/config/name'"}},
      {"update trial_params set param_name = null where trial_id = 2 and param_name like 'b%'",
       {"trial 1 ", "NULL in trial_params.param_name"}},
      {"update trial_values set objective = 7 where trial_id = 3 and objective = 1",
       {"trial 2 ", "objective 7, of 2"}},
      {"update trial_values set objective = -1 where trial_id = 3 and objective = 1",
       {"trial 2 ", "objective -1, of 2"}},
      {"update trial_values set value = null where trial_id = 3 and objective = 1",
       {"trial 2 ", "NULL in trial_values.value"}},
      {"update trial_values set value = 9e999 where trial_id = 3 and objective = 1",
       {"trial 2 ", "inf in trial_values.value"}},
      {"update trial_values set value_type = 'NAN' where trial_id = 3 and objective = 1",
       {"trial 2 ", "complete with NAN for objective 1"}},
      {"update trial_values set value_type = 'BIG' where trial_id = 3 and objective = 1",
       {"trial 2 ", "'BIG' in trial_values.value_type"}},
      {"delete from trial_values where trial_id = 3 and objective = 0",
       {"trial 2 ", "complete", "1 of 2 values"}},
      {"update trials set number = 9 where trial_id = 3", {"it has no trial 2"}},
      {"update trials set number = 1 where trial_id = 3", {"it has two trials 1"}},
      {"update trials set number = null where trial_id = 3",
       {"the trial with the trial_id 3 has NULL in trials.number"}},
      {"update trials set state = 'DONE' where trial_id = 3",
       {"trial 2 ", "no known state: 'DONE'"}},
      {"update trials set datetime_start = 'noon' where trial_id = 3",
       {"trial 2 ", "'noon' in trials.datetime_start, which is no time"}},
      {"update trials set datetime_complete = '999999-01-01 00:00:00' where trial_id = 3",
       {"trial 2 ", "trials.datetime_complete, which is no time"}},
      {"update trial_intermediate_values set step = 'one' where step = 1",
       {"trial 2 ", "'one' in trial_intermediate_values.step"}},
      {"update trial_intermediate_values set intermediate_value_type = 'NONE'",
       {"trial 2 ", "'NONE' in trial_intermediate_values.intermediate_value_type"}},
      {"update trial_user_attributes set value_json = '{' where trial_id = 2",
       {"trial 1 ", "'{' in trial_user_attributes.value_json of 'software_metrics'", "no JSON"}},
      {"update study_directions set direction = 'UP' where objective = 1",
       {"objective 1 ", "'UP'", "neither MINIMIZE nor MAXIMIZE"}},
      {"update study_directions set objective = 5 where objective = 1",
       {"objective 5 where that of objective 1 should be"}},
      {"delete from study_directions", {"it has no directions"}},
      {"update study_user_attributes set value_json = 'x' where key = 'lathe:seed'",
       {"'x' in study_user_attributes.value_json of 'lathe:seed'", "no JSON"}},
  };
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.damage) {
      const StudyFile file;
      file.open()->write(every_kind());
      execute(file.path(), each.damage);
      BOOST_CHECK_EXCEPTION(read_all(file.url()), Error, [&](const Error& error) {
        check_contains(error.what(), {"'bits'", "study.db", "damaged: "});
        for (const char* part : each.sentence) check_contains(error.what(), {part});
        return error.exit_code() == 1;
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(attributes_as_python_writes_them_are_read) {
  const StudyFile file;
  file.open()->write({trial(0)});
  execute(file.path(),
          "insert into trial_user_attributes (trial_id, key, value_json) values "
          "(1, 'curve', '[NaN, Infinity, -Infinity, 1.5, \"NaN \\\" NaN\"]')");
  const auto trials = read_all(file.url());
  const Value* curve = trials.at(0).user_attributes.find("curve");
  BOOST_REQUIRE(curve != nullptr);
  BOOST_CHECK_EQUAL(
      curve->text(),
      Value(Value::List{Value(), Value(), Value(), Value(1.5), Value("NaN \" NaN")}).text());
}

BOOST_AUTO_TEST_CASE(a_database_in_another_version_of_the_schema_is_refused) {
  const StudyFile file;
  file.open()->write({trial(0)});
  execute(file.path(), "insert into version_info values (1, 13, '9.0.0')");
  check_contains(refusal([&] { open_storage(file.url()); }),
                 {"study.db", "Optuna 9.0.0", "schema 13", "schema 12"});
  const StudyFile old;
  old.open();
  execute(old.path(), "alter table trial_values drop column value_type");
  check_contains(refusal([&] { open_storage(old.url()); }),
                 {"study.db", "'trial_values.value_type'", "optuna storage upgrade"});
}

BOOST_AUTO_TEST_CASE(what_is_no_file_cannot_hold_a_study) {
  const TemporaryFolder folder;
  check_contains(refusal([&] { open_storage("sqlite:///" + folder.path().string()); }),
                 {folder.path().c_str(), "which is a folder", "/study.db"});
  check_contains(refusal([] { open_storage("sqlite:////dev/null"); }),
                 {"/dev/null", "no ordinary file"});
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_database_is_named_and_left_alone) {
  const StudyFile file;
  const std::string text = "This is a letter, not a database. " + std::string(4000, 'x');
  std::ofstream(file.path()) << text;
  check_contains(refusal([&] { open_storage(file.url()); }),
                 {"study.db", "damaged or no SQLite database", "--storage"});
  std::ifstream in(file.path());
  BOOST_CHECK_EQUAL(std::string(std::istreambuf_iterator<char>(in), {}), text);
}

BOOST_AUTO_TEST_CASE(a_damaged_study_is_an_error_not_a_crash) {
  const StudyFile file;
  std::vector<StoredTrial> trials;
  for (std::uint64_t i = 0; i < 200; ++i) trials.push_back(trial(i));
  file.open()->write(trials);
  const auto size = std::filesystem::file_size(file.path());
  int refused = 0;
  for (std::uintmax_t cut : {size / 8, size / 3, size / 2, size - 4096}) {
    const TemporaryFolder folder;
    const auto copy = folder.path() / "study.db";
    std::filesystem::copy_file(file.path(), copy);
    std::filesystem::resize_file(copy, cut);
    const std::string message = refusal([&] { read_all("sqlite:///" + copy.string()); });
    if (!message.empty()) check_contains(message, {"study.db", "damaged"}), ++refused;
  }
  BOOST_CHECK_GE(refused, 3);
  // Rubbish in the middle.
  std::fstream out(file.path(), std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t at = 8192; at + 4096 < size; at += 8192) {
    out.seekp(static_cast<std::streamoff>(at));
    out << std::string(4096, '\x5a');
  }
  out.close();
  check_contains(refusal([&] { file.read(); }), {"study.db", "damaged"});
}

BOOST_AUTO_TEST_CASE(the_database_of_another_program_is_refused) {
  const StudyFile file;
  execute(file.path(), "create table bookmarks (url text)");
  check_contains(refusal([&] { open_storage(file.url()); }),
                 {"another program", "'bookmarks'", "--storage"});
}
