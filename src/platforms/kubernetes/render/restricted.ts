/** Over nodes and zones, if there are enough. */
export const spread = (matchLabels: Readonly<Record<string, string>>) =>
	["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
		topologyKey,
		maxSkew: 1,
		whenUnsatisfiable: "ScheduleAnyway",
		labelSelector: { matchLabels },
	}));

/** What the Pod Security Standard `restricted` requires, with the user of ClickHouse's images. */
export const restricted = {
	pod: {
		runAsNonRoot: true,
		runAsUser: 101,
		runAsGroup: 101,
		fsGroup: 101,
		fsGroupChangePolicy: "OnRootMismatch",
		seccompProfile: { type: "RuntimeDefault" },
	},
	container: (readOnlyRootFilesystem: boolean) => ({
		allowPrivilegeEscalation: false,
		readOnlyRootFilesystem,
		capabilities: { drop: ["ALL"] },
	}),
};
