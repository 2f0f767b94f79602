#include <exception>

#include <tokengate/core/error.h>
#include <tokengate/lanes/explore.h>

namespace tokengate::simulation::detail {
namespace {

constexpr std::size_t shown_events = 60;

/// What went wrong, or nothing.
std::optional<std::string> run(coordinator& cores, const std::function<void(coordinator&)>& body) {
  const coordinator::scope here(cores);
  try {
    body(cores);
    return std::nullopt;
  } catch (const std::exception& thrown) {
    return thrown.what();
  } catch (...) {
    return "something that is no std::exception was thrown";
  }
}

}  // namespace

std::optional<failure> explore(const seeds& wanted, const std::function<void(coordinator&)>& body) {
  options with = wanted.with;
  simulation_options simulated = with.simulation.value_or(simulation_options{});
  simulated.cores = wanted.cores;
  // Making large mailboxes would take longer than most runs.
  constexpr std::size_t small_mailbox = 64;
  if (with.mailbox_capacity == 0) with.mailbox_capacity = small_mailbox;
  for (std::uint64_t i = 0; i < wanted.count; ++i) {
    simulated.seed = wanted.first + i;
    with.simulation = simulated;
    coordinator cores(with);
    cores.start();
    if (auto what = run(cores, body))
      return failure{simulated.seed, cores.trace_fingerprint(), std::move(*what), cores.trace(shown_events)};
  }
  return std::nullopt;
}

}  // namespace tokengate::simulation::detail
