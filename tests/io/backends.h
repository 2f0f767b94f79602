// Every test of reading runs on both ways to wait for files.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include <tokengate/io/backend.h>
#include <tokengate/io/ring.h>

namespace tokengate::io {

/// Skips the tests of the ring where the kernel refuses it.
class on_backend : public ::testing::TestWithParam<backend> {
 protected:
  void SetUp() override {
    if (GetParam() == backend::uring && ring::make() == nullptr) GTEST_SKIP() << "this kernel refuses io_uring";
  }
};

inline std::string name_of(const ::testing::TestParamInfo<backend>& info) {
  return info.param == backend::uring ? "uring" : "threads";
}

inline const auto both_backends = ::testing::Values(backend::uring, backend::threads);

}  // namespace tokengate::io
