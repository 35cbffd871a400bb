export interface Reference {
	/** A host, with its port if it has one. */
	readonly registry: string;
	readonly repository: string;
	readonly tag: string;
}

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

/** The version's part of a tag; `undefined` if the tag has another form. */
export function versionText(image: string, tag: string): string | undefined {
	const [before = "", after = ""] = (/:([^/:]*\{version\}[^/:]*)$/.exec(image)?.[1] ?? "{version}").split("{version}");
	if (tag.length < before.length + after.length || !tag.startsWith(before) || !tag.endsWith(after)) return undefined;
	return tag.slice(before.length, tag.length - after.length);
}
