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
