import CLinux

/// A classic BPF program under construction, from its last instruction to its first: jumps only go forward, so whatever a
/// jump goes to has its place already when the jump is written.
struct FilterAssembler {
    /// A place in the program, counted in instructions from its end.
    typealias Label = Int

    private var reversed: [sock_filter] = []
    /// Jumps to a far place that can be shared by branches before them.
    private var trampolines: [Label: Label] = [:]

    /// The place of the instruction that was written last.
    var here: Label { reversed.count }
    var instructions: [sock_filter] { reversed.reversed() }

    enum Width: UInt16 {
        case word = 0x00
        case half = 0x08
        case byte = 0x10
    }

    enum Comparison: UInt16 {
        case equal = 0x15
        case greaterOrEqual = 0x35
        /// Any of the bits is set.
        case anyBit = 0x45
    }

    /// BPF_LD | BPF_ABS: also drops a frame that is too short.
    mutating func load(_ width: Width, at offset: UInt32) { put(0x20 | width.rawValue, offset) }

    /// Ends the program: the whole frame, or none of it.
    mutating func end(accepting: Bool) -> Label {
        put(0x06, accepting ? 0x4_0000 : 0)
        return here
    }

    mutating func put(_ code: UInt16, _ k: UInt32 = 0) { reversed.append(sock_filter(code: code, jt: 0, jf: 0, k: k)) }

    /// A jump of any distance; none when the place comes next anyway.
    mutating func jump(to label: Label) {
        if label != here { put(0x05, UInt32(here - label)) }
    }

    mutating func branch(_ comparison: Comparison, _ value: UInt32, to hit: Label, else miss: Label) {
        let (hit, miss) = (reachable(hit), reachable(miss))
        reversed.append(
            sock_filter(
                code: comparison.rawValue, jt: UInt8(truncatingIfNeeded: here - hit),
                jf: UInt8(truncatingIfNeeded: here - miss), k: value))
    }

    /// A branch reaches 255 instructions; two may be put between it and what was reachable before.
    private mutating func reachable(_ label: Label) -> Label {
        if here - label <= 253 { return label }
        if let trampoline = trampolines[label], here - trampoline <= 253 { return trampoline }
        put(0x05, UInt32(here - label))
        trampolines[label] = here
        return here
    }
}
