import CoreMetrics
import Synchronization

/// One time series as it is written out.
enum SeriesValue: Sendable {
    case integer(Int64)
    case number(Double)
    case histogram(counts: [UInt64], sum: Double)
}

protocol MetricSeries: AnyObject, Sendable {
    var value: SeriesValue { get }
}

/// A counter of whole things; wait-free, so a packet thread may count with it.
final class CounterSeries: MetricSeries, CounterHandler {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { count.store(0, ordering: .relaxed) }

    var value: SeriesValue { .integer(count.load(ordering: .relaxed)) }
}

/// A number that is set, or moved: gauges, and counters of seconds.
final class NumberSeries: MetricSeries, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func set(_ value: Int64) { set(Double(value)) }

    func record(_ value: Double) { set(value) }

    func record(_ value: Int64) { set(Double(value)) }

    func reset() { set(0.0) }

    func increment(by amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = bits.compareExchange(
                expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }

    func decrement(by amount: Double) { increment(by: -amount) }

    var value: SeriesValue { .number(Double(bitPattern: bits.load(ordering: .relaxed))) }
}

/// A distribution over fixed buckets; a timer's durations are counted in seconds.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    var value: SeriesValue { state.withLock { .histogram(counts: $0.counts, sum: $0.sum) } }
}
