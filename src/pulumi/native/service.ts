import type { ServerUnaryCall, ServiceError, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import type { JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Interruption } from "../../roll/events";
import { imported } from "../apply/imported";
import type { Properties } from "../args/inputs";
import { pathText } from "../args/unknown";
import { call, hidden } from "../host/call";
import { connectEngine, warn } from "../host/engine";
import { fromSdk } from "../host/sdk";
import * as provider from "../provider";
import { detailOf } from "./detailed-diff";
import { foreseenCreate, foreseenUpdate, warnOf, warnOfId } from "./foreseen";
import { hiding } from "./hiding";
import { identified, ownerOf } from "./identity";
import { statusOf } from "./status";
import { type Opened, opened, sealed, unmarkedIn } from "./values";

const structs = () => fromSdk("google-protobuf/google/protobuf/struct_pb") as { readonly Struct: typeof Struct };
const empty = () => {
	const { Empty } = fromSdk(
		"google-protobuf/google/protobuf/empty_pb",
	) as typeof import("google-protobuf/google/protobuf/empty_pb");
	return new Empty();
};

/** A call about one resource. */
type Asked = { getUrn(): string; getTimeout?(): number } & Partial<Record<(typeof holders)[number], () => unknown>>;

/** What has the properties of a resource in such a call. */
const holders = ["getOlds", "getNews", "getProperties", "getInputs", "getOldInputs"] as const;
const structsOf = (request: Asked) => holders.map((holder) => request[holder]?.() as Struct | undefined);

/** Of a timer, in milliseconds. */
const longest = 2 ** 31 - 1;

interface About {
	/** The package's own. */
	readonly version: string;
	/** As Pulumi writes schemas: the text of a JSON document. */
	readonly schema: string;
}

/**
 * The resource provider as Pulumi's engine calls it, on Pulumi's own protocol: its types are those of
 * `@pulumi/pulumi/proto`. What check, diff, create, update, read and delete do, is the same in both faces.
 */
export function serviceOf({ version, schema }: About): UntypedServiceImplementation {
	const cancelled = new AbortController();

	/** Answers a call about one resource. */
	function about<Request extends Asked, Response>(work: (request: Request) => Promise<Response>) {
		return answering<Request, Response>((request) => {
			const { timer, over } = timerOf(request.getTimeout?.() ?? 0);
			const stop = over === undefined ? cancelled.signal : AbortSignal.any([cancelled.signal, over]);
			const hide = hiding(() => structsOf(request).map(open));
			return call
				.run({ urn: request.getUrn(), stop, hide }, async () => {
					try {
						return await work(request);
					} catch (error) {
						throw statusOf(error);
					}
				})
				.finally(() => clearTimeout(timer));
		});
	}

	return {
		handshake: answering(async (request: messages.ProviderHandshakeRequest) => {
			connectEngine(request.getEngineAddress());
			return new messages.ProviderHandshakeResponse().setAcceptSecrets(true);
		}),
		attach: answering(async (request: { getAddress(): string }) => {
			connectEngine(request.getAddress());
			return empty();
		}),
		getPluginInfo: answering(async () => new PluginInfo().setVersion(version)),
		getSchema: answering(async () => new messages.GetSchemaResponse().setSchema(schema)),
		checkConfig: answering(async (request: messages.CheckRequest) =>
			new messages.CheckResponse().setInputs(request.getNews()),
		),
		// There is nothing to configure: the engine compares what there is.
		diffConfig: answering(async () => new messages.DiffResponse()),
		configure: answering(async () => new messages.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true)),
		check: about(check),
		diff: about(diff),
		create: about(create),
		read: about(read),
		update: about(update),
		delete: about(destroy),
		cancel: answering(async () => {
			cancelled.abort({ kind: "interrupted", by: "cancel" } satisfies Interruption);
			return empty();
		}),
	};
}

async function check(request: messages.CheckRequest): Promise<messages.CheckResponse> {
	const news = open(request.getNews());
	const { inputs, failures = [] } = await provider.check(
		open(request.getOlds()).value,
		identified(news.value, request.getUrn()),
	);
	const response = new messages.CheckResponse().setInputs(close(inputs, news.secrets));
	for (const { property, reason } of failures) {
		// Pulumi prints the value of a property that is named, also of a secret one.
		const isSecret = news.secrets.some(([first]) => first === property);
		const text = hidden(isSecret ? `${property}: ${reason}` : reason);
		response.addFailures(new messages.CheckFailure().setProperty(isSecret ? "" : property).setReason(text));
	}
	return response;
}

async function diff(request: messages.DiffRequest): Promise<messages.DiffResponse> {
	const [before, asked] = [open(request.getOlds()), open(request.getNews())];
	const [outputs, news] = [before.value, asked.value];
	const { changes: differs } = await provider.diff(request.getId(), outputs, news);
	const unmarked = unmarkedIn(before, asked);
	const changes = differs || unmarked.length > 0;
	const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
	const response = new messages.DiffResponse().setChanges(changes ? DIFF_SOME : DIFF_NONE).setHasdetaileddiff(true);
	if (!changes) return response;
	const { ADD, DELETE, UPDATE } = messages.PropertyDiff.Kind;
	const kinds = { add: ADD, delete: DELETE, update: UPDATE };
	const olds = request.hasOldInputs() ? open(request.getOldInputs()).value : outputs;
	const marks = unmarked.map((path) => [pathText(path), "update"] as const);
	const detail = new Map([...marks, ...(differs ? detailOf(olds, news, outputs) : [])]);
	for (const [path, kind] of detail)
		response.getDetaileddiffMap().set(path, new messages.PropertyDiff().setKind(kinds[kind]).setInputdiff(true));
	return response.setDiffsList([...new Set([...detail.keys()].map((path) => /^[^.[]*/.exec(path)?.[0] ?? ""))]);
}

async function create(request: messages.CreateRequest): Promise<messages.CreateResponse> {
	const { value: inputs, secrets } = open(request.getProperties());
	await warnOfId({ value: inputs, secrets });
	if (request.getPreview()) {
		await warnUnlessSecret(request.getProperties());
		return new messages.CreateResponse().setProperties(close(foreseenCreate(inputs), secrets));
	}
	const { id, outs } = await provider.create(inputs).catch((error: unknown) => {
		throw statusOf(error, (outputs) => close(outputs, secrets), request.getProperties());
	});
	return new messages.CreateResponse().setId(id).setProperties(close(outs, secrets));
}

async function update(request: messages.UpdateRequest): Promise<messages.UpdateResponse> {
	const [olds, news] = [open(request.getOlds()), open(request.getNews())];
	const secrets = [...news.secrets, ...olds.secrets.filter(([name = ""]) => !(name in news.value))];
	if (request.getPreview()) {
		await warnOfId(news);
		await warnUnlessSecret(request.getNews());
		return new messages.UpdateResponse().setProperties(close(foreseenUpdate(olds.value, news.value), secrets));
	}
	const { outs } = await provider.update(request.getId(), olds.value, news.value).catch((error: unknown) => {
		const all = [...secrets, ...olds.secrets];
		throw statusOf(error, (outputs) => close(outputs, all), request.getOldInputs());
	});
	return new messages.UpdateResponse().setProperties(close(outs ?? {}, secrets));
}

async function read(request: messages.ReadRequest): Promise<messages.ReadResponse> {
	const { value, secrets } = open(request.getProperties());
	if (Object.keys(value).length === 0) return readById(request);
	const { id = "", inputs, props } = await provider.read(request.getId(), value);
	const response = new messages.ReadResponse().setId(id);
	if (id === "") return response;
	const its = [...secrets, ...open(request.getInputs()).secrets];
	return response.setInputs(close(inputs, its)).setProperties(close(props, its));
}

/** An import, or what a program reads with `get`. The latter has inputs, though none are in them, and nothing to declare. */
async function readById(request: messages.ReadRequest): Promise<messages.ReadResponse> {
	const { id, inputs, outputs, notes } = await imported(request.getId(), ownerOf(request.getUrn()));
	if (!request.hasInputs()) for (const text of notes) await warn(text);
	return new messages.ReadResponse().setId(id).setInputs(close(inputs, [])).setProperties(close(outputs, []));
}

async function destroy(request: messages.DeleteRequest): Promise<unknown> {
	await provider.delete(request.getId(), open(request.getProperties()).value);
	return empty();
}

/** What is secret as a whole is not shown at all. */
async function warnUnlessSecret(inputs: Struct | undefined): Promise<void> {
	const { value, secrets } = open(inputs);
	if (!secrets.some(([name]) => name === "caveats")) await warnOf(value);
}

/** Without what only the dynamic face puts into a state that it wrote. */
function open(struct: Struct | undefined): Opened {
	const { value, secrets } = opened(struct?.toJavaScript() ?? {});
	const { __provider, ...rest } = value;
	return { value: rest, secrets };
}

function close(properties: Properties = {}, secrets: Opened["secrets"]): Struct {
	return structs().Struct.fromJavaScript(sealed(properties, secrets) as Record<string, JavaScriptValue>);
}

/** Ends a call after the time that a program gives it with `customTimeouts`; 0 is any. */
function timerOf(seconds: number): { readonly timer?: NodeJS.Timeout; readonly over?: AbortSignal } {
	if (seconds === 0) return {};
	const over = new AbortController();
	const reason: Interruption = { kind: "interrupted", by: "timeout", seconds };
	return { timer: setTimeout(() => over.abort(reason), Math.min(seconds * 1000, longest)), over: over.signal };
}

function answering<Request, Response>(work: (request: Request) => Promise<Response>) {
	return ({ request }: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
		work(request).then(
			(response) => answer(null, response),
			(error: unknown) => answer(statusOf(error) as ServiceError),
		);
	};
}
