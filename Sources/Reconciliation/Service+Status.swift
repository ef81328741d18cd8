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
    package func isShown(in service: Service) -> Bool {
        service.ingressTexts.map { IPAddress($0) } == addresses.map { Optional($0) }
    }
}
