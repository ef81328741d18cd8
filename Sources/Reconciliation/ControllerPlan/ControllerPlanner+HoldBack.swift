import AddressPools
package import KubernetesModel
import NetworkAddresses

/// Writes to different Services reach the API server in any order, and any of them may fail. So no address is written into
/// a Service's status while the status of another one, with which it can't be shared, still names it.
extension ControllerPlanner {
    /// The plan as far as it can be written now.
    ///
    /// A Service that has to wait for its new addresses keeps the old ones, unless somebody else is to have them. What
    /// takes away never waits: two Services that swap addresses both let go first.
    package func writable(_ plan: ServicePlan, for key: ObjectKey) -> ServicePlan {
        guard let record = records[key], let refusal = hindrance(plan, of: key, record) else { return plan }
        let holder = Holder(key)
        let stays = record.seen.filter { allocator.refusal(keeping: $0, for: holder, record.request) == nil }
        let obstacle = AllocationObstacle.refusal(refusal)
        let outcome: AllocationOutcome = stays.isEmpty ? .refused(obstacle) : .kept(obstacle)
        return servicePlan(key, stays, pool: allocator.poolName(of: stays, record.request), outcome, record.request)
    }

    private func hindrance(_ plan: ServicePlan, of key: ObjectKey, _ record: Record) -> Refusal? {
        for address in plan.addresses where !record.seen.contains(address) {
            for other in shown.others(with: address, than: key).sorted() {
                let terms = records[other]?.request.sharing
                if let obstacle = SharingTerms.obstacle(record.request.sharing, terms) {
                    return .addressInUse(address, by: Holder(other), obstacle)
                }
            }
        }
        return nil
    }

    /// What is in a Service's status that Herald will take out again, sooner or later.
    func ownAddresses(_ service: Service) -> [IPAddress] {
        let isOurs =
            service.spec?.type == "LoadBalancer"
            ? service.spec?.loadBalancerClass == policy.loadBalancerClass : service.hasTraces
        return isOurs ? service.ingressAddresses : []
    }
}
