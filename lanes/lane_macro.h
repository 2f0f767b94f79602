// The macro that makes a policy a lane. Nothing but macros belongs here: this is a system header, so that g++ blames a
// refused policy on the line that names it, as clang does.
#pragma once
#pragma GCC system_header

/// At global scope: checks the class and lets the lane set of a program find it as the lane of this name. Written by
/// tokengate_lane (rules.bzl):
///   TOKENGATE_LANE(express, shop::express)
#define TOKENGATE_LANE(name, ...)                                                                                      \
  TOKENGATE_DETAIL_REFUSE_LANE(no_router, "TG-E401", name, __VA_ARGS__, "has no router",                               \
                               "say `using router = tokengate::lanes::by_weight;`, or name a class of your own that "  \
                               "is made from a const lanes::lane_setup& and has "                                      \
                               "`lanes::destination route(const lanes::node&) noexcept`")                              \
  TOKENGATE_DETAIL_REFUSE_LANE(no_constructor, "TG-E402", name, __VA_ARGS__, "cannot be made for a core",              \
                               "give it a public constructor from (const lanes::lane_setup&, router&, unsigned core)") \
  TOKENGATE_DETAIL_REFUSE_LANE(no_offer, "TG-E403", name, __VA_ARGS__, "takes no tokens in",                           \
                               "give it `bool offer(lanes::node& token, unsigned slot, bool on_credit) noexcept`")     \
  TOKENGATE_DETAIL_REFUSE_LANE(no_take, "TG-E404", name, __VA_ARGS__, "hands no tokens out",                           \
                               "give it `lanes::node* take() noexcept`")                                               \
  TOKENGATE_DETAIL_REFUSE_LANE(no_queues, "TG-E405", name, __VA_ARGS__, "does not show its queues",                    \
                               "give it `queues() noexcept` that returns a span of lanes::gated_mailbox, or of what "  \
                               "else satisfies lanes::lane_queue")                                                     \
  TOKENGATE_DETAIL_REFUSE_LANE(misshapen_give, "TG-E406", name, __VA_ARGS__, "has a `give` of another shape",          \
                               "make it `lanes::node* give() noexcept`, or take it away if idle cores shall take "     \
                               "nothing")                                                                              \
  TOKENGATE_DETAIL_REFUSE_LANE(misshapen_ran, "TG-E407", name, __VA_ARGS__, "has a `ran` of another shape",            \
                               "make it `void ran(weight what, std::uint64_t ticks) noexcept`, or take it away")       \
  TOKENGATE_DETAIL_REFUSE_LANE(misshapen_set_active, "TG-E408", name, __VA_ARGS__,                                     \
                               "has a `set_active` of another shape",                                                  \
                               "make it `void set_active(unsigned workers) noexcept`, or take it away")                \
  TOKENGATE_DETAIL_REFUSE_LANE(may_throw, "TG-E409", name, __VA_ARGS__, "may throw where nobody could catch it",       \
                               "declare offer, take, give, ran, set_active, queues and the router's route noexcept")   \
  std::unique_ptr<::tokengate::lanes::lane_variant> tokengate_lane_##name(                                             \
      const ::tokengate::lanes::lane_setup& setup) {                                                                   \
    return ::tokengate::lanes::make<__VA_ARGS__>(setup);                                                               \
  }

#define TOKENGATE_DETAIL_REFUSE_LANE(mistake, code, name, policy, clash, remedy)            \
  static_assert(!(::tokengate::lanes::lane_mistakes<policy> & ::tokengate::lanes::mistake), \
                "tokengate[" code "] lane '" #name "' (" #policy "): the policy " clash "; " remedy);
