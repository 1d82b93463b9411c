// Number formats as objects, one per (format, options), for as long as the process lives.

#include "core/host/instances/format_instance.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/host/instances/state/read_state.hpp"
#include "core/host/services/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>

namespace lathe {
namespace {

// What storage may follow from: all of a site but its names.
void append_place(std::string& key, const lathe_site& site) {
  const auto append = [&](const void* data, std::size_t size) {
    key.append(static_cast<const char*>(data), size);
  };
  append(&site.role, sizeof site.role);
  append(&site.input_index, sizeof site.input_index);
  append(&site.is_unsigned, sizeof site.is_unsigned);
  append(&site.channel_axis, sizeof site.channel_axis);
  append(site.shape, site.rank * sizeof *site.shape);
  append(site.op.data, site.op.size);
}

// splitmix64's finaliser over what came before: good enough for a table that compares in the end.
std::uint64_t mix(std::uint64_t hash, std::uint64_t next) {
  std::uint64_t z = hash * 0x9e3779b97f4a7c15u + next;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t hash_of_value(const Value& value, std::uint64_t hash) {
  if (value.is_int()) return mix(hash, static_cast<std::uint64_t>(value.as_int()));
  if (value.is_float()) return mix(hash, std::bit_cast<std::uint64_t>(value.as_float()));
  if (value.is_bool()) return mix(hash, value.as_bool() ? 1 : 2);
  if (value.is_string()) return mix(hash, std::hash<std::string>{}(value.as_string()));
  if (value.is_list()) {
    for (const Value& item : value.as_list()) hash = hash_of_value(item, hash);
  } else if (value.is_map()) {
    for (const auto& [key, item] : value.as_map()) {
      hash = hash_of_value(item, mix(hash, std::hash<std::string>{}(key)));
    }
  }
  return mix(hash, 3);
}

struct Instances {
  struct Entry {
    const Component* component;
    Value options;
    std::unique_ptr<const FormatInstance> instance;
  };
  std::shared_mutex mutex;
  std::unordered_multimap<std::uint64_t, Entry> entries;

  const FormatInstance* find(std::uint64_t hash, const Component& component,
                             const Value& options) const {
    const auto [first, last] = entries.equal_range(hash);
    for (auto i = first; i != last; ++i) {
      if (i->second.component == &component && i->second.options == options) {
        return i->second.instance.get();
      }
    }
    return nullptr;
  }
};

Instances& instances() {
  static auto* const all = new Instances;  // outlives static destructors: kernels may still run
  return *all;
}

}  // namespace

FormatInstance::FormatInstance(const Component& component, const Value& options)
    : component_(&component), options_(options), active_flags_(component.flags) {
  const auto& format = component.as<lathe_format>();
  if (format.create != nullptr) {
    Call call(component, nullptr, Call::Phase::create);
    call.options = &options;
    const lathe_value tree = to_abi(options, call.memory());
    call.enter("create", [&](lathe_call* c) { return format.create(c, &tree, &self_); });
  }
  if (format.active_flags != nullptr) {
    const InPlugin asking(component.options.owner, component.file, "active_flags");
    active_flags_ &= format.active_flags(self_);
  }
}

FormatInstance::~FormatInstance() {
  destroy_instance(*component_, component_->as<lathe_format>().destroy, self_);
}

void FormatInstance::quantize(const lathe_format_context& context, const lathe_tensor& x,
                              lathe_tensor& y) const {
  Call call(*component_);
  call.enter({"quantize", Guarded::numbers}, [&](lathe_call* c) {
    return component_->as<lathe_format>().quantize(c, self_, &context, &x, &y);
  });
}

bool FormatInstance::has_backward() const {
  return component_->as<lathe_format>().backward != nullptr;
}

void FormatInstance::backward(const lathe_format_context& context, const lathe_tensor& x,
                              lathe_format_gradients& gradients) const {
  Call call(*component_);
  call.enter({"backward", Guarded::numbers}, [&](lathe_call* c) {
    return component_->as<lathe_format>().backward(c, self_, &context, &x, &gradients);
  });
}

std::vector<StateSpec> FormatInstance::state(const lathe_site& site) const {
  const auto& format = component_->as<lathe_format>();
  if (format.state == nullptr) return {};
  lathe_state_table table{};
  table.struct_size = sizeof table;
  Call call(*component_);
  call.enter({"state", Guarded::numbers},
             [&](lathe_call* c) { return format.state(c, self_, &site, &table); });
  const InPlugin reading(component_->options.owner, component_->file, "state");
  try {
    return read_state(table);
  } catch (const Error& error) {
    throw broken(fmt::format("state() {}", error.message()));
  }
}

double FormatInstance::storage_bits(const lathe_site& site) const {
  const auto& format = component_->as<lathe_format>();
  double elements = 1;
  for (std::uint64_t d = 0; d < site.rank; ++d) elements *= static_cast<double>(site.shape[d]);
  // A format that does not say is stored as it is simulated: in 32 bits.
  if (format.storage_bits == nullptr) return 32.0 * elements;
  Call call(*component_);
  double bits = 0;
  call.enter({"storage_bits", Guarded::numbers},
             [&](lathe_call* c) { return format.storage_bits(c, self_, &site, &bits); });
  if (!(bits >= 0) || std::isinf(bits)) {
    throw broken(fmt::format("storage_bits() gave {} bits for {} elements", bits, elements));
  }
  return bits;
}

double FormatInstance::bits_per_element(const lathe_site& site) const {
  constexpr std::size_t kMostKnown = 4096;  // tensors of a search differ in few shapes
  thread_local std::string key;
  key.clear();
  append_place(key, site);
  {
    const std::shared_lock lock(bits_mutex_);
    if (const auto known = bits_.find(key); known != bits_.end()) return known->second;
  }
  double elements = 1;
  for (std::uint64_t d = 0; d < site.rank; ++d) elements *= static_cast<double>(site.shape[d]);
  const double bits = elements > 0 ? storage_bits(site) / elements : 0;
  const std::unique_lock lock(bits_mutex_);
  if (bits_.size() >= kMostKnown) bits_.clear();
  bits_.emplace(key, bits);
  return bits;
}

bool FormatInstance::has_codes() const { return component_->as<lathe_format>().codes != nullptr; }

IntegerCodes FormatInstance::codes(const lathe_format_context& context,
                                   const lathe_tensor& x) const {
  const std::span<const std::int64_t> extents(x.dl.shape, static_cast<std::size_t>(x.dl.ndim));
  const Shape shape{std::vector<std::int64_t>(extents.begin(), extents.end())};
  std::vector<std::int64_t> codes(static_cast<std::size_t>(shape.numel()));
  lathe_integer_codes made{};
  made.struct_size = sizeof made;
  made.codes = codes.data();
  Call call(*component_);
  call.enter({"codes", Guarded::numbers}, [&](lathe_call* c) {
    return component_->as<lathe_format>().codes(c, self_, &context, &x, &made);
  });
  const InPlugin reading(component_->options.owner, component_->file, "codes");
  try {
    return read_codes(made, shape, std::move(codes));
  } catch (const Error& error) {
    throw broken(fmt::format("codes() {}", error.message()));
  }
}

std::optional<std::int32_t> FormatInstance::fit_axis(const lathe_site& site) const {
  const auto& format = component_->as<lathe_format>();
  if (format.fit_axis == nullptr || format.fit == nullptr) return std::nullopt;
  std::uint32_t open = 0;
  std::int32_t axis = -1;
  Call call(*component_);
  call.enter({"fit_axis", Guarded::numbers},
             [&](lathe_call* c) { return format.fit_axis(c, self_, &site, &open, &axis); });
  if (open == 0) return std::nullopt;
  if (axis < -1 || axis >= static_cast<std::int64_t>(site.rank)) {
    throw broken(fmt::format("fit_axis() gave {} for a tensor of rank {}", axis, site.rank));
  }
  return axis;
}

Value FormatInstance::fit(const lathe_site& site, std::span<const lathe_seen> seen) const {
  const lathe_seen_table table{sizeof table, sizeof(lathe_seen), seen.data(), seen.size()};
  lathe_value chosen{};
  Call call(*component_);
  call.enter({"fit", Guarded::numbers}, [&](lathe_call* c) {
    return component_->as<lathe_format>().fit(c, self_, &site, &table, &chosen);
  });
  const InPlugin reading(component_->options.owner, component_->file, "fit");
  try {
    const Value given = from_abi(chosen);
    if (!given.is_map()) throw usage_error("gave no map");
    Value::Map all = options_.as_map();
    for (const auto& [key, value] : given.as_map()) {
      const auto at = std::ranges::find(all, key, &Value::Entry::first);
      at == all.end() ? all.emplace_back(key, value) : * at = {key, value};
    }
    return check_options(component_->options, Value(std::move(all)));
  } catch (const Error& error) {
    throw broken(fmt::format("fit() gave options that it does not take: {}", error.message()));
  }
}

Value FormatInstance::precision() const {
  const auto& format = component_->as<lathe_format>();
  if (format.precision == nullptr) return Value(Value::List{Value(32)});
  constexpr std::uint64_t kMost = 64;  // above, a count is damage
  const lathe_value* entries = nullptr;
  std::uint64_t count = 0;
  Call call(*component_);
  call.enter("precision",
             [&](lathe_call* c) { return format.precision(c, self_, &entries, &count); });
  if (count > kMost) {
    throw broken(fmt::format("precision() gave {} entries; at most {} are allowed", count, kMost));
  }
  if (entries == nullptr && count > 0) {
    throw broken(fmt::format("precision() gave {} entries, and NULL for them", count));
  }
  const InPlugin reading(component_->options.owner, component_->file, "precision");
  Value::List list;
  try {
    for (std::uint64_t i = 0; i < count; ++i) list.push_back(from_abi(entries[i]));
  } catch (const Error& error) {
    throw broken(fmt::format("precision() gave no list of values: {}", error.message()));
  }
  return Value(std::move(list));
}

Error FormatInstance::broken(const std::string& what) const {
  return run_error(LATHE_INTERNAL, fmt::format("{} of '{}': its {}", component_->options.owner,
                                               component_->file.string(), what));
}

const FormatInstance& format_instance(const Registry& registry, std::string_view id,
                                      const Value& options) {
  const Component& component = registry.find(Kind::format, id);
  const std::uint64_t hash = hash_of_value(options, std::bit_cast<std::uintptr_t>(&component));
  Instances& all = instances();
  {
    const std::shared_lock lock(all.mutex);
    if (const FormatInstance* found = all.find(hash, component, options)) return *found;
  }
  auto made = std::make_unique<const FormatInstance>(component, options);
  const std::unique_lock lock(all.mutex);
  if (const FormatInstance* found = all.find(hash, component, options)) return *found;
  const auto entry =
      all.entries.emplace(hash, Instances::Entry{&component, options, std::move(made)});
  return *entry->second.instance;
}

}  // namespace lathe
