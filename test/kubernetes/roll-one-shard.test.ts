import { rollsUnderLoad } from "./under-load";

// For a release: in CI that of two shards stands for them.
rollsUnderLoad([
	{ shards: 1, replicas: 2 },
	{ shards: 1, replicas: 3 },
]);
