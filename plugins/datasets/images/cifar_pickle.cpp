#include "cifar_pickle.hpp"

#include <lathe/lathe.hpp>

#include <cstring>
#include <map>

namespace datasets {

namespace {

constexpr std::size_t kMostObjects = 1 << 20;
constexpr std::uint64_t kRow = 3072;

enum class kind { other, number, text, sequence, dict };

struct object {
  enum kind kind = kind::other;
  std::int64_t number = 0;
  std::string_view text;                // or bytes
  std::vector<std::size_t> items = {};  // of a dict: keys and values in turn
  std::size_t state = 0;                // what BUILD gave it; 0: nothing
};

// A stack machine over the opcodes of Python's pickletools.py, protocols 2 to 5, as far as dicts,
// lists, numbers, texts and numpy's arrays need them. A class or a call becomes an object without
// contents.
class pickle_reader {
 public:
  pickle_reader(std::string_view bytes, const std::string& path) : rest_(bytes), path_(path) {
    objects_.emplace_back();  // 0: nothing
  }

  const object& read() {
    while (step()) {
    }
    return objects_[pop()];
  }
  const object& at(std::size_t index) const { return objects_[index]; }

  lathe::error refused(std::string_view why) const {
    return lathe::data_loss(lathe::join({"this pickle is not a batch of CIFAR-10: ", why}))
        .at_file(path_);
  }

 private:
  // Sizes and numbers are little-endian.
  std::uint64_t take_number(std::size_t bytes) {
    const std::string_view from = take(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(from[i]);
    return value;
  }
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw refused("it ends too early; it is truncated");
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  void take_line() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) throw refused("it ends too early; it is truncated");
    rest_.remove_prefix(end + 1);
  }

  std::size_t push(object made) {
    if (objects_.size() == kMostObjects) throw refused("it holds too many objects");
    objects_.push_back(std::move(made));
    stack_.push_back(objects_.size() - 1);
    return stack_.back();
  }
  std::size_t pop() {
    if (stack_.empty()) throw refused("it is damaged");
    const std::size_t top = stack_.back();
    stack_.pop_back();
    return top;
  }
  std::size_t top() const {
    if (stack_.empty()) throw refused("it is damaged");
    return stack_.back();
  }
  void push_number(std::int64_t number) { push({kind::number, number, {}}); }
  void push_text(std::uint64_t size) { push({kind::text, 0, take(size)}); }
  // What stands above the last mark.
  std::vector<std::size_t> pop_marked() {
    if (marks_.empty() || marks_.back() > stack_.size()) throw refused("it is damaged");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<std::size_t> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  void push_tuple(std::size_t size) {
    object made{kind::sequence, 0, {}};
    made.items.resize(size);
    for (std::size_t i = size; i-- > 0;) made.items[i] = pop();
    push(std::move(made));
  }
  void append(const std::vector<std::size_t>& more) {
    std::vector<std::size_t>& items = objects_[top()].items;
    items.insert(items.end(), more.begin(), more.end());
  }
  void call() {
    pop();
    pop();
    push({});
  }
  void build() {
    const std::size_t state = pop();
    objects_[top()].state = state;
  }
  void remember(std::uint64_t key) { memo_[key] = top(); }
  void recall(std::uint64_t key) {
    const auto known = memo_.find(key);
    if (known == memo_.end()) throw refused("it is damaged");
    stack_.push_back(known->second);
  }

  // False at the end.
  bool step() {
    const char code = take(1)[0];
    if (code == '.') return false;
    if (!step_data(code) && !step_structure(code)) {
      throw refused("it holds other things than numbers, texts, lists and arrays");
    }
    return true;
  }

  bool step_data(char code) {
    switch (code) {
      case 'K':
        push_number(static_cast<std::int64_t>(take_number(1)));
        return true;
      case 'M':
        push_number(static_cast<std::int64_t>(take_number(2)));
        return true;
      case 'J':
        push_number(static_cast<std::int32_t>(take_number(4)));
        return true;
      case '\x8a':  // LONG1
        take(take_number(1));
        push({});
        return true;
      case 'G':
        take(8);
        push({});
        return true;
      case 'N':
      case '\x88':
      case '\x89':
        push_number(code == '\x88' ? 1 : 0);
        return true;
      case 'U':
      case 'C':
      case '\x8c':
        push_text(take_number(1));
        return true;
      case 'T':
      case 'B':
      case 'X':
        push_text(take_number(4));
        return true;
      case '\x8d':
      case '\x8e':
        push_text(take_number(8));
        return true;
      default:
        return false;
    }
  }

  bool step_structure(char code) {
    switch (code) {
      case '\x80':
        take(1);
        return true;
      case '\x95':
        take(8);
        return true;
      case '}':
        push({kind::dict, 0, {}});
        return true;
      case ']':
      case ')':
        push({kind::sequence, 0, {}});
        return true;
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case 'q':
        remember(take_number(1));
        return true;
      case 'r':
        remember(take_number(4));
        return true;
      case '\x94':
        remember(memo_.size());
        return true;
      case 'h':
        recall(take_number(1));
        return true;
      case 'j':
        recall(take_number(4));
        return true;
      case 'c':
        take_line();
        take_line();
        push({});
        return true;
      case '\x93':  // STACK_GLOBAL
      case 'R':
      case '\x81':
        call();
        return true;
      case '\x85':
        push_tuple(1);
        return true;
      case '\x86':
        push_tuple(2);
        return true;
      case '\x87':
        push_tuple(3);
        return true;
      case 't': {
        object made{kind::sequence, 0, {}};
        made.items = pop_marked();
        push(std::move(made));
        return true;
      }
      case 'b':
        build();
        return true;
      case 'a': {
        const std::size_t item = pop();
        append({item});
        return true;
      }
      case 's': {
        const std::size_t value = pop(), key = pop();
        append({key, value});
        return true;
      }
      case 'e':
      case 'u':
        append(pop_marked());
        return true;
      default:
        return false;
    }
  }

  std::string_view rest_;
  const std::string& path_;
  std::vector<object> objects_;
  std::vector<std::size_t> stack_, marks_;
  std::map<std::uint64_t, std::size_t> memo_;
};

const object* entry(const pickle_reader& reader, const object& dict, std::string_view key) {
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const object& name = reader.at(dict.items[i]);
    if (name.kind == kind::text && name.text == key) return &reader.at(dict.items[i + 1]);
  }
  return nullptr;
}

}  // namespace

cifar_batch read_cifar_pickle(std::string_view bytes, const std::string& path) {
  pickle_reader reader(bytes, path);
  const object& batch = reader.read();
  const object* labels = entry(reader, batch, "labels");
  const object* data = entry(reader, batch, "data");
  if (batch.kind != kind::dict || labels == nullptr || data == nullptr) {
    throw reader.refused("a dict with 'data' and 'labels' is needed");
  }
  // numpy's state: version, shape, type, whether it is column by column, the elements.
  const object& state = reader.at(data->state);
  const bool whole = state.items.size() == 5 && reader.at(state.items[4]).kind == kind::text;
  const std::string_view pixels = whole ? reader.at(state.items[4]).text : std::string_view();
  if (!whole || reader.at(state.items[3]).number != 0 ||
      pixels.size() != labels->items.size() * kRow) {
    throw reader.refused("its data are not 3072 bytes for each label");
  }
  cifar_batch out{pixels, {}};
  out.labels.reserve(labels->items.size());
  for (const std::size_t item : labels->items) {
    const object& label = reader.at(item);
    if (label.kind != kind::number || label.number < 0 || label.number > 255) {
      throw reader.refused("a label is no number from 0 to 9");
    }
    out.labels.push_back(static_cast<std::uint8_t>(label.number));
  }
  return out;
}

}  // namespace datasets
