import { isSign, isWord, type Neighbours, namesIn, type Token } from "./sql";

/** Functions whose value differs by replica or by moment; from `system.functions`, `deterministic = 0`, and a test says so. */
const functions = namesIn(
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
	filesystemAvailable filesystemCapacity filesystemUnreserved catboostEvaluate
	blockNumber blockSize blockSerializedSize rowNumberInBlock rowNumberInAllBlocks runningDifference
	runningDifferenceStartingWithFirstValue runningAccumulate neighbor lowCardinalityIndices lowCardinalityKeys
	naiveBayesClassifier naiveBayesClassifierWithProb naiveBayesClassifierWithAllProbs chdb eval
	getSetting getSettingOrDefault shardNum shardCount timeSeriesIdToTags`,
);

/** Those that ClickHouse also takes without parentheses, unless a column is called so. */
const bare = new Set(["now", "today", "curdate", "current_date", "current_timestamp", "localtime", "localtimestamp"]);

/** Table functions that give other rows on each replica. */
const otherRows = namesIn(
	`fuzzJSON fuzzQuery generateRandom mergeTreeAnalyzeIndexes mergeTreeAnalyzeIndexesUUID mergeTreeIndex
	mergeTreeProjection mergeTreeTextIndex prometheusQuery prometheusQueryRange timeSeriesData timeSeriesMetrics
	timeSeriesSamples timeSeriesSelector timeSeriesTags`,
);

/** Tables of the system databases that hold the same everywhere. */
const sameSystemTables = new Set(["numbers", "numbers_mt", "one", "zeros", "zeros_mt"]);

/** What the cluster itself sets for every write, so that it comes to the same end everywhere. */
const ownSettings = namesIn(
	`async_insert wait_for_async_insert insert_deduplicate deduplicate_insert deduplicate_insert_select
	insert_select_deduplicate deduplicate_blocks_in_dependent_materialized_views non_replicated_deduplication_window
	mutations_sync alter_sync lightweight_deletes_sync lightweight_delete_mode`,
);

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
	if (otherRows.has(name) && called) {
		return `${token.text}() gives different rows on each replica. Read the rows on the client and send them with INSERT`;
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
