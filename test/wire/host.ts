import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

export type Properties = Record<string, unknown>;

/** How a program reaches the provider: by Pulumi's own host of dynamic providers, or by this package's plugin. */
export type Face = "dynamic" | "native";

const urn = "urn:pulumi:live::shop::dbcluster:index:DbCluster::analytics";

/** The provider's process in one of its faces, spoken to as the engine does. */
export class Host {
	readonly lines: string[] = [];
	readonly #process: ChildProcess;
	readonly #client: Promise<ResourceProviderClient>;

	/**
	 * @param engine The address of the engine; by default there is none.
	 * @param more What its environment has besides this process's.
	 */
	constructor(project: string, face: Face, engine = "127.0.0.1:1", more: NodeJS.ProcessEnv = {}) {
		const installed = createRequire(join(project, "package.json"));
		const main =
			face === "dynamic"
				? installed.resolve("@pulumi/pulumi/cmd/dynamic-provider")
				: join(dirname(installed.resolve("pulumi-dbcluster/package.json")), "dist/pulumi/native/main.js");
		this.#process = spawn(process.execPath, [main, engine], {
			cwd: project,
			env: { ...process.env, ...more },
			stdio: ["ignore", "pipe", "pipe"],
		});
		this.#client = new Promise((resolve, reject) => {
			this.#process.once("exit", (status) =>
				reject(new Error(`the host ended with ${status}: ${this.lines.join("\n")}`)),
			);
			for (const stream of [this.#process.stdout, this.#process.stderr]) {
				if (stream === null) continue;
				createInterface(stream).on("line", (line) => {
					if (/^\d+$/.test(line))
						resolve(new ResourceProviderClient(`127.0.0.1:${line}`, credentials.createInsecure()));
					else this.lines.push(line);
				});
			}
		});
	}

	async stop(): Promise<void> {
		(await this.#client).close();
		this.#process.kill("SIGKILL");
		await this.ended();
	}

	signal(signal: NodeJS.Signals): void {
		this.#process.kill(signal);
	}

	async ended(): Promise<void> {
		if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, "exit");
	}

	/** Reads nothing that it writes any more, as when the CLI was killed. */
	async leaveAlone(): Promise<void> {
		await this.#client;
		this.#process.stdout?.destroy();
		this.#process.stderr?.destroy();
	}

	async check(olds: Properties, news: Properties) {
		const request = new messages.CheckRequest();
		request.setUrn(urn);
		request.setOlds(struct(olds));
		request.setNews(struct(news));
		const answer = await this.#call<messages.CheckResponse>((client, done) => client.check(request, done));
		const failures = answer.getFailuresList().map((it) => ({ property: it.getProperty(), reason: it.getReason() }));
		return { inputs: plain(answer.getInputs()), failures };
	}

	/** `true` for changes, `false` for none, and what is to be replaced. */
	async diff(id: string, olds: Properties, news: Properties) {
		const request = new messages.DiffRequest();
		request.setUrn(urn);
		request.setId(id);
		request.setOlds(struct(olds));
		request.setNews(struct(news));
		const answer = await this.#call<messages.DiffResponse>((client, done) => client.diff(request, done));
		const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
		const changes = answer.getChanges();
		return {
			changes: changes === DIFF_SOME ? true : changes === DIFF_NONE ? false : undefined,
			replaces: answer.getReplacesList(),
		};
	}

	/** What differs, by its path: `+`, `-` or `~`. */
	async detail(id: string, olds: Properties, news: Properties, oldInputs: Properties): Promise<Record<string, string>> {
		const request = new messages.DiffRequest().setUrn(urn).setId(id).setOlds(struct(olds)).setNews(struct(news));
		request.setOldInputs(struct(oldInputs));
		const answer = await this.#call<messages.DiffResponse>((client, done) => client.diff(request, done));
		const { ADD, DELETE } = messages.PropertyDiff.Kind;
		const sign = (kind: number) => (kind === ADD ? "+" : kind === DELETE ? "-" : "~");
		return Object.fromEntries(
			[...answer.getDetaileddiffMap().entries()].map(([path, it]) => [path, sign(it.getKind())]),
		);
	}

	/** @param how A preview; or the seconds that the program gives it. */
	async create(inputs: Properties, how: How = {}) {
		const request = new messages.CreateRequest();
		request.setUrn(urn);
		request
			.setProperties(struct(inputs))
			.setPreview(how.preview === true)
			.setTimeout(how.seconds ?? 0);
		const answer = await this.#call<messages.CreateResponse>((client, done) => client.create(request, done));
		return { id: answer.getId(), outputs: plain(answer.getProperties()) };
	}

	async read(id: string, outputs: Properties) {
		const request = new messages.ReadRequest();
		request.setUrn(urn);
		request.setId(id);
		request.setProperties(struct(outputs));
		const answer = await this.#call<messages.ReadResponse>((client, done) => client.read(request, done));
		return { id: answer.getId(), inputs: plain(answer.getInputs()), outputs: plain(answer.getProperties()) };
	}

	async update(id: string, olds: Properties, news: Properties, how: How = {}) {
		const request = new messages.UpdateRequest();
		request.setUrn(urn);
		request.setId(id);
		request.setOlds(struct(olds));
		request
			.setNews(struct(news))
			.setPreview(how.preview === true)
			.setTimeout(how.seconds ?? 0);
		const answer = await this.#call<messages.UpdateResponse>((client, done) => client.update(request, done));
		return plain(answer.getProperties());
	}

	async delete(id: string, outputs: Properties) {
		const request = new messages.DeleteRequest();
		request.setUrn(urn);
		request.setId(id);
		request.setProperties(struct(outputs));
		await this.#call((client, done) => client.delete(request, done));
	}

	async cancel(): Promise<void> {
		await this.#call((client, done) => client.cancel(new Empty(), done));
	}

	async pluginVersion(): Promise<string> {
		const answer = await this.#call<PluginInfo>((client, done) => client.getPluginInfo(new Empty(), done));
		return answer.getVersion();
	}

	async schema(): Promise<string> {
		const request = new messages.GetSchemaRequest();
		const answer = await this.#call<messages.GetSchemaResponse>((client, done) => client.getSchema(request, done));
		return answer.getSchema();
	}

	async #call<Answer>(
		send: (client: ResourceProviderClient, done: (error: ServiceError | null, answer: Answer) => void) => void,
	): Promise<Answer> {
		const client = await this.#client;
		return new Promise((resolve, reject) => {
			send(client, (error, answer) => (error === null ? resolve(answer) : reject(new Refused(error))));
		});
	}
}

interface How {
	readonly preview?: boolean;
	readonly seconds?: number;
}

/** An error as the engine gets it: with what it stores of a resource that exists, but is not as it should be. */
export class Refused extends Error {
	readonly unfinished?: { readonly id: string; readonly reasons: readonly string[]; readonly outputs: Properties };

	constructor(error: ServiceError) {
		super(error.details);
		const [packed] = error.metadata.get("grpc-status-details-bin");
		const [detail] = packed === undefined ? [] : Status.deserializeBinary(Buffer.from(packed)).getDetailsList();
		if (detail === undefined) return;
		const failed = messages.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
		const [id, reasons] = [failed.getId(), failed.getReasonsList()];
		this.unfinished = { id, reasons, outputs: plain(failed.getProperties()) };
	}
}

function struct(properties: Properties): Struct {
	return Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);
}

function plain(value: Struct | undefined): Properties {
	return value?.toJavaScript() ?? {};
}
