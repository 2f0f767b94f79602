// A submit that is refused is one error at the call.
#include <chrono>
#include <functional>
#include <future>
#include <memory>

#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>

using namespace tokengate;
using namespace std::chrono_literals;

int add(int& to, int more) { return to += more; }
int half(int n) { return n / 2; }
token<int> later(int n) { return submit(half, n); }

int run(std::unique_ptr<int> owned) {
  int n = submit(half, 2).get() + submit(tags{weight::light, timeout{1s}}, half, 4).get();
  // expect@+1: TG-E301 submit: the callable cannot be called with these arguments ... std::ref
  n += submit(add, n, 1).get();
  n += submit(add, std::ref(n), 1).get();
  n += submit(half).get();                            // expect: TG-E301
  n += submit(tags{weight::light}, half, "2").get();  // expect: TG-E301
  n += submit([](std::unique_ptr<int> p) { return *p; }, std::move(owned)).get();

  // expect@+1: TG-E302 submit: the callable is asynchronous already; return the value itself
  n += submit(later, 1).get().get();
  n += submit([] { return std::async([] { return 1; }); }).get().get();                           // expect: TG-E302
  n += submit(tags{weight::heavy}, [] { return std::promise<int>().get_future(); }).get().get();  // expect: TG-E302

  n += submit(tags{42}, half, 2).get();  // expect: TG-E303 submit: something that is no tag ... use the tags
  n += submit(tags{weight::light, "x"}, half, 2).get();            // expect: TG-E303
  n += submit(tags{weight::light, weight::heavy}, half, 2).get();  // expect: TG-E305 submit: a tag is given twice
  n += submit(tags{sticky_anchor{"a"}}, half, 2).get();        // expect: TG-E306 submit: only operations are anchored
  n += submit(tags{weight::light, exclusive}, half, 2).get();  // expect: TG-E306
  n += submit(tags{hash_policy::none}, half, 2).get();         // expect: TG-E306
  n += submit(tags{domain::preferred}, half, 2).get();         // expect: TG-E307 submit: domain ... need external_calls
  n += submit(tags{external_calls{"anything"}, domain::preferred, digest_policy::fast}, half, 2).get();
  return n;
}
