import Link
import SpeakerDaemon
import Testing

@Suite struct PeersHeardTests {
    static func report(_ link: String, _ conditions: [PeerCondition]) -> LinkReport {
        var report = LinkReport(interfaceName: link, phase: .ready)
        report.peers = conditions
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
