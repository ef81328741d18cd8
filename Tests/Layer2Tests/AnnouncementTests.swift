import Layer2
import MonotonicTime
import NetworkAddresses
import Testing
import Wire

@Suite struct AnnouncementTests {
    private static let v4 = IPv4Address(192, 168, 57, 200)
    private static let v6 = IPv6Address(high: 0xFD57_0000_0000_0000, low: 0xC8)
    private static let forms: [OutgoingFrame] = [
        .arp(.announcementRequest(of: v4, at: VirtualLink.mac), destination: .broadcast),
        .arp(.announcementReply(of: v4, at: VirtualLink.mac), destination: .broadcast),
    ]

    @Test("an IPv4 address is announced in both forms at 0, 0.2, 1.1, 2.2 and 4.4 s, then every 60 s")
    func schedule() {
        var virtual = VirtualLink()
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.run(until: .seconds(130))
        let expected: [Int64] = [0, 200, 1100, 2200, 4400, 64_400, 124_400]
        #expect(virtual.sent.map(\.at) == expected.flatMap { [.milliseconds($0), .milliseconds($0)] })
        #expect(virtual.sent.map(\.frame) == expected.flatMap { _ in Self.forms })
    }

    @Test("an IPv6 address is announced by one unsolicited advertisement to all nodes each time")
    func scheduleIPv6() {
        var virtual = VirtualLink()
        virtual.act { $0.own(.v6(Self.v6), at: $1) }
        virtual.run(until: .seconds(5))
        let form = OutgoingFrame.advertisement(
            .announcement(of: Self.v6, at: VirtualLink.mac), destination: MACAddress(0x33, 0x33, 0, 0, 0, 1))
        #expect(virtual.sent.map(\.at) == [0, 200, 1100, 2200, 4400].map { .milliseconds($0) })
        #expect(virtual.sent.allSatisfy { $0.frame == form })
    }

    @Test("a refresh of zero switches the refresh off")
    func noRefresh() {
        var timing = Layer2Timing()
        timing.refresh = .zero
        var virtual = VirtualLink(timing: timing)
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.run(until: .seconds(600))
        #expect(virtual.sent.count == 10)
        #expect(virtual.link.nextDeadline(at: virtual.now) == nil)
    }

    @Test("a withdrawn address is not announced again")
    func withdrawn() {
        var virtual = VirtualLink()
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.run(until: .milliseconds(500))
        virtual.forget()
        virtual.act { link, _ in link.withdraw(.v4(Self.v4)) }
        virtual.run(until: .seconds(120))
        #expect(virtual.sent.isEmpty)
        #expect(!virtual.link.isAnswered(.v4(Self.v4)))
    }

    @Test("owning an owned address changes nothing")
    func ownTwice() {
        var virtual = VirtualLink()
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        let version = virtual.link.version
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.run(until: .milliseconds(100))
        #expect(virtual.sent.count == 2)
        #expect(virtual.link.version == version)
    }

    @Test("a helped address is answered for but never announced")
    func helped() {
        var virtual = VirtualLink()
        virtual.act { link, _ in link.help(.v4(Self.v4), answeringWith: VirtualLink.foreign) }
        virtual.run(until: .seconds(120))
        #expect(virtual.sent.isEmpty)
        #expect(virtual.link.isAnswered(.v4(Self.v4)))
    }

    @Test("an owned address that is helped from now on is announced no more")
    func ownedThenHelped() {
        var virtual = VirtualLink()
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.forget()
        virtual.act { link, _ in link.help(.v4(Self.v4), answeringWith: VirtualLink.foreign) }
        virtual.run(until: .seconds(120))
        #expect(virtual.sent.isEmpty)
    }

    @Test("a changed hardware address is announced at once, from the start of the schedule")
    func hardwareAddressChange() {
        let mac = MACAddress(2, 0, 0, 0, 0, 0x77)
        var virtual = VirtualLink()
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.run(until: .seconds(10))
        virtual.forget()
        virtual.act { $0.setHardwareAddress(mac, at: $1) }
        virtual.run(until: .seconds(12))
        #expect(virtual.sent.map(\.at) == [10_000, 10_000, 10_200, 10_200, 11_100, 11_100].map { .milliseconds($0) })
        #expect(
            virtual.sent.first?.frame
                == .arp(.announcementRequest(of: Self.v4, at: mac), destination: .broadcast))
    }

    @Test("nothing is sent without carrier, and everything is announced anew when it is back")
    func carrier() {
        var virtual = VirtualLink()
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.forget()
        virtual.act { $0.setUp(false, at: $1) }
        virtual.run(until: .seconds(30))
        #expect(virtual.sent.isEmpty)
        virtual.act { $0.setUp(true, at: $1) }
        virtual.run(until: .milliseconds(30_100))
        #expect(virtual.sent.map(\.frame) == Self.forms)
    }

    @Test("announcing again starts the schedule over", arguments: [100, 3000, 30_000] as [Int64])
    func again(milliseconds: Int64) {
        var virtual = VirtualLink()
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.run(until: .milliseconds(milliseconds))
        virtual.forget()
        virtual.act { $0.announceAgain(.v4(Self.v4), at: $1) }
        virtual.run(until: .milliseconds(milliseconds + 4500))
        #expect(virtual.sent.count == 10)
    }

    @Test("churn does not pile up void jobs")
    func churn() {
        var virtual = VirtualLink()
        for _ in 0..<100_000 {
            virtual.act {
                $0.own(.v4(Self.v4), at: $1); $0.withdraw(.v4(Self.v4))
            }
        }
        virtual.act { $0.own(.v4(Self.v4), at: $1) }
        virtual.forget()
        virtual.run(until: .seconds(5))
        #expect((8...10).contains(virtual.sent.count))
    }
}
