import CTestSupport
import CaptureKit
import ChildProcess
import Foundation
import Glibc
import NetworkAddresses
import PacketSocket
import Testing
import Wire

/// Two hosts on one Ethernet cable: the node under test, and another host with the kernel's own stack.
///
/// Each lives in a nameless network namespace that a sleeping process holds: when the test dies in whatever way, the
/// processes end by themselves soon after, and everything is gone with them.
final class Segment: Sendable {
    static let nodeHardware = MACAddress(2, 0, 0, 0, 0, 0x1F)
    static let hostHardware = MACAddress(2, 0, 0, 0, 0, 0x1E)
    static let hostAddress = IPv4Address(192, 168, 57, 30)

    let node: Int32
    let host: Int32

    /// Whether this machine and user can make namespaces at all.
    static let isPossible = unsafe geteuid() == 0 && access("/usr/bin/unshare", X_OK) == 0

    private init(node: Int32, host: Int32) { (self.node, self.host) = (node, host) }

    deinit {
        kill(node, SIGKILL)
        kill(host, SIGKILL)
    }

    /// Makes the two namespaces, with a veth pair `eth0` in both, the host having its address.
    static func make() async throws -> Segment {
        let segment = Segment(
            node: try await startDetached("exec unshare -n sleep 180"),
            host: try await startDetached("exec unshare -n sleep 180"))
        try await segment.waitForNamespaces()
        try await segment.plug()
        try await segment.onHost("ip addr add \(hostAddress)/24 dev eth0")
        try await segment.onHost("ip -6 addr add fd57::1e/64 dev eth0 nodad")
        return segment
    }

    /// (Re-)makes the cable; the node's interface gets `index` if one is given.
    func plug(index: Int32? = nil) async throws {
        let number = index.map { "index \($0)" } ?? ""
        try await onNode(
            "ip link add eth0 \(number) address \(Self.nodeHardware) type veth peer name eth0 address \(Self.hostHardware) netns \(host)"
        )
        try await onNode("ip link set lo up && ip link set eth0 up")
        try await onHost("ip link set lo up && ip link set eth0 up")
    }

    @discardableResult
    func onNode(_ script: String) async throws -> String { try await Self.run(in: node, script).check() }

    @discardableResult
    func onHost(_ script: String) async throws -> String { try await Self.run(in: host, script).check() }

    func tryOnHost(_ script: String) async throws -> Program.Result { try await Self.run(in: host, script).run() }

    static func run(in pid: Int32, _ script: String) -> Program {
        Program(["nsenter", "-t", "\(pid)", "-n", "sh", "-ec", script])
    }

    /// The index of `eth0` on the node.
    func interfaceIndex() async throws -> Int32 {
        // `ip` would complain, too, of names in /run/netns that somebody has left behind.
        try await Self.inside(node) { unsafe Int32(if_nametoindex("eth0")) }
    }

    /// Puts frames of any kind on the cable, one after the other, as the other host.
    func sendFromHost(_ frames: [UInt8]...) async throws { try await sendFromHost(frames) }

    func sendFromHost(_ frames: [[UInt8]]) async throws {
        try await Self.inside(host) {
            let index = unsafe Int32(if_nametoindex("eth0"))
            let socket = try PacketSocket(etherType: .arp, interfaceIndex: index, filter: .none)
            var batch = FrameBatch(capacity: frames.count, frameSize: 2048)
            for (place, frame) in frames.enumerated() {
                _ = batch.fill(place) { room in
                    for offset in frame.indices { room[offset] = frame[offset] }
                    return frame.count
                }
            }
            #expect(batch.send(count: frames.count, to: socket.descriptor).refused == 0)
        }
    }

    func insideNode<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await Self.inside(node, body)
    }

    /// Runs `body` on a thread of its own inside the namespace of a process.
    static func inside<Value: Sendable>(
        _ pid: Int32, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        return try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        let status = ct_enter_network_of(pid)
                        guard status == 0 else { throw POSIXError(.EPERM) }
                        return try body()
                    })
            }.start()
        }
    }

    /// Starts a program that outlives the shell which starts it, and returns its process number.
    static func startDetached(_ script: String) async throws -> Int32 {
        let text = try await Program(["sh", "-c", "(\(script)) >/dev/null 2>&1 & echo $!"]).check()
        return try #require(Int32(text.trimmed))
    }

    /// `unshare` has to run first: its namespace is another one than ours as soon as it has.
    private func waitForNamespaces() async throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        for pid in [node, host] {
            var name = own
            for _ in 0..<3000 where name == own {
                name = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net")
                if name == own { try await Task.sleep(for: .milliseconds(10)) }
            }
            try #require(name != own, "process \(pid) has no namespace of its own")
        }
    }
}

/// tcpdump on the host's side of the cable: an independent witness of what was sent, and when.
final class Witness: Sendable {
    private let process: Int32
    private let path: String

    struct Sighting: Sendable {
        /// Seconds since the first frame that was seen.
        let time: Double
        /// Seconds since 1970.
        let clock: Double
        let frame: LinkFrame
    }

    static func watch(_ segment: Segment, _ expression: String = "arp or icmp6") async throws -> Witness {
        let path = FileManager.default.temporaryDirectory.appending(path: "herald-\(UUID().uuidString).pcap").path
        let process = try await Segment.startDetached(
            "exec timeout 120 nsenter -t \(segment.host) -n tcpdump -i eth0 -Q in -U --immediate-mode -B 16384 "
                + "-Z root -w \(path) '\(expression)'")
        let witness = Witness(process, path)
        // tcpdump writes the file's header when it has begun to listen.
        for _ in 0..<3000 {
            if witness.written >= 24 { return witness }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw POSIXError(.ETIMEDOUT)
    }

    private init(_ process: Int32, _ path: String) { (self.process, self.path) = (process, path) }

    deinit {
        kill(process, SIGTERM)
        try? FileManager.default.removeItem(atPath: path)
    }

    private var written: Int {
        (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    }

    /// Ends the watch, when tcpdump has nothing more to write, and tells what the node sent.
    func sightings() async throws -> [Sighting] {
        // What it has not read when it is ended is lost, and on a busy machine it may have to wait for a processor.
        var (before, quiet) = (-1, 0)
        while quiet < 5 {
            quiet = before == written ? quiet + 1 : 0
            before = written
            try await Task.sleep(for: .milliseconds(100))
        }
        kill(process, SIGINT)
        for _ in 0..<1000 where kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
        return try sightingsSoFar()
    }

    func sightingsSoFar() throws -> [Sighting] {
        let frames = try Capture(file: path).frames
        let first = frames.first?.time ?? 0
        return frames.compactMap { frame in
            guard let parsed = try? LinkFrame(parsing: frame.bytes.span) else { return nil }
            return Sighting(time: frame.time - first, clock: frame.time, frame: parsed)
        }
    }
}
