/// Names in the lab's cluster.
enum LabCluster {
    static let port = 6443
    static let namespace = "herald-system"
}
