import ChildProcess
import Foundation
import Testing

@Suite("output and input")
struct OutputTests {
    private static func run(_ script: String, _ arguments: String...) async throws -> Program.Result {
        try await Program(["sh", "-c", script, try Scratch.lbctl] + arguments).run()
    }

    @Test("what cannot be written is a failure, told in one sentence")
    func full() async throws {
        let result = try await Self.run("exec 3>&1; \"$0\" --help 2>&3 >/dev/full")
        #expect(result.status == 1)
        #expect(
            result.output.hasPrefix("lbctl: cannot write the output: No space left on device; "), "\(result.output)")
        #expect(result.output.split(separator: "\n").count == 1)
    }

    @Test("where nobody reads any more, it ends without a word")
    func brokenPipe() async throws {
        let script = """
            exec 3>&1
            { "$0" --help; sleep 0.5; "$0" --help 2>&3; echo "status $?" >&3; } | head -1 >/dev/null
            """
        let result = try await Self.run(script)
        #expect(result.output == "status 141\n", "\(result.output)")
    }

    @Test("--version says the version")
    func version() async throws {
        let result = try await Self.run("\"$0\" --version")
        #expect(result.isSuccess && result.output.contains("."), "\(result.output)")
    }

    @Test(
        "pipes and standard input are read as files are",
        arguments: [
            "cat \"$1\" | \"$0\" decode --summary -", "cat \"$1\" | \"$0\" decode --summary /dev/stdin",
            "mkfifo \"$2/p\"; cat \"$1\" >\"$2/p\" & \"$0\" decode --summary \"$2/p\"",
        ])
    func pipes(_ script: String) async throws {
        try await Scratch.with { folder in
            let result = try await Self.run(script, "\(Scratch.root)/Tests/Captures/linux-dad.pcap", folder)
            #expect(result.output.hasPrefix("6 frames, 4 understood"), "\(result.output)")
        }
    }

    @Test(
        "a file that cannot be read is told in one short line that says why",
        arguments: [
            ("validate -f \"$1\"", "Is a directory"), ("validate -f \"$1/none\"", "No such file or directory"),
            ("decode \"$1\"", "Is a directory"), ("check --dhcp-config \"$1\"", "Is a directory"),
            ("validate -f \"$1/binary\"", "is no text in UTF-8"),
            ("pools --kubeconfig \"$1\"", "cannot be read: it is no file"),
            ("pools --kubeconfig \"$1/binary\"", "cannot be read: it is no text in UTF-8"),
        ])
    func unreadable(_ command: String, _ says: String) async throws {
        try await Scratch.with { folder in
            try Data((0..<4096).map { UInt8(truncatingIfNeeded: $0) }).write(
                to: URL(fileURLWithPath: "\(folder)/binary"))
            let result = try await Self.run("\"$0\" \(command)", folder)
            #expect(result.status == 1)
            #expect(result.output.contains(says) && result.output.count < 400, "\(result.output)")
        }
    }
}
