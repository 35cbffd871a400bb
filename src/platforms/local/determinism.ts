import { isSign, isWord, type Token } from "./sql";

/** Functions whose value differs by replica or by moment; from `system.functions`, `deterministic = 0`, and a test says so. */
const functions = new Set(
	`now now64 nowInBlock nowInBlock64 today yesterday curdate current_date current_timestamp localtime localtimestamp
	utc_timestamp UTCTimestamp
	rand rand32 rand64 randConstant randCanonical randUniform randNormal randLogNormal randBernoulli randBinomial
	randNegativeBinomial randPoisson randExponential randChiSquared randStudentT randFisherF
	randomString randomStringUTF8 randomFixedString randomPrintableASCII fuzzBits obfuscateQuery
	generateUUIDv4 generateUUIDv7 generateULID generateSnowflakeID generateSerialID generateRandomStructure
	dateTimeToUUIDv7 arrayShuffle arrayPartialShuffle arrayRandomSample
	hostName hostname FQDN fullHostName displayName serverUUID version revision buildId uptime tcpPort getServerPort
	getServerSetting getMergeTreeSetting getMacro getOSKernelVersion zookeeperSessionUptime connectionId connection_id queryID
	query_id initialQueryID initial_query_id currentQueryID current_query_id initialQueryStartTime
	initial_query_start_time transactionID
	filesystemAvailable filesystemCapacity filesystemUnreserved file catboostEvaluate
	blockNumber blockSize blockSerializedSize rowNumberInBlock rowNumberInAllBlocks runningDifference
	runningDifferenceStartingWithFirstValue runningAccumulate neighbor lowCardinalityIndices lowCardinalityKeys
	naiveBayesClassifier naiveBayesClassifierWithProb naiveBayesClassifierWithAllProbs chdb eval
	getSetting getSettingOrDefault shardNum shardCount timeSeriesIdToTags`
		.split(/\s+/)
		.map((name) => name.toLowerCase()),
);

/** Those that ClickHouse also takes without parentheses, unless a column is called so. */
const bare = new Set(["now", "today", "curdate", "current_date", "current_timestamp", "localtime", "localtimestamp"]);

/** Table functions that read from outside the cluster, or at random: of those that the engines know, all but a few. */
const outside = new Set(
	`arrowstream azureBlobStorage azureBlobStorageCluster cluster clusterAllReplicas cosn deltaLake deltaLakeAzure
	deltaLakeAzureCluster deltaLakeCluster deltaLakeLocal deltaLakeS3 deltaLakeS3Cluster eval executable file fileCluster
	filesystem fuzzJSON fuzzQuery gcs generateRandom hdfs hdfsCluster hudi hudiCluster iceberg icebergAzure
	icebergAzureCluster icebergCluster icebergHDFS icebergHDFSCluster icebergLocal icebergLocalCluster icebergS3
	icebergS3Cluster jdbc mergeTreeAnalyzeIndexes mergeTreeAnalyzeIndexesUUID mergeTreeIndex mergeTreeProjection
	mergeTreeTextIndex mongodb mysql odbc oss paimon paimonAzure paimonAzureCluster paimonCluster paimonHDFS
	paimonHDFSCluster paimonLocal paimonS3 paimonS3Cluster postgresql prometheusQuery prometheusQueryRange python redis
	remote remoteSecure s3 s3Cluster sqlite timeSeriesData timeSeriesMetrics timeSeriesSamples timeSeriesSelector
	timeSeriesTags url urlCluster ytsaurus`
		.split(/\s+/)
		.map((name) => name.toLowerCase()),
);

/** Tables of the system databases that hold the same everywhere. */
const sameSystemTables = new Set(["numbers", "numbers_mt", "one", "zeros", "zeros_mt"]);

/** What the cluster itself sets for every write, so that it comes to the same end everywhere. */
const ownSettings = new Set(
	`async_insert wait_for_async_insert insert_deduplicate deduplicate_insert deduplicate_insert_select
	insert_select_deduplicate deduplicate_blocks_in_dependent_materialized_views non_replicated_deduplication_window
	mutations_sync alter_sync lightweight_deletes_sync lightweight_delete_mode`.split(/\s+/),
);

/** Two tokens, the one in question, and two more. */
export type Neighbours = readonly (Token | undefined)[];

/** What is first said against one of some tokens. Looks at each once: the values of an INSERT may be many. */
export function firstSaid(all: Iterable<Token>, judge: (near: Neighbours) => string | undefined): string | undefined {
	let near: Neighbours = new Array(5).fill(undefined);
	const next = (token: Token | undefined) => {
		near = [...near.slice(1), token];
		return judge(near);
	};
	for (const token of all) {
		const why = next(token);
		if (why !== undefined) return why;
	}
	return next(undefined) ?? next(undefined);
}

/** Says why a write with this token might not do the same on every replica; `undefined` where nothing is known against it. */
export function divergence(near: Neighbours): string | undefined {
	const [earlier, before, token, after, later] = near;
	if ((token?.kind !== "word" && token?.kind !== "quoted") || isSign(before, ".")) return undefined;
	const name = token.text.toLowerCase();
	const called = isSign(after, "(");
	const applied = isWord(before, "APPLY") || (isSign(before, "(") && isWord(earlier, "APPLY"));
	if (functions.has(name) && (called || applied)) return differs(token.text);
	// A column's name in a list of columns looks the same, but for its place: DEFAULT now, SELECT now, VALUES (now).
	if (bare.has(name) && token.kind === "word" && !called && !isSign(after, ".") && !isColumnDefinition(before, after)) {
		return differs(token.text);
	}
	if (name === "input" && called) {
		return "input() is not supported by the local platform. INSERT the rows, or INSERT ... SELECT from a table";
	}
	if (outside.has(name) && called) {
		return `${token.text}() reads from outside the cluster, or at random, and each replica would read for itself. Read the data in the client and send it with INSERT`;
	}
	if (["system", "information_schema"].includes(name) && isSign(after, ".")) {
		if (later !== undefined && !sameSystemTables.has(later.text.toLowerCase())) {
			return `${token.text}.${later.text} differs between replicas. Read it first, and send the values with INSERT`;
		}
	}
	if (ownSettings.has(name) && isSign(after, "=")) {
		return `the cluster itself sets ${token.text}, so that a write has the same result on every replica. Leave it out`;
	}
	return undefined;
}

function differs(name: string): string {
	return `${name}() returns another value on each replica. Send the value from the client instead`;
}

/** `(now DateTime, ...)`: a name with a type behind it, or one that is being given. */
function isColumnDefinition(before: Token | undefined, after: Token | undefined): boolean {
	if (!isSign(before, "(") && !isSign(before, ",")) return isWord(before, "COLUMN", "AS");
	return after?.kind === "word" && !isWord(after, "AS", "FROM");
}
