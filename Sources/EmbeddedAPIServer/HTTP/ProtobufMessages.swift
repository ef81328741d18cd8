/// Field numbers of the messages that clients post, from the `generated.proto` files of k8s.io/api.
enum ProtobufMessages {
    struct Entry: Sendable {
        var name: String
        var type: String
        var isList = false
        var isMap = false
        /// A pointer in Go: false says something.
        var isOptional = false
    }

    static let table: [String: [Int: Entry]] = {
        var table: [String: [Int: Entry]] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard let name = words.first else { continue }
            table[name] = [:]
            for word in words.dropFirst() {
                let parts = word.split(separator: ":").map(String.init)
                guard parts.count == 3, let number = Int(parts[0]) else { continue }
                var entry = Entry(name: parts[1], type: parts[2])
                entry.isOptional = entry.type.hasSuffix("?")
                if entry.isOptional { entry.type.removeLast() }
                entry.isList = entry.type.hasPrefix("[]")
                entry.isMap = entry.type.hasPrefix("{}")
                if entry.isList || entry.isMap { entry.type.removeFirst(2) }
                table[name]?[number] = entry
            }
        }
        return table
    }()

    /// `Message number:name:type …`; `[]` lists, `{}` maps by text, `?` optional.
    private static let text = """
        Time
        IntOrString
        ObjectMeta 1:name:string 2:generateName:string 3:namespace:string 5:uid:string 6:resourceVersion:string 7:generation:int 8:creationTimestamp:Time 11:labels:{}string 12:annotations:{}string 14:finalizers:[]string
        Namespace 1:metadata:ObjectMeta
        ConfigMap 1:metadata:ObjectMeta 2:data:{}string 3:binaryData:{}bytes 4:immutable:bool?
        Secret 1:metadata:ObjectMeta 2:data:{}bytes 3:type:string 4:stringData:{}string 5:immutable:bool?
        ServiceAccount 1:metadata:ObjectMeta 4:automountServiceAccountToken:bool?
        Service 1:metadata:ObjectMeta 2:spec:ServiceSpec 3:status:ServiceStatus
        ServiceSpec 1:ports:[]ServicePort 2:selector:{}string 3:clusterIP:string 4:type:string 5:externalIPs:[]string 7:sessionAffinity:string 8:loadBalancerIP:string 9:loadBalancerSourceRanges:[]string 10:externalName:string 11:externalTrafficPolicy:string 12:healthCheckNodePort:int 13:publishNotReadyAddresses:bool 17:ipFamilyPolicy:string 18:clusterIPs:[]string 19:ipFamilies:[]string 20:allocateLoadBalancerNodePorts:bool? 21:loadBalancerClass:string 22:internalTrafficPolicy:string
        ServicePort 1:name:string 2:protocol:string 3:port:int 4:targetPort:IntOrString 5:nodePort:int 6:appProtocol:string
        ServiceStatus 1:loadBalancer:LoadBalancerStatus
        LoadBalancerStatus 1:ingress:[]LoadBalancerIngress
        LoadBalancerIngress 1:ip:string 2:hostname:string 3:ipMode:string
        Deployment 1:metadata:ObjectMeta 2:spec:DeploymentSpec
        DeploymentSpec 1:replicas:int 2:selector:LabelSelector 3:template:PodTemplate 5:minReadySeconds:int
        LabelSelector 1:matchLabels:{}string
        PodTemplate 1:metadata:ObjectMeta 2:spec:PodSpec
        PodSpec 2:containers:[]Container 3:restartPolicy:string 6:dnsPolicy:string 8:serviceAccountName:string
        Container 1:name:string 2:image:string 3:command:[]string 4:args:[]string 6:ports:[]ContainerPort 14:imagePullPolicy:string
        ContainerPort 1:name:string 2:hostPort:int 3:containerPort:int 4:protocol:string
        Role 1:metadata:ObjectMeta 2:rules:[]PolicyRule
        ClusterRole 1:metadata:ObjectMeta 2:rules:[]PolicyRule
        PolicyRule 1:verbs:[]string 2:apiGroups:[]string 3:resources:[]string 4:resourceNames:[]string 5:nonResourceURLs:[]string
        RoleBinding 1:metadata:ObjectMeta 2:subjects:[]Subject 3:roleRef:RoleRef
        ClusterRoleBinding 1:metadata:ObjectMeta 2:subjects:[]Subject 3:roleRef:RoleRef
        Subject 1:kind:string 2:apiGroup:string 3:name:string 4:namespace:string
        RoleRef 1:apiGroup:string 2:kind:string 3:name:string
        TokenRequest 1:metadata:ObjectMeta 2:spec:TokenRequestSpec
        TokenRequestSpec 1:audiences:[]string 4:expirationSeconds:int
        SelfSubjectReview 1:metadata:ObjectMeta
        SelfSubjectRulesReview 1:metadata:ObjectMeta 2:spec:SelfSubjectRulesReviewSpec
        SelfSubjectRulesReviewSpec 1:namespace:string
        SelfSubjectAccessReview 1:metadata:ObjectMeta 2:spec:SelfSubjectAccessReviewSpec
        SelfSubjectAccessReviewSpec 1:resourceAttributes:ResourceAttributes 2:nonResourceAttributes:NonResourceAttributes
        ResourceAttributes 1:namespace:string 2:verb:string 3:group:string 4:version:string 5:resource:string 6:subresource:string 7:name:string
        NonResourceAttributes 1:path:string 2:verb:string
        """
}
