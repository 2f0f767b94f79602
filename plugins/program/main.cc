#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <tokengate/plugins/program/program.h>

int main(int argument_count, char** arguments) {
  // `bazel run` starts programs in a folder of its own; the user's relative paths mean the one they typed in.
  const char* const typed_in = std::getenv("BUILD_WORKING_DIRECTORY");
  if (typed_in != nullptr && ::chdir(typed_in) != 0) {
    std::perror(typed_in);
    return 1;
  }
  return tokengate::program::run(argument_count, arguments);
}
