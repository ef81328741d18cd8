import MonotonicTime
import SpeakerDaemon
import Testing

@testable import Link

@Suite struct PeersHeardTests {
    static func report(_ link: String, _ conditions: [PeerCondition]) -> LinkReport {
        var report = LinkReport(interfaceName: link, phase: .ready, incarnation: 1)
        report.peers = conditions.enumerated().map { index, condition in
            LinkReport.Peer(
                name: "n\(index)", condition: condition, hardwareAddress: nil, addresses: [], isStale: false,
                isLeaving: false, lastHeard: Instant(nanoseconds: 0), deadInterval: .seconds(1))
        }
        return report
    }

    @Test("the Lease counts the peers that are heard, link by link; a link that is gone is not counted")
    func text() {
        var heard = PeersHeard()
        #expect(heard.text(on: ["eth0"]) == "")
        heard.take(Self.report("eth0", PeerCondition.allCases))
        heard.take(Self.report("eth1", [.dead]))
        #expect(heard.text(on: ["eth0", "eth1", "eth2"]) == "eth0=3,eth1=0")
        heard.take(Self.report("eth0", [.ready]))
        #expect(heard.text(on: ["eth0"]) == "eth0=1")
    }
}
