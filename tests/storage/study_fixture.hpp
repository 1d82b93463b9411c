// A study of two objectives and three parameters, and a temporary file for it.
#pragma once

#include "core/search/search.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>

namespace lathe_test {

using namespace lathe;

inline StudyDescription description(const std::string& name = "bits") {
  StudyDescription result;
  result.name = name;
  result.directions = {LATHE_DIRECTION_MAXIMIZE, LATHE_DIRECTION_MINIMIZE};
  result.parameters.resize(3);
  result.parameters[0].name = "a/config/name";
  result.parameters[0].choices = {Value("integer"), Value()};
  result.parameters[1].name = "a/config/width";
  result.parameters[1].choices = {Value(2), Value(4), Value(8)};
  result.parameters[2].name = "b/config/scale";
  result.parameters[2].choices = {Value(0.5), Value(true)};
  result.user_attributes.set("seed", 7);
  return result;
}

inline StoredTrial trial(std::uint64_t number, TrialState state = TrialState::complete) {
  StoredTrial result;
  result.number = number;
  result.state = state;
  result.parameters = {static_cast<double>(number % 2), static_cast<double>(number % 3),
                       static_cast<double>(number / 2 % 2)};
  result.started =
      std::chrono::system_clock::time_point(std::chrono::microseconds(1795160316425001));
  if (state == TrialState::running) return result;
  result.completed = result.started + std::chrono::milliseconds(12);
  if (state == TrialState::complete)
    result.values = {1.0 / (1.0 + static_cast<double>(number)), static_cast<double>(number % 5)};
  result.user_attributes.set("software_metrics",
                             Value(Value::Map{{"loss", 0.1 * static_cast<double>(number)}}));
  return result;
}

class StudyFile {
 public:
  std::filesystem::path path() const { return folder_.path() / "study.db"; }
  std::string url() const { return "sqlite:///" + path().string(); }
  // What another program does to the file.
  void run(const std::string& sql) const {
    const auto script = folder_.path() / "script.py";
    std::ofstream(script) << ("import sqlite3\nfile = sqlite3.connect('" + path().string() +
                              "')\nfile.executescript('''" + sql + "\n''')\nfile.commit()\n");
    BOOST_REQUIRE_EQUAL(std::system(("python3 '" + script.string() + "'").c_str()), 0);
  }
  std::unique_ptr<Study> open(const StudyDescription& of = description()) const {
    return open_storage(url())->open_study(of);
  }
  // All of its trials, read as a search reads them.
  std::vector<StoredTrial> read(const StudyDescription& of = description()) const {
    std::vector<StoredTrial> trials;
    open(of)->each_trial([&](StoredTrial trial) { trials.push_back(std::move(trial)); });
    return trials;
  }

 private:
  TemporaryFolder folder_;
};

// The message of the Error that `act` throws; empty if it throws none.
template <typename Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

inline void check_contains(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts)
    BOOST_CHECK_MESSAGE(text.find(part) != text.npos, "'" << part << "' in: " << text);
}

}  // namespace lathe_test
