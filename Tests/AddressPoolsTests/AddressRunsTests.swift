import SeededRandom
import Testing

@testable import AddressPools

struct AddressRunsTests {
    @Test("runs are the same set as one kept address by address", arguments: 1...40)
    func againstNaiveSet(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (runs, naive) = (AddressRuns(), Set<UInt128>())
        for _ in 0..<200 {
            let first = UInt128(random.below(64))
            let last = first + UInt128(random.below(8))
            if random.below(2) == 0 {
                runs.insert(first, last)
                naive.formUnion(first...last)
            } else {
                runs.remove(first, last)
                naive.subtract(first...last)
            }
            #expect(runs.count == UInt128(naive.count))
            #expect(runs.lowest == naive.min())
            #expect((0..<80).allSatisfy { runs.contains($0) == naive.contains($0) })
            #expect(zip(runs.runs, runs.runs.dropFirst()).allSatisfy { $0.last + 1 < $1.first }, "no two runs touch")
        }
    }

    @Test("the ends of the number range neither trap nor wrap")
    func extremes() {
        var runs = AddressRuns()
        runs.insert(0, .max)
        #expect(runs.count == .max)
        runs.remove(.max)
        runs.remove(0)
        #expect(runs.lowest == 1 && runs.count == .max - 1)
        runs.insert(.max)
        runs.insert(0)
        #expect(runs.runs.count == 1)
    }
}
