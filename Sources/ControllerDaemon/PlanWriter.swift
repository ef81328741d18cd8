package import KubernetesClient
import KubernetesModel
package import Logging
import Reconciliation

/// Makes the requests that the plan asks for.
package struct PlanWriter: Sendable {
    private let client: APIClient
    private let events: EventRecorder
    private let logger: Logger

    package init(_ client: APIClient, events: EventRecorder, logger: Logger) {
        (self.client, self.events, self.logger) = (client, events, logger)
    }

    package func perform(_ work: Work) async -> WorkResult {
        do {
            switch work {
            case .service(let object, let write):
                try await patch(Service.resource, object, write)
                report(object, write)
            case .pool(let object, let write):
                try await patch(IPAddressPool.resource, object, write)
                report(object, write)
            case .deleteAnnouncement(let key, let uid):
                try await client.delete(ServiceL2Status.self, name: key.name, namespace: key.namespace, uid: uid)
            case .trimAnnouncement(let key, let write):
                try await client.submit(
                    .merge(write.patch), to: ServiceL2Status.resource, name: key.name, namespace: key.namespace,
                    subresource: "status")
            }
            return .written
        } catch {
            return result(of: error, work)
        }
    }

    private func patch(
        _ type: ResourceType, _ object: ObjectReference, _ write: PlannedWrite
    ) async throws(APIError) {
        try await client.submit(
            .merge(write.patch), to: type, name: object.name ?? "", namespace: object.namespace, subresource: "status")
    }

    private func report(_ object: ObjectReference, _ write: PlannedWrite) {
        for event in write.events {
            events.record(
                event.isWarning ? .warning : .normal, reason: event.reason, message: event.message, regarding: object)
            logger.log(
                level: event.isWarning ? .warning : .notice, "\(event.message)",
                metadata: [
                    "object.kind": "\(object.kind ?? "")", "object.name": "\(object.name ?? "")",
                    "object.namespace": "\(object.namespace ?? "")", "reason": "\(event.reason)",
                ])
        }
    }

    private func result(of error: APIError, _ work: Work) -> WorkResult {
        if error.isCancelled { return .failed }
        if error.isNotFound { return .gone }
        let metadata: Logger.Metadata = ["object": "\(work.target.kind) \(work.target.key)", "error": "\(error)"]
        if error.isConflict {
            logger.debug("the object changed meanwhile; planning again", metadata: metadata)
            return .conflict
        }
        logger.warning("a write failed; trying again", metadata: metadata)
        return .failed
    }
}
