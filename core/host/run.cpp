#include "core/host/run.hpp"

#include <utility>

namespace lathe {

namespace {

thread_local RunContext* run_of_thread = nullptr;

}  // namespace

RunOfThread::RunOfThread(RunContext* run) : outer_(std::exchange(run_of_thread, run)) {}

RunOfThread::~RunOfThread() { run_of_thread = outer_; }

RunContext* RunOfThread::get() { return run_of_thread; }

}  // namespace lathe
