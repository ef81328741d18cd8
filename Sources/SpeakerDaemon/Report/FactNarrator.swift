import KubernetesClient
import KubernetesModel
import Link
import Logging
import NetworkAddresses
import Reconciliation

/// Tells people what happened on a link: log lines, and Events on the Services concerned, on change only.
struct FactNarrator {
    let node: String
    let events: EventRecorder
    let logger: Logger

    func tell(_ fact: LinkFact, on link: String, plan: SpeakerPlan, snapshot: ClusterSnapshot) {
        switch fact {
        case .took(let address, let term):
            logger.notice("announcing", metadata: metadata(address, link, ["election.term": "\(term)"]))
            // A speaker that comes back to its addresses changed nothing, unless another one had them meanwhile.
            guard !plan.isRecorded(address, on: link, byNoneBut: node) else { return }
            event(
                .normal, "Announcing", "announcing \(address) from node \"\(node)\" on interface \(link)", address,
                plan, snapshot)
        case .gaveUp(let address, let reason):
            logger.notice("no longer announcing", metadata: metadata(address, link, ["reason": "\(reason.rawValue)"]))
        case .helping(let address, let peer):
            logger.info("answering for an absent speaker", metadata: metadata(address, link, ["peer.node": "\(peer)"]))
        case .stoppedHelping(let address):
            logger.info("no longer answering for an absent speaker", metadata: metadata(address, link))
        case .conflict(let address, let foreign):
            let message = "\(address) is announced here, and the host \(foreign) claims it too"
            logger.warning("\(message)", metadata: metadata(address, link, ["conflict.hardware": "\(foreign)"]))
            event(.warning, "AddressConflict", message + "; take the address from that host", address, plan, snapshot)
        case .probeConflict(let address, let foreign):
            let message = "\(address) is in use by the host \(foreign), so it is not announced"
            logger.warning("\(message)", metadata: metadata(address, link, ["conflict.hardware": "\(foreign)"]))
            event(
                .warning, "AddressConflict", message + "; take it from that host or from the pool", address, plan,
                snapshot)
        case .claimedByNode(let address, let peer):
            logger.warning(
                "a cluster node answers for an address that is announced here: set strictARP for kube-proxy's ipvs mode, or remove the other announcer (MetalLB, kube-vip)",
                metadata: metadata(address, link, ["conflict.hardware": "\(peer)"]))
        default: tellOfLink(fact, link)
        }
    }

    private func tellOfLink(_ fact: LinkFact, _ link: String) {
        let place: Logger.Metadata = ["link": "\(link)"]
        switch fact {
        case .phase(let phase):
            logger.log(
                level: phase.level, "the link's phase changed",
                metadata: place.merging(["link.phase": "\(phase.rawValue)"]) { $1 })
        case .peer(let name, let state):
            logger.log(
                level: state == .dead ? .notice : .info, "a peer's state changed",
                metadata: place.merging(["peer.node": "\(name)", "peer.state": "\(state.rawValue)"]) { $1 })
        case .falseDeath(let name):
            logger.warning(
                "a peer that was declared dead was alive: the segment loses frames in bursts, or the node pauses",
                metadata: place.merging(["peer.node": "\(name)"]) { $1 })
        case .nameConflict(let hardwareAddress):
            logger.warning(
                "another speaker uses this node's name: give each node its own --node-name",
                metadata: place.merging(["conflict.hardware": "\(hardwareAddress)"]) { $1 })
        case .sameSegment(let interface):
            logger.warning(
                "two interfaces of this node are on one segment, so this one stays passive; choose with --interfaces",
                metadata: place.merging(["link.preferred": "\(interface)"]) { $1 })
        case .unicastOnly(let name):
            logger.warning(
                "a peer is heard by unicast only: something filters the multicast frames of EtherType 0x88B5",
                metadata: place.merging(["peer.node": "\(name)"]) { $1 })
        case .tooManyPeers(let limit):
            logger.warning(
                "more speakers are on this link than can take part: two may announce one address; run fewer of them (nodeSelector)",
                metadata: place.merging(["peer.limit": "\(limit)"]) { $1 })
        case .rereadNeeded(let address):
            logger.info("a peer says that an address is not ours any more", metadata: metadata(address, link))
        default: break
        }
    }

    private func metadata(_ address: IPAddress, _ link: String, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        (["address": "\(address)", "link": "\(link)"] as Logger.Metadata).merging(more) { $1 }
    }

    private func event(
        _ kind: EventRecorder.Kind, _ reason: String, _ message: String, _ address: IPAddress, _ plan: SpeakerPlan,
        _ snapshot: ClusterSnapshot
    ) {
        for key in plan.addresses[address]?.services ?? [] {
            guard let service = snapshot.services[key] else { continue }
            events.record(kind, reason: reason, message: message, regarding: ObjectReference(service))
        }
    }
}

extension LinkPhase {
    fileprivate var level: Logger.Level {
        switch self {
        case .deaf, .conflict: .warning
        case .ready, .passive, .leaving, .restarting: .notice
        case .keyless, .joining: .info
        }
    }
}
