import Layer2
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite struct PacingTests {
    private static func takeover(_ count: Int) -> VirtualLink {
        var virtual = VirtualLink()
        virtual.act { link, now in
            for index in 0..<count { link.own(.v4(address(index)), at: now) }
        }
        return virtual
    }

    @Test("1,000 addresses are announced at 2,000 frames/s, in no window by more than a burst beyond")
    func rate() {
        var virtual = Self.takeover(1000)
        virtual.run(until: .seconds(10))
        #expect(virtual.sent.count == 10_000)
        let times = virtual.sent.map(\.at)
        for window in [Interval.milliseconds(10), .milliseconds(100), .seconds(1)] {
            let allowed = Int((window.seconds * 2000).rounded(.up)) + 20
            var first = 0
            for last in times.indices {
                while times[last] - times[first] > window { first += 1 }
                guard last - first + 1 > allowed else { continue }
                Issue.record("\(last - first + 1) frames in \(window.seconds) s before \(times[last].seconds) s")
                return
            }
        }
    }

    @Test("every first announcement goes before any second form, and both before any repeat")
    func firstBeforeRepeats() {
        var virtual = Self.takeover(1000)
        virtual.run(until: .seconds(10))
        let firstThousand = virtual.sent.prefix(1000)
        #expect(Set(firstThousand.map { Self.target($0.frame) }).count == 1000)
        #expect(firstThousand.allSatisfy { Self.operation($0.frame) == .request })
        let secondThousand = virtual.sent.dropFirst(1000).prefix(1000)
        #expect(Set(secondThousand.map { Self.target($0.frame) }).count == 1000)
        #expect(secondThousand.allSatisfy { Self.operation($0.frame) == .reply })
        #expect((virtual.sent[999].at - .milliseconds(500)).seconds.magnitude < 0.02)
    }

    @Test("an address taken in the middle of a storm goes before the repeats of the others")
    func newcomer() {
        var virtual = Self.takeover(1000)
        virtual.run(until: .milliseconds(1500))
        virtual.forget()
        virtual.act { $0.own(.v4(address(5000)), at: $1) }
        virtual.run(until: .milliseconds(1520))
        let index = virtual.sent.firstIndex { Self.target($0.frame) == address(5000) }
        #expect((index ?? .max) <= 20)
    }

    @Test("10,000 addresses are all announced, and refreshed at a steady pace")
    func tenThousand() {
        var virtual = Self.takeover(10_000)
        virtual.run(until: .seconds(60))
        #expect(virtual.sent.count >= 100_000)
        virtual.forget()
        virtual.run(until: .seconds(240))
        #expect((50_000...70_000).contains(virtual.sent.count))
    }

    @Test("the pace is kept through a link that goes down and up")
    func flapping() {
        var virtual = Self.takeover(1000)
        for second in 1...10 as ClosedRange<Int64> {
            virtual.act { $0.setUp(false, at: $1) }
            virtual.act { $0.setUp(true, at: $1) }
            virtual.run(until: .seconds(second))
        }
        #expect(virtual.sent.count <= 10 * 2000 + 20)
    }

    private static func target(_ frame: OutgoingFrame) -> IPv4Address? {
        if case .arp(let packet, _) = frame { packet.target } else { nil }
    }

    private static func operation(_ frame: OutgoingFrame) -> ARPPacket.Operation? {
        if case .arp(let packet, _) = frame { packet.operation } else { nil }
    }
}
