#include <tokengate/plugins/program/program.h>

int main(int argument_count, char** arguments) { return tokengate::program::run(argument_count, arguments); }
