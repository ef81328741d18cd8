import Election
import Link
import MonotonicTime
import NetworkAddresses
import SeededRandom
package import Wire

extension Simulation {
    static let staleAfter = Interval.seconds(15)

    package func reachesAPI(_ node: VirtualNode) -> Bool {
        isAPIUp && node.port.hasPower && !node.isCutFromAPI && !node.port.isFrozen
    }

    // MARK: Changes of the truth

    package func change(_ address: Int, to value: AddressTruth?) {
        note(
            "API: \(addresses[address]) becomes \(value.map { "\($0.eligible.sorted { $0.key < $1.key })" } ?? "deleted")"
        )
        observer.truthWillChange(address, to: value, self)
        truth[address] = value
        deletedAt[address] = value == nil ? now : nil
        fanOut { node in node.view[address] = value }
        observer.changed(address, self)
    }

    package func rotateKeys(to keys: HelloKeys) {
        self.keys = keys
        fanOut { node in _ = node.keyring.publish(keys) }
    }

    /// A change of something else that speakers watch (drain, Leases, …).
    package func fanOut(_ apply: @escaping (VirtualNode) -> Void) {
        for node in nodes where node.isWatching && reachesAPI(node) {
            let process = node.process
            var time = max(node.lastEventAt, now + .lasting(random.uniform(0.005, 0.3)))
            if let until = node.watchHangsUntil { time = max(time, until) }
            node.lastEventAt = time
            at(time) { simulation in
                guard node.process == process, node.isWatching, node.hasSpeaker else { return }
                guard simulation.reachesAPI(node) else {
                    node.isWatching = false
                    return
                }
                node.lastContact = simulation.now
                apply(node)
                simulation.viewChanged(node)
            }
        }
    }

    // MARK: One node's view

    func viewChanged(_ node: VirtualNode) {
        guard !node.isViewChanged else { return }
        node.isViewChanged = true
        after(0.002) { $0.refreshView(node) }
    }

    func refreshView(_ node: VirtualNode) {
        guard node.hasSpeaker, !node.isPaused, !node.port.isFrozen else { return }
        node.isViewChanged = false
        node.wasStale = now - node.lastContact > Self.staleAfter
        let configuration = configuration(of: node)
        drive(node) { speaker, now in speaker.configure(configuration, at: now) }
        observer.fitnessChanged(node, self)
    }

    func intents(of node: VirtualNode) -> [AddressIntent] {
        var intents: [AddressIntent] = []
        for index in addresses.indices {
            guard let truth = node.view[index] else { continue }
            intents.append(
                AddressIntent(
                    address: addresses[index], allocation: truth.allocation, eligible: truth.eligible,
                    recordedOwner: node.records[record(index, node)], isNewlyAssigned: truth.isNewlyAssigned))
        }
        return intents
    }

    /// Every 5 s: the Lease is renewed, bookmarks arrive.
    func contact(_ node: VirtualNode, _ process: Int) {
        guard node.process == process else { return }
        if reachesAPI(node) {
            if !node.isPaused { node.leasedAt = now }
            if node.isWatching { node.lastContact = now }
            let known = leasedPeers(of: node)
            if node.hasSnapshot, known != node.knownPeers {
                node.knownPeers = known
                viewChanged(node)
            }
        } else {
            node.isWatching = false
        }
        if (now - node.lastContact > Self.staleAfter) != node.wasStale { viewChanged(node) }
        scheduleStaleness(node)
        after(5) { $0.contact(node, process) }
    }

    private func scheduleStaleness(_ node: VirtualNode) {
        let time = node.lastContact + Self.staleAfter + .milliseconds(1)
        guard time > now, time <= now + .lasting(5.0) else { return }
        at(time) { simulation in
            if (simulation.now - node.lastContact > Self.staleAfter) != node.wasStale { simulation.viewChanged(node) }
        }
    }

    private func leasedPeers(of node: VirtualNode) -> [KnownPeer] {
        nodes.filter { other in
            other.wire == node.wire && other.name != node.name
                && other.leasedAt.map { now - $0 < .lasting(40.0) } ?? false
        }.map { KnownPeer(name: $0.name, addresses: $0.addresses) }
    }

    func relist(_ node: VirtualNode, _ process: Int) {
        guard node.process == process, node.hasSpeaker else { return }
        guard reachesAPI(node), !node.isPaused else {
            after(random.uniform(0.5, 3)) { $0.relist(node, process) }
            return
        }
        node.leasedAt = now
        node.isWatching = true
        node.hasSnapshot = true
        node.view = truth
        node.records = records
        _ = node.keyring.publish(keys)
        node.lastContact = now
        node.lastEventAt = now
        node.knownPeers = leasedPeers(of: node)
        viewChanged(node)
    }

    /// A refused speaker that is not stale reads the API again; unreadable means stale.
    func reread(_ node: VirtualNode) {
        guard node.hasSpeaker else { return }
        if reachesAPI(node) { node.view = truth } else { node.lastContact = now - Self.staleAfter - .seconds(1) }
        viewChanged(node)
    }

    // MARK: Records

    func scheduleRecord(_ address: IPAddress, _ node: VirtualNode) {
        guard let index = addressIndex[address] else { return }
        let process = node.process
        after(random.uniform(0.01, 0.3)) { $0.writeRecord(index, node, process) }
    }

    private func writeRecord(_ index: Int, _ node: VirtualNode, _ process: Int) {
        let record = record(index, node)
        guard node.process == process, node.answers[index] == node.hardwareAddress, records[record] != node.name else {
            return
        }
        guard reachesAPI(node), !node.isPaused else {
            after(random.uniform(1, 2)) { $0.writeRecord(index, node, process) }
            return
        }
        records[record] = node.name
        let name = node.name
        fanOut { $0.records[record] = name }
    }

    /// The API's record of an address on a node's wire.
    private func record(_ index: Int, _ node: VirtualNode) -> Int { index + node.wire * addresses.count }

    // MARK: Outages

    package func breakAPI(seconds: Double) {
        note("API down for \(seconds) s")
        isAPIUp = false
        for node in nodes { node.isWatching = false }
        after(seconds) { simulation in
            simulation.note("API back")
            simulation.isAPIUp = true
            for node in simulation.nodes where node.hasSpeaker && !node.isCutFromAPI {
                let process = node.process
                simulation.after(simulation.random.uniform(0.1, 3)) { $0.relist(node, process) }
            }
        }
    }

    package func cutFromAPI(_ node: VirtualNode, seconds: Double) {
        note("\(node.name) cut from the API for \(seconds) s")
        node.isCutFromAPI = true
        node.isWatching = false
        after(seconds) { simulation in
            node.isCutFromAPI = false
            let process = node.process
            if node.hasSpeaker { simulation.after(simulation.random.uniform(0.1, 3)) { $0.relist(node, process) } }
        }
    }
}

// MARK: Odd worlds

extension Simulation {
    package func forgetRecords() { records = [:] }

    /// One node sees something else than the truth.
    package func setView(of node: VirtualNode, _ address: Int, _ value: AddressTruth?) {
        node.view[address] = value
        viewChanged(node)
    }

    /// A new allocation of an address: no record names an owner of it.
    package func changeFreshly(_ address: Int, to value: AddressTruth) {
        records[address] = nil
        for node in nodes where node.isWatching && reachesAPI(node) { node.records[address] = nil }
        change(address, to: value)
    }
}
