#include <array>
#include <string_view>

#include <tokengate/benchmarks/compile/source.h>

namespace tokengate::benchmarks {
namespace {

/// In every text # stands for the number of the function, < and > for numbers of two others.
struct shape {
  std::string_view result, parameters, tags, body, arguments;
};

constexpr std::array<shape, 8> shapes{{
    {"int", "(int from, int to)", "weight::light",
     "int sum = 0;\n  for (int i = from; i != to; ++i) sum += i * #;\n  return sum;", "(1, 2)"},
    {"std::string", "(std::string text, std::size_t times)", "storage_speed::fast",
     "std::string out;\n  while (times-- != 0) out += text;\n  return out;", "(\"a\", 3u)"},
    {"std::vector<int>", "(std::vector<int> numbers, int factor)", "weight::heavy",
     "for (int& each : numbers) each *= factor + #;\n  return numbers;", "(std::vector<int>{1}, 2)"},
    {"int", "(int n)", "external_calls{\"function_<\", \"function_>\"}", "return n * n + #;", "(3)"},
    {"void", "(const std::string& line, unsigned long count = 3)", "timeout{2s}",
     "if (line.size() == count) throw count;", "(\"line\")"},
    {"bool", "(std::uint64_t n)", "",
     "for (std::uint64_t i = 2; i * i != n; ++i)\n    if (n % i == 0) return false;\n  return n != 1;", "(7u)"},
    {"double", "(int account, double amount)", "sticky_anchor{\"ledger_#\"}", "return amount * account + #;",
     "(1, 2.0)"},
    {"(std::map<int, int>)", "(std::vector<int> of)", "weight::medium, lane{\"priority\"}",
     "std::map<int, int> counts;\n  for (int each : of) ++counts[each];\n  return counts;", "(std::vector<int>{1})"},
}};

bool is_operations(unit kind) { return kind == unit::operations || kind == unit::called_operations; }
bool is_called(unit kind) { return kind == unit::called_functions || kind == unit::called_operations; }

std::string numbered(std::string_view text, unsigned number) {
  std::string out;
  const auto other = [number](unsigned before) { return std::to_string(number - (before < number ? before : number)); };
  const bool names = text.starts_with("external_calls");  // elsewhere < and > mean themselves
  for (const char letter : text) {
    if (letter == '#')
      out += std::to_string(number);
    else if (names && letter == '<')
      out += other(1);
    else if (names && letter == '>')
      out += other(2);
    else
      out += letter;
  }
  return out;
}

std::string declaration(unit kind, unsigned number) {
  const shape& chosen = shapes[number % shapes.size()];
  const std::string name = "function_" + std::to_string(number);
  std::string_view result = chosen.result;
  if (is_operations(kind))
    return "TOKENGATE_OPERATION(" + std::string(result) + ", " + name + ", " + std::string(chosen.parameters) +
           (chosen.tags.empty() ? "" : ", ") + numbered(chosen.tags, number) + ") {\n  " +
           numbered(chosen.body, number) + "\n}\n";
  if (result.starts_with('(')) result = result.substr(1, result.size() - 2);
  return std::string(result) + ' ' + name + std::string(chosen.parameters) + " {\n  " + numbered(chosen.body, number) +
         "\n}\n";
}

std::string call(unit kind, unsigned number) {
  return "  static_cast<void>(function_" + std::to_string(number) +
         std::string(shapes[number % shapes.size()].arguments) + (is_operations(kind) ? ".get());\n" : ");\n");
}

}  // namespace

std::string umbrella_source() { return "#include <tokengate/tokengate.h>\n"; }

std::string source(unit kind, unsigned count) {
  std::string out =
      "#include <cstdint>\n#include <map>\n#include <string>\n#include <vector>\n\n" + umbrella_source() + '\n';
  for (unsigned number = 0; number < count; ++number) out += declaration(kind, number);
  if (is_operations(kind)) out += "TOKENGATE_APPLICATION(all);\n";
  if (is_called(kind)) {
    out += "void call_all() {\n";
    for (unsigned number = 0; number < count; ++number) out += call(kind, number);
    out += "}\n";
  }
  return out;
}

}  // namespace tokengate::benchmarks
