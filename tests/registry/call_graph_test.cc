// Random graphs, and what plain loops over all pairs say of them.
#include <array>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <tokengate/core/call_graph.h>

namespace tokengate::detail {
namespace {

constexpr std::size_t count = 70, most_calls = 3 * count;  // more than a word has bits
using graph = call_graph<count, most_calls>;
using places = graph::places;

/// Operations with random calls, as a program could declare them, and the matrix of who reaches whom.
class random_calls {
 public:
  random_calls(unsigned seed, std::size_t calls) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<std::size_t> any(0, count - 1);
    for (std::size_t i = 0; i < count; ++i) names_[i] = "operation_" + std::to_string(i);
    while (calls-- > 0) {
      const std::size_t from = any(random), to = any(random);
      if (direct_[from][to]) continue;
      direct_[from][to] = true;
      calls_[from].push_back(names_[to]);
      if (calls % 5 == 0) calls_[from].push_back("operation of another plugin");
    }
    for (std::size_t i = 0; i < count; ++i) {
      infos_[i] = {.name = names_[i], .calls = calls_[i]};
      pointers_[i] = &infos_[i];
    }
    reached_ = direct_;
    for (std::size_t via = 0; via < count; ++via)
      for (std::size_t from = 0; from < count; ++from)
        for (std::size_t to = 0; to < count; ++to)
          reached_[from][to] = reached_[from][to] || (reached_[from][via] && reached_[via][to]);
  }

  [[nodiscard]] graph made() const { return graph(pointers_, name_index<count>(pointers_)); }
  [[nodiscard]] bool calls(std::size_t from, std::size_t to) const { return direct_[from][to]; }
  [[nodiscard]] bool reaches(std::size_t from, std::size_t to) const { return reached_[from][to]; }

 private:
  using matrix = std::array<std::array<bool, count>, count>;

  std::array<std::string, count> names_;
  std::array<std::vector<std::string_view>, count> calls_;
  std::array<operation_info, count> infos_;
  std::array<const operation_info*, count> pointers_{};
  matrix direct_{}, reached_{};
};

places only(std::size_t place) {
  places result;
  result.add(place);
  return result;
}

/// The places for which it holds.
template <class Predicate>
places where(Predicate predicate) {
  places result;
  for (std::size_t place = 0; place < count; ++place)
    if (predicate(place)) result.add(place);
  return result;
}

void check_steps(const random_calls& calls) {
  const graph made = calls.made();
  for (std::size_t from = 0; from < count; ++from) {
    EXPECT_EQ(made.step(only(from), direction::to_callees), where([&](auto to) { return calls.calls(from, to); }));
    EXPECT_EQ(made.step(only(from), direction::to_callers), where([&](auto to) { return calls.calls(to, from); }));
    EXPECT_EQ(made.closure(only(from), direction::to_callees), where([&](auto to) { return calls.reaches(from, to); }));
    EXPECT_EQ(made.closure(only(from), direction::to_callers), where([&](auto to) { return calls.reaches(to, from); }));
  }
  const auto nobody_else = [&](auto from, auto to) { return from == to || !calls.calls(from, to); };
  EXPECT_EQ(made.ends(direction::to_callees), where([&](auto from) {
              for (std::size_t to = 0; to < count; ++to)
                if (!nobody_else(from, to)) return false;
              return true;
            }));
  EXPECT_EQ(made.ends(direction::to_callers), where([&](auto to) {
              for (std::size_t from = 0; from < count; ++from)
                if (!nobody_else(from, to)) return false;
              return true;
            }));
  EXPECT_EQ(made.cyclic(), where([&](auto place) { return calls.reaches(place, place); }));
}

/// How many calls the shortest way takes; 0 for none.
std::size_t distance(const graph& made, std::size_t from, std::size_t to) {
  places reached = only(from);
  for (std::size_t steps = 1; steps <= count; ++steps) {
    reached = made.step(reached, direction::to_callees);
    if (reached.has(to)) return steps;
  }
  return 0;
}

void check_ways(const random_calls& calls) {
  const graph made = calls.made();
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      const auto way = made.shortest(only(from), only(to));
      const std::size_t steps = distance(made, from, to);
      ASSERT_EQ(way.length, steps == 0 ? 0 : steps + 1) << from << " to " << to;
      if (steps == 0) continue;
      EXPECT_EQ(way.places[0], from);
      EXPECT_EQ(way.places[steps], to);
      for (std::size_t i = 0; i < steps; ++i) EXPECT_TRUE(calls.calls(way.places[i], way.places[i + 1]));
    }
  }
}

TEST(call_graph, says_what_all_pairs_say) {
  for (unsigned seed = 0; seed < 40; ++seed)
    for (const std::size_t calls : {0u, 30u, 60u, 90u, 160u}) check_steps({seed, calls});
}

TEST(call_graph, finds_shortest_ways) {
  for (unsigned seed = 0; seed < 10; ++seed)
    for (const std::size_t calls : {0u, 60u, 90u, 160u}) check_ways({seed, calls});
}

TEST(call_graph, of_a_long_chain_needs_no_recursion) {
  constexpr std::size_t length = 5000;
  static std::array<std::string, length> names;
  static std::array<std::string_view, length> callees;
  static std::array<operation_info, length> infos;
  static std::array<const operation_info*, length> pointers;
  for (std::size_t i = 0; i < length; ++i) names[i] = "operation_" + std::to_string(i);
  for (std::size_t i = 0; i < length; ++i) {
    callees[i] = names[(i + 1) % length];
    infos[i] = {.name = names[i], .calls = {&callees[i], 1}};
    pointers[i] = &infos[i];
  }
  using long_graph = call_graph<length, length>;
  const auto made = std::make_unique<long_graph>(pointers, name_index<length>(pointers));
  EXPECT_EQ(made->cyclic().size(), length);
  long_graph::places first;
  first.add(0);
  EXPECT_EQ(made->closure(first, direction::to_callees).size(), length);
  EXPECT_EQ(made->shortest(first, first).length, length + 1);
}

TEST(place_set, goes_through_its_places) {
  place_set<130> set;
  EXPECT_EQ(set.next(0), 130u);
  for (const std::size_t place : {0u, 63u, 64u, 129u}) set.add(place);
  EXPECT_EQ(set.size(), 4u);
  EXPECT_EQ(set.next(0), 0u);
  EXPECT_EQ(set.next(1), 63u);
  EXPECT_EQ(set.next(64), 64u);
  EXPECT_EQ(set.next(65), 129u);
  EXPECT_EQ(set.next(130), 130u);
  set.remove(63);
  EXPECT_EQ(set.next(1), 64u);
  EXPECT_EQ(place_set<130>::all().size(), 130u);
  EXPECT_EQ(place_set<64>::all().next(64), 64u);
  EXPECT_EQ(place_set<0>::all().size(), 0u);
}

}  // namespace
}  // namespace tokengate::detail
