import type { Properties } from "../args/inputs";

/**
 * The arguments with what a program has no need to say: the cluster's name, which is the resource's unless given, and its
 * owner. The dynamic face's constructor adds the same.
 */
export function identified(news: Properties, urn: string): Properties {
	return { ...news, name: news.name ?? partsOf(urn).name, owner: ownerOf(urn) };
}

/** `project/stack/name`. */
export function ownerOf(urn: string): string {
	const { stack, project, name } = partsOf(urn);
	return `${project}/${stack}/${name}`;
}

function partsOf(urn: string): { readonly stack: string; readonly project: string; readonly name: string } {
	// A name may hold what parts a URN.
	const [, stack = "", project = "", name = ""] = /^urn:pulumi:(.*?)::(.*?)::.*?::(.*)$/s.exec(urn) ?? [];
	return { stack, project, name };
}
