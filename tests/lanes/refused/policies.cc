// Classes that cannot serve as lanes, one mistake each, and one with all of them.
#include <span>

#include <tokengate/lanes/by_weight.h>
#include <tokengate/lanes/gated_mailbox.h>
#include <tokengate/lanes/lane_adapter.h>

namespace shop {

using tokengate::weight;
using tokengate::detail::node;
using namespace tokengate::lanes;

/// As it should be; the others spoil one thing.
struct complete {
  using router = by_weight;
  complete(const lane_setup& setup, router&, unsigned) : queue{16, setup.slots} {}
  bool offer(node& token, unsigned, bool on_credit) noexcept { return queue.offer(token, on_credit); }
  node* take() noexcept { return queue.take(); }
  std::span<gated_mailbox> queues() noexcept { return {&queue, 1}; }
  gated_mailbox queue;
};

struct without_router : complete {
  using complete::complete;
  struct router {};
};
struct router_of_cores {
  explicit router_of_cores(const lane_setup&) {}
  unsigned route(const node&) noexcept { return 0; }
};
struct routes_to_a_number : complete {
  using complete::complete;
  using router = router_of_cores;
};
struct without_constructor : complete {
  explicit without_constructor(const lane_setup& setup);
};
struct abstract : complete {
  using complete::complete;
  virtual ~abstract() = default;
  virtual void unfinished() = 0;
};
struct without_offer {
  using router = by_weight;
  without_offer(const lane_setup&, router&, unsigned);
  node* take() noexcept;
  std::span<gated_mailbox> queues() noexcept;
};
struct offers_void : complete {
  using complete::complete;
  void offer(node&, unsigned, bool) noexcept {}
};
struct takes_a_reference : complete {
  using complete::complete;
  node& take() noexcept { return *queue.take(); }
};
struct hides_queues : complete {
  using complete::complete;

 private:
  std::span<gated_mailbox> queues() noexcept;
};
struct shows_mailboxes : complete {
  using complete::complete;
  std::span<mailbox> queues() noexcept { return {}; }
};
struct gives_a_bool : complete {
  using complete::complete;
  bool give() noexcept { return false; }
};
struct ran_without_time : complete {
  using complete::complete;
  void ran(weight) noexcept {}
};
struct set_active_of_pointer : complete {
  using complete::complete;
  void set_active(unsigned*) noexcept {}
};
struct take_may_throw : complete {
  using complete::complete;
  node* take() { return queue.take(); }
};
struct give_may_throw : complete {
  using complete::complete;
  node* give() { return queue.take(); }
};
struct throwing_router {
  explicit throwing_router(const lane_setup&) {}
  destination route(const node&) { return {0, no_slot}; }
};
struct route_may_throw : complete {
  using router = throwing_router;
  route_may_throw(const lane_setup& setup, router&, unsigned core);
};
struct nothing_at_all {};

}  // namespace shop

TOKENGATE_LANE(complete, shop::complete)
// expect@+1: TG-E401 lane 'first' (shop::without_router): the policy has no router; ... by_weight
TOKENGATE_LANE(first, shop::without_router)
TOKENGATE_LANE(second, shop::routes_to_a_number)  // expect: TG-E401 'second'
// expect@+1: TG-E402 lane 'third' ... cannot be made for a core; ... constructor
TOKENGATE_LANE(third, shop::without_constructor)
TOKENGATE_LANE(fourth, shop::abstract)  // expect: TG-E402 'fourth'
// expect@+1: TG-E403 'fifth' ... bool offer(lanes::node& token, unsigned slot, bool on_credit) noexcept
TOKENGATE_LANE(fifth, shop::without_offer)
TOKENGATE_LANE(sixth, shop::offers_void)              // expect: TG-E403 'sixth'
TOKENGATE_LANE(seventh, shop::takes_a_reference)      // expect: TG-E404 'seventh' ... lanes::node* take() noexcept
TOKENGATE_LANE(eighth, shop::hides_queues)            // expect: TG-E405 'eighth' ... lanes::gated_mailbox
TOKENGATE_LANE(ninth, shop::shows_mailboxes)          // expect: TG-E405 'ninth'
TOKENGATE_LANE(tenth, shop::gives_a_bool)             // expect: TG-E406 'tenth' ... take it away
TOKENGATE_LANE(eleventh, shop::ran_without_time)      // expect: TG-E407 'eleventh' ... take it away
TOKENGATE_LANE(twelfth, shop::set_active_of_pointer)  // expect: TG-E408 'twelfth' ... take it away
TOKENGATE_LANE(thirteenth, shop::take_may_throw)      // expect: TG-E409 'thirteenth' ... noexcept
TOKENGATE_LANE(fourteenth, shop::give_may_throw)      // expect: TG-E409 'fourteenth'
TOKENGATE_LANE(fifteenth, shop::route_may_throw)      // expect: TG-E409 'fifteenth'
// expect@+1: TG-E401 'last' // expect@+1: TG-E403 'last' // expect@+1: TG-E404 'last' // expect@+1: TG-E405 'last'
TOKENGATE_LANE(last, shop::nothing_at_all)
// expect@+1: TG-E401 'number' // expect@+1: TG-E403 'number' // expect@+1: TG-E404 // expect@+1: TG-E405
TOKENGATE_LANE(number, int)
