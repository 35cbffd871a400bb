import { z } from "zod";
import { deniedText, unansweredText } from "../../words/comment";

/** A pull request of GitHub, and what may speak there. */
export interface PullRequest {
	/** Where its API takes GraphQL. */
	readonly api: string;
	readonly token: string;
	/** `owner/name`. */
	readonly repository: string;
	readonly number: number;
}

export interface Posted {
	readonly url: string;
	readonly updated: boolean;
}

const comments = `query ($owner: String!, $name: String!, $number: Int!, $after: String) {
	repository(owner: $owner, name: $name) {
		pullRequest(number: $number) {
			id
			comments(first: 100, after: $after) {
				nodes { id body viewerDidAuthor }
				pageInfo { hasNextPage endCursor }
			}
		}
	}
}`;
const add = `mutation ($subject: ID!, $body: String!) {
	addComment(input: { subjectId: $subject, body: $body }) { commentEdge { node { url } } }
}`;
const update = `mutation ($comment: ID!, $body: String!) {
	updateIssueComment(input: { id: $comment, body: $body }) { issueComment { url } }
}`;

const page = z.object({
	repository: z.object({
		pullRequest: z.object({
			id: z.string(),
			comments: z.object({
				nodes: z.array(z.object({ id: z.string(), body: z.string(), viewerDidAuthor: z.boolean() }).nullable()),
				pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
			}),
		}),
	}),
});
const added = z.object({ addComment: z.object({ commentEdge: z.object({ node: z.object({ url: z.string() }) }) }) });
const updated = z.object({ updateIssueComment: z.object({ issueComment: z.object({ url: z.string() }) }) });
const answer = z.object({
	data: z.unknown().optional(),
	errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).optional(),
});

/**
 * Writes a comment, or puts it in the place of the one that this account wrote before. That one is told by its first line,
 * which is the new one's too; what others wrote, whatever its first line, is left alone.
 *
 * @param updateOnly leaves it where there is none yet.
 * @returns `undefined` where nothing was written.
 * @throws Error for people, with the way out.
 */
export async function post(pullRequest: PullRequest, body: string, updateOnly = false): Promise<Posted | undefined> {
	const [owner, name] = pullRequest.repository.split("/");
	const [marker] = body.split("\n", 1);
	let subject = "";
	for (let after: string | null = null, more = true; more; ) {
		const variables: object = { owner, name, number: pullRequest.number, after };
		const { id, comments: found } = (await ask(pullRequest, comments, variables, page)).repository.pullRequest;
		const mine = found.nodes.find((it) => it?.viewerDidAuthor && it.body.split(/\r?\n/, 1)[0] === marker);
		if (mine) {
			const { updateIssueComment } = await ask(pullRequest, update, { comment: mine.id, body }, updated);
			return { url: updateIssueComment.issueComment.url, updated: true };
		}
		subject = id;
		more = found.pageInfo.hasNextPage;
		after = found.pageInfo.endCursor;
	}
	if (updateOnly) return undefined;
	const { addComment } = await ask(pullRequest, add, { subject, body }, added);
	return { url: addComment.commentEdge.node.url, updated: false };
}

async function ask<T>({ api, token }: PullRequest, query: string, variables: object, format: z.ZodType<T>): Promise<T> {
	const response = await fetch(api, {
		method: "POST",
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "user-agent": "pulumi-dbcluster" },
		body: JSON.stringify({ query, variables }),
		signal: AbortSignal.timeout(30_000),
	}).catch((error: Error) => {
		throw new Error(unansweredText(api, error.cause instanceof Error ? error.cause.message : error.message));
	});
	const text = await response.text();
	const { data: read } = answer.safeParse(json(text));
	const errors = read?.errors ?? [];
	const denied = response.status === 401 || response.status === 403 || errors.some(({ type }) => type === "FORBIDDEN");
	const why = errors.map(({ message }) => message).join("; ") || `${response.status} ${response.statusText}`;
	if (denied) throw new Error(deniedText(why));
	const { data } = format.safeParse(read?.data);
	if (!response.ok || data === undefined) throw new Error(unansweredText(api, why));
	return data;
}

function json(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
