import { freePort } from "../../tools/port.mts";

const slot = Number(process.env.VITEST_POOL_ID ?? 0) % 10;

/**
 * A port for a cluster. Files that run at the same time have a thousand each, so that none is given what another was given
 * and does not listen on yet, or does not at the moment.
 */
export const testPort = (): Promise<number> => freePort(10_000 + slot * 1000, 1000);
