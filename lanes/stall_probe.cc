#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>

#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <tokengate/core/node.h>
#include <tokengate/lanes/core.h>
#include <tokengate/lanes/stall_probe.h>

namespace tokengate::lanes {

/// The code that finds who handles an exception. In its midst it puts the handler's registers in place, one by one, and
/// meanwhile nobody can tell who called whom: a backtrace would follow what is none, and fault.
struct unwinder_code {
  std::uintptr_t begin = 0, end = 0;

  /// Not for handlers of signals.
  static unwinder_code find() noexcept {
    unwinder_code all;
    // By its library, which backtrace() has loaded: in a program the address of a function may be that of a stub.
    void* const library = ::dlopen("libgcc_s.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (library == nullptr) return all;
    all.begin = reinterpret_cast<std::uintptr_t>(::dlsym(library, "_Unwind_Backtrace"));
    ::dl_iterate_phdr(
        [](dl_phdr_info* loaded, std::size_t, void* found) {
          auto& sought = *static_cast<unwinder_code*>(found);
          for (int i = 0; i < loaded->dlpi_phnum; ++i) {
            const auto& part = loaded->dlpi_phdr[i];
            const unwinder_code here{loaded->dlpi_addr + part.p_vaddr, loaded->dlpi_addr + part.p_vaddr + part.p_memsz};
            if (part.p_type != PT_LOAD || !here.contains(sought.begin)) continue;
            sought = here;
            return 1;
          }
          return 0;
        },
        &all);
    ::dlclose(library);  // backtrace() keeps it
    return all;
  }
  [[nodiscard]] bool contains(std::uintptr_t address) const noexcept { return address >= begin && address < end; }
};
unwinder_code unwinder;  // written before the first signal is sent

/// The process's signal for probes: the highest real-time signal that nobody handles when the first one is taken. It
/// stays ours.
struct stall_signal {
  static int number() noexcept {
    static const int chosen = install();
    return chosen;
  }

  static int install() noexcept {
    // Its first call loads a library, which a handler must not.
    void* here[1];
    ::backtrace(here, 1);
    unwinder = unwinder_code::find();
    for (int each = SIGRTMAX - 1; each >= SIGRTMIN; --each) {
      struct sigaction present {};
      if (::sigaction(each, nullptr, &present) != 0 || (present.sa_flags & SA_SIGINFO) != 0 ||
          present.sa_handler != SIG_DFL)
        continue;
      struct sigaction ours {};
      ours.sa_sigaction = &handle;
      ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
      ::sigemptyset(&ours.sa_mask);
      if (::sigaction(each, &ours, nullptr) == 0) return each;
    }
    return 0;
  }

  /// Where the thread was when the signal came; null on machines that we do not know.
  static const void* interrupted(const void* context) noexcept {
#if defined(__x86_64__)
    const auto place = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
    return reinterpret_cast<const void*>(place);  // NOLINT: a register
#else
    static_cast<void>(context);
    return nullptr;
#endif
  }

  static void handle(int, siginfo_t* info, void* context) noexcept {
    const int before = errno;
    if (info->si_code == SI_QUEUE && info->si_pid == ::getpid() && info->si_value.sival_ptr != nullptr)
      static_cast<stall_probe*>(info->si_value.sival_ptr)->answer(interrupted(context));
    errno = before;
  }
};

/// On the core's thread, in the midst of whatever it does: nothing may be called here that takes a lock or memory.
void stall_probe::answer(const void* interrupted) noexcept {
  int question = asked;
  const bool was_asked =
      state_.compare_exchange_strong(question, answering, std::memory_order_acquire) ||
      (question == asked_for_frames && state_.compare_exchange_strong(question, answering, std::memory_order_acquire));
  if (!was_asked) return;
  // This very thread writes which token runs, so it stands still meanwhile.
  const detail::node* const running = subject_->running();
  token_ = running != nullptr ? running->id() : 0;
  operation_ = running != nullptr ? static_cast<std::uint32_t>(running->operation) : 0;
  frame_count_ = first_frame_ = 0;
  if (question == asked_for_frames) note_frames(interrupted);
  state_.store(answered, std::memory_order_release);
}

void stall_probe::note_frames(const void* interrupted) noexcept {
  if (unwinder.contains(reinterpret_cast<std::uintptr_t>(interrupted))) {
    frames_[frame_count_++] = const_cast<void*>(interrupted);
    return;
  }
  frame_count_ = ::backtrace(frames_, most_frames);
  first_frame_ = static_cast<int>(std::find(frames_, frames_ + frame_count_, interrupted) - frames_);
  if (first_frame_ == frame_count_) first_frame_ = 0;
}

bool stall_probe::take(const core& subject, pthread_t thread, std::chrono::nanoseconds patience, wanted what) noexcept {
  const int number = stall_signal::number();
  if (number == 0) return false;
  subject_ = &subject;
  const int question = what == wanted::token ? asked : asked_for_frames;
  int before = unused;
  // An answer to an earlier question may just be coming.
  const bool may_ask =
      state_.compare_exchange_strong(before, question, std::memory_order_release) ||
      (before == answered && state_.compare_exchange_strong(before, question, std::memory_order_release));
  if (!may_ask) return false;
  if (::pthread_sigqueue(thread, number, sigval{.sival_ptr = this}) == 0) {
    const auto until = std::chrono::steady_clock::now() + patience;
    do {
      if (state_.load(std::memory_order_acquire) == answered) return true;
      const timespec moment{0, 100'000};
      ::nanosleep(&moment, nullptr);
    } while (std::chrono::steady_clock::now() < until);
  }
  int open = question;
  return !state_.compare_exchange_strong(open, unused, std::memory_order_acquire) && open == answered;
}

stall_probe::stack::stack() noexcept
    : memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
  if (memory_ == MAP_FAILED) return;
  stack_t present{};
  // One that the thread has is left alone.
  if (::sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) != 0) {
    const stack_t own{.ss_sp = memory_, .ss_flags = 0, .ss_size = size};
    if (::sigaltstack(&own, nullptr) == 0) return;
  }
  ::munmap(memory_, size);
  memory_ = MAP_FAILED;
}

stall_probe::stack::~stack() {
  if (memory_ == MAP_FAILED) return;
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
  ::munmap(memory_, size);
}

}  // namespace tokengate::lanes
