// Google Benchmark's program, with `--quick` and a word on how far apart the cores are.
#include <tokengate/benchmarks/contest.h>

int main(int count, char** arguments) { return tokengate::benchmarks::hold_contests(count, arguments); }
