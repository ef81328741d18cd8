package import KubernetesModel
package import NetworkAddresses

extension Service {
    /// The texts of `status.loadBalancer.ingress[].ip`.
    package var ingressTexts: [String] { (status?.loadBalancer?.ingress ?? []).compactMap(\.ip) }

    /// Those of ``ingressTexts`` that are addresses.
    package var ingressAddresses: [IPAddress] { ingressTexts.compactMap { IPAddress($0) } }
}

extension ServicePlan {
    /// Whether the Service has exactly these addresses in its status, however they are written.
    package func hasAddresses(of service: Service) -> Bool {
        service.ingressTexts.map { IPAddress($0) } == addresses.map { Optional($0) }
    }

    /// Whether the status shows them as Herald does. With `ipMode: Proxy`, which another controller may have left there,
    /// kube-proxy takes no traffic for them. API servers before 1.29 drop the field.
    package func isShown(in service: Service) -> Bool {
        let modes = (service.status?.loadBalancer?.ingress ?? []).filter { $0.ip != nil }.map { $0.ipMode ?? "VIP" }
        return hasAddresses(of: service) && (conditions == nil || modes.allSatisfy { $0 == "VIP" })
    }
}
