/** What the Pod Security Standard `restricted` asks for, by the user that ClickHouse's images make. */
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
