import MonotonicTime
import NetworkAddresses

/// One thing to do for one address. It is void when the address's generation has moved on.
struct Job: Sendable {
    var address: IPAddress
    var generation: UInt32
}

/// Jobs by due time, and jobs that are due by urgency: a binary heap in front of one first-in-first-out row per rank.
struct Agenda: Sendable {
    /// In the order of service.
    enum Rank: Int, CaseIterable {
        /// The first announcement of an address: the form that moves every host's entry.
        case firstForm
        /// The other form of the first announcement.
        case otherForm
        case probe
        /// The other form of a repeat: right behind its first form.
        case repeatOtherForm
        /// Repeats and refreshes.
        case `repeat`
    }

    private var heap: [(due: Instant, rank: Rank, job: Job)] = []
    private var rows: [Row] = Rank.allCases.map { _ in Row() }

    var hasDueJobs: Bool { rows.contains { !$0.isEmpty } }
    var firstDeadline: Instant? { heap.first?.due }
    var count: Int { heap.count + rows.reduce(0) { $0 + $1.count } }

    mutating func add(_ job: Job, due: Instant, rank: Rank) {
        heap.append((due, rank, job))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func addDue(_ job: Job, rank: Rank) { rows[rank.rawValue].append(job) }

    /// Moves all jobs whose time has come into the rows.
    mutating func advance(to now: Instant) {
        while let first = heap.first, first.due <= now {
            removeFirst()
            addDue(first.job, rank: first.rank)
        }
    }

    /// The most urgent due job.
    mutating func next() -> (rank: Rank, job: Job)? {
        for rank in Rank.allCases {
            if let job = rows[rank.rawValue].popFirst() { return (rank, job) }
        }
        return nil
    }

    /// Keeps only the jobs that are still wanted: churn must not fill the heap with void ones.
    mutating func prune(keeping isWanted: (Job) -> Bool) {
        let old = heap
        heap.removeAll(keepingCapacity: true)
        for entry in old where isWanted(entry.job) { add(entry.job, due: entry.due, rank: entry.rank) }
        for index in rows.indices { rows[index].prune(keeping: isWanted) }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            let right = left + 1
            var least = parent
            if left < heap.count, heap[left].due < heap[least].due { least = left }
            if right < heap.count, heap[right].due < heap[least].due { least = right }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// First in, first out, with amortised constant cost.
private struct Row: Sendable {
    private var jobs: [Job] = []
    private var head = 0

    var isEmpty: Bool { head == jobs.count }
    var count: Int { jobs.count - head }

    mutating func append(_ job: Job) { jobs.append(job) }

    mutating func popFirst() -> Job? {
        guard head < jobs.count else { return nil }
        let job = jobs[head]
        head += 1
        if head == jobs.count || head > 1024 {
            jobs.removeFirst(head)
            head = 0
        }
        return job
    }

    mutating func prune(keeping isWanted: (Job) -> Bool) {
        jobs = jobs[head...].filter(isWanted)
        head = 0
    }
}
