// Reads Graphviz' DOT as strictly as its grammar is, as far as report_graph writes it: quoted
// names, labels, arrows. Throws std::runtime_error for anything else, and for an arrow from or to a
// node that is not there.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lathe_test {

struct Drawing {
  std::map<std::string, std::string> labels;
  std::vector<std::pair<std::string, std::string>> edges;
};

class DotReader {
 public:
  explicit DotReader(std::string_view text) : rest_(text) {}

  Drawing read() {
    expect("digraph");
    expect("{");
    Drawing out;
    while (!take("}")) statement(out);
    space();
    if (!rest_.empty()) fail("something follows the graph");
    for (const auto& [from, to] : out.edges) {
      if (!out.labels.contains(from) || !out.labels.contains(to)) fail(from + " -> " + to);
    }
    return out;
  }

 private:
  [[noreturn]] static void fail(const std::string& what) {
    throw std::runtime_error("DOT: " + what);
  }

  void space() {
    const std::size_t at = rest_.find_first_not_of(" \t\n");
    rest_ = at == std::string_view::npos ? std::string_view() : rest_.substr(at);
  }
  bool take(std::string_view word) {
    space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void expect(std::string_view word) {
    if (!take(word)) fail("no '" + std::string(word) + "' at '" + std::string(rest_.substr(0, 20)));
  }

  // A quoted string as it is shown.
  std::string quoted() {
    expect("\"");
    std::string out;
    while (!rest_.empty() && rest_[0] != '"') {
      if (rest_[0] == '\n') fail("a line end in a string");
      if (rest_[0] == '\\') {
        if (rest_.size() < 2) break;
        const char next = rest_[1];
        if (next != '"' && next != '\\' && next != 'n') fail("an unknown escape");
        out += next == 'n' ? '\n' : next;
        rest_.remove_prefix(2);
        continue;
      }
      out += rest_[0];
      rest_.remove_prefix(1);
    }
    expect("\"");
    return out;
  }

  void statement(Drawing& out) {
    if (take("node")) {
      expect("[shape=box];");
      return;
    }
    const std::string name = quoted();
    if (take("->")) {
      out.edges.emplace_back(name, quoted());
    } else {
      expect("[label=");
      if (!out.labels.emplace(name, quoted()).second) fail("two nodes " + name);
      expect("]");
    }
    expect(";");
  }

  std::string_view rest_;
};

inline Drawing read_dot(std::string_view text) { return DotReader(text).read(); }

}  // namespace lathe_test
