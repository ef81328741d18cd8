package import KubernetesModel

extension SpeakerPolicy {
    /// As a speaker tells it on its Lease, so that lbctl can decide as it does.
    package var annotations: [String: String] {
        [
            HeraldObjects.classAnnotation: loadBalancerClass ?? "",
            HeraldObjects.ignoreExcludeLabelAnnotation: ignoresExcludeLabel ? "true" : "false",
        ]
    }

    /// What the speaker with this Lease says of itself.
    package init(_ lease: Lease) {
        let annotations = lease.metadata.annotations ?? [:]
        self.init(
            loadBalancerClass: annotations[HeraldObjects.classAnnotation].flatMap { $0.isEmpty ? nil : $0 },
            ignoresExcludeLabel: annotations[HeraldObjects.ignoreExcludeLabelAnnotation] == "true")
    }
}
