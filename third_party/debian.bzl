"""Repository rules that turn installed Debian packages into Bazel repositories.

Nothing is downloaded here: apt (through ./bazelw) is the only source. Headers stay in /usr/include and libraries where
the linker looks anyway, so a repository holds no files of its own, only a BUILD file with the link options. The
exception is what the sanitizers need to compile themselves (debian_source).
"""

def _missing(repository_ctx, what):
    fail("""

{what} is missing. It belongs to the Debian package {package}, which './bazelw' installs
(any command line, for example './bazelw test //...'). By hand:
    sudo apt-get install --no-install-recommends {package}
""".format(what = what, package = repository_ctx.attr.package))

def _debian_library_impl(repository_ctx):
    for header in repository_ctx.attr.headers:
        if not repository_ctx.path("/usr/include/" + header).exists:
            _missing(repository_ctx, "<{}>".format(header))
    for header, text in repository_ctx.attr.must_contain.items():
        if text not in repository_ctx.read("/usr/include/" + header):
            _missing(repository_ctx, "<{}> with '{}' (another version is installed)".format(header, text))
    repository_ctx.symlink(repository_ctx.attr.build_file, "BUILD.bazel")

debian_library = repository_rule(
    implementation = _debian_library_impl,
    local = True,
    doc = "A -dev package: checked to be there, described by build_file.",
    attrs = {
        "package": attr.string(mandatory = True, doc = "Name of the Debian package, for messages."),
        "headers": attr.string_list(mandatory = True, doc = "Files below /usr/include that must exist."),
        "must_contain": attr.string_dict(doc = "Header -> text it must contain: pins a version."),
        "build_file": attr.label(mandatory = True, allow_single_file = True),
    },
)

def _debian_source_impl(repository_ctx):
    environment = repository_ctx.os.environ
    cache = environment.get("XDG_CACHE_HOME") or environment.get("HOME", "") + "/.cache"
    source = repository_ctx.path("{}/tokengate/{}".format(cache, repository_ctx.attr.package))
    if not source.get_child("version").exists:
        fail("""

The source of Debian's {package} is not in
    {source}
Only the sanitizers need it; './bazelw' fetches it, once, when its command line has {option},
for example './bazelw test {option} //tests/lanes/...'.
""".format(package = repository_ctx.attr.package, source = source, option = repository_ctx.attr.option))
    for entry in source.readdir():
        repository_ctx.symlink(entry, entry.basename)
    repository_ctx.symlink(repository_ctx.attr.build_file, "BUILD.bazel")

debian_source = repository_rule(
    implementation = _debian_source_impl,
    local = True,
    environ = ["XDG_CACHE_HOME", "HOME"],
    doc = "Parts of a source package, which ./bazelw has unpacked in its cache, described by build_file.",
    attrs = {
        "package": attr.string(mandatory = True, doc = "Name of the Debian source package."),
        "option": attr.string(mandatory = True, doc = "The option that makes ./bazelw fetch it, for messages."),
        "build_file": attr.label(mandatory = True, allow_single_file = True),
    },
)

def _debian_rules_impl(repository_ctx):
    source = repository_ctx.path(repository_ctx.attr.path)
    if not source.exists:
        _missing(repository_ctx, str(source))
    for entry in source.readdir():
        repository_ctx.symlink(entry, entry.basename)

debian_rules = repository_rule(
    implementation = _debian_rules_impl,
    local = True,
    doc = "A package of Bazel rules, taken as it is.",
    attrs = {
        "package": attr.string(mandatory = True),
        "path": attr.string(mandatory = True),
    },
)

def _debian_rules_cc_impl(repository_ctx):
    source = repository_ctx.path(repository_ctx.attr.path)
    if not source.exists:
        _missing(repository_ctx, str(source))

    # Debian pairs rules_cc 0.0.4 with Bazel 4.2.3, but two of its files load `use_cpp_toolchain`, which came with
    # Bazel 5. All it yields is the toolchain type's label, so these two files are written anew with the label itself;
    # everything else is Debian's file.
    patched = ["cc/private/rules_impl/cc_flags_supplier.bzl", "cc/private/rules_impl/compiler_flag.bzl"]
    for path in ["cc", "cc/private", "cc/private/rules_impl"]:
        for entry in repository_ctx.path("{}/{}".format(source, path)).readdir():
            name = path + "/" + entry.basename
            if name in patched:
                text = repository_ctx.read(entry)
                text = text.replace(', "use_cpp_toolchain")', ")")
                text = text.replace("use_cpp_toolchain()", '["@bazel_tools//tools/cpp:toolchain_type"]')
                repository_ctx.file(name, text, executable = False)
            elif name not in ["cc/private", "cc/private/rules_impl"]:
                repository_ctx.symlink(entry, name)
    for name in ["BUILD", "WORKSPACE"]:
        repository_ctx.symlink(source.get_child(name), name)

debian_rules_cc = repository_rule(
    implementation = _debian_rules_cc_impl,
    local = True,
    doc = "Debian's rules_cc, made to load under Debian's Bazel.",
    attrs = {
        "package": attr.string(mandatory = True),
        "path": attr.string(mandatory = True),
    },
)

def _debian_compilers_impl(repository_ctx):
    for name, path in repository_ctx.attr.compilers.items():
        if not repository_ctx.path(path).exists:
            _missing(repository_ctx, path)

        # A script and not a link: clang looks for its own files beside the name it is called by.
        repository_ctx.file(name, '#!/bin/sh\nexec {} "$@"\n'.format(path))
    repository_ctx.file("BUILD.bazel", "exports_files({})\n".format(repository_ctx.attr.compilers.keys()), executable = False)

debian_compilers = repository_rule(
    implementation = _debian_compilers_impl,
    local = True,
    doc = "Compilers by name, for rules that run one whatever CC is.",
    attrs = {
        "package": attr.string(mandatory = True),
        "compilers": attr.string_dict(mandatory = True, doc = "Name -> program."),
    },
)

def _no_coverage_tools_impl(repository_ctx):
    repository_ctx.file("BUILD.bazel", """
package(default_visibility = ["//visibility:public"])

filegroup(name = "coverage_report_generator")

filegroup(name = "lcov_merger")
""", executable = False)

no_coverage_tools = repository_rule(
    implementation = _no_coverage_tools_impl,
    doc = "Every test resolves these two labels, even without coverage; Bazel would download what is behind them.",
)
