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
// The parameters and the result of an operation must be types, too.
TOKENGATE_OPERATION(int, c_variadic, (int n, ...)) { return n; }   // expect: TG-E114 'c_variadic'
TOKENGATE_OPERATION(int, any_number, (auto n)) { return int(n); }  // expect: TG-E114 'any_number'
TOKENGATE_OPERATION(auto, deduced, (int n)) { return n; }          // expect: TG-E114 'deduced'
TOKENGATE_OPERATION(auto, trailing, (int n)) -> int { return n; }  // expect: TG-E114 'trailing'
TOKENGATE_INSTANCE(dangling, view);                                // expect: TG-E105 'dangling'
TOKENGATE_INSTANCE(member, &counter::count);                       // expect: TG-E105 'member'

template <tokengate::storage_speed>
int read_on(int n) {
  return n;
}
TOKENGATE_STORAGE_INSTANCES(fetch, read_on)
// expect@+1: TG-E124 storage_choice: its operations are not tagged ... in their order
inline constexpr tokengate::storage_choice mixed_up{fetch_slow, fetch_fast, fetch_moderate, fetch_insane};
// expect@+1: TG-E124
inline constexpr tokengate::storage_choice not_slow{fetch_fast, fetch_moderate, fetch_fast, fetch_insane};
// expect@+1: TG-E124
inline constexpr tokengate::storage_choice not_fast{fetch_slow, fetch_moderate, fetch_slow, fetch_insane};
inline constexpr tokengate::storage_choice in_order{fetch_slow, fetch_moderate, fetch_fast, fetch_insane};

TOKENGATE_INSTANCE(both, overloaded);  // expect: TG-E114 'both'
TOKENGATE_APPLICATION(all);

int run() {
  return dangling("x").get() + mixed_up(tokengate::storage_speed::fast, 1).get() +
         in_order(tokengate::storage_speed::slow, 1).get();
}
