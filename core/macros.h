// The macros a user writes: an operation, a registry. How to use them: docs/operations.md.
//
// Nothing but macros belongs here: this is a system header, so that g++ blames a refused declaration on the user's line
// as clang does, and that silences warnings.
#pragma once
#pragma GCC system_header

#include <tokengate/core/macros_detail.h>

/// An operation of one unit:  TOKENGATE_OPERATION(bool, prime_check, (std::uint64_t n), weight::medium) { ... }
#define TOKENGATE_OPERATION(result, name, parameters, ...)                                                             \
  TOKENGATE_DETAIL_FACTS_OF_CALL(TOKENGATE_DETAIL_FACTS(name), result, name, parameters, __VA_ARGS__)                  \
  TOKENGATE_DETAIL_OPERATION(TOKENGATE_DETAIL_FACTS(name), name)                                                       \
  TOKENGATE_DETAIL_REFUSE_ARGUMENTS(TOKENGATE_DETAIL_FACTS(name), name, #parameters, TOKENGATE_DETAIL_SAME parameters) \
  TOKENGATE_DETAIL_BODY(TOKENGATE_DETAIL_FACTS(name), result, parameters)

/// The same in two steps: a declaration in a header, or ahead of the calls, and a definition in one unit. Tags and
/// default arguments stand in the declaration; the definition repeats neither.
#define TOKENGATE_DECLARE(result, name, parameters, ...)                                                               \
  TOKENGATE_DETAIL_FACTS_OF_CALL(TOKENGATE_DETAIL_FACTS(name), result, name, parameters, __VA_ARGS__)                  \
  TOKENGATE_DETAIL_OPERATION(TOKENGATE_DETAIL_FACTS(name), name)                                                       \
  TOKENGATE_DETAIL_REFUSE_ARGUMENTS(TOKENGATE_DETAIL_FACTS(name), name, #parameters, TOKENGATE_DETAIL_SAME parameters) \
  TOKENGATE_DETAIL_BODY(TOKENGATE_DETAIL_FACTS(name), result, parameters);
#define TOKENGATE_DEFINE(result, name, parameters) \
  TOKENGATE_DETAIL_DEFINITION(TOKENGATE_DETAIL_LINED(tokengate_declared_##name##_), result, name, parameters)

/// An operation made of an existing function, an instance of a function template, or a member function; may stand in a
/// header:
///   TOKENGATE_INSTANCE(hash_fast, (hash_file<storage_speed::fast>), storage_speed::fast);
#define TOKENGATE_INSTANCE(name, callable, ...)                                                 \
  TOKENGATE_DETAIL_FACTS_OF_INSTANCE(TOKENGATE_DETAIL_FACTS(name), name, callable, __VA_ARGS__) \
  TOKENGATE_DETAIL_OPERATION(TOKENGATE_DETAIL_FACTS(name), name)                                \
  TOKENGATE_DETAIL_REFUSE_ARGUMENT(TOKENGATE_DETAIL_FACTS(name), name, ~0u, "an argument of " #callable)

/// Four operations name_slow, name_moderate, name_fast and name_insane, made of a function template over the tier and
/// tagged with it, and `name(tier, arguments...)`, which calls the one of that tier:
///   TOKENGATE_STORAGE_INSTANCES(hash_file, hash_file_on, weight::heavy);   with template <storage_speed Tier> digest
///   hash_file_on(path);
#define TOKENGATE_STORAGE_INSTANCES(name, callable, ...)                                                           \
  TOKENGATE_INSTANCE(name##_slow, (callable<storage_speed::slow>), storage_speed::slow __VA_OPT__(, ) __VA_ARGS__) \
  TOKENGATE_INSTANCE(name##_moderate, (callable<storage_speed::moderate>),                                         \
                     storage_speed::moderate __VA_OPT__(, ) __VA_ARGS__)                                           \
  TOKENGATE_INSTANCE(name##_fast, (callable<storage_speed::fast>), storage_speed::fast __VA_OPT__(, ) __VA_ARGS__) \
  TOKENGATE_INSTANCE(name##_insane, (callable<storage_speed::insane>),                                             \
                     storage_speed::insane __VA_OPT__(, ) __VA_ARGS__)                                             \
  [[maybe_unused]] inline constexpr ::tokengate::storage_choice name{name##_slow, name##_moderate, name##_fast,    \
                                                                     name##_insane};

/// Closes the registry of the namespace it stands in: checks its operations and those of the plugins it names as a
/// whole, and enrolls them when the program starts. `name` becomes the registry, a constexpr value. Stands in exactly
/// one unit of a program.
#define TOKENGATE_APPLICATION(name, ...)                                                                    \
  static_assert(decltype(::tokengate::detail::are_plugins(__VA_ARGS__))::value,                             \
                "tokengate[TG-E204] application '" #name "': not every one of (" #__VA_ARGS__               \
                ") is a plugin; "                                                                           \
                "give names that TOKENGATE_PLUGIN defined");                                                \
  TOKENGATE_DETAIL_CLOSE(TOKENGATE_DETAIL_LINED(tokengate_closed_), name, check_application,                \
                         (decltype(::tokengate::detail::all_rules(__VA_ARGS__)))__VA_OPT__(, ) __VA_ARGS__) \
  [[maybe_unused]] extern const bool tokengate_one_unit_closes_a_registry;                                  \
  const bool tokengate_one_unit_closes_a_registry = ::tokengate::detail::enroll(name.records());

/// The operations of the namespace it stands in, for applications to name; `name` becomes their registry. May stand in
/// a header, after the declarations. A plugin enrolls nothing: its operations become callable when an application names
/// it. It may bring rules (rules.h) for all operations of the applications that name it, after its own name.
#define TOKENGATE_PLUGIN(name, ...)                                                     \
  TOKENGATE_DETAIL_CLOSE(TOKENGATE_DETAIL_LINED(tokengate_closed_), name, check_plugin, \
                         (::tokengate::rules<__VA_ARGS__>))

/// Makes a rule of the class it stands in (rules.h): what is reported when it is broken.
///   struct is_positive {
///     TOKENGATE_RULE("BUD-E001", "a budget of no time is never kept", "give a duration")
///     static constexpr bool kept(const budget& given, auto) { return given.limit.count() > 0; }
///   };
#define TOKENGATE_RULE(code, clash, remedy) TOKENGATE_DETAIL_UNAVAILABLE("tokengate[" code "] " clash "; " remedy)
