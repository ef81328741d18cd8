import CLinux
import Glibc

/// Room for frames that are received, or sent, in one system call.
///
/// The frames' memory is the batch's own, is allocated once, and is lent out only as spans.
@safe
package struct FrameBatch: ~Copyable {
    package let capacity: Int
    package let frameSize: Int
    /// Frames that the last `receive` brought.
    package private(set) var count = 0
    private let storage: OpaquePointer

    /// - Parameters:
    ///   - capacity: frames per system call.
    ///   - frameSize: octets that are kept of each.
    package init(capacity: Int, frameSize: Int) {
        (self.capacity, self.frameSize) = (capacity, frameSize)
        unsafe storage = cl_batch_new(UInt32(capacity), UInt32(frameSize))
    }

    deinit { unsafe cl_batch_free(storage) }

    /// Fills the batch from `socket` without waiting.
    /// - Returns: 0, or the error number (`EAGAIN` when there is nothing to read).
    package mutating func receive(from socket: PacketSocket) -> Int32 { take(unsafe socket.receive(into: storage)) }

    /// Fills the batch from any other socket without waiting.
    package mutating func receive(from descriptor: Int32) -> Int32 {
        take(unsafe cl_batch_receive(descriptor, storage))
    }

    private mutating func take(_ received: Int32) -> Int32 {
        count = Int(max(received, 0))
        return received < 0 ? -received : 0
    }

    /// Lends the frame at `index`.
    package func withFrame<Result: ~Copyable>(_ index: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        unsafe body(frame(index).span)
    }

    /// Lends the frame at `index`, for the fast path: generic over no result, which would cost more than the parsing.
    package func lendFrame(_ index: Int, _ body: (Span<UInt8>) -> Void) { unsafe body(frame(index).span) }

    private func frame(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        precondition(index < count)
        let length = unsafe Int(cl_batch_length(storage, UInt32(index)))
        return unsafe UnsafeBufferPointer(start: cl_batch_frame(storage, UInt32(index)), count: length)
    }

    /// Lends the room at `index` to be filled with a frame to send; `body` returns its length.
    package mutating func fill(_ index: Int, _ body: (inout MutableSpan<UInt8>) -> Int) -> Int {
        precondition(index < capacity)
        let room = unsafe UnsafeMutableBufferPointer(start: cl_batch_frame(storage, UInt32(index)), count: frameSize)
        var span = unsafe room.mutableSpan
        let length = body(&span)
        unsafe cl_batch_set_length(storage, UInt32(index), UInt32(length))
        return length
    }

    /// Sends frames 0 ..< `count`. The kernel takes all, or stops at the first that it refuses: that one is skipped.
    /// - Returns: how many were refused, and the last refusal's error number.
    package mutating func send(count: Int, to descriptor: Int32) -> (refused: Int, errorNumber: Int32) {
        var first = 0
        var refused = 0
        var errorNumber: Int32 = 0
        while first < count {
            let sent = unsafe cl_batch_send(descriptor, storage, UInt32(first), UInt32(count - first))
            if sent > 0 {
                first += Int(sent)
            } else if -sent != EINTR {
                (refused, errorNumber) = (refused + 1, -sent)
                first += 1
            }
        }
        return (refused, errorNumber)
    }
}
