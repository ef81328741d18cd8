extension BuiltinKinds {
    /// The fields that the server, its clients and `kubectl explain` need to know; see ``SchemaText``.
    static let schemas = """
        Condition # One aspect of the current state.
          type!: string # Type of condition in CamelCase.
          status!: string # One of True, False, Unknown.
          observedGeneration: long
          lastTransitionTime: time # When the status last changed.
          reason: string # CamelCase reason for the last transition.
          message: string # Human readable message.
        ObjectReference
          apiVersion: string
          kind: string
          namespace: string
          name: string
          uid: string
          resourceVersion: string
          fieldPath: string
        LabelSelector # A label query over a set of resources; all parts are ANDed.
          matchLabels: map
          matchExpressions: []object atomic
            key!: string
            operator!: string # In, NotIn, Exists or DoesNotExist.
            values: []string atomic
        Container
          name!: string
          image: string
          args: []string atomic
          command: []string atomic
          env: []object list=map:name patch=name
            name!: string
            value: string
            valueFrom: any
          ports: []object list=map:containerPort,protocol patch=containerPort
            name: string
            containerPort!: int
            hostPort: int
            protocol: string default=TCP
          volumeMounts: []object list=map:mountPath patch=mountPath
            name!: string
            mountPath!: string
          resources: any
          securityContext: any
          imagePullPolicy: string
        PodSpec
          containers: []@Container list=map:name patch=name # Containers of the pod.
          initContainers: []@Container list=map:name patch=name
          volumes: []object list=map:name patch=name
            name!: string
          nodeSelector: map atomic
          nodeName: string
          serviceAccountName: string
          hostNetwork: bool
          priorityClassName: string
          terminationGracePeriodSeconds: long
          tolerations: []object atomic
            key: string
            operator: string
            effect: string
          imagePullSecrets: []object list=map:name patch=name
            name: string
          topologySpreadConstraints: []object list=map:topologyKey,whenUnsatisfiable patch=topologyKey
            topologyKey!: string
            whenUnsatisfiable!: string
        PodTemplate
          metadata: any
          spec: @PodSpec
        Workload
          spec: object # Desired state.
            replicas: int
            selector: @LabelSelector atomic
            template: @PodTemplate
            minReadySeconds: int
            revisionHistoryLimit: int
            strategy: any
            updateStrategy: any
          status: object # Observed state.
            conditions: []@Condition list=map:type patch=type
        Pod # A group of containers that run on one node.
          spec: @PodSpec
          status: object
            phase: string
            podIP: string
            hostIP: string
            conditions: []@Condition list=map:type patch=type
        Namespace # Provides a scope for names.
          spec: object
            finalizers: []string atomic
          status: object
            phase: string # Active or Terminating.
            conditions: []@Condition list=map:type patch=type
        Node # A worker of the cluster.
          spec: object # Behaviour of the node.
            podCIDR: string
            podCIDRs: []string list=set patch
            providerID: string
            unschedulable: bool # Whether new pods may be placed here (cordon).
            taints: []object atomic
              key!: string
              value: string
              effect!: string
          status: object # Most recently observed status.
            addresses: []object list=map:type,address patch=type # Addresses reachable to the node.
              type!: string
              address!: string
            conditions: []@Condition list=map:type patch=type
            nodeInfo: any
            capacity: any
            allocatable: any
        Service # A named abstraction of a software service, with the ports it listens on and the selector of its pods.
          spec: object # Behaviour of the service.
            type: string default=ClusterIP enum=ClusterIP,NodePort,LoadBalancer,ExternalName # How the service is exposed.
            ports: []object list=map:port,protocol patch=port # Ports that are exposed by this service.
              name: string # Name of this port within the service.
              port!: int # The port that will be exposed.
              protocol: string default=TCP enum=TCP,UDP,SCTP # TCP, UDP or SCTP.
              targetPort: port # Number or name of the port on the pods.
              nodePort: int # The port on each node.
              appProtocol: string
            selector: map atomic # Routes to pods with these labels.
            clusterIP: string
            clusterIPs: []string atomic
            ipFamilies: []string atomic # IPv4, IPv6, in order.
            ipFamilyPolicy: string # SingleStack, PreferDualStack or RequireDualStack.
            externalIPs: []string atomic
            externalName: string
            externalTrafficPolicy: string # Cluster or Local.
            internalTrafficPolicy: string
            trafficDistribution: string
            healthCheckNodePort: int
            loadBalancerIP: string # The address asked for.
            loadBalancerClass: string # Which load balancer implementation serves it; immutable once set.
            loadBalancerSourceRanges: []string atomic
            allocateLoadBalancerNodePorts: bool
            publishNotReadyAddresses: bool
            sessionAffinity: string default=None
            sessionAffinityConfig: any
          status: object # Written by the system.
            loadBalancer: object
              ingress: []object atomic # Addresses at which the load balancer is reached.
                ip: string
                hostname: string
                ipMode: string # VIP or Proxy.
                ports: []object atomic
                  port!: int
                  protocol!: string
                  error: string
            conditions: []@Condition list=map:type patch=type
        Endpoints
          subsets: []object atomic
            ports: []any atomic
        Event # A report of an event somewhere in the cluster.
          involvedObject!: @ObjectReference # The object that this event is about.
          reason: string
          message: string
          type: string # Normal or Warning.
          count: int
          firstTimestamp: time
          lastTimestamp: time
          eventTime: time
          source: object
            component: string
            host: string
          related: @ObjectReference
          reportingComponent: string
          reportingInstance: string
          action: string
        Secret # Secret data of a certain type.
          data: map # Base64 encoded values.
          stringData: map
          immutable: bool
          type: string default=Opaque
        ConfigMap # Configuration data for pods to consume.
          data: map
          binaryData: map
          immutable: bool
        ServiceAccount
          automountServiceAccountToken: bool
          secrets: []object list=map:name patch=name
            name: string
          imagePullSecrets: []object atomic
            name: string
        EndpointSlice # A part of the endpoints of a service.
          addressType!: string # IPv4, IPv6 or FQDN.
          endpoints: []object atomic
            addresses!: []string list=set
            hostname: string
            nodeName: string
            zone: string
            conditions: object
              ready: bool
              serving: bool
              terminating: bool
            targetRef: @ObjectReference
          ports: []object atomic
            name: string default=
            port: int
            protocol: string default=TCP
            appProtocol: string
        Lease # A lease: who holds it, and when it was last renewed.
          spec: object
            holderIdentity: string
            leaseDurationSeconds: int
            acquireTime: time
            renewTime: time
            leaseTransitions: int
        Ingress # Rules that let inbound connections reach services.
          spec: object
            ingressClassName: string
            defaultBackend: any
            rules: []object atomic
              host: string
              http: any
            tls: []object atomic
              hosts: []string atomic
              secretName: string
          status: object
            loadBalancer: object
              ingress: []object atomic
                ip: string
                hostname: string
        NetworkPolicy
          spec: object
            podSelector: @LabelSelector atomic
            ingress: []any atomic
            egress: []any atomic
            policyTypes: []string atomic
        ServiceCIDR # A range that cluster IPs of Services come from.
          spec: object
            cidrs: []string atomic # One per IP family.
          status: object
            conditions: []@Condition list=map:type patch=type
        PodDisruptionBudget
          spec: object
            minAvailable: port
            maxUnavailable: port
            selector: @LabelSelector atomic
            unhealthyPodEvictionPolicy: string
          status: object
            conditions: []@Condition list=map:type patch=type
        PriorityClass
          value!: int
          globalDefault: bool
          description: string
          preemptionPolicy: string
        Role
          rules: []object atomic # What the role allows.
            apiGroups: []string atomic
            resources: []string atomic
            resourceNames: []string atomic
            nonResourceURLs: []string atomic
            verbs!: []string atomic
          aggregationRule: any
        RoleBinding
          subjects: []object atomic # Who holds the role.
            kind!: string
            apiGroup: string
            name!: string
            namespace: string
          roleRef!: object atomic # The role; immutable.
            apiGroup: string
            kind!: string
            name!: string
        CustomResourceDefinition # A kind served from a schema.
          spec!: object
            group!: string
            scope!: string enum=Cluster,Namespaced
            names!: object
              kind!: string
              plural!: string
              singular: string
              listKind: string
              shortNames: []string atomic
              categories: []string atomic
            versions!: []object atomic
              name!: string
              served!: bool
              storage!: bool
              schema: object
                openAPIV3Schema: any atomic
              subresources: any
              selectableFields: []any atomic
              additionalPrinterColumns: []object atomic
                name!: string
                type!: string
                jsonPath!: string
            conversion: any
          status: object
            conditions: []@Condition list=map:type
            acceptedNames: any
            storedVersions: []string atomic
        Generic
        """
}
