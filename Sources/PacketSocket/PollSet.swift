import CLinux
import Glibc

/// The descriptors that one thread waits for.
package struct PollSet: ~Copyable {
    private var entries: [pollfd] = []

    package init() {}

    package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
    package mutating func add(_ descriptor: Int32) {
        entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }

    /// Waits until a descriptor is readable, or for `nanoseconds`; negative: without limit.
    package mutating func wait(nanoseconds: Int64) {
        let count = UInt32(entries.count)
        let ready = unsafe entries.withUnsafeMutableBufferPointer { buffer in
            unsafe cl_poll(buffer.baseAddress, count, nanoseconds)
        }
        guard ready <= 0 else { return }
        for index in entries.indices { entries[index].revents = 0 }
    }

    /// Whether the descriptor that was added as number `index` has something to read, or an error to tell.
    package func isReady(_ index: Int) -> Bool { entries[index].revents != 0 }
}

/// CLOCK_MONOTONIC.
package enum KernelClock {
    package static func monotonicNanoseconds() -> Int64 { cl_monotonic_nanoseconds() }
}

/// The calling thread.
package enum KernelThread {
    /// Names it as `top -H` shows it; 15 octets. Foundation's `Thread.name` stays within the process.
    package static func setName(_ name: String) { unsafe cl_name_thread(name) }
}

/// Wakes a thread that waits in a ``PollSet``, from any other (`man 2 eventfd`).
package final class WakeDescriptor: Sendable {
    package let descriptor: Int32

    package init() throws(PacketSocketError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw PacketSocketError(.open, errno) }
    }

    deinit { close(descriptor) }

    package func signal() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    /// Until it is signalled.
    package func wait() {
        var set = PollSet()
        set.add(descriptor)
        while !set.isReady(0) { set.wait(nanoseconds: -1) }
    }

    package func clear() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
    }
}
