import type { Properties } from "../args/inputs";

/**
 * The arguments with what a program has no need to say: the cluster's name, which is the resource's unless given, and its
 * owner. The dynamic face's constructor adds the same.
 */
export function identified(news: Properties, urn: string): Properties {
	// A name may hold what parts a URN.
	const [, stack = "", project = "", name = ""] = /^urn:pulumi:(.*?)::(.*?)::.*?::(.*)$/s.exec(urn) ?? [];
	return { ...news, name: news.name ?? name, owner: `${project}/${stack}/${name}` };
}
