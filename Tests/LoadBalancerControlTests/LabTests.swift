import ChildProcess
import Foundation
import Testing

/// What the lab's tests need of the machine.
enum LabMachine {
    static let isSuitable =
        geteuid() == 0
        && ["ip", "unshare", "curl", "jq", "tcpdump", "dnsmasq", "dig"].allSatisfy { tool in
            ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
            }
        }
}

/// The whole of Herald on a LAN of network namespaces: real daemons, real kernels, a real client.
@Suite(
    "lab", .serialized,
    .enabled(if: LabMachine.isSuitable, "needs root, iproute2, util-linux, curl, jq, tcpdump, dnsmasq and dig"))
struct LabTests {
    @Test(
        "a client reaches a Service, by name, through a failover; dig is right all the while", .timeLimit(.minutes(5)))
    func scenario() async throws {
        let result = try await Program([Scratch.lbctl, "lab", "--dns"]).run()
        #expect(result.status == 0, "\(result.output)")
        for text in [
            "Service default/grafana gets 192.168.57.200", "Service default/prometheus gets 192.168.57.201",
            "the announcing node's cable is pulled", "dig is right after an Ingress host is renamed",
            "ok      all of it",
        ] {
            #expect(result.output.contains(text), "\(result.output)")
        }
        #expect(!result.output.contains("\nFAILED"), "\(result.output)")
    }

    @Test("no request fails while all speakers restart as a new image would bring it", .timeLimit(.minutes(6)))
    func restart() async throws {
        let result = try await Program([Scratch.lbctl, "lab", "--restart", "--no-failover"]).run()
        #expect(result.status == 0, "\(result.output)")
        let load = try #require(result.output.firstMatch(of: /(\d+) requests by curl.*: (\d+) failed/))
        #expect((Int(load.1) ?? 0) > 100 && load.2 == "0", "\(result.output)")
        print(
            result.output.split(separator: "\n").filter { $0.contains("k8s-") || $0.contains("requests") }
                .suffix(5).joined(separator: "\n"))
    }

    @Test("without curl the lab says so, and does without", .timeLimit(.minutes(5)))
    func noCurl() async throws {
        let lbctl = try Scratch.lbctl
        try await Scratch.with { folder in
            let script = """
                for tool in /usr/sbin/* /usr/bin/* /sbin/* /bin/*; do
                    case $tool in */curl) ;; *) [ -e "$1/${tool##*/}" ] || ln -s "$tool" "$1" ;; esac
                done
                PATH=$1; shift
                "$1" lab --no-failover --no-ipv6; echo "status $?"
                "$1" lab --restart; echo "status $?"
                """
            let output = try await Program(["bash", "-c", script, "bash", folder, lbctl]).check()
            #expect(
                output.contains("note    curl is not installed: lbctl fetches the pages in its place\n"), "\(output)")
            #expect(output.contains("ok      http://grafana.cluster.home answers the gateway"), "\(output)")
            #expect(
                output.hasSuffix(
                    "status 0\nlbctl: curl is not installed; install the package curl\nstatus 1\n"), "\(output)")
        }
    }

    @Test("of two labs the one that is named is entered, and none by chance", .timeLimit(.minutes(5)))
    func two() async throws {
        let script = """
            "$1" lab --hold --no-failover --nodes 2 >"$2/a" 2>&1 & a=$!
            "$1" lab --hold --no-failover --nodes 4 >"$2/b" 2>&1 & b=$!
            until grep -qs ^held "$2/a" && grep -qs ^held "$2/b"; do kill -0 $a && kill -0 $b || break; sleep 0.1; done
            for lab in $a $b; do "$1" lab exec --lab $lab gateway -- ip netns | wc -l; done
            "$1" lab exec gateway -- true 2>&1 | sed "s/$a/A/; s/$b/B/"
            kill $a $b; wait
            """
        try await Scratch.with { folder in
            let output = try await Program(["bash", "-c", script, "bash", Scratch.lbctl, folder]).check()
            let lines = output.split(separator: "\n")
            #expect(lines.prefix(2) == ["4", "6"], "\(output)")
            // Other tests may hold labs of their own.
            let complaint = lines.last ?? ""
            #expect(complaint.contains("labs are running; say with --lab which is meant: "), "\(output)")
            #expect(complaint.contains("A") && complaint.contains("B"), "\(output)")
        }
    }

    @Test("nothing is left of a lab that is killed", .timeLimit(.minutes(5)), arguments: ["INT", "TERM", "KILL"])
    func killed(_ signal: String) async throws {
        let script = """
            networks=$(ip netns | wc -l)
            "$1" lab --hold --no-failover >/dev/null 2>&1 & lab=$!
            for _ in $(seq 1 300); do "$1" lab exec --lab $lab gateway -- true 2>/dev/null && break; sleep 0.1; done
            inside=$(pgrep -P "$(pgrep -P $lab unshare)")
            space=$(readlink /proc/$inside/ns/pid)
            kill -\(signal) $lab; wait $lab 2>/dev/null
            for _ in $(seq 1 300); do
              left=$(readlink /proc/[0-9]*/ns/pid 2>/dev/null | grep -cF "$space")
              [ "$left" = 0 ] && break; sleep 0.1
            done
            echo "left $left; networks $(($(ip netns | wc -l) - networks)); space ${space%%:*}"
            """
        let result = try await Program(["bash", "-c", script, "bash", Scratch.lbctl]).run()
        #expect(result.output.hasSuffix("left 0; networks 0; space pid\n"), "\(result.output)")
    }

    /// What an ordinary user of this machine may do.
    private static func asNobody(_ command: String, _ arguments: [String]) async throws -> Program.Result {
        let drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
        return try await Program(drop + ["bash", "-c", command, "bash"] + arguments).run()
    }

    @Test(
        "an ordinary user's lab is entered by that user, and refused to root", .timeLimit(.minutes(5)),
        .enabled("needs user namespaces for ordinary users") {
            let wall = "unshare --map-root-user --mount --net --pid --fork --mount-proc"
            return try await asNobody("\(wall) ip link set lo up", []).isSuccess
        })
    func rootless() async throws {
        let script = """
            "$1" lab --hold --no-failover --nodes 2 >"$2/log" 2>&1 & lab=$!
            echo $lab >"$2/process"
            until grep -qs ^held "$2/log"; do kill -0 $lab || { cat "$2/log"; exit 1; }; sleep 0.1; done
            "$1" lab exec --lab $lab gateway -- ip netns | wc -l
            touch "$2/entered"; until [ -e "$2/end" ]; do sleep 0.1; done
            { kill $lab; wait; } 2>/dev/null
            """
        try await Scratch.with { folder in
            let lbctl = try Scratch.lbctl
            try await Program(["chmod", "777", folder]).check()
            async let lab = Self.asNobody(script, [lbctl, folder])
            let root = try await Program([
                "bash", "-c",
                """
                for _ in $(seq 1 1200); do [ -e "$2/entered" ] && break; sleep 0.1; done
                "$1" lab exec --lab $(cat "$2/process") gateway -- true; touch "$2/end"
                """, "bash", lbctl, folder,
            ]).run()
            #expect(root.output.contains("belongs to user 65534: only its own user may enter it"), "\(root.output)")
            let inside = try await lab
            #expect(inside.output == "4\n", "\(inside.output)")
        }
    }

    @Test("docs/lbctl.md is what lbctl says", .timeLimit(.minutes(5)))
    func transcript() async throws {
        let lbctl = try Scratch.lbctl
        let page = try await Program(["\(Scratch.root)/scripts/lbctl-transcript"], environment: ["LBCTL": lbctl])
            .check()
        let written = try String(contentsOfFile: "\(Scratch.root)/docs/lbctl.md", encoding: .utf8)
        let (now, then) = (Self.normalised(page), Self.normalised(written))
        let difference = now.difference(from: then).map { change in
            switch change {
            case .insert(let offset, let line, _): "\(offset + 1) + \(line)"
            case .remove(let offset, let line, _): "\(offset + 1) - \(line)"
            }
        }
        #expect(difference.isEmpty, "run `make lbctl-page`:\n\(difference.joined(separator: "\n"))")
    }

    /// The lines without what is another in every run: ages, durations, times, identities, states of ARP entries, the lab's announcer.
    static func normalised(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = String(line)
            line.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "TIME")
            line.replace(/\(\d+\.\d s\)|in \d+\.\d s/, with: "DURATION")
            line.replace(/\b(\d+m)?\d+s( ago)?\b/, with: "AGE")
            line.replace(/controller-\d_[0-9a-f]+/, with: "controller")
            // On a busy machine a speaker may be late enough for another one to take over.
            line.replace(/lladdr [0-9a-f:]+|(served by|of) k8s-node\d/, with: "ANNOUNCER")
            line.replace(/\b(DELAY|REACHABLE|STALE|PROBE|INCOMPLETE|FAILED)\b/, with: "ENTRY")
            line.replace(/\d+ frames, \d+ understood/, with: "FRAMES")
            line.replace(#/ +/#, with: " ")
            return line.hasSuffix(" ") ? String(line.dropLast()) : line
        }
    }
}
