import { isSign, isWord, type Neighbours, namesIn, type Token } from "./sql";

/** Table functions that read files or addresses: of those that the engines know, all; a test says so. */
const outside = namesIn(
	`arrowstream azureBlobStorage azureBlobStorageCluster cluster clusterAllReplicas cosn deltaLake deltaLakeAzure
	deltaLakeAzureCluster deltaLakeCluster deltaLakeLocal deltaLakeS3 deltaLakeS3Cluster eval executable file fileCluster
	filesystem gcs hdfs hdfsCluster hudi hudiCluster iceberg icebergAzure icebergAzureCluster icebergCluster icebergHDFS
	icebergHDFSCluster icebergLocal icebergLocalCluster icebergS3 icebergS3Cluster jdbc mongodb mysql odbc oss paimon
	paimonAzure paimonAzureCluster paimonCluster paimonHDFS paimonHDFSCluster paimonLocal paimonS3 paimonS3Cluster
	postgresql python redis remote remoteSecure s3 s3Cluster sqlite url urlCluster ytsaurus`,
);

/** Table functions that take columns as a text, in which a column may have an expression. */
const structured = new Set(["values", "sqlstandardvalues", "null", "generaterandom"]);

/** A list of names and types, and nothing that is evaluated: no escape may hide a word. */
const isStructure = (text: string) =>
	text.startsWith("'") && !/\\|\b(?:DEFAULT|MATERIALIZED|EPHEMERAL|ALIAS|TTL)\b/i.test(text);

/**
 * Says why a statement with this token might read a file or an address; `undefined` where nothing is known against it. The
 * engine refuses most of it by itself (access.ts), but not its function file(), nor disks.
 */
export function reach([earlier, before, token, after, later]: Neighbours): string | undefined {
	if (isSign(token, "(") && isName(before)) {
		const name = before.text.toLowerCase();
		const ends = isSign(later, ",") || isSign(later, ")");
		const isPlain = isSign(after, ")") || (ends && (after?.kind === "number" || isStructure(after?.text ?? "")));
		if (structured.has(name) && !isPlain)
			return `${before.text}() is limited here to a list of names and types as its first argument: an expression in it could read files. Write ${before.text}('a UInt64, b String', ...)`;
		// The function of the same name has a text with braces there.
		if (name === "format" && !(ends && after?.kind === "string" && after.text.includes("{")))
			return "format() is not allowed as a table function: it evaluates expressions in its text, and they could read files. Send the rows with INSERT";
	}
	if (!isName(token) || isSign(before, ".")) return undefined;
	const name = token.text.toLowerCase();
	const called = isSign(after, "(");
	const applied = isWord(before, "APPLY") || (isSign(before, "(") && isWord(earlier, "APPLY"));
	const mapped = isSign(before, "(") && isSign(after, ",") && /^(?:array|map)/i.test(earlier?.text ?? "");
	if ((called && outside.has(name)) || (name === "file" && (applied || mapped)))
		return `${token.text}() reads from outside the cluster, and the local platform reads only its own tables. Read the data on the client and send it with INSERT`;
	if (name === "disk" && called && isSign(before, "="))
		return "disk() would keep rows outside the cluster's folder. Leave the setting disk out";
	return undefined;
}

const isName = (token: Token | undefined): token is Token => token?.kind === "word" || token?.kind === "quoted";

/** Says why a dictionary's source is refused: all but a table of the cluster, and what takes SQL or an address as a text. */
export function sourceRefused(all: readonly Token[]): string | undefined {
	const starts = all.flatMap((token, i) => (isWord(token, "SOURCE") && isSign(all[i + 1], "(") ? [i + 2] : []));
	const bad = starts.find((at) => {
		const rest = all.slice(at + 2);
		const keys = rest
			.slice(
				0,
				rest.findIndex((token) => isSign(token, ")")),
			)
			.filter((_, i) => i % 2 === 0);
		return !isWord(all[at], "CLICKHOUSE", "NULL") || !keys.every((key) => isWord(key, "DB", "TABLE"));
	});
	if (bad === undefined) return undefined;
	return `SOURCE(${all[bad]?.text}(...)) may name only a table of the cluster. Use SOURCE(CLICKHOUSE(DB 'default' TABLE 't')), or fill a table from the client`;
}
