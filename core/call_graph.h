// Who calls whom in a registry, by the places of its operations. For the compiler as well as for the running program:
// everything here is linear in operations and calls, needs no recursion and no memory of its own.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <tokengate/core/name_index.h>
#include <tokengate/core/operation_info.h>
#include <tokengate/core/place_set.h>

namespace tokengate::detail {

enum class direction : bool { to_callees, to_callers };

/// `Calls` is how many names all external_calls have together; those that nobody in the registry bears are left out.
template <std::size_t Count, std::size_t Calls>
class call_graph {
 public:
  using places = place_set<Count>;

  constexpr call_graph(const std::array<const operation_info*, Count>& operations, const name_index<Count>& index) {
    std::size_t used = 0;
    for (std::size_t caller = 0; caller < Count; ++caller) {
      for (const std::string_view name : operations[caller]->calls) {
        const std::size_t callee = index.place_of(name);
        if (callee == index.none) continue;
        callees_.entries[used++] = callee;
        ++callers_.ends[callee + 1];
      }
      callees_.ends[caller + 1] = used;
    }
    for (std::size_t place = 0; place < Count; ++place) callers_.ends[place + 1] += callers_.ends[place];
    auto next = callers_.ends;  // where the row of each goes on
    for (std::size_t caller = 0; caller < Count; ++caller)
      for (const std::size_t callee : callees_.row(caller)) callers_.entries[next[callee]++] = caller;
  }

  /// Those that the given ones call, or are called by.
  constexpr places step(const places& from, direction where) const {
    places found;
    for (std::size_t place = from.next(0); place < Count; place = from.next(place + 1))
      for (const std::size_t next : row(place, where)) found.add(next);
    return found;
  }

  /// The same by one call or more.
  constexpr places closure(const places& from, direction where) const {
    places found;
    std::array<std::size_t, Count> open{};
    std::size_t open_count = 0;
    const auto go_on_from = [&](std::size_t place) {
      for (const std::size_t next : row(place, where)) {
        if (found.has(next)) continue;
        found.add(next);
        open[open_count++] = next;
      }
    };
    for (std::size_t place = from.next(0); place < Count; place = from.next(place + 1)) go_on_from(place);
    while (open_count > 0) go_on_from(open[--open_count]);
    return found;
  }

  /// Those that nobody else calls, or that call nobody else.
  constexpr places ends(direction where) const {
    places found = places::all();
    for (std::size_t place = 0; place < Count; ++place)
      for (const std::size_t next : row(place, where))
        if (next != place) found.remove(place);
    return found;
  }

  /// Those that may come to call themselves: Tarjan's strongly connected components with more than one member, and
  /// those that name themselves.
  constexpr places cyclic() const {
    places found, is_open;
    std::array<std::size_t, Count> number{}, lowest{}, looked_at{}, here{}, open{};
    std::size_t numbers = 0, depth = 0, open_count = 0;
    const auto lower = [&](std::size_t place, std::size_t to) {
      if (to < lowest[place]) lowest[place] = to;
    };
    const auto enter = [&](std::size_t place) {
      lowest[place] = number[place] = ++numbers;
      here[depth++] = open[open_count++] = place;
      is_open.add(place);
    };
    const auto leave = [&](std::size_t place) {
      --depth;
      if (depth > 0) lower(here[depth - 1], lowest[place]);
      if (lowest[place] != number[place]) return;
      const bool several = open[open_count - 1] != place;
      std::size_t member;
      do {
        member = open[--open_count];
        is_open.remove(member);
        if (several) found.add(member);
      } while (member != place);
    };
    for (std::size_t root = 0; root < Count; ++root) {
      if (number[root] == 0) enter(root);
      while (depth > 0) {
        const std::size_t place = here[depth - 1];
        const auto calls = callees_.row(place);
        if (looked_at[place] == calls.size()) {
          leave(place);
          continue;
        }
        const std::size_t callee = calls[looked_at[place]++];
        if (callee == place) found.add(place);
        if (number[callee] == 0)
          enter(callee);
        else if (is_open.has(callee))
          lower(place, number[callee]);
      }
    }
    return found;
  }

  /// A shortest way from one of `from` to one of `to`, by one call or more.
  struct way {
    std::array<std::size_t, Count + 1> places{};
    std::size_t length = 0;  ///< 0: there is none
  };
  constexpr way shortest(const places& from, const places& to) const {
    struct step {
      std::size_t place, before;  // `before` is a place in `steps`, or this one's own for the first of a way
    };
    std::array<step, 2 * Count> steps{};  // those of `from` may come twice: as a beginning and behind a call
    std::size_t count = 0;
    for (std::size_t place = from.next(0); place < Count; place = from.next(place + 1), ++count)
      steps[count] = {place, count};
    places seen;
    for (std::size_t at = 0; at < count; ++at) {
      for (const std::size_t callee : callees_.row(steps[at].place)) {
        if (seen.has(callee)) continue;
        seen.add(callee);
        steps[count++] = {callee, at};
        if (to.has(callee)) return backwards(steps, count - 1);
      }
    }
    return {};
  }

 private:
  // For each place a row of places, one behind the other.
  struct rows {
    std::array<std::size_t, Count + 1> ends{};  // of row i at i + 1, which is where the next one begins
    std::array<std::size_t, Calls> entries{};

    constexpr std::span<const std::size_t> row(std::size_t place) const {
      return std::span<const std::size_t>(entries).subspan(ends[place], ends[place + 1] - ends[place]);
    }
  };

  constexpr std::span<const std::size_t> row(std::size_t place, direction where) const {
    return where == direction::to_callees ? callees_.row(place) : callers_.row(place);
  }

  template <class Steps>
  static constexpr way backwards(const Steps& steps, std::size_t last) {
    way result;
    result.length = 1;
    for (std::size_t at = last; steps[at].before != at; at = steps[at].before) ++result.length;
    for (std::size_t at = last, left = result.length; left > 0; at = steps[at].before)
      result.places[--left] = steps[at].place;
    return result;
  }

  rows callees_, callers_;
};

}  // namespace tokengate::detail
