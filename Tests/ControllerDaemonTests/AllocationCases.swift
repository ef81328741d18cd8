extension AllocationCase {
    /// Every row of docs/allocation.md. The order is that of the page.
    static let all: [AllocationCase] = automatic + requested + families + shared + pools + life

    static let lan = Step.pool("lan", "192.168.57.200-192.168.57.203")
    static let both = Step.pool("both", "192.168.57.200-192.168.57.203", "fd00:57::200-fd00:57::203")
    static let addresses = "lb.cluster.home/addresses"
    static let pool = "lb.cluster.home/pool"
    static let key = "lb.cluster.home/sharing-key"
    static let requireDual = "RequireDualStack"
    static let preferDual = "PreferDualStack"
}
