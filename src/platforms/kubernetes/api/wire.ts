/** What goes over the wire to an API server. */
export interface ApiCall {
	readonly method: "GET" | "POST" | "PATCH" | "DELETE";
	/** With the query, encoded. */
	readonly path: string;
	readonly body?: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Announces a body, and breaks off when that is asked for: no connection that it went over is kept for other calls. */
	readonly hangsUp?: boolean;
	/** Milliseconds until the answer must be there; 30,000 unless given. */
	readonly timeout?: number;
	/** Whether dropped connections and overload are tried again; yes unless given. Not of calls to pods and kubelets. */
	readonly retry?: boolean;
}

export interface ApiAnswer {
	readonly status: number;
	readonly text: string;
}

/** A connection to one API server. TLS is always verified. */
export interface Connection {
	/** For messages: the address of the API server. */
	readonly server: string;
	/** The API server's clock, as its last answer told it: machines that run Pulumi may disagree about the time. */
	now(): number;
	/** When the API server was last found to be away, by this machine's clock; `undefined` while it never was. */
	awayAt(): number | undefined;
	/** Any answer of the API server, also an error; throws {@link PlatformError} when there is none. */
	send(call: ApiCall): Promise<ApiAnswer>;
}
