import Daemon
import MonotonicTime
import Testing

struct BellTests {
    private let bell = Bell()
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    @Test("rings that come while nobody waits are one ring")
    func merged() async {
        bell.ring()
        bell.ring()
        await bell.wait()
        let waiting = Task { await bell.wait() }
        bell.ring()
        await waiting.value
    }

    @Test("one alarm serves every later time; an earlier one needs its own")
    func alarms() {
        #expect(bell.needsAlarm(by: at(10), at: at(1)))
        for second in 1..<10 { #expect(!bell.needsAlarm(by: at(10 + Int64(second)), at: at(Int64(second)))) }
        #expect(bell.needsAlarm(by: at(9), at: at(8)))
        bell.rang(at(9))
        #expect(bell.needsAlarm(by: at(12), at: at(9)))
        bell.rang(at(10))
        #expect(!bell.needsAlarm(by: at(12), at: at(10)), "an alarm that was overtaken does not unset the next")
        #expect(bell.needsAlarm(by: at(20), at: at(12)), "one whose time has come is not waited for again")
    }

    @Test("an alarm wakes the loop")
    func ring() async {
        #expect(bell.needsAlarm(by: at(1), at: at(0)))
        bell.rang(at(1))
        await bell.wait()
    }

    @Test("a cancelled wait returns, and the next one is rung as ever")
    func cancelled() async {
        for limit in [nil, Duration.seconds(3600)] {
            let waiting = Task { await bell.wait(atMost: limit) }
            waiting.cancel()
            await waiting.value
        }
        let waiting = Task { await bell.wait(atMost: .seconds(3600)) }
        bell.ring()
        await waiting.value
    }

    @Test("a wait with a limit ends by itself")
    func limit() async { await bell.wait(atMost: .milliseconds(1)) }
}
