#include <cstdlib>
#include <sstream>

#include <boost/json/src.hpp>
#include <gtest/gtest.h>

#include <tokengate/tests/plugins/report_reader.h>

namespace tokengate::test {

std::vector<std::vector<std::string>> table_of(const std::string& out) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    auto& cells = rows.emplace_back();
    for (std::size_t at = line.find_first_not_of(' '); at != std::string::npos;) {
      const std::size_t end = line.find("  ", at);
      cells.push_back(line.substr(at, end - at));
      at = line.find_first_not_of(' ', end);
    }
  }
  return rows;
}

double number_in(const std::string& cell) {
  std::string digits;
  for (const char c : cell) {
    if (c != ',') digits += c;
  }
  char* end = nullptr;
  const double number = std::strtod(digits.c_str(), &end);
  EXPECT_TRUE(!digits.empty() && *end == '\0') << cell;
  return number;
}

std::uint64_t tokens_counted(const std::string& err, const std::string& prefix) {
  std::uint64_t tokens = 0;
  std::istringstream lines(err);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(prefix)) continue;
    std::istringstream words(line);
    std::string name, count;
    words >> name >> count;
    tokens += static_cast<std::uint64_t>(number_in(count));
  }
  return tokens;
}

boost::json::object json_of(const std::string& text) { return boost::json::parse(text).as_object(); }

void expect_same_numbers(const std::string& out, const boost::json::object& report, std::size_t column,
                         const char* key) {
  const auto table = table_of(out);
  const auto& rows = report.at("rows").as_array();
  ASSERT_EQ(table.size(), rows.size() + 1) << out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_GT(table[i + 1].size(), column) << out;
    const double exact = rows[i].at(key).to_number<double>();
    EXPECT_NEAR(number_in(table[i + 1][column]), exact, exact * 0.006) << key << " in line " << i;
  }
}

void expect_refused(std::vector<std::string> arguments, const std::string& why) {
  arguments.insert(arguments.begin(), "run");
  const result refused = tokengate(arguments);
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_EQ(refused.out, "");
  EXPECT_TRUE(refused.err.starts_with("tokengate: ")) << refused.err;
  EXPECT_EQ(refused.err.find('\n'), refused.err.size() - 1) << refused.err;
  EXPECT_NE(refused.err.find(why), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--help'"), std::string::npos) << refused.err;
}

std::string interrupted(running& program, int signal) {
  program.kill(signal);
  const result ended = program.finish();
  EXPECT_EQ(ended.code, 128 + signal) << ended.out;
  EXPECT_NE(ended.out.find("interrupted; "), std::string::npos) << ended.out;
  return ended.out;
}

}  // namespace tokengate::test
