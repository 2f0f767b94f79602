#include <exception>

#include <tokengate/io/blocking.h>
#include <tokengate/io/completion.h>
#include <tokengate/io/offload.h>
#include <tokengate/io/poller.h>

namespace tokengate::io {
namespace {

struct call : job {
  call(void (*function_of)(void*), void* context_of) noexcept : function(function_of), context(context_of) {
    run = [](job& self) noexcept {
      auto& mine = static_cast<call&>(self);
      try {
        mine.function(mine.context);
      } catch (...) {
        mine.failure = std::current_exception();
      }
      mine.end.complete();
    };
  }
  void (*function)(void*);
  void* context;
  std::exception_ptr failure;
  completion end;
};

}  // namespace

void run_offloaded(void (*function)(void*), void* context) {
  call mine(function, context);
  if (core_poller* const core = core_poller::here())
    core->offload(mine);
  else
    offload::shared().start(mine);
  const bool undisturbed = mine.end.wait([&mine] {
    if (offload::shared().withdraw(mine)) mine.end.complete();
  });
  if (!undisturbed) throw detail::stop_unwind{};
  if (mine.failure) std::rethrow_exception(std::move(mine.failure));
}

}  // namespace tokengate::io
