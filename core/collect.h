// How operations of one translation unit find each other. All of it is local to the unit: the functions the macros
// declare have internal linkage and are never defined, only asked for their result type.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <tokengate/core/signature.h>

namespace tokengate {

template <class Facts>
class operation;

namespace detail {

/// The place of one macro in its unit (__COUNTER__). Never defined: compilers reject a pointer to another incomplete
/// type at once, and with N operations there are N x N of them to reject.
template <int Place>
struct slot;

template <int... Place>
using slots = std::integer_sequence<int, Place...>;

/// A slot that no operation took.
list<> tokengate_at(...);

// The declaration that gave a name its meaning: tokengate_chosen_NAME(key) in the namespace of the name returns its
// facts, or void while it is not declared.

/// The facts an operation object stands for: those of the first declaration of its name.
template <class First, class Facts>
using first_facts = std::conditional_t<std::is_void_v<First>, Facts, First>;

/// What a declaration leaves in its slot: nothing when the name had been taken before.
template <class First, class Facts>
using slot_content = std::conditional_t<std::is_void_v<First>, list<operation<Facts>>, list<>>;

/// Two declarations of one name are an overload if they differ in what they take, else a duplicate.
template <class Facts>
struct call_of;
template <class First, class Facts>
consteval bool overloads() {
  if constexpr (std::is_void_v<First>)
    return false;
  else
    return !std::is_same_v<typename call_of<First>::parameters, typename call_of<Facts>::parameters>;
}
template <class First, class Facts>
consteval bool repeats() {
  return !std::is_void_v<First> && !overloads<First, Facts>();
}

/// Whether a definition with this signature belongs to the declaration, if there is one (a missing one is another
/// mistake).
template <class Facts, class Signature>
consteval bool defines() {
  if constexpr (std::is_void_v<Facts>)
    return true;
  else
    return std::is_same_v<decltype(Facts::tokengate_call), Signature>;
}

/// The first parameter of a definition: the facts it belongs to, or something that keeps a refused one out of the way.
template <class Key>
struct undeclared {};
template <class Facts, class Key, class Signature>
using defined = std::conditional_t<!std::is_void_v<Facts> && defines<Facts, Signature>(), Facts, undeclared<Key>>;

template <class... Lists>
struct joined;
template <>
struct joined<> {
  using type = list<>;
};
template <class... T>
struct joined<list<T...>> {
  using type = list<T...>;
};
template <class... A, class... B, class... Rest>
struct joined<list<A...>, list<B...>, Rest...> : joined<list<A..., B...>, Rest...> {};
// Sixteen at a time: each step repeats all that is left, which with hundreds of lists is what takes the time.
template <class... A, class... B, class... C, class... D, class... E, class... F, class... G, class... H, class... I,
          class... J, class... K, class... L, class... M, class... N, class... O, class... P, class... Rest>
struct joined<list<A...>, list<B...>, list<C...>, list<D...>, list<E...>, list<F...>, list<G...>, list<H...>,
              list<I...>, list<J...>, list<K...>, list<L...>, list<M...>, list<N...>, list<O...>, list<P...>, Rest...>
    : joined<list<A..., B..., C..., D..., E..., F..., G..., H..., I..., J..., K..., L..., M..., N..., O..., P...>,
             Rest...> {};

/// The operations for one closing. Naming it keeps g++ from taking the unevaluated look-ups of two closings, which are
/// spelled alike, for the same type.
template <class Closed, class... Lists>
struct collected : joined<Lists...> {};

}  // namespace detail
}  // namespace tokengate
