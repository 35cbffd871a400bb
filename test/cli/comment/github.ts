import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Comment {
	readonly id: string;
	readonly author: string;
	body: string;
}

/**
 * Stands in for GitHub's API, as far as the comments of one pull request go: pages of comments, who wrote them, what a token
 * may do, how long a comment may be. It answers over HTTP, and as GitHub does: most errors with status 200.
 */
export class GitHub {
	readonly comments: Comment[] = [];
	/** What was asked for, in order. */
	readonly asked: string[] = [];
	mayWrite = true;
	/** Answers all that is asked with this. */
	broken?: { readonly status: number; readonly body: string };
	url = "";

	/** Adds comments that somebody else, or this account, wrote before. */
	wrote(author: string, ...bodies: string[]): this {
		for (const body of bodies) this.comments.push({ id: `IC_${this.comments.length}`, author, body });
		return this;
	}

	async listen(): Promise<this> {
		const server = createServer(async (request, response) => {
			let text = "";
			for await (const chunk of request.setEncoding("utf8")) text += chunk;
			const known = request.headers.authorization === `Bearer ${token}` && request.headers["user-agent"] !== undefined;
			const { status, body } = this.broken ?? {
				status: known ? 200 : 401,
				body: JSON.stringify(known ? this.answer(JSON.parse(text)) : { message: "Bad credentials" }),
			};
			response.writeHead(status, { "content-type": "application/json" }).end(body);
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		onTestFinished(() => void server.close());
		this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
		return this;
	}

	private answer({ query, variables }: { query: string; variables: Record<string, string | number | null> }): object {
		const kind = /addComment|updateIssueComment|comments(?=\()/.exec(query)?.[0] ?? "nothing";
		this.asked.push(kind);
		if (kind === "comments") return this.page(variables);
		const body = String(variables.body);
		if (!this.mayWrite) return failed("FORBIDDEN", "Resource not accessible by integration");
		if (body.length > 65_536) return failed("UNPROCESSABLE", "Body is too long (maximum is 65536 characters)");
		if (kind === "addComment") {
			if (variables.subject !== "PR_12") return failed("NOT_FOUND", "Could not resolve to a node");
			this.wrote(itself, body);
			return { data: { addComment: { commentEdge: { node: { url: address(this.comments.length - 1) } } } } };
		}
		const at = this.comments.findIndex(({ id }) => id === variables.comment);
		const comment = this.comments[at];
		if (comment === undefined) return failed("NOT_FOUND", "Could not resolve to a node");
		if (comment.author !== itself) return failed("FORBIDDEN", "You can't edit that");
		comment.body = body;
		return { data: { updateIssueComment: { issueComment: { url: address(at) } } } };
	}

	private page({ owner, name, number, after }: Record<string, string | number | null>): object {
		if (`${owner}/${name}#${number}` !== "acme/shop#12") {
			return {
				data: { repository: null },
				...failed("NOT_FOUND", `Could not resolve to a Repository ${owner}/${name}`),
			};
		}
		const from = after === null ? 0 : Number(after);
		const nodes = this.comments.slice(from, from + 100).map(({ id, author, body }) => {
			return { id, body: body.replace(/\n/g, "\r\n"), viewerDidAuthor: author === itself };
		});
		const pageInfo = { hasNextPage: from + 100 < this.comments.length, endCursor: String(from + nodes.length) };
		return { data: { repository: { pullRequest: { id: "PR_12", comments: { nodes, pageInfo } } } } };
	}
}

export const token = "ghs_test";
/** The account that the token is of. */
export const itself = "github-actions";

export const address = (at: number) => `https://github.com/acme/shop/pull/12#issuecomment-${at}`;

function failed(type: string, message: string): object {
	return { errors: [{ type, message }] };
}

export function github(): Promise<GitHub> {
	return new GitHub().listen();
}
