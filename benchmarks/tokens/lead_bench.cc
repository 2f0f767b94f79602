// What leads cost: with and without children, beside the same operations without external_calls; and seeds.
#include <functional>
#include <string>
#include <vector>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::leading {

TOKENGATE_OPERATION(int, child, (int n)) { return n; }

TOKENGATE_OPERATION(int, empty_plain, (int n)) { return n; }
TOKENGATE_OPERATION(int, empty_lead, (int n), external_calls{child}) { return n; }

int four_children(int n) {
  const auto [a, b, c, d] = gather(child(n), child(n + 1), child(n + 2), child(n + 3));
  return a + b + c + d;
}
TOKENGATE_OPERATION(int, four_plain, (int n)) { return four_children(n); }
TOKENGATE_OPERATION(int, four_bound, (int n), external_calls{child}) { return four_children(n); }
TOKENGATE_OPERATION(int, four_preferred, (int n), external_calls{child}, domain::preferred) { return four_children(n); }

int many_children(int n) {
  std::vector<token<int>> tokens;
  tokens.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) tokens.push_back(child(1));
  int sum = 0;
  for (const int result : gather(std::move(tokens))) sum += result;
  return sum;
}
TOKENGATE_OPERATION(int, many_plain, (int n)) { return many_children(n); }
TOKENGATE_OPERATION(int, many_bound, (int n), external_calls{child}) { return many_children(n); }
TOKENGATE_OPERATION(int, many_preferred, (int n), external_calls{child}, domain::preferred) { return many_children(n); }

/// One by one, by a token that is no lead.
TOKENGATE_OPERATION(long, driver, (token<int>(*call)(int), int argument, std::size_t times)) {
  long sum = 0;
  for (std::size_t i = 0; i < times; ++i) sum += call(argument).get();
  return sum;
}

std::size_t ask_for_seed(std::size_t times) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < times; ++i) characters += this_token::seed().size();
  return characters;
}
TOKENGATE_OPERATION(std::size_t, seed_full, (std::size_t times), external_calls{child}, digest_policy::full) {
  return ask_for_seed(times);
}
TOKENGATE_OPERATION(std::size_t, seed_short, (std::size_t times), external_calls{child}, digest_policy::short_) {
  return ask_for_seed(times);
}
TOKENGATE_OPERATION(std::size_t, seed_minimal, (std::size_t times), external_calls{child}, digest_policy::minimal) {
  return ask_for_seed(times);
}
TOKENGATE_OPERATION(std::size_t, seed_fast, (std::size_t times), external_calls{child}, digest_policy::fast) {
  return ask_for_seed(times);
}
TOKENGATE_OPERATION(std::size_t, lead_id, (std::size_t times), external_calls{child}) {
  std::size_t odd = 0;
  for (std::size_t i = 0; i < times; ++i) benchmark::DoNotOptimize(odd += this_token::lead() & 1);
  return times;
}
TOKENGATE_APPLICATION(application);

namespace {

template <class Operation, const Operation& Called>
token<int> call(int argument) {
  return Called(argument);
}
#define TOKENGATE_CALL(operation) call<std::remove_cvref_t<decltype(operation)>, operation>

void enter_calls(const std::string& row, const std::string& name, token<int> (*called)(int), int argument,
                 std::size_t times, int right, std::size_t tokens) {
  enter(row, name, [=](benchmark::State& state) {
    started cores(1);
    const std::size_t count = items(times);
    bool good = true;
    measure(state, count * tokens,
            [&] { good = good && driver(called, argument, count).get() == static_cast<long>(count) * right; });
    if (!good) state.SkipWithError("wrong sum");
  });
}

template <class Operation>
void enter_seed(const std::string& name, std::size_t digits, const Operation& operation) {
  enter("seed", name, [digits, &operation](benchmark::State& state) {
    started cores(1);
    const std::size_t count = items(100'000);
    bool good = true;
    measure(state, count, [&] { good = good && operation(count).get() == count * digits; });
    if (!good) state.SkipWithError("a seed of another length");
  });
}

const bool entered = [] {
  enter_calls("lead_empty", "tokengate", TOKENGATE_CALL(empty_lead), 1, 300'000, 1, 1);
  enter_calls("lead_empty", "no_lead", TOKENGATE_CALL(empty_plain), 1, 300'000, 1, 1);
  enter_calls("lead_bound", "tokengate", TOKENGATE_CALL(four_bound), 1, 50'000, 10, 1);
  enter_calls("lead_bound", "no_lead", TOKENGATE_CALL(four_plain), 1, 50'000, 10, 1);
  enter_calls("lead_preferred", "tokengate", TOKENGATE_CALL(four_preferred), 1, 50'000, 10, 1);
  enter_calls("lead_preferred", "no_lead", TOKENGATE_CALL(four_plain), 1, 50'000, 10, 1);
  constexpr int many = 1'000;
  enter_calls("child_bound", "tokengate", TOKENGATE_CALL(many_bound), many, 300, many, many);
  enter_calls("child_bound", "no_lead", TOKENGATE_CALL(many_plain), many, 300, many, many);
  enter_calls("child_preferred", "tokengate", TOKENGATE_CALL(many_preferred), many, 300, many, many);
  enter_calls("child_preferred", "no_lead", TOKENGATE_CALL(many_plain), many, 300, many, many);
  enter_seed("tokengate", 64, seed_full);
  enter_seed("short", 16, seed_short);
  enter_seed("minimal", 8, seed_minimal);
  enter_seed("fast", 16, seed_fast);
  enter_seed("id_alone", 1, lead_id);
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::leading
