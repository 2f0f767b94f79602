#include <cerrno>
#include <new>

#include <sys/eventfd.h>
#include <unistd.h>

#include <tokengate/io/ring.h>

namespace tokengate::io {
namespace {

// Completions that are nobody's request: an address of this file for the wake-up, none for cancellations.
constinit char wake_mark = 0;

// Completions that do not interrupt the processor, where the kernel knows it (5.19). Not IORING_SETUP_SINGLE_ISSUER: it
// gained nothing measurable here, and without it whoever destroys a ring can end what is left in it.
constexpr unsigned setups[] = {IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, 0};

// Timed waits, no completion ever dropped, reads at the file's own position: all of them since Linux 5.11.
constexpr unsigned needed = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_RW_CUR_POS;

}  // namespace

std::unique_ptr<ring> ring::make(unsigned entries) noexcept {
  std::unique_ptr<ring> made(new (std::nothrow) ring);
  if (made == nullptr || !made->open(entries)) return nullptr;
  return made;
}

bool ring::open(unsigned entries) noexcept {
  for (const unsigned setup : setups) {
    io_uring_params parameters{};
    parameters.flags = setup;
    const int error = io_uring_queue_init_params(entries, &ring_, &parameters);
    if (error == -EINVAL) continue;  // an older kernel: ask for less
    if (error != 0) return false;
    opened_ = true;
    if ((parameters.features & needed) != needed) return false;
    wake_descriptor_ = ::eventfd(0, EFD_CLOEXEC);
    if (wake_descriptor_ < 0) return false;
    // A sandbox may let rings be made but not used.
    io_uring_sqe* const probe = io_uring_get_sqe(&ring_);
    io_uring_prep_nop(probe);
    io_uring_sqe_set_data(probe, nullptr);
    return io_uring_submit(&ring_) == 1 && next().what == nullptr;
  }
  return false;
}

ring::~ring() {
  if (opened_) io_uring_queue_exit(&ring_);
  if (wake_descriptor_ >= 0) ::close(wake_descriptor_);
}

io_uring_sqe* ring::take_entry() noexcept {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    flush();
    entry = io_uring_get_sqe(&ring_);
  }
  return entry;
}

bool ring::start(request& work) noexcept {
  io_uring_sqe* const entry = take_entry();
  if (entry == nullptr) return false;
  const auto length = static_cast<unsigned>(work.size);
  switch (work.what) {
    case request::call::read:
      io_uring_prep_read(entry, work.descriptor, work.data, length, work.offset);
      break;
    case request::call::read_stream:
      io_uring_prep_read(entry, work.descriptor, work.data, length, static_cast<__u64>(-1));
      break;
    case request::call::write:
      io_uring_prep_write(entry, work.descriptor, work.data, length, work.offset);
      break;
    case request::call::sync:
      io_uring_prep_fsync(entry, work.descriptor, 0);
      break;
    case request::call::open:
      io_uring_prep_openat(entry, work.descriptor, static_cast<const char*>(work.data), work.flags, work.mode);
      // Tried in place first it would be opened with O_NONBLOCK, which means something else for a FIFO.
      io_uring_sqe_set_flags(entry, IOSQE_ASYNC);
      break;
  }
  io_uring_sqe_set_data(entry, &work);
  in_flight_.push_back(work);
  flush();
  return true;
}

void ring::cancel(request& work) noexcept {
  io_uring_sqe* const entry = take_entry();
  if (entry == nullptr) return;
  io_uring_prep_cancel(entry, &work, 0);
  io_uring_sqe_set_data(entry, nullptr);
  flush();
}

void ring::cancel_all() noexcept {
  for (request& work : in_flight_) cancel(work);
}

void ring::flush() noexcept {
  // A refusal (no memory, completions to be taken first) leaves the entries where they are.
  if (io_uring_sq_ready(&ring_) != 0) io_uring_submit(&ring_);
}

ring::finished ring::next() noexcept {
  io_uring_cqe* entry;
  while (io_uring_peek_cqe(&ring_, &entry) == 0) {
    void* const what = io_uring_cqe_get_data(entry);
    const int result = entry->res;
    io_uring_cqe_seen(&ring_, entry);
    if (what == &wake_mark) armed_ = false;
    if (what == nullptr || what == &wake_mark) continue;
    auto& work = *static_cast<request*>(what);
    in_flight_.erase(in_flight_.iterator_to(work));
    return {&work, result};
  }
  return {nullptr, 0};
}

void ring::arm() noexcept {
  if (armed_) return;
  io_uring_sqe* const entry = take_entry();
  if (entry == nullptr) return;
  io_uring_prep_read(entry, wake_descriptor_, &wake_count_, sizeof wake_count_, 0);
  io_uring_sqe_set_data(entry, &wake_mark);
  armed_ = true;
}

void ring::wait(deadline until) noexcept {
  arm();
  if (!armed_ || io_uring_cq_ready(&ring_) != 0) return;
  __kernel_timespec left{};
  __kernel_timespec* limit = nullptr;
  if (until != deadline::max()) {
    const auto ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(until - std::chrono::steady_clock::now()).count();
    if (ns > 0) left = {ns / 1'000'000'000, ns % 1'000'000'000};
    limit = &left;
  }
  io_uring_cqe* entry;
  io_uring_submit_and_wait_timeout(&ring_, &entry, 1, limit, nullptr);
}

void ring::wake() noexcept { ::eventfd_write(wake_descriptor_, 1); }

}  // namespace tokengate::io
