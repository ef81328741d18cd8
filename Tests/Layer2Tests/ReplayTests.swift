import CaptureKit
import Foundation
import Layer2
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

/// Frames of real stacks and tools, captured by `scripts/make-captures` around addresses that a Linux kernel owned:
/// the kernel's answers say what ours have to be.
@Suite struct ReplayTests {
    private static let owner = MACAddress(2, 0, 0, 0, 0, 0x1F)
    private static let now = Instant(nanoseconds: 0)
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Captures")

    private static func frames(_ name: String) throws -> [[UInt8]] {
        try Capture(file: folder.appending(path: "\(name).pcap").path).frames.map(\.bytes)
    }

    private static func link() -> Layer2Link {
        var link = Layer2Link(hardwareAddress: owner)
        link.own(.v4(IPv4Address(192, 168, 57, 200)), at: now)
        link.own(.v4(IPv4Address(192, 168, 57, 201)), at: now)
        link.own(.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)), at: now)
        return link
    }

    /// The capture, and how many of the kernel's answers it holds.
    static let captures = [
        ("linux-arp", 2), ("linux-nd", 2), ("linux-dad", 2), ("iputils-arping", 3), ("busybox", 2), ("ndisc6", 2),
        ("arp-scan", 3),
    ]

    @Test("we answer whatever the kernel answered, and with what it said", arguments: captures)
    func sameAsKernel(name: String, answers: Int) throws {
        var link = Self.link()
        var pending: [UInt8]?
        var compared = 0
        for frame in try Self.frames(name) {
            guard let parsed = try? LinkFrame(parsing: frame.span) else { continue }
            if parsed.ethernet.source == Self.owner {
                guard let reply = pending else { continue }
                let ours = try LinkFrame(parsing: reply.span)
                switch (ours, parsed) {
                case (.arp(let a, let mine), .arp(let b, let kernels)):
                    #expect(a == b && mine == kernels, "\(name)")
                case (.advertisement(let a, let mine), .advertisement(let b, let kernels)):
                    // Linux leaves the option out, and Override unset, when it answers a unicast question; RFC 4861 §7.2.4
                    // allows both, and we always tell.
                    #expect(a == b && mine.target == kernels.target && mine.isSolicited == kernels.isSolicited)
                    #expect(mine.source == kernels.source && mine.destination == kernels.destination)
                    #expect(kernels.targetLinkLayer == nil || kernels.targetLinkLayer == mine.targetLinkLayer)
                default: Issue.record("\(name): we say \(ours), the kernel \(parsed)")
                }
                compared += 1
                pending = nil
            } else {
                let reply = link.exchange(frame).reply
                if !reply.isEmpty { pending = reply }
            }
        }
        #expect(compared == answers)
    }

    @Test("announcements of other stacks for their own addresses are read, and concern nobody here")
    func announcements() throws {
        var link = Self.link()
        var read = 0
        for frame in try Self.frames("linux-announce") + Self.frames("iputils-arping") {
            guard let parsed = try? LinkFrame(parsing: frame.span), parsed.ethernet.source != Self.owner else {
                continue
            }
            if case .arp(_, let packet) = parsed, packet.isAnnouncement { read += 1 }
            if case .advertisement = parsed { read += 1 }
            #expect(link.receive(parsed, at: Self.now).isEmpty)
        }
        #expect(read >= 5)
    }

    @Test("the same announcements for an owned address are conflicts", arguments: ["linux-announce", "iputils-arping"])
    func conflicts(name: String) throws {
        var link = Self.link()
        link.own(.v4(IPv4Address(192, 168, 57, 30)), at: Self.now)
        var facts: [Layer2Fact] = []
        for frame in try Self.frames(name) {
            guard let parsed = try? LinkFrame(parsing: frame.span), parsed.ethernet.source != Self.owner else {
                continue
            }
            for case .report(let fact) in link.receive(parsed, at: Self.now) { facts.append(fact) }
        }
        guard case .conflict(.v4(IPv4Address(192, 168, 57, 30)), _, isDefended: true) = facts.first else {
            Issue.record("\(facts)")
            return
        }
    }

    @Test("a DHCP client's conflict probe (udhcpc, RFC 2131 §4.4.1) is answered")
    func dhcp() throws {
        var link = Self.link()
        let replies = try Self.frames("udhcpc").map { link.exchange($0).reply }.filter { !$0.isEmpty }
        #expect(replies.count == 1)
    }

    @Test("router solicitations and echo requests are dropped with their reason")
    func others() throws {
        var link = Self.link()
        for frame in try Self.frames("linux-nd") { _ = link.exchange(frame) }
        #expect(link.counters.drops[.icmpType] >= 6)
        #expect(link.counters.drops[.hopLimit] + link.counters.drops[.icmpChecksum] == 0)
    }
}

/// What a fuzzer or an attacker has sent, replayed from the named files of `Tests/Fuzzing/Corpus`.
@Suite struct CorpusTests {
    @Test("no row of the corpus traps, and every answer to one is a good frame")
    func linkFrames() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fuzzing/Corpus/link-frame")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names.count >= 20)
        var link = Layer2Link(hardwareAddress: VirtualLink.mac)
        link.own(.v4(IPv4Address(192, 168, 57, 200)), at: Instant(nanoseconds: 0))
        link.own(.v6(IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)), at: Instant(nanoseconds: 0))
        for name in names {
            let frame = Array(try Data(contentsOf: folder.appending(path: name)))
            let exchange = link.exchange(frame)
            if !exchange.reply.isEmpty {
                #expect((try? LinkFrame(parsing: exchange.reply.span)) != nil, "\(name)")
            }
            if let parsed = try? LinkFrame(parsing: frame.span) {
                _ = link.receive(parsed, at: Instant(nanoseconds: 0))
            }
        }
    }
}
