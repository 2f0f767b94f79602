// Functions that are asynchronous already, and results that cannot leave a token.
#include <atomic>
#include <coroutine>
#include <exception>
#include <future>
#include <mutex>

#include <tokengate/core/registry.h>

struct task {
  struct promise_type {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
struct member_awaitable {
  std::suspend_never operator co_await() const { return {}; }
};
struct free_awaitable {};
std::suspend_never operator co_await(free_awaitable) { return {}; }
struct own_future {
  int get();
  void wait();
  bool valid();
};

TOKENGATE_OPERATION(int, plain, (int n)) { return n; }
TOKENGATE_OPERATION(tokengate::token<int>, a_token, (int n)) { return plain(n); }  // expect: TG-E104 'a_token'
TOKENGATE_OPERATION(std::future<int>, future, ()) { return {}; }                   // expect: TG-E104 'future'
TOKENGATE_OPERATION(std::shared_future<void>, shared, ()) { return {}; }           // expect: TG-E104 'shared'
TOKENGATE_OPERATION(task, coroutine, ()) { co_return; }                            // expect: TG-E104 'coroutine'
TOKENGATE_OPERATION(std::suspend_always, awaiter, ()) { return {}; }               // expect: TG-E104 'awaiter'
TOKENGATE_OPERATION(member_awaitable, member, ()) { return {}; }                   // expect: TG-E104 'member'
TOKENGATE_OPERATION(free_awaitable, free_one, ()) { return {}; }                   // expect: TG-E104 'free_one'
TOKENGATE_OPERATION(own_future, own, ()) { return {}; }                            // expect: TG-E104 'own'
TOKENGATE_OPERATION(std::future<int>&, by_reference, (std::future<int> * f)) { return *f; }  // expect: TG-E104
TOKENGATE_OPERATION(std::mutex, mutex, ()) { return std::mutex(); }                          // expect: TG-E115 'mutex'
TOKENGATE_OPERATION(std::atomic<int>, atomic, ()) { return {}; }                             // expect: TG-E115 'atomic'
TOKENGATE_APPLICATION(all);

auto run() {
  mutex().get();
  return future();
}
