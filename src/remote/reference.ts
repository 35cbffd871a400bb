/** Where an image is found. */
export interface Reference {
	/** A host, with its port where it has one. */
	readonly registry: string;
	readonly repository: string;
	readonly tag: string;
}

/** As every container engine reads it: the first part is a registry when it looks like a host. */
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

/** The image of a version: its tag is the version itself, or where `{version}` stands in the image's name. */
export function tagged(image: string, version: string): string {
	return image.includes("{version}") ? image.replace("{version}", version) : `${image}:${version}`;
}

/** What stands in a tag where the version is to be; `undefined` where the tag has another form. */
export function versionText(image: string, tag: string): string | undefined {
	const [before = "", after = ""] = (/:([^/:]*\{version\}[^/:]*)$/.exec(image)?.[1] ?? "{version}").split("{version}");
	if (tag.length < before.length + after.length || !tag.startsWith(before) || !tag.endsWith(after)) return undefined;
	return tag.slice(before.length, tag.length - after.length);
}
