# For gdb: what the tokens and fibers of a stopped TokenGate program, or of its core dump, are doing.
#
#   gdb -x tools/tokengate-gdb.py program core        (or: (gdb) source tools/tokengate-gdb.py)
#   (gdb) tokengate tokens [most]       tokens that have not ended: state, operation, what they wait for
#   (gdb) tokengate fibers [depth]      fibers with tokens, by core; suspended ones with a guess at their calls
#
# It only reads memory, so it works on core dumps, and it needs no debug information: the program carries a table of
# where things are (lanes/debugger.h). Nothing but gdb's own Python is used.
import struct

import gdb

STATES = ["created", "waiting", "admitted", "executing", "completed", "failed", "killed", "timeout"]
TERMINAL = 4
KINDS = ["something else", "a token", "all of", "any of", "the end of its sleep", "input or output",
         "a storage permit", "a lock"]
PARKED = 1  # waiter::word_: 0 and 1 are undecided

FIELDS = """version cores operations operation_count
    arena_base arena_slabs arena_made arena_large
    slab_size granule slab_entry slab_carved slab_index
    large_after large_header
    node_request node_creator node_operation
    frame_token frame_outer
    worker_next worker_top worker_parked
    waiter_word waiter_kind waiter_awaited_count waiter_awaited waiter_timed""".split()


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def u64(address):
    return struct.unpack("<Q", memory(address, 8))[0]


def u16(address):
    return struct.unpack("<H", memory(address, 2))[0]


def u32(address):
    return struct.unpack("<I", memory(address, 4))[0]


def u8(address):
    return memory(address, 1)[0]


class Table:
    """The program's own table, read when a command begins."""

    def __init__(self):
        try:
            address = int(gdb.parse_and_eval("(unsigned long)&tokengate_debugger"))
            values = struct.unpack("<%dQ" % len(FIELDS), memory(address, 8 * len(FIELDS)))
        except gdb.error as problem:
            raise gdb.GdbError("no TokenGate program is being debugged (%s)" % problem)
        self.__dict__.update(zip(FIELDS, values))
        if self.version != 2:
            raise gdb.GdbError("this script is for version 2 of the table, the program has %d" % self.version)
        if self.granule == 0:
            raise gdb.GdbError("no coordinator has been started yet")

    def operation(self, number):
        if number >= self.operation_count:
            return "operation %d" % number
        text, length = struct.unpack("<QQ", memory(self.operations + 16 * number, 16))
        return memory(text, length).decode(errors="replace")


class Node:
    def __init__(self, table, address, word=None):
        self.address = address
        word = u64(address) if word is None else word
        self.state = word & 7
        self.id = word >> 8
        self.operation = table.operation(u16(address + table.node_operation))
        self.creator = u64(address + table.node_creator)
        self.stop = u64(address + table.node_request) & 1

    def name(self):
        return "token %d of '%s'" % (self.id, self.operation)


def live_nodes(table):
    """Addresses and words of nodes whose token has not ended."""

    def lives(word):
        return word != 0 and 0 < word & 7 < TERMINAL

    base, slabs, made = u64(table.arena_base), u64(table.arena_slabs), u32(table.arena_made)
    for number in range(made):
        entry = slabs + number * table.slab_entry
        carved = u32(entry + table.slab_carved)
        size = (u8(entry + table.slab_index) + 1) * table.granule
        start = base + number * table.slab_size
        content = memory(start, carved * size) if carved else b""
        for i in range(carved):
            word = struct.unpack_from("<Q", content, i * size)[0]
            if lives(word):
                yield start + i * size, word
    each = u64(table.arena_large + table.large_after)
    while each != table.arena_large:
        word = u64(each + table.large_header)
        if lives(word):
            yield each + table.large_header, word
        each = u64(each + table.large_after)


class Fiber:
    def __init__(self, table, core, worker, running_frame):
        self.core = core
        self.waiter = 0
        frame = running_frame if running_frame is not None else u64(worker + table.worker_top)
        self.state = "running" if running_frame is not None else "ready"
        self.tokens = []
        self.end_of_frames = 0
        while frame:
            self.tokens.append(Node(table, u64(frame + table.frame_token)))
            self.end_of_frames = max(self.end_of_frames, frame)
            frame = u64(frame + table.frame_outer)
        parked = u64(worker + table.worker_parked)
        self.waits_for = ""
        if running_frame is None and parked and u32(parked + table.waiter_word) <= PARKED:
            self.state, self.waiter = "suspended", parked
            self.waits_for = self.describe_wait(table, parked)

    @staticmethod
    def describe_wait(table, waiter):
        kind = u8(waiter + table.waiter_kind)
        text = KINDS[kind] if kind < len(KINDS) else "kind %d" % kind
        awaited, count = u64(waiter + table.waiter_awaited), u32(waiter + table.waiter_awaited_count)
        if 1 <= kind <= 3:
            names = [Node(table, u64(awaited + 8 * i)).name() for i in range(min(count, 8))]
            if count > 8:
                names.append("%d more" % (count - 8))
            text = ", ".join(names) if kind == 1 else text + " " + ", ".join(names)
        elif kind == 7:
            text += " of token %d" % u64(awaited)
        if u64(waiter + table.waiter_timed):
            text += ", for a limited time"
        return text

    def likely_calls(self, most):
        """Functions whose return addresses lie on its stack above the wait. Left-overs of calls that have returned may
        be among them, for nothing is unwound."""
        inferior, found = gdb.selected_inferior(), []
        end = min(self.end_of_frames + 512, self.waiter + (64 << 10))
        size = max(0, end - self.waiter) // 8 * 8
        try:
            stack = memory(self.waiter, size)
        except gdb.MemoryError:
            return found
        for (word,) in struct.iter_unpack("<Q", stack):
            if word < 4096 or word >> 47:
                continue
            try:
                before = bytes(inferior.read_memory(word - 7, 7))
            except gdb.MemoryError:
                continue
            calls = before[2] == 0xE8 or any(before[-n] == 0xFF and before[1 - n] >> 3 & 7 == 2 for n in (2, 3, 6, 7))
            if not calls:
                continue
            text = gdb.execute("info symbol %d" % word, to_string=True).strip()
            if text.startswith("No symbol") or "boost::" in text:
                continue
            name = text.split(" in section")[0]
            if name.startswith("tokengate::lanes::"):
                continue
            found.append("%#x %s" % (word, name))
            if len(found) == most:
                break
        return found


def fibers(table):
    entry = table.cores
    while entry:
        following, index, workers, current, frame = struct.unpack("<5Q", memory(entry, 40))
        worker, running = u64(workers), u64(current)
        while worker:
            fiber = Fiber(table, index, worker, u64(frame) if worker == running else None)
            if fiber.tokens:
                yield fiber
            worker = u64(worker + table.worker_next)
        entry = following


class Prefix(gdb.Command):
    """Tokens and fibers of a TokenGate program."""

    def __init__(self):
        super().__init__("tokengate", gdb.COMMAND_DATA, prefix=True)


class Tokens(gdb.Command):
    """Tokens that have not ended, at most 100 or as many as the argument says."""

    def __init__(self):
        super().__init__("tokengate tokens", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        table, most, shown, more = Table(), int(argument or 100), 0, 0
        waits = {}
        for fiber in fibers(table):
            for inner, outer in zip(fiber.tokens, fiber.tokens[1:]):
                waits[outer.id] = "runs %s in place" % inner.name()
            if fiber.waits_for:
                waits[fiber.tokens[0].id] = "waits for " + fiber.waits_for
        for address, word in live_nodes(table):
            if shown == most:
                more += 1
                continue
            node = Node(table, address, word)
            line = "%-10s %s" % (STATES[node.state], node.name())
            if node.creator:
                line += ", made by token %d" % node.creator
            if node.id in waits:
                line += ", " + waits[node.id]
            if node.stop:
                line += ", is to stop"
            gdb.write(line + "\n")
            shown += 1
        gdb.write("%d tokens%s\n" % (shown + more, ", %d not shown" % more if more else ""))


class Fibers(gdb.Command):
    """Fibers with tokens, by core. The argument says how many calls of a suspended one are shown at most (8)."""

    def __init__(self):
        super().__init__("tokengate fibers", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        table, depth = Table(), int(argument or 8)
        for fiber in fibers(table):
            line = "core %d: %-9s %s" % (fiber.core, fiber.state, fiber.tokens[0].name())
            for outer in fiber.tokens[1:]:
                line += ", inside %s" % outer.name()
            if fiber.waits_for:
                line += ", waits for " + fiber.waits_for
            gdb.write(line + "\n")
            if fiber.waiter:
                for call in fiber.likely_calls(depth):
                    gdb.write("    %s\n" % call)


Prefix()
Tokens()
Fibers()
