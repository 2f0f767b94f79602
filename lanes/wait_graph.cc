#include <algorithm>
#include <unordered_map>
#include <utility>

#include <tokengate/core/operation_table.h>
#include <tokengate/lanes/wait_graph.h>

namespace tokengate::lanes {
namespace {

using detail::wait_kind;
using link = cycle_step::link;

/// A wait that only ends when other tokens do.
bool counts(const seen_fiber& fiber) noexcept {
  if (fiber.state != fiber_state::suspended || fiber.timed || fiber.awaited == 0) return false;
  return fiber.kind == wait_kind::token || fiber.kind == wait_kind::all_tokens || fiber.kind == wait_kind::any_token ||
         fiber.kind == wait_kind::lock;
}

class graph {
 public:
  explicit graph(std::span<const core_view> views) {
    for (unsigned core = 0; core < views.size(); ++core)
      for (const seen_fiber& each : views[core].fibers)
        if (counts(each)) add(core, views[core], each);
    for (unsigned core = 0; core < views.size(); ++core)
      for (const seen_in_strand& each : views[core].in_strands) {
        number_of_.emplace(each.token.id, nodes_.size());
        behind_.emplace_back(nodes_.size(), each.holder);
        nodes_.push_back({.step = {core, 0, each.token, link::strand, false}, .awaited = {}});
      }
    join();
  }

  std::vector<wait_cycle> break_all() {
    std::vector<wait_cycle> found;
    for (std::size_t start = 0; start < nodes_.size(); ++start)
      while (nodes_[start].stuck) {
        wait_cycle cycle;
        const auto members = walk_from(start);
        for (const std::size_t each : members) cycle.steps.push_back(nodes_[each].step);
        for (std::size_t i = 0; i < members.size(); ++i) {
          const auto& step = cycle.steps[i];
          const bool better = cycle.victim == wait_cycle::nobody || step.token.id > cycle.steps[cycle.victim].token.id;
          if (step.may_throw && better) cycle.victim = i;
        }
        // Without a victim it stays as it is; what hangs on it is left alone, too.
        release(members[cycle.victim != wait_cycle::nobody ? cycle.victim : 0]);
        if (cycle.victim != wait_cycle::nobody) found.push_back(std::move(cycle));
      }
    return found;
  }

 private:
  struct token_node {
    cycle_step step;
    bool any = false;            // one awaited token that goes on is enough
    bool stuck = true;           // as far as is known
    std::size_t holding_up = 0;  // awaited nodes that are stuck
    std::vector<std::size_t> awaited;
  };

  void add(unsigned core, const core_view& view, const seen_fiber& fiber) {
    const auto tokens = view.tokens_of(fiber);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const auto how = i != 0 ? link::runs : fiber.kind == wait_kind::lock ? link::lock : link::waits;
      number_of_.emplace(tokens[i].id, nodes_.size());
      token_node made{.step = {core, fiber.serial, tokens[i], how, i == 0 && !fiber.shielded}, .awaited = {}};
      made.any = i == 0 && fiber.kind == wait_kind::any_token;
      if (i != 0) made.awaited.push_back(nodes_.size() - 1);
      nodes_.push_back(std::move(made));
    }
    waits_.push_back({nodes_.size() - tokens.size(), &view, &fiber});
  }

  /// Edges, in both directions; then everything that can go on is released.
  void join() {
    std::vector<std::size_t> free;
    for (const auto& [number, view, fiber] : waits_) {
      token_node& waiting = nodes_[number];
      bool one_goes_on = false;
      for (const std::uint64_t id : view->awaited_by(*fiber)) {
        const auto found = number_of_.find(id);
        if (found == number_of_.end())
          one_goes_on = true;
        else
          waiting.awaited.push_back(found->second);
      }
      if (waiting.awaited.empty() || (waiting.any && one_goes_on)) free.push_back(number);
    }
    for (const auto& [number, holder] : behind_) {
      if (const auto found = number_of_.find(holder); found != number_of_.end())
        nodes_[number].awaited.push_back(found->second);
      else
        free.push_back(number);
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      nodes_[i].holding_up = nodes_[i].awaited.size();
      for (const std::size_t each : nodes_[i].awaited) held_up_.emplace_back(each, i);
    }
    std::sort(held_up_.begin(), held_up_.end());
    for (const std::size_t each : free) release(each);
  }

  /// The token goes on, and so does whom only it held up.
  void release(std::size_t first) {
    std::vector<std::size_t> going{first};
    while (!going.empty()) {
      const std::size_t each = going.back();
      going.pop_back();
      if (!std::exchange(nodes_[each].stuck, false)) continue;
      auto next = std::lower_bound(held_up_.begin(), held_up_.end(), std::pair{each, std::size_t{0}});
      for (; next != held_up_.end() && next->first == each; ++next) {
        token_node& waiting = nodes_[next->second];
        if (--waiting.holding_up == 0 || waiting.any) going.push_back(next->second);
      }
    }
  }

  /// Every stuck token is held up by a stuck one, so this comes round.
  std::vector<std::size_t> walk_from(std::size_t start) {
    std::vector<std::size_t> path;
    std::unordered_map<std::size_t, std::size_t> position;
    for (std::size_t each = start; position.emplace(each, path.size()).second;) {
      path.push_back(each);
      const auto& awaited = nodes_[each].awaited;
      each = *std::find_if(awaited.begin(), awaited.end(), [this](std::size_t next) { return nodes_[next].stuck; });
      if (position.contains(each)) {
        path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(position[each]));
        break;
      }
    }
    return path;
  }

  struct wait_of {
    std::size_t number;
    const core_view* view;
    const seen_fiber* fiber;
  };
  std::vector<token_node> nodes_;
  std::vector<wait_of> waits_;
  std::vector<std::pair<std::size_t, std::uint64_t>> behind_;  // a queued token, and who has its anchor
  std::unordered_map<std::uint64_t, std::size_t> number_of_;
  std::vector<std::pair<std::size_t, std::size_t>> held_up_;  // awaited node, who waits for it; sorted
};

std::string name_of(const seen_token& token) {
  return "token " + std::to_string(token.id) + " of '" + std::string(operation_name(token.operation)) + "'";
}

}  // namespace

std::vector<wait_cycle> find_cycles(std::span<const core_view> views) { return graph(views).break_all(); }

std::string describe(const wait_cycle& cycle) {
  const std::size_t count = cycle.steps.size();
  const std::size_t first = cycle.victim == wait_cycle::nobody ? 0 : cycle.victim;
  std::string text = name_of(cycle.steps[first].token);
  for (std::size_t i = 0; i < count; ++i) {
    const auto how = cycle.steps[(first + i) % count].how;
    if (i != 0) text += ", which";
    text += how == link::runs     ? " runs "
            : how == link::lock   ? " waits for a lock of "
            : how == link::strand ? " waits for the exclusive anchor of "
                                  : " waits for ";
    text += name_of(cycle.steps[(first + i + 1) % count].token);
    if (how == link::runs) text += " in place";
  }
  return text;
}

bool still_there(const wait_cycle& cycle, std::span<const core_view> views) {
  return std::all_of(cycle.steps.begin(), cycle.steps.end(), [&](const cycle_step& step) {
    const core_view& view = views[step.core];
    if (step.how == link::strand)
      return std::any_of(view.in_strands.begin(), view.in_strands.end(),
                         [&](const seen_in_strand& each) { return each.token.id == step.token.id; });
    return std::any_of(view.fibers.begin(), view.fibers.end(), [&](const seen_fiber& each) {
      if (!counts(each) || each.serial != step.serial) return false;
      const auto tokens = view.tokens_of(each);
      return std::any_of(tokens.begin(), tokens.end(), [&](const seen_token& one) { return one.id == step.token.id; });
    });
  });
}

}  // namespace tokengate::lanes
