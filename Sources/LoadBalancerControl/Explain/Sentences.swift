import Reconciliation

// The sentences for the reasons of the speakers' plan; the switches have no default, so that a new reason without its
// sentence does not compile. Those of the allocation stand beside their enums, because conditions use them too.

extension NodeVerdict.NodeRefusal {
    var sentence: String {
        switch self {
        case .networkUnavailable: "its condition NetworkUnavailable is true, so its Pods cannot be reached"
        case .excludedByLabel: "it has the label \(SpeakerPolicy.excludeLabel)"
        case .notSelected: "no L2Advertisement of this address selects it"
        case .noServingEndpoint: "externalTrafficPolicy is Local, and no endpoint on it serves"
        }
    }

    var remedy: String {
        switch self {
        case .networkUnavailable: "see why its network plugin is not ready"
        case .excludedByLabel:
            "remove the label, or run the speakers with --ignore-exclude-label if there are no other nodes"
        case .notSelected: "widen nodeSelectors of an L2Advertisement"
        case .noServingEndpoint: "let a Pod of the Service run there, or use externalTrafficPolicy: Cluster"
        }
    }
}

extension NodeVerdict.LastResort {
    var sentence: String {
        switch self {
        case .cordoned: "it is cordoned; announces only while no other node can"
        case .drained: "it is drained with `\(ProgramName.current) drain`; announces only while no other node can"
        case .onlyTerminatingEndpoints: "its endpoints are terminating; announces only while no other node can"
        }
    }
}

extension NodeVerdict {
    var sentence: String {
        switch self {
        case .eligible(let weight): weight == 0 ? "eligible" : "eligible, preferred with weight \(weight)"
        case .lastResort(let reason): "eligible as a last resort: \(reason.sentence)"
        case .refused(let reason): "not eligible: \(reason.sentence)"
        }
    }
}

extension ServiceRefusal {
    var sentence: String {
        switch self {
        case .notLoadBalancer: "The Service is not of type LoadBalancer."
        case .otherClass(let name):
            name.map { "The Service is of loadBalancerClass \"\($0)\", which these speakers do not serve." }
                ?? "The Service has no loadBalancerClass, and these speakers serve one class only."
        case .noAddress: "There is no address to announce."
        }
    }

    var remedy: String {
        switch self {
        case .notLoadBalancer: "Set spec.type: LoadBalancer, if it is to be reached from the LAN."
        case .otherClass:
            "Create the Service anew with the right loadBalancerClass (it cannot be changed), or start the daemons with --load-balancer-class."
        case .noAddress: "Settle the allocation first, see above."
        }
    }
}

extension AddressRefusal {
    var sentence: String {
        switch self {
        case .malformed(let text): "\"\(text)\" in the Service's status is no IP address."
        case .inNoPool: "It is in no IPAddressPool any more."
        case .serviceNotAdvertised(let pool):
            "L2Advertisements select IPAddressPool \"\(pool)\", but none of them selects this Service."
        case .noServingEndpoint: "Not one endpoint of the Service serves."
        }
    }

    var remedy: String {
        switch self {
        case .malformed: "Find out who else writes status.loadBalancer: another load balancer may serve the same class."
        case .inNoPool: "Add it to a pool, or let the controller assign another."
        case .serviceNotAdvertised: "Change serviceSelectors of an L2Advertisement, or the Service's labels."
        case .noServingEndpoint:
            "See the Service's Pods: kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=NAME"
        }
    }
}
