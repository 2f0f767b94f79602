"""Everything TokenGate takes from Debian, one repository per package."""

load(
    "//third_party:debian.bzl",
    "debian_compilers",
    "debian_library",
    "debian_rules",
    "debian_rules_cc",
    "debian_source",
    "no_coverage_tools",
)

def tokengate_repositories():
    """Declares the repositories; each is looked at only when a target needs it."""
    debian_rules_cc(
        name = "rules_cc",
        package = "bazel-rules-cc",
        path = "/usr/share/bazel/rules/cc",
    )
    debian_rules(
        name = "rules_java",
        package = "bazel-rules-java",
        path = "/usr/share/bazel/rules/java",
    )
    debian_rules(
        name = "bazel_skylib",
        package = "bazel-skylib",
        path = "/usr/share/bazel/tools/skylib",
    )

    debian_compilers(
        name = "compilers",
        package = "clang-16",
        compilers = {
            "g++": "/usr/bin/g++",
            "clang++": "/usr/bin/clang++-16",
        },
    )
    no_coverage_tools(name = "remote_coverage_tools")

    debian_library(
        name = "boost",
        package = "libboost-fiber1.81-dev",
        headers = ["boost/version.hpp", "boost/hana.hpp", "boost/fiber/all.hpp", "boost/context/fiber.hpp"],
        must_contain = {"boost/version.hpp": '#define BOOST_LIB_VERSION "1_81"'},
        build_file = Label("//third_party:boost.BUILD"),
    )
    debian_source(
        name = "boost_source",
        package = "boost1.81",
        option = "--config=asan or --config=tsan",
        build_file = "//third_party:boost_source.BUILD",
    )
    debian_library(
        name = "xxhash",
        package = "libxxhash-dev",
        headers = ["xxhash.h"],
        build_file = Label("//third_party:xxhash.BUILD"),
    )
    debian_library(
        name = "openssl",
        package = "libssl-dev",
        headers = ["openssl/evp.h"],
        build_file = Label("//third_party:openssl.BUILD"),
    )
    debian_library(
        name = "liburing",
        package = "liburing-dev",
        headers = ["liburing.h"],
        build_file = Label("//third_party:liburing.BUILD"),
    )
    debian_library(
        name = "hwloc",
        package = "libhwloc-dev",
        headers = ["hwloc.h"],
        build_file = Label("//third_party:hwloc.BUILD"),
    )
    debian_library(
        name = "cli11",
        package = "libcli11-dev",
        headers = ["CLI/CLI.hpp"],
        build_file = Label("//third_party:cli11.BUILD"),
    )
    debian_library(
        name = "spdlog",
        package = "libspdlog-dev",
        headers = ["spdlog/spdlog.h", "fmt/format.h"],
        build_file = Label("//third_party:spdlog.BUILD"),
    )
    debian_library(
        name = "tbb",
        package = "libtbb-dev",
        headers = ["tbb/tbb.h"],
        build_file = Label("//third_party:tbb.BUILD"),
    )
    debian_library(
        name = "gtest",
        package = "libgmock-dev",
        headers = ["gtest/gtest.h", "gmock/gmock.h"],
        build_file = Label("//third_party:gtest.BUILD"),
    )
    debian_library(
        name = "benchmark",
        package = "libbenchmark-dev",
        headers = ["benchmark/benchmark.h"],
        build_file = Label("//third_party:benchmark.BUILD"),
    )
