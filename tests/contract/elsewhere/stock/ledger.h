// A plugin of another package with mistakes: some show in its declarations, some only when an application closes.
#pragma once

#include <string_view>

#include <tokengate/anchors/anchor_key.h>
#include <tokengate/core/registry.h>

namespace stock {

TOKENGATE_OPERATION(int, book, (int account), sticky_anchor{"ledger"}) { return account; }

// expect@+1: TG-E101 operation 'post': sticky_anchor clashes // expect@+1: TG-E102 'post' // expect@+1: TG-E202 'post'
TOKENGATE_DECLARE(int, post, (int account), sticky_anchor{"x"}, external_calls{"audti"}, weight::light, weight::heavy);
TOKENGATE_DECLARE(int, length, (int times, std::string_view text));  // expect: TG-E105 operation 'length': argument 2
TOKENGATE_DECLARE(int, ship, (int order), lane{"warp"});             // expect: TG-E205 operation 'ship': its lane
TOKENGATE_DECLARE(int, lead, (int account), external_calls{book});   // expect: TG-E203 operation 'lead'
TOKENGATE_PLUGIN(operations)

// expect@+1: TG-E301 operation 'book': the arguments do not fit; it takes (int account)
inline int misuse() { return book("seven").get(); }

}  // namespace stock
