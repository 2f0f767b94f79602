// How the macros of macros.h are made. Nothing but macros here, for the reason given there.
#pragma once
#pragma GCC system_header

#define TOKENGATE_DETAIL_JOIN(a, b) a##b
#define TOKENGATE_DETAIL_JOINED(a, b) TOKENGATE_DETAIL_JOIN(a, b)
#define TOKENGATE_DETAIL_LINED(prefix) TOKENGATE_DETAIL_JOINED(prefix, __LINE__)
// The line keeps two declarations of one name apart until the second has been refused.
#define TOKENGATE_DETAIL_FACTS(name) TOKENGATE_DETAIL_LINED(tokengate_operation_##name##_)

// x, or what stands in the parentheses of (x).
#define TOKENGATE_DETAIL_BARE(x) TOKENGATE_DETAIL_BARE_2(TOKENGATE_DETAIL_KEEP x)
#define TOKENGATE_DETAIL_KEEP(...) TOKENGATE_DETAIL_KEEP __VA_ARGS__
#define TOKENGATE_DETAIL_BARE_2(...) TOKENGATE_DETAIL_BARE_3(__VA_ARGS__)
#define TOKENGATE_DETAIL_BARE_3(...) TOKENGATE_DETAIL_DROP_##__VA_ARGS__
#define TOKENGATE_DETAIL_DROP_TOKENGATE_DETAIL_KEEP

// (first, a, b) of first and (a, b).
#define TOKENGATE_DETAIL_PREPENDED(first, list) TOKENGATE_DETAIL_PREPEND(first, TOKENGATE_DETAIL_SAME list)
#define TOKENGATE_DETAIL_SAME(...) __VA_ARGS__
#define TOKENGATE_DETAIL_PREPEND(...) TOKENGATE_DETAIL_PREPEND_2(__VA_ARGS__)
#define TOKENGATE_DETAIL_PREPEND_2(first, ...) (TOKENGATE_DETAIL_BARE(first) __VA_OPT__(, ) __VA_ARGS__)

// Tags are written bare, whatever else their names mean around the declaration.
#define TOKENGATE_DETAIL_TAG_NAMES   \
  using ::tokengate::weight;         \
  using ::tokengate::storage_speed;  \
  using ::tokengate::domain;         \
  using ::tokengate::hash_policy;    \
  using ::tokengate::digest_policy;  \
  using ::tokengate::sticky_anchor;  \
  using ::tokengate::exclusive;      \
  using ::tokengate::external_calls; \
  using ::tokengate::lane;           \
  using ::tokengate::timeout;        \
  using namespace ::std::chrono_literals;

// The user's function, whose first parameter tells it from those of other operations and finds it wherever it is
// declared.
#define TOKENGATE_DETAIL_BODY(facts, result, parameters) \
  [[maybe_unused]] TOKENGATE_DETAIL_BARE(result) tokengate_body TOKENGATE_DETAIL_PREPENDED(facts, parameters)

#define TOKENGATE_DETAIL_FACTS_OF_CALL(facts, result, name, parameters, ...) \
  struct facts {                                                             \
    static TOKENGATE_DETAIL_BARE(result) tokengate_call parameters;          \
    TOKENGATE_DETAIL_COMMON_FACTS(facts, name, #parameters, __VA_ARGS__)     \
  };

#define TOKENGATE_DETAIL_FACTS_OF_INSTANCE(facts, name, callable, ...)                                     \
  struct facts {                                                                                           \
    static constexpr auto tokengate_callable = []<class InstanceOf = ::tokengate::detail::instance_of>() { \
      TOKENGATE_DETAIL_TAG_NAMES                                                                           \
      if constexpr (requires { InstanceOf()(TOKENGATE_DETAIL_BARE(callable)); })                           \
        return InstanceOf()(TOKENGATE_DETAIL_BARE(callable));                                              \
    };                                                                                                     \
    TOKENGATE_DETAIL_COMMON_FACTS(facts, name, "what " #callable " takes", __VA_ARGS__)                    \
  };

// How a place refuses the rule of a plugin: by using what the rule made unavailable. Written so that each compiler says
// it once, and shows the name.
#ifdef __clang__
#define TOKENGATE_DETAIL_UNAVAILABLE(message)  \
  template <::tokengate::detail::spelled Name> \
  __attribute__((unavailable(message))) static void broken_by();
#define TOKENGATE_DETAIL_BREAKS(name)                           \
  template <class Rule>                                         \
  struct tokengate_breaks {                                     \
    using refused = decltype(&Rule::template broken_by<#name>); \
  };
#else
#define TOKENGATE_DETAIL_UNAVAILABLE(message)                                          \
  struct broken_by {                                                                   \
    template <::tokengate::detail::spelled Name>                                       \
    __attribute__((unavailable(message))) broken_by(::tokengate::detail::named<Name>); \
  };
#define TOKENGATE_DETAIL_BREAKS(name)                                                        \
  template <class Rule>                                                                      \
  struct tokengate_breaks {                                                                  \
    using refused = decltype(typename Rule::broken_by(::tokengate::detail::named<#name>{})); \
  };
#endif

// What both kinds have: facts, and the refusals that come later than the declaration but must carry its name.
#define TOKENGATE_DETAIL_COMMON_FACTS(facts, name, takes, ...)                                                        \
  static constexpr ::tokengate::detail::declared_place tokengate_place{#name, __FILE__, __LINE__};                    \
  static constexpr auto tokengate_tags = [] {                                                                         \
    TOKENGATE_DETAIL_TAG_NAMES                                                                                        \
    return ::tokengate::detail::tags_given(__VA_ARGS__);                                                              \
  };                                                                                                                  \
  template <class... Arguments>                                                                                       \
    requires(::tokengate::detail::misfits<facts, Arguments...>)                                                       \
  __attribute__((unavailable("tokengate[TG-E301] operation '" #name "': the arguments do not fit; it takes " takes))) \
  typename ::tokengate::detail::token_of<facts, Arguments...>::type                                                   \
  operator()(Arguments&&...) const {                                                                                  \
    return {};                                                                                                        \
  }                                                                                                                   \
  template <class... Arguments>                                                                                       \
    requires(::tokengate::detail::lacks_key<facts, Arguments...>)                                                     \
  __attribute__((unavailable("tokengate[TG-E304] operation '" #name                                                   \
                             "': what this call keeps has no key under the hash_policy of its sticky_anchor; give a " \
                             "value, say tokengate::fingerprint_by_address for a pointer or reference, or choose "    \
                             "another hash_policy")))                                                                 \
  typename ::tokengate::detail::token_of<facts, Arguments...>::type                                                   \
  operator()(Arguments&&...) const {                                                                                  \
    return {};                                                                                                        \
  }                                                                                                                   \
  TOKENGATE_DETAIL_BREAKS(name)                                                                                       \
  template <auto Clash, auto... Name>                                                                                 \
  struct tokengate_clash {                                                                                            \
    static_assert(Clash != ::tokengate::detail::same_name,                                                            \
                  "tokengate[TG-E201] operation '" #name                                                              \
                  "': another operation of this registry has that name; rename one");                                 \
    static_assert(Clash != ::tokengate::detail::unknown_call,                                                         \
                  "tokengate[TG-E202] operation '" #name                                                              \
                  "': external_calls names an operation that the registry does not "                                  \
                  "have, in (" #__VA_ARGS__                                                                           \
                  "); correct the name, or let the application name the plugin that has it");                         \
    static_assert(Clash != ::tokengate::detail::anchored_child,                                                       \
                  "tokengate[TG-E203] operation '" #name                                                              \
                  "': external_calls names an operation with a sticky_anchor of its "                                 \
                  "own, in (" #__VA_ARGS__ "); a child goes where its lead is: take the anchor or the name away");    \
    static_assert(Clash != ::tokengate::detail::mixed_exclusive,                                                      \
                  "tokengate[TG-E206] operation '" #name                                                              \
                  "': another operation with its sticky_anchor differs in `exclusive`, in (" #__VA_ARGS__             \
                  "); give it to all operations of that anchor, or to none");                                         \
    static_assert(Clash != ::tokengate::detail::unlinked_lane,                                                        \
                  "tokengate[TG-E205] operation '" #name                                                              \
                  "': its lane is not linked into this program, in (" #__VA_ARGS__                                    \
                  "); correct the name, or add the lane to the program's tokengate_lane_set (docs/lanes.md)");        \
  };

// The object, and everything about a declaration that can be refused at once. The object is declared only: an empty
// object needs no storage of its own, and unlike a definition a declaration may be repeated, so that an overload is
// refused once and by name.
#define TOKENGATE_DETAIL_OPERATION(facts, name)                                         \
  struct tokengate_key_##name;                                                          \
  [[maybe_unused]] static void tokengate_chosen_##name(const void*);                    \
  using TOKENGATE_DETAIL_LINED(tokengate_first_##name##_) =                             \
      decltype((tokengate_chosen_##name)(static_cast<tokengate_key_##name*>(nullptr))); \
  TOKENGATE_DETAIL_DECLARED(facts, TOKENGATE_DETAIL_LINED(tokengate_first_##name##_), name)

#define TOKENGATE_DETAIL_DECLARED(facts, first, name)                                                                \
  static_assert(!::tokengate::detail::overloads<first, facts>(),                                                     \
                "tokengate[TG-E116] operation '" #name                                                               \
                "': an operation cannot be overloaded; give this one another name");                                 \
  static_assert(!::tokengate::detail::repeats<first, facts>(),                                                       \
                "tokengate[TG-E201] operation '" #name                                                               \
                "': another operation of this registry has that name; rename one, "                                  \
                "or use TOKENGATE_DEFINE to define what was declared");                                              \
  using TOKENGATE_DETAIL_LINED(tokengate_ruled_##name##_) =                                                          \
      decltype(::tokengate::detail::check_declaration<facts>(::tokengate::detail::rules_of<facts>{}));               \
  TOKENGATE_DETAIL_REFUSE(facts, name, anchor_with_calls, "TG-E101", "sticky_anchor clashes with external_calls",    \
                          "a lead is not anchored: take one of the two tags away")                                   \
  TOKENGATE_DETAIL_REFUSE(facts, name, tag_twice, "TG-E102", "a tag is given twice", "keep one tag of each kind")    \
  TOKENGATE_DETAIL_REFUSE(facts, name, not_a_tag, "TG-E103", "something that is no tag stands among the tags",       \
                          "use the tags of docs/operations.md or specialise tokengate::tag_traits")                  \
  TOKENGATE_DETAIL_REFUSE(facts, name, asynchronous_result, "TG-E104", "an asynchronous function is no operation",   \
                          "return the value itself, not a token, future, awaitable or coroutine")                    \
  TOKENGATE_DETAIL_REFUSE(facts, name, empty_call, "TG-E107", "external_calls has an entry that names no operation", \
                          "give a name or an operation, or take it away")                                            \
  TOKENGATE_DETAIL_REFUSE(facts, name, repeated_call, "TG-E108", "external_calls repeats a name",                    \
                          "name each operation once")                                                                \
  TOKENGATE_DETAIL_REFUSE(facts, name, empty_anchor, "TG-E109", "sticky_anchor has an empty name",                   \
                          "name what the tokens stick to")                                                           \
  TOKENGATE_DETAIL_REFUSE(facts, name, lone_hash_policy, "TG-E110",                                                  \
                          "hash_policy without sticky_anchor has nothing to hash",                                   \
                          "add the anchor or take the policy away")                                                  \
  TOKENGATE_DETAIL_REFUSE(facts, name, lone_digest_policy, "TG-E111",                                                \
                          "digest_policy without external_calls has nothing to digest",                              \
                          "add the calls or take the policy away")                                                   \
  TOKENGATE_DETAIL_REFUSE(facts, name, timeout_not_positive, "TG-E112", "timeout must be positive",                  \
                          "give a duration such as timeout{30s}")                                                    \
  TOKENGATE_DETAIL_REFUSE(facts, name, tags_not_constant, "TG-E113", "its tags are not constant expressions",        \
                          "use values the compiler knows")                                                           \
  TOKENGATE_DETAIL_REFUSE(                                                                                           \
      facts, name, no_single_signature, "TG-E114", "what it is made of has no single signature",                     \
      "name one function, instance or member; choose an overload with static_cast, write types for auto")            \
  TOKENGATE_DETAIL_REFUSE(facts, name, unmovable_result, "TG-E115", "its result cannot be moved out",                \
                          "return something movable, such as std::unique_ptr")                                       \
  TOKENGATE_DETAIL_REFUSE(facts, name, empty_lane, "TG-E119", "lane has an empty name",                              \
                          "name a lane, or take the tag away to get the default one")                                \
  TOKENGATE_DETAIL_REFUSE(facts, name, lone_exclusive, "TG-E121",                                                    \
                          "exclusive without sticky_anchor has nothing to exclude",                                  \
                          "add the anchor or take exclusive away")                                                   \
  TOKENGATE_DETAIL_REFUSE(facts, name, lone_domain, "TG-E122",                                                       \
                          "domain without external_calls has no children to place",                                  \
                          "add the calls or take domain away")                                                       \
  TOKENGATE_DETAIL_REFUSE(facts, name, keys_unknown, "TG-E123", "a sticky_anchor needs more than the core headers",  \
                          "include <tokengate/tokengate.h> ahead of it")                                             \
  [[maybe_unused]] static ::tokengate::detail::first_facts<first, facts> tokengate_chosen_##name(                    \
      tokengate_key_##name*);                                                                                        \
  [[maybe_unused]] static ::tokengate::detail::slot_content<first, facts> tokengate_at(                              \
      ::tokengate::detail::slot<__COUNTER__>*);                                                                      \
  TOKENGATE_DETAIL_QUIET                                                                                             \
  [[maybe_unused]] extern const ::tokengate::operation<::tokengate::detail::first_facts<first, facts>> name __asm__( \
      "tokengate_operation_object");                                                                                 \
  TOKENGATE_DETAIL_LOUD

#define TOKENGATE_DETAIL_REFUSE(facts, name, mistake, code, clash, remedy)                 \
  static_assert(!(::tokengate::detail::mistakes_of<facts> & ::tokengate::detail::mistake), \
                "tokengate[" code "] operation '" #name "': " clash "; " remedy);

// The arguments of a function one by one: first come the parameters again, all together. There is a step for each comma
// between them, of which templates may have some of their own; those find nothing to refuse. After nine they are
// counted no more.
#define TOKENGATE_DETAIL_REFUSE_ARGUMENTS(...) TOKENGATE_DETAIL_ARGUMENT_1(__VA_ARGS__)
#define TOKENGATE_DETAIL_ARGUMENT_1(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 1, "argument 1 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_2(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_2(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 2, "argument 2 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_3(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_3(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 3, "argument 3 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_4(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_4(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 4, "argument 4 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_5(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_5(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 5, "argument 5 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_6(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_6(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 6, "argument 6 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_7(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_7(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 7, "argument 7 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_8(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_8(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 8, "argument 8 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_9(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_9(facts, name, all, first, ...)              \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, 1u << 9, "argument 9 of " all) \
  __VA_OPT__(TOKENGATE_DETAIL_ARGUMENT_10(facts, name, all, __VA_ARGS__))
#define TOKENGATE_DETAIL_ARGUMENT_10(facts, name, all, ...) \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, ~1023u, "an argument after the ninth of " all)

#define TOKENGATE_DETAIL_REFUSE_ARGUMENT(facts, name, which, what)                                                  \
  static_assert(!(::tokengate::detail::arguments_of<facts>.dangling & (which)),                                     \
                "tokengate[TG-E105] operation '" #name "': " what                                                   \
                " would dangle; take it by value, as an owning type (std::string for std::string_view), or as "     \
                "std::reference_wrapper to share it");                                                              \
  static_assert(!(::tokengate::detail::arguments_of<facts>.unstorable & (which)),                                   \
                "tokengate[TG-E106] operation '" #name "': " what                                                   \
                " cannot be stored; take something movable, such as a smart pointer, or std::reference_wrapper to " \
                "share it");                                                                                        \
  static_assert(!(::tokengate::detail::arguments_of<facts>.without_key & (which)),                                  \
                "tokengate[TG-E120] operation '" #name "': " what                                                   \
                " cannot be fingerprinted under the hash_policy of its sticky_anchor; write fingerprint_append "    \
                "for its type, say tokengate::fingerprint_by_address for a pointer, or choose another hash_policy");

// In an unnamed namespace clang misses a definition of the object.
#ifdef __clang__
#define TOKENGATE_DETAIL_QUIET \
  _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wundefined-internal\"")
#define TOKENGATE_DETAIL_LOUD _Pragma("clang diagnostic pop")
#else
#define TOKENGATE_DETAIL_QUIET
#define TOKENGATE_DETAIL_LOUD
#endif

#define TOKENGATE_DETAIL_DEFINITION(facts, result, name, parameters)                                                 \
  struct tokengate_key_##name;                                                                                       \
  [[maybe_unused]] static void tokengate_chosen_##name(const void*);                                                 \
  using facts = decltype((tokengate_chosen_##name)(static_cast<tokengate_key_##name*>(nullptr)));                    \
  static_assert(!std::is_void_v<facts>,                                                                              \
                "tokengate[TG-E117] operation '" #name                                                               \
                "': TOKENGATE_DEFINE without a declaration; add TOKENGATE_DECLARE, or use TOKENGATE_OPERATION");     \
  static_assert(::tokengate::detail::defines<facts, TOKENGATE_DETAIL_BARE(result) parameters>(),                     \
                "tokengate[TG-E118] operation '" #name                                                               \
                "': result or parameters differ from its TOKENGATE_DECLARE; make them equal");                       \
  TOKENGATE_DETAIL_BODY(                                                                                             \
      (::tokengate::detail::defined<facts, tokengate_key_##name, TOKENGATE_DETAIL_BARE(result) parameters>), result, \
      parameters)

// A registry of the operations the unit has seen in this namespace, and of plugins. What a unit has seen is its own
// affair: the name of the list is local to it. The first declaration keeps the operations of enclosing namespaces out.
#define TOKENGATE_DETAIL_CLOSE(closed, name, check, its_rules, ...)                                                   \
  [[maybe_unused]] static ::tokengate::detail::list<> tokengate_at(::tokengate::detail::slot<-1>*);                   \
  namespace {                                                                                                         \
  struct closed;                                                                                                      \
  }                                                                                                                   \
  [[maybe_unused]] constexpr auto TOKENGATE_DETAIL_LINED(tokengate_collect_) =                                        \
      []<int... Place>(::tokengate::detail::slots<Place...>) {                                                        \
        return typename ::tokengate::detail::collected<                                                               \
            closed, decltype(tokengate_at(static_cast<::tokengate::detail::slot<Place>*>(nullptr)))...>::type{};      \
      };                                                                                                              \
  using TOKENGATE_DETAIL_LINED(tokengate_all_) = decltype(::tokengate::detail::all_operations(TOKENGATE_DETAIL_LINED( \
      tokengate_collect_)(std::make_integer_sequence<int, __COUNTER__>{}) __VA_OPT__(, ) __VA_ARGS__));               \
  using TOKENGATE_DETAIL_LINED(tokengate_rules_) = TOKENGATE_DETAIL_BARE(its_rules);                                  \
  namespace {                                                                                                         \
  struct closed {                                                                                                     \
    using operations = TOKENGATE_DETAIL_LINED(tokengate_all_);                                                        \
    using rules = TOKENGATE_DETAIL_LINED(tokengate_rules_);                                                           \
    TOKENGATE_DETAIL_BREAKS(name)                                                                                     \
  };                                                                                                                  \
  }                                                                                                                   \
  using TOKENGATE_DETAIL_LINED(tokengate_checked_) =                                                                  \
      decltype(::tokengate::detail::check<closed>(closed::operations{}));                                             \
  [[maybe_unused]] constexpr ::tokengate::registry<closed> name{};
