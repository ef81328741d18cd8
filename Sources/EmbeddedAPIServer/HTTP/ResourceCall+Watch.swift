import Hummingbird
import KubernetesModel
import ObjectStore

extension ResourceCall {
    /// Streams changes, one JSON object per line.
    ///
    /// A watcher holds nothing but the version it has reached; the changes are read from the bounded history of the
    /// store, so a slow client costs no memory. As in the real server, one that falls behind the history gets 410, and
    /// one that begins in the future hears nothing before it.
    func watch(_ list: ListRequest, _ request: Request, _ context: APIContext) throws(APIFailure) -> Response {
        var list = list
        list.exactly = nil
        let asked = query["resourceVersion"].flatMap { UInt64($0) } ?? 0
        let sendsInitial = query.flag("sendInitialEvents")
        guard sendsInitial || query["sendInitialEvents"] == nil || asked > 0 || query["resourceVersionMatch"] != nil
        else {
            throw .badRequest("sendInitialEvents needs resourceVersionMatch")
        }
        let seconds = query["timeoutSeconds"].flatMap { Int64($0) } ?? Int64.random(in: 1800...3600)
        let stream = WatchStream(
            core: core, view: view, list: list, start: sendsInitial || asked == 0 ? nil : asked,
            endsInitialEvents: sendsInitial, bookmarks: query.flag("allowWatchBookmarks"),
            timeout: .seconds(min(max(1, seconds), 86_400)))
        let channel = context.channel
        let storage = list.storage
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache, private"],
            body: ResponseBody { writer in
                let signals = core.cluster.signals(storage)
                // HTTP/2 streams and closed connections end here; a half-closed HTTP/1.1 connection ends below.
                channel.closeFuture.whenComplete { _ in signals.end.finish() }
                do {
                    if channel.parent?.parent == nil {
                        try await request.body.consumeWithInboundCloseHandler { _ in
                            try await stream.run(signals.stream, signals.end, &writer)
                        } onInboundClosed: {
                            signals.end.finish()
                        }
                    } else {
                        try await stream.run(signals.stream, signals.end, &writer)
                    }
                } catch {
                    core.cluster.removeWatcher(storage, signals.id)
                    throw error
                }
                core.cluster.removeWatcher(storage, signals.id)
                try await writer.finish(nil)
            })
    }
}

/// The events of one watch, from its start to its end.
struct WatchStream: Sendable {
    let core: ServerCore
    let view: ObjectView
    let list: ListRequest
    /// `nil`: begin with everything that exists.
    let start: UInt64?
    let endsInitialEvents: Bool
    let bookmarks: Bool
    let timeout: Duration

    /// Changes per step: bounds both the lock and the buffer.
    private static let batch = 256

    @concurrent func run(
        _ signals: AsyncStream<Void>, _ wake: AsyncStream<Void>.Continuation, _ writer: inout any ResponseBodyWriter
    ) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        try await withThrowingTaskGroup(of: Void.self) { group in
            let interval = bookmarks ? min(core.bookmarkInterval, timeout) : timeout
            group.addTask {
                while !Task.isCancelled {
                    try await clock.sleep(until: min(deadline, clock.now + interval))
                    wake.yield()
                    if clock.now >= deadline { return }
                }
            }
            defer { group.cancelAll() }
            var state = try await begin(&writer)
            var lastBookmark = clock.now
            var iterator = signals.makeAsyncIterator()
            while await iterator.next() != nil {
                await core.gate.pass()
                guard try await drain(&state, &writer) else { return }
                let isOver = clock.now >= deadline
                if bookmarks, !state.isAhead, isOver || clock.now - lastBookmark >= core.bookmarkInterval {
                    lastBookmark = clock.now
                    try await writer.write(line("BOOKMARK", view.bookmark(state.cursor)))
                }
                if isOver { return }
            }
        }
    }

    private struct Progress {
        var cursor: UInt64
        /// The version that was asked for has not come yet.
        var isAhead = false
        var isFirst = true
    }

    @concurrent private func begin(_ writer: inout any ResponseBodyWriter) async throws -> Progress {
        var progress = Progress(cursor: start ?? 0)
        if start == nil {
            var all = list
            all.limit = 0
            let result = try core.cluster.read { [all] (state) throws(APIFailure) in try state.store.list(all) }
            progress.cursor = result.version
            var bytes: [UInt8] = []
            for object in result.objects {
                append("ADDED", object, &progress, &bytes)
                if bytes.count > 1 << 16 {
                    try await writer.write(ByteBuffer(bytes: bytes))
                    bytes.removeAll(keepingCapacity: true)
                }
            }
            if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
            if endsInitialEvents {
                try await writer.write(line("BOOKMARK", view.bookmark(progress.cursor, endsInitialEvents: true)))
            }
        }
        _ = try await drain(&progress, &writer)
        return progress
    }

    /// Sends what has happened since the cursor; `false` when the watch must end.
    @concurrent private func drain(_ progress: inout Progress, _ writer: inout any ResponseBodyWriter) async throws
        -> Bool
    {
        while true {
            let cursor = progress.cursor
            let (changes, version, compacted) = core.cluster.read { state in
                (
                    state.store.changes(list.storage, after: cursor, limit: Self.batch), state.store.version,
                    state.store.compacted(list.storage)
                )
            }
            guard let changes else {
                let failure = APIFailure.expired("too old resource version: \(cursor) (\(compacted))")
                try await writer.write(line("ERROR", failure.status))
                return false
            }
            var bytes: [UInt8] = []
            for change in changes { append(change, &progress, &bytes) }
            if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
            guard changes.count == Self.batch, let last = changes.last else {
                (progress.cursor, progress.isAhead) = (max(cursor, version), cursor > version)
                return true
            }
            progress.cursor = last.version
        }
    }

    /// A change as this watch sees it: an object that begins or ceases to match its selectors comes or goes.
    private func append(_ change: StoredChange, _ progress: inout Progress, _ bytes: inout [UInt8]) {
        let wasVisible = change.previous.map(matches) ?? false
        let isVisible = !change.isDeletion && matches(change.object)
        switch (wasVisible, isVisible) {
        case (false, true): append("ADDED", change.object, &progress, &bytes)
        case (true, true): append("MODIFIED", change.object, &progress, &bytes)
        case (true, false): append("DELETED", change.object, &progress, &bytes)
        case (false, false): break
        }
    }

    private func matches(_ object: StoredObject) -> Bool {
        if let namespace = list.namespace, !namespace.isEmpty, object.key.namespace != namespace { return false }
        return (list.labels?.matches(object.labels) ?? true)
            && (list.fields?.matches(object.key, value: { object.value }) ?? true)
    }

    private func append(_ type: String, _ object: StoredObject, _ progress: inout Progress, _ bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"type":"\#(type)","object":"#.utf8)
        view.write(object, isFirst: progress.isFirst, into: &bytes)
        bytes.append(contentsOf: "}\n".utf8)
        progress.isFirst = false
    }

    private func line(_ type: String, _ object: JSONValue) -> ByteBuffer {
        var bytes: [UInt8] = []
        JSONValue.object(["type": .string(type), "object": object]).write(into: &bytes)
        bytes.append(0x0a)
        return ByteBuffer(bytes: bytes)
    }
}
