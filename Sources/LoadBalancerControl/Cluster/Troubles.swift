import KubernetesClient
import KubernetesModel

/// What goes wrong while something is followed for days: told when it begins, when it becomes something else, and when
/// it is over, however often it is tried meanwhile.
actor Troubles {
    /// By what was tried.
    private var lasting: [String: String] = [:]
    private var told: Set<String> = []
    private let tell: @Sendable (String) -> Void

    init(tell: @escaping @Sendable (String) -> Void = Console.complain) { self.tell = tell }

    func failed(_ attempt: String, _ text: String) {
        let isKnown = lasting.values.contains(text)
        lasting[attempt] = text
        if !isKnown { tell("\(text); what was read last stays; trying again") }
    }

    func succeeded(_ attempt: String) {
        if lasting.removeValue(forKey: attempt) != nil, lasting.isEmpty { tell("the API server answers again") }
    }

    /// What a watch says of itself.
    func take<Object: KubernetesObject>(_ event: ReflectorEvent<Object>) {
        let watch = "watch of \(Object.resource.plural)"
        switch event {
        case .change, .alive: succeeded(watch)
        case .problem(.interrupted(let error, _)): failed(watch, "\(error)")
        case .problem(.silent): failed(watch, "the API server fell silent")
        case .problem(.skipped(let object)): if told.insert("\(object)").inserted { tell("\(object)") }
        // It lists anew.
        case .problem(.expired), .problem(.wentBack): break
        }
    }
}
