import { rollsUnderLoad } from "./under-load";

rollsUnderLoad([
	{ shards: 1, replicas: 2 },
	{ shards: 2, replicas: 2 },
]);
