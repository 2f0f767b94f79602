// Arguments that would dangle, or cannot be kept until the token runs.
#include <array>
#include <atomic>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <tokengate/core/registry.h>

using std::string_view;
struct abstract {
  virtual ~abstract() = default;
  virtual int value() const = 0;
};
struct immovable {
  immovable() = default;
  immovable(immovable&&) = delete;
};
template <class T>
struct own_view {
  T* first;
};
template <class T>
inline constexpr bool tokengate::refers_elsewhere<own_view<T>> = true;

TOKENGATE_OPERATION(int, view, (string_view text)) { return text[0]; }                        // expect: TG-E105 'view'
TOKENGATE_OPERATION(int, view2, (int n, const string_view& text)) { return n + text[0]; }     // expect: TG-E105 'view2'
TOKENGATE_OPERATION(int, span, (std::span<const int> values)) { return values[0]; }           // expect: TG-E105 'span'
TOKENGATE_OPERATION(int, list, (std::initializer_list<int> l)) { return *l.begin(); }         // expect: TG-E105 'list'
TOKENGATE_OPERATION(int, range, (std::ranges::subrange<int*> r)) { return r[0]; }             // expect: TG-E105 'range'
TOKENGATE_OPERATION(int, own, (own_view<int> v)) { return *v.first; }                         // expect: TG-E105 'own'
TOKENGATE_OPERATION(int, reference, (int& n)) { return ++n; }                                 // expect: TG-E105
TOKENGATE_OPERATION(int, array, (const int (&a)[3])) { return a[0]; }                         // expect: TG-E105 'array'
TOKENGATE_OPERATION(int, in_vector, (std::vector<string_view> v)) { return v[0][0]; }         // expect: TG-E105
TOKENGATE_OPERATION(int, in_optional, (std::optional<std::span<int>> v)) { return (*v)[0]; }  // expect: TG-E105
TOKENGATE_OPERATION(int, in_map, (const std::map<int, string_view>& v)) { return !v.empty(); }     // expect: TG-E105
TOKENGATE_OPERATION(int, in_array, (std::array<string_view, 2> v)) { return v[0][0]; }             // expect: TG-E105
TOKENGATE_OPERATION(int, in_tuple, (std::tuple<int, string_view> v)) { return std::get<0>(v); }    // expect: TG-E105
TOKENGATE_OPERATION(int, deep, (std::vector<std::pair<int, std::variant<int, string_view>>> v)) {  // expect: TG-E105
  return v[0].first;
}
TOKENGATE_OPERATION(int, by_default, (int n, string_view text = "x")) { return n + text[0]; }  // expect: TG-E105

TOKENGATE_OPERATION(int, mutex, (std::mutex m)) { return m.try_lock(); }        // expect: TG-E106 'mutex'
TOKENGATE_OPERATION(int, atomic, (const std::atomic<int>& a)) { return a; }     // expect: TG-E106 'atomic'
TOKENGATE_OPERATION(int, interface, (const abstract& a)) { return a.value(); }  // expect: TG-E106
TOKENGATE_OPERATION(int, fixed, (immovable && i)) { return sizeof(i); }         // expect: TG-E106 'fixed'
// Two mistakes, two errors.
// expect@+1: TG-E105 'two' // expect@+1: TG-E106 'two'
TOKENGATE_OPERATION(int, two, (string_view text, std::mutex m)) { return text[0] + m.try_lock(); }
// The compiler itself refuses this one; it is not refused twice.
TOKENGATE_OPERATION(int, by_value, (abstract a)) { return a.value(); }  // expect: error

TOKENGATE_APPLICATION(all);

int run() { return view("x").get() + mutex().get() + reference(1).get(); }
