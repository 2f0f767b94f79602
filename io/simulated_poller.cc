#include <algorithm>
#include <cerrno>

#include <poll.h>

#include <tokengate/core/waiter.h>
#include <tokengate/io/offload.h>
#include <tokengate/io/request.h>
#include <tokengate/io/simulated_poller.h>

namespace tokengate::io {

void simulated_poller::start(request& work) noexcept {
  work.ring_of = this;  // to be cancelled here
  operation next{&work, timing_.now(), timing_.now() + timing_.latency(), false, 0};
  if (timing_.at_once()) make_call(next);
  in_flight_.push_back(next);
}

/// False when a stream has nothing to be read yet.
bool simulated_poller::make_call(operation& next) noexcept {
  if (next.work->what == request::call::read_stream) {
    pollfd event{next.work->descriptor, POLLIN, 0};
    if (::poll(&event, 1, 0) == 0) return false;
  }
  next.result = next.work->execute();
  next.done = true;
  return true;
}

unsigned simulated_poller::poll() noexcept {
  unsigned delivered = 0;
  for (std::size_t i = 0; i < in_flight_.size();) {
    operation& next = in_flight_[i];
    if (next.due > timing_.now()) {
      ++i;
    } else if (!next.done && !make_call(next)) {
      // Ever more seldom, for it may take hours.
      next.due = timing_.now() + timing_.latency() + (timing_.now() - next.started) / 8;
      ++i;
    } else {
      const operation ended = next;
      in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(i));
      ended.work->complete(ended.result);
      ++delivered;
    }
  }
  return delivered;
}

void simulated_poller::cancel(request& work) noexcept {
  const auto found =
      std::find_if(in_flight_.begin(), in_flight_.end(), [&work](const operation& each) { return each.work == &work; });
  if (found == in_flight_.end() || found->done) return;
  found->done = true;
  found->result = -ECANCELED;
}

void simulated_poller::offload(job& work) noexcept {
  {
    detail::waiter party;
    party.shielded = true;
    party.waits_for(detail::wait_kind::io);
    party.wait_until(timing_.now() + timing_.latency());
  }
  struct carrier : job {
    job* inner;
    std::binary_semaphore* done;
  } whole;
  whole.inner = &work;
  whole.done = &offloaded_;
  whole.outstanding = count_offloaded();
  whole.run = [](job& self) noexcept {
    auto& mine = static_cast<carrier&>(self);
    auto* const done = mine.done;
    mine.inner->run(*mine.inner);
    done->release();  // from here on `mine` may be gone
  };
  io::offload::shared().start(whole);
  offloaded_.acquire();
}

poller::deadline simulated_poller::due() const noexcept {
  auto first = deadline::max();
  for (const operation& each : in_flight_) first = std::min(first, each.due);
  return first;
}

}  // namespace tokengate::io
