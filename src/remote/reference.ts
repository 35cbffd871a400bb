export interface Reference {
	/** A host, with its port if it has one. */
	readonly registry: string;
	readonly repository: string;
	readonly tag: string;
}

/** A host, or a part of a repository's name; and in a tag once `{version}`, and `*` for numbers. */
const imageShape =
	/^([\w.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?(\/[\w.-]+)*(:([\w.*-]*[\w.-])?\{version\}([\w.-][\w.*-]*)?)?$/;

/** Whether a text can name an image: without a tag, or with one in which `{version}` marks the version. */
export const isImageName = (text: string) => text.length <= 512 && imageShape.test(text);

/** As container engines read it: the first part is a registry if it looks like a host. */
export function parseReference(reference: string): Reference {
	const slash = reference.indexOf("/");
	const first = slash < 0 ? "" : reference.slice(0, slash);
	const named = /[.:]/.test(first) || first === "localhost";
	const [repository = "", tag = "latest"] = (named ? reference.slice(slash + 1) : reference).split(":");
	if (named && first !== "docker.io") return { registry: first, repository, tag };
	return {
		registry: "registry-1.docker.io",
		repository: repository.includes("/") ? repository : `library/${repository}`,
		tag,
	};
}

/** The image of a version: the tag is the version, or replaces `{version}` in the image's name. */
export function tagged(image: string, version: string): string {
	return image.includes("{version}") ? image.replace("{version}", version) : `${image}:${version}`;
}

/** An image's name without a tag and a digest. */
export function repositoryOf(image: string): string {
	return image.replace(/@.*$/, "").replace(/:[^/]*$/, "");
}

/** A tag as an image spells it. */
export interface Spelt {
	/** What is in place of `{version}`. */
	readonly text: string;
	/** The numbers in place of each `*`. */
	readonly revision: readonly number[];
}

/** Reads a tag as an image spells its tags; `undefined` if it has another form. */
export function readTag(image: string, tag: string): Spelt | undefined {
	const [before = "", after = ""] = (/:([^/:]*\{version\}[^/:]*)$/.exec(image)?.[1] ?? "{version}").split("{version}");
	const found = new RegExp(`^${expression(before)}(.+)${expression(after)}$`).exec(tag);
	if (found === null) return undefined;
	const numbers = found.slice(1);
	const [text = ""] = numbers.splice(before.split("*").length - 1, 1);
	return { text, revision: numbers.map(Number) };
}

const expression = (text: string) =>
	text.replace(/[.*+?^${}()|[\]\\]/g, (sign) => (sign === "*" ? "(\\d{1,15})" : `\\${sign}`));

/** Whether each `*` of an image is in its tag, beside `{version}`, and has an end: not next to it or to another. */
export function hasClearRevisions(image: string): boolean {
	const tag = image.slice(repositoryOf(image).length);
	return (
		!image.includes("*") ||
		(tag.split("*").length === image.split("*").length && /^[^*]*$|\{version\}/.test(tag) && !/\*[*{]|\}\*/.test(tag))
	);
}
