export interface ApiCall {
	readonly method: "GET" | "POST" | "PATCH" | "DELETE";
	/** Including the query, encoded. */
	readonly path: string;
	readonly body?: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Sends the body in chunks, its length unsaid. */
	readonly chunked?: boolean;
	/** Announces a body, and breaks off without it, so that no connection that it used is kept for other calls. */
	readonly hangsUp?: boolean;
	/** Timeout in milliseconds; 30,000 by default. */
	readonly timeout?: number;
	/** Whether to retry after dropped connections and overload; yes by default. Not for calls to pods and kubelets. */
	readonly retry?: boolean;
}

export interface ApiAnswer {
	readonly status: number;
	readonly text: string;
}

/** A connection to one API server. TLS is always verified. */
export interface Connection {
	/** The address of the API server, for messages. */
	readonly server: string;
	/** The API server's clock, from its last answer: machines that run Pulumi may disagree about the time. */
	now(): number;
	/** When the API server was last unavailable, by this machine's clock; `undefined` if it never was. */
	awayAt(): number | undefined;
	/** Any answer of the API server, even an error; throws {@link PlatformError} if there is none. */
	send(call: ApiCall): Promise<ApiAnswer>;
}
