"""The rules of TokenGate: the only .bzl file that BUILD files load, but for those of its own workloads."""

load("@rules_cc//cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@rules_cc//cc:defs.bzl", "CcInfo", "cc_binary", "cc_common", "cc_library", "cc_test")
load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain")
load("//:lanes.bzl", "lane_set_target", "lane_target")

# What both g++ 12 and clang 16 know. The language standard comes from .bazelrc.
_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wimplicit-fallthrough",
]

def tokengate_library(name, copts = [], **kwargs):
    """A library whose headers are included by their place in the house: core/token.h is <tokengate/core/token.h>.

    Private unless `visibility` says otherwise.

    Args:
      name: name of the target.
      copts: options beside the common ones.
      **kwargs: anything else a cc_library takes.
    """
    cc_library(
        name = name,
        copts = _COPTS + copts,
        include_prefix = "tokengate",
        strip_include_prefix = "/",
        linkstatic = True,
        **kwargs
    )

def tokengate_binary(name, copts = [], **kwargs):
    """A program.

    Args:
      name: name of the target.
      copts: options beside the common ones.
      **kwargs: anything else a cc_binary takes.
    """
    cc_binary(
        name = name,
        copts = _COPTS + copts,
        **kwargs
    )

def tokengate_test(name, copts = [], deps = [], size = "small", **kwargs):
    """A GoogleTest program; its `main` is GoogleTest's unless a source brings its own.

    Args:
      name: name of the target.
      copts: options beside the common ones.
      deps: libraries under test; GoogleTest is added.
      size: how long it may take: small (1 minute, the default), medium (5), large (15).
      **kwargs: anything else a cc_test takes, such as data, args, env.
    """
    cc_test(
        name = name,
        copts = _COPTS + copts,
        size = size,
        linkstatic = True,
        deps = deps + ["@gtest//:gtest_main"],
        **kwargs
    )

def tokengate_lane(name, policy, hdrs, summary, srcs = [], deps = [], copts = [], include_prefix = "", visibility = None, **kwargs):
    """A lane: a queueing policy that a program can link (docs/lanes.md). Fails when its description is not right.

    Makes `name`, for tokengate_lane_set and as a library, and `name`_policy, the class without the lane, for its tests.

    Args:
      name: what operations and options call it by: lane{"express"}. Lower-case letters, digits, underscores.
      policy: the class, with its namespaces, such as "shop::express". What it must offer is checked when it is compiled.
      hdrs: its headers, files of this package; the class is defined in one of them.
      summary: one line: which token comes next.
      srcs: its sources, if it has any.
      deps: what it needs beside TokenGate's lanes.
      copts: options beside the common ones.
      include_prefix: what stands before the package in the path that its headers are included by.
      visibility: as everywhere; lane sets must see it.
      **kwargs: anything else a cc_library takes.
    """
    lane_target(name, policy, hdrs, summary, srcs, deps, _COPTS + copts, include_prefix, visibility, **kwargs)

def tokengate_lane_set(name, lanes, default, visibility = None):
    """The lanes that a program links. Which set is linked says the flag --@tokengate//:linked_lanes.

    Args:
      name: name of the target.
      lanes: targets made by tokengate_lane.
      default: the name of the one that serves tokens which name none; --@tokengate//:default_lane overrides it.
      visibility: as everywhere.
    """
    lane_set_target(name, lanes, default, _COPTS, visibility)

def tokengate_lane_test(name, lane, **kwargs):
    """A test that a lane does what every lane must do, whatever its policy: nothing is lost, doubled or held back.

    Args:
      name: name of the test.
      lane: a target made by tokengate_lane.
      **kwargs: anything else a test takes, such as size or tags.
    """
    lane_set_target(name + "_lanes", [lane], "", _COPTS, None)
    tokengate_test(
        name = name,
        deps = [name + "_lanes", Label("//tests/lanes:lane_contract")],
        **kwargs
    )

# Flags of a toolchain configured for one compiler that the other does not know.
_ONLY_GCC = ["-fno-canonical-system-headers", "-Wno-free-nonheap-object"]
_ONLY_CLANG = ["-Wthread-safety", "-Wself-assign", "-fcolor-diagnostics"]

# Compiler -> flags it does not know, flags it gets: every error, each on one line.
_COMPILERS = {
    "g++": (_ONLY_CLANG, ["-fmax-errors=0", "-fno-diagnostics-show-caret"]),
    "clang++": (_ONLY_GCC, ["-ferror-limit=0", "-fno-caret-diagnostics"]),
}

def _diagnostics(ctx, name, compiler, flags, inputs):
    """What the compiler says of ctx.file.src, and its exit code: an action that succeeds either way."""
    unknown, own = _COMPILERS[name]
    output = ctx.actions.declare_file("{}.{}.txt".format(ctx.label.name, name))
    ctx.actions.run_shell(
        inputs = inputs,
        outputs = [output],
        tools = [compiler],
        env = {"LC_ALL": "C"},
        arguments = [output.path, compiler.path] + [flag for flag in flags if flag not in unknown] + own +
                    ["-fdiagnostics-color=never", "-fsyntax-only", ctx.file.src.path],
        command = 'output=$1; shift; "$@" >"$output" 2>&1; echo "exit code $?" >>"$output"',
        mnemonic = "Diagnostics",
        progress_message = "Asking {} about {}".format(name, ctx.file.src.short_path),
    )
    return output

def _diagnostics_test_impl(ctx):
    toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    context = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps]).compilation_context
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + _COPTS + ctx.attr.copts,
        include_directories = context.includes,
        quote_include_directories = depset([".", ctx.bin_dir.path], transitive = [context.quote_includes]),
        system_include_directories = context.system_includes,
        preprocessor_defines = context.defines,
    )
    flags = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = variables,
    )
    sources = [ctx.file.src] + ctx.files.hdrs
    inputs = depset(sources, transitive = [context.headers, toolchain.all_files])

    limit = "={}".format(ctx.attr.lines_per_error) if ctx.attr.lines_per_error else ""
    arguments = [ctx.attr.mode + limit, ctx.attr.control]
    diagnostics = []
    for name, compiler in {"g++": ctx.file._gcc, "clang++": ctx.file._clang}.items():
        output = _diagnostics(ctx, name, compiler, flags, inputs)
        diagnostics.append(output)
        arguments += [name, output.short_path]
    arguments += ["--"] + [source.short_path for source in sources]

    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    quoted = ["'" + argument.replace("'", "'\\''") + "'" for argument in arguments]
    ctx.actions.write(
        output = script,
        content = "#!/bin/bash\nexec {} {}\n".format(ctx.file._checker.short_path, " ".join(quoted)),
        is_executable = True,
    )
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(files = [ctx.file._checker] + sources + diagnostics),
    )]

_diagnostics_test = rule(
    implementation = _diagnostics_test_impl,
    test = True,
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = [".cc"]),
        "hdrs": attr.label_list(allow_files = [".h"]),
        "deps": attr.label_list(providers = [CcInfo]),
        "copts": attr.string_list(),
        "mode": attr.string(mandatory = True, values = ["refused", "clean"]),
        "control": attr.string(),
        "lines_per_error": attr.int(),
        "_gcc": attr.label(default = "@compilers//:g++", allow_single_file = True),
        "_clang": attr.label(default = "@compilers//:clang++", allow_single_file = True),
        "_checker": attr.label(default = "//tests/build:check_diagnostics.sh", allow_single_file = True),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def tokengate_must_not_compile(name, src, hdrs = [], deps = [], copts = [], must_fail_with = [], lines_per_error = 0, **kwargs):
    """A test that g++ 12 and clang 16 both refuse a file, exactly as the comments in the file expect it.

    A comment on the line that must be blamed states the error:

        TOKENGATE_OPERATION(int, pay, (int n), sticky_anchor{"a"}, external_calls{"b"}) {  // expect: TG-E101 'pay'

    `expect@+1:` (or any other distance) stands for a line that cannot carry the comment itself. The first word is the
    error's code, or `error` for an error of the language that carries none; the rest is text that must follow the
    code, where `...` skips; after `// g++ says:` or `// clang++ says:` it may give what else this compiler's line must
    have, the code included. Several expectations of one line follow each other in one comment, each with its own
    `// expect:`. Errors and expectations must match one to one, for each compiler: an error at another place, with
    another code or text, an error too many or too few, and a file without expectations all fail the test.

    Args:
      name: name of the test.
      src: the .cc file; it is only checked, not linked.
      hdrs: headers that belong to the file and may carry expectations, too, also those of other packages.
      deps: libraries whose headers it includes.
      copts: options beside the common ones.
      lines_per_error: if not 0, so many lines at most lie ahead of each error and after it, notes and lines that tell
        where it is included included: no pages about templates.
      must_fail_with: for tests of this rule itself: the comparison must fail and say all of this.
      **kwargs: anything else a test takes, such as size or tags.
    """
    _diagnostics_test(
        name = name,
        src = src,
        hdrs = hdrs,
        deps = deps,
        copts = copts,
        mode = "refused",
        control = "\n".join(must_fail_with),
        lines_per_error = lines_per_error,
        **_small(kwargs)
    )

def tokengate_compiles(name, src, hdrs = [], deps = [], copts = [], must_fail_with = [], **kwargs):
    """A test that g++ 12 and clang 16 both accept a file without a word: the control beside tokengate_must_not_compile.

    Args:
      name: name of the test.
      src: the .cc file; it is only checked, not linked.
      hdrs: headers that belong to the file.
      deps: libraries whose headers it includes.
      copts: options beside the common ones.
      must_fail_with: for tests of this rule itself: the comparison must fail and say all of this.
      **kwargs: anything else a test takes, such as size or tags.
    """
    _diagnostics_test(
        name = name,
        src = src,
        hdrs = hdrs,
        deps = deps,
        copts = copts,
        mode = "clean",
        control = "\n".join(must_fail_with),
        **_small(kwargs)
    )

def _small(kwargs):
    return dict({"size": "small"}, **kwargs)
