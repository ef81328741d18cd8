import AllocationKit
import KubernetesModel
import Testing

/// The judge of the random histories must itself be right.
struct AllocationOracleTests {
    private let api = FakeAPI()

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "default", name: name) }

    init() {
        for name in ["a", "b"] {
            api.putService(key(name), families: ["IPv4", "IPv6"])
            api.setStatus(key(name), addresses: ["10.0.0.2", "fd00::2"])
        }
    }

    @Test("a duplicate of two addresses is the same at every look, so no write is blamed that came later")
    func same() {
        let first = Set(AllocationOracle(api).duplicates())
        #expect(
            first.map(\.description).sorted() == [
                "default/a and default/b both have 10.0.0.2", "default/a and default/b both have fd00::2",
            ])
        for _ in 0..<100 { #expect(Set(AllocationOracle(api).duplicates()) == first) }
    }

    @Test("where one of two duplicate addresses goes, the other is no new one; where one comes, that one is")
    func part() {
        let both = Set(AllocationOracle(api).duplicates())
        api.setStatus(key("b"), addresses: ["fd00::2"])
        let rest = Set(AllocationOracle(api).duplicates())
        #expect(rest.count == 1 && rest.subtracting(both).isEmpty)
        api.setStatus(key("b"), addresses: ["10.0.0.2", "fd00::2"])
        #expect(Set(AllocationOracle(api).duplicates()).subtracting(rest).map(\.address) == ["10.0.0.2"])
    }
}
