import Synchronization
import Telemetry
import Testing

@Suite("Health")
struct HealthTests {
    /// A clock that a test turns by hand.
    final class HandClock: Sendable {
        private let elapsed = Mutex(Duration.zero)
        private let start = SuspendingClock.now

        var now: SuspendingClock.Instant { start + elapsed.withLock { $0 } }

        func advance(_ duration: Duration) { elapsed.withLock { $0 += duration } }
    }

    @Test("a daemon that has said nothing yet is alive and not ready")
    func start() {
        let health = HealthState()
        #expect(health.liveness.isHealthy)
        #expect(!health.readiness.isHealthy)
        #expect(health.readiness.text == "[-]start failed: still starting\nfailed\n")
    }

    @Test("ready means that every condition is met, and the report says which one is not")
    func conditions() {
        let health = HealthState()
        health.set("services synced", problem: nil)
        health.set("link eth0", problem: "joining")
        #expect(health.readiness.text == "[+]services synced ok\n[-]link eth0 failed: joining\nfailed\n")
        health.set("link eth0", problem: nil)
        #expect(health.readiness.text == "[+]services synced ok\n[+]link eth0 ok\nok\n")
        health.set("link eth1", problem: "no carrier")
        health.remove("link eth1")
        #expect(health.readiness.isHealthy)
    }

    @Test("a loop that stops turning makes the process neither alive nor ready, until it turns again")
    func heartbeats() {
        let clock = HandClock()
        let health = HealthState { clock.now }
        health.set("sockets", problem: nil)
        let heartbeat = health.heartbeat("packet loop", limit: .seconds(10))
        clock.advance(.seconds(60))
        #expect(health.liveness.isHealthy, "it counts from the first beat")
        heartbeat.beat()
        clock.advance(.seconds(10))
        #expect(health.liveness.isHealthy)
        clock.advance(.milliseconds(1))
        #expect(health.liveness.text == "[-]packet loop failed: has not turned for 10 s\nfailed\n")
        #expect(!health.readiness.isHealthy)
        heartbeat.beat()
        #expect(health.liveness.isHealthy && health.readiness.isHealthy)
        heartbeat.stop()
        clock.advance(.seconds(60))
        #expect(health.liveness.isHealthy, "a loop that ended on purpose is not stuck")
    }
}
