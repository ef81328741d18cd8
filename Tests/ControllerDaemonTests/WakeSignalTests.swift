import ControllerDaemon
import MonotonicTime
import Testing

struct WakeSignalTests {
    private let signal = WakeSignal()
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    @Test("wakes that come while nobody waits are one wake")
    func merged() async {
        signal.wake()
        signal.wake()
        await signal.wait()
        let waiting = Task { await signal.wait() }
        signal.wake()
        await waiting.value
    }

    @Test("one alarm serves every later time; an earlier one needs its own")
    func alarms() {
        #expect(signal.needsAlarm(by: at(10), at: at(1)))
        for second in 1..<10 { #expect(!signal.needsAlarm(by: at(10 + Int64(second)), at: at(Int64(second)))) }
        #expect(signal.needsAlarm(by: at(9), at: at(8)))
        signal.rang(at(9))
        #expect(signal.needsAlarm(by: at(12), at: at(9)))
        signal.rang(at(10))
        #expect(!signal.needsAlarm(by: at(12), at: at(10)), "an alarm that was overtaken does not unset the next")
        #expect(signal.needsAlarm(by: at(20), at: at(12)), "one whose time has come is not waited for again")
    }

    @Test("an alarm wakes the loop")
    func ring() async {
        #expect(signal.needsAlarm(by: at(1), at: at(0)))
        signal.rang(at(1))
        await signal.wait()
    }

    @Test("a cancelled wait returns")
    func cancelled() async {
        let waiting = Task { await signal.wait() }
        waiting.cancel()
        await waiting.value
    }
}
