import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { type LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

export interface Logged {
	readonly text: string;
	readonly urn: string;
	readonly isWarning: boolean;
	readonly isPassing: boolean;
}

/** What a provider says to the engine that started it. */
export class EngineLog {
	readonly lines: Logged[] = [];
	readonly #server = new Server();
	#listeners: (() => void)[] = [];

	async listen(): Promise<string> {
		this.#server.addService(EngineService, {
			log: ({ request }: ServerUnaryCall<LogRequest, Empty>, answer: sendUnaryData<Empty>) => {
				this.lines.push({
					text: request.getMessage(),
					urn: request.getUrn(),
					isWarning: request.getSeverity() === LogSeverity.WARNING,
					isPassing: request.getEphemeral(),
				});
				for (const listener of this.#listeners) listener();
				answer(null, new Empty());
			},
		});
		const port = await new Promise<number>((resolve, reject) =>
			this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
				error === null ? resolve(bound) : reject(error),
			),
		);
		return `127.0.0.1:${port}`;
	}

	/** Waits until a line holds a text. */
	said(text: string): Promise<void> {
		return new Promise((resolve) => {
			const look = () => this.lines.some((line) => line.text.includes(text)) && resolve();
			this.#listeners.push(look);
			look();
		});
	}

	close(): void {
		this.#server.forceShutdown();
	}
}
