/** What nobody may see of the kubeconfig. */
export const token = "a-token-that-nobody-may-see";

/** Of a Kubernetes cluster that nobody reaches. */
export const kubeconfig = JSON.stringify({
	apiVersion: "v1",
	kind: "Config",
	clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
	users: [{ name: "none", user: { token } }],
	contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
	"current-context": "none",
});
