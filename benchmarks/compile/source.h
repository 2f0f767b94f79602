// Translation units whose compilation is measured: some hundred operations, or plain functions with the same bodies.
#pragma once

#include <string>

namespace tokengate::benchmarks {

enum class unit : unsigned char {
  functions,         ///< plain ones
  operations,        ///< the same as operations, and the registry that holds them
  called_functions,  ///< each is called once, too
  called_operations  ///< and the result waited for
};

/// A unit of `count` of them, with the umbrella header included in any case. Shapes differ as in real programs:
/// numbers, strings, containers, void; every tag; one in eight is a lead that names two others.
std::string source(unit kind, unsigned count);

/// The umbrella header alone.
std::string umbrella_source();

}  // namespace tokengate::benchmarks
