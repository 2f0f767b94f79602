#include <cerrno>

#include <sched.h>

#include <tokengate/core/histogram.h>
#include <tokengate/core/host.h>
#include <tokengate/io/error.h>
#include <tokengate/io/offload.h>
#include <tokengate/io/poller.h>
#include <tokengate/io/request.h>
#include <tokengate/io/ring.h>

namespace tokengate::io {

core_poller::core_poller(backend wanted) : backend_(wanted) {
  // The ring itself is made by the thread that will use it.
  if (wanted == backend::uring && ring::make() == nullptr)
    throw io_error(ENOSYS, "io_uring", "use (choose backend::automatic or backend::threads)");
}

core_poller::core_poller(simulated) noexcept : backend_(backend::threads), may_ask_cache_(false) {}

core_poller::~core_poller() {
  if (ring_ != nullptr) ring_->cancel_all();
  while (pending()) {
    ring_->wait(deadline::max());
    poll();
  }
  // They are between their last notification and their next job: giving them the processor is all that can help.
  while (outstanding_.load(std::memory_order_acquire) != 0) ::sched_yield();
}

core_poller* core_poller::here() noexcept {
  auto* const core = detail::host::current();
  return core == nullptr ? nullptr : static_cast<core_poller*>(&core->events());
}

core_poller* core_poller::here_with_cache() noexcept {
  auto* const found = here();
  return found != nullptr && found->may_ask_cache_ ? found : nullptr;
}

void core_poller::offload(job& work) noexcept {
  work.outstanding = count_offloaded();
  io::offload::shared().start(work);
}

void core_poller::start(request& work) noexcept {
  if (ring_ == nullptr && backend_ != backend::threads) {
    ring_ = ring::make();
    if (ring_ == nullptr) backend_ = backend::threads;
  }
  if (ring_ == nullptr) return start_in_pool(work);
  work.ring_of = this;
  if (!ring_->start(work)) return start_in_pool(work);
  detail::add_relaxed(in_ring_);
}

void core_poller::start_in_pool(request& work) noexcept { work.start_in_pool(count_offloaded()); }

void core_poller::cancel(request& work) noexcept { ring_->cancel(work); }

void core_poller::count_cached() noexcept { detail::add_relaxed(cached_); }

std::atomic<std::size_t>* core_poller::count_offloaded() noexcept {
  detail::add_relaxed(offloaded_);
  outstanding_.fetch_add(1, std::memory_order_relaxed);  // ordered by the queue of the pool
  return &outstanding_;
}

unsigned core_poller::poll() noexcept {
  if (!pending()) return 0;
  ring_->flush();
  unsigned delivered = 0;
  for (auto next = ring_->next(); next.what != nullptr; next = ring_->next(), ++delivered) {
    // A descriptor with O_NONBLOCK may be refused by the ring; a thread of the pool waits until it is ready.
    if (next.result == -EAGAIN && !next.what->cancelled)
      start_in_pool(*next.what);
    else
      next.what->complete(next.result);
  }
  return delivered;
}

bool core_poller::pending() const noexcept { return ring_ != nullptr && ring_->in_flight() != 0; }

void core_poller::sleep(deadline until) noexcept {
  if (!pending()) return sleeper_.sleep(until);
  if (!sleeper_.enter(sleeper::place::in_ring)) return;
  ring_->wait(until);
  sleeper_.leave();
}

void core_poller::interrupt() noexcept {
  if (sleeper_.interrupt() == sleeper::place::in_ring) ring_->wake();
}

io_counters core_poller::counters() const noexcept {
  return {.cached = cached_.load(std::memory_order_relaxed),
          .ring = in_ring_.load(std::memory_order_relaxed),
          .offloaded = offloaded_.load(std::memory_order_relaxed)};
}

std::unique_ptr<poller> make_poller(backend wanted) { return std::make_unique<core_poller>(wanted); }

}  // namespace tokengate::io
