// Who computes what, and what of it is remembered.
#include "core/run/executor.hpp"

#include "core/run/codes/integer_layers.hpp"
#include "core/run/evaluator.hpp"
#include "core/run/training/trainer.hpp"

#include <malloc.h>

#include <algorithm>

namespace lathe::run {

namespace {

// What two backends say under one key: all entries of maps, of lists every element once, of
// anything else the later.
Value joined(const Value& earlier, const Value& later) {
  Value out = later;
  if (earlier.is_map() && later.is_map()) {
    out = earlier;
    for (const auto& [key, value] : later.as_map()) {
      const Value* other = earlier.find(key);
      out.set(key, other == nullptr ? value : joined(*other, value));
    }
  } else if (earlier.is_list() && later.is_list()) {
    Value::List all = earlier.as_list();
    for (const Value& value : later.as_list())
      if (std::ranges::find(all, value) == all.end()) all.push_back(value);
    out = Value(std::move(all));
  }
  return out;
}

// What is said of this process and of a helper. Which backend ran first differs from process to
// process.
Value with_forked(const Value& here, const Value& forked) {
  Value out = joined(here, forked);
  if (Value* backends = out.find_to_write("backends")) {
    Value::List names = backends->as_list();
    std::ranges::sort(names, {}, [](const Value& name) { return name.as_string(); });
    *backends = Value(std::move(names));
  }
  const Value *ours = here.find("cache"), *theirs = forked.find("cache");
  if (ours == nullptr || theirs == nullptr) return out;
  Value cache = *ours;
  for (const char* key : {"most_bytes", "lookups", "hits"})
    cache.set(key, ours->find(key)->as_int() + theirs->find(key)->as_int());
  out.set("cache", std::move(cache));
  return out;
}

// While one lives, this thread evaluates on floats.
class OnFloats {
 public:
  OnFloats() { ++living_; }
  ~OnFloats() { --living_; }
  OnFloats(const OnFloats&) = delete;
  OnFloats& operator=(const OnFloats&) = delete;
  static bool any() { return living_ > 0; }

 private:
  static inline thread_local int living_ = 0;
};

class RunExecutor : public ForkedExecutor {
 public:
  RunExecutor(const Registry& registry, std::vector<OpenBackend> open, Forks forks)
      : registry_(registry), forks_(forks), evaluator_(registry, cache_) {
    for (OpenBackend& one : open) choices_.push_back({std::move(one), nullptr, false});
    // Fresh pages for every large activation cost more than the arithmetic on them.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
  }

  std::vector<Tensor> run(const Graph& graph, const std::vector<Tensor>& inputs) override {
    return run_once(backend_for(graph, Mode::evaluation), graph, inputs);
  }

  Evaluation evaluate(const Graph& graph, const Dataset& data, const Rows& rows) override {
    return evaluate(graph, data, rows, Leave::activations);
  }

  Tensor outputs(const Graph& graph, const Dataset& data, const Rows& rows) override {
    return evaluator_.outputs(backend_for(graph, Mode::evaluation), graph, data, rows);
  }

  void observe(const Graph& graph, const Dataset& data, const Rows& rows,
               const std::vector<NodeId>& nodes, const Observer& observer) override {
    evaluator_.observe(backend_for(graph, Mode::evaluation), graph, data, rows, nodes, observer);
  }

  void gradients(const Graph& graph, const Dataset& data, const Rows& rows,
                 const GradientObserver& observer) override {
    Backend& backend = backend_for(graph, Mode::gradients);
    const auto threads = backend.threads_for(graph, rows.batch_size);
    evaluator_.gradients(backend, graph, data, rows, observer);
  }

  void observe_gradients(const Graph& graph, const Dataset& data, const Rows& rows,
                         const std::vector<NodeId>& nodes, const Observer& observer) override {
    Backend& backend = backend_for(graph, Mode::gradients);
    const auto threads = backend.threads_for(graph, rows.batch_size);
    evaluator_.observe_gradients(backend, graph, data, rows, nodes, observer);
  }

  TrainingResult train(const Graph& graph, const Dataset& data, const TrainingOptions& options,
                       const TrainingEvents& events, const std::atomic<bool>& cancelled) override {
    Backend& backend = backend_for(graph, Mode::training);
    const auto threads = backend.threads_for(graph, options.batch_size);
    // The result stays, so that whoever scores the best weights again finds it; the activations of
    // an epoch's weights are of no use to anyone.
    // On floats, as the training itself: its results are the same on every processor.
    const auto validate = [&](const Graph& network) {
      const OnFloats floats;
      const Rows whole{Split::validation,        0,     options.rows_evaluated_at_once(),
                       asked_loss(options.loss), false, &cancelled};
      return evaluate(network, data, whole, Leave::result);
    };
    return Trainer(backend, graph, data, options, validate).run(events, cancelled);
  }

  void set_threads(int threads) override { allowed_ = std::max(threads, 1); }

  Value environment() const override {
    const std::lock_guard lock(mutex_);
    Value out{Value::Map{}};
    Value::List used;
    for (const Choice& choice : choices_) {
      if (!choice.used) continue;
      choice.backend->set_integer_kernels(integer_kernels_);
      used.emplace_back(std::string(choice.backend->name()));
      const Value environment = choice.backend->environment();
      for (const auto& [key, value] : environment.as_map()) {
        const Value* other = out.find(key);
        out.set(key, other == nullptr ? value : joined(*other, value));
      }
    }
    if (Value* layers = out.find_to_write(kIntegerKernelsEntry))
      layers->set("mode", integer_kernels_ ? "auto" : "off");
    out.set("backends", Value(std::move(used)));
    out.set("cache", cache_use());
    for (const Value& forked : forked_) out = with_forked(out, forked);
    out.set("threads", allowed_);
    return out;
  }

  void add_environment(const Value& of_forked) override {
    const std::lock_guard lock(mutex_);
    forked_.push_back(of_forked);
  }

  void open_before_fork(const Graph& graph, bool trains) override {
    if (forks_ == Forks::no) return;
    const Mode mode = trains ? Mode::training : Mode::evaluation;
    for (std::size_t i = 0; i + 1 < choices_.size() && !opened(i).takes(graph, mode); ++i)
      opened(i + 1);
  }

  void set_cache_limit(std::uint64_t bytes) override { cache_.set_limit(bytes); }

  void set_integer_kernels(bool allowed) override {
    const std::lock_guard lock(mutex_);
    integer_kernels_ = allowed;
  }

 private:
  struct Choice {
    OpenBackend open;
    std::shared_ptr<Backend> backend;  // null: not opened yet
    bool used = false;
  };

  Value cache_use() const {
    const Cache::Use use = cache_.use();
    const auto number = [](std::uint64_t n) { return Value(static_cast<std::int64_t>(n)); };
    return Value(Value::Map{{"limit", number(cache_.limit())},
                            {"most_bytes", number(use.most_bytes)},
                            {"lookups", number(use.lookups)},
                            {"hits", number(use.hits)}});
  }

  Evaluation evaluate(const Graph& graph, const Dataset& data, const Rows& rows, Leave leave) {
    return evaluator_.evaluate(backend_for(graph, Mode::evaluation), graph, data, rows, leave);
  }

  Backend& backend_for(const Graph& graph, Mode mode) {
    std::size_t i = 0;
    while (i + 1 < choices_.size() && !opened(i).takes(graph, mode)) ++i;
    Backend& backend = opened(i);
    backend.set_threads(allowed_);
    const std::lock_guard lock(mutex_);
    backend.set_integer_kernels(integer_kernels_ && !OnFloats::any());
    choices_[i].used = true;
    return backend;
  }

  Backend& opened(std::size_t i) {
    const std::lock_guard lock(mutex_);
    Choice& choice = choices_[i];
    if (choice.backend == nullptr) choice.backend = choice.open(registry_, cache_);
    return *choice.backend;
  }

  const Registry& registry_;
  const Forks forks_;
  static inline thread_local int allowed_ = 1;  // as set_threads: for this thread's calls
  Cache cache_;
  Evaluator evaluator_;
  mutable std::mutex mutex_;  // of what follows
  bool integer_kernels_ = true;
  std::vector<Choice> choices_;
  std::vector<Value> forked_;
};

}  // namespace

std::shared_ptr<ForkedExecutor> make_executor(const Registry& registry,
                                              std::vector<OpenBackend> backends, Forks forks) {
  return std::make_shared<RunExecutor>(registry, std::move(backends), forks);
}

}  // namespace lathe::run
