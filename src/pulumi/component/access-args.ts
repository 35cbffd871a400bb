import type { Input } from "@pulumi/pulumi";

/**
 * Two NetworkPolicies, where the Kubernetes cluster's network enforces such: of the servers, and of Keeper. Interserver
 * traffic and Keeper know no passwords, so that they are closed to all but the cluster's own pods.
 */
export interface NetworkPolicyArgs {
	/**
	 * Whether they are made.
	 *
	 * @default true
	 * @example false
	 */
	enabled?: boolean;

	/**
	 * Who may send queries, to the ports of HTTP (8123) and of the native protocol (9000). An ingress controller is a
	 * client; clients from outside, by a NodePort or a load balancer, have addresses: their own, or those of the nodes.
	 *
	 * @default all pods of the namespace
	 * @example [{ namespaceLabels: { "kubernetes.io/metadata.name": "shop" } }, { cidr: "203.0.113.0/24" }]
	 */
	clients?: PeerArgs[];

	/**
	 * Where the API server's requests to pods come from: `DbCluster` queries the servers through the API server. Without
	 * this, the HTTP port stays open to all pods, which still need the password; with it, only these peers and the clients
	 * reach the port.
	 *
	 * It depends on the control plane. On one's own machines it is the addresses of the control-plane nodes, as
	 * `kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes` shows, or with an overlay network
	 * those that they have in it; where an agent carries it (konnectivity, as on GKE and AKS), the agent's pods or nodes; on
	 * EKS the subnets of the control plane's interfaces. A wrong one shows as `pulumi up` that waits for replicas which
	 * are ready.
	 *
	 * @default not restricted
	 * @example [{ cidr: "10.0.0.0/28" }]
	 * @example [{ namespaceLabels: { "kubernetes.io/metadata.name": "kube-system" }, podLabels: { "k8s-app": "konnectivity-agent" } }]
	 */
	apiServer?: PeerArgs[];

	/**
	 * Who may read the metrics, at port 9363.
	 *
	 * @default with `serviceMonitor` the pods of the namespace `monitoring`, else nobody
	 * @example [{ namespaceLabels: { "kubernetes.io/metadata.name": "observability" } }]
	 */
	metrics?: PeerArgs[];

	/**
	 * What servers may reach besides DNS, each other and Keeper: object storage for backups and `s3()`, say.
	 *
	 * @default nothing
	 * @example [{ cidr: "0.0.0.0/0", ports: [443] }]
	 */
	egress?: DestinationArgs[];
}

/** Pods by their labels and those of their namespace, or addresses. */
export interface PeerArgs {
	/**
	 * Labels of the pods; `{}` is all of them.
	 *
	 * @default all pods
	 * @example { app: "shop" }
	 */
	podLabels?: Input<{ [label: string]: Input<string> }>;

	/**
	 * Labels of their namespaces; `{}` is all of them.
	 *
	 * @default the cluster's own namespace
	 * @example { "kubernetes.io/metadata.name": "shop" }
	 */
	namespaceLabels?: Input<{ [label: string]: Input<string> }>;

	/**
	 * Addresses, in place of labels.
	 *
	 * @default none
	 * @example "10.0.0.0/8"
	 */
	cidr?: Input<string>;
}

/** Pods or addresses, and their ports. */
export interface DestinationArgs extends PeerArgs {
	/**
	 * Ports of TCP.
	 *
	 * @example [443]
	 */
	ports: number[];
}

/** An Ingress for ClickHouse's HTTP interface, always with TLS. */
export interface IngressArgs {
	/**
	 * The host name at which clients find the cluster.
	 *
	 * @example "analytics.example.com"
	 */
	host: Input<string>;

	/**
	 * The IngressClass.
	 *
	 * @default the Kubernetes cluster's default one
	 * @example "nginx"
	 */
	className?: Input<string>;

	/**
	 * The Secret of the namespace with the certificate, such as cert-manager makes when an annotation asks for it.
	 *
	 * @default `<name of the cluster>-tls`
	 * @example "wildcard"
	 */
	tlsSecret?: Input<string>;

	/**
	 * For the ingress controller and cert-manager.
	 *
	 * @default none
	 * @example { "cert-manager.io/cluster-issuer": "letsencrypt" }
	 */
	annotations?: Input<{ [annotation: string]: Input<string> }>;
}

/** A ServiceMonitor for a Prometheus operator. */
export interface ServiceMonitorArgs {
	/**
	 * Labels by which the Prometheus selects it.
	 *
	 * @default none
	 * @example { release: "prometheus" }
	 */
	labels?: Input<{ [label: string]: Input<string> }>;

	/**
	 * How often it reads them, as Prometheus writes durations.
	 *
	 * @default "30s"
	 * @example "1m"
	 */
	interval?: Input<string>;
}
