import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { label, ports } from "../../platforms/kubernetes/render/names";
import type { NetworkPolicyArgs, PeerArgs } from "./access-args";
import { keeperName, keeperPorts } from "./keeper-config";
import { keeperLabel, metadata, type Scope } from "./scope";

type Ingress = kubernetes.types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = kubernetes.types.input.networking.v1.NetworkPolicyEgressRule;
type Peer = kubernetes.types.input.networking.v1.NetworkPolicyPeer;

/** Where the Prometheus operator's own charts put it. */
const monitoring: PeerArgs = { namespaceLabels: { "kubernetes.io/metadata.name": "monitoring" } };

/** The policies of the servers and of Keeper. Probes come from the pod's own node, which no policy shuts out. */
export function networkPolicies(scope: Scope): pulumi.Resource[] {
	const { cluster, component, args, opts } = scope;
	const wanted = args.networkPolicy ?? {};
	if (wanted.enabled === false) return [];
	const make = (
		logical: string,
		name: string,
		selector: Record<string, string>,
		ingress: Ingress[],
		egress: Egress[],
	) =>
		new kubernetes.networking.v1.NetworkPolicy(
			logical,
			{
				metadata: metadata(scope, name),
				spec: {
					podSelector: { matchLabels: selector },
					policyTypes: ["Ingress", "Egress"],
					ingress,
					egress: [...egress, dns],
				},
			},
			opts,
		);
	const servers = { [label.cluster]: cluster };
	const keepers = { [keeperLabel]: cluster };
	const external = args.keeper?.hosts;
	const policy = make(component, cluster, servers, serverIngress(scope, wanted, servers), [
		{ to: [pods(servers)], ports: tcp(ports.native, ports.interserver) },
		external === undefined
			? { to: [pods(keepers)], ports: tcp(keeperPorts.client) }
			: // Policies know no host names.
				{ ports: pulumi.all(external).apply((hosts) => tcp(...new Set(hosts.map(portOf)))) },
		...(wanted.egress ?? []).map((destination) => ({ to: [peer(destination)], ports: tcp(...destination.ports) })),
	]);
	if (external !== undefined) return [policy];
	const keeper = make(
		keeperName(component),
		keeperName(cluster),
		keepers,
		[
			{ from: [pods(servers)], ports: tcp(keeperPorts.client) },
			{ from: [pods(keepers)], ports: tcp(keeperPorts.raft) },
		],
		[{ to: [pods(keepers)], ports: tcp(keeperPorts.raft) }],
	);
	return [policy, keeper];
}

function serverIngress({ args }: Scope, wanted: NetworkPolicyArgs, servers: Record<string, string>): Ingress[] {
	const { clients = [{ podLabels: {} }], apiServer, metrics = args.serviceMonitor && [monitoring] } = wanted;
	return [
		// A rule without `from` lets everybody in, and one with an empty `from` as well.
		...(clients.length === 0 ? [] : [{ from: clients.map(peer), ports: tcp(ports.http, ports.native) }]),
		apiServer === undefined ? { ports: tcp(ports.http) } : { from: apiServer.map(peer), ports: tcp(ports.http) },
		{ from: [pods(servers)], ports: tcp(ports.native, ports.interserver) },
		...(metrics === undefined || metrics.length === 0 ? [] : [{ from: metrics.map(peer), ports: tcp(ports.metrics) }]),
	];
}

const pods = (matchLabels: Record<string, string>): Peer => ({ podSelector: { matchLabels } });

function peer({ cidr, podLabels, namespaceLabels }: PeerArgs): Peer {
	if (cidr !== undefined) return { ipBlock: { cidr } };
	return {
		...(podLabels !== undefined && { podSelector: { matchLabels: podLabels } }),
		...(namespaceLabels !== undefined && { namespaceSelector: { matchLabels: namespaceLabels } }),
	};
}

const tcp = (...numbers: number[]) => numbers.map((port) => ({ protocol: "TCP", port }));

/** Wherever the DNS servers are; 5353 is the port of their pods on OpenShift. */
const dns: Egress = { ports: [53, 5353].flatMap((port) => ["UDP", "TCP"].map((protocol) => ({ protocol, port }))) };

const portOf = (host: string) => Number(/:(\d+)$/.exec(host.replace(/^\[.*\]/, ""))?.[1] ?? keeperPorts.client);
