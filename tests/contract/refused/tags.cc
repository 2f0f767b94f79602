// Tags that clash, or are none.
#include <chrono>
#include <string>

#include <tokengate/anchors/anchor_key.h>
#include <tokengate/core/registry.h>

TOKENGATE_OPERATION(int, child, (int n)) { return n; }

// expect@+1: TG-E101 operation 'ledger': sticky_anchor clashes with external_calls; ... take one of the two tags away
TOKENGATE_OPERATION(int, ledger, (int n), sticky_anchor{"ledger"}, external_calls{"child"}) { return n; }
TOKENGATE_OPERATION(int, ledger2, (int n),  // expect: TG-E101 'ledger2'
                    external_calls{child}, weight::light, sticky_anchor{"ledger"}, hash_policy::none) {
  return n;
}

TOKENGATE_OPERATION(int, twice, (int n), weight::light, weight::light) { return n; }  // expect: TG-E102 'twice'
TOKENGATE_OPERATION(int, two_weights, (int n), weight::light, storage_speed::slow, weight::heavy) {  // expect: TG-E102
  return n;
}
// expect@+1: TG-E102 'two_lists'
TOKENGATE_OPERATION(int, two_lists, (int n), external_calls{"child"}, external_calls{}) { return n; }
// Two mistakes are two errors.
// expect@+1: TG-E101 'both' // expect@+1: TG-E102 'both'
TOKENGATE_OPERATION(int, both, (int n), sticky_anchor{"a"}, external_calls{"child"}, sticky_anchor{"a"}) { return n; }

TOKENGATE_OPERATION(int, number, (int n), 42) { return n; }                         // expect: TG-E103 'number'
TOKENGATE_OPERATION(int, text, (int n), weight::heavy, "heavy") { return n; }       // expect: TG-E103 'text'
TOKENGATE_OPERATION(int, string, (int n), std::string("heavy")) { return n; }       // expect: TG-E103 'string'
TOKENGATE_OPERATION(int, duration, (int n), std::chrono::seconds(1)) { return n; }  // expect: TG-E103 'duration'
TOKENGATE_OPERATION(int, operation, (int n), child, weight::light) { return n; }    // expect: TG-E103 'operation'
TOKENGATE_OPERATION(int, unknown, (int n), weight::gigantic) { return n; }          // expect: error gigantic
TOKENGATE_OPERATION(int, call, (int n), external_calls{42}) { return n; }           // expect: TG-E107

TOKENGATE_OPERATION(int, empty, (int n), external_calls{"child", ""}) { return n; }     // expect: TG-E107 'empty'
TOKENGATE_OPERATION(int, again, (int n), external_calls{"child", child}) { return n; }  // expect: TG-E108 'again'
TOKENGATE_OPERATION(int, nameless, (int n), sticky_anchor{""}) { return n; }            // expect: TG-E109 'nameless'
TOKENGATE_OPERATION(int, hashed, (int n), hash_policy::full) { return n; }              // expect: TG-E110 'hashed'
TOKENGATE_OPERATION(int, digested, (int n), digest_policy::full) { return n; }          // expect: TG-E111 'digested'
TOKENGATE_OPERATION(int, at_once, (int n), timeout{0s}) { return n; }                   // expect: TG-E112 'at_once'
TOKENGATE_OPERATION(int, yesterday, (int n), timeout{-24h}) { return n; }               // expect: TG-E112 'yesterday'

extern std::chrono::seconds patience;
TOKENGATE_OPERATION(int, patient, (int n), timeout{patience}) { return n; }  // expect: TG-E113 'patient'

// The name of a string that is gone.
TOKENGATE_OPERATION(int, gone, (int n), sticky_anchor{std::string("x")}) { return n; }  // expect: TG-E113 'gone'

TOKENGATE_APPLICATION(all);

// What was refused can still be called, without a second error.
int run() { return ledger(1).get() + twice(2).get() + number(3).get() + empty(4).get() + patient(5).get(); }
