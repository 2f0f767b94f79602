// Reads what the workloads that measure report: their tables and their JSON.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include <tokengate/tests/plugins/command.h>

namespace tokengate::test {

/// The cells of the first table of `out`, heading first; columns stand two blanks apart at least.
std::vector<std::vector<std::string>> table_of(const std::string& out);

/// "1,234" or "0.0123" as a number; anything else is a failure of the test.
double number_in(const std::string& cell);

/// How many tokens of operations whose name begins with `prefix` the statistics of --stats counted.
std::uint64_t tokens_counted(const std::string& err, const std::string& prefix);

/// A whole document. Throws what Boost.JSON throws when it is none.
boost::json::object json_of(const std::string& text);

/// Table and JSON show the same: as many lines, and in column `column` the number of `key`, to three digits.
void expect_same_numbers(const std::string& out, const boost::json::object& report, std::size_t column,
                         const char* key);

/// `tokengate run arguments...` is refused as wrong usage, in one sentence that contains `why`.
void expect_refused(std::vector<std::string> arguments, const std::string& why);

/// The program ends by the signal as it should, and says so; what it printed is returned.
std::string interrupted(running& program, int signal = SIGINT);

}  // namespace tokengate::test
