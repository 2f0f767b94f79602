#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <tokengate/io/offload.h>

namespace tokengate::io {
namespace {

constexpr std::chrono::seconds idle_life{10};

/// A thread inherits the place of the core that made it; it belongs where the process may run instead. And signals are
/// for the threads of the application.
void become_independent() noexcept {
  cpu_set_t allowed;
  if (::sched_getaffinity(::getpid(), sizeof allowed, &allowed) == 0) ::sched_setaffinity(0, sizeof allowed, &allowed);
  sigset_t all;
  ::sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGPROF}) ::sigdelset(&all, fault);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  ::pthread_setname_np(::pthread_self(), "tokengate-io");
}

}  // namespace

offload& offload::shared() {
  // Never destroyed: at exit a thread may still be inside a job that nobody waits for any more.
  static offload& pool = *new offload;
  return pool;
}

void offload::start(job& work) noexcept {
  bool grow;
  {
    const std::lock_guard lock(mutex_);
    work.queued = true;
    queue_.push_back(work);
    grow = queue_.size() > idle_ && threads_ < most_threads;
    if (grow) ++threads_;
  }
  wanted_.notify_one();
  if (!grow || add_thread()) return;
  std::unique_lock lock(mutex_);
  // Others may have counted on the thread that could not be made: with no thread at all this one does all there is.
  if (--threads_ == 0) run_queued(lock);
}

bool offload::withdraw(job& work) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!work.queued) return false;
    work.queued = false;
    queue_.erase(queue_.iterator_to(work));
  }
  if (work.outstanding != nullptr) work.outstanding->fetch_sub(1, std::memory_order_release);
  return true;
}

bool offload::add_thread() noexcept {
  try {
    std::thread([this] { serve(); }).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void offload::serve() noexcept {
  become_independent();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (queue_.empty()) {
      ++idle_;
      const bool found = wanted_.wait_for(lock, idle_life, [this] { return !queue_.empty(); });
      --idle_;
      if (!found) break;
    }
    run_queued(lock);
  }
  --threads_;
}

void offload::run_queued(std::unique_lock<std::mutex>& lock) noexcept {
  while (!queue_.empty()) {
    job& work = queue_.front();
    queue_.pop_front();
    work.queued = false;
    lock.unlock();
    auto* const outstanding = work.outstanding;  // the job may be gone when run() returns
    work.run(work);
    if (outstanding != nullptr) outstanding->fetch_sub(1, std::memory_order_release);
    lock.lock();
  }
}

}  // namespace tokengate::io
