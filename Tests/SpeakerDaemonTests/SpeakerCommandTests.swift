import ArgumentParser
import Daemon
import Foundation
import KubernetesClient
import Testing

@testable import SpeakerDaemon

/// The flags of lb-speaker.
@Suite struct SpeakerCommandTests {
    @Test(
        "a number out of its range is an error that says the range",
        arguments: [
            ("--receive-buffer", "1024", "65536 to 268435456 octets"),
            ("--receive-buffer", "268435457", "65536 to 268435456 octets"),
            ("--announce-rate", "9", "10 to 100000 frames per second"),
            ("--refresh-interval", "4", "0, or 5 to 86400 seconds"),
        ])
    func outOfRange(flag: String, value: String, says: String) throws {
        let error = try #require(throws: (any Error).self) { try SpeakerCommand.parse([flag, value]) }
        #expect(SpeakerCommand.message(for: error).contains("\(flag) is \(value); it must be \(says)"))
    }

    @Test("the class has MetalLB's name for it, too", arguments: ["--load-balancer-class", "--lb-class"])
    func loadBalancerClass(flag: String) throws {
        #expect(try SpeakerCommand.parse([flag, "x/y"]).loadBalancerClass == "x/y")
    }

    @Test(
        "a kubeconfig's namespace is its user's, not Herald's, however the kubeconfig is named",
        arguments: [true, false])
    func namespace(isFlag: Bool) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "kubeconfig-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = """
            {"current-context": "c", "users": [{"name": "u", "user": {"token": "t"}}],
             "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:1"}}],
             "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "dev"}}]}
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let command = try SpeakerCommand.parse(isFlag ? ["--kubeconfig", path] : [])
        let settings = try SpeakerSettings(command, Environment(isFlag ? [:] : ["KUBECONFIG": path]))
        #expect(settings.api.namespace == "dev" && settings.namespace == "herald-system")
    }

    @Test("without flags, 4 MiB are asked for")
    func defaults() throws {
        let command = try SpeakerCommand.parse([])
        #expect(command.receiveBuffer == 4 << 20)
        #expect(try SpeakerCommand.parse(["--receive-buffer", "65536"]).receiveBuffer == 1 << 16)
    }
}
