#include "core/plugin/option_table.hpp"

#include "core/base/log.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/options/text/component_text.hpp"
#include "core/plugin/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace lathe {
namespace {

constexpr std::uint64_t kMaxOptions = 4096;
constexpr std::uint64_t kMaxStride = 4096;
constexpr std::size_t kMaxText = 1u << 16;

bool is_text(lathe_option_type type) {
  return type == LATHE_OPTION_STRING || type == LATHE_OPTION_CHOICE || type == LATHE_OPTION_PATH;
}

bool is_table(lathe_option_type type) {
  return type == LATHE_OPTION_TABLE || type == LATHE_OPTION_TABLE_LIST;
}

bool is_numeric(lathe_option_type type) {
  return type == LATHE_OPTION_INT || type == LATHE_OPTION_FLOAT || type == LATHE_OPTION_INT_LIST ||
         type == LATHE_OPTION_FLOAT_LIST;
}

class TableReader {
 public:
  TableReader(std::uint64_t stride, const std::string& who, const std::filesystem::path& path)
      : stride_(stride), who_(who), path_(path) {}

  std::vector<Option> read(const lathe_option* rows, std::uint64_t count, bool items) const {
    const std::string what = items ? "an entry's table of options" : "its table of options";
    if (rows == nullptr) refuse(what + " is null");
    if (count > kMaxOptions) refuse(fmt::format("{} claims {} rows", what, count));
    if (stride_ < LATHE_SIZE_UP_TO(lathe_option, doc) || stride_ > kMaxStride ||
        stride_ % alignof(lathe_option) != 0) {
      refuse(fmt::format("its option_size of {} cannot be", stride_));
    }
    std::vector<Option> out;
    for (std::uint64_t i = 0; i < count; ++i) {
      lathe_option row{};
      std::memcpy(&row, reinterpret_cast<const char*>(rows) + i * stride_,
                  std::min<std::uint64_t>(stride_, sizeof row));
      Option option = read_row(row, i, items);
      if (std::ranges::find(out, option.key, &Option::key) != out.end()) {
        refuse(fmt::format("option '{}' stands in its table twice", option.key));
      }
      out.push_back(std::move(option));
    }
    return out;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw usage_error(fmt::format("plugin '{}' is refused: {}: {}", path_.string(), who_, why));
  }

  std::string text(const char* source, const std::string& what) const {
    const auto out = bounded_text(source);
    if (!out) refuse(what + (source == nullptr ? " is missing" : " does not end"));
    return *out;
  }

  Option read_row(const lathe_option& row, std::uint64_t index, bool items) const {
    Option option;
    option.key = text(row.key, fmt::format("the key of option {}", index));
    if (option.key.empty() || option.key.find_first_of(" \t\n.=<>,\"'") != std::string::npos) {
      refuse(fmt::format("'{}' cannot be the key of an option", option.key));
    }
    const std::string named = fmt::format("option '{}'", option.key);
    option.type = row.type;
    if (row.type < LATHE_OPTION_BOOL || row.type > LATHE_OPTION_TABLE_LIST) {
      log_warning("{} of {} ('{}') has type {}, which this host does not know: any value is taken",
                  named, who_, path_.string(), row.type);
      option.type = LATHE_OPTION_ANY;
    }
    option.flags = row.flags;
    if (option.logarithmic() && !is_numeric(row.type)) {
      refuse(named + " is logarithmic, but no number");
    }
    option.doc = text(row.doc, "the doc of " + named);
    if (option.doc.empty()) refuse(named + " has no doc");
    if (row.unit != nullptr) option.unit = text(row.unit, "the unit of " + named);
    if (row.range != nullptr) {
      if (!is_numeric(row.type)) refuse(named + " has a range, but is no number");
      try {
        option.range = parse_range(text(row.range, "the range of " + named));
      } catch (const Error& error) {
        refuse(fmt::format("the range of {}: {}", named, error.message()));
      }
    }
    if (row.choices != nullptr)
      option.choices = split_bars(text(row.choices, "the choices of " + named).c_str());
    // An entry's `name` may leave its choices to the components of the item kind.
    const bool chosen_elsewhere = items && option.key == "name";
    if (row.type == LATHE_OPTION_CHOICE && option.choices.empty() && !chosen_elsewhere) {
      refuse(named + " is a choice without choices");
    }
    if (row.type == LATHE_OPTION_NODE_MAP) {
      if (items) refuse(named + " is a node map inside a node map");
      read_items(row, option, named);
    } else if (is_table(row.type) && row.items != nullptr) {
      option.items = read(row.items, row.item_count, true);
    }
    if (row.type != LATHE_OPTION_NODE_MAP && row.default_value != nullptr) {
      read_default(row, option, named);
    }
    return option;
  }

  void read_default(const lathe_option& row, Option& option, const std::string& named) const {
    const std::string written = text(row.default_value, "the default of " + named);
    try {
      if (written == "NA" && option.nullable()) {
        option.default_value = Value();
      } else if (is_text(row.type) && !written.starts_with('"')) {
        option.default_value = Value(written);
      } else {
        option.default_value = parse_value(written, who_);
      }
      // A path is resolved where it is used: against the working directory of that run.
      if (row.type != LATHE_OPTION_PATH) {
        option.default_value = check_value(option, *option.default_value, who_);
      }
    } catch (const Error& error) {
      refuse(fmt::format("the default '{}' of {} is wrong: {}", written, named, error.message()));
    }
  }

  void read_items(const lathe_option& row, Option& option, const std::string& named) const {
    if (row.default_value != nullptr) refuse(named + " is a node map and cannot have a default");
    option.items = read(row.items, row.item_count, true);
    if (row.item_kind != nullptr) {
      option.item_kind = text(row.item_kind, "the item kind of " + named);
      const std::optional<Kind> kind = kind_from_id(option.item_kind);
      if (!kind) {
        refuse(
            fmt::format("{} chooses among components of kind '{}', which this host does not know",
                        named, option.item_kind));
      }
      option.item_kind = name(*kind);
    }
    if (row.item_roles != nullptr) {
      option.item_roles = split_bars(text(row.item_roles, "the roles of " + named).c_str());
    }
    const auto chooser = std::ranges::find(option.items, "name", &Option::key);
    if (chooser == option.items.end()) refuse(named + " has no item 'name'");
    if (chooser->choices.empty() && option.item_kind.empty()) {
      refuse(named +
             ": its item 'name' has neither choices nor a kind of component to choose from");
    }
  }

  std::uint64_t stride_;
  const std::string& who_;
  const std::filesystem::path& path_;
};

}  // namespace

std::optional<std::string> bounded_text(const char* source) {
  if (source == nullptr) return std::nullopt;
  const std::size_t size = strnlen(source, kMaxText);
  if (size == kMaxText) return std::nullopt;
  return std::string(source, size);
}

OptionTable read_option_table(const lathe_option* rows, std::uint64_t count, std::uint64_t stride,
                              const std::string& who, const std::filesystem::path& path) {
  OptionTable table;
  table.owner = who;
  table.options = TableReader(stride, who, path).read(rows, count, false);
  return table;
}

}  // namespace lathe
