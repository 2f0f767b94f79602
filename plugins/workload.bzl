"""The workloads of the program: plugins that `tokengate run` knows by name."""

load("//:rules.bzl", "tokengate_library")

def workload(name, srcs = [], hdrs = [], deps = []):
    """`tokengate run <name>`: what all of them have, and what the program sees (plugins/program/BUILD.bazel).

    Args:
      name: of the workload and of its package.
      srcs: sources beside workload.cc.
      hdrs: headers beside workload.h and operations.h.
      deps: what it needs beside the framework, the report and the command line.
    """
    tokengate_library(
        name = name,
        srcs = ["workload.cc"] + srcs,
        hdrs = [
            "operations.h",
            "workload.h",
        ] + hdrs,
        visibility = [
            "//plugins/program:__pkg__",
            "//tests/plugins:__pkg__",
        ],
        deps = [
            "//:framework",
            "//plugins/program:workload",
            "//plugins/report",
            "@cli11",
        ] + deps,
    )
