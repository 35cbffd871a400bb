import { literal } from "../../../control/sql";
import { QueryError, type Server } from "./server";
import { askTogether } from "./together";

/** A copy of a table in Keeper. */
export interface Copy {
	readonly path: string;
	/** The server's replica name. */
	readonly replica: string;
	/** The first label of the address at which other replicas reach it; only if it was asked for. */
	readonly host?: string;
}

/**
 * All copies under some paths in Keeper, also those that nobody runs any more. Replicas that are not `own` get their
 * hosts, once per name: a server has the same name in all of its tables.
 */
export async function copiesUnder(
	server: Pick<Server, "rows">,
	paths: readonly string[],
	own: readonly string[],
): Promise<Copy[]> {
	const copies = (
		await children(
			server,
			paths.map((path) => `${path}${replicas}`),
		)
	).map(({ path, name }): Copy => ({ path: path.slice(0, -replicas.length), replica: name }));
	const strangers = copies.filter(
		({ replica }, index) => !own.includes(replica) && copies.findIndex((other) => other.replica === replica) === index,
	);
	const nodes = await children(
		server,
		strangers.map(({ path, replica }) => `${path}${replicas}/${replica}`),
	);
	return copies.map((copy) => {
		const node = nodes.find(({ path, name }) => name === "host" && path.endsWith(`${replicas}/${copy.replica}`));
		const host = /^host: ([^.\s]+)/m.exec(node?.value ?? "")?.[1];
		return host === undefined ? copy : { ...copy, host };
	});
}

const replicas = "/replicas";

interface Node {
	readonly path: string;
	readonly name: string;
	readonly value: string;
}

/** The nodes below some paths in Keeper, by as few queries as servers from 18.16 on accept. */
async function children(server: Pick<Server, "rows">, paths: readonly string[]): Promise<Node[]> {
	const look = async (some: readonly string[]) => {
		const looks = some.map((path) => `SELECT path, name, value FROM system.zookeeper WHERE path = ${literal(path)}`);
		const rows = await server.rows(looks.join(" UNION ALL "));
		return rows.map(({ path, name, value }) => ({ path: String(path), name: String(name), value: String(value) }));
	};
	return askTogether(paths, 25, look, isMissing);
}

/** A path is gone, or in another Keeper. */
const isMissing = (error: unknown) => error instanceof QueryError && /no node/i.test(error.message);
