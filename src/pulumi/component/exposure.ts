import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { clientServiceName, label, ports } from "../../platforms/kubernetes/render/names";
import { labels, metadata, type Scope, skipAwait } from "./scope";

/** The Ingress and the ServiceMonitor that are asked for. */
export function exposure(scope: Scope): pulumi.Resource[] {
	return [...ingress(scope), ...serviceMonitor(scope)];
}

function ingress(scope: Scope): pulumi.Resource[] {
	const { cluster, component, args, opts } = scope;
	if (args.ingress === undefined) return [];
	const { host, className, tlsSecret = `${cluster}-tls`, annotations = {} } = args.ingress;
	const service = { name: clientServiceName(cluster), port: { name: "http" } };
	return [
		new kubernetes.networking.v1.Ingress(
			component,
			{
				metadata: {
					...metadata(scope, cluster),
					// A cluster that is stopped has no endpoints to wait for.
					annotations: pulumi.output(annotations).apply((given) => ({ ...given, ...skipAwait })),
				},
				spec: {
					ingressClassName: className,
					tls: [{ hosts: [host], secretName: tlsSecret }],
					rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend: { service } }] } }],
				},
			},
			opts,
		),
	];
}

/** Only the headless Service has a port of this name, so that each server is read once. */
function serviceMonitor(scope: Scope): pulumi.Resource[] {
	const { cluster, component, args, opts } = scope;
	if (args.serviceMonitor === undefined) return [];
	return [
		new kubernetes.apiextensions.CustomResource(
			component,
			{
				apiVersion: "monitoring.coreos.com/v1",
				kind: "ServiceMonitor",
				metadata: { ...metadata(scope, cluster), labels: labels(cluster, args.labels, args.serviceMonitor.labels) },
				spec: {
					selector: { matchLabels: { [label.cluster]: cluster } },
					endpoints: [{ port: "metrics", path: "/metrics", interval: args.serviceMonitor.interval ?? "30s" }],
				},
			},
			opts,
		),
	];
}

/** The server's files, with one that publishes its metrics where somebody is to read them. */
export function serverFiles({ args }: Scope): pulumi.Input<Record<string, pulumi.Input<string>>> | undefined {
	if (args.serviceMonitor === undefined) return args.config;
	return pulumi.all([args.config ?? {}, args.configRoot ?? "clickhouse"]).apply(([config, root]) => ({
		"metrics.xml": `<${root}><prometheus><endpoint>/metrics</endpoint><port>${ports.metrics}</port><metrics>true</metrics><events>true</events><asynchronous_metrics>true</asynchronous_metrics></prometheus></${root}>\n`,
		...config,
	}));
}
