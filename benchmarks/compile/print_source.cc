// Prints a unit for the tests: print_source COUNT
#include <cstdlib>
#include <iostream>

#include <tokengate/benchmarks/compile/source.h>

int main(int argument_count, char** arguments) {
  using namespace tokengate::benchmarks;
  if (argument_count != 2) return 1;
  std::cout << source(unit::called_operations, static_cast<unsigned>(std::atoi(arguments[1])));
}
