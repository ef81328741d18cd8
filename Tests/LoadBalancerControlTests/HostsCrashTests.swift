import ChildProcess
import Foundation
import Testing

@testable import LoadBalancerControl

@Suite("hosts --sync, killed")
struct HostsCrashTests {
    @Test(
        "100 kills in the middle of a sync, beside another sync that goes on, never leave a damaged file",
        .timeLimit(.minutes(10)))
    func kills() async throws {
        let lbctl = try Scratch.lbctl
        try await Scratch.with { folder in
            let path = "\(folder)/hosts"
            let head = "127.0.0.1 localhost\n"
            try head.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: path)
            // Each round lets the writer start, kills it a little later than the last time, and looks at the file. Another
            // writer goes on from the first to the last.
            let script = """
                "$1" lab-tool sync "$2" >/dev/null & other=$!
                for round in $(seq 1 100); do
                  "$1" lab-tool sync "$2" >"$2.out" & writer=$!
                  while [ ! -s "$2.out" ]; do sleep 0.01; done
                  sleep "0.0$(printf %02d $round)"
                  kill -KILL $writer; wait $writer 2>/dev/null
                  : >"$2.out"
                  sha256sum <"$2"; stat -c %a "$2"; head -n 1 "$2"
                done
                kill -KILL $other && echo "the other goes on"; wait $other 2>/dev/null || true
                """
            let output = try await Program(["bash", "-c", script, "bash", lbctl, path]).check()
            let whole = try [1000, 2000].map { count in
                try HostsBlock.put(
                    (0..<count).map { "192.168.57.200 host\($0).cluster.home" }, into: Array(head.utf8))
            }
            let lines = output.split(separator: "\n").filter { !$0.contains("Killed") }
            #expect(lines.count == 301 && lines.last == "the other goes on", "\(lines.last ?? "")")
            var sums: Set<String> = []
            for content in whole {
                let file = "\(folder)/whole"
                try Data(content).write(to: URL(fileURLWithPath: file))
                sums.insert(
                    try await Program(["sh", "-c", "sha256sum <\"$1\"", "sh", file]).check().split(separator: " ")[0]
                        .description)
            }
            for round in stride(from: 0, to: lines.count - 3, by: 3) {
                #expect(sums.contains(lines[round].split(separator: " ")[0].description), "kill \(round / 3)")
                #expect(lines[round + 1] == "604")
                #expect(lines[round + 2] == "127.0.0.1 localhost")
            }
            // What a kill may leave is one draft, which the next sync replaces.
            let others = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(Set(others).subtracting(["hosts", "hosts.out", "whole", ".hosts.lbctl"]).isEmpty)
        }
    }
}
