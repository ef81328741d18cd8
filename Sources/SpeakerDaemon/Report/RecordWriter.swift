import Daemon
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
            var failures = 0
            while !Task.isCancelled {
                failures = await writeAll() ? 0 : failures + 1
                let wait = await control.untilRecordsAreDue()
                await control.recordsBell.wait(atMost: failures == 0 ? wait : .seconds(1 << min(failures, 5)))
            }
        }
    }

    /// - Returns: Whether the API server took, or refused, every write.
    func writeAll() async -> Bool {
        var refused: [(write: AnnouncementRecords.Write, error: APIError)] = []
        var hasAnswered = true
        for write in await control.dueRecords() where hasAnswered && !Task.isCancelled {
            do {
                try await perform(write)
                await control.wrote(write)
            } catch  where error.isPermanent && !error.isUnauthorized {
                refused.append((write, error))
            } catch {
                warn("cannot record who announces a Service; ownership does not depend on it", write, error)
                hasAnswered = false
            }
        }
        if let (write, error) = refused.first {
            warn(
                "the API server refuses to record who announces a Service, and is asked again in a minute; ownership does not depend on it",
                write, error, ["records.refused": "\(refused.count)"])
            await control.refused(refused.map(\.write))
        }
        return hasAnswered
    }

    private func warn(
        _ message: Logger.Message, _ write: AnnouncementRecords.Write, _ error: APIError, _ more: Logger.Metadata = [:]
    ) {
        let place: Logger.Metadata = ["service": "\(write.service)", "error": "\(error)"]
        logger.warning(message, metadata: place.merging(more) { $1 })
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
