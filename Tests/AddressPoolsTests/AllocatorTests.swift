import AddressPools
import MonotonicTime
import NetworkAddresses
import Testing

struct AllocatorTests {
    private let now = Instant(nanoseconds: 1_000_000_000)

    private func range(_ text: String) throws -> IPRange { try IPRange(parsing: text) }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func holder(_ name: String) -> Holder { Holder(namespace: "default", name: name) }

    @Test("an address under quarantine is passed over for a minute, and taken when nothing else is left")
    func quarantine() throws {
        var allocator = Allocator(pools: [AddressPool(name: "lan", ranges: [try range("10.1.0.0-10.1.0.1")])])
        let request = AddressRequest(families: .single(.ipv4))
        #expect(allocator.fulfil(request, for: holder("a"), at: now) == .assigned(.lowestFree))
        allocator.release(holder("a"), at: now)
        #expect(allocator.fulfil(request, for: holder("b"), at: now + .seconds(59)) == .assigned(.lowestFree))
        #expect(allocator.holdings[holder("b")]?.addresses == [try address("10.1.0.1")])
        #expect(allocator.fulfil(request, for: holder("c"), at: now + .seconds(59)) == .assigned(.recentlyReleased))
        allocator.release(holder("c"), at: now + .seconds(59))
        allocator.release(holder("b"), at: now + .seconds(59))
        #expect(allocator.fulfil(request, for: holder("d"), at: now + .seconds(120)) == .assigned(.lowestFree))
        #expect(allocator.holdings[holder("d")]?.addresses == [try address("10.1.0.0")])
    }

    @Test("counts of huge ranges stop at the largest number, and never overflow")
    func saturation() throws {
        let pool = AddressPool(
            name: "huge", ranges: [try range("2001:db8::/32"), try range("2001:db9::/32"), try range("10.1.0.0/24")])
        var allocator = Allocator(pools: [pool])
        #expect(allocator.usage(of: "huge", .ipv6) == PoolUsage(assigned: 0, available: .max))
        #expect(allocator.usage(of: "huge", .ipv4) == PoolUsage(assigned: 0, available: 256))
        _ = allocator.fulfil(AddressRequest(families: .single(.ipv6)), for: holder("a"), at: now)
        #expect(allocator.usage(of: "huge", .ipv6) == PoolUsage(assigned: 1, available: .max))
    }

    @Test(
        "addresses that a pool avoids are not counted",
        arguments: [
            ("10.1.0.0/24", 254), ("10.1.0.0/32", 0), ("10.1.0.255-10.1.1.0", 0), ("10.1.0.254-10.1.1.1", 2),
            ("10.0.0.0/8", 16_777_216 - 131_072),
        ])
    func avoided(text: String, count: Int64) throws {
        let pool = AddressPool(name: "p", ranges: [try range(text)], avoidBuggyIPs: true)
        #expect(Allocator(pools: [pool]).usage(of: "p", .ipv4)?.available == count)
    }

    @Test(
        "the address that the routers of an IPv6 subnet answer for is not counted",
        arguments: [
            ("fd00::/127", 1), ("fd00::/128", 0), ("fd00::1-fd00::2", 2), ("fd00::/64", Int64.max),
            ("fd00:0:0:1:ffff:ffff:ffff:fffe-fd00:0:0:2::1", 3),
        ])
    func routers(text: String, count: Int64) throws {
        let pool = AddressPool(name: "p", ranges: [try range(text)])
        #expect(Allocator(pools: [pool]).usage(of: "p", .ipv6)?.available == count)
    }

    @Test("it is given to who asks for it, to nobody else when that one is gone, and takes no place from others")
    func routerOnRequest() throws {
        var allocator = Allocator(pools: [AddressPool(name: "p", ranges: [try range("fd00::/127")])])
        let request = AddressRequest(families: .single(.ipv6))
        let asking = AddressRequest(families: .single(.ipv6), addresses: [try address("fd00::")])
        #expect(allocator.fulfil(asking, for: holder("a"), at: now) == .assigned(.requested))
        #expect(allocator.usage(of: "p", .ipv6) == PoolUsage(assigned: 1, available: 1))
        #expect(allocator.fulfil(request, for: holder("b"), at: now) == .assigned(.lowestFree))
        #expect(allocator.usage(of: "p", .ipv6) == PoolUsage(assigned: 2, available: 0))
        allocator.release(holder("a"), at: now)
        let refusal = Refusal.poolExhausted(pools: ["p"], families: [.ipv6])
        #expect(allocator.fulfil(request, for: holder("c"), at: now) == .refused(refusal))
        #expect(allocator.fulfil(request, for: holder("c"), at: now + .seconds(61)) == .refused(refusal))
        #expect(allocator.usage(of: "p", .ipv6) == PoolUsage(assigned: 1, available: 0))
    }

    @Test("the quarantine of an address that is in no pool ends like any other")
    func quarantineOutside() throws {
        var allocator = Allocator(pools: [])
        allocator.quarantine(try address("10.1.0.0"), at: now)
        #expect(Array(allocator.quarantine.addresses) == [try address("10.1.0.0")])
        _ = allocator.fulfil(AddressRequest(families: .single(.ipv4)), for: holder("a"), at: now + .seconds(61))
        #expect(Array(allocator.quarantine.addresses).isEmpty)
    }

    @Test("a full /16 is filled lowest first, and what is given back is found again")
    func fill() throws {
        var allocator = Allocator(pools: [AddressPool(name: "p", ranges: [try range("10.1.0.0/16")])])
        let request = AddressRequest(families: .single(.ipv4))
        for index in 0..<4096 {
            _ = allocator.fulfil(request, for: holder("s\(index)"), at: now)
        }
        #expect(allocator.holdings[holder("s4095")]?.addresses == [try address("10.1.15.255")])
        for index in stride(from: 0, to: 4096, by: 2) { allocator.release(holder("s\(index)"), at: now) }
        #expect(allocator.usage(of: "p", .ipv4) == PoolUsage(assigned: 2048, available: 65536 - 2048))
        #expect(allocator.fulfil(request, for: holder("new"), at: now + .seconds(61)) == .assigned(.lowestFree))
        #expect(allocator.holdings[holder("new")]?.addresses == [try address("10.1.0.0")])
    }

    @Test("every refusal has its own code, and a sentence that ends with what to do")
    func sentences() throws {
        let address = try address("10.1.0.1")
        let refusals: [Refusal] = [
            .noPools, .noPoolForService, .unknownPool("p"), .poolNotReady("p"), .poolNotForService("p"),
            .poolLacksFamily(pools: ["p"], families: [.ipv6]), .poolExhausted(pools: ["p", "q"], families: [.ipv4]),
            .addressOutsidePools(address), .addressReserved(address, .node("n")), .addressAvoided(address, pool: "p"),
            .addressInUse(address, by: holder("a"), .portTaken(.init(80))),
            .addressConflict(address, hardwareAddress: "02:00:00:00:00:01"), .wrongFamily(address, wanted: [.ipv6]),
            .twoOfOneFamily(address, address), .tooManyAddresses(3), .familyMissing(.ipv6),
            .addressesInTwoPools("p", "q"), .addressInOtherPool(address, pool: "p", wanted: "q"),
        ]
        #expect(Set(refusals.map(\.code)).count == refusals.count)
        for refusal in refusals {
            #expect(
                refusal.sentence.split(separator: ". ").count > 1 || refusal.sentence.contains(": kubectl"),
                "\(refusal)")
        }
    }
}
