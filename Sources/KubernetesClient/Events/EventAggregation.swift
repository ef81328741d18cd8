package import KubernetesModel
package import MonotonicTime
import NIOCore

/// Which Kubernetes Events to write: the same thing about the same object is counted, not repeated.
///
/// Another message is another Event, and written at once, up to ``variants`` of a kind; then the last one of them takes in
/// what more there is, as a repetition.
///
/// A pure value: the recorder asks what is due, and reports what became of it. Memory is bounded by ``capacity`` and ``backlog``.
package struct EventAggregation: Sendable {
    package struct Key: Sendable, Hashable {
        package var object: ObjectReference
        package var type: String
        package var reason: String
        /// Which of the messages about that object with that reason.
        fileprivate(set) var variant = 0

        package init(object: ObjectReference, type: String, reason: String) {
            (self.object, self.type, self.reason) = (object, type, reason)
        }
    }

    package enum Write: Sendable, Hashable {
        case create(Event)
        /// Set the count, the time and the message of an Event that exists.
        case update(Event)
    }

    private struct Entry: Sendable {
        var event: Event
        var isWritten = false
        var isInFlight = false
        /// Has a place in `ages`.
        var isAging = false
        var writeAfter: Instant
        var usedAt: Instant
    }

    /// How many messages about one object with one reason are Events of their own, as in client-go.
    package static let variants = 10
    /// How many kinds of events are remembered when nothing of them waits to be written.
    package static let capacity = 1000
    /// How many kinds may wait to be written: a burst of as many is written whole.
    package static let backlog = 20_000
    /// How long repetitions are only counted before they are written.
    package static let quiet = Interval.seconds(30)
    /// What was not repeated for so long begins a new Event.
    package static let memory = Interval.seconds(600)

    private let component: String
    private let host: String?
    private var entries: [Key: Entry] = [:]
    /// What `due(at:)` has to look at.
    private var dirty: Set<Key> = []
    /// How many of `entries` are neither dirty nor in flight; only these may be forgotten.
    private var settled = 0
    /// The keys of settled entries in the order of their use, as far as it was known when each was put here: the next to
    /// be forgotten is found without looking at all. Each key is here once at most.
    private var ages = CircularBuffer<(key: Key, usedAt: Instant)>()

    package init(component: String, host: String? = nil) { (self.component, self.host) = (component, host) }

    package enum Acceptance: Sendable, Hashable {
        /// It will be written, or counted in what will be.
        case taken
        /// Too many others wait: nobody will hear of it.
        case dropped
    }

    /// Something happened.
    ///
    /// - Parameter suffix: makes the name of a new Event unique.
    @discardableResult
    package mutating func record(
        _ key: Key, message: String, at now: Instant, wall: Timestamp, suffix: UInt64
    ) -> Acceptance {
        let key = place(of: message, key, at: now)
        let old = entries[key]
        let isWaiting = old.map { waits($0, key) } ?? false
        guard isWaiting || entries.count - settled < Self.backlog else { return .dropped }
        if old != nil, !isWaiting { settled -= 1 }
        dirty.insert(key)
        if var entry = old, isWaiting || now - entry.usedAt < Self.memory {
            entry.event.count = (entry.event.count ?? 1) + 1
            entry.event.lastTimestamp = wall
            entry.event.message = message
            entry.usedAt = now
            entries[key] = entry
            return .taken
        }
        let namespace = key.object.namespace.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        let name = "\(key.object.name ?? "unknown").\(String(suffix, radix: 16))"
        let event = Event(
            metadata: ObjectMeta(name: name, namespace: namespace), involvedObject: key.object, reason: key.reason,
            message: message, type: key.type, count: 1, firstTimestamp: wall, lastTimestamp: wall,
            source: Event.Source(component: component, host: host), reportingComponent: component,
            reportingInstance: host)
        entries[key] = Entry(event: event, isAging: old?.isAging ?? false, writeAfter: now, usedAt: now)
        return .taken
    }

    /// Where the message is counted already, else a free place, else the last one.
    private func place(of message: String, _ key: Key, at now: Instant) -> Key {
        var (key, free) = (key, Key?.none)
        for variant in 0..<Self.variants {
            key.variant = variant
            if let entry = entries[key], waits(entry, key) || now - entry.usedAt < Self.memory {
                if entry.event.message == message { return key }
            } else {
                free = free ?? key
            }
        }
        return free ?? key
    }

    /// What must be written now, in a stable order. Each stays in flight until it is reported.
    ///
    /// - Parameter isLast: there is no later: repetitions are not held back.
    package mutating func due(at now: Instant, isLast: Bool = false) -> [(Key, Write)] {
        var due: [(Key, Write)] = []
        for key in dirty {
            guard let entry = entries[key], !entry.isInFlight, isLast || entry.writeAfter <= now else { continue }
            entries[key]?.isInFlight = true
            due.append((key, entry.isWritten ? .update(entry.event) : .create(entry.event)))
        }
        for (key, _) in due { dirty.remove(key) }
        return due.map { (order: $0.0.order, due: $0) }.sorted { $0.order < $1.order }.map(\.due)
    }

    package enum Result: Sendable, Hashable {
        case written
        /// The Event is gone (they live for an hour): make it anew.
        case vanished
        /// It was cancelled on its way: write it again.
        case interrupted
        /// Refused, or not reachable; events are worth no second try, the next repetition writes the count.
        case failed
    }

    package mutating func finished(_ key: Key, _ result: Result, at now: Instant) {
        guard var entry = entries[key], entry.isInFlight else { return }
        entry.isInFlight = false
        entry.writeAfter = now + Self.quiet
        switch result {
        case .written: entry.isWritten = true
        case .vanished:
            entry.isWritten = false
            dirty.insert(key)
        case .interrupted: dirty.insert(key)
        case .failed: break
        }
        let isSettled = !waits(entry, key)
        if isSettled {
            settled += 1
            if !entry.isAging { ages.append((key, entry.usedAt)) }
            entry.isAging = true
        }
        entries[key] = entry
        if isSettled { forgetTheOldest() }
    }

    private func waits(_ entry: Entry, _ key: Key) -> Bool { entry.isInFlight || dirty.contains(key) }

    /// Constant time on average: each use of an entry moves it to the end at most once.
    private mutating func forgetTheOldest() {
        while settled > Self.capacity, let (key, usedAt) = ages.popFirst() {
            guard let entry = entries[key] else { continue }
            if waits(entry, key) {
                entries[key]?.isAging = false
            } else if entry.usedAt != usedAt {
                ages.append((key, entry.usedAt))
            } else {
                entries[key] = nil
                settled -= 1
            }
        }
    }
}

extension EventAggregation.Key {
    fileprivate var order: String { "\(object.namespace ?? "")/\(object.name ?? "")/\(reason)/\(type)/\(variant)" }
}
