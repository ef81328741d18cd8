import AddressPools
import KubernetesModel
package import NetworkAddresses

/// The sentences of conditions. They depend on the state only, never on how it came about: a plan made again says the
/// same, and nothing is written.
package enum ConditionType {
    package static let allocated = "lb.cluster.home/Allocated"
    package static let announced = "lb.cluster.home/Announced"
    package static let ready = "Ready"
}

extension ServicePlan.Verdict {
    static func allocated(
        _ outcome: AllocationOutcome, _ addresses: [IPAddress], pool: String?, request: AddressRequest
    ) -> ServicePlan.Verdict {
        let list = addresses.map(\.description).joined(separator: ", ")
        switch outcome {
        case .satisfied:
            var message = "\(list) from IPAddressPool \"\(pool ?? "")\""
            if !request.addresses.isEmpty, Set(request.addresses) == Set(addresses) { message += ", as requested" }
            if let key = request.sharing?.key { message += "; shared under the key \"\(key)\"" }
            return Self(status: true, reason: "Allocated", message: message + ".")
        case .kept(let obstacle):
            let kept = "\(list) \(addresses.count == 1 ? "is" : "are") kept"
            let but = obstacle.isDispute ? "but disputed" : "but another request is not met"
            return Self(status: false, reason: obstacle.code, message: "\(kept), \(but): \(obstacle.sentence)")
        case .refused(let obstacle): return Self(status: false, reason: obstacle.code, message: obstacle.sentence)
        }
    }

    /// Another controller has replaced the addresses with these, or Herald's marks, again and again.
    package static func overwritten(_ contested: ContestedStatus) -> ServicePlan.Verdict {
        let what =
            switch contested {
            case .addresses(let written):
                "writes over this Service's addresses whenever Herald has written them; it last wrote "
                    + (written.isEmpty ? "none" : written.joined(separator: ", "))
            case .marks:
                "replaces or removes Herald's conditions or annotation of this Service whenever they have been written"
            }
        return Self(
            status: false, reason: "StatusOverwritten",
            message: "Another controller \(what). Stop the other one (k3s: --disable servicelb; MetalLB;"
                + " Cilium LB-IPAM), or let one of the two serve a loadBalancerClass of its own.")
    }

    static func announced(
        _ addresses: [IPAddress], entries: [ServiceL2Status.Announced], service: ObjectKey
    ) -> ServicePlan.Verdict {
        guard !addresses.isEmpty else {
            return Self(status: false, reason: "NoAddress", message: "There is no address to announce yet.")
        }
        var (places, silent): ([String], [String]) = ([], [])
        for address in addresses {
            let text = address.description
            let mine = entries.filter { IPAddress($0.address) == address }
            if let conflict = mine.lazy.compactMap(\.conflict).min() {
                return Self(
                    status: false, reason: "AddressConflict",
                    message: "\(text) is used by a foreign host (\(conflict)). Remove that host from the address,"
                        + " or request another one with the annotation \(ServiceAnnotation.addresses.rawValue).")
            }
            let at = mine.map { "\($0.node) (\($0.interface))" }.sorted()
            if at.isEmpty { silent.append(text) } else { places.append("\(text) by \(at.joined(separator: " and "))") }
        }
        guard silent.isEmpty else {
            return Self(
                status: false, reason: "NotAnnounced",
                message: "No speaker announces \(silent.joined(separator: ", ")) yet. If this lasts, see why with:"
                    + " lbctl explain service \(service.name) -n \(service.namespace)")
        }
        return Self(
            status: true, reason: "Announced", message: "Announced: \(places.joined(separator: "; ")).")
    }

    static func ready(_ verdict: PoolTable.Verdict) -> ServicePlan.Verdict {
        switch verdict {
        case .accepted: Self(status: true, reason: "Accepted", message: "Services are given addresses from this pool.")
        case .acceptedInPart(let bad):
            Self(status: true, reason: "InvalidAddresses", message: text(bad) + " What else the pool has is used.")
        case .invalid(let bad): Self(status: false, reason: "InvalidAddresses", message: text(bad))
        case .overlaps(let pool, let range):
            Self(
                status: false, reason: "Overlaps",
                message:
                    "The addresses overlap \(range) of the older IPAddressPool \"\(pool)\". Services keep what they"
                    + " have from here, but nothing is assigned until one of the two is changed.")
        }
    }

    private static func text(_ bad: [PoolTable.BadEntry]) -> String {
        let entries = bad.prefix(5).map { "\"\($0.text)\" \($0.reason)" }.joined(separator: "; ")
        return "\(bad.count == 1 ? "Entry" : "Entries") \(entries)\(bad.count > 5 ? "; …" : "")."
            + " Correct spec.addresses."
    }
}

extension AllocationChange {
    /// The Event's sentence for a Service that has these addresses now, and had `old` until now. It gives no advice: the
    /// condition does, and what was there may be what another controller had written.
    package func sentence(_ addresses: [IPAddress], pool: String?, replacing old: [IPAddress]) -> String {
        let gone = old.filter { !addresses.contains($0) }.map { address in
            let loss = lost.first { $0.address == address }
            return loss.map { "\(address), which \($0.refusal.clause)" } ?? "\(address)"
        }.joined(separator: ", and ")
        guard !addresses.isEmpty else { return "Released \(gone.isEmpty ? "the address" : gone)." }
        var text =
            "Assigned \(addresses.map(\.description).joined(separator: ", ")) from IPAddressPool \"\(pool ?? "")\""
        switch choice {
        case .requested: text += ", as requested"
        case .lowestFree: text += ": the lowest free address"
        case .shared: text += ", shared with others under the same key"
        case .recentlyReleased: text += ": no other is free, though it was released less than a minute ago"
        case .secondFamily: text += ", now of both families"
        case .regained: text += ", which the Service had before"
        case nil: break
        }
        return gone.isEmpty ? text : text + ". It replaces \(gone)."
    }
}
