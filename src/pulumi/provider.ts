/** What the provider object in every stack's state calls (see shim.ts): these six names are a permanent API. */

export { create } from "./apply/create";
export { destroy as delete } from "./apply/delete";
export { read } from "./apply/read";
export { update } from "./apply/update";
export { check } from "./judge/check";
export { diff } from "./judge/diff";
