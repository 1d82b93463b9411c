// The one error type of the host: a code, a sentence, and the place it belongs to.
// Knows nothing about what failed. Exported from the core library, so that it can be caught
// across shared objects.
#pragma once

#include <lathe/abi.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace lathe {

// Where something was written. Line and column are 1-based; 0 means unknown.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;

  bool known() const { return !file.empty(); }
  std::string text() const;  // "examples/a.toml:12:9", "examples/a.toml", or ""
  bool operator==(const Position&) const = default;
};

// Who is to blame, and so which exit code the command ends with.
enum class Blame {
  usage,  // what the user asked for is wrong, found before work starts: exit 2
  run,    // the run failed: exit 1
};

class Error : public std::runtime_error {
 public:
  Error(Blame blame, lathe_code code, const std::string& message, Position position = {});

  Blame blame() const { return blame_; }
  lathe_code code() const { return code_; }
  int exit_code() const { return blame_ == Blame::usage ? 2 : 1; }
  const Position& position() const { return position_; }
  // The sentence without the place, as it was made; what() is "place: sentence" as a terminal may
  // show it, on one line.
  const std::string& message() const { return message_; }

  // The same error, at a place if it had none.
  Error at(const Position& position) const;
  // The same error, its sentence preceded by "context: ".
  Error within(std::string_view context) const;

 private:
  Blame blame_;
  lathe_code code_;
  std::string message_;
  Position position_;
};

// A wrong config, option, model, pass or plugin: exit 2.
Error usage_error(const std::string& message, Position position = {});
// Missing or damaged data, a failed pass, a full disk: exit 1.
Error run_error(lathe_code code, const std::string& message, Position position = {});

}  // namespace lathe
