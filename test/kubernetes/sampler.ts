import type { EndpointSlice, Pod } from "../../src/platforms/kubernetes/api/types";
import type { Space } from "./harness";

/** One look at a cluster's pods and at the endpoints of its client Service. */
interface Sample {
	readonly at: number;
	/** Replicas whose pod is missing, not ready, or on its way out. */
	readonly unready: readonly string[];
	/** Replicas that are not among the endpoints. */
	readonly out: readonly string[];
	/** The pods' uids, by name. */
	readonly uids: ReadonlyMap<string, string | undefined>;
}

const every = 100;

/** `15:04:05.678`, for comparing what happened when. */
export const clockTime = (at: number) => new Date(at).toISOString().slice(11, 23);

/** Looks at a cluster every 100 ms, as an administrator, until stopped. */
export class Sampler {
	readonly samples: Sample[] = [];
	/** Looks that the API server did not answer. */
	blind = 0;
	private on = true;
	private readonly running: Promise<void>;

	private constructor(
		private readonly space: Space,
		private readonly cluster: string,
		private readonly names: readonly string[],
	) {
		this.running = this.run();
	}

	/** @param replicas names of all replicas. */
	static start(space: Space, cluster: string, replicas: readonly string[]): Sampler {
		return new Sampler(space, cluster, replicas);
	}

	async stop(): Promise<this> {
		this.on = false;
		await this.running;
		return this;
	}

	/** The most replicas of one shard that were not ready in one look. */
	get mostUnready(): number {
		return Math.max(...this.samples.map(({ unready }) => mostOfOneShard(unready)));
	}

	/** The most replicas of one shard that were not among the endpoints in one look. */
	get mostOut(): number {
		return Math.max(...this.samples.map(({ out }) => mostOfOneShard(out)));
	}

	/** The replicas in the order in which they got a new pod, each as often as it got one. */
	get replaced(): string[] {
		const last = new Map<string, string>();
		return this.samples.flatMap(({ uids }) =>
			[...uids].flatMap(([name, uid]) => {
				if (uid === undefined || uid === last.get(name)) return [];
				const first = !last.has(name);
				last.set(name, uid);
				return first ? [] : [name];
			}),
		);
	}

	/** Who was not among the endpoints in the first look after a time. */
	outAfter(at: number): readonly string[] | undefined {
		return this.samples.find((sample) => sample.at > at)?.out;
	}

	/** Every change that was seen, a line each: for the message of a test that fails. */
	get story(): string {
		const lines = this.samples.map(
			({ at, unready, out }) => [clockTime(at), `unready: ${unready}; out: ${out}`] as const,
		);
		const changes = lines.filter(([, text], index) => text !== lines[index - 1]?.[1]);
		return changes.map((each) => each.join(" ")).join("\n");
	}

	private async run(): Promise<void> {
		while (this.on) {
			const at = Date.now();
			try {
				this.samples.push(await this.look(at));
			} catch {
				this.blind++;
			}
			await new Promise((resolve) => setTimeout(resolve, Math.max(0, at + every - Date.now())));
		}
	}

	private async look(at: number): Promise<Sample> {
		const [pods, slices] = await Promise.all([
			this.list<Pod>("api/v1", "pods", `pulumi-dbcluster/cluster=${this.cluster}`),
			this.list<EndpointSlice>(
				"apis/discovery.k8s.io/v1",
				"endpointslices",
				`kubernetes.io/service-name=${this.cluster}`,
			),
		]);
		const byName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
		const inside = slices.flatMap(({ endpoints }) =>
			(endpoints ?? []).flatMap(({ conditions, targetRef }) =>
				conditions?.ready === false || targetRef?.name === undefined ? [] : [targetRef.name],
			),
		);
		return {
			at,
			unready: this.names.filter((name) => !isReady(byName.get(name))),
			out: this.names.filter((name) => !inside.includes(name)),
			uids: new Map(this.names.map((name) => [name, byName.get(name)?.metadata.uid])),
		};
	}

	/** Tried once: what the API server does not answer must not hold up the next look. */
	private async list<T>(group: string, kind: string, labels: string): Promise<readonly T[]> {
		const { namespace, connection } = this.space.api;
		const path = `/${group}/namespaces/${namespace}/${kind}?${new URLSearchParams({ labelSelector: labels })}`;
		const answer = await connection.send({ method: "GET", path, retry: false, timeout: 2000 });
		if (answer.status !== 200) throw new Error(answer.text);
		return (JSON.parse(answer.text) as { items: T[] }).items;
	}
}

function isReady(pod: Pod | undefined): boolean {
	const condition = pod?.status?.conditions?.find(({ type }) => type === "Ready");
	return condition?.status === "True" && pod?.metadata.deletionTimestamp === undefined;
}

function mostOfOneShard(names: readonly string[]): number {
	const shards = names.map((name) => name.replace(/-\d+$/, ""));
	return Math.max(0, ...shards.map((shard) => shards.filter((other) => other === shard).length));
}
