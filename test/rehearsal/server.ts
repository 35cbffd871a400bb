import { ControlError } from "../../src/control/errors";
import type { SqlRow, SqlServer, SqlSettings } from "../../src/control/trial";
import type { Definition } from "../../src/rehearsal/definitions";

type Rows = (sql: string, settings: SqlSettings) => readonly SqlRow[] | undefined;
type Refuse = (sql: string, settings: SqlSettings) => string | undefined;

/** A server that answers as a test says, and remembers what it was told. */
export class ScriptedServer implements SqlServer {
	/** Statements, in their order. */
	readonly ran: string[] = [];
	/** Queries, in their order. */
	readonly asked: string[] = [];

	/**
	 * @param answer The rows of a query; none unless given.
	 * @param refuse Why a query or statement is refused, in the server's words.
	 */
	constructor(
		private readonly answer: Rows = () => undefined,
		private readonly refuse: Refuse = () => undefined,
	) {}

	async rows(sql: string, settings: SqlSettings = {}): Promise<readonly SqlRow[]> {
		this.asked.push(sql);
		this.judge(sql, settings);
		return this.answer(sql, settings) ?? [];
	}

	async run(sql: string, settings: SqlSettings = {}): Promise<void> {
		this.ran.push(sql);
		this.judge(sql, settings);
	}

	private judge(sql: string, settings: SqlSettings): void {
		const reason = this.refuse(sql, settings);
		if (reason !== undefined) throw new ControlError(reason);
	}
}

/** A definition by its statement: `CREATE TABLE shop.t (x UInt8) ENGINE = Log`. */
export function defined(statement: string): Definition {
	const [, kind = "", database = "", name = ""] =
		/^(?:CREATE|ATTACH) (?:OR REPLACE )?(TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) (\w+)\.(\w+)/.exec(statement) ?? [];
	const ofKind: Record<string, string> = {
		VIEW: "View",
		"MATERIALIZED VIEW": "MaterializedView",
		DICTIONARY: "Dictionary",
	};
	return { database, name, engine: ofKind[kind] ?? /ENGINE = (\w+)/.exec(statement)?.[1] ?? "", statement };
}
