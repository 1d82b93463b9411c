// Threads that do the same work. As many as were asked for, or as the system gives: what they come
// to must not depend on it. Knows nothing of trials.
#pragma once

#include <functional>
#include <thread>
#include <vector>

namespace lathe {

class WorkerThreads {
 public:
  // Each runs `work(index)` once, for the run of the thread that makes them. Says so if there are
  // fewer than `wanted`; throws run_error if there is none.
  WorkerThreads(std::size_t wanted, const std::function<void(std::size_t index)>& work);
  ~WorkerThreads() { join(); }
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  std::size_t count() const { return threads_.size(); }
  void join();

 private:
  const std::function<void(std::size_t index)> work_;
  std::vector<std::thread> threads_;
};

}  // namespace lathe
