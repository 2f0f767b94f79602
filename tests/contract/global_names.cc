// Operations in the global namespace may be named like what the framework's headers use inside: nobody warns of it.
#include <string>
#include <vector>

#include <tokengate/tokengate.h>

TOKENGATE_OPERATION(int, bits, (int n)) { return n; }
TOKENGATE_OPERATION(int, wrong, (int n), weight::light) { return n; }
TOKENGATE_OPERATION(int, name, (const std::string& s, int n = 1)) { return static_cast<int>(s.size()) + n; }
TOKENGATE_OPERATION(int, value, (int n), storage_speed::fast) { return n; }
TOKENGATE_OPERATION(int, info, (int n), sticky_anchor{"a"}) { return n; }
TOKENGATE_OPERATION(int, first, (int n), timeout{1s}) { return n; }
TOKENGATE_OPERATION(int, given, (std::vector<int> v)) { return static_cast<int>(v.size()); }
TOKENGATE_OPERATION(int, arguments, (int n)) { return n; }
TOKENGATE_OPERATION(int, kind, (int n)) { return n; }
TOKENGATE_OPERATION(int, operations, (int n), external_calls{bits, "wrong", name, value}) { return n; }
TOKENGATE_OPERATION(int, get, (int n)) { return n; }
TOKENGATE_OPERATION(int, run, (int n)) { return n; }
TOKENGATE_OPERATION(int, _underscored, (int n)) { return n; }
TOKENGATE_OPERATION(int, größe, (int n)) { return n; }
TOKENGATE_APPLICATION(all);

static_assert(all.size() == 14 && all.contains("größe") && all.get<"info">().info.attributes.anchored);

int main() {
  std::vector<tokengate::token<int>> tokens;
  tokens.push_back(given({1, 2}));
  tokens.push_back(name("x"));
  tokens.push_back(info(1));
  return tokengate::gather(std::move(tokens))[0] + tokengate::submit([](int n) { return n; }, 1).get();
}
