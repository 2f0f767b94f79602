// What anchors cost: tokens of nothing, pinned to a core and not, from a thread and from a token.
#include <string>
#include <vector>

#include <tokengate/benchmarks/contest.h>
#include <tokengate/tokengate.h>

namespace tokengate::benchmarks::anchoring {

TOKENGATE_OPERATION(int, plain, (int n)) { return n + 1; }
TOKENGATE_OPERATION(int, pinned, (int n), sticky_anchor{"number"}) { return n + 1; }
TOKENGATE_OPERATION(int, in_strand, (int n), sticky_anchor{"strand"}, exclusive) { return n + 1; }

// Not leads: what those call is not anchored.
template <class Operation>
std::size_t make_children(const Operation& operation, std::size_t children, bool distinct) {
  constexpr std::size_t together = 1'000;
  std::size_t wrong = 0;
  for (std::size_t made = 0; made < children; made += together) {
    std::vector<token<int>> tokens;
    tokens.reserve(together);
    for (std::size_t i = 0; i < together; ++i) tokens.push_back(operation(distinct ? static_cast<int>(i) : 0));
    std::size_t i = 0;
    for (const int result : gather(std::move(tokens))) wrong += result != (distinct ? static_cast<int>(i++) : 0) + 1;
  }
  return wrong;
}
TOKENGATE_OPERATION(std::size_t, with_plain, (std::size_t children, bool distinct)) {
  return make_children(plain, children, distinct);
}
TOKENGATE_OPERATION(std::size_t, with_pinned, (std::size_t children, bool distinct)) {
  return make_children(pinned, children, distinct);
}
TOKENGATE_OPERATION(std::size_t, with_strand, (std::size_t children, bool distinct)) {
  return make_children(in_strand, children, distinct);
}
TOKENGATE_APPLICATION(application);

namespace {

/// Batches of 10,000 from a thread with a processor of its own, as in submit_bench.cc.
template <class Operation>
void enter_outside(const std::string& row, const std::string& name, bool distinct, const Operation& operation) {
  enter(row, name, [distinct, &operation](benchmark::State& state) {
    constexpr std::size_t batch = 10'000;
    const std::size_t batches = std::max<std::size_t>(items(200'000) / batch, 1), size = items(batch);
    started cores(1);
    std::vector<token<int>> handles;
    handles.reserve(size);
    std::size_t wrong = 0;
    const auto work = [&] {
      for (std::size_t b = 0; b < batches; ++b) {
        for (std::size_t i = 0; i < size; ++i) handles.push_back(operation(distinct ? static_cast<int>(i) : 0));
        for (std::size_t i = 0; i < size; ++i) wrong += handles[i].get() != (distinct ? static_cast<int>(i) : 0) + 1;
        handles.clear();
      }
    };
    work();
    const on_last_processor here;
    measure(state, batches * size, work);
    if (wrong != 0) state.SkipWithError("wrong results");
  });
}

template <class Parent>
void enter_inside(const std::string& row, const std::string& name, bool distinct, const Parent& parent) {
  enter(row, name, [distinct, &parent](benchmark::State& state) {
    const std::size_t children = std::max<std::size_t>(items(300'000) / 1'000, 1) * 1'000;
    started cores(1);
    std::size_t wrong = 0;
    measure(state, children, [&] { wrong += parent(children, distinct).get(); });
    if (wrong != 0) state.SkipWithError("wrong results");
  });
}

const bool entered = [] {
  for (const bool distinct : {false, true}) {
    const std::string keys = distinct ? "_many_keys" : "_one_key";
    enter_outside("pinned" + keys, "tokengate", distinct, pinned);
    enter_outside("pinned" + keys, "unanchored", distinct, plain);
    enter_outside("strand" + keys, "tokengate", distinct, in_strand);
    enter_outside("strand" + keys, "unanchored", distinct, plain);
    enter_inside("pinned_child" + keys, "tokengate", distinct, with_pinned);
    enter_inside("pinned_child" + keys, "unanchored", distinct, with_plain);
    enter_inside("strand_child" + keys, "tokengate", distinct, with_strand);
    enter_inside("strand_child" + keys, "unanchored", distinct, with_plain);
  }
  return true;
}();

}  // namespace
}  // namespace tokengate::benchmarks::anchoring
