/** What the provider object in every stack's state calls (see shim.ts): these six names are a permanent API. */
export { check } from "./check";
export { create } from "./create";
export { destroy as delete } from "./delete";
export { diff } from "./diff";
export { read } from "./read";
export { update } from "./update";
