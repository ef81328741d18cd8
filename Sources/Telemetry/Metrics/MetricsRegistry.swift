package import CoreMetrics
import Synchronization

/// swift-metrics' backend: keeps every time series of the process and writes them out for Prometheus.
///
/// Asking twice for the same name and labels gives the same series. Labels are bounded: beyond `seriesLimit` series of
/// one name, new ones are counted together under label values `other`, so that no mistake can eat the memory.
/// Destroying a gauge removes its series, which is how the numbers of a deleted pool disappear.
package final class MetricsRegistry: MetricsFactory {
    struct Family {
        var description: MetricDescription
        var series: [String: any MetricSeries] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var undeclared: Set<String> = []
        var droppedSeries = 0
        var collectors: [@Sendable (MetricsRegistry) -> Void] = []
    }

    private let catalogue: [String: MetricDescription]
    private let seriesLimit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - catalogue: help texts, labels and buckets by name.
    ///   - seriesLimit: how many series one name may have.
    package init(catalogue: [MetricDescription], seriesLimit: Int = 512) {
        self.catalogue = Dictionary(catalogue.map { ($0.name, $0) }) { first, _ in first }
        self.seriesLimit = seriesLimit
    }

    /// Adds work that is done before each exposition, to set what is cheaper to read then than to keep current.
    package func onScrape(_ collect: @escaping @Sendable (MetricsRegistry) -> Void) {
        state.withLock { $0.collectors.append(collect) }
    }

    /// Names that were used but are not in the catalogue, or are of another kind there.
    package var undeclared: Set<String> { state.withLock { $0.undeclared } }

    /// The current values, in the text format 0.0.4, sorted by name and labels.
    package func exposition() -> String {
        for collect in state.withLock({ $0.collectors }) { collect(self) }
        let (families, dropped) = state.withLock { ($0.families, $0.droppedSeries) }
        var text = ""
        text.reserveCapacity(16384)
        for name in families.keys.sorted() {
            if let family = families[name] { Exposition.append(family, to: &text) }
        }
        let overflow = NumberSeries()
        overflow.set(Int64(dropped))
        let description = MetricCatalogue.droppedSeries
        Exposition.append(Family(description: description, series: ["": overflow]), to: &text)
        return text
    }

    /// A constant 1 whose labels carry the information.
    package func setInfo(_ name: String, _ labels: [(String, String)]) {
        number(name, labels, kind: .gauge).set(1.0)
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, kind: .counter) { _ in CounterSeries() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        number(label, dimensions, kind: .counter)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        number(label, dimensions, kind: .gauge)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : number(label, dimensions, kind: .gauge)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    // MARK: Series

    func number(_ name: String, _ labels: [(String, String)], kind: MetricDescription.Kind) -> NumberSeries {
        series(name, labels, kind: kind) { _ in NumberSeries() }
    }

    private func histogram(_ name: String, _ labels: [(String, String)]) -> HistogramSeries {
        series(name, labels, kind: .histogram) { HistogramSeries(bounds: $0) }
    }

    /// The series of these labels, made if need be; one that is not exposed if the name is taken by another kind.
    private func series<S: MetricSeries>(
        _ name: String, _ labels: [(String, String)], kind: MetricDescription.Kind, make: (_ bounds: [Double]) -> S
    ) -> S {
        state.withLock { state in
            let declared = catalogue[name]
            if declared?.kind != kind { state.undeclared.insert(name) }
            var family =
                state.families[name]
                ?? Family(
                    description: MetricDescription(
                        name, kind, declared?.help ?? "Not described.", labels: declared?.labels ?? [],
                        buckets: declared?.buckets.isEmpty == false ? declared?.buckets ?? [] : Buckets.latency))
            let bounds = family.description.buckets
            guard family.description.kind == kind else { return make(Buckets.latency) }
            var key = Exposition.labels(labels)
            if family.series[key] == nil, family.series.count >= seriesLimit {
                key = Exposition.labels(labels.map { ($0.0, "other") })
                state.droppedSeries += 1
            }
            if let known = family.series[key] {
                guard let series = known as? S else {
                    state.undeclared.insert(name)
                    return make(bounds)
                }
                return series
            }
            let series = make(bounds)
            family.series[key] = series
            state.families[name] = family
            return series
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let key = family.series.first(where: { $0.value === handler })?.key else { continue }
                state.families[name]?.series[key] = nil
                if state.families[name]?.series.isEmpty == true { state.families[name] = nil }
                return
            }
        }
    }
}
