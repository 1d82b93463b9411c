#include "tokenizer.hpp"

#include "../file_bytes.hpp"
#include "../tables/numbers.hpp"
#include "../text_file.hpp"

#include <lathe/lathe.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <queue>

namespace datasets {

namespace {

using nlohmann::json;

constexpr std::int64_t kBytes = 256;

std::string byte_name(std::int64_t byte) {
  char name[8];
  std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(byte));
  return name;
}

json parsed(const std::string& path) {
  const std::string text = file_bytes(path);
  try {
    return json::parse(text);
  } catch (const json::exception& wrong) {
    std::uint64_t line = 0, column = 0;
    if (const auto* place = dynamic_cast<const json::parse_error*>(&wrong)) {
      const std::string_view before = std::string_view(text).substr(0, place->byte);
      const std::size_t begin = before.rfind('\n');
      line = 1 + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
      column = begin == std::string_view::npos ? before.size() : before.size() - begin - 1;
    }
    throw lathe::data_loss("this is no file of tokens: it is not JSON").at_file(path, line, column);
  }
}

// The entries of a file of tokens, each named if it is missing or of another type.
class token_table {
 public:
  explicit token_table(const std::string& path) : path_(path), file_(parsed(path)) {
    if (!file_.is_object()) fail("this is no file of tokens: it is no JSON object");
    if (file_.contains("model") && file_.contains("added_tokens")) {
      fail(
          "this is Hugging Face's tokenizer.json, which is not read; write its tokens as "
          "{\"kind\": \"bpe_by_score\", ..., \"tokens\": [{\"id\", \"text\", \"score\"}, ...]}");
    }
    const json& kind = at("kind");
    if (kind != "bpe_by_score") {
      fail(lathe::join({"the kind of tokenizer is ", kind.dump(),
                        ", and \"bpe_by_score\" is "
                        "the one that is read"}));
    }
  }

  [[noreturn]] void fail(std::string what) const {
    throw lathe::data_loss(std::move(what)).at_file(path_);
  }
  const json& at(const char* key) const {
    const auto found = file_.find(key);
    if (found == file_.end())
      fail(lathe::join({"there is no \"", key, "\" in this file of tokens"}));
    return *found;
  }
  std::int64_t integer(const char* key) const {
    const json& value = at(key);
    if (!value.is_number_integer()) fail(lathe::join({"\"", key, "\" is no whole number"}));
    return value.get<std::int64_t>();
  }
  bool truth(const char* key) const {
    const json& value = at(key);
    if (!value.is_boolean()) fail(lathe::join({"\"", key, "\" is neither true nor false"}));
    return value.get<bool>();
  }
  const json& tokens() const {
    const json& list = at("tokens");
    if (!list.is_array() || list.empty()) fail("\"tokens\" is no list of tokens");
    return list;
  }

 private:
  const std::string& path_;
  json file_;
};

// One that stands at its place.
void check_token(const token_table& table, const json& token, std::size_t place) {
  const std::string number = lathe::to_string(static_cast<std::int64_t>(place));
  if (!token.is_object() || !token.contains("id") || !token.contains("text") ||
      !token.contains("score") || !token["text"].is_string() || !token["score"].is_number()) {
    table.fail(lathe::join(
        {"token ", number, " is not of the form {\"id\": 0, \"text\": \"a\", \"score\": 0.0}"}));
  }
  if (token["id"] == place) return;
  table.fail(lathe::join({"the token with the id ", number, " is missing: after ", number,
                          " tokens stands that with the id ", token["id"].dump()}));
}

// Two neighbours that may be joined.
struct pair {
  double score;
  std::size_t left;
  std::int64_t of_left, of_right, joined;
  bool operator<(const pair& other) const {
    return score != other.score ? score < other.score : left > other.left;
  }
};

}  // namespace

tokenizer::tokenizer(const std::string& path) {
  const token_table table(path);
  const json& tokens = table.tokens();
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    check_token(table, tokens[id], id);
    texts_.push_back(tokens[id]["text"].get<std::string>());
    scores_.push_back(tokens[id]["score"].get<double>());
    const auto [other, is_new] = ids_.emplace(texts_.back(), static_cast<std::int64_t>(id));
    if (is_new) continue;
    table.fail(lathe::join({"the tokens ", lathe::to_string(other->second), " and ",
                            lathe::to_string(static_cast<std::int64_t>(id)),
                            " have the same text, ", datasets::quoted(texts_.back())}));
  }
  first_byte_ = table.integer("first_byte_id");
  for (std::int64_t byte = 0; byte < kBytes; ++byte) {
    const std::int64_t id = find(byte_name(byte));
    if (id >= 0 && id == first_byte_ + byte) continue;
    table.fail(lathe::join({"the token '", byte_name(byte), "', which is to have the id ",
                            lathe::to_string(first_byte_ + byte), ", ",
                            id < 0 ? "is missing" : lathe::join({"has ", lathe::to_string(id)}),
                            "; characters that are no tokens become those of their bytes"}));
  }
  if (table.truth("add_bos")) {
    begin_ = table.integer("bos_id");
    if (begin_ < 0 || begin_ >= size()) {
      table.fail(lathe::join({"the token with the id ", lathe::to_string(begin_),
                              ", which begins a text (bos_id), is missing; there are ",
                              lathe::to_string(size()), " tokens"}));
    }
  }
  leading_space_ = table.truth("add_leading_space");
  if (leading_space_ && find(" ") < 0) {
    table.fail("the token ' ', with which a text begins (add_leading_space), is missing");
  }
}

std::int64_t tokenizer::find(std::string_view text) const {
  const auto found = ids_.find(lathe::to_string(text));
  return found == ids_.end() ? -1 : found->second;
}

std::vector<std::int64_t> tokenizer::characters(std::string_view text) const {
  std::vector<std::int64_t> ids;
  if (begin_ >= 0) ids.push_back(begin_);
  if (leading_space_ && !text.empty()) ids.push_back(find(" "));
  while (!text.empty()) {
    const std::string_view character = text.substr(0, utf8_length(text, 0));
    const std::int64_t id = find(character);
    if (id >= 0) {
      ids.push_back(id);
    } else {
      for (const char byte : character)
        ids.push_back(first_byte_ + static_cast<unsigned char>(byte));
    }
    text.remove_prefix(character.size());
  }
  return ids;
}

std::vector<std::int64_t> tokenizer::encode(std::string_view text) const {
  std::vector<std::int64_t> ids = characters(text);
  // A token that was joined to the one before it is gone: -1.
  std::vector<std::size_t> before(ids.size()), after(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    before[i] = i - 1;
    after[i] = i + 1;
  }
  std::priority_queue<pair> pairs;
  std::string joined;
  const auto add = [&](std::size_t left) {
    if (left >= ids.size() || after[left] >= ids.size()) return;
    const std::int64_t a = ids[left], b = ids[after[left]];
    joined = texts_[static_cast<std::size_t>(a)];
    joined += texts_[static_cast<std::size_t>(b)];
    const auto found = ids_.find(joined);
    if (found == ids_.end()) return;
    pairs.push({scores_[static_cast<std::size_t>(found->second)], left, a, b, found->second});
  };
  for (std::size_t i = 0; i < ids.size(); ++i) add(i);
  while (!pairs.empty()) {
    const pair best = pairs.top();
    pairs.pop();
    const std::size_t right = after[best.left];
    // What came of an earlier join is another pair.
    if (ids[best.left] != best.of_left || right >= ids.size() || ids[right] != best.of_right) {
      continue;
    }
    ids[best.left] = best.joined;
    ids[right] = -1;
    after[best.left] = after[right];
    if (after[right] < ids.size()) before[after[right]] = best.left;
    add(before[best.left]);
    add(best.left);
  }
  ids.erase(std::remove(ids.begin(), ids.end(), -1), ids.end());
  return ids;
}

}  // namespace datasets
