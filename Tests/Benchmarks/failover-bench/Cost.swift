import ArgumentParser
import Foundation
import NetworkAddresses
import PacketSocket
import Wire

/// What membership costs one real speaker: processor time, frames and API requests, beside generated peers; and how
/// many API requests it makes, whatever the number of Services.
struct Cost: AsyncParsableCommand {
    @OptionGroup var options: SiteOptions
    @Option(help: "Nodes on the link, the measured one among them.") var nodes = [3, 10, 50, 100]
    @Option(help: "Seconds of each measurement; reports come every 10 s.") var seconds = 30

    func run() async throws {
        let (sizes, seconds) = (nodes, seconds)
        try await options.withSite(nodes: 1, addresses: ["192.168.57.200"]) { rig in
            let node = rig.site.nodes[0]
            try rig.cluster.put(service: "grafana", addresses: ["192.168.57.200"])
            try await rig.speakers.untilReady()
            let uid = try await rig.clusterUID()
            print(
                "| nodes on the link | hello and claims received/s | sent/s | kB/s on the wire | CPU of the speaker | API requests/s |"
            )
            print("|---:|---:|---:|---:|---:|---:|")
            for size in sizes {
                let peers = try ChildProcess(
                    [
                        "ip", "netns", "exec", Site.client, "\(rig.folder)/failover-bench", "peers", "\(size - 1)",
                        "--key", rig.cluster.key, "--cluster", uid,
                    ], output: "/run/herald/peers.log", hasInput: true)
                try await Task.sleep(for: .seconds(4))
                let (before, start) = (try await sample(rig, node), ContinuousClock.now)
                try await Task.sleep(for: .seconds(seconds))
                let (after, elapsed) = (try await sample(rig, node), (ContinuousClock.now - start) / .seconds(1))
                peers.end()
                let rates = zip(before, after).map { ($1 - $0) / elapsed }
                print(
                    "| \(size) | \(tenths(rates[0])) | \(tenths(rates[1])) | \(tenths(rates[2] / 1000)) | "
                        + "\(tenths(rates[3] * 100)) % of a core | \(tenths(rates[4])) |")
                if size == 100 {
                    print(
                        "goal CPU at 100 nodes: \(tenths(rates[3] * 100)) % (<= 3 %) \(rates[3] <= 0.03 ? "met" : "missed")"
                    )
                }
            }
            let (one, many) = try await requests(rig, node)
            print()
            print("API requests/s of one speaker: \(tenths(one)) with 1 Service, \(tenths(many)) with 500 Services.")
            let isMet = many <= one + 0.2
            print("goal API requests/s with 500 Services: \(tenths(many)) (as with 1) \(isMet ? "met" : "missed")")
        }
    }

    /// API requests per second of a speaker at rest, with 1 and with 500 Services.
    private func requests(_ rig: Rig, _ node: Site.Node) async throws -> (Double, Double) {
        func rate() async throws -> Double {
            let (before, start) = (try await sample(rig, node), ContinuousClock.now)
            try await Task.sleep(for: .seconds(seconds))
            let (after, elapsed) = (try await sample(rig, node), (ContinuousClock.now - start) / .seconds(1))
            return (after[4] - before[4]) / elapsed
        }
        let one = try await rate()
        for index in 0..<499 {
            let number = 201 + index
            try rig.cluster.put(
                service: "service-\(index)", addresses: ["192.168.\(57 + number / 256).\(number % 256)"])
        }
        // Each new announcement is recorded once, as fast as the client's own limit allows; at rest is after that.
        let deadline = ContinuousClock.now + .seconds(240)
        while ContinuousClock.now < deadline {
            let before = try await sample(rig, node)
            try await Task.sleep(for: .seconds(12))
            if try await sample(rig, node)[4] - before[4] < 60 { break }
        }
        return (one, try await rate())
    }

    /// Received, sent, octets on the link, processor seconds, API requests: all since the start.
    private func sample(_ rig: Rig, _ node: Site.Node) async throws -> [Double] {
        let octets = try shell("ip netns exec \(node.name) cat /sys/class/net/eth0/statistics/rx_bytes")
        let text = try await rig.speakers.metrics(node)
        func total(_ metric: String) -> Double {
            text.split(separator: "\n").filter { $0.hasPrefix(metric) }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        }
        return [
            total("herald_hello_received_total"), total("herald_hello_sent_total"),
            Double(octets.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0, total("process_cpu_seconds_total"),
            total("herald_api_requests_total"),
        ]
    }

    private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

/// Generated speakers that are ready and own nothing: as many frames, as large and as well signed as real ones.
struct Peers: AsyncParsableCommand {
    @Argument var count: Int
    @Option(help: "In base64.") var key: String
    @Option(help: "The UID of the namespace kube-system.") var cluster: String

    func run() async throws {
        guard let key = Data(base64Encoded: key).map(Array.init) else { throw Failure("no key") }
        let index = try String(contentsOfFile: "/sys/class/net/eth0/ifindex", encoding: .utf8)
        let socket = try PacketSocket(
            etherType: .hello,
            interfaceIndex: Int32(index.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0, filter: .none)
        Thread.detachNewThread {
            while let data = try? FileHandle.standardInput.read(upToCount: 1), !data.isEmpty {}
            Foundation.exit(0)
        }
        var peers = (0..<count).map { GeneratedPeer(number: $0, cluster: ClusterID(uid: cluster)) }
        let heard = peers.map(\.node) + [NodeID(name: "node-1")]
        var batch = FrameBatch(capacity: 1, frameSize: 2048)
        var next = ContinuousClock.now
        for tick in 0... {
            for number in peers.indices {
                var bodies = [HelloFrame.Body.hello(heard: heard.filter { $0 != peers[number].node }, unheard: [])]
                if tick % 10 == number % 10 {
                    bodies.append(.claims(ClaimsPart(generation: UInt32(tick + 1), index: 0, count: 1, entries: [])))
                }
                for body in bodies {
                    let frame = peers[number].frame(body, key: key)
                    _ = batch.fill(0) { room in
                        for offset in frame.indices { room[offset] = frame[offset] }
                        return frame.count
                    }
                    _ = batch.send(count: 1, to: socket.descriptor)
                }
            }
            next += .milliseconds(100)
            try await Task.sleep(until: next, clock: .continuous)
        }
    }
}

private struct GeneratedPeer {
    private var header: HelloHeader
    private let sender: EncodedSender
    let node: NodeID

    init(number: Int, cluster: ClusterID) {
        let name = "peer-\(number)"
        sender = EncodedSender(HelloSender(name: name, interfaceName: "eth0", addresses: []))
        node = NodeID(name: name)
        header = HelloHeader(
            cluster: cluster, node: node, incarnation: .random(in: 1...(.max)), sequence: 0,
            hardwareAddress: MACAddress(2, 0, 0, 1, 0, UInt8(truncatingIfNeeded: number)), phase: .ready,
            isStale: false, details: sender.digest)
    }

    mutating func frame(_ body: HelloFrame.Body, key: [UInt8]) -> [UInt8] {
        header.sequence += 1
        let payload = HelloFrame(header: header, body: body)
            .encoded(sender: sender, key: key, authenticator: HMACAuthenticator())
        return HelloFrame.ethernet(payload, from: header.hardwareAddress)
    }
}
