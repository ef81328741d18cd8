package import Wire

/// The peers in order of appearance: iteration is the same in every run, so that a seed replays.
package struct PeerTable: Sendable {
    package private(set) var rows: [Peer] = []
    private var slots: [NodeID: Int] = [:]

    package var count: Int { rows.count }
    package var isEmpty: Bool { rows.isEmpty }

    package subscript(_ id: NodeID) -> Peer? {
        get { slots[id].map { rows[$0] } }
        set {
            switch (slots[id], newValue) {
            case (let slot?, let peer?): rows[slot] = peer
            case (nil, let peer?):
                slots[id] = rows.count
                rows.append(peer)
            case (let slot?, nil):
                rows.remove(at: slot)
                slots = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($0.element.id, $0.offset) })
            case (nil, nil): break
            }
        }
    }

    mutating func updateAll(_ change: (inout Peer) -> Void) {
        for slot in rows.indices { change(&rows[slot]) }
    }

    mutating func removeAll() {
        rows.removeAll()
        slots.removeAll()
    }
}
