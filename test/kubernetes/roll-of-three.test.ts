import { rollsUnderLoad } from "./under-load";

// For a release: in CI those of two replicas and of two shards stand for it.
rollsUnderLoad([{ shards: 1, replicas: 3 }]);
