import ArgumentParser
import EmbeddedAPIServer
import Foundation

/// What an operator would try by hand with arping, ping, ndisc6 and curl, against real kernels: one line per statement,
/// `ok` or `FAILED`, and the exit status says whether all were true.
struct Check: AsyncParsableCommand {
    @OptionGroup var options: SiteOptions

    func run() async throws {
        let addresses = ["192.168.57.200", "fd00:57::200"]
        let isTrue = try await options.withSite(nodes: 3, addresses: addresses) { rig in
            var statements = Statements()
            try rig.cluster.put(service: "grafana", addresses: addresses)
            try await rig.speakers.untilReady(within: .seconds(60))
            try await answering(rig, &statements)
            try await keeping(rig, &statements)
            try await failing(rig, &statements)
            return statements.allTrue
        }
        if !isTrue { throw ExitCode.failure }
    }

    private func answering(_ rig: Rig, _ statements: inout Statements) async throws {
        let owner = try await rig.untilAnswered("192.168.57.200")
        statements.check("one node answers for the address", owner.name) { true }
        statements.tool("arping", "arping is answered", rig.asClient("arping -f -w 10 -I eth0 192.168.57.200"))
        statements.tool("ping", "ping is answered", rig.asClient("ping -c 1 -w 10 192.168.57.200"))
        statements.tool("ndisc6", "ndisc6 is answered", rig.asClient("ndisc6 -1 -r 10 -w 1000 fd00:57::200 eth0"))
        statements.tool("curl", "curl is answered", rig.asClient("curl -sS -m 10 http://192.168.57.200/"))
        statements.tool("curl", "curl is answered over IPv6", rig.asClient("curl -sS -m 10 'http://[fd00:57::200]/'"))
        statements.tool(
            "arping", "a request for an address that is not owned is not answered",
            rig.asClient("arping -c 2 -w 1 -I eth0 192.168.57.201"), fails: true)
        let testimony = try await rig.witness(for: .seconds(1))
        let macs = testimony.hardwareAddresses(of: "192.168.57.200", after: 0)
        statements.check("the other nodes are silent", macs.sorted().joined(separator: " ")) {
            macs == [owner.hardwareAddress]
        }
    }

    /// Nothing moves because of a speaker.
    private func keeping(_ rig: Rig, _ statements: inout Statements) async throws {
        let owner = try await rig.untilAnswered("192.168.57.200")
        for (name, signal) in [("SIGKILL", SIGKILL), ("SIGTERM", SIGTERM)] {
            let start = monotonic()
            let testimony = try await rig.witness(for: .seconds(2)) { rig.speakers.end(owner, with: signal) }
            let gap = testimony.gap(of: "192.168.57.200", after: start, until: monotonic())
            let macs = testimony.hardwareAddresses(of: "192.168.57.200", after: start)
            statements.check(
                "after \(name) a peer answers with the node's own hardware address", "gap \(gap) s, \(macs)"
            ) {
                gap < 2 && macs == [owner.hardwareAddress]
            }
            try rig.speakers.start(owner)
            try await rig.speakers.untilReady([owner], within: .seconds(60))
            let after = try await rig.untilAnswered("192.168.57.200")
            statements.check("the speaker that comes back keeps the address", after.name) { after == owner }
        }
    }

    private func failing(_ rig: Rig, _ statements: inout Statements) async throws {
        let owner = try await rig.untilAnswered("192.168.57.200")
        var start: Int64 = 0
        let testimony = try await rig.witness(for: .seconds(3)) {
            start = monotonic()
            try shell("ip link set \(owner.port) nomaster")
        }
        let gap = testimony.gap(of: "192.168.57.200", after: start, until: monotonic()) { answer in
            answer.hardwareAddress != owner.hardwareAddress || answer.nanoseconds < start + 20_000_000
        }
        let successor = try await rig.untilAnswered("192.168.57.200")
        statements.check("a node that is cut off is replaced", "\(owner.name) by \(successor.name) in \(gap) s") {
            successor != owner && gap < 2
        }
        statements.tool("curl", "the page answers again", rig.asClient("curl -sS -m 10 http://192.168.57.200/"))
        try shell("ip link set \(owner.port) master lan0")
        try await rig.speakers.untilReady(within: .seconds(60))
        let kept = try await rig.untilAnswered("192.168.57.200")
        statements.check("a node that returns takes nothing back", kept.name) { kept == successor }

        await rig.cluster.server.stop()
        try shell("ip link set \(kept.port) nomaster")
        let third = try await rig.untilAnswered("192.168.57.200")
        statements.check("with the API server stopped the next one takes over too", third.name) { third != kept }
    }
}

/// Prints what was found true and what not.
struct Statements {
    private(set) var allTrue = true

    mutating func check(_ statement: String, _ evidence: String, _ isTrue: () -> Bool) {
        let isTrue = isTrue()
        allTrue = allTrue && isTrue
        print("\(isTrue ? "ok" : "FAILED") \(statement) (\(evidence))")
    }

    /// Runs a command line of a tool; a machine without the tool is no failure.
    mutating func tool(_ tool: String, _ statement: String, _ command: String, fails: Bool = false) {
        guard (try? shell("command -v \(tool)")) != nil else {
            print("skipped \(statement) (\(tool) is not installed)")
            return
        }
        do {
            let output = try shell(command)
            check(statement, output.split(separator: "\n").last.map(String.init) ?? "") { !fails }
        } catch {
            check(statement, fails ? "no answer" : "\(error)") { fails }
        }
    }
}
