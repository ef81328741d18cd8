package import NetworkAddresses

/// Why a Service has no address, or not the one it asks for.
package enum Refusal: Error, Sendable, Hashable {
    case noPools
    /// Every pool is either reserved for other Services or has `autoAssign: false`.
    case noPoolForService
    case unknownPool(String)
    /// The pool exists but is refused itself: see its `Ready` condition.
    case poolNotReady(String)
    case poolNotForService(String)
    case poolLacksFamily(pools: [String], families: [IPFamily])
    /// `foreign`: addresses of these pools that hosts use which are none of the cluster's.
    case poolExhausted(pools: [String], families: [IPFamily], foreign: [ForeignHost] = [])
    case addressOutsidePools(IPAddress)
    case addressReserved(IPAddress, ReservedAddresses.Reason)
    case addressAvoided(IPAddress, pool: String)
    case addressInUse(IPAddress, by: Holder, SharingObstacle)
    /// A foreign host on the link uses the address, and as many in all.
    case addressConflict(IPAddress, hardwareAddress: String, count: Int = 1)
    case wrongFamily(IPAddress, wanted: [IPFamily])
    case twoOfOneFamily(IPAddress, IPAddress)
    case tooManyAddresses(Int)
    /// RequireDualStack, but only one family asked for by number.
    case familyMissing(IPFamily)
    case addressesInTwoPools(String, String)
    case addressInOtherPool(IPAddress, pool: String, wanted: String)

    /// A host that uses so many addresses of pools answers for whatever is asked: another address is no way out.
    package static let manyConflicts = 3

    package struct ForeignHost: Sendable, Hashable {
        package var address: IPAddress
        package var hardwareAddress: String

        package init(_ address: IPAddress, hardwareAddress: String) {
            (self.address, self.hardwareAddress) = (address, hardwareAddress)
        }
    }
}
