// One io_uring, used by one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <boost/intrusive/list.hpp>
#include <liburing.h>

#include <tokengate/io/request.h>

namespace tokengate::io {

/// All members but wake() belong to the thread that made the ring. Internal to io/.
class ring {
 public:
  using deadline = std::chrono::steady_clock::time_point;

  /// Null where the kernel refuses io_uring, or has one that is older than what is needed here (Linux 5.11).
  static std::unique_ptr<ring> make(unsigned entries = default_entries) noexcept;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  /// Nothing may be in flight.
  ~ring();

  /// Submits the request at once: whoever starts one goes on computing, perhaps for long, while it is under way. What
  /// the kernel does not take now is submitted by the next flush(). False: there is no room.
  bool start(request& work) noexcept;
  /// Asks the kernel to end it soon; its completion comes in any case.
  void cancel(request& work) noexcept;
  void cancel_all() noexcept;

  /// Submits what could not be submitted before. No system call when there is nothing.
  void flush() noexcept;

  struct finished {
    request* what;  ///< null: nothing has completed
    int result;
  };
  /// Takes one completion. No system call when there is none.
  finished next() noexcept;

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }

  /// Blocks until a completion is there, wake() was called or the deadline passed. May return early for no reason.
  void wait(deadline until) noexcept;
  /// Ends the present or the next wait(). Any thread.
  void wake() noexcept;

 private:
  static constexpr unsigned default_entries = 64;

  ring() = default;
  bool open(unsigned entries) noexcept;
  io_uring_sqe* take_entry() noexcept;
  void arm() noexcept;

  io_uring ring_{};
  bool opened_ = false;
  boost::intrusive::list<
      request, boost::intrusive::member_hook<request, boost::intrusive::list_member_hook<>, &request::in_flight>>
      in_flight_;
  int wake_descriptor_ = -1;  // eventfd: a read of it is kept in the ring while the thread waits there
  std::uint64_t wake_count_ = 0;
  bool armed_ = false;
};

}  // namespace tokengate::io
