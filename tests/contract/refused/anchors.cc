// Sticky anchors without a key, and tags that need an anchor or calls.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tokengate/anchors/anchor_key.h>
#include <tokengate/core/registry.h>

struct unknown {
  int n = 0;
};
struct told {
  int n = 0;
  friend void fingerprint_append(auto& to, const told& each) { to(each.n); }
};
// As types for JSON are: a range of its own kind.
struct document {
  using value_type = document;
  std::vector<document> parts;
  auto begin() const { return parts.begin(); }
  auto end() const { return parts.end(); }
};
struct later;
struct tells_too_much {
  int* n = nullptr;
  friend void fingerprint_append(auto& to, const tells_too_much& each) {
    to(each.n);  // expect: TG-E125 fingerprint_append: something has no fingerprint ... add values
  }
};
struct counter {
  int value = 0;
  int add(int more) { return value += more; }
};
struct session {};
template <>
inline constexpr bool tokengate::fingerprint_by_address<session*> = true;

// expect@+1: TG-E120 operation 'opaque': argument 2 of (int n, unknown u) cannot be fingerprinted ... write fingerprint_append
TOKENGATE_OPERATION(int, opaque, (int n, unknown u), sticky_anchor{"a"}) { return n + u.n; }
TOKENGATE_OPERATION(int, pointer, (const int* n), sticky_anchor{"a"}) { return *n; }  // expect: TG-E120 'pointer'
TOKENGATE_OPERATION(int, owner, (std::shared_ptr<int> n), sticky_anchor{"a"}) { return *n; }  // expect: TG-E120 'owner'
TOKENGATE_OPERATION(int, wrapped, (std::reference_wrapper<told> t), sticky_anchor{"a"}) {  // expect: TG-E120 'wrapped'
  return t.get().n;
}
TOKENGATE_OPERATION(int, inside, (std::vector<std::pair<int, unknown>> v), sticky_anchor{"a"}) {  // expect: TG-E120
  return v[0].first;
}
TOKENGATE_OPERATION(bool, tree, (document), sticky_anchor{"a"}) { return true; }  // expect: TG-E120 'tree'
TOKENGATE_OPERATION(bool, by_its_type, (document), sticky_anchor{"a"}, hash_policy::fast) { return true; }
TOKENGATE_OPERATION(int, whole, (unknown u), sticky_anchor{"a"}, hash_policy::full) { return u.n; }  // expect: TG-E120
TOKENGATE_OPERATION(void*, address, (void* p), sticky_anchor{"a"}, hash_policy::full) { return p; }  // expect: TG-E120
// Each mistake once: what dangles is not told to lack a fingerprint as well.
// expect@+1: TG-E105 'dangles'
TOKENGATE_OPERATION(int, dangles, (unknown & u), sticky_anchor{"a"}) { return u.n; }
// expect@+1: TG-E105 'two' // expect@+1: TG-E120 'two'
TOKENGATE_OPERATION(int, two, (unknown u, std::string_view s), sticky_anchor{"a"}) { return u.n + s[0]; }

TOKENGATE_OPERATION(int, by_name, (unknown u, int* n), sticky_anchor{"a"}, hash_policy::none) { return u.n + *n; }
TOKENGATE_OPERATION(int, by_type, (unknown u, int* n), sticky_anchor{"a"}, hash_policy::fast) { return u.n + *n; }
TOKENGATE_OPERATION(int, by_target, (told * t, int* n), sticky_anchor{"a"}, hash_policy::full) { return t->n + *n; }
TOKENGATE_OPERATION(int, by_identity, (session * s), sticky_anchor{"a"}) { return s != nullptr; }
TOKENGATE_OPERATION(int, by_value, (int n, const told& t), sticky_anchor{"a"}) { return n + t.n; }
TOKENGATE_OPERATION(int, by_parts, (tells_too_much t), sticky_anchor{"a"}) { return *t.n; }
TOKENGATE_DECLARE(int, of_later, (const later& l), sticky_anchor{"a"});
TOKENGATE_INSTANCE(add, &counter::add, sticky_anchor{"b"});
TOKENGATE_INSTANCE(add_anywhere, &counter::add, sticky_anchor{"b"}, hash_policy::none);

// expect@+1: TG-E121 operation 'alone': exclusive without sticky_anchor ... add the anchor
TOKENGATE_OPERATION(int, alone, (int n), exclusive) { return n; }
// expect@+1: TG-E122 operation 'childless': domain without external_calls ... add the calls
TOKENGATE_OPERATION(int, childless, (int n), domain::preferred) { return n; }
TOKENGATE_OPERATION(int, bound, (int n), domain::bound, sticky_anchor{"a"}) { return n; }    // expect: TG-E122 'bound'
TOKENGATE_OPERATION(int, again, (), exclusive, sticky_anchor{"c"}, exclusive) { return 1; }  // expect: TG-E102 'again'

// One anchor, one answer: all of its operations are exclusive, or none is. One name, one mistake.
TOKENGATE_OPERATION(int, strand, (int n), sticky_anchor{"strand"}, exclusive) { return n; }
// expect@+1: TG-E206 operation 'no_strand': another operation ... sticky_anchor{"strand"} ... all operations of that anchor
TOKENGATE_OPERATION(int, no_strand, (int n), weight::light, sticky_anchor{"strand"}) { return n; }
TOKENGATE_OPERATION(int, another, (int n), sticky_anchor{"strand"}) { return n; }
TOKENGATE_OPERATION(int, strand_again, (int n), exclusive, sticky_anchor{"strand"}) { return n; }

namespace elsewhere {
TOKENGATE_OPERATION(int, elsewhere_alone, (int n), sticky_anchor{"shared"}) { return n; }  // expect: TG-E206
TOKENGATE_PLUGIN(operations)
}  // namespace elsewhere
TOKENGATE_OPERATION(int, shares, (int n), sticky_anchor{"shared"}, exclusive) { return n; }

TOKENGATE_APPLICATION(all, elsewhere::operations);

int run(counter& c, const told& t, session& s, unknown& u) {
  int n = by_value(1, t).get() + by_identity(&s).get() + add(c, 1).get();  // expect: TG-E304 'add'
  // expect@+1: TG-E304 operation 'by_value': what this call keeps has no key ... give a value
  n += by_value(1, std::cref(t)).get();
  n += add(&c, 1).get();           // expect: TG-E304 'add'
  n += add(std::ref(c), 1).get();  // expect: TG-E304 'add'
  n += add_anywhere(&c, 1).get() + add_anywhere(std::ref(c), 1).get();
  n += by_target(nullptr, &n).get() + by_name({}, &n).get() + by_type({}, &n).get() + by_value(2, {}).get();
  n += by_parts({}).get();
  // What was refused can still be called, without a second error.
  return n + opaque(1, {}).get() + pointer(&n).get() + dangles(u).get() + two({}, "x").get() + alone(1).get();
}
