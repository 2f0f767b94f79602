#include <algorithm>
#include <thread>
#include <utility>

#include <pthread.h>

#include <tokengate/core/node.h>
#include <tokengate/lanes/converger.h>
#include <tokengate/lanes/runtime.h>
#include <tokengate/lanes/simulated_core.h>
#include <tokengate/lanes/simulation.h>
#include <tokengate/lanes/stack_pool.h>

namespace tokengate::lanes {

using detail::node;
using detail::waiter;

namespace {

/// Stacks of simulations that are over. Mapping and guarding them takes longer than many a simulation, and exploring
/// runs one after the other.
class spare_stacks {
 public:
  static spare_stacks& instance() {
    static auto* const forever = new spare_stacks;
    return *forever;
  }
  std::unique_ptr<stack_pool> take(std::size_t size) {
    {
      const std::scoped_lock lock(mutex_);
      const auto found =
          std::find_if(all_.begin(), all_.end(), [size](const auto& each) { return each.first == size; });
      if (found != all_.end()) {
        auto taken = std::move(found->second);
        all_.erase(found);
        return taken;
      }
    }
    return std::make_unique<stack_pool>(stack_options{.size = size});
  }
  void give(std::size_t size, std::unique_ptr<stack_pool> pool) {
    constexpr std::size_t most = 4;
    pool->trim(64);
    const std::scoped_lock lock(mutex_);
    if (all_.size() < most) all_.emplace_back(size, std::move(pool));
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::size_t, std::unique_ptr<stack_pool>>> all_;
};

}  // namespace

/// What Boost.Fiber asks on the thread of the simulation.
class simulation::algorithm final : public boost::fibers::algo::algorithm {
 public:
  explicit algorithm(simulation& whole) noexcept : simulation_(whole) {}

  // Only new workers, and the dispatcher, come this way: cores tell their own schedulers who is ready.
  void awakened(context* fiber) noexcept override {
    if (fiber->is_context(boost::fibers::type::dispatcher_context))
      simulation_.dispatcher_ = fiber;
    else
      static_cast<simulated_core*>(detail::host::current())->made_ready(fiber);
  }
  context* pick_next() noexcept override { return simulation_.pick(); }
  bool has_ready_fibers() const noexcept override { return false; }
  void suspend_until(const clock::time_point&) noexcept override { simulation_.idle(); }
  void notify() noexcept override {}

 private:
  simulation& simulation_;
};

simulation::simulation(runtime& owner, const simulation_options& wanted)
    : runtime_(owner),
      settings_(wanted),
      world_(detail::baton::make(owner.realm, settings_.seed)),
      start_(world_->now()),
      random_(wanted.seed),
      // Some mistakes show when cores take turns all the time, others when one of them runs far ahead.
      switch_one_in_(std::uint64_t{1} << draw(5)),
      stacks_(spare_stacks::instance().take(owner.settings.stack_size)),
      trace_(wanted.trace_events) {
  world_->adopt_thread();
}

simulation::~simulation() {
  world_->close();
  spare_stacks::instance().give(runtime_.settings.stack_size, std::move(stacks_));
}

std::unique_ptr<core> simulation::make_core(unsigned index) {
  auto made = std::make_unique<simulated_core>(runtime_, index, *this);
  cores_.push_back(made.get());
  return made;
}

// The standard lays down what this engine gives, but not what its distributions make of it.
std::uint64_t simulation::draw(std::uint64_t bound) noexcept { return random_() % bound; }

std::chrono::nanoseconds simulation::latency() noexcept {
  const auto scale = std::uint64_t{1000} << draw(14);  // up to 16 ms, each power of two as likely as the others
  return std::chrono::nanoseconds(scale + draw(scale));
}

// --- threads outside
// --------------------------------------------------------------------------------------------------

void simulation::accept(node& token) {
  world_->adopt_thread();
  leave_out_times(token);
  const auto id = next_id();
  token.begin(id, token_state::created, 0);
  add(0, trace_event::submitted, id, token.operation, 0);
}

void simulation::leave_out_times(node& made) const noexcept {
  if (runtime_.settings.timing != timing::exact) made.timed = false;
}

void simulation::run_for(std::chrono::nanoseconds length) noexcept {
  waiter party;
  party.wait_in(*world_, now() + length, false);
}

void simulation::run_until_idle(clock::time_point until) noexcept {
  waiter party;
  // A token that computes without end stops the time of the simulation, but not the real one.
  party.wait_in(*world_, until, true, until - now());
}

std::uint64_t simulation::fingerprint() const {
  world_->wait_until_held();
  const std::scoped_lock lock(trace_mutex_);
  return trace_.fingerprint();
}

std::string simulation::text(std::size_t most) const {
  world_->wait_until_held();
  const std::scoped_lock lock(trace_mutex_);
  return "seed " + std::to_string(settings_.seed) + ", " + std::to_string(cores_.size()) + " cores, " +
         std::to_string(trace_.events()) + " events\n" + trace_.text(most);
}

// --- the thread of the simulation
// -------------------------------------------------------------------------------------

void simulation::run() noexcept {
  ::pthread_setname_np(::pthread_self(), "tokengate/sim");
  for (simulated_core* const each : cores_) each->begin();
  context::active()->get_scheduler()->set_algo(new algorithm(*this));
  main_ = context::active();
  const scheduler_kept until_the_end;
  // Everything happens on other fibers; idle() has this one resumed when the last worker has ended.
  pick()->resume();
  simulated_core::leave();
}

simulation::context* simulation::pick() noexcept {
  if (over_) return main_ != nullptr ? std::exchange(main_, nullptr) : std::exchange(dispatcher_, nullptr);
  step();
  // The dispatcher frees the stacks of ended workers.
  constexpr unsigned ended_before_release = 16;
  if (workers_ended_ >= ended_before_release && dispatcher_ != nullptr) {
    workers_ended_ = 0;
    return std::exchange(dispatcher_, nullptr);
  }
  while (simulated_core* const chosen = choose()) {
    chosen->enter();
    if (context* const next = chosen->next_fiber()) return next;
    if (!chosen->needs_worker()) continue;
    in_need_ = chosen;
    break;
  }
  return std::exchange(dispatcher_, nullptr);
}

/// One of the cores that have something to do.
simulated_core* simulation::choose() noexcept {
  const auto count = cores_.size();
  const auto first = static_cast<std::size_t>(draw(count));
  int loot = -1;  // not known yet
  for (std::size_t i = 0; i < count; ++i) {
    simulated_core* const each = cores_[(first + i) % count];
    if (each->can_run(false)) return each;
    if (loot < 0) loot = std::any_of(cores_.begin(), cores_.end(), [](auto* other) { return other->has_loot(true); });
    if (loot != 0 && each->can_run(true)) return each;
  }
  return nullptr;
}

void simulation::point(simulated_core& here) noexcept {
  step();
  if (draw(switch_one_in_) != 0) return;
  here.stand_back();
}

/// In the dispatcher: nothing is ready.
void simulation::idle() noexcept {
  if (simulated_core* const poor = std::exchange(in_need_, nullptr)) {
    poor->enter();
    try {
      return poor->add_worker();
    } catch (const std::exception&) {
      // No memory for a stack: the workers that exist come back from their waits.
      return set_time(now() + std::chrono::milliseconds(1));
    }
  }
  if (runtime_.finished.load(std::memory_order_acquire) &&
      std::all_of(cores_.begin(), cores_.end(), [](const auto* each) { return each->ended(); })) {
    over_ = true;
    return;
  }
  if (world_->awaited_idle() && runtime_.quiescent()) return world_->tell_idle();
  auto next = world_->first_timeout();
  for (const simulated_core* const each : cores_) next = std::min(next, each->due());
  if (next == clock::time_point::max()) return wait_for_others();
  stuck_for_ = {};
  next = std::max(next, now());
  idle_time_ += next - now();
  world_->set_now(next);
  add(0, trace_event::time, 0, 0, 0);  // before a thread may be let go on by it
  world_->time_out(now());
}

/// Only what comes from other threads can help.
void simulation::wait_for_others() noexcept {
  const auto nap = std::clamp<std::chrono::nanoseconds>(stuck_for_ / 8, std::chrono::milliseconds(1),
                                                        std::chrono::milliseconds(100));
  std::this_thread::sleep_for(nap);
  stuck_for_ += nap;
  if (stuck_for_ < settings_.patience || !world_->everybody_waits()) return;
  add(0, trace_event::stuck, 0, 0, 0);
  world_->give_up();
}

simulation::clock::time_point simulation::read_clock() noexcept {
  constexpr std::chrono::nanoseconds look{100};
  world_->set_now(now() + look);
  return now();
}

/// Mostly little; now and then as long as a thread is kept from its processor.
void simulation::step() noexcept {
  hold();  // first: the clock must not move while threads outside may look at it
  std::uint64_t length = draw(1024);
  if (draw(64) == 0) length += draw(std::uint64_t{1} << 17);
  set_time(now() + std::chrono::nanoseconds(length));
  hold();  // that may have ended the wait of a thread
  runtime_.adapts->look(now());
}

void simulation::set_time(clock::time_point time) noexcept {
  world_->set_now(time);
  world_->time_out(time);
}

void simulation::note(const simulated_core& where, trace_event what, const node* token, std::uint8_t more) noexcept {
  note(where, what, token != nullptr ? token->id() : 0, token != nullptr ? std::uint32_t{token->operation} : 0, more);
}

void simulation::note(const simulated_core& where, trace_event what, std::uint64_t id, std::uint32_t operation,
                      std::uint8_t more) noexcept {
  hold();  // who has been let go on meanwhile is noted first
  add(where.index(), what, id, operation, more);
}

void simulation::note_limit(unsigned core, unsigned workers) noexcept {
  add(core, trace_event::limited, 0, 0, static_cast<std::uint8_t>(std::min(workers, 255u)));
}

void simulation::add(unsigned core, trace_event what, std::uint64_t id, std::uint32_t operation,
                     std::uint8_t more) noexcept {
  const std::scoped_lock lock(trace_mutex_);
  trace_.add({now() - start_, static_cast<std::uint32_t>(id > first_id ? id - first_id : 0), operation,
              static_cast<std::uint16_t>(core), what, more});
}

}  // namespace tokengate::lanes
