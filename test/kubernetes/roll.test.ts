import { rollsUnderLoad } from "./under-load";

rollsUnderLoad([{ shards: 2, replicas: 2 }]);
