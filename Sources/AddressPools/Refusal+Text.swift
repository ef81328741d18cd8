import NetworkAddresses

extension Refusal {
    /// CamelCase, for the `reason` of a condition or an event.
    package var code: String {
        switch self {
        case .noPools: "NoPools"
        case .noPoolForService: "NoPoolForService"
        case .unknownPool: "UnknownPool"
        case .poolNotReady: "PoolNotReady"
        case .poolNotForService: "PoolNotForService"
        case .poolLacksFamily: "PoolLacksFamily"
        case .poolExhausted: "PoolExhausted"
        case .addressOutsidePools: "AddressOutsidePools"
        case .addressReserved: "AddressReserved"
        case .addressAvoided: "AddressAvoided"
        case .addressInUse: "AddressInUse"
        case .addressConflict: "AddressConflict"
        case .wrongFamily: "WrongFamily"
        case .twoOfOneFamily: "TwoOfOneFamily"
        case .tooManyAddresses: "TooManyAddresses"
        case .familyMissing: "FamilyMissing"
        case .addressesInTwoPools: "AddressesInTwoPools"
        case .addressInOtherPool: "AddressInOtherPool"
        }
    }

    /// What is so, and what to do about it.
    package var sentence: String {
        switch self {
        case .noPools:
            "There is no IPAddressPool yet. Create one with the addresses that Services may have."
        case .noPoolForService:
            "Every IPAddressPool is reserved for other Services (serviceAllocation) or has autoAssign: false."
                + " Ask for one of the latter by name (annotation lb.cluster.home/pool), or create a pool for this Service."
        case .unknownPool(let pool):
            "There is no IPAddressPool \"\(pool)\". Correct the annotation lb.cluster.home/pool, or create the pool."
        case .poolNotReady(let pool):
            "IPAddressPool \"\(pool)\" is not ready. See why with: kubectl describe ipaddresspool \(pool)"
        case .poolNotForService(let pool):
            "IPAddressPool \"\(pool)\" is reserved for other Services. Change its serviceAllocation, or ask for another pool."
        case .poolLacksFamily(let pools, let families):
            "\(Self.named(pools)) \(pools.count == 1 ? "has" : "have") no \(Self.joined(families)) addresses"
                + (families.count > 1 ? " in one pool" : "")
                + ". Add some to spec.addresses, or change the Service's ipFamilies."
        case .poolExhausted(let pools, let families, let foreign):
            "\(Self.named(pools)) \(pools.count == 1 ? "has" : "have") no free \(Self.joined(families)) address left"
                + Self.used(foreign) + ". Add addresses to spec.addresses, or delete Services that need none."
        case .addressOutsidePools(let address):
            "\(address) is in no IPAddressPool. Add it to one, or ask for another address."
        case .addressReserved(let address, let reason):
            "\(address) \(reason.clause), and is never given to a Service. Ask for another address."
        case .addressAvoided(let address, let pool):
            "\(address) ends in .0 or .255, which IPAddressPool \"\(pool)\" avoids (avoidBuggyIPs). Ask for another address."
        case .addressInUse(let address, let holder, let obstacle):
            "\(address) is in use by Service \(holder). " + obstacle.sentence
        case .addressConflict(let address, let hardwareAddress, let count) where count >= Self.manyConflicts:
            "\(address) is used by a foreign host (\(hardwareAddress)), which answers for \(count) addresses of the pools:"
                + " no other one is tried. If it is a router, turn off its proxy ARP, or give the pool addresses of the"
                + " nodes' subnet; otherwise remove the host."
        case .addressConflict(let address, let hardwareAddress, _):
            "\(address) is used by a foreign host (\(hardwareAddress)). Remove that host from the address, or ask for another."
        case .wrongFamily(let address, let wanted):
            "\(address) is requested, but the Service is \(Self.joined(wanted)). Change the request or the Service's ipFamilies."
        case .twoOfOneFamily(let first, let second):
            "\(first) and \(second) are of one family. Ask for one address, or for one IPv4 and one IPv6."
        case .tooManyAddresses(let count):
            "\(count) addresses are requested. Ask for one, or for one IPv4 and one IPv6."
        case .familyMissing(let family):
            "ipFamilyPolicy is RequireDualStack, but no \(family.rawValue) address is requested. Ask for one of each family."
        case .addressesInTwoPools(let first, let second):
            "The requested addresses are in two pools, \"\(first)\" and \"\(second)\". Both must be in one."
        case .addressInOtherPool(let address, let pool, let wanted):
            "\(address) is in IPAddressPool \"\(pool)\", but pool \"\(wanted)\" is requested too. Drop one of the two requests."
        }
    }

    /// What is so about an address that is lost for this reason, after its name and "which".
    package var clause: String {
        switch self {
        case .addressOutsidePools: "is in no IPAddressPool"
        case .addressReserved(_, let reason): reason.clause
        case .addressAvoided(_, let pool): "ends in .0 or .255, which IPAddressPool \"\(pool)\" avoids"
        case .addressInUse(_, let holder, _): "is in use by Service \(holder)"
        case .addressConflict(_, let hardwareAddress, _): "is used by a foreign host (\(hardwareAddress))"
        case .poolNotForService(let pool): "is in IPAddressPool \"\(pool)\", reserved for other Services"
        case .wrongFamily: "is not of the Service's families"
        case .twoOfOneFamily: "is a second one of its family"
        case .addressesInTwoPools: "is not in the pool of the Service's other address"
        default: "can't be kept"
        }
    }

    private static func named(_ pools: [String]) -> String {
        let shown = pools.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ")
        let more = pools.count > 5 ? " and \(pools.count - 5) more" : ""
        return (pools.count == 1 ? "IPAddressPool " : "IPAddressPools ") + shown + more
    }

    private static func used(_ foreign: [ForeignHost]) -> String {
        guard !foreign.isEmpty else { return "" }
        let shown = foreign.prefix(3).map { "\($0.address) (\($0.hardwareAddress))" }.joined(separator: ", ")
        return "; foreign hosts use \(shown)\(foreign.count > 3 ? " and \(foreign.count - 3) more" : "")"
    }

    private static func joined(_ families: [IPFamily]) -> String {
        families.sorted().map(\.rawValue).joined(separator: " and ")
    }
}

extension ReservedAddresses.Reason {
    package var clause: String {
        switch self {
        case .node(let name): "is the address of node \(name)"
        case .podRange(let node): "is in the Pod range of node \(node)"
        case .serviceRange(let range): "is in the cluster's Service range \(range)"
        case .notUnicast: "is not a unicast address of a LAN"
        }
    }
}

extension SharingObstacle {
    var sentence: String {
        switch self {
        case .noKey:
            "To share it, give both Services the same annotation lb.cluster.home/sharing-key and different ports."
        case .otherKey: "To share it, both Services need the same annotation lb.cluster.home/sharing-key."
        case .portTaken(let port): "Both want port \(port); Services that share an address need different ports."
        case .otherBackend:
            "To share it, both need externalTrafficPolicy: Cluster, or Local with the same namespace and selector."
        }
    }
}
