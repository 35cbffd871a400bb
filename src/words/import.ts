import type { UpdateMark } from "../core/cluster";
import { list, oneLine, ownerText, withFullStop } from "./text";

/** @param ids What an id looks like, each form with an example. */
export function notAnIdText(id: string, ids: readonly string[]): string {
	return `${JSON.stringify(oneLine(id, 200))} is not the id of a cluster. An id has one of these forms: ${ids.map((form, index) => `(${index + 1}) ${form}`).join("; ")}.`;
}

/** The cluster exists, but its arguments are not those of this release. */
export function unreadableArgumentsText(id: string, reasons: readonly string[]): string {
	return `the record of ${id} holds arguments that this release of pulumi-dbcluster does not accept: ${withFullStop(oneLine(reasons.join("; "), 500))} Import it with the release that last updated it.`;
}

/** No replica has an image or an engine whose version is known. */
export function versionUnknownText(id: string): string {
	return `the version of ${id} is unknown: no replica reports one. Import it once a replica runs.`;
}

/** The arguments that nothing on the platform stores: a program may have set them. */
export function notStoredText(name: string, properties: readonly string[]): string {
	return `${name}: ${list(properties)} are not stored with a cluster, so they are not imported. If another program set them, set them in this one, too.`;
}

/** The record names another resource, which keeps the cluster in its own state. */
export function ownedText(name: string, owner: string): string {
	return `${name} belongs to ${ownerText(owner)}, so the import set adopt: true. Keep adopt: true until a pulumi up has updated the cluster: that update makes this resource the owner. Until then, a destroy of this resource deletes nothing. After the update, remove the former owner from its stack's state with pulumi state delete.`;
}

export function unfinishedText(name: string, { from, to, creates }: UpdateMark): string {
	const what = creates ? `the creation of ${name} with version ${to}` : `an update of ${name} from ${from} to ${to}`;
	return `${what} is not finished: the next pulumi up resumes it.`;
}

/** Existing objects were imported, and nothing of them was changed. */
export function untakenText(name: string): string {
	return `${name} is not managed by DbCluster yet: the next pulumi up takes it over without a restart, and its preview lists under caveats what changes. Until then destroy changes nothing.`;
}

/** A destroy of a resource that never became the cluster's owner. */
export function leftAloneText(name: string, owner: string): string {
	return `${name} still belongs to ${ownerText(owner)}, because no pulumi up made this resource its owner: the cluster is kept, and only the Pulumi resource was removed.`;
}

/** The input `unfinished` of such a cluster, so that there is something to do though no argument differs. */
export const untaken = "not taken over yet";
