// Everything a program that uses TokenGate needs.
#pragma once

// g++ would warn of parameters in these headers that are named like an operation in the user's global namespace.
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif

#include <tokengate/anchors/anchor_key.h>
#include <tokengate/anchors/seed.h>
#include <tokengate/core/error.h>
#include <tokengate/core/gather.h>
#include <tokengate/core/operation.h>
#include <tokengate/core/refuse_when_full.h>
#include <tokengate/core/registry.h>
#include <tokengate/core/submit.h>
#include <tokengate/core/this_token.h>
#include <tokengate/core/token.h>
#include <tokengate/core/unobserved.h>
#include <tokengate/core/wait_any.h>
#include <tokengate/io/blocking.h>
#include <tokengate/io/file.h>
#include <tokengate/lanes/coordinator.h>
#include <tokengate/lanes/stall.h>
#include <tokengate/linked_lanes.h>

#ifndef __clang__
#pragma GCC diagnostic pop
#endif
