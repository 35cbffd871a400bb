import { ControlError, PlatformError } from "../../control/errors";

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const reasons: Readonly<Record<string, string>> = {
	EACCES: "can't be read or written by this user. Fix its permissions, or set local.directory to another folder",
	EPERM: "can't be written by this user. Fix its permissions, or set local.directory to another folder",
	EROFS: "is on a read-only file system. Set local.directory to a folder that can be written",
	ENOSPC: "is on a full disk. Free some space there, then run pulumi again",
	EDQUOT: "is on a disk where this user's quota is used up. Free some space there, then run pulumi again",
	ENOTDIR: "is not a folder. Set local.directory to another folder",
	EEXIST: "is not a folder. Set local.directory to another folder",
	ENAMETOOLONG: "has too long a path. Set local.directory to a folder with a shorter path",
};

/** What a person is told of an error whatever it comes from; a full disk may come up anywhere. */
export function errorWords(error: unknown, folder: string): string {
	const { code = "" } = (error ?? {}) as NodeJS.ErrnoException;
	return errorText(["ENOSPC", "EDQUOT"].includes(code) ? folderError(error, folder) : error);
}

export function inFolder<T>(folder: string, action: () => T): T {
	try {
		return action();
	} catch (error) {
		throw folderError(error, folder);
	}
}

/** What a person is told when a cluster's folder can't be used. Errors that are ours already pass through. */
export function folderError(error: unknown, folder: string): unknown {
	const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
	if (error instanceof ControlError || code === undefined) return error;
	return new PlatformError(`the cluster's folder ${folder} ${reasons[code] ?? `can't be used: ${code}`}.`);
}
