// What no operation can be made of.
#include <string_view>

#include <tokengate/core/registry.h>

struct generic {
  template <class T>
  T operator()(T n) const {
    return n;
  }
};
int overloaded(int n) { return n; }
int overloaded(double n) { return static_cast<int>(n); }
int view(std::string_view text) { return text[0]; }
int variadic(const char* text, ...) { return *text; }
struct counter {
  int count(std::string_view text) { return text[0]; }
  int value = 0;
};

TOKENGATE_INSTANCE(object, generic{});                 // expect: TG-E114 operation 'object': ... no single signature
TOKENGATE_INSTANCE(lambda, [](auto n) { return n; });  // expect: TG-E114 'lambda'
TOKENGATE_INSTANCE(number, 42);                        // expect: TG-E114 'number'
TOKENGATE_INSTANCE(open_ended, variadic);              // expect: TG-E114 'open_ended'
TOKENGATE_INSTANCE(data_member, &counter::value);      // expect: TG-E114 'data_member'
TOKENGATE_INSTANCE(dangling, view);                    // expect: TG-E105 'dangling'
TOKENGATE_INSTANCE(member, &counter::count);           // expect: TG-E105 'member'
TOKENGATE_INSTANCE(both, overloaded);                  // expect: error
TOKENGATE_APPLICATION(all);

int run() { return dangling("x").get(); }
