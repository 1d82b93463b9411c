#include "core/host/services/call.hpp"

#include "core/base/file.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/opened_spaces.hpp"
#include "core/host/services/tensor_pool.hpp"
#include "core/host/services/used_formats.hpp"
#include "core/host/services/warn_once.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {
namespace {

std::string_view code_text(lathe_code code) {
  switch (code) {
    case LATHE_CANCELLED:
      return "cancelled";
    case LATHE_INVALID_ARGUMENT:
      return "invalid argument";
    case LATHE_DEADLINE_EXCEEDED:
      return "deadline exceeded";
    case LATHE_NOT_FOUND:
      return "not found";
    case LATHE_ALREADY_EXISTS:
      return "already exists";
    case LATHE_PERMISSION_DENIED:
      return "permission denied";
    case LATHE_RESOURCE_EXHAUSTED:
      return "resource exhausted";
    case LATHE_FAILED_PRECONDITION:
      return "failed precondition";
    case LATHE_ABORTED:
      return "aborted";
    case LATHE_OUT_OF_RANGE:
      return "out of range";
    case LATHE_UNIMPLEMENTED:
      return "unimplemented";
    case LATHE_INTERNAL:
      return "internal";
    case LATHE_UNAVAILABLE:
      return "unavailable";
    case LATHE_DATA_LOSS:
      return "damaged data";
    default:
      return "unknown";
  }
}

// Codes by which a component refuses what the user asked for, rather than failing at it.
bool is_refusal(lathe_code code) {
  return code == LATHE_INVALID_ARGUMENT || code == LATHE_OUT_OF_RANGE ||
         code == LATHE_UNIMPLEMENTED;
}

// Of a map, at any depth.
bool has_key(const Value& value, const std::string& key) {
  if (value.is_list()) {
    return std::ranges::any_of(value.as_list(), [&](const Value& v) { return has_key(v, key); });
  }
  if (!value.is_map()) return false;
  return std::ranges::any_of(value.as_map(), [&](const auto& entry) {
    return entry.first == key || has_key(entry.second, key);
  });
}

}  // namespace

Call::Call(const Component& component, RunContext* context, Phase phase)
    : lathe_call{&host_table()},
      component_(component),
      context_(context),
      run_(context != nullptr ? context : RunOfThread::get()),
      phase_(phase),
      memory_(first_memory_.data(), first_memory_.size()) {}

Call::~Call() = default;

RunContext& Call::context() {
  if (context_ == nullptr) {
    throw run_error(LATHE_FAILED_PRECONDITION, "this call belongs to no run");
  }
  return *context_;
}

const void* Call::plugin_service(std::string_view id) const {
  if (run_ == nullptr || run_->registry == nullptr) return nullptr;
  const PluginService* found = run_->registry->service(id);
  return found == nullptr ? nullptr : found->table;
}

void Call::require(lathe_component_flags flag, std::string_view flag_name) const {
  if (component_.has(flag)) return;
  throw run_error(LATHE_PERMISSION_DENIED,
                  fmt::format("it did not declare {}, so the host refuses", flag_name));
}

std::unique_ptr<Call::Failure> Call::fresh_failure(lathe_code code, std::string_view text) const {
  auto failure = std::make_unique<Failure>();
  failure->code = code;
  while (text.ends_with('\n')) text.remove_suffix(1);
  failure->text = text;
  const std::optional<PluginCall> call = call_of_thread();
  failure->in = call
                    ? text_of(*call)
                    : fmt::format("{} of '{}'", component_.options.owner, component_.file.string());
  return failure;
}

lathe_code Call::record(lathe_code code, std::string_view text, const lathe_where* where) {
  const std::lock_guard lock(failure_mutex_);
  auto fresh = fresh_failure(code, text);
  if (where != nullptr) {
    lathe_where known{};
    std::memcpy(&known, where, std::min<std::size_t>(where->struct_size, sizeof known));
    fresh->node = view_of(known.node);
    fresh->option = view_of(known.option);
    fresh->file = view_of(known.file);
    fresh->line = known.line;
    fresh->column = known.column;
  }
  // A plugin that passes on what a host function told it keeps the host's place and blame.
  if (failure_ && failure_->host_error && failure_->code == code &&
      text.find(failure_->text) != std::string_view::npos) {
    fresh->host_error = std::move(failure_->host_error);
    fresh->mistake = failure_->mistake;
  }
  failure_ = std::move(fresh);
  return code;
}

lathe_code Call::record_host_error() {
  std::optional<Error> error;
  bool mistake = false;
  try {
    throw;
  } catch (const PluginMistake& known) {
    error = known;
    mistake = true;
  } catch (const Error& known) {
    error = known;
  } catch (const std::bad_alloc&) {
    error = run_error(LATHE_RESOURCE_EXHAUSTED, "there is not enough memory");
  } catch (const std::system_error& known) {
    error = system_failure(known);
  } catch (const std::exception& other) {
    error = run_error(LATHE_INTERNAL, other.what());
  } catch (...) {
    error = run_error(LATHE_UNKNOWN, "the host failed for a reason it cannot name");
  }
  const std::lock_guard lock(failure_mutex_);
  failure_ = fresh_failure(error->code(), error->message());
  failure_->mistake = mistake;
  failure_->host_error = std::move(error);
  return failure_->code;
}

lathe_code Call::record_throw() noexcept {
  std::string text = "it threw an exception that is no std::exception";
  try {
    throw;
  } catch (const std::exception& error) {
    text = fmt::format("it threw: {}", error.what());
  } catch (...) {
  }
  const std::lock_guard lock(failure_mutex_);
  failure_ =
      fresh_failure(LATHE_INTERNAL, text + "; a plugin must let nothing unwind into the host");
  failure_->mistake = true;
  return LATHE_INTERNAL;
}

lathe_str Call::last_error() {
  const std::lock_guard lock(failure_mutex_);
  return failure_ ? kept_text(failure_->text) : lathe_str{"", 0};
}

const Dataset& Call::dataset() {
  const RunContext& run = context();
  if (!run.dataset) {
    throw run_error(LATHE_FAILED_PRECONDITION, "this run has no data set; name one with --dataset");
  }
  return run.dataset();
}

const lathe_value* Call::kept_value(Value value) {
  return to_abi_pointer(values_.emplace_back(std::move(value)), memory_);
}

lathe_str Call::kept_text(std::string_view text) {
  if (text.empty()) return {"", 0};
  auto* copy = static_cast<char*>(scratch(text.size(), 1));
  text.copy(copy, text.size());
  return {copy, text.size()};
}

// Where the user wrote what the failure is about.
Position Call::place_of(const Failure& failure) const {
  if (!failure.file.empty()) {
    const std::uint64_t column = failure.column == 0 && failure.line != 0 ? 1 : failure.column;
    return {failure.file, static_cast<int>(failure.line), static_cast<int>(column)};
  }
  if (failure.option.empty()) return {};
  if (!failure.node.empty() && graphs_) {
    if (const NodeOptions* row = graphs_->row_of(failure.node)) {
      if (const Value* value = find_option(row->options, failure.option)) return value->position();
      return row->options.position();
    }
  }
  const Value* value = options == nullptr ? nullptr : options->find(failure.option);
  return value == nullptr ? Position{} : value->position();
}

bool Call::asks_for_undeclared(const Failure& failure) const {
  const std::string& key = failure.option;
  if (key.empty() || !failure.node.empty() || !failure.file.empty()) return false;
  if (options != nullptr && has_key(*options, key)) return false;
  return std::ranges::none_of(component_.options.options, [&](const Option& option) {
    return option.key == key ||
           std::ranges::any_of(option.items, [&](const Option& item) { return item.key == key; });
  });
}

Error Call::failure(lathe_code code) const {
  const std::string& who = component_.options.owner;
  if (!failure_ || failure_->text.empty()) {
    const bool stopped = code == LATHE_CANCELLED;
    return Error(Blame::run, code,
                 stopped ? fmt::format("{} was stopped", who)
                         : fmt::format("{} of '{}' failed with code {} ({}) and did not say why",
                                       who, component_.file.string(), code, code_text(code)));
  }
  if (failure_->mistake) {
    return Error(Blame::run, code, fmt::format("{}: {}", failure_->in, failure_->text));
  }
  std::string context = who;
  if (!failure_->node.empty()) context += fmt::format(": node '{}'", failure_->node);
  if (!failure_->option.empty()) context += fmt::format(": option '{}'", failure_->option);
  const Position place = place_of(*failure_);
  if (failure_->host_error) {
    const Error& error = *failure_->host_error;
    const bool named = context == who && failure_->text.find(who) != std::string::npos;
    return Error(error.blame(), code,
                 named ? failure_->text : fmt::format("{}: {}", context, failure_->text),
                 error.position().known() ? error.position() : place);
  }
  if (asks_for_undeclared(*failure_)) {
    std::vector<std::string> declared;
    for (const Option& option : component_.options.options) declared.push_back(option.key);
    return Error(
        Blame::run, code,
        fmt::format("{} speaks of an option '{}' that it does not declare, which is a mistake of "
                    "the plugin ({}): {}",
                    failure_->in, failure_->option,
                    declared.empty() ? std::string("it declares none")
                                     : fmt::format("it declares {}", fmt::join(declared, ", ")),
                    failure_->text));
  }
  const bool refused = is_refusal(code) && (phase_ == Phase::create || !failure_->option.empty());
  return Error(refused ? Blame::usage : Blame::run, code,
               fmt::format("{}: {}", context, failure_->text), place);
}

void destroy_instance(const Component& component, void (*destroy)(void*), void* self) noexcept {
  if (destroy == nullptr) return;
  const HostState guard(Guarded::everything, component.options.owner, component.file, "destroy");
  const InPlugin running(component.options.owner, component.file, "destroy");
  try {
    destroy(self);
  } catch (...) {
    warn_once(fmt::format("{} of '{}' threw an exception out of destroy()", component.options.owner,
                          component.file.string()));
  }
}

bool Call::cancelled() const {
  return run_ != nullptr && run_->cancelled != nullptr &&
         run_->cancelled->load(std::memory_order_relaxed);
}

void* Call::scratch(std::uint64_t size, std::uint64_t align) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 40;
  if (align == 0 || (align & (align - 1)) != 0 || size > kLargest || align > kLargest) {
    record(LATHE_INVALID_ARGUMENT,
           fmt::format("scratch of {} bytes aligned to {} cannot be had", size, align));
    return nullptr;
  }
  const std::lock_guard lock(mutex);
  return memory_.allocate(size, align);
}

void Call::progress(std::uint64_t done, std::uint64_t total, std::string_view unit) {
  if (run_ == nullptr || run_->in_trial || !run_->progress) return;
  using namespace std::chrono_literals;
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex);
  const bool last = total != 0 && done >= total;
  if (!last && now - last_progress_ < 50ms) return;
  last_progress_ = now;
  run_->progress(done, total, unit);
}

GraphHandles& Call::graphs() {
  if (!graphs_) graphs_ = std::make_unique<GraphHandles>(*this);
  return *graphs_;
}

UsedFormats& Call::formats() {
  if (!formats_) formats_ = std::make_unique<UsedFormats>();
  return *formats_;
}

OpenedSpaces& Call::spaces() {
  if (!spaces_) spaces_ = std::make_unique<OpenedSpaces>();
  return *spaces_;
}

TensorPool& Call::tensors() {
  if (!tensors_) tensors_ = std::make_unique<TensorPool>();
  return *tensors_;
}

}  // namespace lathe
