import KubernetesClient
import KubernetesModel
import Logging
import ServiceLifecycle

/// Writes the ServiceL2Status entries of this node, whenever ``SpeakerControl`` has some due.
struct RecordWriter: ServiceLifecycle.Service {
    let client: APIClient
    let control: SpeakerControl
    let namespace: String
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var (listener, failures) = (control.recordsBell.listener(), 0)
            while !Task.isCancelled {
                failures = await writeAll() ? 0 : failures + 1
                let wait = await control.untilRecordsAreDue()
                await listener.wait(atMost: failures == 0 ? wait : .seconds(1 << min(failures, 5)))
            }
        }
    }

    /// - Returns: Whether the API server took, or refused for good, every write.
    private func writeAll() async -> Bool {
        for write in await control.dueRecords() {
            if Task.isCancelled { return true }
            do {
                try await perform(write)
                await control.wrote(write)
            } catch {
                logger.warning(
                    "cannot record who announces a Service; ownership does not depend on it",
                    metadata: ["service": "\(write.service)", "error": "\(error)"])
                guard error.isPermanent else { return false }
                await control.wrote(write)
            }
        }
        return true
    }

    private func perform(_ write: AnnouncementRecords.Write) async throws(APIError) {
        let patch = write.patch(fieldManager: control.fieldManager)
        do {
            try await client.patch(
                ServiceL2Status.self, name: write.name, namespace: namespace, patch, subresource: "status")
            return
        } catch  where error.isNotFound {
            // Deleted with its Service: there is nothing to take back.
            if write.entries.isEmpty { return }
        }
        let metadata = ObjectMeta(
            name: write.name, namespace: namespace, labels: ["app.kubernetes.io/managed-by": "herald"])
        do {
            _ = try await client.create(ServiceL2Status(metadata: metadata))
        } catch  where error.isAlreadyExists {}
        try await client.patch(
            ServiceL2Status.self, name: write.name, namespace: namespace, patch, subresource: "status")
    }
}
