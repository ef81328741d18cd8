import ArgumentParser
import Testing

@testable import ControllerDaemon

@Suite("Flags of lb-controller")
struct FlagTests {
    @Test(
        "numbers that would trap, spin or elect two leaders are refused, and the message names the flag",
        arguments: [
            ("--leader-elect-retry-period 0", "1 to 3600 seconds"),
            ("--leader-elect-retry-period=-1", "1 to 3600 seconds"),
            ("--leader-elect-renew-deadline 0", "1 to 3600 seconds"),
            ("--leader-elect-lease-duration 10000000000", "1 to 3600 seconds"),
            ("--leader-elect-lease-duration 3601", "1 to 3600 seconds"),
            ("--leader-elect-lease-duration 10", "longer than the renew deadline"),
            ("--leader-elect-retry-period 9", "1.2 times the retry period"),
            (
                "--leader-elect-lease-duration 9 --leader-elect-renew-deadline 6 --leader-elect-retry-period 5",
                "1.2 times"
            ),
            ("--leader-elect-identity EMPTY", "must not be empty"),
            ("--kube-api-qps 0", "0.1 to 100000"), ("--kube-api-qps=-5", "0.1 to 100000"),
            ("--kube-api-qps nan", "0.1 to 100000"), ("--kube-api-qps inf", "0.1 to 100000"),
            ("--kube-api-burst 0", "1 to 100000"), ("--kube-api-burst 9223372036854775807", "1 to 100000"),
        ])
    func refused(arguments: String, says: String) {
        let words = arguments.split(separator: " ").map { $0 == "EMPTY" ? "" : String($0) }
        let error = #expect(throws: (any Error).self) { try ControllerCommand.parse(words) }
        let message = error.map { ControllerCommand.message(for: $0) } ?? ""
        #expect(message.contains(says), "\(message)")
        #expect(message.contains(words[0].prefix { $0 != "=" }), "\(message)")
    }

    @Test(
        "client-go's own timing, the limits, and fractions of a request are taken",
        arguments: [
            "",
            "--leader-elect-lease-duration 3600 --leader-elect-renew-deadline 3599 --leader-elect-retry-period 2999",
            "--leader-elect-lease-duration 3 --leader-elect-renew-deadline 2 --leader-elect-retry-period 1",
            "--kube-api-qps 0.5 --kube-api-burst 1",
        ])
    func taken(arguments: String) throws {
        _ = try ControllerCommand.parse(arguments.split(separator: " ").map(String.init))
    }
}
