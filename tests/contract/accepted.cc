// What a declaration may look like. Compiling this file is the test: every line that could be wrong is asserted.
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <boost/hana/all_of.hpp>
#include <boost/hana/any_of.hpp>
#include <boost/hana/fold_left.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/length.hpp>

#include <tokengate/anchors/anchor_key.h>
#include <tokengate/core/registry.h>

namespace hana = boost::hana;
using std::chrono_literals::operator""s;

// Names of tags mean what the user wants around a declaration.
struct timeout {};
int weight = 0;
int exclusive = 0;

namespace given {

TOKENGATE_OPERATION(void, none, ()) {}
TOKENGATE_OPERATION(int, several, (int n), weight::heavy, storage_speed::fast, timeout{30s}) { return n; }
TOKENGATE_OPERATION(int, reordered, (int n), timeout{30s}, storage_speed::fast, weight::heavy) { return n; }
TOKENGATE_OPERATION(int, qualified, (int n), tokengate::weight::light, ::tokengate::timeout{1ms}) { return n; }
TOKENGATE_OPERATION(int, lead, (int n), external_calls{"several", reordered, std::string_view("lead")},
                    digest_policy::short_, domain::preferred) {
  return n;
}
TOKENGATE_OPERATION(int, childless, (int n), external_calls{}) { return n; }
TOKENGATE_OPERATION(int, anchored, (int key), sticky_anchor{"ledger"}, hash_policy::fast) { return key; }
TOKENGATE_OPERATION(int, alone, (int key), exclusive, weight::light, sticky_anchor{"strand"}) { return key; }
TOKENGATE_OPERATION(int, alone_too, (), sticky_anchor{"strand"}, hash_policy::none, tokengate::exclusive) { return 1; }

constexpr int half_a_minute = 30;
TOKENGATE_OPERATION(int, computed, (int n), timeout{std::chrono::seconds(half_a_minute)}) { return n; }

// A tag of a plugin.
struct retries {
  int limit;
};

}  // namespace given

template <>
struct tokengate::tag_traits<given::retries> {
  using kind = given::retries;
  static constexpr void apply(const given::retries& tag, operation_info& info) { info.timeout *= tag.limit; }
};

namespace given {

TOKENGATE_OPERATION(int, retried, (int n), timeout{2s}, retries{3}) { return n; }
TOKENGATE_APPLICATION(all);

static_assert(all.size() == 11);
static_assert(none.info.name == "none" && none.info.line == 37 &&
              std::string_view(none.info.file).ends_with("accepted.cc"));
static_assert(none.info.attributes == tokengate::attributes{});
static_assert(none.info.attributes.weight == tokengate::weight::medium && none.info.timeout == 0s);
static_assert(several.info.attributes.weight == tokengate::weight::heavy);
static_assert(several.info.attributes.storage == static_cast<int>(tokengate::storage_speed::fast));
static_assert(several.info.attributes.touches_storage() && !none.info.attributes.touches_storage());
static_assert(several.info.timeout == 30s && several.info.attributes.domain == tokengate::domain::bound);
static_assert(several.info.attributes == reordered.info.attributes && several.info.timeout == reordered.info.timeout);
static_assert(qualified.info.attributes.weight == tokengate::weight::light);
static_assert(lead.info.attributes.lead && lead.info.calls.size() == 3);
static_assert(lead.info.attributes.domain == tokengate::domain::preferred);
static_assert(lead.info.calls[0] == "several" && lead.info.calls[1] == "reordered" && lead.info.calls[2] == "lead");
static_assert(childless.info.attributes.lead && childless.info.calls.empty());
static_assert(anchored.info.attributes.anchored && anchored.info.anchor == "ledger" && !anchored.info.attributes.lead);
static_assert(!anchored.info.attributes.exclusive && alone.info.attributes.exclusive);
static_assert(alone_too.info.attributes.exclusive && alone_too.info.attributes.anchored);
static_assert(computed.info.timeout == 30s);
static_assert(retried.info.timeout == 6s);

}  // namespace given

namespace results {

using function = int (*)(int);

TOKENGATE_OPERATION((std::map<int, std::string>), with_commas, (int n)) { return {{n, "x"}}; }
TOKENGATE_OPERATION((std::pair<int, int>), pair, ()) { return {1, 2}; }
TOKENGATE_OPERATION(std::unique_ptr<int>, move_only, (int n)) { return std::make_unique<int>(n); }
TOKENGATE_OPERATION(const std::string&, reference, (const std::string* text)) { return *text; }
TOKENGATE_OPERATION(const std::string, constant, (const std::string* text)) { return *text; }
TOKENGATE_OPERATION(std::string_view, view, (const std::string* text)) { return *text; }
TOKENGATE_OPERATION(function, callback, ()) {
  return [](int n) { return n; };
}
TOKENGATE_OPERATION(std::vector<tokengate::token<int>>, tokens, ()) { return {}; }
TOKENGATE_OPERATION(std::optional<std::shared_ptr<int>>, optional, ()) { return std::nullopt; }
// Named like what the macros name.
struct Arguments {};
struct Name {};
TOKENGATE_OPERATION(Arguments, named, (Name)) { return {}; }
TOKENGATE_APPLICATION(all);
[[maybe_unused]] int run() { return static_cast<int>(constant(nullptr).get().size()) + (named(Name{}).get(), 1); }

static_assert(std::is_same_v<decltype(with_commas(1)), tokengate::token<std::map<int, std::string>>>);
static_assert(std::is_same_v<decltype(move_only(1)), tokengate::token<std::unique_ptr<int>>>);
static_assert(std::is_same_v<decltype(reference(nullptr)), tokengate::token<const std::string&>>);
static_assert(std::is_same_v<decltype(tokens)::result_type, std::vector<tokengate::token<int>>>);

}  // namespace results

namespace arguments {

struct incomplete;
struct base {
  virtual ~base() = default;
  virtual int value() const = 0;
};
// Recognised neither by type nor by what it keeps: json-like types are their own value_type.
struct document {
  using value_type = document;
  std::vector<document> parts;
};
struct owning_view : std::ranges::view_base {
  std::vector<int> values;
};

TOKENGATE_OPERATION(int, defaults, (int a, std::string b = "one, two", std::vector<int> c = {1, 2})) {
  return a + static_cast<int>(b.size() + c.size());
}
TOKENGATE_OPERATION(int, first_listed, (std::vector<int> a, std::map<int, int> b = {}, int c = 3)) {
  return static_cast<int>(a.size() + b.size()) + c;
}
TOKENGATE_OPERATION(int, by_reference, (const std::string& text, const std::vector<int>& numbers)) {
  return static_cast<int>(text.size() + numbers.size());
}
TOKENGATE_OPERATION(int, movable, (std::unique_ptr<int> one, std::vector<std::unique_ptr<int>>&& more)) {
  return *one + static_cast<int>(more.size());
}
TOKENGATE_OPERATION(int, shared, (std::reference_wrapper<int> target, base* object, std::shared_ptr<base> owner)) {
  return target + object->value() + owner->value();
}
TOKENGATE_OPERATION(int, a_token, (tokengate::token<int> other)) { return other.get(); }
TOKENGATE_OPERATION(int, functions, (std::function<int(std::string_view)> f, int (*g)(std::span<int>))) {
  return f("") + g({});
}
TOKENGATE_OPERATION(int, owning,
                    (std::array<std::string, 2> a, std::variant<int, std::string> b, document c, owning_view d,
                     std::filesystem::path e, std::optional<std::tuple<int, std::string>> f)) {
  return static_cast<int>(a.size() + b.index() + c.parts.size() + d.values.size() + e.native().size()) + f.has_value();
}
TOKENGATE_DECLARE(int, of_incomplete, (const incomplete& later));
TOKENGATE_OPERATION(int, c_string, (const char* text)) { return *text; }
TOKENGATE_OPERATION(int, unnamed, (int, const std::string& = {})) { return 0; }
struct derived : base {
  int value() const override { return 1; }
};
struct derived_twice : derived {};
TOKENGATE_OPERATION(int, of_base, (const derived& object)) { return object.value(); }
TOKENGATE_APPLICATION(all);

static_assert(std::is_same_v<decltype(defaults(1)), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(defaults(1, "two")), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(defaults(1, "two", {3, 4})), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(first_listed({1, 2})), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(first_listed({1, 2}, {{3, 4}})), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(by_reference("text", {1, 2})), tokengate::token<int>>);
static_assert(
    std::is_same_v<decltype(by_reference(std::cref(std::declval<std::string&>()), {})), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(movable(nullptr, {})), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(unnamed(1)), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(of_base(derived_twice())), tokengate::token<int>>);

template <class Operation, class... Arguments>
constexpr bool takes = Operation::template takes<Arguments...>;
static_assert(takes<decltype(defaults), int> && takes<decltype(defaults), short, const char*>);
static_assert(!takes<decltype(defaults)> && !takes<decltype(defaults), const char*> &&
              !takes<decltype(defaults), int, int>);
static_assert(takes<decltype(movable), std::unique_ptr<int>, std::vector<std::unique_ptr<int>>>);
static_assert(!takes<decltype(movable), std::unique_ptr<int>&, std::vector<std::unique_ptr<int>>>);
static_assert(takes<decltype(of_base), std::reference_wrapper<derived>> && !takes<decltype(of_base), base*>);

}  // namespace arguments

namespace recursion {

TOKENGATE_DECLARE(bool, odd, (unsigned n), weight::light, external_calls{"even"});
TOKENGATE_OPERATION(bool, even, (unsigned n), weight::light, external_calls{odd}) { return n == 0 || odd(n - 1).get(); }
TOKENGATE_DEFINE(bool, odd, (unsigned n)) { return n != 0 && even(n - 1).get(); }
TOKENGATE_OPERATION(unsigned, factorial, (unsigned n), external_calls{"factorial"}) {
  return n < 2 ? 1 : n * factorial(n - 1).get();
}
TOKENGATE_DECLARE((std::map<int, int>), declared_with_defaults, (int a, int b = 2), weight::heavy);
TOKENGATE_DEFINE((std::map<int, int>), declared_with_defaults, (int a, int b)) { return {{a, b}}; }
TOKENGATE_APPLICATION(all);

static_assert(all.size() == 4 && all.calls("odd", "even") && all.calls("even", "odd") &&
              all.calls("factorial", "factorial"));
static_assert(!all.calls("factorial", "even"));
static_assert(std::is_same_v<decltype(declared_with_defaults(1)), tokengate::token<std::map<int, int>>>);

}  // namespace recursion

namespace instances {

using tokengate::storage_speed;

class counter {
 public:
  int add(int more) { return value_ += more; }
  int value() const noexcept { return value_; }
  int added() & { return ++value_; }
  int read() const& noexcept { return value_; }
  int moved() && { return value_; }
  int seen() const volatile { return value_; }

 private:
  int value_ = 0;
};
int overloaded(int n) { return n; }
double overloaded(double n) { return n; }
template <class T, int Factor>
T times(T n) noexcept {
  return n * Factor;
}
template <storage_speed Tier>
int read_on(const std::string& path, int offset);
template <storage_speed Tier>
int hash_on(std::string path);

TOKENGATE_INSTANCE(add, &counter::add, weight::light);
TOKENGATE_INSTANCE(value, &counter::value);
TOKENGATE_INSTANCE(added, &counter::added);
TOKENGATE_INSTANCE(read, &counter::read);
TOKENGATE_INSTANCE(moved, &counter::moved);
TOKENGATE_INSTANCE(seen, &counter::seen);
TOKENGATE_INSTANCE(twice, (times<int, 2>), timeout{1s});
TOKENGATE_INSTANCE(chosen, (static_cast<double (*)(double)>(overloaded)));
TOKENGATE_STORAGE_INSTANCES(read_block, read_on, weight::light);
TOKENGATE_STORAGE_INSTANCES(hash_file, hash_on, external_calls{read_block, "twice"});
TOKENGATE_APPLICATION(all);

template <storage_speed Tier>
int read_on(const std::string& path, int offset) {
  return static_cast<int>(path.size()) + offset;
}
template <storage_speed Tier>
int hash_on(std::string path) {
  return read_block(Tier, std::move(path), 1).get();
}

static_assert(all.size() == 16);
static_assert(std::is_same_v<decltype(add(std::declval<counter*>(), 1)), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(add(std::ref(std::declval<counter&>()), 1)), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(add(std::make_shared<counter>(), 1)), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(value(counter())), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(added(std::declval<counter*>())), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(moved(counter())), tokengate::token<int>>);
static_assert(std::is_same_v<decltype(chosen(1)), tokengate::token<double>>);
static_assert(read_block_slow.info.attributes.storage == static_cast<int>(storage_speed::slow));
static_assert(read_block_insane.info.attributes.storage == static_cast<int>(storage_speed::insane));
static_assert(hash_file_moderate.info.calls.size() == 5 && all.calls("hash_file_fast", "read_block_slow"));
static_assert(std::is_same_v<decltype(hash_file(storage_speed::fast, "path")), tokengate::token<int>>);

}  // namespace instances

// Operations in unnamed and inline namespaces belong to the namespace around them; those of an enclosing one do not.
namespace nested {

TOKENGATE_OPERATION(int, outer, (int n)) { return n; }
namespace {
TOKENGATE_OPERATION(int, hidden, (int n), weight::light, external_calls{outer}) { return n; }
TOKENGATE_DECLARE(int, hidden_twice, (int n = 2));
TOKENGATE_DEFINE(int, hidden_twice, (int n)) { return n; }
TOKENGATE_OPERATION(int, never_called, (int n)) { return n; }
TOKENGATE_INSTANCE(never_called_either, (+[](int n) { return n; }));
[[maybe_unused]] int run() { return hidden(1).get() + hidden_twice().get(); }
}  // namespace
inline namespace v1 {
TOKENGATE_OPERATION(int, versioned, (int n)) { return n; }
}  // namespace v1
namespace inner {
TOKENGATE_OPERATION(int, outer, (double n)) { return static_cast<int>(n); }
TOKENGATE_APPLICATION(all);
static_assert(all.size() == 1 && all.find("outer") == &outer.info && all.contains(outer) && !all.contains(versioned));
}  // namespace inner
namespace empty {
TOKENGATE_APPLICATION(nothing);
static_assert(nothing.size() == 0 && !nothing.contains("outer"));
}  // namespace empty
TOKENGATE_APPLICATION(all);
static_assert(all.size() == 6 && all.contains(outer) && all.contains("versioned") && !all.contains(inner::outer));

}  // namespace nested

namespace plugins {

namespace disk {
TOKENGATE_OPERATION(int, read, (int n), storage_speed::slow) { return n; }
TOKENGATE_OPERATION(int, scan, (int n), external_calls{"read", "report"}) {
  return n;
}  // report: known to the application
TOKENGATE_PLUGIN(plugin);
static_assert(plugin.size() == 2);
}  // namespace disk
namespace net {
TOKENGATE_OPERATION(int, send, (int n), external_calls{disk::read}) { return n; }
TOKENGATE_PLUGIN(plugin);
}  // namespace net
using namespace net;
TOKENGATE_OPERATION(int, report, (int n), external_calls{"send"}) { return n; }
TOKENGATE_APPLICATION(all, disk::plugin, net::plugin, disk::plugin);

// The registry as a value, for Boost.Hana and for rules of the user's own.
static_assert(all.size() == 4 && decltype(hana::length(all))::value == 4);
static_assert(all.find("read")->attributes.touches_storage() && all.find("nobody") == nullptr);
static_assert(hana::any_of(all.types(),
                           [](auto type) { return hana::bool_c<decltype(type)::type::info.name == "send">; }));
static_assert(hana::fold_left(all, std::size_t{0}, [](std::size_t sum, auto type) {
                return sum + decltype(type)::type::info.calls.size();
              }) == 4);
static_assert([] {
  for (const tokengate::operation_info* info : net::plugin.infos())
    for (const std::string_view callee : info->calls)
      if (disk::plugin.contains(callee) && !disk::plugin.find(callee)->attributes.touches_storage()) return false;
  return true;
}());

}  // namespace plugins

// Operations are values: they can be copied, passed and asked in constant expressions.
static_assert(std::is_empty_v<decltype(given::none)> && std::is_trivially_copyable_v<decltype(given::none)>);
constexpr auto name_of = [](auto operation) { return operation.info.name; };
static_assert(name_of(given::lead) == "lead");
