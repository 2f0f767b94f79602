// One call to the kernel that may take long: what to do, how it ended, who waits for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include <boost/intrusive/list_hook.hpp>
#include <sys/types.h>

#include <tokengate/io/completion.h>
#include <tokengate/io/job.h>

namespace tokengate::io {

class core_poller;

/// What io:: asks of the kernel on behalf of a token. Stays in place from start() to its completion; the buffer (or
/// path) belongs to the kernel meanwhile. Internal to io/.
class request : public job {
 public:
  enum class call : std::uint8_t { read, read_stream, write, sync, open };

  /// read, write: `bytes` at `offset`; read_stream: at the file's own position, the first that come; sync: neither.
  request(call what_to_do, int on, std::span<std::byte> bytes, std::uint64_t at) noexcept;
  /// open: `path` relative to `directory`, or AT_FDCWD.
  request(int directory, const char* path, int open_flags, mode_t open_mode) noexcept;
  request(const request&) = delete;
  request& operator=(const request&) = delete;
  ~request();

  /// Hands it to the ring of the calling core, or to the pool. Once.
  void start() noexcept;

  /// Waits, after start(). Returns what the call returned: >= 0, or -errno. When the coordinator stops hard meanwhile:
  /// cancels, waits until the kernel has let go of the buffer and throws detail::stop_unwind.
  int finish();

  /// Cancels and waits until the kernel has let go; the result is thrown away. Any thread.
  void abandon() noexcept;

  /// Acquire: the result and the buffer are visible when this is true.
  [[nodiscard]] bool done() const noexcept { return completion_.done(); }

  /// Makes the call here and now, on the calling thread, which may block. Returns what finish() returns.
  int execute() noexcept;

  // For pollers ------------------------------------------------------------------------------------------------------
  /// Ends it; it must not be touched afterwards.
  void complete(int how) noexcept {
    result_ = how;
    completion_.complete();
  }
  /// Hands it to the pool.
  void start_in_pool(std::atomic<std::size_t>* counter) noexcept;

  const call what;
  const int descriptor;
  void* const data;  ///< buffer, or path
  const std::size_t size;
  const std::uint64_t offset;
  const int flags = 0;
  const mode_t mode = 0;
  core_poller* ring_of = nullptr;  ///< whose ring it is in; null: in the pool
  bool cancelled = false;          ///< its owner waits only for its end; on the owner's core
  boost::intrusive::list_member_hook<> in_flight;

 private:
  void cancel() noexcept;
  void discard_result() noexcept;
  int execute_stream() noexcept;

  completion completion_;
  int result_ = 0;      // written before completion_.complete(), read after it
  int canceller_ = -1;  // eventfd that ends execute_stream() in the pool
};

}  // namespace tokengate::io
